"""The dashboard's rooms of flex apps through HTTP."""

from __future__ import annotations

import re

import pytest
from flask.testing import FlaskClient

from flexapp.apps.hosting import confirm_domain
from flexapp.apps.lineup import lineup_of
from flexapp.apps.models import FlexApp, Layout
from flexapp.apps.queries import apps_of, domain_of, placements_of, sources_of
from flexapp.apps.refused import note_refused_origin
from flexapp.people.models import Person
from flexapp.workflows.services import Services
from tests.factories.apps import make_app, make_placement
from tests.factories.catalog import make_track
from tests.factories.people import make_person, post_form, sign_in

HOME = "/producer-dashboard/apps"


@pytest.fixture
def nina(client: FlaskClient, services: Services) -> Person:
    with services.database.writing() as session:
        nina = make_person(session, name="Nina")
        mara = make_person(session, name="Mara <b>Bold</b>")
        make_track(session, mara, title="Rooftop Rain", genre="Lo-Fi")
        make_track(session, mara, title="Dusty Corner", genre="Boom Bap")
        make_track(session, nina, title="Mine alone", genre="House", bpm=124.0)
    sign_in(client, services, nina)
    return nina


def app_of(services: Services, owner: Person) -> FlexApp:
    with services.database.reading() as session:
        [app] = apps_of(session, owner.id)
        return app


def lineup(services: Services, owner: Person) -> list[str]:
    with services.database.reading() as session:
        [app] = apps_of(session, owner.id)
        return [track.title for track in lineup_of(session, app)]


def test_an_app_is_made_filled_ordered_and_placed(
    client: FlaskClient, services: Services, nina: Person
) -> None:
    assert "Make your first flex app" in client.get(HOME).text
    made = post_form(client, f"{HOME}/new", {"name": "Night drive", "layout": "compact", "own_catalog": "1"})
    app = app_of(services, nina)
    assert made.status_code == 303
    assert made.location == f"{HOME}/{app.id}"
    assert app.layout is Layout.COMPACT
    assert lineup(services, nina) == ["Mine alone"]

    page = client.get(f"{HOME}/{app.id}?q=rain").text
    assert "Mara &lt;b&gt;Bold&lt;/b&gt;" in page
    assert "Dusty Corner" not in page
    [track_id] = re.findall(r'name="track_id" value="(trk_\w+)"', page)
    added = post_form(client, f"{HOME}/{app.id}/picks", {"track_id": track_id, "q": "rain"})
    assert added.location == f"{HOME}/{app.id}?q=rain"
    assert lineup(services, nina) == ["Mine alone", "Rooftop Rain"]
    again = post_form(client, f"{HOME}/{app.id}/picks", {"track_id": track_id}, follow_redirects=True)
    assert "is in this app already" in again.text

    with services.database.reading() as session:
        first, second = (source.id for source in sources_of(session, app.id))
    post_form(client, f"{HOME}/{app.id}/sources/{second}/move", {"to": "up"})
    assert lineup(services, nina) == ["Rooftop Rain", "Mine alone"]
    post_form(client, f"{HOME}/{app.id}/sources/{first}/remove")
    assert lineup(services, nina) == ["Rooftop Rain"]

    placed = post_form(
        client,
        f"{HOME}/{app.id}/placements",
        {"name": "My blog", "channel": "own_site", "allowed_origins": ""},
        follow_redirects=True,
    )
    with services.database.reading() as session:
        [placement] = placements_of(session, app.id)
    assert "is ready: copy its snippet" in placed.text
    assert placed.text.count(placement.key) >= 10
    assert "&lt;beat-player app=" in placed.text
    listed = client.get(f"{HOME}/{app.id}/placements").text
    assert f'href="{HOME}/{app.id}/placements/{placement.id}"' in listed
    post_form(client, f"{HOME}/{app.id}/placements/{placement.id}/revoke")
    with services.database.reading() as session:
        assert placements_of(session, app.id) == []


