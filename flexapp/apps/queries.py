"""Reading apps, their sources, placements and the tracks they may show."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from sqlalchemy import ColumnElement, Select, String, cast, func, or_, select
from sqlalchemy.orm import Session

from flexapp.apps.models import Channel, CustomDomain, FlexApp, Placement, RefusedOrigin, Source
from flexapp.apps.tokens import read_placement_token
from flexapp.catalog.models import Track
from flexapp.catalog.queries import listed
from flexapp.kernel.signing import Signer
from flexapp.people.models import OldSlug, Person


def app_by_id(session: Session, app_id: str) -> FlexApp | None:
    """The app, unless it was deleted."""
    app = session.get(FlexApp, app_id)
    return app if app is not None and app.deleted_at is None else None


def app_of_owner(session: Session, owner_id: str, app_id: str) -> FlexApp | None:
    """The app, if it is that person's."""
    app = app_by_id(session, app_id)
    return app if app is not None and app.owner_id == owner_id else None


def app_by_slug(session: Session, slug: str) -> FlexApp | None:
    """The app with that slug now."""
    return session.scalar(select(FlexApp).where(FlexApp.slug == slug, FlexApp.deleted_at.is_(None)))


def app_by_old_slug(session: Session, slug: str) -> FlexApp | None:
    """The app that had the slug once: its page redirects."""
    target = session.scalar(select(OldSlug.target_id).where(OldSlug.kind == "app", OldSlug.slug == slug))
    return app_by_id(session, target) if target else None


def slug_is_taken(session: Session, slug: str) -> bool:
    """Whether an app has or had the slug; deleted apps keep theirs."""
    now = session.scalar(select(FlexApp.id).where(FlexApp.slug == slug))
    once = session.scalar(select(OldSlug.id).where(OldSlug.kind == "app", OldSlug.slug == slug))
    return now is not None or once is not None


def select_apps_of(owner_id: str) -> Select[FlexApp]:
    """The owner's apps, for a keyset page by (created_at, id)."""
    return select(FlexApp).where(FlexApp.owner_id == owner_id, FlexApp.deleted_at.is_(None))


def apps_of(session: Session, owner_id: str) -> Sequence[FlexApp]:
    """The owner's apps, the newest first."""
    query = select_apps_of(owner_id).order_by(FlexApp.created_at.desc(), FlexApp.id.desc())
    return session.scalars(query).all()


def apps_on_show(session: Session, *, limit: int) -> Sequence[FlexApp]:
    """The oldest apps that any page may frame: candidates for our own front page."""
    query = (
        select(FlexApp)
        .join(Person, Person.id == FlexApp.owner_id)
        .where(FlexApp.deleted_at.is_(None), Person.deleted_at.is_(None))
        .order_by(FlexApp.created_at, FlexApp.id)
        .limit(limit * 4)
    )
    return [app for app in session.scalars(query) if not app.allowed_origins][:limit]


def apps_by_ids(session: Session, app_ids: Iterable[str]) -> dict[str, FlexApp]:
    """Apps by id, deleted ones too: sales keep naming the app they came through."""
    query = select(FlexApp).where(FlexApp.id.in_(list(app_ids)))
    return {app.id: app for app in session.scalars(query)}


def sources_of(session: Session, app_id: str) -> Sequence[Source]:
    """The app's sources in lineup order."""
    query = select(Source).where(Source.app_id == app_id).order_by(Source.position, Source.id)
    return session.scalars(query).all()


def producers_of_picks(session: Session, app_id: str) -> Sequence[str]:
    """Whose tracks the app picked, also those that may not be shown now."""
    query = select(Track.producer_id).join(Source, Source.track_id == Track.id).where(Source.app_id == app_id)
    return session.scalars(query.distinct()).all()


def source_by_id(session: Session, app_id: str, source_id: str) -> Source | None:
    """The source, if it is the app's."""
    return session.scalar(select(Source).where(Source.app_id == app_id, Source.id == source_id))


def pick_of(session: Session, app_id: str, track_id: str) -> Source | None:
    """The pick of that track in the app."""
    return session.scalar(select(Source).where(Source.app_id == app_id, Source.track_id == track_id))


def select_placements_of(app_id: str) -> Select[Placement]:
    """The app's live placements, for a keyset page by (created_at, id)."""
    return select(Placement).where(Placement.app_id == app_id, Placement.revoked_at.is_(None))


def select_placements_of_owner(owner_id: str, *, app_id: str | None = None) -> Select[Placement]:
    """The live placements of the owner's apps, or of one; for a keyset page by (created_at, id)."""
    query = (
        select(Placement)
        .join(FlexApp, FlexApp.id == Placement.app_id)
        .where(FlexApp.owner_id == owner_id, FlexApp.deleted_at.is_(None), Placement.revoked_at.is_(None))
    )
    return query if app_id is None else query.where(Placement.app_id == app_id)


def placements_of(session: Session, app_id: str, *, with_revoked: bool = False) -> Sequence[Placement]:
    """The app's placements, the oldest first."""
    query = select(Placement).where(Placement.app_id == app_id)
    if not with_revoked:
        query = query.where(Placement.revoked_at.is_(None))
    return session.scalars(query.order_by(Placement.created_at, Placement.id)).all()


def placement_by_id(session: Session, placement_id: str) -> Placement | None:
    """The placement, revoked or not."""
    return session.get(Placement, placement_id)


def placement_by_token(session: Session, signer: Signer, token: str | None) -> Placement | None:
    """The live placement that a ``k`` token names, or None: edited, revoked, or its app deleted."""
    claims = read_placement_token(signer, token or "")
    if claims is None:
        return None
    placement = session.get(Placement, claims.placement_id)
    if placement is None or placement.revoked_at is not None or placement.app_id != claims.app_id:
        return None
    return placement if app_by_id(session, placement.app_id) is not None else None


