"""Whoever runs the server confirms the proof of a host name; first visitors at once make one placement."""

from __future__ import annotations

import threading

import pytest
from flask import Flask
from typer.testing import CliRunner

from flexapp import cli
from flexapp.apps import queries
from flexapp.apps.operations import set_domain
from flexapp.workflows.services import Services
from tests.factories.apps import make_app
from tests.factories.people import make_person

HOST = "beats.kaito.example"


@pytest.fixture
def claims(services: Services, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Two people name the same host for their apps; the apps' ids."""
    monkeypatch.setenv("FLEXAPP_DATABASE_URL", services.settings.database_url)
    now = services.clock.now()
    with services.database.writing() as session:
        apps = [make_app(session, make_person(session), name=name) for name in ("First", "Second")]
        for app in apps:
            set_domain(session, app, HOST, own_hosts=(), now=now)
        return [app.id for app in apps]


def test_claims_are_shown_confirmed_once_and_refused_to_others(services: Services, claims: list[str]) -> None:
    run = CliRunner().invoke
    shown = run(cli.app, ["domain", HOST]).output
    assert shown.count("waits for its proof") == 2
    assert shown.count(f"TXT _flexapp.{HOST} flexapp-app=") == 2
    confirmed = run(cli.app, ["domain", HOST, "--confirm", claims[1]])
    assert confirmed.exit_code == 0
    assert "Second: answers since" in confirmed.output
    refused = run(cli.app, ["domain", HOST, "--confirm", claims[0]])
    assert refused.exit_code != 0
    with services.database.reading() as session:
        app = queries.app_by_domain(session, HOST)
        assert app is not None
        assert app.id == claims[1]


def test_a_host_that_nobody_names_is_said(services: Services, claims: list[str]) -> None:
    run = CliRunner().invoke
    assert run(cli.app, ["domain", "nobody.example"]).output == "No app names nobody.example.\n"
    assert run(cli.app, ["domain", "nobody.example", "--confirm", claims[0]]).exit_code != 0
    assert run(cli.app, ["domain", HOST, "--confirm", "app_nothing"]).exit_code != 0


def test_first_visitors_at_once_make_one_placement(app: Flask, services: Services) -> None:
    with services.database.writing() as session:
        made = make_app(session, make_person(session), name="Busy")
    together = threading.Barrier(6)
    answers: list[int] = []

    def visit() -> None:
        client = app.test_client()
        together.wait()
        answers.append(client.get(f"/a/{made.slug}").status_code)

    visitors = [threading.Thread(target=visit) for _ in range(6)]
    for visitor in visitors:
        visitor.start()
    for visitor in visitors:
        visitor.join()
    assert answers == [200] * 6
    with services.database.reading() as session:
        assert len(queries.placements_of(session, made.id)) == 1
