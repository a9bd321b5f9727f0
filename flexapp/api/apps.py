"""Flex apps, their sources and their lineup."""

from __future__ import annotations

from pydantic import BaseModel

from flexapp.api.lineups import lineup_shapes
from flexapp.api.room import room
from flexapp.api.shapes.apps import (
    App,
    AppIn,
    AppPage,
    AppPatch,
    RefusedOrigin,
    RefusedOrigins,
    RuleIn,
    Source,
    SourceIn,
    Sources,
)
from flexapp.api.shapes.base import Ids, PageQuery, listed
from flexapp.api.shapes.tracks import Lineup
from flexapp.apps import operations, queries
from flexapp.apps.lineup import lineup_of
from flexapp.apps.models import FlexApp
from flexapp.catalog.queries import TrackNotFound, track_by_id
from flexapp.errors import NotFound
from flexapp.people.permissions import Permission, check
from flexapp.storage.paging import paginate
from flexapp.web.access import Access, allow
from flexapp.web.context import db, services
from flexapp.web.hosts import our_hosts
from flexapp.web.identity import require_person

apps = room("apps", "Apps", "Configured storefronts: own catalog by rule, picks from others, one theme.")


class AppPath(BaseModel):
    """An app in the path."""

    app_id: str


class SourcePath(AppPath):
    """A source of an app in the path."""

    source_id: str


class AppNotFound(NotFound):
    """There is no such app, or it is somebody else's."""

    code = "app_not_found"


class SourceNotFound(NotFound):
    """The app has no such source."""

    code = "source_not_found"


def own_app(app_id: str) -> FlexApp:
    """The caller's app; raises AppNotFound for anybody else's."""
    app = queries.app_of_owner(db(), require_person().id, app_id)
    if app is None:
        raise AppNotFound("There is no such app.")
    return app


def _shape(app: FlexApp) -> App:
    return App.of(app, services().settings.base_url, queries.domain_of(db(), app.id))


@apps.get("/apps", responses={200: AppPage})
@allow(Access.TOKEN)
def list_apps(query: PageQuery) -> AppPage:
    """The caller's apps, newest first."""
    page = paginate(
        db(),
        queries.select_apps_of(require_person().id),
        key=(FlexApp.created_at, FlexApp.id),
        signer=services().signer,
        cursor=query.cursor,
        limit=query.limit,
    )
    data, cursor = listed(page, _shape)
    return AppPage(data=data, next_cursor=cursor)


@apps.post("/apps", responses={201: App})
@allow(Access.TOKEN)
def create_app(body: AppIn) -> tuple[App, int]:
    """A new app without sources."""
    owner = require_person()
    check(owner, Permission.CURATE)
    app = operations.create_app(
        db(),
        owner,
        name=body.name,
        layout=body.layout,
        theme=body.theme,
        accent=body.accent,
        allowed_origins=body.allowed_origins,
        now=services().clock.now(),
    )
    if body.consent_required:
        operations.require_consent(db(), app, True)
    return _shape(app), 201


@apps.get("/apps/<app_id>", responses={200: App})
@allow(Access.TOKEN)
def get_app(path: AppPath) -> App:
    """One of the caller's apps."""
    return _shape(own_app(path.app_id))


@apps.patch("/apps/<app_id>", responses={200: App})
@allow(Access.TOKEN)
def update_app(path: AppPath, body: AppPatch) -> App:
    """Change what is given; a new name brings a new address, and the old one redirects."""
    app = own_app(path.app_id)
    now = services().clock.now()
    if body.name is not None:
        operations.rename(db(), app, name=body.name, now=now)
    if body.model_fields_set & {"layout", "theme", "accent"}:
        accent = (body.accent or "") if "accent" in body.model_fields_set else None
        operations.update_theme(db(), app, layout=body.layout, theme=body.theme, accent=accent)
    if body.allowed_origins is not None:
        operations.set_allowed_origins(db(), app, body.allowed_origins)
    if body.consent_required is not None:
        operations.require_consent(db(), app, body.consent_required)
    if "domain" in body.model_fields_set:
        operations.set_domain(db(), app, body.domain, own_hosts=our_hosts(services().settings), now=now)
    return _shape(app)


@apps.delete("/apps/<app_id>", responses={204: None})
@allow(Access.TOKEN)
def delete_app(path: AppPath) -> tuple[str, int]:
    """Take the app off every page; its sales and listens stay."""
    operations.delete_app(db(), own_app(path.app_id), now=services().clock.now())
    return "", 204


@apps.get("/apps/<app_id>/lineup", responses={200: Lineup})
@allow(Access.TOKEN)
def get_lineup(path: AppPath) -> Lineup:
    """What the app shows now: no track twice, none unpublished, none sold exclusively."""
    return Lineup(data=lineup_shapes(lineup_of(db(), own_app(path.app_id))))


@apps.get("/apps/<app_id>/refused-origins", responses={200: RefusedOrigins})
@allow(Access.TOKEN)
def list_refused_origins(path: AppPath) -> RefusedOrigins:
    """Websites that wanted to show the app and may not; add one to allowed_origins to let it."""
    refused = queries.refused_origins_of(db(), own_app(path.app_id).id, limit=50)
    return RefusedOrigins(data=[RefusedOrigin.of(each) for each in refused])


@apps.get("/apps/<app_id>/sources", responses={200: Sources})
@allow(Access.TOKEN)
def list_sources(path: AppPath) -> Sources:
    """The app's rules and picks, in lineup order."""
    app = own_app(path.app_id)
    return Sources(data=[Source.of(source) for source in queries.sources_of(db(), app.id)])


@apps.post("/apps/<app_id>/sources", responses={201: Source})
@allow(Access.TOKEN)
def add_source(path: AppPath, body: SourceIn) -> tuple[Source, int]:
    """Add a rule over the own catalog, or pick one track."""
    app, wish, now = own_app(path.app_id), body.root, services().clock.now()
    if isinstance(wish, RuleIn):
        rule = operations.add_rule(
            db(),
            app,
            genre=wish.genre,
            tag=wish.tag,
            bpm_min=wish.bpm_min,
            bpm_max=wish.bpm_max,
            newest=wish.newest,
            now=now,
        )
        return Source.of(rule), 201
    track = track_by_id(db(), wish.track_id)
    if track is None or not (
        track.producer_id == app.owner_id or queries.picked_tracks(db(), [track.id], owner_id=app.owner_id)
    ):
        raise TrackNotFound("There is no such track, or its producer does not allow affiliate sales.")
    return Source.of(operations.add_pick(db(), app, track, now=now)), 201


@apps.put("/apps/<app_id>/sources/order", responses={200: Sources})
@allow(Access.TOKEN)
def order_sources(path: AppPath, body: Ids) -> Sources:
    """Put the sources into another order; each is named once."""
    sources = operations.reorder(db(), own_app(path.app_id), body.ids)
    return Sources(data=[Source.of(source) for source in sources])


@apps.delete("/apps/<app_id>/sources/<source_id>", responses={204: None})
@allow(Access.TOKEN)
def remove_source(path: SourcePath) -> tuple[str, int]:
    """Take a rule or pick out of the app."""
    app = own_app(path.app_id)
    source = queries.source_by_id(db(), app.id, path.source_id)
    if source is None:
        raise SourceNotFound("The app has no such source.")
    operations.remove_source(db(), app, source)
    return "", 204
