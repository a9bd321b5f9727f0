"""Insights with a history: each panel, its file, and what is shown with little or nothing; and activity."""

from __future__ import annotations

import csv
import io
import re
from datetime import timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient

from flexapp.listening.ingest import append
from flexapp.listening.models import Kind
from flexapp.listening.page_views import count_views
from flexapp.listening.rows import a_page, view_row
from flexapp.listening.upkeep import fold_listens
from tests.factories.catalog import make_album
from tests.factories.history import past_listen
from tests.factories.listening import make_total
from tests.factories.people import bearer, make_api_token, make_person, sign_in
from tests.functional.listening.conftest import Scene

HOME = "/producer-dashboard"
GERMAN = {"country": "DE", "device": "phone", "os": "iOS", "browser": "Safari", "layout": "list"}
DESK = {"device": "desktop", "os": "Linux", "browser": "Firefox", "layout": "card"}


@pytest.fixture
def past(scene: Scene) -> Scene:
    """Yesterday 12 people heard 100 of 120 seconds, 8 elsewhere 31; the week before there were 4."""
    now, rows = scene.clock.now(), []
    for number in range(12):
        did = (Kind.OPEN, Kind.ADD) if number == 0 else (Kind.OPEN,) if number < 3 else ()
        at = now - timedelta(days=1, minutes=number)
        rows += past_listen(
            scene.beat, at=at, seconds=100, app=scene.app, placement=scene.placement, did=did, **GERMAN
        )
    for number in range(8):
        at = now - timedelta(days=1, hours=2, minutes=number)
        rare = {"host": "rare.example", "country": "SE"} if number < 2 else {"country": "FR"}
        rows += past_listen(
            scene.beat, at=at, seconds=31, app=scene.app, placement=scene.placement, **{**DESK, **rare}
        )
    for number in range(4):
        at = now - timedelta(days=10, minutes=number)
        rows += past_listen(scene.beat, at=at, seconds=60, app=scene.app, placement=scene.placement, **GERMAN)
    with scene.services.database.writing() as session:
        append(session, rows)
    fold_listens(scene.services)
    return scene


@pytest.fixture
def owner(past: Scene, client: FlaskClient) -> FlaskClient:
    """The app's owner, signed in."""
    sign_in(client, past.services, past.affiliate)
    return client


def panel(html: str, title: str) -> str:
    """The text of a card."""
    found = re.search(
        rf'<section class="card[^>]*aria-label="{re.escape(title)}">(.*?)</section>', html, re.S
    )
    assert found, title
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", found[1]))


def test_every_panel_of_an_app_tells_what_was_heard(past: Scene, owner: FlaskClient) -> None:
    html = owner.get(f"{HOME}/apps/{past.app.id}/insights?period=7d").text
    assert "20" in panel(html, "Plays")
    over_time = panel(html, "Plays over time")
    assert "Best 19 Nov with 20" in over_time
    assert "the 7 days before" in over_time, "four plays to compare with"
    # 12 of 20 heard 83 %, 8 25 %: (12 x 100 + 8 x 30) / 20 is 72; on average (12 x 83 + 8 x 25) / 20.
    assert "72 Good" in panel(html, "Quality score")
    assert "Moderate 60" in panel(html, "Engagement")
    assert "60" in panel(html, "Listens by length"), "percent of listens that heard 80 % or more"
    assert "Germany 12" in panel(html, "Locations")
    assert "Others 8" in panel(html, "Locations")
    assert "Sweden" not in html, "two listeners are below the floor"
    assert "France" not in html, "the next smallest hides them"
    assert "DB-IP" in panel(html, "Locations")
    assert 'href="/static/world' in html
    assert "Phone 12" in panel(html, "Devices")
    assert "Computer 8" in panel(html, "Devices")
    assert "iOS 12" in panel(html, "Systems")
    assert "Firefox 8" in panel(html, "Browsers")
    assert "rare.example" not in html
    assert "Loaded 20" in panel(html, "From a load to a sale")
    assert "License opened 3" in panel(html, "From a load to a sale")
    assert "Added to cart 1" in panel(html, "From a load to a sale")
    assert past.placement.name in panel(html, "From a load to a sale")
    assert "Nobody who agreed to be named" in panel(html, "Your biggest listeners")
    assert "+400" in panel(html, "Plays")
    assert "against the 7 days before" in panel(html, "Plays")
    assert "1:00 in the 7 days before" in panel(html, "Average listen")
    assert "divided by those" in panel(html, "How this is computed")
    published = owner.get("/help/how-plays-count").text
    links = re.findall(r'href="/help/how-plays-count#([a-z-]+)"', html)
    assert sorted(links) == ["engagement", "growth", "quality-score", "trend"]
    assert all(f'id="{key}"' in published for key in links)
    assert "style=" not in html


