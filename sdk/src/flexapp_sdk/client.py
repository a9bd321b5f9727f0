"""The client: a token, an address, and the tree of resources."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, Self

from requests.adapters import BaseAdapter

from flexapp_sdk import _protocol
from flexapp_sdk._protocol import Call, Incoming
from flexapp_sdk._retry import RetryPolicy
from flexapp_sdk._transport import Progress, Transport
from flexapp_sdk.errors import TransportError
from flexapp_sdk.models import Me
from flexapp_sdk.resources.apps import Apps
from flexapp_sdk.resources.earnings import Earnings
from flexapp_sdk.resources.insights import Insights
from flexapp_sdk.resources.license_types import LicenseTypes
from flexapp_sdk.resources.orders import Orders
from flexapp_sdk.resources.placements import Placements
from flexapp_sdk.resources.tokens import Tokens
from flexapp_sdk.resources.tracks import Tracks

DEFAULT_BASE_URL = "http://127.0.0.1:8000"


class FlexApp:
    """Configure flex apps and read earnings.

    ``token`` and ``base_url`` default to $FLEXAPP_TOKEN and $FLEXAPP_BASE_URL (else the demo's
    address). ``timeout`` is in seconds, for connecting and between two pieces of an answer.
    ``adapter`` is a requests transport adapter, for proxies and tests. A context manager;
    one client may be used by one thread at a time.
    """

    def __init__(
        self,
        token: str | None = None,
        *,
        base_url: str | None = None,
        timeout: float = 60.0,
        retry: RetryPolicy | None = None,
        adapter: BaseAdapter | None = None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        checked = _protocol.check_token(token if token is not None else os.environ.get("FLEXAPP_TOKEN"))
        address = base_url or os.environ.get("FLEXAPP_BASE_URL") or DEFAULT_BASE_URL
        self._base_url = _protocol.check_base_url(address)
        self._transport = Transport(checked, timeout=timeout, adapter=adapter)
        self._retry = retry or RetryPolicy()
        self._sleep = sleep
        self.tracks = Tracks(self)
        self.license_types = LicenseTypes(self)
        self.apps = Apps(self)
        self.placements = Placements(self)
        self.orders = Orders(self)
        self.earnings = Earnings(self)
        self.insights = Insights(self)
        self.tokens = Tokens(self)

    @property
    def base_url(self) -> str:
        """The address of the server."""
        return self._base_url

    def me(self) -> Me:
        """The person whose token this is."""
        return Me.model_validate(self.request(Call("GET", "/me")))

    def request(self, call: Call, *, progress: Progress | None = None) -> Any:
        """Send a call, again where the rules allow it, and read its JSON; raises the named error."""
        call = _protocol.with_key(call)
        outgoing = _protocol.build(call, self._base_url)
        tried = 0
        while True:
            tried += 1
            reply: Incoming | None = None
            failure: TransportError | None = None
            wanted: float | None = None
            try:
                reply = self._transport.send(outgoing, progress)
                wanted = _protocol.retry_after(reply.headers, datetime.now(UTC))
            except TransportError as error:
                failure = error
            wait = self._retry.wait(tried, status=reply.status if reply else None, retry_after=wanted)
            if wait is not None:
                self._sleep(wait)
                continue
            if reply is None:
                assert failure is not None
                raise failure
            if call.method == "DELETE" and reply.status == 404 and tried > 1:
                return None  # an earlier try arrived: it is gone, as was asked
            return _protocol.read(reply, is_upload=call.upload is not None)

    def pause(self, seconds: float) -> None:
        """Wait, by the clock that the client was given."""
        self._sleep(seconds)

    def close(self) -> None:
        """Let go of the connections."""
        self._transport.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"FlexApp(base_url={self._base_url!r})"
