"""Nobody is found in a breakdown, and nothing vanishes from it: page, file and API say the same."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient

from flexapp.listening.ingest import append
from flexapp.listening.upkeep import fold_listens
from tests.factories.history import past_listen
from tests.factories.people import bearer, make_api_token, sign_in
from tests.functional.listening.conftest import Scene

STEPS = ("loads", "impressions", "plays", "opens", "adds", "sales", "refunds")


class Told:
    """What the owner of the scene's app reads about the last week."""

    def __init__(self, scene: Scene, client: FlaskClient) -> None:
        self.client = client
        with scene.services.database.writing() as session:
            self.token = bearer(make_api_token(session, session.merge(scene.affiliate)))
        sign_in(client, scene.services, scene.affiliate)
        self.app_id = scene.app.id
        path = f"/producer-dashboard/apps/{scene.app.id}/insights"
        self.html = client.get(f"{path}?period=30d").text
        panels = client.get(f"{path}.json?period=30d").get_json()["panels"]
        self.file: dict[str, Any] = {one["name"]: one for one in panels}

    def api(self, name: str, **query: str) -> Any:
        answer = self.client.get(
            f"/api/v1/insights/{name}", query_string={"app_id": self.app_id, **query}, headers=self.token
        )
        assert answer.status_code == 200, answer.text
        return answer.get_json()


def add(scene: Scene, listens: list[dict[str, Any]]) -> None:
    with scene.services.database.writing() as session:
        for listen in listens:
            append(session, past_listen(scene.beat, app=scene.app, placement=scene.placement, **listen))
    fold_listens(scene.services)


@pytest.fixture
def mixed(scene: Scene) -> Scene:
    """29 people in Germany, one in Andorra who came back on six days, and six listens of nobody known."""
    now = scene.clock.now()
    crowd = [{"at": now - timedelta(days=1, minutes=number), "country": "DE"} for number in range(29)]
    alone = [
        {"at": now - timedelta(days=number), "country": "AD", "host": "tiny.example"}
        for number in range(1, 7)
    ]
    unknown = [
        {"at": now - timedelta(days=2, minutes=number), "country": "JP", "visitor": ""} for number in range(6)
    ]
    add(scene, [*crowd, *alone, *unknown])
    return scene


def test_who_comes_back_is_one_person_hides_nobody_and_is_not_named(
    mixed: Scene, client: FlaskClient
) -> None:
    told = Told(mixed, client)
    countries, sites = told.api("breakdown", by="country"), told.api("breakdown", by="host")
    for found, name, plays, rest in ((countries, "DE", 29, 12), (sites, "blog.example", 35, 6)):
        (row,) = found["rows"]
        assert (row["value"], row["plays"], row["listener_days"]) == (name, plays, 29)
        assert found["others"] is None
        assert (found["withheld"]["plays"], found["withheld"]["listener_days"]) == (rest, 6)
        assert found["withheld"]["value"] == ""
        assert row["plays"] + rest == found["total"]["plays"] == 41
    assert told.api("breakdown", by="country", limit="1")["withheld"]["plays"] == 12
    funnel = told.api("funnel", by="host")
    (site,) = funnel["rows"]
    assert (site["key"], site["loads"], site["plays"]) == ("blog.example", 35, 35)
    assert (funnel["withheld"]["loads"], funnel["withheld"]["plays"], funnel["others"]) == (6, 6, None)
    placements = told.api("funnel")["rows"]
    for step in STEPS:
        assert site[step] + funnel["withheld"][step] == sum(row[step] for row in placements)
    assert "12 plays in other countries are in no line" in told.html
    assert "6 plays in other websites are in no line" in told.html
    for text in (told.html, str(told.file)):
        assert "tiny.example" not in text
        assert "Andorra" not in text
        assert "Japan" not in text
    assert told.file["by_country"]["rows"] == [
        {"country": "Germany", "plays": 29, "starts": 29, "listener_days": 29}
    ]
    assert "12 plays in other countries are in no line" in told.file["by_country"]["note"]
    assert [row["played"] for row in told.file["funnel_by_website"]["rows"]] == [35]


def test_an_app_that_asks_first_still_says_how_much_was_played(scene: Scene, client: FlaskClient) -> None:
    now = scene.clock.now()
    add(
        scene,
        [
            {
                "at": now - timedelta(days=1, minutes=number),
                "country": ("JP", "DE")[number % 2],
                "visitor": "",
            }
            for number in range(12)
        ],
    )
    told = Told(scene, client)
    for name in ("country", "host"):
        found = told.api("breakdown", by=name)
        assert (found["rows"], found["withheld"]) == ([], None)
        assert (found["others"]["plays"], found["others"]["listener_days"]) == (12, 0)
        assert [row["plays"] for row in told.file[f"by_{name}"]["rows"]] == [12]
    assert told.api("funnel", by="host")["others"]["loads"] == 12
    assert "No country had 5 known listeners on one day" in told.html
    assert "No website had 5 known listeners on one day" in told.html
    assert "Germany" not in told.html
