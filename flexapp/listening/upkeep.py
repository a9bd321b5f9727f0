"""What the worker does for listening: fold every second, seal and pack every hour what is due, forget every
ten minutes."""

from __future__ import annotations

from typing import Protocol

from flexapp.config import Settings
from flexapp.listening import queries
from flexapp.listening.closing import first_kept
from flexapp.listening.columns import Files, Mirror
from flexapp.listening.deliveries import Serving
from flexapp.listening.folding import fold_all
from flexapp.listening.forgetting import forget
from flexapp.listening.packing import pack
from flexapp.listening.page_views import count_views
from flexapp.listening.salts import forget_salts
from flexapp.listening.sealing import seal_days

FOLD_SECONDS = 1.0
VIEW_SECONDS = 5.0
FORGET_SECONDS = 600.0
SEAL_SECONDS = 3600.0


def fold_listens(services: Serving) -> None:
    """Bring plays and totals up to the end of the log."""
    fold_all(services.database, now=services.clock.now())


class Keeping(Serving, Protocol):
    """What of the services forgetting and sealing need."""

    @property
    def settings(self) -> Settings: ...
    @property
    def objects(self) -> Files: ...


def mirror_of(services: Keeping) -> Mirror:
    """Where sealed days are read from."""
    return Mirror(services.objects, services.settings.home / "sealed")


def seal_listens(services: Keeping) -> None:
    """Seal what lies behind the hot tail and pack its roll-ups."""
    now, raw_days = services.clock.now(), services.settings.raw_days
    seal_days(services.database, mirror_of(services), now=now, raw_days=raw_days)
    pack(services.database, now=now)


def count_page_views(services: Serving) -> None:
    """Bring page views, visits and visitors up to the end of the log."""
    count_views(services.database)


def forget_listens(services: Keeping) -> None:
    """Delete salts before they are 48 hours old, and raw rows of days as old as the settings say.

    A day that is to go now was closed to reports before; its file is made good first, if it is not.
    """
    database, now, raw_days = services.database, services.clock.now(), services.settings.raw_days
    forget_salts(database, now=now)
    with database.reading() as session:
        is_due = queries.position_of(session, queries.FORGOTTEN) < first_kept(now, raw_days)
    if is_due:
        fold_all(database, now=now)
        seal_days(database, mirror_of(services), now=now, raw_days=raw_days)
    forget(database, now=now, raw_days=raw_days)
