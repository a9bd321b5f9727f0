"""Lists that fetch their next page when they are iterated that far."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from pydantic import BaseModel

M = TypeVar("M", bound=BaseModel)
Fetch = Callable[[str | None], Any]


@dataclass(frozen=True)
class Page(Generic[M]):
    """One page, newest first; ``next_cursor`` is None at the end."""

    data: tuple[M, ...]
    next_cursor: str | None


class Listing(Generic[M]):
    """All the things of a list, page by page::

    for track in client.tracks.list():
        ...
    first = client.tracks.list().first()
    everything = list(client.tracks.list())
    """

    def __init__(self, model: type[M], fetch: Fetch) -> None:
        self._model = model
        self._fetch = fetch

    def page(self, cursor: str | None = None) -> Page[M]:
        """One page: the first, or the one that a page's ``next_cursor`` names."""
        body = self._fetch(cursor)
        return Page(tuple(self._model.model_validate(row) for row in body["data"]), body.get("next_cursor"))

    def pages(self) -> Iterator[Page[M]]:
        """Page by page."""
        cursor: str | None = None
        while True:
            page = self.page(cursor)
            yield page
            if page.next_cursor is None or page.next_cursor == cursor:
                return
            cursor = page.next_cursor

    def first(self) -> M | None:
        """The first thing, or None of an empty list."""
        return next(iter(self), None)

    def __iter__(self) -> Iterator[M]:
        for page in self.pages():
            yield from page.data

    def __repr__(self) -> str:
        return f"<Listing of {self._model.__name__}>"
