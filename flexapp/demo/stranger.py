"""A stranger's website: a small music blog on another site, with the player pasted in every form.

It knows nothing of Flexapp but the snippets, exactly as somebody would paste them. The link form is
unfolded on the server by asking our ``/oembed``, as a CMS does. Run by the demo on its own port.
"""

from __future__ import annotations

import json
import signal
import sys
import threading
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Mapping, Sequence
from html import escape
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import FrameType
from typing import Any

from flexapp.apps.queries import app_by_id, placement_by_id
from flexapp.apps.snippets import FORMS, snippets_for
from flexapp.config import Settings
from flexapp.demo.announce import path_of
from flexapp.storage.session import Database

PAGES = Path(__file__).parent / "stranger_pages"
_POSTS: dict[str, dict[str, str]] = json.loads((PAGES / "posts.json").read_text())

_HTML = "text/html; charset=utf-8"
Snippet = Mapping[str, str]
Reader = Callable[[], Sequence[Snippet]]


def serve(port: int, snippets: Sequence[Snippet], base_url: str) -> None:
    """Serve the blog until the process ends; a snippet is ``{"form": …, "text": …}``."""
    build_server(port, lambda: snippets, base_url).serve_forever()


def build_server(port: int, read: Reader, base_url: str) -> ThreadingHTTPServer:
    """The blog's server on loopback, not yet serving; port 0 takes a free one."""

    class Page(BaseHTTPRequestHandler):
        server_version = "BeatBlog"
        sys_version = ""

        def do_GET(self) -> None:
            status, kind, body = answer(urllib.parse.urlsplit(self.path).path, read, base_url)
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(body)

        do_HEAD = do_GET  # noqa: N815

        def log_message(self, *args: Any) -> None:
            """A blog keeps no log here."""

    return ThreadingHTTPServer(("127.0.0.1", port), Page)


def answer(path: str, read: Reader, base_url: str) -> tuple[int, str, bytes]:
    """Status, content type and body: ``/`` all posts, ``/<form>`` one of them, ``/about``."""
    if path == "/blog.css":
        return 200, "text/css; charset=utf-8", (PAGES / "blog.css").read_bytes()
    wanted = path.strip("/")
    if wanted in ("", *FORMS):
        by_form: dict[str, str] = {}
        for snippet in read():
            by_form.setdefault(snippet["form"], snippet["text"])
        posts = [form for form in _POSTS if wanted in ("", form)]
        content = "".join(_post(form, by_form.get(form, ""), base_url) for form in posts)
        return 200, _HTML, _page(content, title=_POSTS[wanted]["title"] if wanted else "")
    if wanted == "about":
        return 200, _HTML, _page((PAGES / "about.html").read_text(), title="About")
    return 404, _HTML, _page((PAGES / "missing.html").read_text(), title="Nothing here")


def unfold(link: str, base_url: str) -> str:
    """The player's HTML for a link, as a CMS gets it by oEmbed; the link itself when there is none."""
    plain = f'<p><a href="{escape(link)}">{escape(link)}</a></p>'
    query = urllib.parse.urlencode({"url": link, "format": "json", "maxwidth": 640, "maxheight": 450})
    try:
        with urllib.request.urlopen(f"{base_url}/oembed?{query}", timeout=5) as response:  # noqa: S310
            found = json.load(response)
    except (urllib.error.URLError, TimeoutError, ValueError):
        return plain
    return str(found["html"]) if found.get("type") == "rich" else plain


def snippets_of(settings: Settings) -> list[dict[str, str]]:
    """The snippets to paste, by the demo's papers: each placement in its own form."""
    try:
        apps = json.loads(path_of(settings).read_text())["apps"]
    except (OSError, ValueError, KeyError):
        return []
    database = Database(settings.database_url, pool_size=1)
    found: list[dict[str, str]] = []
    try:
        with database.reading() as session:
            for placed in (placement for app in apps for placement in app["placements"]):
                placement = placement_by_id(session, placed["id"])
                app = app_by_id(session, placement.app_id) if placement else None
                if placement is not None and app is not None:
                    texts = snippets_for(app, placement, settings.base_url)
                    found.append({"form": placed["form"], "text": texts[placed["form"]]})
    finally:
        database.close()
    return found


def _post(form: str, snippet: str, base_url: str) -> str:
    post = _POSTS[form]
    player = unfold(snippet, base_url) if form == "oembed" and snippet else snippet
    return (
        f'<article id="{form}"><time>{post["day"]}</time><h1><a href="/{form}">{post["title"]}</a></h1>'
        f"<p>{post['before']}</p><figure>{player}</figure><p>{post['after']}</p></article>"
    )


def _page(content: str, *, title: str) -> bytes:
    frame = (PAGES / "blog.html").read_text()
    name = f"{title} · The Beat Blog" if title else "The Beat Blog"
    return frame.replace("{{title}}", name).replace("{{content}}", content).encode()


def main() -> int:
    """Serve the blog of the demo until SIGTERM."""
    settings = Settings()
    read = _remembered(settings)
    server = build_server(settings.stranger_port, read, settings.base_url)

    def stop(_signal: int, _frame: FrameType | None) -> None:
        threading.Thread(target=server.shutdown, daemon=True).start()

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    server.serve_forever()
    server.server_close()
    return 0


def _remembered(settings: Settings) -> Reader:
    """Snippets are pasted once; before the demo has written its papers there are none."""
    pasted: list[dict[str, str]] = []

    def read() -> Sequence[Snippet]:
        if not pasted:
            pasted.extend(snippets_of(settings))
        return pasted

    return read


if __name__ == "__main__":
    sys.exit(main())
