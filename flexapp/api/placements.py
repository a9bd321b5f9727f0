"""Placements: the spots of apps, and the snippets to paste there."""

from __future__ import annotations

from pydantic import BaseModel

from flexapp.api.apps import own_app
from flexapp.api.room import room
from flexapp.api.shapes.apps import (
    Placement,
    PlacementIn,
    PlacementPage,
    PlacementPatch,
    PlacementQuery,
    SnippetQuery,
    Snippets,
)
from flexapp.api.shapes.base import listed
from flexapp.apps import operations, queries
from flexapp.apps.lineup import lineup_of
from flexapp.apps.models import FlexApp
from flexapp.apps.models import Placement as StoredPlacement
from flexapp.apps.options import parse_options
from flexapp.apps.snippets import snippets_for
from flexapp.errors import NotFound
from flexapp.storage.paging import paginate
from flexapp.web.access import Access, allow
from flexapp.web.context import db, services
from flexapp.web.identity import require_person

placements = room("placements", "Placements", "Deployed spots of an app, each with a key and four snippets.")


class PlacementPath(BaseModel):
    """A placement in the path."""

    placement_id: str


class PlacementNotFound(NotFound):
    """There is no such placement, or it is of somebody else's app."""

    code = "placement_not_found"


def own_placement(placement_id: str) -> tuple[FlexApp, StoredPlacement]:
    """A placement of the caller's apps and its app; raises PlacementNotFound."""
    placement = queries.placement_by_id(db(), placement_id)
    app = queries.app_of_owner(db(), require_person().id, placement.app_id) if placement else None
    if placement is None or app is None:
        raise PlacementNotFound("There is no such placement.")
    return app, placement


def _shape(app: FlexApp, placement: StoredPlacement) -> Placement:
    snippets = snippets_for(app, placement, services().settings.base_url)
    return Placement.of(placement, {str(form): text for form, text in snippets.items()})


@placements.get("/placements", responses={200: PlacementPage})
@allow(Access.TOKEN)
def list_placements(query: PlacementQuery) -> PlacementPage:
    """The placements of one app or of all, newest first."""
    person = require_person()
    if query.app_id is not None:
        own_app(query.app_id)
    page = paginate(
        db(),
        queries.select_placements_of_owner(person.id, app_id=query.app_id),
        key=(StoredPlacement.created_at, StoredPlacement.id),
        signer=services().signer,
        cursor=query.cursor,
        limit=query.limit,
    )
    found = {app.id: app for app in queries.apps_of(db(), person.id)}
    data, cursor = listed(page, lambda placement: _shape(found[placement.app_id], placement))
    return PlacementPage(data=data, next_cursor=cursor)


@placements.post("/placements", responses={201: Placement})
@allow(Access.TOKEN)
def create_placement(body: PlacementIn) -> tuple[Placement, int]:
    """A new spot with a key of its own; allowed_origins narrow those of the app."""
    app = own_app(body.app_id)
    placement = operations.create_placement(
        db(),
        app,
        name=body.name,
        channel=body.channel,
        allowed_origins=body.allowed_origins,
        signer=services().signer,
        now=services().clock.now(),
    )
    return _shape(app, placement), 201


@placements.get("/placements/<placement_id>", responses={200: Placement})
@allow(Access.TOKEN)
def get_placement(path: PlacementPath) -> Placement:
    """One placement, revoked or not."""
    return _shape(*own_placement(path.placement_id))


@placements.get("/placements/<placement_id>/snippets", responses={200: Snippets})
@allow(Access.TOKEN)
def get_snippets(path: PlacementPath, query: SnippetQuery) -> Snippets:
    """The placement's snippets with options of their own; nothing is stored."""
    app, placement = own_placement(path.placement_id)
    tracks = [track.id for track in lineup_of(db(), app)] if query.start_track else None
    options = parse_options(query.options(), tracks=tracks)
    texts = snippets_for(app, placement, services().settings.base_url, options)
    return Snippets(**{str(form): text for form, text in texts.items()})


@placements.patch("/placements/<placement_id>", responses={200: Placement})
@allow(Access.TOKEN)
def update_placement(path: PlacementPath, body: PlacementPatch) -> Placement:
    """Change what is given; the key stays, so pasted snippets go on working."""
    app, placement = own_placement(path.placement_id)
    operations.update_placement(db(), app, placement, name=body.name, allowed_origins=body.allowed_origins)
    return _shape(app, placement)


@placements.delete("/placements/<placement_id>", responses={204: None})
@allow(Access.TOKEN)
def revoke_placement(path: PlacementPath) -> tuple[str, int]:
    """End it: its key credits nobody, its players show that they are gone."""
    _, placement = own_placement(path.placement_id)
    operations.revoke_placement(db(), placement, now=services().clock.now())
    return "", 204
