"""The signed-in person's browser is told to the fold, so that their own plays elsewhere do not count."""

from __future__ import annotations

from datetime import datetime, timedelta
from urllib.parse import urlsplit

from flask import Flask, Response, current_app, request
from sqlalchemy.orm import Session

from flexapp.apps.queries import apps_of, select_placements_of_owner
from flexapp.listening import own_plays
from flexapp.listening.ingest import ingest_of
from flexapp.listening.visitors import VisitorKeys
from flexapp.people.models import Person
from flexapp.web.context import db, services
from flexapp.web.identity import principal
from flexapp.web.network import address

_EXTENSION = "flexapp.own_browser"
_REMEMBERED_AT_MOST = 20_000
_AGAIN = timedelta(minutes=1)  #: so often new sites are looked for while somebody is here


def install(app: Flask) -> None:
    """Note the browser of whoever is signed in, on whatever page."""
    app.after_request(_look)


def _look(response: Response) -> Response:
    who = principal()
    if who is not None and who.session_id and request.method == "GET" and response.status_code == 200:
        note(who.person)
    return response


def note(person: Person) -> None:
    """Note this browser's keys on each site that the person's work plays on; once a day for each site."""
    known: set[tuple[str, ...]] = current_app.extensions.setdefault(f"{_EXTENSION}.known", set())
    given, now = services(), services().clock.now()
    if given.settings.count_all_plays:
        return
    browser = (now.date().isoformat(), person.id, address(), request.headers.get("User-Agent", ""))
    looked: dict[tuple[str, ...], datetime] = current_app.extensions.setdefault(f"{_EXTENSION}.looked", {})
    if now < looked.get(browser, now - _AGAIN) + _AGAIN:
        return
    if len(known) + len(looked) > _REMEMBERED_AT_MOST:
        known.clear()
        looked.clear()
    looked[browser] = now
    hosts = {"", *_allowed(db(), person.id), *own_plays.known_hosts(db(), person.id, now=now)}
    new = {host for host in hosts if (*browser, host) not in known}
    if not new:
        return
    known.update((*browser, host) for host in new)
    keys: VisitorKeys = current_app.extensions.setdefault(f"{_EXTENSION}.keys", VisitorKeys(given.database))
    own_plays.note(
        ingest_of(given.database),
        keys,
        person_id=person.id,
        hosts=new,
        address=address(),
        user_agent=browser[-1],
        now=now,
    )


def _allowed(session: Session, person_id: str) -> set[str]:
    """The sites that the person's apps and placements are meant for; nothing may have played there yet."""
    places = [*apps_of(session, person_id), *session.scalars(select_placements_of_owner(person_id))]
    origins = (origin for place in places for origin in place.allowed_origins)
    return {urlsplit(origin).hostname or "" for origin in origins if "*" not in origin}
