"""The loader file and the four snippets."""

from __future__ import annotations

import base64
import hashlib
import re
from pathlib import Path

import brotli
from flask.testing import FlaskClient

from embed.scripts import RELEASES
from flexapp.apps.models import Layout
from flexapp.apps.queries import app_by_id, placement_by_id
from flexapp.apps.sizes import SIZES
from flexapp.apps.snippets import FORMS, snippets_for
from flexapp.workflows.services import Services
from tests.functional.embed.conftest import Stage

BASE = "https://flexapp.example"
PROTOCOL = Path(__file__).resolve().parents[3] / "embed/PROTOCOL.md"


def test_the_loader_is_small_public_and_revalidated(client: FlaskClient) -> None:
    response = client.get("/sdk/v1/embed.js", headers={"Accept-Encoding": "gzip, br"})
    assert response.headers["Content-Encoding"] == "br"
    assert len(response.data) <= 2.5 * 1024
    assert response.mimetype == "text/javascript"
    assert response.headers["Access-Control-Allow-Origin"] == "*"
    assert response.headers["Cross-Origin-Resource-Policy"] == "cross-origin"
    assert response.headers["Cache-Control"] == "public, max-age=3600, stale-while-revalidate=86400"
    assert "Set-Cookie" not in response.headers
    plain = client.get("/sdk/v1/embed.js")
    assert brotli.decompress(response.data) == plain.data
    again = client.get("/sdk/v1/embed.js", headers={"If-None-Match": plain.headers["ETag"]})
    assert again.status_code == 304
    assert again.data == b""


def test_releases_never_change_and_the_source_says_its_own(client: FlaskClient) -> None:
    table = dict(
        re.findall(r"^\| (\d+\.\d+\.\d+) \| `(sha384-[^`]+)` \|$", PROTOCOL.read_text(), re.MULTILINE)
    )
    assert {path.stem for path in RELEASES.glob("*.js")} == set(table)
    for version, integrity in table.items():
        response = client.get(f"/sdk/{version}/embed.js")
        digest = base64.b64encode(hashlib.sha384(response.data).digest()).decode()
        assert f"sha384-{digest}" == integrity
        assert response.headers["Cache-Control"] == "public, max-age=31536000, immutable"
        assert response.headers["Access-Control-Allow-Origin"] == "*"
    evergreen = client.get("/sdk/v1/embed.js").text
    [current] = [version for version in table if f'"{version}"' in evergreen]
    assert client.get(f"/sdk/{current}/embed.js").text == evergreen, "a changed loader is a new version"
    for version in ("9.9.9", "v2", "..%2f..", "1.0"):
        assert client.get(f"/sdk/{version}/embed.js").status_code == 404


def test_the_loader_has_no_way_to_run_text_and_no_word_that_filters_block(client: FlaskClient) -> None:
    text = client.get("/sdk/v1/embed.js").text
    for word in ("eval(", "new Function", "innerHTML", "document.write", "insertAdjacentHTML"):
        assert word not in text
    for word in ("affiliate", "impression", "beacon", "tracking", "document.cookie", "localStorage"):
        assert word not in text


def test_every_snippet_is_complete_by_itself(stage: Stage, services: Services) -> None:
    with services.database.reading() as session:
        app, placement = app_by_id(session, stage.app_id), placement_by_id(session, stage.placement_id)
        assert app is not None
        assert placement is not None
        app.name = 'Nina\'s "best" <beats> & more'
        texts = snippets_for(app, placement, BASE)
    assert tuple(texts) == ("oembed", "iframe", "script", "element") == FORMS
    assert texts["oembed"] == f"{BASE}/a/{stage.slug}?k={stage.key}"
    assert re.fullmatch(
        rf'<iframe src="{BASE}/embed/v1/{stage.app_id}\?k={re.escape(stage.key)}" width="600" height="352" '
        r'title="[^"<>]+" loading="lazy" allow="autoplay; clipboard-write; encrypted-media" '
        r'style="[^"]+"></iframe>',
        texts["iframe"],
    )
    for form in ("script", "element"):
        assert texts[form].startswith(f'<script async src="{BASE}/sdk/v1/embed.js"></script>\n')
        assert f'<a href="{BASE}/a/{stage.slug}?k={stage.key}">' in texts[form]
        assert "<beats>" not in texts[form]
    container = f'<div data-beat-player="{stage.app_id}" data-key="{stage.key}" data-height="352"'
    assert f'{container} style="min-height:352px">' in texts["script"]
    element = f'<beat-player app="{stage.app_id}" key="{stage.key}" height="352"'
    assert f'{element} style="display:block;min-height:352px">' in texts["element"]


def test_a_card_names_its_width_too(stage: Stage, services: Services) -> None:
    with services.database.reading() as session:
        app, placement = app_by_id(session, stage.app_id), placement_by_id(session, stage.placement_id)
        assert app is not None
        assert placement is not None
        app.layout = Layout.CARD
        texts = snippets_for(app, placement, BASE)
    size = SIZES[Layout.CARD]
    assert f'width="{size.width}" height="{size.height}"' in texts["element"]
    assert f'data-width="{size.width}" data-height="{size.height}"' in texts["script"]