def test_rules_are_written_in_words_and_wrong_ones_say_why(
    client: FlaskClient, services: Services, nina: Person
) -> None:
    post_form(client, f"{HOME}/new", {"name": "Rules", "layout": "list"})
    app = app_of(services, nina)
    assert lineup(services, nina) == []
    rule = {"genre": "House", "bpm_min": "120", "bpm_max": "130", "newest": "5"}
    page = post_form(client, f"{HOME}/{app.id}/rules", rule, follow_redirects=True).text
    assert "House, 120 to 130 BPM, the 5 newest" in page
    assert "1 beat now" in page
    for wrong in (
        {"bpm_min": "fast"},
        {"bpm_min": "150", "bpm_max": "90"},
        {"newest": "0"},
        {"newest": "1.5"},
    ):
        response = post_form(client, f"{HOME}/{app.id}/rules", wrong)
        assert response.status_code in (400, 422)
        assert "error-text" in response.text


def test_the_look_is_kept_and_shown_in_the_placed_player(
    client: FlaskClient, services: Services, nina: Person
) -> None:
    post_form(client, f"{HOME}/new", {"name": "Look", "layout": "list", "own_catalog": "1"})
    app = app_of(services, nina)
    page = client.get(f"{HOME}/{app.id}/look")
    assert f'src="/embed/v1/{app.id}?preview=1"' in page.text
    saved = post_form(
        client, f"{HOME}/{app.id}/look", {"layout": "card", "theme": "dark", "accent": "1A4FD6"}
    )
    assert saved.status_code == 303
    embed = client.get(f"/embed/v1/{app.id}").text
    assert '<main class="player card' in embed
    assert 'data-theme="dark"' in embed
    assert "--accent:#1a4fd6" in embed
    refused = post_form(
        client, f"{HOME}/{app.id}/look", {"layout": "card", "theme": "dark", "accent": "blue"}
    )
    assert refused.status_code in (400, 422)
    assert "Write the color as #rrggbb" in refused.text


def test_settings_rename_limit_and_delete(client: FlaskClient, services: Services, nina: Person) -> None:
    post_form(client, f"{HOME}/new", {"name": "Old name", "layout": "list", "own_catalog": "1"})
    app = app_of(services, nina)
    saved = post_form(
        client,
        f"{HOME}/{app.id}/settings",
        {"name": "New name", "allowed_origins": "blog.example\r\nhttps://*.shop.example\r\n"},
    )
    assert saved.status_code == 303
    assert client.get("/a/old-name?k=x").location == "/a/new-name?k=x"
    assert (
        "https://blog.example https://*.shop.example"
        in client.get(f"/embed/v1/{app.id}").headers["Content-Security-Policy"]
    )
    wrong = {"name": "New name", "allowed_origins": "https://a.example/path"}
    refused = post_form(client, f"{HOME}/{app.id}/settings", wrong)
    assert "is no website address" in refused.text
    deleted = post_form(client, f"{HOME}/{app.id}/delete", follow_redirects=True)
    assert "is deleted" in deleted.text
    assert client.get("/a/new-name").status_code == 404
    assert client.get(f"{HOME}/{app.id}").status_code == 404


def test_refused_websites_are_shown_with_their_count_and_allowed_or_dismissed(
    client: FlaskClient, services: Services, nina: Person
) -> None:
    now = services.clock.now()
    with services.database.writing() as session:
        app = make_app(session, nina, own_catalog=True, allowed_origins=["https://blog.example"])
        for origin, times in (("https://one.example", 3), ("https://two.example", 1)):
            note_refused_origin(session, app.id, origin, now=now, times=times)
    path = f"{HOME}/{app.id}"
    page = client.get(f"{path}/settings").text
    assert "3 times · last" in page
    assert "1 time · last" in page
    assert "The list is on" in page
    assert "Notion and all that unfold links through iframely" in page
    post_form(client, f"{path}/dismiss", {"origin": "https://two.example"})
    post_form(client, f"{path}/allow", {"origin": "https://one.example"})
    page = client.get(f"{path}/settings").text
    assert "two.example" not in page
    assert "None yet." in page
    assert "https://blog.example\nhttps://one.example</textarea>" in page
    wrong = post_form(client, f"{path}/allow", {"origin": "https://x.example/;"}, follow_redirects=True)
    assert "is no website address" in wrong.text
    assert "x.example</textarea>" not in wrong.text


