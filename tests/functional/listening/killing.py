"""Players that report without end, whatever happens to the server."""

from __future__ import annotations

import http.client
import itertools
import json
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field

from flexapp.kernel.clock import SystemClock
from flexapp.kernel.signing import Signer
from flexapp.listening import sessions
from tests.factories.listening import CHROME, PATH

CLIENTS = 12
EVENTS_PER_TOKEN = 125
EVENTS_AT_MOST = 4500  #: of one network, since the door takes 6000 a minute
_AGAIN_SECONDS = 0.05


@dataclass
class Load:
    """Players that report until the server is gone or they are told to stop.

    ``stubborn`` ones report again until they are answered, as players do whose server comes back.
    """

    port: int
    signer: Signer
    track_id: str
    at_once: int = 1  #: events of one report, each of another play
    proxied: bool = False  #: each session comes from a network of its own, told by a proxy
    stubborn: bool = False
    pause: float = 0.0  #: seconds of a player between two reports
    acknowledged: set[str] = field(default_factory=set)
    unanswered: list[tuple[list[str], str]] = field(default_factory=list)
    again: int = 0  #: reports that had to be made once more
    _is_over: threading.Event = field(default_factory=threading.Event)
    _networks: Iterator[int] = field(default_factory=itertools.count)

    def run(self) -> list[threading.Thread]:
        """Start the players."""
        threads = [threading.Thread(target=self._report) for _ in range(CLIENTS)]
        for thread in threads:
            thread.start()
        return threads

    @contextmanager
    def running(self) -> Iterator[None]:
        """Stubborn players report meanwhile; in the end each report of theirs is answered."""
        threads = self.run()
        try:
            yield
        finally:
            self._is_over.set()
            for thread in threads:
                thread.join(60)
        assert not any(thread.is_alive() for thread in threads), "a report is not answered for a minute"

    def _report(self) -> None:
        left = EVENTS_AT_MOST // CLIENTS // EVENTS_PER_TOKEN
        while not self._is_over.is_set() and (self.proxied or left):
            left -= 1
            network = next(self._networks) if self.proxied else 0
            with closing(http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)) as connection:
                token = self._token()
                for _ in range(EVENTS_PER_TOKEN // self.at_once):
                    plays = [str(uuid.uuid4()) for _ in range(self.at_once)]
                    events = [{"p": play, "n": 0, "k": "s", "b": self.track_id, "at": 0} for play in plays]
                    body = json.dumps({"v": 1, "s": token, "e": events})
                    if not self._is_told(connection, plays, body, network=network):
                        return
                    if self._is_over.wait(self.pause):
                        return

    def _is_told(
        self, connection: http.client.HTTPConnection, plays: list[str], body: str, *, network: int
    ) -> bool:
        """Report, again and again when stubborn; whether the server lives."""
        while True:
            try:
                status = post(connection, body, network=network)
            except (OSError, http.client.HTTPException):
                connection.close()
                if not self.stubborn:
                    self.unanswered.append((plays, body))
                    return False
                status = 0
            if status == 204:
                self.acknowledged.update(plays)
            if status == 204 or not self.stubborn:
                return True
            self.again += 1
            time.sleep(_AGAIN_SECONDS)

    def _token(self) -> str:
        return sessions.mint(
            self.signer,
            app_id="",
            placement_id="",
            channel="direct",
            host="blog.example",
            now=SystemClock().now(),
        )


def post(connection: http.client.HTTPConnection, body: str, *, network: int = 0) -> int:
    """Report once; returns the status."""
    told = {
        "User-Agent": CHROME,
        "Content-Type": "text/plain",
        "X-Forwarded-For": f"10.{network // 250}.{network % 250}.7",
    }
    connection.request("POST", PATH, body, told)
    answer = connection.getresponse()
    answer.read()
    return answer.status
