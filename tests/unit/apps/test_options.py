"""Options of a snippet: what is read, what is refused, and what comes out in every form."""

from __future__ import annotations

from datetime import UTC, datetime
from html.parser import HTMLParser
from urllib.parse import parse_qs, parse_qsl, urlsplit

import pytest

from embed.parameters import read_parameters
from flexapp.apps.models import Channel, FlexApp, Layout, Placement, ThemeMode
from flexapp.apps.options import NAMES, Options, read_options
from flexapp.apps.sizes import SIZES, Size, fit
from flexapp.apps.snippets import FORMS, Release, iframe_for, jsx_for, snippets_for

TRACK = "trk_01k9zxcv3h8e4t2m6n0p5q7r9s"
BASE = "https://flexapp.example"
EVERYTHING = {
    "layout": "compact",
    "theme": "dark",
    "color": "#CF3A10",
    "bg": "101820",
    "art": "0",
    "list": "0",
    "buy": "0",
    "keys": "0",
    "single": "0",
    "start_track": TRACK,
    "t": "1:05",
    "lang": "fr",
    "autoplay": "1",
    "loop": "1",
    "width": "480",
    "height": "200",
}


def an_app(layout: Layout = Layout.LIST) -> tuple[FlexApp, Placement]:
    now = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
    app = FlexApp(id="app_01k9zxcv3h8e4t2m6n0p5q7r9s", slug="night-drive", name='Nina\'s "best" <beats>')
    app.layout = layout
    placement = Placement(id="plc_1", app_id=app.id, name="Blog", key="v1.k-e_y.mac", channel=Channel.DIRECT)
    placement.created_at = now
    return app, placement


def test_everything_that_can_be_chosen_is_read_and_written_back() -> None:
    options, errors = read_options(EVERYTHING, tracks=[TRACK])
    assert errors == {}
    assert (options.layout, options.theme, options.color) == (Layout.COMPACT, ThemeMode.DARK, "#cf3a10")
    assert options.t == 65
    assert options.query() == {
        **{name: EVERYTHING[name] for name in EVERYTHING if name not in ("width", "height")},
        "color": "cf3a10",
        "t": "65",
    }
    assert options.sides() == {"width": "480", "height": "200"}
    assert set(EVERYTHING) == set(NAMES)
    again, _ = read_options(options.query() | options.sides())
    assert again == options


def test_nothing_chosen_says_nothing() -> None:
    options, errors = read_options({})
    assert (options, errors, options.query(), options.sides()) == (Options(), {}, {}, {})
    assert options.size(Layout.CARD) == SIZES[Layout.CARD]


@pytest.mark.parametrize(
    ("name", "wrong"),
    [
        ("layout", "wall"),
        ("theme", "<b>"),
        ("color", "red"),
        ("color", "#12345"),
        ("bg", "url(x)"),
        ("start_track", TRACK[:-1] + "z"),
        ("start_track", "app_1"),
        ("t", "later"),
        ("t", "-3"),
        ("t", "99:99"),
        ("t", "nan"),
        ("lang", "xx"),
        ("lang", '"><script>'),
        ("width", "199"),
        ("width", "1201"),
        ("width", "1e3"),
        ("height", "79"),
        ("height", "١٢٠"),
    ],
)
def test_a_wrong_choice_gets_a_sentence_and_stays_out(name: str, wrong: str) -> None:
    options, errors = read_options({name: wrong}, tracks=[TRACK])
    assert list(errors) == [name]
    assert errors[name].endswith(".")
    assert options == Options()


def test_the_player_understands_every_parameter_that_a_snippet_writes() -> None:
    options, _ = read_options(EVERYTHING)
    read = read_parameters(options.query())
    assert read.layout is Layout.COMPACT
    assert read.theme is ThemeMode.DARK
    assert (read.color, read.ground) == ("#cf3a10", "#101820")
    assert (read.art, read.list, read.buy, read.keys, read.single) == (False,) * 5
    assert (read.start_track, read.start_seconds) == (TRACK, 65)
    assert read.autoplay
    assert read.loop
    for name, value in options.query().items():
        assert read_parameters({name: value}) != read_parameters({}), f"{name} means nothing to the player"


