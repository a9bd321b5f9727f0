"""Lineups for everybody: the same rows as the API's, by the lane, and never older than a revision."""

from __future__ import annotations

import json

import pytest
from flask.testing import FlaskClient
from werkzeug.test import Client

from flexapp.catalog import operations
from flexapp.catalog.models import Track
from flexapp.people.models import Person
from flexapp.workflows.services import Services
from tests.factories.people import bearer, make_api_token
from tests.functional.embed.conftest import Stage
from tests.functional.web.test_lane import flask, lane, plain, shape

__all__ = ["flask", "lane"]
PAGE = {"Origin": "https://blog.example", "Accept-Encoding": "br"}


@pytest.mark.parametrize("coding", ["br", "gzip", "identity"])
def test_a_lineup_is_the_same_by_both_ways_and_as_the_owner_reads_it(
    client: FlaskClient, lane: Client, flask: Client, stage: Stage, services: Services, coding: str
) -> None:
    path = f"/embed/v1/lineups/{stage.app_id}"
    headers = {**PAGE, "Accept-Encoding": coding}
    assert lane.get(path, headers=headers).status_code == 599, "nothing is published yet"
    first = flask.get(path, headers=headers)
    second, third = lane.get(path, headers=headers), flask.get(path, headers=headers)
    assert first.status_code == 200
    assert shape(first) == shape(second) == shape(third)
    assert int(second.headers["Content-Length"]) == len(second.data)
    assert second.headers["Access-Control-Allow-Origin"] == "*"
    assert second.headers["Cache-Control"] == "public, no-cache"
    assert "Set-Cookie" not in second.headers
    shown = json.loads(plain(second))
    with services.database.writing() as session:
        secret = make_api_token(session, session.get_one(Person, stage.owner_id))
    asked = client.get(f"/api/v1/apps/{stage.app_id}/lineup", headers=bearer(secret))
    assert shown["data"] == asked.get_json()["data"]
    assert [row["id"] for row in shown["data"]] == list(stage.track_ids)
    assert shown["name"] == "Night drive"
    assert shown["url"] == f"{services.settings.base_url}/a/{stage.slug}"
    assert shown["owner"]["name"] == "Nina Curates"


def test_whoever_has_it_gets_304_until_something_in_it_changes(
    lane: Client, flask: Client, stage: Stage, services: Services
) -> None:
    paths = [f"/embed/v1/lineups/{each}" for each in (stage.app_id, stage.producer_id, stage.track_ids[0])]
    known = {path: flask.get(path).headers["ETag"] for path in paths}
    for path, tag in known.items():
        asked = {**PAGE, "If-None-Match": tag}
        by_lane, by_flask = lane.get(path, headers=asked), flask.get(path, headers=asked)
        assert shape(by_lane) == shape(by_flask)
        assert (by_lane.status_code, by_lane.data, by_lane.headers["ETag"]) == (304, b"", tag)
        head = lane.head(path)
        assert (head.status_code, head.data, head.headers["ETag"]) == (200, b"", tag)
    with services.database.writing() as session:
        track = session.get_one(Track, stage.track_ids[0])
        operations.mark_sold_exclusively(session, track, now=services.clock.now())
    for path, tag in known.items():
        assert lane.get(path).status_code == 599, "what is old is not handed out"
        again = flask.get(path, headers={"If-None-Match": tag})
        assert again.status_code == 200
        rows = json.loads(again.data)["data"]
        assert all(row["offers"] == [] for row in rows if row["id"] == stage.track_ids[0])
        assert len(rows) == {paths[0]: 9, paths[1]: 9, paths[2]: 1}[path]


def test_what_is_gone_says_so_to_every_page(client: FlaskClient, stage: Stage) -> None:
    for target in ("app_00000000000000000000000000", "per_00000000000000000000000000", "nothing"):
        answer = client.get(f"/embed/v1/lineups/{target}", headers=PAGE)
        assert answer.status_code == 404
        assert answer.mimetype == "application/problem+json"
        assert answer.get_json()["code"] == "player_gone"
        assert answer.headers["Access-Control-Allow-Origin"] == "*"
        assert answer.headers["Cache-Control"] == "no-store"
