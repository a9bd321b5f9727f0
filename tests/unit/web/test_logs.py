"""Secrets never get into the log."""

from contextlib import suppress

import pytest
import structlog
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from flexapp.config import Settings
from flexapp.storage.session import Database
from flexapp.web.logs import HIDDEN, hide_secrets, install


@pytest.mark.parametrize(
    "name",
    [
        *("password", "new_password", "api_token", "csrf_token", "Authorization", "Set-Cookie"),
        *("stripe_secret_key", "smtp_url", "database_url", "signature"),
    ],
)
def test_values_under_secret_names_are_hidden(name: str) -> None:
    assert hide_secrets(None, "info", {name: "value"}) == {name: HIDDEN}


@pytest.mark.parametrize(
    "text",
    [
        "token flx_abcdefghijklmnop was used",
        "key sk_test_local_flexapp1234",
        "whsec_abcdef1234 is set",
        "Authorization: Bearer abcdefgh.ijklmnop",
        "cannot reach smtp://user:hunter22@mail.example.com:587",
        "GET /reset/abcdefghijklmnopqrstuv",
        "GET /verify/abcdefghijklmnopqrstuv",
        "GET /change-email/abcdefghijklmnopqrstuv",
        "GET /orders/abcdefghijklmnopqrstuv",
        "POST /orders/abcdefghijklmnop-_qrstuv/cancel",
        "GET /embed/v1/orders/abcdefghijklmnopqrstuv",
        "GET /files/v1.abcdefgh.abcdefgh",
        "GET /a/night-drive?k=v1.abcdefgh.abcdefgh&theme=dark",
        "https://host.example/media/trk_1.mp3?s=v1.abcdefgh.abcdefgh",
        "DELETE /api/v1/listens/v2.abcdefgh.abcdefgh",
        "DETAIL:  Key (token)=(abcdefgh (1)) already exists.",
        "DETAIL:  Failing row contains (1, abcdefgh, null).",
    ],
)
def test_secrets_inside_texts_are_hidden(text: str) -> None:
    logged = hide_secrets(None, "info", {"event": text, "nested": {"detail": text}})
    for secret in ("abcdefgh", "hunter22", "flexapp1234"):
        assert secret not in str(logged)
    assert HIDDEN in logged["event"]


def test_the_rest_stays_readable() -> None:
    event = {"event": "answered", "route": "/reset/<token>", "status": 200, "request_id": "req_1"}
    assert hide_secrets(None, "info", dict(event)) == event


def test_version_numbers_stay_readable() -> None:
    event = {"event": "loader v1.2.3 and v1.0 in /embed/v1/orders", "path": "/api/v1/orders/itm"}
    assert hide_secrets(None, "info", dict(event)) == event


@pytest.mark.parametrize(
    "statement",
    [
        "INSERT INTO baton (name, owner, held_until) VALUES (:secret, :secret, :until)",
        "INSERT INTO baton (name, owner, held_until) VALUES (:secret, :secret, NULL)",
        "SELECT no_such_column FROM baton WHERE name = :secret AND owner <> :until",
    ],
)
def test_a_failed_statement_is_logged_without_its_values(
    database: Database, settings: Settings, capsys: pytest.CaptureFixture[str], statement: str
) -> None:
    values = {"secret": "swordfish of the buyer", "until": "2026-11-20 12:00:00"}
    install(settings)
    log = structlog.get_logger("test")

    def run() -> None:
        with database.writing() as session:
            session.execute(text(statement), values)

    with suppress(DBAPIError):
        run()
    with pytest.raises(DBAPIError) as failed:
        run()
    assert "swordfish" not in str(failed.value).partition("DETAIL")[0]
    log.error("crashed", path="/files/v1.swordfish.abcdefgh", exc_info=failed.value)
    logged = capsys.readouterr().err
    assert "crashed" in logged
    assert "baton" in logged
    assert "swordfish" not in logged
