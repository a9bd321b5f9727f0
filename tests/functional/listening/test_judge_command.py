"""Limits are a setting, the command runs the rules again, and only documents that are shown are loads."""

from __future__ import annotations

import pytest
from flask.testing import FlaskClient
from pydantic import ValidationError
from typer.testing import CliRunner

from flexapp import cli
from flexapp.config import Settings
from flexapp.kernel.clock import FixedClock, SystemClock
from tests.factories.listening import CHROME
from tests.factories.plays import hear
from tests.functional.listening.conftest import Scene


def test_the_command_follows_the_limits_of_the_setting(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = scene.services.clock
    assert isinstance(clock, FixedClock)
    clock.moment = SystemClock().now()
    for _ in range(3):
        hear(scene.services, scene.beat, at=clock.moment, visitor=None, app_id=scene.app.id)
    scene.settle()
    monkeypatch.setenv("FLEXAPP_DATABASE_URL", scene.services.settings.database_url)

    def judged(limits: str) -> int:
        monkeypatch.setenv("FLEXAPP_PLAY_LIMITS", limits)
        done = CliRunner().invoke(cli.app, ["listening", "judge", "--days", "2"])
        assert done.exit_code == 0, done.output
        assert "Judged 2 days." in done.output
        return scene.counts(app_ids=[scene.app.id]).plays

    assert judged("{}") == 3
    assert judged('{"keyless_least": 2}') == 0
    assert judged("{}") == 3


def test_a_limit_that_does_not_exist_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FLEXAPP_PLAY_LIMITS", '{"visitor_hours": 2}')
    with pytest.raises(ValidationError, match="visitor_hours"):
        Settings()


def test_only_documents_that_somebody_sees_are_loads(scene: Scene, client: FlaskClient) -> None:
    path = f"/embed/v1/{scene.app.id}?k={scene.placement.key}"
    shown = {"User-Agent": CHROME, "Sec-Fetch-Dest": "iframe"}
    assert client.head(path, headers=shown).status_code == 200
    client.get(path, headers={**shown, "Sec-Purpose": "prefetch"})
    client.get(path, headers={**shown, "User-Agent": "Twitterbot/1.0"})
    client.get(path, headers={"User-Agent": CHROME, "Sec-Fetch-Dest": "document"})
    client.get(path, headers=shown)
    scene.settle()
    assert scene.counts(app_ids=[scene.app.id]).loads == 1
