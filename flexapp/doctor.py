"""``flexapp doctor``: what is well, what is not, and how to mend it."""

from __future__ import annotations

import shutil
import smtplib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import urlsplit

import av
from sqlalchemy import text

from flexapp import migrations
from flexapp.app import build_services
from flexapp.config import Durability, Settings
from flexapp.errors import FlexAppError
from flexapp.gateways.geo import countries_from, networks_from
from flexapp.listening.hosting import HOSTS
from flexapp.workflows.services import Services

_FREE_BYTES = 2 * 1024**3


@dataclass(frozen=True)
class Check:
    """One finding; ``mend`` says what to do when it is not fine."""

    name: str
    is_fine: bool
    finding: str
    mend: str = ""


def examine(settings: Settings) -> list[Check]:
    """Every check, in the order in which one would mend them."""
    services = build_services(settings)
    examined: list[tuple[str, Callable[[Services], str], str]] = [
        ("database", _database, "Start the database or mend FLEXAPP_DATABASE_URL."),
        ("migrations", _migrations, "Run: flexapp migrate"),
        ("objects", _objects, "Make the folder writable or mend FLEXAPP_OBJECTS_URL."),
        ("disk", _disk, "Free some space, or move FLEXAPP_HOME to a larger disk."),
        ("stripe", _stripe, "Check FLEXAPP_STRIPE_MODE and the key; in local mode start `make demo`."),
        ("countries", _countries, "Run npm ci in widgets/, or mend FLEXAPP_GEO_DATABASE."),
        ("networks", _networks, "Mend FLEXAPP_NETWORK_DATABASE: an mmdb file of autonomous systems."),
        ("audio", _audio, "Install Flexapp's own PyAV wheel again: make demo sets it up."),
    ]
    if settings.redis_url:
        examined.append(("redis", _redis, "Start Redis or mend FLEXAPP_REDIS_URL."))
    if settings.smtp_url:
        examined.append(("mail", _mail, "Mend FLEXAPP_SMTP_URL: smtp://user:password@host:port."))
    return [_check(name, work, mend, services) for name, work, mend in examined]


def _check(name: str, work: Callable[[Services], str], mend: str, services: Services) -> Check:
    try:
        return Check(name, True, work(services))
    except FlexAppError as problem:
        return Check(name, False, problem.message, mend)
    except Exception as problem:
        first = (str(problem).splitlines() or [""])[0]
        return Check(name, False, f"{type(problem).__name__}: {first}"[:200], mend)


def _database(services: Services) -> str:
    with services.database.writing() as session:
        session.execute(text("SELECT 1"))
    kind = "SQLite" if services.database.is_sqlite else "PostgreSQL"
    outlives = {
        Durability.POWER: "stored listens survive a loss of power",
        Durability.PROCESS: "stored listens survive killed processes, not a loss of power",
    }
    return f"{kind}, writable; {outlives[services.settings.durability]}"


def _countries(services: Services) -> str:
    made_at = countries_from(services.settings).made_at()
    if made_at is None:
        raise FlexAppError("The file of countries cannot be read; listens are stored without a country.")
    made = datetime.fromtimestamp(made_at, UTC)
    return f"known, as of {made:%B %Y}"


def _networks(services: Services) -> str:
    made_at = networks_from(services.settings, HOSTS).made_at()
    if made_at is None:
        raise FlexAppError("The file of networks cannot be read; plays from data centers are not told apart.")
    return f"known, as of {datetime.fromtimestamp(made_at, UTC):%B %Y}"


def _migrations(services: Services) -> str:
    waiting = migrations.pending(services.database)
    if waiting:
        raise FlexAppError(f"{len(waiting)} migrations wait: {', '.join(waiting)}.")
    return "up to date"


def _objects(services: Services) -> str:
    services.objects.check()
    return f"{urlsplit(services.settings.objects_url).scheme}: writes, reads and deletes"


def _disk(services: Services) -> str:
    free = shutil.disk_usage(services.settings.home).free
    if free < _FREE_BYTES:
        raise FlexAppError(f"{free / 1024**3:.1f} GB free at {services.settings.home}; uploads need 2 GB.")
    return f"{free / 1024**3:.0f} GB free"


def _stripe(services: Services) -> str:
    services.payments.check()
    return f"{services.settings.stripe_mode.value}: answers"


def _audio(services: Services) -> str:
    for codec in ("mp3", "pcm_s24le"):
        av.Codec(codec, "w")
    for codec in ("mp3float", "flac", "pcm_s16be", "pcm_f32le"):
        av.Codec(codec, "r")
    return "MP3, WAV, AIFF and FLAC decode; MP3 and WAV encode"


def _redis(services: Services) -> str:
    import redis

    redis.Redis.from_url(services.settings.redis_url, socket_connect_timeout=3).ping()
    return "answers"


def _mail(services: Services) -> str:
    address = urlsplit(services.settings.smtp_url)
    with smtplib.SMTP(address.hostname or "", address.port or 25, timeout=5) as server:
        server.noop()
    return f"{address.hostname} answers"