def test_tracks_and_producers_have_pages_and_strangers_none(past: Scene, client: FlaskClient) -> None:
    pages = (
        f"/backstage/tracks/{past.beat.id}/insights",
        f"/backstage/artists/{past.producer.id}/insights",
    )
    sign_in(client, past.services, past.producer)
    for path in pages:
        html = client.get(path).text
        assert "24" in panel(html, "Plays"), path
        assert "Loaded" not in panel(html, "From a load to a sale"), "players are loaded with all their beats"
    assert client.get(f"/backstage/albums/alb_{'0' * 26}/insights").status_code == 404
    assert f'href="/backstage/tracks/{past.beat.id}/insights"' in client.get(f"{HOME}/tracks").text
    sign_in(client, past.services, past.affiliate)
    assert f'href="{HOME}/apps/{past.app.id}/insights"' in client.get(f"{HOME}/apps").text
    with past.services.database.writing() as session:
        stranger = make_person(session)
    sign_in(client, past.services, stranger)
    for path in (*pages, f"{HOME}/apps/{past.app.id}/insights"):
        for form in ("", ".csv", ".json", ".pdf"):
            assert client.get(path + form).status_code == 404, path + form


def test_an_album_tells_its_tracks_together(past: Scene, client: FlaskClient) -> None:
    at, rows = past.clock.now() - timedelta(days=1), []
    with past.services.database.writing() as session:
        album = make_album(session, past.producer, [past.beat, past.other])
        empty = make_album(session, past.producer, [], title="Nothing yet")
    for number, track in enumerate((past.other, past.other, past.beat, past.short)):
        rows += past_listen(
            track, at=at - timedelta(hours=number + 3), app=past.app, seconds=40, visitor="somebody"
        )
    with past.services.database.writing() as session:
        append(session, rows)
    fold_listens(past.services)
    sign_in(client, past.services, past.producer)
    path = f"/backstage/albums/{album.id}/insights"
    html = client.get(f"{path}?period=7d").text
    assert "Nights" in html
    told = client.get(f"{HOME}/insights/live?kind=album&id={album.id}&period=7d").json["figures"]
    assert told["plays"]["text"] == "23", (
        "20 of before, and three of somebody; the fourth is of another track"
    )
    assert " 21 " in panel(html, "Listener-days"), "somebody heard both of its tracks and counts once"
    tracks = panel(html, "Tracks")
    assert past.beat.title in tracks
    assert past.other.title in tracks
    assert past.short.title not in tracks
    assert "totals,7 days,plays,23\r\n" in client.get(f"{path}.csv?period=7d").text
    assert (
        "Once somebody listens to a beat of this album"
        in client.get(f"/backstage/albums/{empty.id}/insights").text
    )
    sign_in(client, past.services, past.affiliate)
    assert client.get(path).status_code == 404


def test_a_page_with_little_says_what_it_takes(scene: Scene, client: FlaskClient) -> None:
    sign_in(client, scene.services, scene.affiliate)
    path = f"{HOME}/apps/{scene.app.id}/insights?period=today"
    empty = client.get(path).text
    assert "No plays in this time" in empty
    assert "0 of the 10 listens it takes" in panel(empty, "Quality score")
    assert "needs a week of listening" in panel(empty, "Growth")
    scene.listener().hear(scene.beat, (0, 40))
    scene.settle()
    html = client.get(path).text
    assert "1 of the 10 listens it takes" in panel(html, "Engagement")
    assert 'class="chart-plot"' in html
    assert "No country had 5 known listeners on one day" in panel(html, "Locations")


