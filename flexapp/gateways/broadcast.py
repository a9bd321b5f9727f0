"""Revisions by Redis: a process that changed what is shown rings, and the others ask the database at once.

The message is only a bell: what changed is always read from the database, so a forged or lost message does
no harm, and without Redis every process asks by itself soon enough.
"""

from __future__ import annotations

import logging
import threading
import time
import weakref

import redis
from redis.exceptions import RedisError

from flexapp.storage.revisions import revisions_of
from flexapp.storage.session import Database

CHANNEL = "flexapp:revision"
_TIMEOUT_SECONDS = 0.3  #: a commit waits no longer than that for Redis
_QUIET_SECONDS = 5.0  #: after trouble
_LOOK_SECONDS = 1.0
log = logging.getLogger(__name__)


class Broadcast:
    """Rings after each commit of this process, and listens to the others."""

    def __init__(self, url: str, database: Database) -> None:
        self._redis = redis.Redis.from_url(
            url, socket_connect_timeout=_TIMEOUT_SECONDS, socket_timeout=_TIMEOUT_SECONDS
        )
        self._quiet_until = 0.0
        database.on_raised.append(self._ring)
        threading.Thread(
            target=_listen, args=(url, weakref.ref(database)), name="revisions", daemon=True
        ).start()

    def _ring(self, number: int, _subjects: frozenset[str]) -> None:
        if time.monotonic() < self._quiet_until:
            return
        try:
            self._redis.publish(CHANNEL, number)
        except (RedisError, OSError):
            self._quiet_until = time.monotonic() + _QUIET_SECONDS
            log.warning("Redis was not told of a revision", exc_info=True)


def connect(url: str, database: Database) -> None:
    """Ring and listen for a database; once, and not at all without an address."""
    if url and Broadcast not in database.kept:
        database.kept[Broadcast] = Broadcast(url, database)


def _listen(url: str, to: weakref.ref[Database]) -> None:
    pause = threading.Event()
    while to() is not None:
        try:
            with (
                redis.Redis.from_url(url, socket_connect_timeout=_TIMEOUT_SECONDS) as client,
                client.pubsub(ignore_subscribe_messages=True) as heard,
            ):
                heard.subscribe(CHANNEL)
                while (database := to()) is not None:
                    revisions_of(database).ring()  # also after coming back: something may be missed
                    del database
                    while heard.get_message(timeout=_LOOK_SECONDS) is None and to() is not None:
                        pass
        except (RedisError, OSError):
            pause.wait(_LOOK_SECONDS)
