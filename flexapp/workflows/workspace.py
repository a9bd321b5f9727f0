"""Where files lie while they are worked on: below the home folder, gone when the work ends.

A killed process leaves its folder behind; whoever opens the next one removes those of yesterday.
"""

from __future__ import annotations

import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from flexapp.config import Settings

_STALE_SECONDS = 24 * 3600


@contextmanager
def workspace(settings: Settings, purpose: str) -> Iterator[Path]:
    """A fresh folder on the same disk as the product's own files."""
    root = settings.home / "tmp"
    root.mkdir(parents=True, exist_ok=True)
    _sweep(root)
    with tempfile.TemporaryDirectory(prefix=f"{purpose}-", dir=root) as folder:
        yield Path(folder)


def _sweep(root: Path) -> None:
    stale = time.time() - _STALE_SECONDS
    for entry in root.iterdir():
        try:
            if entry.stat().st_mtime < stale:
                shutil.rmtree(entry, ignore_errors=True)
        except FileNotFoundError:
            continue
