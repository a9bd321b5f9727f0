"""The only file that does I/O: one request out, one reply in, over a requests session."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Self

import requests
from requests.adapters import BaseAdapter

from flexapp_sdk._protocol import Incoming, Outgoing, Upload
from flexapp_sdk.errors import ConnectionFailed, TimedOut, TransportError

Progress = Callable[[int, int], None]
"""Called with bytes sent and bytes in all while a file goes out."""
_SLICE = 64 * 1024
_CHECKING = 300.0  # seconds: a large file is checked before its answer comes


class Transport:
    """Sends with the token; a session is kept so that connections are reused."""

    def __init__(self, token: str, *, timeout: float, adapter: BaseAdapter | None = None) -> None:
        self._auth = _Bearer(token)
        self._timeout = timeout
        self._session = requests.Session()
        if adapter is not None:
            self._session.mount("http://", adapter)
            self._session.mount("https://", adapter)

    def send(self, request: Outgoing, progress: Progress | None = None) -> Incoming:
        """One try. Raises ConnectionFailed or TimedOut; redirects are not followed."""
        failure: TransportError
        try:
            return self._send(request, progress)
        except requests.Timeout:
            failure = TimedOut(f"No answer within {self._timeout:g} s.")
        except requests.RequestException as error:
            failure = ConnectionFailed(f"Cannot reach the server: {_reason(error)}.")
        # Raised out here: the library's own error holds the request, and with it the token.
        raise failure

    def close(self) -> None:
        """Let go of the connections."""
        self._session.close()

    def _send(self, request: Outgoing, progress: Progress | None) -> Incoming:
        if isinstance(request.body, Upload):
            with _Source(request.body.path, progress) as source:
                response = self._request(request, source, max(self._timeout, _CHECKING))
        else:
            response = self._request(request, request.body, self._timeout)
        headers = {name.lower(): value for name, value in response.headers.items()}
        return Incoming(response.status_code, headers, response.content)

    def _request(self, request: Outgoing, data: bytes | _Source | None, timeout: float) -> requests.Response:
        return self._session.request(
            request.method,
            request.url,
            headers=dict(request.headers),
            data=data,
            auth=self._auth,
            timeout=timeout,
            allow_redirects=False,
        )


class _Bearer(requests.auth.AuthBase):
    """Adds the token at the last moment, also where a .netrc would add another; never shows it."""

    def __init__(self, token: str) -> None:
        self._token = token

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers["Authorization"] = f"Bearer {self._token}"
        return request

    def __repr__(self) -> str:
        return "<token>"


class _Source:
    """A file given out in slices, with its length known; told to ``progress``."""

    def __init__(self, path: Path, progress: Progress | None) -> None:
        self._file = path.open("rb")
        self._size = path.stat().st_size
        self._sent = 0
        self._progress = progress

    def __len__(self) -> int:
        return self._size

    def __bool__(self) -> bool:
        return True

    def __iter__(self) -> Iterator[bytes]:
        while data := self.read(_SLICE):
            yield data

    def read(self, size: int = -1) -> bytes:
        """The next slice."""
        data = self._file.read(size)
        self._sent += len(data)
        if data and self._progress is not None:
            self._progress(self._sent, self._size)
        return data

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()


def _reason(error: Any) -> str:
    text = type(error).__name__
    cause: Any = error
    while cause is not None:
        if isinstance(cause, OSError) and cause.strerror and not isinstance(cause, requests.RequestException):
            return f"{text}, {cause.strerror}"
        cause = cause.__cause__ or cause.__context__
    return text
