"""The dashboard's rooms in the sidebar: only such that exist, and that the person can use."""

from __future__ import annotations

from dataclasses import dataclass, field

from flask import Flask, current_app, request
from werkzeug.exceptions import HTTPException
from werkzeug.routing import RequestRedirect

from flexapp.people.models import Person
from flexapp.web.identity import current_person

HOME = "/producer-dashboard"


@dataclass(frozen=True)
class Room:
    """One entry of the sidebar."""

    label: str
    path: str
    icon: str
    for_producers: bool = False
    is_shortcut: bool = False  #: also in the bar at the bottom of a phone

    @property
    def is_current(self) -> bool:
        """Whether the page shown belongs to this room."""
        here = request.path.rstrip("/")
        return here == self.path or (self.path != HOME and here.startswith(self.path + "/"))


@dataclass(frozen=True)
class Group:
    """Entries under one title."""

    title: str
    items: list[Room] = field(default_factory=list)


GROUPS = (
    Group(
        "",
        [
            Room("Overview", HOME, "layout-grid", is_shortcut=True),
            Room("Flex apps", f"{HOME}/apps", "panels-top-left", is_shortcut=True),
            Room("Tracks", f"{HOME}/tracks", "disc-3", for_producers=True, is_shortcut=True),
            Room("License types", f"{HOME}/licenses", "scale", for_producers=True),
        ],
    ),
    Group(
        "Business",
        [
            Room("Sales", f"{HOME}/sales", "receipt", is_shortcut=True),
            Room("Orders", f"{HOME}/orders", "shopping-bag"),
            Room("Customers", f"{HOME}/customers", "users"),
            Room("Licenses sold", f"{HOME}/licenses-sold", "badge-check", for_producers=True),
            Room("Finances", f"{HOME}/finances", "wallet"),
        ],
    ),
    Group(
        "Reach",
        [
            Room("Insights", f"{HOME}/insights", "chart-line"),
            Room("Activity", f"{HOME}/activity", "chart-column"),
            Room("Affiliate catalog", f"{HOME}/affiliate-catalog", "handshake"),
        ],
    ),
    Group("You", [Room("Settings", f"{HOME}/settings", "settings")]),
)


def install(app: Flask) -> None:
    """Give the dashboard's templates ``navigation()`` and ``shortcuts()``."""
    app.jinja_env.globals.update(navigation=navigation, shortcuts=shortcuts)


def navigation() -> list[Group]:
    """The sidebar of the person who is signed in; empty groups are left out."""
    person = current_person()
    groups = [
        Group(group.title, [room for room in group.items if _is_open(room, person)]) for group in GROUPS
    ]
    return [group for group in groups if group.items]


def shortcuts() -> list[Room]:
    """The bar at the bottom of a phone: at most four rooms."""
    return [room for group in navigation() for room in group.items if room.is_shortcut][:4]


def _is_open(room: Room, person: Person | None) -> bool:
    if room.for_producers and not (person and person.is_producer):
        return False
    return exists(room.path)


def exists(path: str) -> bool:
    """Whether the running app serves this path by GET; answered once for each path."""
    known: dict[str, bool] = current_app.extensions.setdefault("flexapp.paths", {})
    if path not in known:
        try:
            current_app.url_map.bind("").match(path, method="GET")
            known[path] = True
        except RequestRedirect:
            known[path] = True
        except HTTPException:
            known[path] = False
    return known[path]
