"""What every resource needs: a way to call, and lists."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol, TypeVar

from pydantic import BaseModel

from flexapp_sdk._protocol import Call
from flexapp_sdk._transport import Progress
from flexapp_sdk.paging import Listing

M = TypeVar("M", bound=BaseModel)


class Caller(Protocol):
    """The part of the client that resources see."""

    def request(self, call: Call, *, progress: Progress | None = None) -> Any: ...

    def pause(self, seconds: float) -> None: ...


class Unset:
    """Nothing was given; None would mean *take it away*."""

    def __repr__(self) -> str:
        return "UNSET"


UNSET = Unset()


class Resource:
    """A part of the tree."""

    def __init__(self, client: Caller) -> None:
        self._client = client

    def __repr__(self) -> str:
        return f"<{type(self).__name__}>"

    def _get(self, path: str, **params: Any) -> Any:
        return self._client.request(Call("GET", path, params=params))

    def _send(self, method: str, path: str, body: Any = None, *, key: str | None = None) -> Any:
        return self._client.request(Call(method, path, json=body, idempotency_key=key))

    def _list(self, model: type[M], path: str, *, limit: int | None = None, **params: Any) -> Listing[M]:
        def fetch(cursor: str | None) -> Any:
            return self._get(path, limit=limit, cursor=cursor, **params)

        return Listing(model, fetch)


def given(**fields: Any) -> Mapping[str, Any]:
    """The fields that were given."""
    return {name: value for name, value in fields.items() if not isinstance(value, Unset)}
