"""The one account of the stand-in: its state, its clock, its address, and the events it tells."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, cast

from flexapp.localstripe import conformity
from flexapp.localstripe.state import State, Thing, new_id


@dataclass
class Request:
    """What is known of the API request that causes events."""

    id: str | None = None
    idempotency_key: str | None = None
    told: list[int] = field(default_factory=list)  #: deliveries to send once the answer is out


class Account:
    """Shared by every endpoint and page; ``follow`` lets a test's clock drive it."""

    def __init__(self, state: State, address: str) -> None:
        self.state = state
        self.address = address
        self.violations: list[str] = []
        self.not_implemented: list[str] = []
        self._follow: Callable[[], datetime] | None = None
        self._local = threading.local()

    def follow(self, now: Callable[[], datetime] | None) -> None:
        """Take the time from elsewhere, or from the machine again."""
        self._follow = now

    @property
    def offset(self) -> float:
        """Seconds by which the clock was moved forward."""
        return float(self.state.setting("clock_offset", "0"))

    def advance(self, span: timedelta) -> None:
        """Move the clock forward."""
        self.state.set("clock_offset", str(self.offset + span.total_seconds()))

    def now(self) -> int:
        """Seconds since the epoch by this account's clock."""
        base = self._follow().timestamp() if self._follow else time.time()
        return int(base + self.offset)

    def moment(self) -> datetime:
        """The same as an aware moment."""
        return datetime.fromtimestamp(self.now(), UTC)

    @property
    def request(self) -> Request:
        """The request that this thread serves."""
        if not hasattr(self._local, "request"):
            self._local.request = Request()
        return cast(Request, self._local.request)

    @request.setter
    def request(self, request: Request) -> None:
        self._local.request = request

    def tell(self, kind: str, thing: Thing, previous: dict[str, Any] | None = None) -> None:
        """Make an event and its deliveries; they leave after the answer to the present request."""
        data: dict[str, Any] = {"object": thing}
        if previous is not None:
            data["previous_attributes"] = previous
        endpoints = self.state.newest("webhook_endpoint", lambda one: _listens(one, kind))
        event = {
            "id": new_id("evt"),
            "object": "event",
            "api_version": conformity.API_VERSION,
            "created": self.now(),
            "data": data,
            "livemode": False,
            "pending_webhooks": len(endpoints),
            "request": {"id": self.request.id, "idempotency_key": self.request.idempotency_key},
            "type": kind,
        }
        self.violations.extend(conformity.violations_of_event(event))
        self.state.put(event)
        for endpoint in endpoints:
            row = self.state.rows(
                "INSERT INTO delivery (event_id, endpoint_id, state) VALUES (?, ?, 'pending') RETURNING id",
                event["id"],
                endpoint["id"],
            )
            self.request.told.append(int(row[0]["id"]))


def _listens(endpoint: Thing, kind: str) -> bool:
    wanted = endpoint["enabled_events"]
    return endpoint["status"] == "enabled" and ("*" in wanted or kind in wanted)
