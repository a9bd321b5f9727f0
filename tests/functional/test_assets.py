"""Scripts and styles: fingerprints, caching, compression, and what they may not contain."""

import json
import re
from pathlib import Path

import pytest
from flask import Flask

from flexapp import assets
from flexapp.assets import AssetsMissing

BASE = (
    "dashboard.css",
    "public.css",
    "player-list.css",
    "theme.js",
    "dashboard.js",
    "public.js",
    "player.js",
)


@pytest.fixture(scope="module")
def site() -> Flask:
    app = Flask("site", static_folder=None)
    assets.install(app)
    return app


def test_every_bundle_is_built_and_named_by_its_content(site: Flask) -> None:
    for name in (*BASE, "embed.js", "icons.svg", "favicon.svg"):
        stem, _, ending = name.rpartition(".")
        assert re.fullmatch(rf"/static/{stem}-[0-9a-f]{{12}}\.{ending}", assets.asset(name)), name


def test_a_fingerprinted_file_is_kept_for_a_year(site: Flask) -> None:
    answer = site.test_client().get(assets.asset("dashboard.css"))
    assert answer.status_code == 200
    assert answer.mimetype == "text/css"
    assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert answer.headers["Vary"] == "Accept-Encoding"


@pytest.mark.parametrize(
    ("name", "kind"),
    [("public.js", "text/javascript"), ("public.css", "text/css"), ("icons.svg", "image/svg+xml")],
)
def test_texts_go_out_compressed_to_who_takes_it(site: Flask, name: str, kind: str) -> None:
    client = site.test_client()
    plain = client.get(assets.asset(name))
    packed = client.get(assets.asset(name), headers={"Accept-Encoding": "gzip, br"})
    assert packed.headers["Content-Encoding"] == "br"
    assert packed.mimetype == kind
    assert len(packed.data) < len(plain.data)
    assert "Content-Encoding" not in plain.headers
    refused = client.get(assets.asset(name), headers={"Accept-Encoding": "br;q=0"})
    assert "Content-Encoding" not in refused.headers


@pytest.mark.parametrize(
    "path",
    ["manifest.json", ".lock", "nothing.css", "../assets.py", "dashboard-000000000000.css", "..%2fassets.py"],
)
def test_nothing_else_is_served(site: Flask, path: str) -> None:
    assert site.test_client().get(f"/static/{path}").status_code == 404


def test_an_unknown_asset_names_those_there_are(site: Flask) -> None:
    with pytest.raises(AssetsMissing, match=r"dashboard\.css"):
        assets.asset("dashbord.css")


def test_styles_point_at_fingerprinted_fonts(site: Flask) -> None:
    text = assets.read_built("dashboard.css")
    fonts = re.findall(r"/static/[\w.-]+\.woff2", text)
    assert len(fonts) == 2
    for font in fonts:
        assert site.test_client().get(font).status_code == 200
    assert "asset:" not in text
    assert "://" not in text


def test_scripts_reach_no_other_host_and_make_no_markup(site: Flask) -> None:
    for name in BASE:
        if name.endswith(".js"):
            text = assets.read_built(name)
            assert "innerHTML" not in text, name
            assert not re.search(r"https?://(?!www\.w3\.org)", text), name


def test_a_document_that_names_no_icon_gets_ours(app: Flask) -> None:
    answer = app.test_client().get("/favicon.ico")
    assert (answer.status_code, answer.mimetype) == (200, "image/svg+xml")
    assert answer.text == assets.read_built("favicon.svg")
    assert answer.headers["Cache-Control"] == "public, max-age=86400"


def test_building_again_changes_nothing(site: Flask) -> None:
    before = assets.MANIFEST.stat().st_mtime_ns
    assets.build()
    assert assets.MANIFEST.stat().st_mtime_ns == before
    assert set(json.loads(assets.MANIFEST.read_text())["files"]) >= set(BASE)


def test_files_of_the_build_before_are_still_served(
    site: Flask, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    source = tmp_path / "open.js"
    monkeypatch.setattr(assets, "DIST", tmp_path / "dist")
    monkeypatch.setattr(assets, "MANIFEST", tmp_path / "dist/manifest.json")
    monkeypatch.setattr(assets, "COPIES", {"open.js": source})
    monkeypatch.setattr(assets, "BUNDLES", {})
    monkeypatch.setattr(assets, "_EARLIER_KEPT", 1)
    names = []
    for build in ("one", "two", "three"):
        source.write_text(f"// {build}\n")
        monkeypatch.setattr(assets, "_sources_digest", lambda build=build: build)
        assets.build()
        names.append(assets.asset("open.js"))
    client = site.test_client()
    assert [client.get(name).status_code for name in names] == [404, 200, 200]
    assert client.get(names[1]).text == "// two\n"
