"""The review of suspects and the public rules: who sees what, and what a decision does to the figures."""

from __future__ import annotations

import re

from flask.testing import FlaskClient

from flexapp.listening.counting import Reason
from flexapp.people.models import Person
from tests.factories.people import make_person, sign_in
from tests.functional.listening.conftest import Scene

PAGE = "/producer-dashboard/activity/suspects"


def wait_for_bytes(scene: Scene, listeners: int = 1) -> None:
    """So many plays wait, because the preview was never sent."""
    for number in range(listeners):
        listener = scene.listener(address=f"203.0.113.{number}", host="quiet.example")
        listener.is_served = False
        listener.hear(scene.beat, (0, 60))
    scene.settle()


def admin_of(scene: Scene) -> Person:
    with scene.services.database.writing() as session:
        return make_person(session, is_admin=True)


def fields(html: str, decision: str) -> dict[str, str]:
    """The form of that decision, as it is on the page."""
    for form in re.findall(r'<form method="post" action="[^"]*/decide">(.*?)</form>', html, re.S):
        found = dict(re.findall(r'name="([a-z_]+)" value="([^"]*)"', form))
        if found.get("decision") == decision:
            return found
    raise AssertionError(f"no form to decide {decision}")


def test_owners_see_what_waits_and_may_not_decide(scene: Scene, client: FlaskClient) -> None:
    wait_for_bytes(scene)
    for person in (scene.affiliate, scene.producer):
        sign_in(client, scene.services, person)
        html = client.get(PAGE).text
        assert "We have not sent this player" in html
        assert scene.app.name in html
        assert "a website with few listeners" in html
        assert "quiet.example" not in html
        assert "/decide" not in html
        [token, *_] = re.findall(r'name="csrf_token" value="([^"]+)"', html)
        wish = {"csrf_token": token, "decision": "valid", "reason": "bytes_missing", "app": scene.app.id}
        answer = client.post(f"{PAGE}/decide", data=wish)
        assert answer.status_code == 404
    for _ in range(4):
        scene.wait(86_400)
        wait_for_bytes(scene)
    assert "quiet.example" not in client.get(PAGE).text, "one listener on five days is one"
    wait_for_bytes(scene, listeners=6)
    assert "quiet.example" in client.get(PAGE).text
    with scene.services.database.writing() as session:
        stranger = make_person(session)
    sign_in(client, scene.services, stranger)
    html = client.get(PAGE).text
    assert "Nothing waits" in html
    assert scene.app.name not in html


def test_a_decision_of_the_platform_changes_the_figures_and_can_be_taken_back(
    scene: Scene, client: FlaskClient
) -> None:
    wait_for_bytes(scene, listeners=3)
    sign_in(client, scene.services, admin_of(scene))
    html = client.get(PAGE).text
    assert "quiet.example" in html
    accept, refuse = fields(html, "valid"), fields(html, "rejected")
    assert client.post(f"{PAGE}/decide", data={**accept, "decision": "suspect"}).status_code == 422
    answer = client.post(f"{PAGE}/decide", data=accept, follow_redirects=True)
    assert "3 plays count now" in answer.text
    assert scene.counts(app_ids=[scene.app.id]).plays == 3
    again = client.post(f"{PAGE}/decide", data=accept, follow_redirects=True)
    assert "Nothing waits here any more" in again.text
    [back] = re.findall(r'action="([^"]*/take-back)"', answer.text)
    token = {"csrf_token": accept["csrf_token"]}
    client.post(back, data=token)
    assert scene.counts(app_ids=[scene.app.id]).plays == 0
    assert client.post(back, data=token).status_code == 404
    client.post(f"{PAGE}/decide", data=refuse)
    assert scene.counts(app_ids=[scene.app.id]).plays == 0
    assert "refused" in client.get(PAGE).text


def test_plays_from_a_data_center_wait_with_its_name_and_count_when_somebody_lets_them(
    scene: Scene, client: FlaskClient
) -> None:
    listener = scene.listener(address="192.0.2.10")
    listener.hear(scene.beat, (0, 60))
    scene.settle()
    sign_in(client, scene.services, admin_of(scene))
    html = client.get(PAGE).text
    assert "from Amazon Web Services" in html
    assert "192.0.2" not in html
    kept = client.get(f"/api/v1/listens/{listener.token}").get_json()
    assert {report.get("data_center") for report in kept["reports"]} == {None, "Amazon Web Services"}
    client.post(f"{PAGE}/decide", data=fields(html, "valid"))
    assert scene.counts(app_ids=[scene.app.id]).plays == 1


def test_the_review_shows_no_address_key_or_session(scene: Scene, client: FlaskClient) -> None:
    wait_for_bytes(scene)
    with scene.services.database.reading() as session:
        from flexapp.listening.models import Play

        [play] = session.query(Play).all()
    sign_in(client, scene.services, admin_of(scene))
    html = client.get(PAGE).text
    for secret in (play.visitor_key, play.network_key, play.session_id, play.play_id, "203.0.113."):
        assert secret
        assert secret not in html


def test_the_rules_are_public_with_their_numbers(client: FlaskClient) -> None:
    html = client.get("/help/how-plays-count").text
    assert all(f'id="{reason.value}"' in html for reason in Reason)
    numbers = (
        "30 seconds",
        "within 60 minutes",
        "80\u202f%",
        "after 48 hours",
        "once 5 listeners were there on",
    )
    for words in numbers:
        assert words in html, words
    assert '<a href="/help/how-plays-count">How plays count</a>' in client.get("/").text
