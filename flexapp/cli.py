"""The ``flexapp`` command: demo, serve, work, migrate, doctor, domain, listening."""

from __future__ import annotations

import os
import sys
from typing import Annotated, Any, NoReturn

import typer
from pydantic import ValidationError

from flexapp.config import Settings
from flexapp.errors import FlexAppError

app = typer.Typer(
    name="flexapp",
    help="An embeddable beat player and the server behind it.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)

_SEND_BUFFER = 64 * 1024
"""Of a connection, in bytes: what waits in it when a reader leaves has not gone out, and proves no play."""

listening = typer.Typer(
    help="What was heard: run its rules again, make its totals anew.", no_args_is_help=True
)
app.add_typer(listening, name="listening")


@app.command()
def demo(
    reset: Annotated[bool, typer.Option(help="Forget what the last demo did and start over.")] = False,
) -> None:
    """Run the whole product with demo people, real beats, a stand-in for Stripe and a stranger's site."""
    os.environ["FLEXAPP_ENV"] = "demo"
    settings = _settings()
    from flexapp.demo.supervisor import run

    raise typer.Exit(run(settings, reset=reset))


@app.command()
def serve() -> None:
    """Serve the product; on SQLite the worker runs inside."""
    server(_settings(), "flexapp.wsgi:application").serve()


def server(settings: Settings, target: str) -> Any:
    """The HTTP server around a WSGI app, as we run it."""
    from granian.constants import Interfaces
    from granian.http import HTTP1Settings
    from granian.server import Server

    processes = 1 if settings.is_sqlite else settings.serve_processes
    return Server(
        target,
        address=settings.host,
        port=settings.port,
        interface=Interfaces.WSGI,
        workers=processes,
        blocking_threads=settings.serve_threads,
        backlog=2048,
        http1_settings=HTTP1Settings(max_buffer_size=_SEND_BUFFER),
        respawn_failed_workers=True,
        workers_kill_timeout=10,
        log_access=False,
        log_level=_granian_level(settings),
    )


@app.command()
def work() -> None:
    """Run the worker as a process of its own (PostgreSQL only)."""
    settings = _settings()
    if settings.is_sqlite:
        _stop(
            "On SQLite the worker runs inside `flexapp serve`: "
            "set FLEXAPP_DATABASE_URL to PostgreSQL to split it."
        )
    from flexapp.app import build_services
    from flexapp.worker.runtime import run_until_told

    run_until_told(build_services(settings))


@app.command()
def migrate() -> None:
    """Bring the database to the newest schema; data is kept."""
    from flexapp import migrations
    from flexapp.storage.session import Database

    database = Database(_settings().database_url)
    waiting = migrations.pending(database)
    migrations.upgrade(database)
    print(f"Applied {len(waiting)} of {len(waiting)} migrations." if waiting else "The schema is up to date.")


@app.command()
def doctor() -> None:
    """Check database, migrations, objects, Stripe, Redis, mail and audio; say how to mend what fails."""
    from flexapp.doctor import examine

    checks = examine(_settings())
    for check in checks:
        print(f"{'ok  ' if check.is_fine else 'FAIL'}  {check.name:<12} {check.finding}")
        if not check.is_fine:
            print(f"      {'':<12} → {check.mend}")
    raise typer.Exit(0 if all(check.is_fine for check in checks) else 1)


@app.command()
def domain(
    host: Annotated[
        str, typer.Argument(help="A host name that owners of apps name, such as beats.kaito.example")
    ],
    confirm: Annotated[
        str, typer.Option(help="The app whose TXT record was seen: it answers from now on")
    ] = "",
) -> None:
    """Show who names a host for an app and the TXT record that proves it; confirm the one that was seen."""
    from flexapp.apps import hosting, queries, shown
    from flexapp.kernel.clock import SystemClock
    from flexapp.storage.session import Database

    shown.install()
    database = Database(_settings().database_url)
    try:
        with database.writing() as session:
            if confirm:
                chosen = queries.app_by_id(session, confirm)
                if chosen is None:
                    _stop(f"There is no app {confirm}.")
                hosting.confirm_domain(session, chosen, host, now=SystemClock().now())
            claims = queries.domains_named(session, host)
            apps = queries.apps_by_ids(session, [claim.app_id for claim in claims])
            for claim in claims:
                state = (
                    f"answers since {claim.proven_at:%Y-%m-%d}" if claim.proven_at else "waits for its proof"
                )
                print(f"{claim.app_id}  {apps[claim.app_id].name}: {state}")
                print(f"  TXT {claim.record_name} {claim.record_value}")
    finally:
        database.close()
    if not claims:
        print(f"No app names {host}.")


@listening.command("rebuild")
def rebuild_listening() -> None:
    """Make all totals of listening anew, from sealed days and raw rows; the result is the same."""
    settings = _settings()
    from flexapp.gateways.objects import objects_from
    from flexapp.kernel.clock import SystemClock
    from flexapp.listening.columns import Mirror
    from flexapp.listening.rebuilding import rebuild
    from flexapp.storage.session import Database

    database = Database(settings.database_url)
    try:
        mirror = Mirror(objects_from(settings), settings.home / "sealed")
        done = rebuild(database, mirror, now=SystemClock().now(), raw_days=settings.raw_days)
    finally:
        database.close()
    print(f"{done.rows} rows since {done.since}, {done.sealed_days} days from sealed files.")


@listening.command()
def judge(
    days: Annotated[int, typer.Option(min=1, max=31, help="How many days back, today included.")] = 30,
) -> None:
    """Run the rules over many plays again, after a change of rules or limits; the totals follow."""
    from urllib.parse import urlsplit

    from flexapp.kernel.clock import SystemClock
    from flexapp.listening.judging import judge_days
    from flexapp.storage.session import Database

    settings = _settings()
    database = Database(settings.database_url)
    try:
        done = judge_days(
            database,
            limits=settings.play_limits,
            own_host=urlsplit(settings.base_url).netloc,
            now=SystemClock().now(),
            days=min(days, settings.raw_days),
        )
    finally:
        database.close()
    for day in done:
        if day.doubted or day.changed:
            print(f"{day.day}  {day.doubted} plays wait, {day.changed} decided again")
    print(f"Judged {len(done)} days.")


@app.command(hidden=True)
def assets() -> None:
    """Build scripts and styles."""
    from flexapp import assets as bundles

    bundles.build()


def main() -> None:
    """Run the command; what is wrong with the settings is one line, not a traceback."""
    try:
        app()
    except FlexAppError as problem:
        _stop(problem.message)


def _settings() -> Settings:
    try:
        return Settings()
    except ValidationError as problem:
        first = problem.errors(include_url=False, include_input=False)[0]
        name = "FLEXAPP_" + "_".join(str(part) for part in first["loc"]).upper()
        _stop(f"{name}: {first['msg']}.")


def _granian_level(settings: Settings) -> Any:
    from granian.log import LogLevels

    return LogLevels.error if settings.env.value == "demo" else LogLevels.info


def _stop(message: str) -> NoReturn:
    print(message, file=sys.stderr)
    raise SystemExit(2)


if __name__ == "__main__":
    main()
