"""The lane's table and the form of its answers."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import pytest

from flexapp.web.lane import Lane


def behind(_environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
    start("599 Behind", [])
    return iter((b"behind",))


@pytest.mark.parametrize(
    ("method", "path", "status", "body"),
    [
        ("GET", "/here", "200 OK", [b"here"]),
        ("HEAD", "/here", "200 OK", []),
        ("GET", "/below/x", "200 OK", [b"below"]),
    ],
)
def test_the_server_gets_a_list_which_it_sends_in_one_piece(
    method: str, path: str, status: str, body: list[bytes]
) -> None:
    lane = Lane(behind)
    lane.fill(
        paths={"/here": lambda _: ("200 OK", [], b"here")},
        below={"/below/": lambda _: ("200 OK", [], b"below")},
    )
    told: list[str] = []
    answer = lane({"PATH_INFO": path, "REQUEST_METHOD": method}, lambda status, _: told.append(status))
    assert isinstance(answer, list)
    assert (told, answer) == ([status], body)


@pytest.mark.parametrize("path", ["/elsewhere", "/below/x/y", "/below", "/undecided"])
def test_what_is_not_in_the_table_or_not_decided_goes_on(path: str) -> None:
    lane = Lane(behind)
    lane.fill(paths={"/undecided": lambda _: None}, below={"/below/": lambda _: ("200 OK", [], b"below")})
    told: list[str] = []
    answer = lane({"PATH_INFO": path, "REQUEST_METHOD": "GET"}, lambda status, _: told.append(status))
    assert (told, list(answer)) == (["599 Behind"], [b"behind"])
