"""Scripts of listeners and the exact figures that must come of each."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flexapp.listening.insights import Counts
from tests.functional.listening.conftest import Scene

Script = Callable[[Scene], None]
SCRIPTS: dict[str, dict[str, tuple[Script, Counts]]] = {}


def script(about: str, **expected: Any) -> Callable[[Script], Script]:
    """Note a script and every counter that it leads to; those not named stay 0."""
    expected["listen_ms"] = round(expected.pop("heard", 0) * 1000)

    def note(function: Script) -> Script:
        SCRIPTS.setdefault(about, {})[function.__name__] = (function, Counts(**expected))
        return function

    return note