def refused_origins_of(
    session: Session, app_id: str, *, limit: int = 10, dismissed: bool = False
) -> Sequence[RefusedOrigin]:
    """Websites that were refused the app, the latest first; those its owner dismissed only when asked."""
    query = select(RefusedOrigin).where(RefusedOrigin.app_id == app_id)
    if not dismissed:
        query = query.where(RefusedOrigin.dismissed_at.is_(None))
    return session.scalars(query.order_by(RefusedOrigin.last_at.desc(), RefusedOrigin.id).limit(limit)).all()


def refused_origin(session: Session, app_id: str, origin: str) -> RefusedOrigin | None:
    """The record of one refused website."""
    query = select(RefusedOrigin).where(RefusedOrigin.app_id == app_id, RefusedOrigin.origin == origin)
    return session.scalar(query)


def is_revoked(session: Session, signer: Signer, token: str | None) -> bool:
    """Whether a well-signed ``k`` token names a placement that its owner took back."""
    claims = read_placement_token(signer, token or "")
    placement = session.get(Placement, claims.placement_id) if claims else None
    return placement is not None and placement.revoked_at is not None


def domain_of(session: Session, app_id: str) -> CustomDomain | None:
    """The host name that the app's owner named, proven or not."""
    return session.get(CustomDomain, app_id)


def domains_named(session: Session, host: str) -> Sequence[CustomDomain]:
    """Everybody's claim to a host name, the oldest first."""
    query = select(CustomDomain).where(CustomDomain.host == host)
    return session.scalars(query.order_by(CustomDomain.created_at, CustomDomain.app_id)).all()


def app_by_domain(session: Session, host: str) -> FlexApp | None:
    """The app that answers at a host name of its owner."""
    query = (
        select(FlexApp)
        .join(CustomDomain, CustomDomain.app_id == FlexApp.id)
        .where(CustomDomain.host == host, CustomDomain.proven_at.is_not(None), FlexApp.deleted_at.is_(None))
    )
    return session.scalar(query)


def page_placement_of(session: Session, app_id: str) -> Placement | None:
    """The placement of the app's own page: the oldest in the channel of our pages, revoked or not."""
    query = select(Placement).where(Placement.app_id == app_id, Placement.channel == Channel.PLATFORM_PAGE)
    live_first = Placement.revoked_at.is_not(None)
    return session.scalars(
        query.order_by(live_first, Placement.created_at, Placement.id).limit(1)
    ).one_or_none()


def own_catalog(session: Session, owner_id: str) -> Sequence[Track]:
    """The owner's public tracks that are still for sale, the newest first."""
    query = (
        select(Track)
        .where(Track.producer_id == owner_id, listed())
        .order_by(Track.published_at.desc(), Track.id.desc())
    )
    return session.scalars(query).all()


def picked_tracks(session: Session, track_ids: Iterable[str], *, owner_id: str) -> Sequence[Track]:
    """Those tracks that may be shown in the owner's app: on show, and own or open to affiliates."""
    query = (
        select(Track)
        .join(Person, Person.id == Track.producer_id)
        .where(Track.id.in_(list(track_ids)), listed(), _may_be_picked_by(owner_id))
    )
    return session.scalars(query).all()


def pickable_tracks(
    session: Session, *, owner_id: str, text: str = "", app_id: str | None = None, limit: int = 20
) -> Sequence[tuple[Track, Person]]:
    """Other producers' tracks open to affiliates, by words in title, producer, genre, mood or tags.

    Tracks that the app ``app_id`` picked already are left out; the newest come first.
    """
    query = select_pickable_tracks(owner_id=owner_id, text=text, app_id=app_id).add_columns(Person)
    rows = session.execute(query.order_by(Track.published_at.desc(), Track.id.desc()).limit(limit))
    return [(track, person) for track, person in rows]


def select_pickable_tracks(
    *,
    owner_id: str,
    text: str = "",
    app_id: str | None = None,
    genre: str = "",
    bpm_min: float | None = None,
    bpm_max: float | None = None,
) -> Select[Track]:
    """The same without an order, for a keyset page by (published_at, id).

    ``genre`` is compared in any case; the bounds in beats a minute include themselves and leave out
    tracks without a tempo.
    """
    query = (
        select(Track)
        .join(Person, Person.id == Track.producer_id)
        .where(Track.producer_id != owner_id, listed(), _may_be_picked_by(owner_id))
    )
    for word in text.lower().split()[:6]:
        pattern = f"%{_escaped(word)}%"
        columns = (Track.title, Track.genre, Track.mood, Person.name, cast(Track.tags, String))
        query = query.where(or_(*(func.lower(column).like(pattern, escape="\\") for column in columns)))
    if genre.strip():
        query = query.where(func.lower(Track.genre) == genre.strip().lower())
    if bpm_min is not None:
        query = query.where(Track.bpm >= bpm_min)
    if bpm_max is not None:
        query = query.where(Track.bpm <= bpm_max)
    if app_id is not None:
        query = query.where(
            Track.id.not_in(
                select(Source.track_id).where(Source.app_id == app_id, Source.track_id.is_not(None))
            )
        )
    return query


def _may_be_picked_by(owner_id: str) -> ColumnElement[bool]:
    open_to_affiliates = Person.allows_affiliate_sales.is_(True) & Person.deleted_at.is_(None)
    return or_(Track.producer_id == owner_id, open_to_affiliates)


def _escaped(word: str) -> str:
    return word.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
