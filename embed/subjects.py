"""What an embed address shows: an app, a track or a producer, under which placement, and who may frame it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from sqlalchemy.orm import Session

from embed.words import words_of
from flexapp.apps import queries
from flexapp.apps.lineup import MAX_TRACKS, lineup_of
from flexapp.apps.models import Channel, FlexApp, Layout, Placement, ThemeMode
from flexapp.apps.origins import narrow
from flexapp.catalog.models import Track, Visibility
from flexapp.catalog.queries import public_tracks, track_by_id
from flexapp.errors import NotFound
from flexapp.kernel.ids import is_id
from flexapp.kernel.signing import Signer
from flexapp.people.models import Person
from flexapp.people.queries import people_by_ids, person_by_id

_CHANNELS = {"oembed": Channel.OEMBED_CONSUMER, "card": Channel.SOCIAL_CARD}


class PlayerGone(NotFound):
    """The address shows nothing (any more): app, track or producer is gone, or the placement was revoked.

    The ``reason`` is ``taken_down``, ``nowhere`` or ``beat``.
    """

    code = "player_gone"

    def __init__(self, reason: str) -> None:
        super().__init__(words_of(None).say(f"gone_{reason}"))
        self.reason = reason


@dataclass(frozen=True)
class Subject:
    """One player to be: its tracks in order and its owner's choices."""

    id: str
    name: str
    owner: Person
    tracks: Sequence[Track]
    app: FlexApp | None
    placement: Placement | None
    layout: Layout
    theme: ThemeMode
    accent: str | None
    ancestors: list[str] | None  #: allowed origins; empty is everywhere, None nowhere

    def channel(self, via: str) -> Channel:
        """The reporting bucket of listens on others' pages (embed-spec 8.4): the placement's, or by the way.

        ``via`` is one of ``parameters.WAYS`` or empty.
        """
        return self.placement.channel if self.placement else _CHANNELS.get(via, Channel.DIRECT)


def subject_of(session: Session, signer: Signer, target: str, *, key: str) -> Subject:
    """The subject of ``/embed/v1/<target>?k=<key>``; raises PlayerGone.

    A key that is not ours, was edited, or belongs elsewhere counts as none. A revoked one ends the player.
    """
    placement = queries.placement_by_token(session, signer, key)
    if placement is None and queries.is_revoked(session, signer, key):
        raise PlayerGone("taken_down")
    if is_id(target, "app"):
        return _of_app(session, target, placement)
    if is_id(target, "trk"):
        return _of_track(session, target, placement)
    if is_id(target, "per"):
        return _of_producer(session, target, placement)
    raise PlayerGone("nowhere")


def host_of(url: str | None) -> str:
    """``host[:port]`` of a page's address, or an empty text."""
    try:
        parts = urlsplit(url or "")
    except ValueError:
        return ""
    return parts.netloc.rpartition("@")[2].lower()[:255] if parts.scheme in ("http", "https") else ""


def _of_app(session: Session, app_id: str, placement: Placement | None) -> Subject:
    app = queries.app_by_id(session, app_id)
    if app is None:
        raise PlayerGone("taken_down")
    if placement is not None and placement.app_id != app.id:
        placement = None
    owner = people_by_ids(session, [app.owner_id])[app.owner_id]
    return Subject(
        id=app.id,
        name=app.name,
        owner=owner,
        tracks=lineup_of(session, app),
        app=app,
        placement=placement,
        layout=app.layout,
        theme=app.theme,
        accent=app.accent,
        ancestors=_ancestors(session, app, placement),
    )


def _ancestors(session: Session, app: FlexApp, placement: Placement | None) -> list[str] | None:
    """Who may frame the app: what its owner allows, and its own host name always."""
    allowed = narrow(app.allowed_origins, placement.allowed_origins if placement else ())
    named = queries.domain_of(session, app.id)
    if allowed == [] or named is None or not named.is_live:
        return allowed
    return [*(allowed or ()), f"https://{named.host}"]


def _of_track(session: Session, track_id: str, placement: Placement | None) -> Subject:
    track = track_by_id(session, track_id)
    if track is None or track.visibility is Visibility.DRAFT or track.preview_key is None:
        raise PlayerGone("beat")
    app = queries.app_by_id(session, placement.app_id) if placement else None
    if app is not None and not queries.picked_tracks(session, [track.id], owner_id=app.owner_id):
        app = placement = None
    producer = people_by_ids(session, [track.producer_id])[track.producer_id]
    return Subject(
        id=track.id,
        name=track.title,
        owner=producer,
        tracks=[track],
        app=app,
        placement=placement,
        layout=Layout.COMPACT,
        theme=app.theme if app else ThemeMode.AUTO,
        accent=app.accent if app else None,
        ancestors=[],
    )


def _of_producer(session: Session, person_id: str, placement: Placement | None) -> Subject:
    """Their listed beats, the newest first; nobody else's placement is credited, only one of an own app."""
    person = person_by_id(session, person_id)
    if person is None:
        raise PlayerGone("taken_down")
    app = queries.app_by_id(session, placement.app_id) if placement else None
    if app is not None and app.owner_id != person.id:
        app = placement = None
    return Subject(
        id=person.id,
        name=person.name,
        owner=person,
        tracks=public_tracks(session, producer_id=person.id, limit=MAX_TRACKS),
        app=app,
        placement=placement,
        layout=Layout.LIST,
        theme=app.theme if app else ThemeMode.AUTO,
        accent=app.accent if app else None,
        ancestors=[],
    )
