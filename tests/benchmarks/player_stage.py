"""Ten real beats in a player on a real server, and a stranger's pages around it."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from flexapp.apps.snippets import Form, snippets_for
from flexapp.audio.covers import make_cover
from flexapp.audio.decoding import decode
from flexapp.audio.encoding import Mp3Writer
from flexapp.audio.peaks import PeakMeter
from flexapp.audio.produce import PREVIEW_BITRATE
from flexapp.audio.voice_tag import RATE
from flexapp.demo.beats import BEATS, FOLDER, Beat
from flexapp.workflows.services import Services
from tests.benchmarks.load import free_port, start
from tests.benchmarks.setting import app_in
from tests.factories.apps import make_app, make_placement
from tests.factories.catalog import make_track
from tests.factories.people import make_person

TRACKS = 10


@dataclass
class PlayerStage:
    """Addresses, and what the stranger serves by path."""

    site: str
    stranger: str  #: another site than the player's: its frames live in a process of their own
    near: str  #: the same pages on the player's own site: one process, one main thread
    app_id: str
    link: str  #: what unfolds
    frame: str  #: the player in an iframe
    loader: str  #: the loader's tag
    element: str  #: the player as the loader makes it
    pages: dict[str, str] = field(default_factory=dict)

    @property
    def document(self) -> str:
        """The player's own address."""
        return f"{self.site}/embed/v1/{self.app_id}"

    def put(self, body: str, *, near: bool = False) -> str:
        """Publish a page; returns its address."""
        path = f"/{len(self.pages)}"
        self.pages[path] = (
            f"<!doctype html><html lang=en><title>A blog</title><body>{body}<p>Below</p></body></html>"
        )
        return (self.near if near else self.stranger) + path


@contextmanager
def player_stage(folder: Path) -> Iterator[PlayerStage]:
    """The product as it is served, on one core; the stranger in a thread."""
    home = folder / "player"
    home.mkdir()
    port = free_port()
    site = f"http://127.0.0.1:{port}"
    app_id, snippets = _publish(home, site)
    served = start(
        [sys.executable, "-m", "tests.benchmarks.served", "ours"],
        port,
        {
            "FLEXAPP_HOME": str(home),
            "FLEXAPP_PORT": str(port),
            "FLEXAPP_EMBEDDED_WORKER": "false",
            "FLEXAPP_RATE_LIMITS": "false",
        },
    )
    pages: dict[str, str] = {}
    blog = ThreadingHTTPServer(("127.0.0.1", 0), _handler(pages))
    threading.Thread(target=blog.serve_forever, daemon=True).start()
    at = blog.server_port
    try:
        loader, element = snippets["element"].splitlines()
        yield PlayerStage(
            site,
            f"http://localhost:{at}",
            f"http://127.0.0.1:{at}",
            app_id,
            snippets["oembed"],
            snippets["iframe"],
            loader,
            element,
            pages,
        )
    finally:
        blog.shutdown()
        blog.server_close()
        served.stop()


def _publish(home: Path, site: str) -> tuple[str, dict[Form, str]]:
    services: Services = app_in(home).extensions["flexapp"]
    made = [_media(services, home, beat) for beat in BEATS.values()]
    made += [_mirrored(fields) for fields in made[: TRACKS - len(made)]]
    with services.database.writing() as session:
        now = services.clock.now()
        producer = make_person(session, name="Kaito Sounds", now=now)
        tracks = [
            make_track(session, producer, created_at=now, published_at=now, **fields) for fields in made
        ]
        app = make_app(
            session, make_person(session, now=now), name="Night drive", picks=tuple(tracks), now=now
        )
        placement = make_placement(session, app, services.signer, now=now)
        found = app.id, snippets_for(app, placement, site)
    services.database.close()
    return found


def _media(services: Services, home: Path, beat: Beat) -> dict[str, Any]:
    """Preview, cover and waveform of a beat as an upload makes them."""
    preview, large, small = (home / f"{beat.slug}.{kind}" for kind in ("mp3", "jpg", "webp"))
    make_cover(FOLDER / f"{beat.slug}.jpg", large, small)
    meter = PeakMeter(RATE)
    with Mp3Writer(preview, bitrate=PREVIEW_BITRATE) as writer:
        for block in decode(FOLDER / f"{beat.slug}.mp3", "mp3", rate=RATE, channels=2):
            writer.write(block)
            meter.add(block)
    peaks, _ = meter.finish()
    for file, kind in ((preview, "audio/mpeg"), (large, "image/jpeg"), (small, "image/webp")):
        services.objects.put_bytes(f"bench/{file.name}", file.read_bytes(), content_type=kind)
    return {
        "title": beat.title,
        "genre": beat.genre,
        "bpm": beat.bpm,
        "key": beat.key,
        "duration_ms": round(beat.seconds * 1000),
        "peaks": peaks,
        "preview_key": f"bench/{preview.name}",
        "preview_bytes": preview.stat().st_size,
        "cover_key": f"bench/{large.name}",
        "cover_small_key": f"bench/{small.name}",
    }


def _mirrored(fields: dict[str, Any]) -> dict[str, Any]:
    """One more beat that is not the same: there are fewer than a lineup holds."""
    return {
        **fields,
        "title": f"{fields['title']} again",
        "peaks": bytes.fromhex(fields["peaks"])[::-1].hex(),
    }


def _handler(pages: dict[str, str]) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = pages.get(self.path, "nothing here").encode()
            with suppress(ConnectionError):  # a page was closed before it was here
                self.send_response(200 if self.path in pages else 404)
                self.send_header("Content-Type", "text/html; charset=utf-8")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

        def log_message(self, *args: Any) -> None:
            """Quiet."""

    return Handler
