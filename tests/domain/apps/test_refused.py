"""Refused websites: counted together, bounded, allowed without closing anything, dismissed for good."""

from __future__ import annotations

from datetime import timedelta

import pytest

from flexapp.apps import operations
from flexapp.apps.models import FlexApp, Placement
from flexapp.apps.origins import MAX_ORIGINS, InvalidOrigin, parse_origins
from flexapp.apps.queries import app_by_id, placement_by_id, refused_origins_of
from flexapp.apps.refused import allow_refused_origin, dismiss_refused_origin, note_refused_origin
from flexapp.kernel.clock import FixedClock
from flexapp.workflows.services import Services
from tests.factories.apps import make_app, make_placement
from tests.factories.people import make_person

NEW = "https://new.example"


@pytest.fixture
def ids(services: Services) -> tuple[str, str]:
    with services.database.writing() as session:
        app = make_app(session, make_person(session))
        placement = make_placement(session, app, services.signer)
        return app.id, placement.id


def listed(services: Services, app_id: str) -> list[tuple[str, int]]:
    with services.database.reading() as session:
        return [(each.origin, each.times) for each in refused_origins_of(session, app_id, limit=100)]


def stored(services: Services, ids: tuple[str, str]) -> tuple[FlexApp, Placement]:
    with services.database.reading() as session:
        app, placement = app_by_id(session, ids[0]), placement_by_id(session, ids[1])
        assert app is not None
        assert placement is not None
        return app, placement


def test_two_processes_count_the_same_website_together(services: Services, ids: tuple[str, str]) -> None:
    now = services.clock.now()
    with services.database.writing() as session:
        note_refused_origin(session, ids[0], NEW, now=now, times=2)
    with services.database.writing() as session:
        note_refused_origin(session, ids[0], NEW, now=now + timedelta(seconds=5), times=3)
    assert listed(services, ids[0]) == [(NEW, 5)]


def test_only_the_latest_fifty_are_kept_so_that_junk_hides_nobody(
    services: Services, ids: tuple[str, str], clock: FixedClock
) -> None:
    with services.database.writing() as session:
        for number in range(MAX_ORIGINS + 5):
            now = clock.now() + timedelta(seconds=number)
            note_refused_origin(session, ids[0], f"https://junk{number}.example", now=now)
        note_refused_origin(session, ids[0], NEW, now=clock.now() + timedelta(hours=1))
    found = listed(services, ids[0])
    assert len(found) == MAX_ORIGINS
    assert found[0] == (NEW, 1)
    assert ("https://junk0.example", 1) not in found


def test_allowing_one_website_never_closes_an_open_app(services: Services, ids: tuple[str, str]) -> None:
    with services.database.writing() as session:
        app, placement = app_by_id(session, ids[0]), placement_by_id(session, ids[1])
        assert app is not None
        assert placement is not None
        operations.update_placement(session, app, placement, allowed_origins=["https://blog.example"])
        note_refused_origin(session, app.id, NEW, now=services.clock.now(), placement_id=placement.id)
        allow_refused_origin(session, app, NEW)
    app, placement = stored(services, ids)
    assert app.allowed_origins == []
    assert placement.allowed_origins == ["https://blog.example", NEW]
    assert listed(services, ids[0]) == []


def test_allowing_reaches_the_app_and_the_placement_that_was_refused(
    services: Services, ids: tuple[str, str]
) -> None:
    with services.database.writing() as session:
        app, placement = app_by_id(session, ids[0]), placement_by_id(session, ids[1])
        assert app is not None
        assert placement is not None
        operations.set_allowed_origins(session, app, ["https://blog.example"])
        operations.update_placement(session, app, placement, allowed_origins=["https://blog.example"])
        note_refused_origin(session, app.id, NEW, now=services.clock.now(), placement_id=placement.id)
        allow_refused_origin(session, app, NEW)
    app, placement = stored(services, ids)
    assert app.allowed_origins == ["https://blog.example", NEW]
    assert placement.allowed_origins == ["https://blog.example", NEW]


def test_a_dismissed_website_stays_out_of_sight_however_often_it_tries(
    services: Services, ids: tuple[str, str]
) -> None:
    now = services.clock.now()
    with services.database.writing() as session:
        app = app_by_id(session, ids[0])
        assert app is not None
        note_refused_origin(session, app.id, NEW, now=now)
        dismiss_refused_origin(session, app, NEW, now=now)
        note_refused_origin(session, app.id, NEW, now=now + timedelta(hours=1))
    assert listed(services, ids[0]) == []


@pytest.mark.parametrize(
    ("line", "because"),
    [
        ("ftp://files.example", "http or https"),
        ("https://a.example/shop", "after the host"),
        ("https://a.example?x=1", "after the host"),
        ("a.example; script-src *", "semicolon"),
        ("a.example\r\nX-Evil: 1", "line break"),
        ("a.example, b.example", "comma"),
        ("https://user@a.example", "@"),
        ("javascript:alert(1)", "http or https"),
        ("https://[::1]", "number"),
        ("https://-bad-.example", "letters"),
        ("https://a.*.example", "beginning"),
        ("https://*.com", "too much"),
        ("https://a.example:99999", "port"),
    ],
)
def test_each_wrong_line_says_why(line: str, because: str) -> None:
    with pytest.raises(InvalidOrigin) as caught:
        parse_origins(["https://good.example", line])
    assert caught.value.message.startswith("Line 2: ")
    assert because in caught.value.message
    assert "is no website address" in caught.value.message


def test_several_wrong_lines_are_said_together_and_more_than_fifty_are_refused() -> None:
    with pytest.raises(InvalidOrigin) as caught:
        parse_origins(["", "a b", "https://good.example", "c/d"])
    first, second = caught.value.message.split("\n")
    assert first.startswith("Line 2: ")
    assert second.startswith("Line 4: ")
    assert caught.value.fields == {"allowed_origins": caught.value.message}
    with pytest.raises(InvalidOrigin, match="At most 50"):
        parse_origins(f"https://s{number}.example" for number in range(51))
    kept = parse_origins(["HTTPS://Bücher.Example:443/", "https://xn--bcher-kva.example"])
    assert kept == ["https://xn--bcher-kva.example"], "one spelling, once"