class Attributes(HTMLParser):
    """The attributes of the first tag of that name."""

    def __init__(self, html: str, tag: str) -> None:
        super().__init__()
        self._tag = tag
        self.found: list[dict[str, str]] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == self._tag:
            self.found.append({name: value or "" for name, value in attrs})


def test_every_form_carries_every_option() -> None:
    app, placement = an_app()
    options, _ = read_options(EVERYTHING)
    texts = snippets_for(app, placement, BASE, options)
    assert tuple(texts) == FORMS
    wanted = options.query()
    link = dict(parse_qsl(urlsplit(texts["oembed"]).query))
    assert link == {"k": placement.key, "width": "480", "height": "200", **wanted}
    [frame] = Attributes(texts["iframe"], "iframe").found
    assert dict(parse_qsl(urlsplit(frame["src"]).query)) == {"k": placement.key, **wanted}
    assert (frame["width"], frame["height"]) == ("480", "200")
    [element] = Attributes(texts["element"], "beat-player").found
    [container] = Attributes(texts["script"], "div").found
    assert element.pop("style") == "display:block;min-height:200px"
    assert container.pop("style") == "min-height:200px"
    assert {name.removeprefix("data-"): value for name, value in container.items()} == {
        "beat-player": app.id,
        **{name: value for name, value in element.items() if name != "app"},
    }
    carried = {name.replace("-", "_"): value for name, value in element.items()}
    assert carried == {
        "app": app.id,
        "key": placement.key,
        "width": "480",
        "height": "200",
        **wanted,
    }
    for form in ("script", "element"):
        [fallback] = Attributes(texts[form], "a").found
        assert parse_qs(urlsplit(fallback["href"]).query) == {"k": [placement.key]}
    jsx = jsx_for(app, placement, BASE, options)
    assert frame["src"].replace("&", "&amp;") in jsx
    assert 'width="480"' in jsx


def test_a_full_width_is_said_where_it_can_be() -> None:
    app, placement = an_app(Layout.CARD)
    options, errors = read_options({"width": "100%", "height": "300"})
    assert errors == {}
    texts = snippets_for(app, placement, BASE, options)
    assert 'width="100%" height="300"' in texts["iframe"]
    assert " width=" not in texts["element"]
    assert "data-width" not in texts["script"]
    assert 'width="100%"' in iframe_for(app, placement, BASE, fills=True)


def test_a_pinned_loader_names_its_hash_and_the_evergreen_one_never_does() -> None:
    app, placement = an_app()
    release = Release("1.2.3", "sha384-abc+/=")
    pinned = snippets_for(app, placement, BASE, release=release)
    for form in ("script", "element"):
        [script] = Attributes(pinned[form], "script").found
        assert script["src"] == f"{BASE}/sdk/1.2.3/embed.js"
        assert (script["integrity"], script["crossorigin"]) == ("sha384-abc+/=", "anonymous")
        assert "integrity" not in snippets_for(app, placement, BASE)[form]


def test_a_link_may_ask_for_a_size_and_the_reader_still_has_the_last_word() -> None:
    tall = Size(600, 450)
    assert fit(Layout.LIST, max_width=None, max_height=None, asked=tall) == (Layout.LIST, tall)
    assert fit(Layout.LIST, max_width=400, max_height=500, asked=tall) == (Layout.LIST, Size(400, 450))
    assert fit(Layout.LIST, max_width=None, max_height=200, asked=tall) == (Layout.COMPACT, Size(600, 166))
    assert fit(Layout.BAR, max_width=600, max_height=None, asked=Size(900, 80)) == (Layout.BAR, Size(600, 80))
