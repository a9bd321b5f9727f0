"""Where a visitor can go from the page they are on, so that the app that brought them stays credited.

On our host the placement's key goes along in every link (``?k=``), which needs no storage; at an app's own
host name the name itself says it. Buying always happens on our host, with the key.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import cast
from urllib.parse import urlencode

from flask import Flask, g, request
from sqlalchemy.orm import Session

from flexapp.apps.hosting import make_page_placement, origin_at
from flexapp.apps.models import FlexApp, Placement
from flexapp.apps.queries import app_by_id, domain_of, page_placement_of, placement_by_token
from flexapp.catalog.models import Track
from flexapp.people.models import Person
from flexapp.web.context import db, services
from flexapp.web.hosts import HERE, domain_app_id


@dataclass(frozen=True)
class Addresses:
    """The addresses of one visit. Without an app they are plain."""

    base_url: str  #: ours, where media, players and checkouts are
    app: FlexApp | None = None
    key: str = ""  #: of the placement that is credited
    is_domain: bool = False  #: the page is at the app's own host name
    domain: str = ""  #: scheme and host of that name, once it answers

    @property
    def media(self) -> str:
        """What stands before ``/media/…``."""
        return self.base_url if self.is_domain else ""

    @property
    def home(self) -> str:
        """The app's page, or our front page."""
        if self.app is None or self.is_domain:
            return "/"
        return self._with_key(f"/a/{self.app.slug}")

    @property
    def front(self) -> str:
        """Our own front page."""
        return f"{self.base_url}/" if self.is_domain else "/"

    def shell(self, name: str = "") -> str:
        """A file of the app's page, such as ``sw.js``; ``""`` is the scope of them all."""
        if self.is_domain or self.app is None:
            return f"/{name}"
        return f"/a/{self.app.slug}/{name}".rstrip("/")

    def track(self, track: Track) -> str:
        """A beat's page."""
        return self._with_key(f"/t/{track.slug}")

    def producer(self, person: Person) -> str:
        """A producer's page."""
        return self._with_key(f"/p/{person.slug}")

    def buy(self, track: Track, license_type_id: str = "") -> str:
        """Where a license of the beat is bought."""
        query = {"lic": license_type_id, "k": self.key}
        return _asked(f"{self.media}/buy/{track.slug}", query)

    def player(self, target: str, **options: str) -> str:
        """The iframe document of an app or a track."""
        return _asked(f"{self.media}/embed/v1/{target}", {**options, "k": self.key})

    def canonical(self, path: str) -> str:
        """The one address of a page in this app that search engines shall know."""
        return f"{self.domain if self.is_domain else self.base_url}{path}"

    def canonical_app(self) -> str:
        """The one address of the app's page: its own host name when it has one."""
        if self.domain or self.app is None:
            return f"{self.domain or self.base_url}/"
        return f"{self.base_url}/a/{self.app.slug}"

    def _with_key(self, path: str) -> str:
        return path if self.is_domain else _asked(path, {"k": self.key})


def install(app: Flask) -> None:
    """Give every template ``here()``."""
    app.jinja_env.globals["here"] = here


def here() -> Addresses:
    """The addresses of the running request: of its host name, else of the key in its address."""
    if "addresses" not in g:
        g.addresses = _found()
    return cast(Addresses, g.addresses)


def enter(app: FlexApp) -> Addresses:
    """The request is for this app's page: links carry the key that was given, else the page's own."""
    found = here()
    if found.app is None or found.app.id != app.id:
        key = _page_key(db(), app)
        found = Addresses(services().settings.base_url, app, key, domain=_domain_of(db(), app))
        g.addresses = found
    return found


def app_of_request(slug: str) -> str | None:
    """The id of the app that the host name stands for, when the path says so."""
    return domain_app_id() if slug == HERE else None


def _found() -> Addresses:
    given = services()
    plain = Addresses(given.settings.base_url)
    if request.method not in ("GET", "HEAD"):
        return plain  # a form's own view knows what it needs, and no transaction is opened for links
    session = db()
    app_id = domain_app_id()
    if app_id is not None:
        app = app_by_id(session, app_id)
        if app is None:
            return plain
        return replace(
            plain, app=app, key=_page_key(session, app), is_domain=True, domain=_domain_of(session, app)
        )
    placement = placement_by_token(session, given.signer, request.args.get("k"))
    app = app_by_id(session, placement.app_id) if placement else None
    if placement is None or app is None:
        return plain
    return replace(plain, app=app, key=placement.key, domain=_domain_of(session, app))


def _page_key(session: Session, app: FlexApp) -> str:
    """The key of the page's own placement, which the first visit makes."""
    found: Placement | None = page_placement_of(session, app.id)
    if found is None:
        given = services()
        with given.database.writing() as writing:
            current = app_by_id(writing, app.id)
            if current is not None:
                found = make_page_placement(writing, current, signer=given.signer, now=given.clock.now())
        session.rollback()  # this request shall see it too
    return found.key if found is not None and found.revoked_at is None else ""


def _domain_of(session: Session, app: FlexApp) -> str:
    named = domain_of(session, app.id)
    return origin_at(named.host, services().settings.base_url) if named is not None and named.is_live else ""


def _asked(path: str, query: dict[str, str]) -> str:
    filled = {name: value for name, value in query.items() if value}
    return f"{path}?{urlencode(filled)}" if filled else path