def test_spans_are_cut_in_the_zone_of_the_account(past: Scene, owner: FlaskClient) -> None:
    with past.services.database.writing() as session:
        person = session.merge(past.affiliate)
        person.time_zone = "Pacific/Auckland"
    path = f"{HOME}/apps/{past.app.id}/insights"
    html = owner.get(f"{path}?period=custom&since=2026-11-20&until=2026-11-20").text
    assert "days of Pacific/Auckland" in html
    assert "20" in panel(html, "Plays"), "yesterday noon is today there"
    weekly = owner.get(f"{path}?period=28d&by=week").text
    assert "week of 16 Nov: 20 plays" in weekly
    assert "period=custom&amp;from=28d" in weekly, "a zoom leads back"
    wrong = owner.get(f"{path}?period=custom&since=2026-11-20&until=2026-11-02").text
    assert "The last day is before the first. 28 days are shown instead." in wrong
    assert owner.get(f"{path}.csv?period=custom&since=x&until=y").status_code == 422


def test_files_have_the_figures_of_the_page(past: Scene, owner: FlaskClient) -> None:
    path = f"{HOME}/apps/{past.app.id}/insights"
    answer = owner.get(f"{path}.json?period=7d")
    assert re.search(
        r'filename="[a-z0-9-]+-insights-2026-11-20\.json"', answer.headers["Content-Disposition"]
    )
    told: dict[str, Any] = {one["name"]: one["rows"] for one in answer.get_json()["panels"]}
    assert told["totals"][0]["plays"] == 20
    assert told["totals"][1]["plays"] == 4
    assert [row["plays"] for row in told["plays_over_time"]] == [0, 0, 0, 0, 0, 20, 0]
    assert told["by_country"][0] == {"country": "Germany", "plays": 12, "starts": 12, "listener_days": 12}
    assert told["funnel"][0]["license_opened"] == 3
    assert {row["stage"]: row["count"] for row in told["stages"]}["Added to cart"] == 1
    assert [row["plays"] for row in told["tracks"]] == [20]
    lines = list(csv.DictReader(io.StringIO(owner.get(f"{path}.csv?period=7d").text.lstrip("\ufeff"))))
    cell = next(
        line
        for line in lines
        if line["panel"] == "by_device" and line["row"] == "Phone" and line["measure"] == "plays"
    )
    assert cell["value"] == "12"
    pdf = owner.get(f"{path}.pdf?period=7d")
    assert pdf.mimetype == "application/pdf"
    assert pdf.data.startswith(b"%PDF-")
    everything = owner.get(f"{HOME}/insights.json?period=7d").get_json()
    assert everything["panels"][0]["rows"][0]["plays"] == 20


