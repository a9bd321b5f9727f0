"""What the demo starts with: people, real beats worked on by the real pipeline, flex apps, placements.

Every step looks whether it was done before, so a start that was cut off is finished by the next one.
"""

from __future__ import annotations

import zipfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from sqlalchemy.orm import Session

from flexapp.apps import operations as apps
from flexapp.apps.models import FlexApp
from flexapp.apps.queries import apps_of, placements_of
from flexapp.apps.snippets import FORMS
from flexapp.catalog import operations as catalog
from flexapp.catalog.models import DeliverableKind, Processing, UploadKind, Visibility
from flexapp.catalog.operations import LicenseChoice
from flexapp.catalog.queries import license_types_of, tracks_of
from flexapp.demo.announce import DemoApp, DemoPerson, DemoPlacement, Seeded, known_tokens
from flexapp.demo.beats import BEATS, FOLDER, Beat
from flexapp.demo.cast import APPS, CAST, MP3_LICENSES, PASSWORD, CastApp, CastMember
from flexapp.errors import FlexAppError
from flexapp.people import operations as people
from flexapp.people.models import Person, Role, Scope
from flexapp.people.queries import person_by_email, person_by_token_secret
from flexapp.workflows.process_track import process_track
from flexapp.workflows.receive_upload import local_file, receive_upload
from flexapp.workflows.services import Services


class BeatFailed(FlexAppError):
    """A beat of the demo did not come through the pipeline."""

    code = "demo_beat_failed"


_MP3_ONLY = {name for name, *_ in MP3_LICENSES}
Show = Callable[[str, Callable[[], object]], None]


def sow(services: Services, show: Show) -> Seeded:
    """Make what is missing; ``show`` prints each step as it happens."""
    known: list[DemoPerson] = []
    show("people", lambda: known.extend(sow_person(services, member) for member in CAST))
    made = [(member, slug) for member in CAST for slug in member.beats]
    with ThreadPoolExecutor(max_workers=2) as pool:
        waiting = [
            (BEATS[slug].title, pool.submit(sow_beat, services, member, BEATS[slug])) for member, slug in made
        ]
        for title, work in waiting:
            show(f"beat: {title}", work.result)
    grown: list[DemoApp] = []
    show("flex apps", lambda: grown.extend(_app(services, app) for app in APPS))
    return Seeded(known, grown)


def sow_person(services: Services, member: CastMember) -> DemoPerson:
    """Somebody with license types and an API token, signed up unless they are there."""
    now = services.clock.now()
    with services.database.writing() as session:
        person = person_by_email(session, member.email)
        if person is None:
            person = people.sign_up(
                session,
                email=member.email,
                password=PASSWORD,
                name=member.name,
                roles=member.roles,
                now=now,
                email_verified=True,
            )
            people.update_profile(session, person, now=now, bio=member.bio, allows_affiliate_sales=True)
        if Role.PRODUCER in member.roles and not license_types_of(session, person):
            _license_types(session, person, services)
        secret = known_tokens(services.settings).get(member.email, "")
        if not secret or person_by_token_secret(session, secret) is None:
            _, secret = people.create_api_token(
                session, person, name="Demo", scopes=[Scope.READ, Scope.WRITE], now=now
            )
    return DemoPerson(member.name, member.email, PASSWORD, [role.value for role in member.roles], secret)


def _license_types(session: Session, person: Person, services: Services) -> None:
    now, settings = services.clock.now(), services.settings
    templates = catalog.add_license_templates(session, person, now=now, settings=settings)
    terms = {True: templates[-1].terms, False: templates[0].terms}
    for name, price, is_exclusive, caps in MP3_LICENSES:
        catalog.create_license_type(
            session,
            person,
            name=name,
            price=price,
            terms=terms[is_exclusive],
            deliverables=[DeliverableKind.MP3.value],
            caps=caps,
            is_exclusive=is_exclusive,
            now=now,
            settings=settings,
        )


