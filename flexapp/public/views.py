"""Views of pages: each page of an app, a track or a producer that is handed out is an event of the log.

Nobody waits for it, and a crash may lose the views of the last moment. A page fetched ahead is none, and
owners who look at their own work while signed in are not counted.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any, TypeVar, cast

from flask import current_app, make_response, request

from flexapp.apps.models import Channel, FlexApp
from flexapp.apps.queries import placement_by_token
from flexapp.catalog.models import Track
from flexapp.listening.ingest import ingest_of
from flexapp.listening.rows import a_page, view_row
from flexapp.listening.visitors import VisitorKeys, request_flags
from flexapp.people.models import Person
from flexapp.public.addresses import here
from flexapp.web.context import db, services
from flexapp.web.dimensions import dimensions_of
from flexapp.web.identity import current_person
from flexapp.web.network import address

View = TypeVar("View", bound=Callable[..., Any])
_KEYS = "flexapp.views.keys"


@dataclass(frozen=True)
class Viewed:
    """What a page is about, and whose work it shows."""

    owner_id: str
    app_id: str = ""
    track_id: str = ""
    producer_id: str = ""


def of_app(app: FlexApp | None) -> Viewed | None:
    """The page of an app."""
    return Viewed(app.owner_id, app_id=app.id) if app is not None else None


def of_track(track: Track | None) -> Viewed | None:
    """The page of a track."""
    return Viewed(track.producer_id, track_id=track.id) if track is not None else None


def of_producer(person: Person | None) -> Viewed | None:
    """The page of a producer."""
    return Viewed(person.id, producer_id=person.id) if person is not None else None


def counting_views(find: Callable[[str], Viewed | None]) -> Callable[[View], View]:
    """Note each page that a view of one slug hands out, which ``find`` tells; put it above the cache."""

    def wrap(view: View) -> View:
        @wraps(view)
        def noted(slug: str) -> Any:
            response = make_response(view(slug))
            if request.method == "GET" and response.status_code in (200, 304):
                viewed = find(slug)
                if viewed is not None:
                    _note(viewed)
            return response

        return cast(View, noted)

    return wrap


def _note(viewed: Viewed) -> None:
    given, to, person = services(), here(), current_person()
    if person is not None and person.id == viewed.owner_id:
        return
    now = given.clock.now()
    headers, agent = request.headers, request.headers.get("User-Agent", "")
    flags = request_flags(
        user_agent=agent,
        gpc=headers.get("Sec-GPC"),
        dnt=headers.get("DNT"),
        purpose=headers.get("Sec-Purpose"),
    )
    if given.settings.count_all_plays:
        flags -= {"bot"}
    placement = placement_by_token(db(), given.signer, to.key)
    app_id = viewed.app_id or (to.app.id if to.app else "")
    claims = a_page(
        app_id=app_id,
        placement_id=placement.id if placement is not None and placement.app_id == app_id else "",
        channel=placement.channel if placement is not None else Channel.PLATFORM_PAGE,
        now=now,
        flags=flags,
    )
    key = None
    if not flags & {"gpc", "bot"}:
        keys: VisitorKeys = current_app.extensions.setdefault(_KEYS, VisitorKeys(given.database))
        key = keys.key_for(address=address(), user_agent=agent, host="", minted_at=now, now=now)
    row = view_row(
        claims,
        track_id=viewed.track_id,
        producer_id=viewed.producer_id,
        visitor_key=key,
        dimensions=dimensions_of(request.environ, given.countries),
    )
    ingest_of(given.database).later([row])
