"""Apps, sources, lineups and placements, through the SDK and the real app."""

from __future__ import annotations

from typing import Any

import pytest
from flexapp_sdk import Conflict, Forbidden, Invalid, Money, NotFound, ScopeMissing

from flexapp.apps.refused import note_refused_origin
from flexapp.people.models import Scope
from flexapp.workflows.services import Services
from tests.factories.catalog import make_track
from tests.sdk.conftest import Caller, Connect


def test_an_app_is_made_changed_and_taken_away(ada: Caller) -> None:
    app = ada.sdk.apps.create(name="Night drive", layout="card", accent="#1b7f4d")
    assert (app.name, app.slug, app.layout, app.theme, app.accent) == (
        "Night drive", "night-drive", "card", "auto", "#1b7f4d",
    )  # fmt: skip
    assert app.url.endswith("/a/night-drive")
    changed = ada.sdk.apps.update(app.id, name="Day drive", theme="dark", accent=None)
    assert (changed.name, changed.slug, changed.layout, changed.theme, changed.accent) == (
        "Day drive", "day-drive", "card", "dark", None,
    )  # fmt: skip
    assert changed.revision > app.revision
    assert ada.sdk.apps.get(app.id) == changed
    assert [one.id for one in ada.sdk.apps.list()] == [app.id]
    ada.sdk.apps.delete(app.id)
    with pytest.raises(NotFound) as gone:
        ada.sdk.apps.get(app.id)
    assert gone.value.code == "app_not_found"
    assert list(ada.sdk.apps.list()) == []


def test_an_app_gets_a_host_name_that_waits_for_its_proof(ada: Caller, bob: Caller) -> None:
    app = ada.sdk.apps.create(name="Night drive")
    assert app.domain is None
    named = ada.sdk.apps.update(app.id, domain="https://Beats.Ada.example/").domain
    assert named is not None
    assert (named.host, named.is_live, named.url) == (
        "beats.ada.example", False, "http://beats.ada.example:8000/",
    )  # fmt: skip
    assert named.record_name == "_flexapp.beats.ada.example"
    assert ada.sdk.apps.update(app.id, name="Day drive").domain == named
    other = bob.sdk.apps.create(name="Rival")
    claimed = bob.sdk.apps.update(other.id, domain="beats.ada.example").domain
    assert claimed is not None
    assert claimed.record_value != named.record_value
    with pytest.raises(Invalid) as refused:
        ada.sdk.apps.update(app.id, domain="127.0.0.1")
    assert (refused.value.code, list(refused.value.fields)) == ("invalid_domain", ["domain"])
    assert ada.sdk.apps.update(app.id, domain=None).domain is None


def test_snippets_take_options_and_refused_websites_are_told(ada: Caller, services: Services) -> None:
    app = ada.sdk.apps.create(name="Night drive", allowed_origins=["https://blog.example"])
    placement = ada.sdk.placements.create(app.id, name="Blog")
    assert ada.sdk.placements.snippets(placement.id) == placement.snippets
    made = ada.sdk.placements.snippets(
        placement.id, layout="bar", color="#1b7f4d", art=False, t="1:05", width="100%", height=90
    )
    assert "&amp;layout=bar&amp;color=1b7f4d&amp;art=0&amp;t=65" in made["iframe"]
    assert 'width="100%" height="90"' in made["iframe"]
    assert 'layout="bar"' in made["element"]
    with pytest.raises(Invalid) as wrong:
        ada.sdk.placements.snippets(placement.id, color="red", width=5)
    assert wrong.value.code == "invalid_options"
    assert sorted(wrong.value.fields) == ["color", "width"]
    assert ada.sdk.apps.refused_origins(app.id) == ()
    now = services.clock.now()
    with services.database.writing() as session:
        note_refused_origin(
            session, app.id, "https://new.example", now=now, placement_id=placement.id, times=3
        )
    [refused] = ada.sdk.apps.refused_origins(app.id)
    assert (refused.origin, refused.times, refused.last_at, refused.placement_id) == (
        "https://new.example", 3, now, placement.id,
    )  # fmt: skip


