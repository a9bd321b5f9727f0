"""What is kept of a listener: no address, no key without consent, and nothing after a wish to delete."""

from __future__ import annotations

import logging
import re
from datetime import timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select, text

from flexapp.apps import operations
from flexapp.apps.models import FlexApp
from flexapp.listening import own_plays, sessions
from flexapp.listening.ingest import ingest_of
from flexapp.listening.models import DailySalt, Delivery, ListenEvent, ListenSession, Play
from flexapp.listening.rebuilding import rebuild
from flexapp.listening.upkeep import forget_listens, mirror_of
from flexapp.listening.visitors import VisitorKeys
from flexapp.migrations.tables import metadata
from tests.factories.listening import CHROME, PATH, Listener
from tests.functional.listening.conftest import Scene

HOME = "198.51.100.77"
HOUSE = "2001:db8:77:88:1::9"
TOKEN = re.compile(r'"(v2\.[\w-]+\.[\w-]+)"')


def everything_stored(scene: Scene) -> str:
    """Each column of each table, as text."""
    with scene.services.database.reading() as session:
        return "\n".join(
            str(tuple(row))
            for table in metadata.sorted_tables
            for row in session.execute(text(f'SELECT * FROM "{table.name}"'))
        )


def opened(scene: Scene, client: FlaskClient, address: str, **headers: str) -> Listener:
    """A listener whose token came with a real document of the app."""
    page = client.get(
        f"/embed/v1/{scene.app.id}?k={scene.placement.key}",
        headers={"User-Agent": CHROME, "Sec-Fetch-Dest": "iframe", **headers},
        environ_base={"REMOTE_ADDR": address},
    )
    token = TOKEN.findall(page.text)[-1]  # it is appended to the document
    listener = scene.listener(address=address)
    claims = sessions.read(scene.services.signer, token, scene.clock.now())
    assert claims is not None
    listener.token, listener.claims = token, claims
    return listener