def test_page_file_and_api_tell_the_same(past: Scene, owner: FlaskClient) -> None:
    """Of the same six days; the page of this moment is held to its file by the live figures."""
    with past.services.database.writing() as session:
        token = bearer(make_api_token(session, session.merge(past.affiliate)))
    asked = {"since": "2026-11-14", "until": "2026-11-19"}
    path = f"{HOME}/apps/{past.app.id}/insights"
    told = owner.get(f"{path}.json", query_string={"period": "custom", **asked}).get_json()["panels"]
    file: dict[str, Any] = {one["name"]: one["rows"] for one in told}
    html = owner.get(path, query_string={"period": "custom", **asked}).text

    def api(name: str, **query: str) -> Any:
        span = {"since": "2026-11-14T00:00:00Z", "until": "2026-11-20T00:00:00Z", "app_id": past.app.id}
        answer = owner.get(f"/api/v1/insights/{name}", query_string={**span, **query}, headers=token)
        assert answer.status_code == 200, answer.text
        return answer.get_json()

    plays = api("plays", interval="day")
    total = file["totals"][0]
    for mine, theirs in (("plays", "plays"), ("starts", "starts"), ("loads", "loads")):
        assert total[mine] == plays["totals"][theirs] > 0
        assert f'data-live="{mine}">{total[mine]}<' in html
    assert [row["plays"] for row in file["plays_over_time"]] == [one["plays"] for one in plays["points"]]
    for by in ("country", "device", "os", "browser", "host", "layout"):
        found = api("breakdown", by=by)
        rows = [*found["rows"], *([found["others"]] if found["others"] else [])]
        assert [row["plays"] for row in file[f"by_{by}"]] == [row["plays"] for row in rows], by
    funnel = api("funnel")["rows"]
    assert [row["count"] for row in file["stages"]] == [
        sum(row[step] for row in funnel)
        for step in ("loads", "impressions", "plays", "opens", "adds", "sales", "refunds")
    ]
    engagement, figures = api("engagement"), {row["figure"]: row["value"] for row in file["engagement"]}
    assert figures["quality_score"] == engagement["quality_score"] == 72
    assert figures["engagement"] == engagement["badge"]
    assert figures["listener_days"] == engagement["listener_days"] == 20
    assert figures["heard_on_average_share"] == pytest.approx(engagement["average_heard"], abs=1e-4)
    assert [row["heard_share"] for row in file["retention"]] == pytest.approx(
        engagement["retention"], abs=1e-4
    )
    assert "72 Good" in panel(html, "Quality score")


def test_live_figures_are_those_of_the_page(past: Scene, owner: FlaskClient) -> None:
    path = f"{HOME}/apps/{past.app.id}/insights?period=7d"
    html = owner.get(path).text
    live = re.search(r'data-live-from="([^"]+)"', html)
    assert live
    figures = owner.get(live[1].replace("&amp;", "&")).get_json()["figures"]
    for name in ("plays", "completion", "average", "starts", "loads", "now"):
        assert re.search(rf'data-live="{name}"[^>]*>{re.escape(figures[name]["text"])}<', html), name
    past.listener().hear(past.other, (0, 20))
    past.settle()
    assert owner.get(live[1].replace("&amp;", "&")).get_json()["figures"]["now"]["text"] == "1"
    past.wait(60)
    assert owner.get(live[1].replace("&amp;", "&")).get_json()["figures"]["now"]["text"] == "0"
    assert owner.get(f"{HOME}/insights/live?kind=album&id=x").status_code == 404


def test_activity_adds_up_over_channels_and_compares_weeks(past: Scene, owner: FlaskClient) -> None:
    now, database = past.clock.now(), past.services.database
    with database.writing() as session:
        for minute in (1, 2):
            at = now - timedelta(minutes=minute)
            claims = a_page(app_id=past.app.id, placement_id="", channel="own_site", now=at)
            append(session, [view_row(claims, visitor_key="f" * 16)])
        make_total(
            session,
            hour=now - timedelta(hours=1),
            app_id=past.app.id,
            channel="own_site",
            track_id=past.beat.id,
            downloads=3,
        )
    count_views(database)
    html = owner.get(f"{HOME}/activity?period=7d").text
    for label, value in (
        ("Page views", 2),
        ("Visits", 1),
        ("Unique visitors", 1),
        ("Plays", 20),
        ("Downloads", 3),
    ):
        assert panel(html, label).split()[len(label.split())] == str(value), label
    channels = panel(html, "By channel")
    assert "Own sites 2 1 1 0 3 0" in channels
    assert re.search(r"Your own promotion your [a-z, ]+ 2 1 1 0 3 0 ", channels)
    assert re.search(r"Brought by Flexapp our .+ 0 0 0 20 0 0 Affiliates 0 0 0 20 0 0", channels)
    assert "+400" in panel(html, "Plays this week"), "20 after 4"
    with database.writing() as session:
        newcomer = make_person(session)
    sign_in(owner, past.services, newcomer)
    assert "Nothing happened in this time" in owner.get(f"{HOME}/activity").text
