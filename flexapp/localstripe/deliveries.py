"""Sends webhooks in the background, signed like Stripe's, after the answer to what caused them.

The signature is ``t=<seconds>,v1=<HMAC-SHA-256 of "t.body">``
(https://docs.stripe.com/webhooks#verify-manually), made anew for each try with the machine's
time, since it guards the transport and not the story that the account's clock tells.
"""

from __future__ import annotations

import hashlib
import heapq
import hmac
import http.client
import json
import random
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlsplit

from flexapp.localstripe import chaos, events
from flexapp.localstripe.account import Account

_TIMEOUT_SECONDS = 10.0
_FIRST_PAUSE = 0.5
_LONGEST_PAUSE = 3600.0
_MAX_ATTEMPTS = 90  # about three days, as Stripe tries in live mode
_PARALLEL = 4
_LOOK_SECONDS = 0.02


def sign(secret: str, body: bytes, moment: int) -> str:
    """The Stripe-Signature header of a body."""
    mac = hmac.new(secret.encode(), b"%d." % moment + body, hashlib.sha256).hexdigest()
    return f"t={moment},v1={mac}"


class Deliveries:
    """The sender's thread: a heap of (when, tie, delivery), and a few hands to post."""

    def __init__(self, account: Account) -> None:
        self._account = account
        self._heap: list[tuple[float, float, int]] = []
        self._busy = 0
        self._changed = threading.Condition()
        self._is_stopping = False
        self._hands = ThreadPoolExecutor(_PARALLEL, thread_name_prefix="localstripe-send")
        self._thread = threading.Thread(target=self._run, name="localstripe-deliveries", daemon=True)

    def start(self) -> None:
        """Begin with what an earlier process left."""
        rows = self._account.state.rows("SELECT id FROM delivery WHERE state = 'pending'")
        self.send([row["id"] for row in rows])
        self._thread.start()

    def stop(self) -> None:
        """Let what is on its way arrive, and keep the rest for the next start."""
        with self._changed:
            self._is_stopping = True
            self._changed.notify_all()
        self._thread.join()
        self._hands.shutdown(wait=True)

    def send(self, deliveries: list[int]) -> None:
        """Send deliveries by the switches that are on."""
        switches = chaos.read(self._account.state)
        for delivery in deliveries:
            if switches.drop and random.random() < switches.drop:  # noqa: S311
                self._settle(delivery, "dropped", "lost by the switch")
                continue
            for _ in range(1 + switches.duplicate):
                within = random.uniform(0, switches.shuffle) if switches.shuffle else 0.0  # noqa: S311
                self._schedule(delivery, switches.delay + within)

    def redeliver(self, event_id: str) -> int:
        """Send an event once more to each present endpoint; returns to how many."""
        endpoints = self._account.state.newest("webhook_endpoint")
        made = []
        for endpoint in endpoints:
            row = self._account.state.rows(
                "INSERT INTO delivery (event_id, endpoint_id, state) VALUES (?, ?, 'pending') RETURNING id",
                event_id,
                endpoint["id"],
            )
            made.append(int(row[0]["id"]))
            self._schedule(made[-1], 0.0)
        return len(made)

    def settle(self, seconds: float = 10.0) -> bool:
        """Wait until nothing is on its way, waits, or is just being told; False after ``seconds``."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            with self._changed:
                is_calm = not self._busy and not self._heap
            # Deliveries are written before the answer that they follow, and scheduled after it.
            if is_calm and not self._account.state.rows("SELECT 1 FROM delivery WHERE state = 'pending'"):
                return True
            with self._changed:
                self._changed.wait(_LOOK_SECONDS)
        return False

    def forget(self) -> None:
        """Send nothing of what waits."""
        with self._changed:
            self._heap.clear()
            self._changed.notify_all()
        self._account.state.rows("UPDATE delivery SET state = 'failed' WHERE state = 'pending'")

    def _schedule(self, delivery: int, seconds: float) -> None:
        with self._changed:
            # Equal moments leave in the order of their events.
            heapq.heappush(self._heap, (time.monotonic() + seconds, delivery, delivery))
            self._changed.notify_all()

    def _run(self) -> None:
        while True:
            with self._changed:
                while not self._is_stopping and (not self._heap or self._heap[0][0] > time.monotonic()):
                    wait = self._heap[0][0] - time.monotonic() if self._heap else None
                    self._changed.wait(wait)
                if self._is_stopping:
                    return
                delivery = heapq.heappop(self._heap)[2]
                self._busy += 1
            self._hands.submit(self._deliver, delivery)

    def _deliver(self, delivery: int) -> None:
        try:
            self._post(delivery)
        finally:
            with self._changed:
                self._busy -= 1
                self._changed.notify_all()

    def _post(self, delivery: int) -> None:
        state = self._account.state
        rows = state.rows("SELECT * FROM delivery WHERE id = ?", delivery)
        if not rows:
            return
        row = rows[0]
        endpoint = state.find(row["endpoint_id"], "webhook_endpoint")
        event = state.find(row["event_id"], "event")
        if endpoint is None or event is None:
            return
        body = json.dumps(events.with_pending(self._account, event), indent=2).encode()
        signature = sign(events.secret_of(self._account, endpoint["id"]), body, int(time.time()))
        try:
            status = _post(endpoint["url"], body, signature)
            answer = f"HTTP {status}"
        except (OSError, http.client.HTTPException) as problem:
            status, answer = 0, f"{type(problem).__name__}: {problem}"
        if 200 <= status < 300:
            self._settle(delivery, "taken", answer)
            return
        attempts = row["attempts"] + 1
        if attempts >= _MAX_ATTEMPTS:
            self._settle(delivery, "failed", answer)
            return
        self._settle(delivery, "pending", answer)
        self._schedule(delivery, min(_FIRST_PAUSE * 2 ** min(row["attempts"], 20), _LONGEST_PAUSE))

    def _settle(self, delivery: int, result: str, answer: str) -> None:
        # A copy that arrives late must not undo what its twin achieved.
        self._account.state.rows(
            "UPDATE delivery SET attempts = attempts + 1, answer = ?,"
            " state = CASE WHEN state = 'taken' THEN 'taken' ELSE ? END WHERE id = ?",
            answer[:200],
            result,
            delivery,
        )


def _post(url: str, body: bytes, signature: str) -> int:
    parts = urlsplit(url)
    kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    connection = kind(parts.netloc, timeout=_TIMEOUT_SECONDS)
    headers = {
        "Content-Type": "application/json; charset=utf-8",
        "Stripe-Signature": signature,
        "User-Agent": "Stripe/1.0 (stand-in on this machine)",
    }
    try:
        connection.request(
            "POST", (parts.path or "/") + (f"?{parts.query}" if parts.query else ""), body, headers
        )
        response = connection.getresponse()
        response.read()
        return response.status
    finally:
        connection.close()
