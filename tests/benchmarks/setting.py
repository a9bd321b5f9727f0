"""What the benchmarks share: tables, a migrated database, an app, the disk's own speed."""

from __future__ import annotations

import logging
import os
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import structlog
from flask import Flask

from flexapp import migrations
from flexapp.app import build_services, create_app
from flexapp.config import Env, Settings
from flexapp.storage.session import Database


@dataclass
class Table:
    """A result: a title, a head and rows of text."""

    title: str
    head: tuple[str, ...]
    rows: list[tuple[str, ...]] = field(default_factory=list)


def settings_in(folder: Path) -> Settings:
    """Settings on a SQLite file of one's own."""
    return Settings(
        env=Env.DEVELOPMENT, home=folder, argon2_fast=True, rate_limits=False, embedded_worker=False
    )


def migrated(folder: Path, name: str) -> Database:
    """A fresh migrated SQLite database."""
    database = Database(f"sqlite:///{folder / name}.sqlite3", pool_size=80)
    migrations.upgrade(database)
    return database


def app_in(folder: Path) -> Flask:
    """The whole app on a fresh database in the folder."""
    settings = settings_in(folder)
    services = build_services(settings)
    migrations.upgrade(services.database)
    app = create_app(settings, services)
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    return app


def per_second(work: Callable[[], object], *, seconds: float = 1.0, rounds: int = 5) -> float:
    """How often a second, the median of rounds."""
    figures = []
    for _ in range(rounds):
        count, started = 0, time.perf_counter()
        while (spent := time.perf_counter() - started) < seconds / rounds:
            work()
            count += 1
        figures.append(count / spent)
    return statistics.median(figures)


def disk(folder: Path) -> Table:
    """The disk's own limit: every figure of durable writes is read beside it."""
    path = folder / "fsync"
    with path.open("wb") as file:

        def write() -> None:
            file.write(b"x" * 512)
            file.flush()
            os.fdatasync(file.fileno())

        rate = per_second(write)
    return Table("The disk", ("", "per second"), [("fdatasync of 512 bytes", f"{rate:,.0f}")])
