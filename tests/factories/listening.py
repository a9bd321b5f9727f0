"""Listeners: browsers that load a player, fetch its preview and report what they hear, all by HTTP."""

from __future__ import annotations

import json
import uuid
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from flask.testing import FlaskClient
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from flexapp.apps.models import Channel, FlexApp, Placement
from flexapp.catalog.models import Track
from flexapp.kernel.clock import FixedClock
from flexapp.listening import deliveries, loads, sessions
from flexapp.listening.adding import add_rows
from flexapp.listening.ingest import ingest_of
from flexapp.listening.names import numbers_of
from flexapp.listening.pieces import pieces_of
from flexapp.listening.rollups import COUNTERS, HourlyTotal, Played, TrackTotal, hour_number
from flexapp.listening.sessions import SessionClaims
from flexapp.listening.upkeep import fold_listens
from flexapp.workflows.services import Services

CHROME = (
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36"
)
IPHONE = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) "
    "Version/17.5 Mobile/15E148 Safari/604.1"
)
PATH = "/api/v1/listens"


class Listener:
    """One player open in one browser: a session token, the page's clock, and numbered events."""

    def __init__(
        self,
        client: FlaskClient,
        services: Services,
        *,
        app: FlexApp | None = None,
        placement: Placement | None = None,
        channel: str = Channel.DIRECT,
        host: str = "blog.example",
        agent: str = CHROME,
        address: str = "203.0.113.7",
        flags: Sequence[str] = (),
        layout: str = "",
        headers: dict[str, str] | None = None,
        is_served: bool = True,
    ) -> None:
        self._client = client
        self._services = services
        self.agent = agent
        self.address = address
        self.headers = headers or {}
        self.is_served = is_served  #: whether previews really go out
        self.consent: bool | None = None  #: what the page said of it
        self.clock_is_off_ms = 0.0  #: the page's clock, against ours
        self.clock_stands = False
        self.token = sessions.mint(
            services.signer,
            app_id=app.id if app else "",
            placement_id=placement.id if placement else "",
            channel=placement.channel if placement else channel,
            host=host,
            now=services.clock.now(),
            flags=flags,
            layout=layout,
        )
        claims = sessions.read(services.signer, self.token, services.clock.now())
        assert claims is not None
        self.claims: SessionClaims = claims
        loads.record(ingest_of(services.database), claims)
        self._numbers: dict[str, int] = {}

    def fetch(self, track: Track, seconds: float, *, start: float = 0) -> None:
        """The preview's bytes of so many seconds go out, from the beginning or from later on."""
        first, past = int(start * 16_000), int((start + seconds) * 16_000)
        pieces = pieces_of(first, past, size=(track.duration_ms or 0) * 16)
        deliveries.record(self._services, self.claims, track.id, past - first, pieces)

    def event(self, play: str, track: Track | None, kind: str, **fields: Any) -> dict[str, Any]:
        """The next event of a play, at this moment of the page's clock."""
        number = self._numbers.get(play, 0)
        self._numbers[play] = number + 1
        passed = self._services.clock.now() - self.claims.minted_at
        at = 0.0 if self.clock_stands else passed / timedelta(milliseconds=1) + self.clock_is_off_ms
        event: dict[str, Any] = {"p": play, "n": number, "k": kind, "at": at}
        if track is not None:
            event["b"] = track.id
            if track.duration_ms:
                event["d"] = track.duration_ms / 1000
        return {**event, **fields}

    def send(self, events: Sequence[dict[str, Any]], **options: Any) -> TestResponse:
        """Report events in one body."""
        said = {} if self.consent is None else {"c": self.consent}
        body = json.dumps({"v": 1, "s": self.token, **said, "e": list(events)})
        return self.post(body, **options)

    def post(self, body: str | bytes, **options: Any) -> TestResponse:
        """Any body, as this browser."""
        return self._client.post(
            PATH,
            data=body,
            content_type="text/plain;charset=UTF-8",
            headers={"User-Agent": self.agent, **self.headers},
            environ_base={"REMOTE_ADDR": self.address},
            **options,
        )

    def hear(self, track: Track, *spans: tuple[float, float], every: float = 10.0) -> str:
        """Play the spans, a report every ten seconds of the test's clock; returns the play."""
        play = str(uuid.uuid4())
        for body in self.script(track, *spans, every=every, play=play):
            assert self.send(body).status_code == 204
        return play

    def begin(self, track: Track) -> str:
        """Start a play and report it; returns the play."""
        play = str(uuid.uuid4())
        if self.is_served:
            self.fetch(track, (track.duration_ms or 0) / 1000)
        assert self.send([self.event(play, track, "s")]).status_code == 204
        return play

    def go_on(self, play: str, track: Track, start: float, end: float) -> None:
        """Hear more of a play while the test's clock moves on, and report it."""
        clock = self._services.clock
        assert isinstance(clock, FixedClock)
        clock.advance(timedelta(seconds=end - start))
        self.tell(play, track, start, end)

    def tell(self, play: str, track: Track, start: float, end: float) -> None:
        """Report more of a play at this moment."""
        assert self.send([self.event(play, track, "h", iv=[[start, end]])]).status_code == 204

    def script(
        self, track: Track, *spans: tuple[float, float], every: float = 10.0, play: str | None = None
    ) -> list[list[dict[str, Any]]]:
        """The bodies that hearing the spans makes, unsent; the test's clock moves on meanwhile."""
        clock = self._services.clock
        assert isinstance(clock, FixedClock)
        play = play or str(uuid.uuid4())
        if self.is_served:
            self.fetch(track, (track.duration_ms or 0) / 1000)
        bodies = [[self.event(play, track, "s")]]
        for start, end in spans:
            at = start
            while at < end:
                to = min(at + every, end)
                clock.advance(timedelta(seconds=to - at))
                bodies.append([self.event(play, track, "h", iv=[[at, to]])])
                at = to
        bodies[-1].append(self.event(play, track, "e"))
        return bodies


def make_total(
    session: Session,
    *,
    hour: datetime,
    app_id: str = "",
    placement_id: str = "",
    channel: str = Channel.DIRECT,
    track_id: str = "",
    **counters: int,
) -> None:
    """Counters of an hour in the roll-ups by app and by track, as if they had been folded."""
    number = numbers_of(session, {app_id, placement_id, str(channel), track_id})
    app, track, rest = number[app_id], number[track_id], (number[placement_id], number[str(channel)])
    sums = tuple(counters.get(name, 0) for name in COUNTERS)
    add_rows(session, Played, [(app, track)])
    add_rows(session, HourlyTotal, [(app, hour_number(hour), *rest, *sums)])
    add_rows(session, TrackTotal, [(app, track, hour_number(hour), *rest, *sums)])


def settle(services: Services) -> None:
    """Everything that was reported is stored and folded."""
    ingest_of(services.database).flush()
    fold_listens(services)
