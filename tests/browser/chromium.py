"""Which Chromium is driven: the one that CHROMIUM names, the system's, or Playwright's own."""

from __future__ import annotations

import os
import shutil
from typing import Any

_NAMES = ("chromium", "chromium-browser", "google-chrome")


def launch_arguments() -> dict[str, Any]:
    """What Playwright's ``launch`` is told."""
    named = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, _NAMES)), None)
    found = {"executable_path": shutil.which(named)} if named else {}
    return {**found, "args": ["--no-sandbox"]}
