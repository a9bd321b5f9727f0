"""What the player's server takes to answer at the 95th percentile, asked by one and by eight at once.

Each thread keeps its connection, as a browser does; the time is from the first byte sent to the last byte
received, for media to the first.
"""

from __future__ import annotations

import http.client
import json
import re
import time
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from urllib.parse import quote, urlsplit

from tests.benchmarks.player_stage import PlayerStage

REQUESTS, THREADS = 400, 8
BROWSER = {
    "User-Agent": "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0",
    "Accept-Encoding": "br",
    "Referer": "https://blog.example/",
}


@dataclass(frozen=True)
class Wish:
    """One request; with ``first_byte`` only the head and a byte of the body are waited for."""

    method: str
    path: str
    headers: dict[str, str]
    body: str = ""
    first_byte: bool = False


def answers(stage: PlayerStage) -> dict[str, tuple[float, float]]:
    """Milliseconds at p95 of each kind of answer: (asked by one, asked by eight at once)."""
    host = urlsplit(stage.site).netloc
    connection = http.client.HTTPConnection(host)
    path = stage.document.removeprefix(stage.site)
    connection.request("GET", path, headers={**BROWSER, "Accept-Encoding": "identity"})
    html = connection.getresponse().read().decode()
    connection.close()
    token = json.loads(_block(html, "session"))
    track = json.loads(_block(html, "config"))["tracks"][0]["id"]

    def listen(number: int) -> Wish:
        event = {"p": str(uuid.uuid4()), "n": number, "k": "s", "b": track, "at": 1200}
        body = json.dumps({"v": 1, "s": token, "e": [event]})
        return Wish("POST", "/api/v1/listens", {**BROWSER, "Content-Type": "text/plain"}, body)

    frame = Wish("GET", path, {**BROWSER, "Sec-Fetch-Dest": "iframe"})
    unfold = Wish("GET", f"/oembed?url={quote(stage.link, safe='')}&format=json", BROWSER)
    sound = Wish("GET", f"/media/{track}.mp3", {**BROWSER, "Range": "bytes=0-"}, first_byte=True)
    wishes: dict[str, Callable[[int], Wish]] = {
        "document": lambda _: frame,
        "oembed": lambda _: unfold,
        "listens": listen,
        "media": lambda _: sound,
    }
    found = {}
    for name, wish in wishes.items():
        _timed(host, [wish(number) for number in range(50)])  # rendered, connected, warm
        alone = _timed(host, [wish(number) for number in range(REQUESTS)])
        shares = [[wish(number) for number in range(REQUESTS // THREADS)] for _ in range(THREADS)]
        with ThreadPoolExecutor(THREADS) as pool:
            together = [
                each for times in pool.map(lambda share: _timed(host, share), shares) for each in times
            ]
        found[name] = (_p95(alone), _p95(together))
    return found


def _timed(host: str, wishes: list[Wish]) -> list[float]:
    """Milliseconds of each, one after the other."""
    connection = http.client.HTTPConnection(host)
    spent = []
    for wish in wishes:
        if connection.sock is None:
            connection.connect()
        began = time.perf_counter()
        connection.request(wish.method, wish.path, wish.body or None, wish.headers)
        response = connection.getresponse()
        response.read(1 if wish.first_byte else None)
        spent.append(1000 * (time.perf_counter() - began))
        if response.status not in (200, 204, 206):
            raise RuntimeError(f"{wish.method} {wish.path} answered {response.status}")
        if wish.first_byte:
            connection.close()
    connection.close()
    return spent


def _block(html: str, name: str) -> str:
    found = re.search(rf'<script type="application/json" id="{name}">(.*?)</script>', html, re.DOTALL)
    if found is None:
        raise RuntimeError(f"the player's document has no block {name}")
    return found[1]


def _p95(times: list[float]) -> float:
    return sorted(times)[int(0.95 * len(times))]