def sow_beat(services: Services, member: CastMember, beat: Beat) -> None:
    """A published track of theirs with all its files, through the real pipeline."""
    with services.database.reading() as session:
        person = person_by_email(session, member.email)
        assert person is not None
        found = {track.title: track for track in tracks_of(session, person)}
    track = found.get(beat.title)
    if track is not None and track.visibility is not Visibility.DRAFT:
        return
    if track is None:
        upload = receive_upload(
            services,
            person_id=person.id,
            kind=UploadKind.MASTER,
            file=local_file(beat.master),
            title=beat.title,
        )
        assert upload.track_id is not None
        track_id = upload.track_id
    else:
        track_id = track.id
    with TemporaryDirectory(prefix="flexapp-demo-") as folder:
        _send(services, person.id, track_id, UploadKind.COVER, FOLDER / f"{beat.slug}.jpg")
        if beat.stems:
            _send(services, person.id, track_id, UploadKind.STEMS, _zip_of(beat, Path(folder)))
    process_track(services, track_id)
    _publish(services, person.id, track_id, beat)


def _send(services: Services, person_id: str, track_id: str, kind: UploadKind, path: Path) -> None:
    receive_upload(services, person_id=person_id, kind=kind, file=local_file(path), track_id=track_id)


def _zip_of(beat: Beat, folder: Path) -> Path:
    path = folder / f"{beat.slug}-stems.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
        for stem in beat.stems:
            archive.write(stem, stem.name)
    return path


def _publish(services: Services, person_id: str, track_id: str, beat: Beat) -> None:
    now = services.clock.now()
    with services.database.writing() as session:
        person = session.get_one(Person, person_id)
        track = next(track for track in tracks_of(session, person) if track.id == track_id)
        offered = [
            each
            for each in license_types_of(session, person)
            if (each.name in _MP3_ONLY) is not track.master_lossless or each.name == "Basic lease"
        ]
        choices = [LicenseChoice(each.id, is_default=place == 0) for place, each in enumerate(offered)]
        catalog.set_track_licenses(session, track, choices, settings=services.settings)
        if track.processing is not Processing.READY:
            raise BeatFailed(f"{beat.title}: {track.processing_error or track.processing}")
        catalog.update_track(
            session,
            track,
            now=now + timedelta(milliseconds=beat.position),
            genre=beat.genre,
            mood=beat.mood,
            tags=beat.tags,
            bpm=beat.bpm,
            key=beat.key,
            visibility=Visibility.PUBLISHED,
        )


def _app(services: Services, wanted: CastApp) -> DemoApp:
    owner_email = next(member.email for member in CAST if member.name == wanted.owner)
    now = services.clock.now()
    with services.database.writing() as session:
        owner = person_by_email(session, owner_email)
        assert owner is not None
        app = next((app for app in apps_of(session, owner.id) if app.name == wanted.name), None)
        if app is None:
            app = apps.create_app(session, owner, name=wanted.name, layout=wanted.layout, now=now)
            _fill(session, app, wanted, now=now)
        placed = {placement.name: placement for placement in placements_of(session, app.id)}
        for form in FORMS:
            name = f"Beat Blog, {form}"
            if name not in placed:
                placed[name] = apps.create_placement(
                    session, app, name=name, channel=wanted.channel, signer=services.signer, now=now
                )
        forms = [
            DemoPlacement(placed[f"Beat Blog, {form}"].id, placed[f"Beat Blog, {form}"].key, form)
            for form in FORMS
        ]
        return DemoApp(app.id, app.name, wanted.owner, forms)


def _fill(session: Session, app: FlexApp, wanted: CastApp, *, now: Any) -> None:
    if wanted.with_own_catalog:
        apps.add_rule(session, app, now=now)
    for slug in wanted.picks:
        maker = next(member for member in CAST if slug in member.beats)
        producer = person_by_email(session, maker.email)
        assert producer is not None
        track = next(track for track in tracks_of(session, producer) if track.title == BEATS[slug].title)
        apps.add_pick(session, app, track, now=now)
