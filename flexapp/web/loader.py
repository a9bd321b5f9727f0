"""The loader's newest release, for snippets that pin it by its hash."""

from __future__ import annotations

import base64
import hashlib
from functools import lru_cache
from pathlib import Path

from flexapp.apps.snippets import Release

_RELEASES = Path(__file__).resolve().parents[2] / "embed" / "loader" / "releases"


@lru_cache(maxsize=1)
def newest_release() -> Release:
    """The release with the highest number; there is always one."""
    path = max(_RELEASES.glob("*.js"), key=lambda each: tuple(map(int, each.stem.split("."))))
    digest = base64.b64encode(hashlib.sha384(path.read_bytes()).digest()).decode()
    return Release(path.stem, f"sha384-{digest}")