def test_each_wrong_line_of_a_list_is_said(client: FlaskClient, services: Services, nina: Person) -> None:
    with services.database.writing() as session:
        app = make_app(session, nina, own_catalog=True)
    lines = "https://good.example\nftp://files.example\nhttps://a.example/shop"
    refused = post_form(
        client, f"{HOME}/{app.id}/settings", {"name": "Night drive", "allowed_origins": lines}
    )
    assert refused.status_code in (400, 422)
    assert "Line 2: “ftp://files.example”" in refused.text
    assert "Line 3: “https://a.example/shop”" in refused.text
    assert lines in refused.text, "what was typed is still there"
    assert "Before you begin a list" in client.get(f"{HOME}/{app.id}/settings").text


def test_a_host_name_is_named_waits_goes_live_and_is_taken_back(
    client: FlaskClient, services: Services, nina: Person
) -> None:
    with services.database.writing() as session:
        app = make_app(session, nina, own_catalog=True)
    path = f"{HOME}/{app.id}"
    for wrong in ("localhost", "https://beats.nina.example/shop", "10.0.0.1", "a b"):
        refused = post_form(client, f"{path}/domain", {"domain": wrong})
        assert refused.status_code == 422, wrong
        assert "is no host name on the internet" in refused.text
    named = post_form(client, f"{path}/domain", {"domain": "Beats.Nina.example"}, follow_redirects=True)
    assert "Waits for its proof" in named.text
    assert "_flexapp.beats.nina.example" in named.text
    with services.database.writing() as session:
        domain = confirm_domain(session, app, "beats.nina.example", now=services.clock.now())
        assert domain.record_value in named.text
        other = make_app(session, nina, name="Another")
    live = client.get(f"{path}/settings").text
    assert 'href="http://beats.nina.example:8000/"' in live
    assert "TXT" not in live
    taken = post_form(client, f"{HOME}/{other.id}/domain", {"domain": "beats.nina.example"})
    assert taken.status_code == 409
    assert "shows another app already" in taken.text
    back = post_form(client, f"{path}/domain", {"domain": ""}, follow_redirects=True)
    assert "answers at its page here only" in back.text
    with services.database.reading() as session:
        assert domain_of(session, app.id) is None


def test_somebody_elses_app_is_not_there(client: FlaskClient, services: Services, nina: Person) -> None:
    with services.database.writing() as session:
        app = make_app(session, make_person(session))
        placement = make_placement(session, app, services.signer)
    for path in ("", "/look", "/placements", "/settings"):
        assert client.get(f"{HOME}/{app.id}{path}").status_code == 404
    for path in (
        "/rules",
        "/picks",
        "/look",
        "/settings",
        "/allow",
        "/dismiss",
        "/domain",
        "/delete",
        "/placements",
        f"/placements/{placement.id}/revoke",
    ):
        assert post_form(client, f"{HOME}/{app.id}{path}", {"name": "x"}).status_code == 404
    assert client.get("/embed/v1/" + app.id).status_code == 200


def test_an_apps_page_remembers_its_placement_and_passes_it_on(
    client: FlaskClient, services: Services, nina: Person
) -> None:
    with services.database.writing() as session:
        app = make_app(session, nina, own_catalog=True)
        placement = make_placement(session, app, services.signer)
    visitor = client.application.test_client()
    page = visitor.get(f"/a/{app.slug}?k={placement.key}")
    assert f'href="/embed/v1/{app.id}?k={placement.key}"' in page.text
    assert "HttpOnly" in page.headers["Set-Cookie"]
    assert "Mine alone" in page.text
    private = visitor.get(f"/a/{app.slug}?k={placement.key}", headers={"Sec-GPC": "1"})
    assert "Set-Cookie" not in private.headers
    assert placement.key not in visitor.get(f"/a/{app.slug}?k=v1.x.y").text
    assert visitor.get("/a/nothing").status_code == 404
