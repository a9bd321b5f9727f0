"""What the worker does for listening: fold every second, forget every ten minutes."""

from __future__ import annotations

from flexapp.listening.deliveries import Serving
from flexapp.listening.folding import fold_all
from flexapp.listening.forgetting import forget

FOLD_SECONDS = 1.0
FORGET_SECONDS = 600.0


def fold_listens(services: Serving) -> None:
    """Bring plays and totals up to the end of the log."""
    fold_all(services.database, now=services.clock.now())


def forget_listens(services: Serving) -> None:
    """Delete salts after 48 hours and raw rows after a month."""
    with services.database.writing() as session:
        forget(session, now=services.clock.now())
