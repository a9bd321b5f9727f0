"""``make demo``: prepare, start three servers, tell where they are, end them all together."""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from types import FrameType

from flexapp import assets, migrations
from flexapp.app import build_services
from flexapp.config import Settings
from flexapp.demo import announce, seed
from flexapp.errors import FlexAppError
from flexapp.gateways.stripe import register_webhook
from flexapp.storage.session import Database

_OURS = (
    "flexapp.sqlite3*",
    "objects",
    "uploads",
    "localstripe*",
    "stripe_webhook_secret",
    "demo.json",
    "demo-secret",
)
_LAST_WORDS_SECONDS = 8.0


class DemoFailed(FlexAppError):
    """The demo could not start; what ended before said why."""

    code = "demo_failed"


class Stopped(Exception):
    """Somebody asked us to end."""


def run(settings: Settings, *, reset: bool) -> int:
    """Run the demo until a signal or a child's death; returns the exit status."""
    problem = _preflight(settings)
    if problem:
        print(problem, file=sys.stderr)
        return 2
    signal.signal(signal.SIGTERM, _stop)
    signal.signal(signal.SIGINT, _stop)
    children: list[subprocess.Popen[bytes]] = []
    try:
        if reset:
            _forget(settings)
        # One machine plays every part here: the owner listens too, and a test's browser is nobody's robot.
        os.environ.setdefault("FLEXAPP_COUNT_ALL_PLAYS", "1")
        settings = with_own_secret(settings)
        show("assets", assets.build)
        show("database", lambda: _migrate(settings))
        children.append(_child(settings, "-m", "flexapp.localstripe"))
        show("stand-in for Stripe", lambda: _meet_stripe(settings, children))
        with_services = build_services(settings)
        seeded = seed.sow(with_services, show)
        with_services.database.close()
        children.append(_child(settings, "-m", "flexapp.cli", "serve"))
        show("server", lambda: _wait(settings.base_url + "/readyz", children))
        announce.write(settings, seeded)
        children.append(_child(settings, "-m", "flexapp.demo.stranger"))
        show("a stranger's website", lambda: _wait(announce.stranger_url(settings) + "/", children))
        announce.tell(settings, seeded)
        return _watch(children)
    except Stopped:
        return 0
    finally:
        _end(children)


def show(name: str, work: Callable[[], object]) -> None:
    """Do one step and print it with its seconds."""
    print(f"  {name:<22}", end="", flush=True)
    started = time.monotonic()
    try:
        work()
    except BaseException:
        print("  failed", flush=True)
        raise
    print(f"{time.monotonic() - started:6.1f} s", flush=True)


def with_own_secret(settings: Settings) -> Settings:
    """The settings under a secret of this demo's own, kept beside its database."""
    if "FLEXAPP_SECRET_KEY" not in os.environ:
        path = settings.home / "demo-secret"
        if not path.exists():
            path.touch(mode=0o600)
            path.write_text(os.urandom(32).hex())
        os.environ["FLEXAPP_SECRET_KEY"] = path.read_text().strip()
    return Settings()


def _preflight(settings: Settings) -> str | None:
    try:
        settings.home.mkdir(parents=True, exist_ok=True)
        probe = settings.home / ".probe"
        probe.write_bytes(b"x")
        probe.unlink()
    except OSError as problem:
        return (
            f"Cannot write to {settings.home} ({problem.strerror}): "
            "choose another folder with FLEXAPP_HOME=/path make demo."
        )
    ports = {
        "FLEXAPP_PORT": (settings.host, settings.port),
        "FLEXAPP_LOCALSTRIPE_PORT": (settings.host, settings.localstripe_port),
        "FLEXAPP_STRANGER_PORT": ("localhost", settings.stranger_port),
    }
    for name, (host, port) in ports.items():
        if _is_taken(host, port):
            return (
                f"Port {port} is taken: end the program that uses it, or choose another one "
                f"with {name}={port + 1000} make demo."
            )
    return None


def _is_taken(host: str, port: int) -> bool:
    for family, kind, proto, _, address in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM):
        with socket.socket(family, kind, proto) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(address)
            except OSError as problem:
                if problem.errno == errno.EADDRINUSE:
                    return True
    return False


def _forget(settings: Settings) -> None:
    for pattern in _OURS:
        for path in settings.home.glob(pattern):
            shutil.rmtree(path) if path.is_dir() else path.unlink()


def _meet_stripe(settings: Settings, children: list[subprocess.Popen[bytes]]) -> None:
    _wait(settings.stripe_api_base + "/", children)
    register_webhook(settings)


def _migrate(settings: Settings) -> None:
    database = Database(settings.database_url)
    migrations.upgrade(database)
    database.close()


def _child(settings: Settings, *arguments: str) -> subprocess.Popen[bytes]:
    # A group of its own: one signal reaches the child's workers too.
    environment = dict(os.environ, FLEXAPP_HOME=str(settings.home), FLEXAPP_ENV=settings.env.value)
    return subprocess.Popen(
        [sys.executable, *arguments], env=environment, stdin=subprocess.DEVNULL, start_new_session=True
    )


def _wait(url: str, children: list[subprocess.Popen[bytes]], seconds: float = 40.0) -> None:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        try:
            with urllib.request.urlopen(url, timeout=2):  # noqa: S310
                return
        except urllib.error.HTTPError as answer:
            if answer.code < 500:
                return
        except OSError:
            pass
        if any(child.poll() is not None for child in children):
            raise DemoFailed(f"A server ended while we waited for {url}; its last words are above.")
        time.sleep(0.1)
    raise DemoFailed(f"{url} did not answer within {seconds:.0f} s.")


def _watch(children: list[subprocess.Popen[bytes]]) -> int:
    asleep = threading.Event()
    while True:
        asleep.wait(0.5)
        for child in children:
            if child.poll() is not None:
                print(f"{_name(child)} ended by itself, so the demo ends.", file=sys.stderr)
                return 1


def _end(children: list[subprocess.Popen[bytes]]) -> None:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    for child in reversed(children):
        _signal(child, signal.SIGTERM)
    deadline = time.monotonic() + _LAST_WORDS_SECONDS
    for child in children:
        with contextlib.suppress(subprocess.TimeoutExpired):
            child.wait(max(0.1, deadline - time.monotonic()))
    for child in children:
        _signal(child, signal.SIGKILL)
        child.wait()


def _signal(child: subprocess.Popen[bytes], what: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(child.pid, what)


def _name(child: subprocess.Popen[bytes]) -> str:
    arguments = child.args if isinstance(child.args, list) else [child.args]
    return " ".join(str(part) for part in arguments[1:])


def _stop(_signal_number: int, _frame: FrameType | None) -> None:
    raise Stopped