def test_a_lineup_mixes_rules_and_picks_without_repeats(ada: Caller, bob: Caller, services: Services) -> None:
    with services.database.writing() as session:
        slow = make_track(session, ada.person, title="Slow", bpm=80.0)
        fast = make_track(session, ada.person, title="Fast", bpm=174.0)
        foreign = make_track(session, bob.person, title="Foreign")
    app = ada.sdk.apps.create(name="Mix")
    rule = ada.sdk.apps.add_rule(app.id, bpm_min=160, bpm_max=180)
    pick = ada.sdk.apps.add_pick(app.id, foreign.id)
    own = ada.sdk.apps.add_pick(app.id, fast.id)
    assert [track.title for track in ada.sdk.apps.lineup(app.id)] == ["Fast", "Foreign"]
    everything = ada.sdk.apps.add_rule(app.id)
    assert [track.title for track in ada.sdk.apps.lineup(app.id)] == ["Fast", "Foreign", "Slow"]
    assert [source.id for source in ada.sdk.apps.sources(app.id)] == [rule.id, pick.id, own.id, everything.id]
    ada.sdk.apps.reorder_sources(app.id, [pick.id, rule.id, own.id, everything.id])
    assert ada.sdk.apps.lineup(app.id)[0].id == foreign.id
    ada.sdk.apps.remove_source(app.id, everything.id)
    assert slow.id not in [track.id for track in ada.sdk.apps.lineup(app.id)]


def test_a_lineup_shows_offers_with_prices(ada: Caller, bob: Caller, services: Services) -> None:
    with services.database.writing() as session:
        track = make_track(session, bob.person)
    app = ada.sdk.apps.create(name="Mix")
    ada.sdk.apps.add_pick(app.id, track.id)
    (shown,) = ada.sdk.apps.lineup(app.id)
    assert shown.producer.name == "Bob"
    assert [offer.price for offer in shown.offers][:2] == [Money(2999, "usd"), Money(6500, "usd")]
    assert [offer.is_default for offer in shown.offers] == [True, False, False, False]
    assert shown.duration_seconds == pytest.approx(57.86)


def test_pickable_tracks_are_others_who_allow_it(ada: Caller, bob: Caller, services: Services) -> None:
    with services.database.writing() as session:
        make_track(session, ada.person, title="Mine")
        open_one = make_track(session, bob.person, title="Midnight")
        make_track(session, bob.person, title="Noon")
    assert {track.title for track in ada.sdk.tracks.pickable()} == {"Midnight", "Noon"}
    assert [track.id for track in ada.sdk.tracks.pickable(query="midn")] == [open_one.id]
    assert len(list(ada.sdk.tracks.pickable(limit=1))) == 2


def test_pickable_tracks_are_found_by_genre_and_tempo(ada: Caller, bob: Caller, services: Services) -> None:
    with services.database.writing() as session:
        make_track(session, bob.person, title="Slow", genre="Trap", bpm=90.0)
        make_track(session, bob.person, title="Fast", genre="Drill", bpm=142.5)
        make_track(session, bob.person, title="Free", genre="Drill", bpm=None)

    def titles(**wanted: Any) -> set[str]:
        return {track.title for track in ada.sdk.tracks.pickable(**wanted)}

    assert titles(genre="drill") == {"Fast", "Free"}
    assert titles(genre="dri") == set()
    assert titles(bpm_min=90) == {"Slow", "Fast"}
    assert titles(bpm_max=142.4) == {"Slow"}
    assert titles(genre="Drill", bpm_min=142.5, bpm_max=142.5) == {"Fast"}
    assert titles(query="fast", genre="Trap") == set()
    with pytest.raises(Invalid) as refused:
        titles(bpm_min=-1)
    assert set(refused.value.fields) == {"bpm_min"}


def test_a_pick_is_refused_once_more_and_where_it_is_not_allowed(
    ada: Caller, bob: Caller, services: Services
) -> None:
    with services.database.writing() as session:
        track = make_track(session, bob.person)
        draft = make_track(session, bob.person, visibility="draft")
    app = ada.sdk.apps.create(name="Mix")
    ada.sdk.apps.add_pick(app.id, track.id)
    with pytest.raises(Conflict) as twice:
        ada.sdk.apps.add_pick(app.id, track.id)
    assert twice.value.code == "already_picked"
    for hidden in (draft.id, "trk_unknown"):
        with pytest.raises(NotFound) as refused:
            ada.sdk.apps.add_pick(app.id, hidden)
        assert refused.value.code == "track_not_found"


