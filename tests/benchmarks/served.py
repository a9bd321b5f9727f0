"""What the lane is measured against, on the same server: ``python -m tests.benchmarks.served <name>``.

``bare`` is a WSGI function that returns the bytes and headers in the file ``FLEXAPP_BENCH_ANSWER``;
``cached`` is a Flask view that returns them under flask-caching's ``@cached``; ``ours`` is the product.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from flask import Flask, Response
from flask_caching import Cache

from flexapp.cli import server
from flexapp.config import Settings

TARGETS = {
    "ours": "flexapp.wsgi:application",
    "bare": "tests.benchmarks.served:bare",
    "cached": "tests.benchmarks.served:cached",
}


def _answer() -> tuple[bytes, list[tuple[str, str]]]:
    told = os.environ.get("FLEXAPP_BENCH_ANSWER")
    if not told:
        return b"", []
    answer = json.loads(Path(told).read_text())
    return bytes.fromhex(answer["body"]), [(name, value) for name, value in answer["headers"]]


_BODY, _HEADERS = _answer()
cached = Flask("cached")
_cache = Cache(cached, config={"CACHE_TYPE": "SimpleCache"})


def bare(_environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
    """The least that a WSGI app can do."""
    start("200 OK", _HEADERS)
    return [_BODY]


@cached.get("/embed/v1/<target>")
@_cache.cached(timeout=3600)
def page(target: str) -> Response:
    """The same page, kept whole by flask-caching."""
    return Response(_BODY, headers=_HEADERS)


if __name__ == "__main__":
    server(Settings(), TARGETS[sys.argv[1]]).serve()
