"""Who agreed to be named shows among the biggest listeners; nobody else does."""

from __future__ import annotations

from typing import Any

from flask.testing import FlaskClient

from flexapp.people.models import Person
from tests.factories.listening import CHROME
from tests.factories.people import make_person, sign_in
from tests.functional.listening.conftest import Scene

HOME = "/producer-dashboard"
HERE: dict[str, Any] = {
    "headers": {"User-Agent": CHROME},
    "environ_base": {"REMOTE_ADDR": "198.51.100.5"},
}


def names(scene: Scene, client: FlaskClient) -> str:
    """What the producer reads of the biggest listeners, on the page and in its file."""
    sign_in(client, scene.services, scene.producer)
    path = f"/backstage/tracks/{scene.beat.id}/insights"
    page = client.get(path).text.split('aria-label="Your biggest listeners"')[1].split("</section>")[0]
    told = client.get(f"{path}.csv").text
    assert ("Fan of Beats" in page) == ("listeners,Fan of Beats,plays,2" in told)
    return page


def agree(scene: Scene, client: FlaskClient, person: Person, *, is_on: bool) -> None:
    """The person's profile is saved, with or without the box."""
    sign_in(client, scene.services, person)
    with client.session_transaction() as kept:
        kept.clear()
    page = client.get(f"{HOME}/settings", **HERE).text
    token = page.split('name="csrf_token"')[1].split('value="')[1].split('"')[0]
    form = {"csrf_token": token, "name": person.name, "roles": "affiliate", "time_zone": "UTC"}
    form |= {"shares_listening": "1"} if is_on else {}
    assert client.post(f"{HOME}/settings", data=form, **HERE).status_code == 303
    assert (
        "checked" in client.get(f"{HOME}/settings", **HERE).text.split('name="shares_listening"')[1][:60]
    ) is is_on


def test_listeners_are_named_if_they_agreed_and_only_so_long(scene: Scene, client: FlaskClient) -> None:
    with scene.services.database.writing() as session:
        fan, quiet = make_person(session, name="Fan of Beats"), make_person(session, name="Quiet One")
    listener = scene.listener(address="198.51.100.5", agent=CHROME)
    listener.hear(scene.beat, (0, 60))
    scene.listener(address="203.0.113.9").hear(scene.beat, (0, 60))
    scene.settle()
    assert "Fan of Beats" not in names(scene, client)
    assert "Nobody who agreed" in names(scene, client)
    agree(scene, client, quiet, is_on=False)
    agree(scene, client, fan, is_on=True)
    scene.wait(61)
    client.get(HOME, **HERE)
    scene.wait(3600)
    listener.hear(scene.beat, (0, 60))
    scene.settle()
    told = names(scene, client)
    assert "Fan of Beats" in told
    assert "Quiet One" not in told
    assert ">2<" in told
    agree(scene, client, fan, is_on=False)
    assert "Fan of Beats" not in names(scene, client)
