"""Starts the stand-in on loopback, threaded, and stops it again."""

from __future__ import annotations

import ipaddress
import socket
import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from werkzeug.serving import WSGIRequestHandler, make_server

from flexapp.errors import FlexAppError
from flexapp.localstripe import chaos
from flexapp.localstripe.account import Account
from flexapp.localstripe.app import LocalStripe
from flexapp.localstripe.deliveries import Deliveries
from flexapp.localstripe.state import State


class StandInRefused(FlexAppError):
    """The stand-in for Stripe must not run here."""

    code = "stand_in_refused"


class _Quiet(WSGIRequestHandler):
    """Says nothing on the console."""

    def log(self, type: str, message: str, *args: Any) -> None:  # noqa: A002
        pass


class Server:
    """A running stand-in."""

    def __init__(self, host: str, port: int, state_path: Path | None) -> None:
        door = socket.create_server((host, port))  # werkzeug's own would end the process when it is taken
        self.account = Account(State(state_path), "")
        chaos.write(self.account.state, chaos.from_environment())
        self.deliveries = Deliveries(self.account)
        app = LocalStripe(self.account, self.deliveries)
        self._server = make_server(host, port, app, threaded=True, request_handler=_Quiet, fd=door.fileno())
        bound = door.getsockname()[1]
        door.close()
        self.url = f"http://{host}:{bound}"
        self.account.address = self.url
        self._thread = threading.Thread(target=self._server.serve_forever, name="localstripe", daemon=True)
        self.deliveries.start()
        self._thread.start()

    def follow(self, now: Callable[[], datetime] | None) -> None:
        """Take the time from a test's clock, or from the machine again with None."""
        self.account.follow(now)

    def advance(self, span: timedelta) -> None:
        """Move the clock forward."""
        self.account.advance(span)

    def reset(self) -> None:
        """Forget everything, as for a fresh test; violations seen so far stay."""
        self.deliveries.forget()
        self.deliveries.settle()
        self.account.state.forget_everything()
        self.account.follow(None)

    def settle(self, seconds: float = 10.0) -> bool:
        """Wait until every webhook has arrived or is given up; False after ``seconds``."""
        return self.deliveries.settle(seconds)

    @property
    def violations(self) -> list[str]:
        """What did not conform to the stripe SDK's types, and what is not implemented, since the start."""
        lacking = [f"{name} is not implemented" for name in self.account.not_implemented]
        return [*self.account.violations, *lacking]

    def stop(self) -> None:
        """Answer what runs, then let go of port and state."""
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()
        self.deliveries.stop()
        self.account.state.close()


def start(*, host: str = "127.0.0.1", port: int = 0, state_path: Path | None = None, env: str = "") -> Server:
    """Start it; port 0 takes a free one, no path keeps the state in memory.

    Raises StandInRefused in production and on an address that others can reach.
    """
    if env == "production":
        raise StandInRefused("The stand-in for Stripe does not run in production.")
    if not _is_loopback(host):
        raise StandInRefused(
            f"The stand-in for Stripe listens on loopback only, not on {host}: use 127.0.0.1."
        )
    return Server(host, port, state_path)


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(socket.gethostbyname(host)).is_loopback
    except (OSError, ValueError):
        return False
