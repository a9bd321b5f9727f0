"""The part that does I/O, against real sockets."""

from __future__ import annotations

import http.server
import json
import os
import socket
import threading
import tracemalloc
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flexapp_sdk import ConnectionFailed, FlexApp, RetryPolicy, TimedOut, Unavailable, UnexpectedResponse
from flexapp_sdk._protocol import Call, Upload

TOKEN = "flx_secret_of_this_test"
ONCE = RetryPolicy(tries=1)


class Server(http.server.ThreadingHTTPServer):
    """Answers what the test put in, and keeps what it got."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.seen: list[dict[str, Any]] = []
        self.answers: list[tuple[int, dict[str, str], bytes]] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class Handler(http.server.BaseHTTPRequestHandler):
    """One request."""

    server: Server

    def _answer(self) -> None:
        size = int(self.headers.get("Content-Length", 0))
        got, edge = 0, b""
        while got < size:
            data = self.rfile.read(min(1 << 20, size - got))
            got += len(data)
            edge = data[-4:]
        self.server.seen.append(
            {
                "method": self.command,
                "path": self.path,
                "headers": dict(self.headers),
                "size": got,
                "end": edge,
            }
        )
        status, headers, body = (
            self.server.answers.pop(0) if self.server.answers else (200, {}, b'{"ok": true}')
        )
        self.send_response(status)
        for name, value in {"Content-Type": "application/json", **headers}.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_GET = do_POST = do_DELETE = _answer  # noqa: N815

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def server() -> Iterator[Server]:
    server = Server()
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join()


def client(server: Server, waits: list[float] | None = None, **options: Any) -> FlexApp:
    sleep = (waits if waits is not None else []).append
    return FlexApp(TOKEN, base_url=server.url, sleep=sleep, **options)


def test_the_token_goes_out_as_bearer_even_where_a_netrc_names_another(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login eve password wrong\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))
    with client(server) as flexapp:
        assert flexapp.request(Call("GET", "/me")) == {"ok": True}
    assert server.seen[0]["headers"]["Authorization"] == f"Bearer {TOKEN}"
    assert server.seen[0]["headers"]["User-Agent"].startswith("flexapp-sdk/")


def test_a_post_is_sent_again_with_the_same_key_and_body(server: Server) -> None:
    server.answers = [(503, {"Retry-After": "2"}, b"{}"), (429, {}, b"{}"), (201, {}, b'{"id": "app_1"}')]
    waits: list[float] = []
    with client(server, waits) as flexapp:
        assert flexapp.request(Call("POST", "/apps", json={"name": "x"})) == {"id": "app_1"}
    keys = {one["headers"]["Idempotency-Key"] for one in server.seen}
    assert len(server.seen) == 3
    assert len(keys) == 1
    assert waits[0] == 2
    assert 0.5 <= waits[1] <= 1


def test_it_gives_up_in_the_end_with_the_last_refusal(server: Server) -> None:
    server.answers = [(503, {}, b'{"code": "busy", "detail": "Busy."}')] * 4
    waits: list[float] = []
    with client(server, waits) as flexapp, pytest.raises(Unavailable, match="Busy") as refused:
        flexapp.request(Call("GET", "/me"))
    assert refused.value.code == "busy"
    assert len(waits) == 3


def test_a_delete_that_arrived_before_its_answer_was_lost_is_no_error(server: Server) -> None:
    server.answers = [(502, {}, b""), (404, {}, b'{"code": "app_not_found", "detail": "No."}')]
    with client(server) as flexapp:
        flexapp.apps.delete("app_1")


def test_redirects_are_not_followed(server: Server) -> None:
    server.answers = [(302, {"Location": "http://127.0.0.1:1/elsewhere"}, b"")]
    with client(server) as flexapp, pytest.raises(UnexpectedResponse):
        flexapp.request(Call("GET", "/me"))
    assert len(server.seen) == 1


def test_nobody_listening_is_said_without_the_token() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
    flexapp = FlexApp(TOKEN, base_url=f"http://127.0.0.1:{port}", retry=ONCE)
    with pytest.raises(ConnectionFailed) as failed:
        flexapp.me()
    flexapp.close()
    assert "Connection refused" in str(failed.value)
    error: BaseException | None = failed.value
    while error is not None:
        assert TOKEN not in repr(error)
        assert TOKEN not in repr(getattr(error, "request", None) and vars(error))
        error = error.__cause__ or error.__context__
    assert failed.value.__context__ is None


def test_silence_is_a_timeout() -> None:
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        with FlexApp(TOKEN, base_url=url, retry=ONCE, timeout=0.2) as flexapp, pytest.raises(TimedOut):
            flexapp.me()


def test_the_token_is_in_no_repr(server: Server) -> None:
    with client(server) as flexapp:
        for thing in (flexapp, flexapp.tracks, flexapp._transport, flexapp._transport._auth):
            assert TOKEN not in repr(thing)


def test_a_file_is_streamed_and_never_held_whole(server: Server, tmp_path: Path) -> None:
    size = 96 * 1024 * 1024
    path = tmp_path / "long.wav"
    with path.open("wb") as file:
        file.truncate(size - 4)
        file.seek(0, os.SEEK_END)
        file.write(b"last")
    server.answers = [(503, {}, b""), (201, {}, json.dumps({"id": "trk_1"}).encode())]
    told: list[tuple[int, int]] = []
    tracemalloc.start()
    with client(server) as flexapp:
        flexapp.request(
            Call("POST", "/tracks/trk_1/files/master", upload=Upload(path)),
            progress=lambda sent, whole: told.append((sent, whole)),
        )
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert [one["size"] for one in server.seen] == [size, size]
    assert server.seen[1]["end"] == b"last"
    assert server.seen[1]["headers"]["Content-Length"] == str(size)
    assert told[-1] == (size, size)
    assert peak < 16 * 1024 * 1024
