"""What an insights page is about: everything of a person, an app, a track, or a producer's tracks."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from flexapp.apps.queries import app_by_id
from flexapp.catalog.queries import album_by_id, track_by_id, tracks_of, tracks_of_album
from flexapp.dashboard.navigation import HOME
from flexapp.errors import NotFound
from flexapp.listening.insights import Scope
from flexapp.people.models import Person
from flexapp.people.permissions import Permission, check
from flexapp.web.context import db

ALL = "all"


@dataclass(frozen=True)
class Subject:
    """One page's figures: which they are, since when there can be any, and how to speak of it."""

    kind: str  #: all, app, track, album or artist
    id: str
    title: str
    scope: Scope
    path: str
    what: str  #: ``this beat``, in "Once somebody listens to … for 30 seconds"
    begin: datetime
    back: tuple[str, str] = ("", "")  #: label and address of the page before
    length_ms: int | None = None  #: of a single track

    @property
    def is_of_tracks(self) -> bool:
        """It is about tracks wherever they play, not about whole players."""
        return self.scope.track_ids is not None


class _Nothing:
    """What does not exist is nobody's."""

    owner_id = producer_id = person_id = None


def subject_of(kind: str, subject_id: str, person: Person) -> Subject:
    """The subject, if its insights are the person's business; raises NotFound otherwise."""
    return KINDS[kind](subject_id, person)


def _everything(_id: str, person: Person) -> Subject:
    return Subject(
        kind=ALL,
        id=person.id,
        title="Insights",
        scope=Scope(person_id=person.id),
        path=f"{HOME}/insights",
        what="one of your beats",
        begin=person.created_at,
    )


def _app(app_id: str, person: Person) -> Subject:
    app = app_by_id(db(), app_id)
    check(person, Permission.EDIT_APP, app or _Nothing())
    assert app is not None
    return Subject(
        kind="app",
        id=app.id,
        title=app.name,
        scope=Scope(app_ids=[app.id]),
        path=f"{HOME}/apps/{app.id}/insights",
        what="a beat in this app",
        begin=app.created_at,
        back=(app.name, f"{HOME}/apps/{app.id}"),
    )


def _track(track_id: str, person: Person) -> Subject:
    track = track_by_id(db(), track_id)
    check(person, Permission.EDIT_TRACK, track or _Nothing())
    assert track is not None
    return Subject(
        kind="track",
        id=track.id,
        title=track.title,
        scope=Scope(track_ids=[track.id]),
        path=f"/backstage/tracks/{track.id}/insights",
        what="this beat",
        begin=track.created_at,
        length_ms=track.duration_ms,
        back=(track.title, f"{HOME}/tracks/{track.id}"),
    )


def _album(album_id: str, person: Person) -> Subject:
    album = album_by_id(db(), album_id)
    check(person, Permission.EDIT_TRACK, album or _Nothing())
    assert album is not None
    return Subject(
        kind="album",
        id=album.id,
        title=album.title,
        scope=Scope(track_ids=[track.id for track in tracks_of_album(db(), album)]),
        path=f"/backstage/albums/{album.id}/insights",
        what="a beat of this album",
        begin=person.created_at,
        back=("Insights", f"{HOME}/insights"),
    )


def _artist(person_id: str, person: Person) -> Subject:
    if person_id != person.id or not person.is_producer:
        raise NotFound("There is nothing here, or it is not yours.")
    return Subject(
        kind="artist",
        id=person.id,
        title=person.name,
        scope=Scope(track_ids=[track.id for track in tracks_of(db(), person)]),
        path=f"/backstage/artists/{person.id}/insights",
        what="one of your beats",
        begin=person.created_at,
        back=("Insights", f"{HOME}/insights"),
    )


KINDS: dict[str, Callable[[str, Person], Subject]] = {
    ALL: _everything,
    "app": _app,
    "track": _track,
    "album": _album,
    "artist": _artist,
}
