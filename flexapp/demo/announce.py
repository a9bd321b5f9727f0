"""The demo's papers: ``demo.json`` for programs, a table for people."""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path

from flexapp.config import Settings


@dataclass(frozen=True)
class DemoPerson:
    """Somebody to log in as; the password and the token are of this demo only."""

    name: str
    email: str
    password: str
    roles: list[str]
    api_token: str


@dataclass(frozen=True)
class DemoPlacement:
    """A placement and the snippet form that the stranger's website pastes it in."""

    id: str
    key: str
    form: str


@dataclass(frozen=True)
class DemoApp:
    """A flex app of the demo; ``owner`` is the person's name."""

    id: str
    name: str
    owner: str
    placements: list[DemoPlacement]


@dataclass(frozen=True)
class Seeded:
    """What the demo starts with."""

    people: list[DemoPerson]
    apps: list[DemoApp]


def stranger_url(settings: Settings) -> str:
    """The stranger's website; ``localhost`` is another site than ``127.0.0.1``."""
    return f"http://localhost:{settings.stranger_port}"


def path_of(settings: Settings) -> Path:
    """Where ``demo.json`` lies."""
    return settings.home / "demo.json"


def write(settings: Settings, seeded: Seeded) -> None:
    """Write ``demo.json``, readable by its owner only, whole or not at all."""
    papers = {
        "base_url": settings.base_url,
        "localstripe_url": settings.stripe_api_base,
        "stranger_url": stranger_url(settings),
        **asdict(seeded),
    }
    unfinished = path_of(settings).with_suffix(".json.new")
    unfinished.touch(mode=0o600)
    unfinished.write_text(json.dumps(papers, indent=2) + "\n")
    os.replace(unfinished, path_of(settings))


def known_tokens(settings: Settings) -> dict[str, str]:
    """API tokens of an earlier start by e-mail address: they are shown once, and kept only here."""
    try:
        people = json.loads(path_of(settings).read_text())["people"]
    except (OSError, ValueError, KeyError):
        return {}
    return {person["email"]: person["api_token"] for person in people}


def tell(settings: Settings, seeded: Seeded) -> None:
    """Print the addresses and the logins."""
    rows = (
        ("Flexapp", settings.base_url),
        ("  dashboard", settings.base_url + "/producer-dashboard"),
        ("  mails", settings.base_url + "/demo/mails"),
        ("Stand-in for Stripe", settings.stripe_api_base),
        ("A stranger's website", stranger_url(settings)),
    )
    print()
    for name, address in rows:
        print(f"  {name:<22}{address}")
    print()
    for person in seeded.people:
        print(f"  {person.name:<22}{person.email:<28}{person.password}   {' and '.join(person.roles)}")
    print(f"\n  Logins and API tokens: {path_of(settings)}")
    print("  Cards: 4242 4242 4242 4242 pays, 4000 0000 0000 0002 declines, 4000 0000 0000 3155 asks.")
    print("  Ctrl-C ends everything.\n", flush=True)
