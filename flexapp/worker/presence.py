"""Which workers of this machine are alive: each holds a locked file, and the kernel lets go of the
lock when the process dies, however it dies."""

from __future__ import annotations

import fcntl
import os
import secrets
import socket
from collections.abc import Callable
from pathlib import Path


class Presence:
    """A worker's name and the lock that proves it alive."""

    def __init__(self, home: Path) -> None:
        self._folder = home / "workers"
        self._file: int | None = None
        self.owner = f"{socket.gethostname()[:40]}-{os.getpid()}-{secrets.token_hex(6)}"

    def hold(self) -> None:
        """Appear among the living; the file is locked before others can see it."""
        self._folder.mkdir(parents=True, exist_ok=True)
        unseen = self._folder / f"{self.owner}.new"
        self._file = os.open(unseen, os.O_CREAT | os.O_RDWR, 0o600)
        fcntl.flock(self._file, fcntl.LOCK_EX)
        unseen.rename(self._path())

    def leave(self) -> None:
        """Disappear; nothing was left behind."""
        if self._file is not None:
            self._path().unlink(missing_ok=True)
            os.close(self._file)
            self._file = None

    def bury(self, release: Callable[[str], None]) -> list[str]:
        """Call ``release`` with the name of each worker that died here; returns the names."""
        dead = []
        for path in sorted(self._folder.glob("*.lock")):
            if path == self._path():
                continue
            try:
                file = os.open(path, os.O_RDWR)
            except FileNotFoundError:
                continue
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                continue
            else:
                release(path.stem)
                path.unlink(missing_ok=True)
                dead.append(path.stem)
            finally:
                os.close(file)
        return dead

    def _path(self) -> Path:
        return self._folder / f"{self.owner}.lock"
