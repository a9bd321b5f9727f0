"""``python -m flexapp.localstripe``: the stand-in as a process of its own, as the demo starts it."""

from __future__ import annotations

import os
import signal
import sys
import threading

from flexapp.config import Settings
from flexapp.errors import FlexAppError
from flexapp.localstripe.server import start


def main() -> int:
    """Serve until SIGTERM or SIGINT; the state lies in FLEXAPP_HOME."""
    told = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: told.set())
    try:
        settings = Settings()
        server = start(
            host=settings.host,
            port=settings.localstripe_port,
            state_path=settings.home / "localstripe.sqlite3",
            env=settings.env.value,
        )
    except FlexAppError as problem:
        sys.stderr.write(problem.message + "\n")
        return 2
    except OSError as problem:
        sys.stderr.write(
            f"Port {settings.localstripe_port} cannot be taken ({os.strerror(problem.errno or 0)}): "
            "choose another one with FLEXAPP_LOCALSTRIPE_PORT.\n"
        )
        return 2
    told.wait()
    server.stop()
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