def test_no_address_is_in_any_table_or_log(
    scene: Scene, client: FlaskClient, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    for address in (HOME, HOUSE):
        opened(scene, client, address).hear(scene.beat, (0, 60))
        client.post(PATH, data="no report", environ_base={"REMOTE_ADDR": address})
    own_plays.note(
        ingest_of(scene.services.database),
        VisitorKeys(scene.services.database),
        person_id=scene.affiliate.id,
        hosts=["blog.example"],
        address=HOME,
        user_agent=CHROME,
        now=scene.clock.now(),
    )
    scene.settle()
    stored = everything_stored(scene)
    assert scene.beat.id in stored
    for part in (HOME, HOUSE, "198.51.100", "2001:db8:77", CHROME):
        assert part not in stored
        assert part not in caplog.text
    with scene.services.database.reading() as session:
        keys = session.execute(select(Play.visitor_key, Play.network_key)).all()
    assert len({key for row in keys for key in row if key}) == 4, "two visitors, two networks"


def test_salts_are_gone_after_48_hours_and_the_key_cannot_be_made_again(scene: Scene) -> None:
    listener = scene.listener(address=HOME)
    listener.hear(scene.beat, (0, 60))
    scene.settle()
    scene.wait(35 * 3600)
    forget_listens(scene.services)
    with scene.services.database.reading() as session:
        assert session.scalars(select(DailySalt.day)).all() == []
    keys = VisitorKeys(scene.services.database)
    given: dict[str, Any] = {"minted_at": listener.claims.minted_at, "now": scene.clock.now()}
    assert keys.key_for(address=HOME, user_agent=CHROME, host="blog.example", **given) is None
    assert keys.network_key_for(address=HOME, **given) is None


def test_an_app_that_asks_first_keeps_no_key_before_the_page_says_yes(
    scene: Scene, client: FlaskClient
) -> None:
    with scene.services.database.writing() as session:
        app = session.get(FlexApp, scene.app.id)
        assert app is not None
        operations.require_consent(session, app, True)

    def keys_of(listener: Listener) -> set[tuple[str | None, str | None]]:
        scene.settle()
        with scene.services.database.reading() as session:
            mine = ListenEvent.session_id == listener.claims.session_id
            rows = session.execute(select(ListenEvent.visitor_key, ListenEvent.network_key).where(mine))
            return {(row[0], row[1]) for row in rows}

    silent, refusing, agreeing, late = (opened(scene, client, HOME) for _ in range(4))
    refusing.consent, agreeing.consent = False, True
    for listener in (silent, refusing, agreeing):
        listener.hear(scene.beat, (0, 60))
        scene.wait(3600)
    late.hear(scene.beat, (0, 60))
    assert keys_of(silent) == keys_of(refusing) == keys_of(late) == {(None, None)}
    late.consent = True
    scene.wait(3600)
    late.hear(scene.beat, (0, 60))
    assert None not in {visitor for visitor, _ in keys_of(late) - {(None, None)}}
    assert {visitor for visitor, _ in keys_of(agreeing)} > {None}
    assert scene.counts(app_ids=[scene.app.id]).plays == 5, "all of them count"


def test_who_asks_not_to_be_followed_gets_no_key_although_the_page_says_yes(
    scene: Scene, client: FlaskClient
) -> None:
    listener = opened(scene, client, HOME, **{"Sec-GPC": "1"})
    listener.consent = True
    listener.hear(scene.beat, (0, 60))
    scene.settle()
    with scene.services.database.reading() as session:
        assert session.execute(select(Play.visitor_key, Play.network_key)).all() == [(None, None)]


def test_a_listener_reads_and_deletes_what_is_kept(scene: Scene, client: FlaskClient) -> None:
    listener, other = scene.listener(address=HOME), scene.listener(address=HOUSE)
    listener.hear(scene.beat, (0, 60))
    other.hear(scene.beat, (0, 60))
    scene.settle()
    before = scene.counts(app_ids=[scene.app.id])
    answer = client.get(f"{PATH}/{listener.token}")
    assert answer.headers["Cache-Control"] == "no-store"
    kept = answer.get_json()
    assert kept["session"]["website"] == "blog.example"
    assert [play["listened_ms"] for play in kept["plays"]] == [60_000]
    assert {report["kind"] for report in kept["reports"]} == {"load", "start", "heartbeat", "end", "delivery"}
    assert kept["previews"][0]["bytes"] > 0
    with scene.services.database.reading() as session:
        key = session.scalar(select(Play.visitor_key).where(Play.session_id == listener.claims.session_id))
    assert key
    assert key not in answer.text
    assert "valid" not in answer.text
    assert client.delete(f"{PATH}/{listener.token}").status_code == 204
    assert client.delete(f"{PATH}/{listener.token}").status_code == 204
    scene.settle()
    after = scene.counts(app_ids=[scene.app.id])
    assert (before.plays, before.starts, before.listen_ms) == (2, 2, 120_000)
    assert (after.plays, after.starts, after.listen_ms, after.loads) == (1, 1, 60_000, 2)
    with scene.services.database.reading() as session:
        for model in (Play, Delivery, ListenEvent):
            rows = select(func.count()).where(model.session_id == listener.claims.session_id)
            assert session.scalar(rows) == 0
        claimed = session.get(ListenSession, listener.claims.session_id)
        assert claimed is not None
        assert claimed.listen_ms == 60_000, "the same time cannot be reported twice"
    assert client.get(f"{PATH}/{listener.token}").get_json()["plays"] == []
    for token in ("v1.forged.token", listener.token[:-1]):
        answer = client.get(f"{PATH}/{token}")
        assert answer.status_code == 404
        assert answer.get_json()["code"] == "nothing_kept"


def test_a_day_is_closed_then_sealed_and_gone_when_the_notice_says(scene: Scene, client: FlaskClient) -> None:
    object.__setattr__(scene.services.settings, "raw_days", 7)  # of this test's own settings
    listener, late = scene.listener(), scene.listener(address=HOUSE)
    bodies, too_late = listener.script(scene.beat, (0, 60)), late.script(scene.beat, (0, 60))
    midnight = scene.clock.now().replace(hour=0, minute=0, second=0)
    scene.clock.moment = midnight + timedelta(days=6, hours=22, minutes=59, seconds=59)
    for body in bodies:
        assert listener.send(body).status_code == 204
    scene.settle()
    assert client.get(f"{PATH}/{listener.token}").get_json()["deleted_by"] == "2026-11-27T00:00:00.000Z"
    scene.wait(1)
    for body in too_late:
        assert late.send(body).status_code == 204
    assert client.get(f"{PATH}/{listener.token}").status_code == 404
    scene.settle()
    assert scene.counts(app_ids=[scene.app.id]).plays == 1
    forget_listens(scene.services)
    with scene.services.database.reading() as session:
        assert session.scalar(select(func.count()).select_from(Play)) == 1
    scene.wait(1800)
    forget_listens(scene.services)
    with scene.services.database.reading() as session:
        for model in (Play, ListenEvent, ListenSession, Delivery):
            assert session.scalar(select(func.count()).select_from(model)) == 0, model.__name__
    for _ in range(2):
        assert scene.counts(app_ids=[scene.app.id]).plays == 1
        rebuild(scene.services.database, mirror_of(scene.services), now=scene.clock.now(), raw_days=7)
