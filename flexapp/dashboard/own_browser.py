"""The signed-in person's browser is told to the fold, so that their own plays elsewhere do not count."""

from __future__ import annotations

from flask import current_app, request

from flexapp.listening import own_plays
from flexapp.listening.ingest import ingest_of
from flexapp.listening.visitors import VisitorKeys
from flexapp.people.models import Person
from flexapp.web.context import db, services
from flexapp.web.network import address

_EXTENSION = "flexapp.own_browser"
_REMEMBERED_AT_MOST = 20_000


def note(person: Person) -> None:
    """Note this browser's keys on each site where the person's work played; once a day for each site."""
    known: set[tuple[str, ...]] = current_app.extensions.setdefault(f"{_EXTENSION}.known", set())
    given, now = services(), services().clock.now()
    if given.settings.count_all_plays:
        return
    agent = request.headers.get("User-Agent", "")
    hosts = {"", *own_plays.known_hosts(db(), person.id, now=now)}
    browser = (now.date().isoformat(), person.id, address(), agent)
    new = {host for host in hosts if (*browser, host) not in known}
    if not new:
        return
    if len(known) > _REMEMBERED_AT_MOST:
        known.clear()
    known.update((*browser, host) for host in new)
    keys: VisitorKeys = current_app.extensions.setdefault(f"{_EXTENSION}.keys", VisitorKeys(given.database))
    own_plays.note(
        ingest_of(given.database),
        keys,
        person_id=person.id,
        hosts=new,
        address=address(),
        user_agent=agent,
        now=now,
    )
