"""Bundles, fingerprints, and the URL of an asset.

Sources in ``widgets/`` become files in ``flexapp/static/dist`` whose names carry a fingerprint, so that
browsers keep them for a year. ``manifest.json`` maps a logical name (``dashboard.css``) to its file.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import re
import shutil
from functools import lru_cache
from pathlib import Path
from typing import Any

import brotli
from flask import Flask, Response, abort, request
from webassets import Bundle, Environment
from webassets.exceptions import FilterError
from webassets.filter import ExternalTool

from flexapp.errors import FlexAppError

ROOT = Path(__file__).resolve().parent.parent
WIDGETS = ROOT / "widgets"
DIST = ROOT / "flexapp" / "static" / "dist"
MANIFEST = DIST / "manifest.json"
STATIC = "/static"

FONTS = WIDGETS / "node_modules/@fontsource-variable/bricolage-grotesque/files"
#: Files that go out as they are; styles name them as ``url("asset:<name>")``.
COPIES = {
    "icons.svg": WIDGETS / "icons/sprite.svg",
    "favicon.svg": WIDGETS / "icons/favicon.svg",
    "world.svg": WIDGETS / "icons/world.svg",
    "bricolage-latin.woff2": FONTS / "bricolage-grotesque-latin-opsz-normal.woff2",
    "bricolage-latin-ext.woff2": FONTS / "bricolage-grotesque-latin-ext-opsz-normal.woff2",
}
#: What esbuild bundles and minifies, by entry file.
BUNDLES = {
    "dashboard.css": WIDGETS / "styles/dashboard.css",
    "public.css": WIDGETS / "styles/public.css",
    **{
        f"player-{part}.css": WIDGETS / f"styles/player-{part}.css"
        for part in ("bar", "compact", "list", "card", "quiet", "late", "bare")
    },
    "theme.js": WIDGETS / "shared/theme-early.js",
    "dashboard.js": WIDGETS / "dashboard/index.js",
    "public.js": WIDGETS / "public/index.js",
    "shell-worker.js": WIDGETS / "public/shell-worker.js",
    "player.js": WIDGETS / "player/index.js",
    **{f"player-{path.stem}.js": path for path in sorted((WIDGETS / "player/languages").glob("*.js"))},
    "embed.js": ROOT / "embed/loader/embed.js",
}
_TEXT = (".css", ".js", ".svg")
_TYPES = {"css": "text/css", "js": "text/javascript", "svg": "image/svg+xml", "woff2": "font/woff2"}
_EARLIER_KEPT = 200  #: files, about ten builds
_YEAR = "public, max-age=31536000, immutable"
_ASSET_URL = re.compile(r"""url\(\s*["']?asset:([\w.-]+)["']?\s*\)""")


class AssetsMissing(FlexAppError):
    """Scripts and styles were not built, or one of them is unknown."""

    code = "assets_missing"


class Esbuild(ExternalTool):  # type: ignore[misc]
    """Bundle one entry file and minify it; ES modules become one classic script without globals."""

    name = "esbuild"
    method = "open"

    def open(self, out: Any, source_path: str, **_options: Any) -> None:
        tool = WIDGETS / "node_modules/.bin/esbuild"
        common = ["--bundle", "--minify", "--charset=utf8", "--legal-comments=none", "--log-level=warning"]
        kind = (
            ["--external:asset:*", "--target=chrome111,firefox115,safari16"]
            if source_path.endswith(".css")
            else ["--format=iife", "--target=es2021"]
        )
        self.subprocess([str(tool), source_path, *common, *kind], out)


def install(app: Flask) -> None:
    """Serve the built files and give templates ``asset(name)``; builds first when sources changed."""
    if (WIDGETS / "node_modules").is_dir():
        build()
    app.add_url_rule(f"{STATIC}/<path:filename>", "static", _serve)
    app.jinja_env.globals["asset"] = asset


def asset(name: str) -> str:
    """The path of an asset: ``dashboard.css`` is ``/static/dashboard-1a2b3c4d.css``."""
    return f"{STATIC}/{_file_of(name)}"


def read_built(name: str) -> str:
    """The text of a built file, for documents that carry it inline."""
    return (DIST / _file_of(name)).read_text()


def build() -> None:
    """Build everything whose sources changed since the last time; processes wait for each other."""
    DIST.mkdir(parents=True, exist_ok=True)
    with (DIST / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        digest = _sources_digest()
        before = _manifest(MANIFEST.stat().st_mtime_ns) if MANIFEST.exists() else {}
        if before.get("sources") == digest:
            return
        files = {name: _copy(name, source) for name, source in COPIES.items()}
        for name, source in BUNDLES.items():
            if source.exists():
                files[name] = _bundle(name, source, files)
        for file in files.values():
            _compress(DIST / file)
        waiting = MANIFEST.with_suffix(".new")
        content = {"sources": digest, "files": files, "earlier": _earlier(before, files)}
        waiting.write_text(json.dumps(content, indent=2))
        os.replace(waiting, MANIFEST)


def _serve(filename: str) -> Response:
    """A built file, kept by browsers for a year; its brotli twin when the caller takes it."""
    if not MANIFEST.exists() or filename not in _served(MANIFEST.stat().st_mtime_ns):
        abort(404)
    is_text = filename.endswith(_TEXT)
    packed = is_text and request.accept_encodings.quality("br") > 0
    response = Response(_content(f"{filename}.br" if packed else filename))
    response.mimetype = _TYPES[filename.rpartition(".")[2]]
    if packed:
        response.headers["Content-Encoding"] = "br"
    if is_text:
        response.vary.add("Accept-Encoding")
    response.headers["Cache-Control"] = _YEAR
    response.headers["X-Content-Type-Options"] = "nosniff"
    # A sandboxed player has no origin, and its host may ask for COEP: these files are anybody's to read.
    response.headers["Access-Control-Allow-Origin"] = "*"
    response.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
    return response


@lru_cache(maxsize=64)
def _content(file: str) -> bytes:
    """A built file's bytes; the name carries the content's fingerprint, so it never changes."""
    return (DIST / file).read_bytes()


def _file_of(name: str) -> str:
    if not MANIFEST.exists():
        raise AssetsMissing("Scripts and styles are not built: run `flexapp assets`.")
    files: dict[str, str] = _manifest(MANIFEST.stat().st_mtime_ns)["files"]
    if name not in files:
        raise AssetsMissing(f"There is no asset {name!r}; there are {', '.join(sorted(files))}.")
    return files[name]


@lru_cache(maxsize=2)
def _manifest(_changed_at: int) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(MANIFEST.read_text())
    return content


@lru_cache(maxsize=2)
def _served(changed_at: int) -> frozenset[str]:
    manifest = _manifest(changed_at)
    return frozenset([*manifest["files"].values(), *manifest.get("earlier", ())])


def _earlier(before: dict[str, Any], files: dict[str, str]) -> list[str]:
    """Files of the builds before, newest first: players that are open fetch their late parts by name."""
    known = [*before.get("files", {}).values(), *before.get("earlier", ())]
    kept = [file for file in dict.fromkeys(known) if file not in files.values()]
    for file in kept[_EARLIER_KEPT:]:
        for path in (DIST / file, DIST / f"{file}.br"):
            path.unlink(missing_ok=True)
    return kept[:_EARLIER_KEPT]


def _bundle(name: str, source: Path, copies: dict[str, str]) -> str:
    environment = Environment(directory=str(DIST), url=STATIC, cache=False, manifest=False, debug=False)
    waiting = f".{name}"
    bundle = Bundle(str(source), filters=[Esbuild()], output=waiting)
    bundle.env = environment
    try:
        bundle.build(force=True)
    except FilterError as problem:
        raise AssetsMissing(f"{name} cannot be built: {problem}") from problem
    built = DIST / waiting
    text = _ASSET_URL.sub(lambda match: f'url("{STATIC}/{copies[match[1]]}")', built.read_text())
    built.write_text(text)
    file = _fingerprinted(name, built)
    os.replace(built, DIST / file)
    return file


def _copy(name: str, source: Path) -> str:
    file = _fingerprinted(name, source)
    shutil.copyfile(source, DIST / file)
    return file


def _fingerprinted(name: str, content: Path) -> str:
    stem, dot, ending = name.rpartition(".")
    return f"{stem}-{hashlib.sha256(content.read_bytes()).hexdigest()[:12]}{dot}{ending}"


def _compress(path: Path) -> None:
    if path.suffix in _TEXT:
        packed = brotli.compress(path.read_bytes(), mode=brotli.MODE_TEXT, quality=11)
        path.with_name(path.name + ".br").write_bytes(packed)


def _sources_digest() -> str:
    total = hashlib.sha256(Path(__file__).read_bytes())
    folders = (WIDGETS, ROOT / "embed" / "loader", ROOT / "embed" / "messages")
    for path in sorted(path for folder in folders for path in _files(folder)):
        total.update(str(path.relative_to(ROOT)).encode())
        total.update(path.read_bytes())
    return total.hexdigest()


def _files(folder: Path) -> list[Path]:
    found = []
    for where, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if name != "node_modules"]
        found += [Path(where, name) for name in names if name.endswith((*_TEXT, ".json"))]
    return found