def test_a_placement_gives_four_snippets(ada: Caller) -> None:
    app = ada.sdk.apps.create(name="Night drive")
    placement = ada.sdk.placements.create(
        app.id, name="Blog", allowed_origins=["https://blog.example"], channel="affiliate"
    )
    assert set(placement.snippets) == {"oembed", "iframe", "script", "element"}
    assert placement.snippets["iframe"].startswith("<iframe ")
    assert "<beat-player" in placement.snippets["element"]
    assert all(placement.key in text for text in placement.snippets.values())
    assert (placement.channel, placement.allowed_origins) == ("affiliate", ("https://blog.example",))
    changed = ada.sdk.placements.update(placement.id, name="Front page", allowed_origins=[])
    assert (changed.key, changed.name, changed.allowed_origins) == (placement.key, "Front page", ())
    assert [one.id for one in ada.sdk.placements.list(app.id)] == [placement.id]
    ada.sdk.placements.revoke(placement.id)
    assert ada.sdk.placements.get(placement.id).revoked_at is not None
    assert list(ada.sdk.placements.list()) == []


def test_wrong_origins_and_names_are_refused_by_field(ada: Caller) -> None:
    app = ada.sdk.apps.create(name="Night drive", allowed_origins=["https://blog.example"])
    with pytest.raises(Invalid) as elsewhere:
        ada.sdk.placements.create(app.id, name="x", allowed_origins=["https://other.example"])
    assert "allowed_origins" in elsewhere.value.fields
    with pytest.raises(Invalid) as nameless:
        ada.sdk.apps.create(name="   ")
    assert "name" in nameless.value.fields
    with pytest.raises(Invalid) as shapeless:
        ada.sdk.apps.create(name="x", layout="ring")
    assert "layout" in shapeless.value.fields


def test_what_is_somebody_elses_does_not_exist(ada: Caller, bob: Caller) -> None:
    app = ada.sdk.apps.create(name="Night drive")
    source = ada.sdk.apps.add_rule(app.id)
    placement = ada.sdk.placements.create(app.id, name="Blog")
    for call in (
        lambda: bob.sdk.apps.get(app.id),
        lambda: bob.sdk.apps.update(app.id, name="Mine"),
        lambda: bob.sdk.apps.delete(app.id),
        lambda: bob.sdk.apps.lineup(app.id),
        lambda: bob.sdk.apps.sources(app.id),
        lambda: bob.sdk.apps.add_rule(app.id),
        lambda: bob.sdk.apps.remove_source(app.id, source.id),
        lambda: bob.sdk.placements.get(placement.id),
        lambda: bob.sdk.placements.update(placement.id, name="Mine"),
        lambda: bob.sdk.placements.revoke(placement.id),
        lambda: bob.sdk.placements.create(app.id, name="Mine"),
        lambda: list(bob.sdk.placements.list(app.id)),
    ):
        with pytest.raises(NotFound):
            call()
    assert ada.sdk.apps.get(app.id).name == "Night drive"


def test_a_reading_token_changes_nothing(ada: Caller, connect: Connect) -> None:
    reading = connect(ada.person, [Scope.READ])
    assert list(reading.apps.list()) == []
    with pytest.raises(ScopeMissing) as refused:
        reading.apps.create(name="No")
    assert refused.value.request_id
    with pytest.raises(Forbidden):
        reading.tokens.create(name="More", scopes=["write"])
    assert list(ada.sdk.apps.list()) == []


def test_lists_come_page_by_page_newest_first(ada: Caller) -> None:
    made = [ada.sdk.apps.create(name=f"App {number}").id for number in range(5)]
    listing = ada.sdk.apps.list(limit=2)
    assert [len(page.data) for page in listing.pages()] == [2, 2, 1]
    assert [app.id for app in listing] == made[::-1]
    first = listing.page()
    assert [app.id for app in listing.page(first.next_cursor).data] == made[2:0:-1]
    with pytest.raises(Invalid) as refused:
        listing.page("edited")
    assert refused.value.code == "invalid_cursor"
