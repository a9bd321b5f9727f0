"""Whatever changes what a player shows makes a new document, here at once, elsewhere when asked."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from types import ModuleType
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from flexapp.app import create_app
from flexapp.apps import hosting, refused
from flexapp.apps import operations as apps
from flexapp.apps.models import FlexApp, Placement
from flexapp.apps.queries import sources_of
from flexapp.catalog import license_removal, processing
from flexapp.catalog import operations as catalog
from flexapp.catalog.models import DeliverableKind, LicenseType, Track, Upload, UploadKind, Visibility
from flexapp.catalog.operations import LicenseChoice
from flexapp.catalog.queries import license_types_of
from flexapp.config import Settings
from flexapp.licensing import exclusivity
from flexapp.listening import sessions
from flexapp.people import operations as people
from flexapp.people.models import Person
from flexapp.storage.revisions import revisions_of
from flexapp.storage.session import Database
from flexapp.workflows.services import Services
from tests.factories.apps import NOON, make_app, make_placement
from tests.factories.catalog import make_license_types, make_track
from tests.factories.orders import order
from tests.factories.people import make_person
from tests.functional.embed.reading import get, token


@dataclass(frozen=True)
class Stage:
    """Ids of what is changed: one producer's beats in another's app, and in an app of their own."""

    services: Services
    producer: str
    owner: str
    picked: str
    own: str
    tracks: tuple[str, ...]
    placement: str
    key: str
    others: str

    @property
    def documents(self) -> dict[str, str]:
        """Addresses by name."""
        return {
            "picked": f"/embed/v1/{self.picked}",
            "placed": f"/embed/v1/{self.picked}?k={self.key}",
            "own": f"/embed/v1/{self.own}",
            "alone": f"/embed/v1/{self.tracks[0]}",
            "maker": f"/embed/v1/{self.producer}",
            "others": f"/embed/v1/{self.others}",
        }

    def track(self, session: Session, place: int = 0) -> Track:
        return session.get_one(Track, self.tracks[place])

    def app(self, session: Session) -> FlexApp:
        return session.get_one(FlexApp, self.picked)

    def types(self, session: Session) -> list[LicenseType]:
        return list(license_types_of(session, session.get_one(Person, self.producer)))


BEATS = (
    ("Beat 0", tuple(DeliverableKind)),
    ("Beat 1", (DeliverableKind.MP3,)),
    ("Beat 2", tuple(DeliverableKind)),
)


@pytest.fixture
def stage(services: Services) -> Stage:
    with services.database.writing() as session:
        producer, owner, other = make_person(session), make_person(session), make_person(session)
        make_license_types(session, producer)
        tracks = [make_track(session, producer, title=title, files=files) for title, files in BEATS]
        hidden = make_track(session, producer, title="Not yet", visibility=Visibility.DRAFT)
        picked = make_app(session, owner, picks=tuple(tracks[:2]))
        own = make_app(session, producer, own_catalog=True)
        placement = make_placement(session, picked, services.signer)
        others = make_app(session, other, picks=(make_track(session, other, title="Elsewhere"),))
        ids = tuple(track.id for track in (*tracks, hidden))
        return Stage(
            services, producer.id, owner.id, picked.id, own.id, ids, placement.id, placement.key, others.id
        )


Change = Callable[[Stage, Session], object]
DAY = NOON


def choices(stage: Stage, session: Session, price: int) -> list[LicenseChoice]:
    return [LicenseChoice(each.id, price, is_default=False) for each in stage.types(session)]


def sell(stage: Stage, session: Session) -> object:
    item = order_item(stage)
    return exclusivity.sell(session, stage.track(session), order_item_id=item, now=DAY)


def order_item(stage: Stage) -> str:
    from tests.factories.orders import items

    return items(stage.services, SOLD[stage.producer])[0].id


FILE = processing.StoredFile("test/new", 10, "0" * 64)


def finish(stage: Stage, session: Session) -> None:
    """Newer audio, a little longer, is worked out."""
    upload = Upload(
        person_id=stage.producer,
        track_id=stage.tracks[0],
        kind=UploadKind.MASTER,
        filename="new.mp3",
        object_key="test/master",
        bytes=10,
        sha256="0" * 64,
        created_at=DAY,
    )
    session.add(upload)
    session.flush()
    made = processing.Processed(
        upload_id=upload.id,
        duration_ms=61_000,
        loudness_lufs=-10.0,
        suggested_bpm=None,
        suggested_key=None,
        peaks="7f" * 160,
        is_lossless=False,
        waveform=FILE,
        preview=FILE,
        deliverables={DeliverableKind.MP3: FILE},
    )
    assert processing.finish(session, stage.tracks[0], made, artist="Kaito", now=DAY)


def allow_refused(stage: Stage, session: Session) -> None:
    apps.set_allowed_origins(session, stage.app(session), ["https://a.example"])
    refused.note_refused_origin(session, stage.picked, "https://b.example", now=DAY)
    refused.allow_refused_origin(session, stage.app(session), "https://b.example")


SOLD: dict[str, str] = {}
EVERYWHERE = ("picked", "placed", "own", "alone", "maker")
CHANGES: dict[str, tuple[Change, tuple[str, ...]]] = {
    "rename": (lambda on, s: apps.rename(s, on.app(s), name="Another name", now=DAY), ("picked", "placed")),
    "update_theme": (lambda on, s: apps.update_theme(s, on.app(s), accent="#00aa55"), ("picked", "placed")),
    "set_allowed_origins": (
        lambda on, s: apps.set_allowed_origins(s, on.app(s), ["https://a.example"]),
        ("picked", "placed"),
    ),
    "allow_refused_origin": (allow_refused, ("picked", "placed")),
    "require_consent": (lambda on, s: apps.require_consent(s, on.app(s), True), ("picked", "placed")),
    "delete_app": (lambda on, s: apps.delete_app(s, on.app(s), now=DAY), ("picked", "placed")),
    "add_rule": (lambda on, s: apps.add_rule(s, s.get_one(FlexApp, on.own), now=DAY, newest=1), ()),
    "add_pick": (lambda on, s: apps.add_pick(s, on.app(s), on.track(s, 2), now=DAY), ("picked", "placed")),
    "remove_source": (
        lambda on, s: apps.remove_source(s, on.app(s), sources_of(s, on.picked)[0]),
        ("picked", "placed"),
    ),
    "reorder": (
        lambda on, s: apps.reorder(s, on.app(s), [each.id for each in reversed(sources_of(s, on.picked))]),
        ("picked", "placed"),
    ),
    "update_placement": (
        lambda on, s: apps.update_placement(
            s, on.app(s), s.get_one(Placement, on.placement), allowed_origins=["https://c.example"]
        ),
        ("placed",),
    ),
    "revoke_placement": (
        lambda on, s: apps.revoke_placement(s, s.get_one(Placement, on.placement), now=DAY),
        ("placed",),
    ),
    "update_track": (lambda on, s: catalog.update_track(s, on.track(s), now=DAY, title="Better"), EVERYWHERE),
    "set_visibility": (
        lambda on, s: catalog.set_visibility(s, on.track(s), Visibility.DRAFT, now=DAY),
        EVERYWHERE,
    ),
    "publish": (lambda on, s: catalog.publish(s, on.track(s, 3), now=DAY), ("own", "maker")),
    "delete_track": (lambda on, s: catalog.delete_track(s, on.track(s), now=DAY), EVERYWHERE),
    "mark_sold_exclusively": (
        lambda on, s: catalog.mark_sold_exclusively(s, on.track(s), now=DAY),
        EVERYWHERE,
    ),
    "sell": (sell, EVERYWHERE),
    "set_track_licenses": (
        lambda on, s: catalog.set_track_licenses(s, on.track(s), choices(on, s, 1234)),
        EVERYWHERE,
    ),
    "update_license_type": (
        lambda on, s: catalog.update_license_type(
            s, on.types(s)[0], settings=on.services.settings, price=1999, name="Starter"
        ),
        EVERYWHERE,
    ),
    "order_license_types": (
        lambda on, s: catalog.order_license_types(
            s, s.get_one(Person, on.producer), [each.id for each in reversed(on.types(s))]
        ),
        EVERYWHERE,
    ),
    "delete_license_type": (
        lambda on, s: license_removal.delete_license_type(s, on.types(s)[1]),
        EVERYWHERE,
    ),
    "put_deliverable": (
        lambda on, s: processing.put_deliverable(
            s, on.track(s, 1), DeliverableKind.WAV, FILE, artist="Kaito", now=DAY
        ),
        ("picked", "placed", "own", "maker"),
    ),
    "finish": (lambda on, s: finish(on, s), EVERYWHERE),
    "update_profile": (
        lambda on, s: people.update_profile(s, s.get_one(Person, on.producer), name="Renamed", now=DAY),
        EVERYWHERE,
    ),
    "update_profile: no affiliates any more": (
        lambda on, s: people.update_profile(
            s, s.get_one(Person, on.producer), allows_affiliate_sales=False, now=DAY
        ),
        ("picked", "placed"),
    ),
    "anonymize": (
        lambda on, s: people.anonymize(s, s.get_one(Person, on.producer), now=DAY),
        ("picked", "maker"),
    ),
}
"""A call of each operation, and the documents that must not stay as they were."""

NOTHING_SHOWN_CHANGES = {
    "create_app", "create_placement", "create_track", "create_license_type", "add_license_templates",
    "note_refused_origin", "dismiss_refused_origin", "queue", "retry", "begin", "note_progress", "fail",
    "require_free", "reserve", "extend", "release", "sign_up", "log_in", "begin_session", "touch_session",
    "end_session", "revoke_session", "revoke_sessions", "prune_sessions", "create_api_token", "touch_token",
    "revoke_api_token", "set_password", "verify_email", "set_email",
}  # fmt: skip
WALKED = (apps, refused, hosting, catalog, processing, license_removal, people, exclusivity)


def operations_of(module: ModuleType) -> set[str]:
    """Its public functions that are handed a session to change rows with."""
    return {
        name
        for name, each in vars(module).items()
        if inspect.isfunction(each)
        and each.__module__ == module.__name__
        and not name.startswith("_")
        and next(iter(inspect.signature(each).parameters), "") == "session"
    }


def test_every_operation_is_walked_or_known_to_change_nothing_shown() -> None:
    known = {name.partition(":")[0] for name in CHANGES} | NOTHING_SHOWN_CHANGES | NOT_IN_DOCUMENTS
    found = set().union(*map(operations_of, WALKED))
    assert sorted(found - known) == [], "say in this file which documents these change"
    assert sorted(known - found) == []


NOT_IN_DOCUMENTS = {"set_domain", "confirm_domain", "make_page_placement"}
"""They change public pages, which follow the newest revision, but no player."""


@pytest.fixture
def elsewhere(settings: Settings, services: Services) -> Iterator[tuple[FlaskClient, Database]]:
    """Another process on the same database, as far as one process can be two."""
    database = Database(services.database.url, pool_size=2)
    app = create_app(settings, replace(services, database=database))
    yield app.test_client(), database
    database.close()


def shown(client: FlaskClient, stage: Stage) -> dict[str, str]:
    """Each document with its policy and what its session says; asked for twice, so that it is kept."""
    for _ in range(2):
        answers = {name: get(client, path) for name, path in stage.documents.items()}
    return {
        name: f"{answer.status_code} {answer.headers['Content-Security-Policy']} {said(answer, stage)} "
        + answer.text.split('id="session"')[0]
        for name, answer in answers.items()
    }


def said(answer: TestResponse, stage: Stage) -> list[str]:
    """The flags of the session that a document carries; none when it carries none."""
    if 'id="session"' not in answer.text:
        return []
    services = stage.services
    claims = sessions.read(services.signer, token(answer), services.clock.now())
    assert claims is not None
    return sorted(claims.flags)


@pytest.mark.parametrize("name", list(CHANGES))
def test_a_change_leaves_no_document_as_it_was(
    client: FlaskClient, stage: Stage, elsewhere: tuple[FlaskClient, Database], name: str
) -> None:
    change, documents = CHANGES[name]
    if name == "sell":
        with stage.services.database.reading() as session:
            track, exclusive = stage.track(session), stage.types(session)[-1]
        SOLD[stage.producer] = order(stage.services, track, exclusive, start=False).id
    other_client, other_database = elsewhere
    before, before_elsewhere = shown(client, stage), shown(other_client, stage)
    assert before == before_elsewhere
    kept: Any = client.application.extensions["flexapp.publisher"]._shelf
    untouched = kept.find(stage.documents["others"] + ("" if "?" in stage.documents["others"] else "?"))
    assert untouched is not None
    with stage.services.database.writing() as session:
        change(stage, session)
    after = shown(client, stage)
    assert [each for each in documents if after[each] == before[each]] == []
    assert after["others"] == before["others"]
    assert kept.find(stage.documents["others"] + "?") is untouched, "others are not even rendered again"
    revisions_of(other_database).ring()
    assert shown(other_client, stage) == after
