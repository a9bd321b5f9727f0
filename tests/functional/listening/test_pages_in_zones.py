"""Pages, files and API in time zones: each panel of a span is about what lies between its local midnights."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient

from flexapp.dashboard.periods import period_of
from flexapp.kernel import zones
from flexapp.listening.ingest import append
from flexapp.listening.upkeep import fold_listens
from flexapp.people.models import Person
from tests.factories.history import past_listen
from tests.factories.people import bearer, make_api_token, sign_in
from tests.functional.listening.conftest import Scene

HOURS_AGO = (0.4, 3, 5, 11.2, 13.3, 16, 19.6, 20.5, 22, 27.9, 28.6, 31, 36.2, 40, 47, 52.5, 60, 66, 77, 90)
PERIODS: tuple[dict[str, str], ...] = (
    {"period": "today"},
    {"period": "yesterday"},
    {"period": "all"},
    {"period": "custom", "since": "2026-11-18", "until": "2026-11-18"},
)
LOOKS: dict[str, Any] = {
    "device": "phone",
    "os": "iOS",
    "browser": "Safari",
    "layout": "list",
    "country": "DE",
}


@pytest.fixture
def moments(scene: Scene) -> list[datetime]:
    """When somebody else began to listen for a minute, on one website or another."""
    found = [scene.clock.now() - timedelta(hours=hours) for hours in HOURS_AGO]
    rows = []
    for number, at in enumerate(found):
        host = f"site{number % 3}.example"
        rows += past_listen(scene.beat, at=at, app=scene.app, placement=scene.placement, host=host, **LOOKS)
    with scene.services.database.writing() as session:
        append(session, rows)
        for person in (scene.producer, scene.affiliate):
            session.merge(person).created_at = min(found)
        session.merge(scene.app).created_at = session.merge(scene.beat).created_at = min(found)
    fold_listens(scene.services)
    return found


@pytest.mark.parametrize("zone", ["Asia/Tokyo", "America/Los_Angeles", "Asia/Kolkata"])
def test_everything_of_a_span_is_between_its_local_midnights(
    scene: Scene, moments: list[datetime], client: FlaskClient, zone: str
) -> None:
    pages = {
        f"/producer-dashboard/apps/{scene.app.id}/insights": (scene.affiliate, {"app_id": scene.app.id}),
        f"/backstage/tracks/{scene.beat.id}/insights": (scene.producer, {"track_id": scene.beat.id}),
        f"/backstage/artists/{scene.producer.id}/insights": (scene.producer, {}),
    }
    for path, (person, subject) in pages.items():
        token = of_zone(scene, client, person, zone)
        for wishes in PERIODS:
            period = period_of(wishes, scene.clock.now(), zone=zones.zone_of(zone), begin=min(moments))
            count = sum(period.since <= at < period.until for at in moments)
            panels = client.get(f"{path}.json", query_string=wishes).get_json()["panels"]
            file: dict[str, Any] = {one["name"]: one["rows"] for one in panels}
            told = [
                *(file["totals"][0][name] for name in ("plays", "starts")),
                sum(row["plays"] for row in file["plays_over_time"]),
                sum(row["plays"] for row in file["channels"]),
                *(
                    sum(row["plays"] for row in file[f"by_{by}"])
                    for by in ("device", "os", "browser", "layout")
                ),
                {row["figure"]: row["value"] for row in file["engagement"]}["listener_days"],
            ]
            assert set(told) == {count}, (path, wishes, told)
            said = api(client, token, since=period.since, until=period.until, **subject)
            assert set(said) == {count}, (path, wishes, said)


def of_zone(scene: Scene, client: FlaskClient, person: Person, zone: str) -> dict[str, str]:
    """The person lives there and signs in; returns what programs of theirs send."""
    with scene.services.database.writing() as session:
        known = session.get_one(Person, person.id)
        known.time_zone = zone
        token = bearer(make_api_token(session, known))
    sign_in(client, scene.services, person)
    return token


def api(
    client: FlaskClient, token: dict[str, str], *, since: datetime, until: datetime, **subject: str
) -> list[int]:
    """What each answer about a span says in all."""

    def ask(name: str, **query: str) -> Any:
        span = {"since": since.isoformat(), "until": until.isoformat(), **subject, **query}
        answer = client.get(f"/api/v1/insights/{name}", query_string=span, headers=token)
        assert answer.status_code == 200, answer.text
        return answer.get_json()

    engagement = ask("engagement")
    told = [
        ask("plays", interval="total")["totals"]["plays"],
        ask("breakdown", by="device")["total"]["plays"],
        ask("breakdown", by="host")["total"]["plays"],
        sum(row["plays"] for row in ask("funnel")["rows"]),
        engagement["listens"],
        engagement["listener_days"],
    ]
    if "app_id" in subject:
        sites = ask("funnel", by="host")
        rows = [*sites["rows"], *filter(None, (sites["others"], sites["withheld"]))]
        told += [sum(row[step] for row in rows) for step in ("plays", "loads")]
    return told
