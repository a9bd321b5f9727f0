"""The renewer: what changed is published again before anybody asks for it.

One thread of a serving process. It asks for revisions a little ahead of requests; what a revision takes
off the shelves it publishes again, what was asked for most comes first, and an app that was made or changed
gets its usual documents before its first visitor. Of changes in other processes it hears first, and then
the lane goes on with what it has until the new is there, so that nobody waits for a rendering. That ends
``LINGER_SECONDS`` after the question before, so always within that time of the change. Nothing else waits
for this thread: requests hear of revisions by themselves when it is late, and publish what is not there.
"""

from __future__ import annotations

import heapq
import logging
import threading
import time
from collections.abc import Iterable, Sequence
from typing import Any

from flask import Flask

from embed.press import LINGERS_UNTIL, Press, Wish
from embed.shelf import Key
from embed.subjects import PlayerGone
from flexapp.apps.queries import app_by_id, placements_of
from flexapp.kernel.ids import is_id
from flexapp.storage.revisions import EVERY_SECONDS, revisions_of
from flexapp.storage.session import Database
from flexapp.workflows.services import Services

MOST_WISHES = 400  #: what is asked for least is left to its next visitor
MOST_APPS = 200
PLACEMENTS_EACH = 4  #: the newest ones of an app that nobody asked for yet
AHEAD_SECONDS = EVERY_SECONDS / 2  #: between two questions
LINGER_SECONDS = 0.8  #: what changed leaves every player within a second
_LONGEST_REST = 0.1
log = logging.getLogger(__name__)


class Renewer:
    """Publishes again what was taken off; ``renew_one`` does one thing in the caller's thread."""

    def __init__(self, app: Flask, presses: Sequence[Press[Any]]) -> None:
        services: Services = app.extensions["flexapp"]
        self._app = app
        self._database: Database = services.database
        self._presses = presses
        self._wishes: dict[tuple[Press[Any], Key], Wish] = {}
        self._changed: dict[str, None] = {}
        self._lock = threading.Lock()
        self._woken = threading.Event()
        self._ended = threading.Event()
        self._thread: threading.Thread | None = None
        self._revisions = revisions_of(services.database)
        for press in presses:
            press.follow(self.want)
        self._revisions.tell(self._note_apps)
        self._rung = True
        self._lingers_until = 0.0

    def start(self) -> None:
        """Begin; until ``stop``, or the end of the process."""
        self._revisions.wake(self._hurry)
        self._thread = threading.Thread(target=self._run, name="renewer", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Finish what is being published and end."""
        self._ended.set()
        self._woken.set()
        if self._thread is not None:
            self._thread.join()

    def want(self, press: Press[Any], wishes: Iterable[Wish]) -> None:
        """Publish them soon; what is wanted least is left out when it is too much."""
        with self._lock:
            for wish in wishes:
                place = (press, wish.key)
                known = self._wishes.get(place)
                self._wishes[place] = wish if known is None else known | wish
            if len(self._wishes) > MOST_WISHES:
                most = heapq.nlargest(MOST_WISHES, self._wishes.items(), key=lambda each: each[1].times)
                self._wishes = dict(most)
        self._woken.set()

    def renew_one(self) -> bool:
        """Publish what is wanted most; False when there is nothing to do, or the database does not answer."""
        if not self.hear():
            return False
        self._welcome_apps()
        with self._lock:
            if not self._wishes:
                return False
            place = max(self._wishes, key=lambda each: self._wishes[each].times)
            press, wish = place[0], self._wishes.pop(place)
        try:
            with self._app.app_context(), self._database.reading() as session:
                is_kept = press.renew(session, wish)
        except PlayerGone:
            return True
        if not is_kept:  # it changed meanwhile
            self.want(press, [wish])
        return True

    def hear(self) -> bool:
        """Ask what changed, when it is time to; False when the database has not answered for long."""
        now = time.monotonic()
        before = self._revisions.asked
        if not self._rung and now - before < AHEAD_SECONDS:
            return True
        self._rung = False
        for press in self._presses:
            press.sweep()
        self._lingers_until = before + LINGER_SECONDS
        token = LINGERS_UNTIL.set(max(0.0, self._lingers_until))
        try:
            return self._revisions.ask_ahead()
        finally:
            LINGERS_UNTIL.reset(token)

    def _hurry(self) -> None:
        self._rung = True
        self._woken.set()

    def _run(self) -> None:
        while not self._ended.is_set():
            began = time.monotonic()
            self._woken.clear()
            try:
                is_busy = self.renew_one()
            except Exception:
                log.warning("something was not published again", exc_info=True)
                is_busy = False
            now = time.monotonic()
            if not is_busy:
                self._woken.wait(AHEAD_SECONDS)
            elif now > self._lingers_until:  # half of the time belongs to those who ask
                self._ended.wait(min(now - began, _LONGEST_REST))

    def _note_apps(self, subjects: frozenset[str]) -> None:
        with self._lock:
            for subject in subjects:
                if is_id(subject, "app") and len(self._changed) < MOST_APPS:
                    self._changed[subject] = None
        self._woken.set()

    def _welcome_apps(self) -> None:
        """Wish for the usual documents of apps that were made or changed."""
        with self._lock:
            changed, self._changed = self._changed, {}
        if not changed:
            return
        with self._database.reading() as session:
            for app_id in changed:
                app = app_by_id(session, app_id)
                if app is None:
                    continue
                newest = placements_of(session, app_id)[-PLACEMENTS_EACH:]
                for press in self._presses:
                    self.want(press, press.usual(app, newest))
