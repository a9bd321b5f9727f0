"""The iframe document: one HTML file with everything in it, and the policy that allows exactly that.

What the page needs besides (tracks, options) is JSON in a block that no browser executes. The session
token is a block of its own at the end, so everything before it is the same for every view.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from flask import render_template
from sqlalchemy.orm import Session

from embed.cards import TrackCard, short_peaks, track_cards
from embed.parameters import Parameters
from embed.policy import Files, content_security_policy
from embed.subjects import Subject
from embed.words import Words, words_of
from flexapp import assets
from flexapp.apps.models import Layout
from flexapp.apps.theme import NIGHT, PAPER, Palette, is_dark_ground, palette
from flexapp.catalog.offers import offers_for
from flexapp.people.queries import people_by_ids

_UNSAFE = {ord(mark): f"\\u{ord(mark):04x}" for mark in "<>&\u2028\u2029"}
_NAMES = {
    "paper": "paper",
    "ground": "ground",
    "line": "line",
    "ink": "ink",
    "ink2": "ink-2",
    "ink3": "ink-3",
    "accent": "accent",
    "on_accent": "on-accent",
}


@dataclass(frozen=True)
class Document:
    """A document without its last block, and its policy."""

    body: bytes
    policy: str
    layout: str = ""


def player_document(session: Session, subject: Subject, asked: Parameters, *, own_origin: str) -> Document:
    """The player of a subject as the address asks for it."""
    tracks = subject.tracks
    words = words_of(asked.lang)
    cards = track_cards(
        tracks,
        people=people_by_ids(session, [track.producer_id for track in tracks]),
        offers=offers_for(session, tracks) if tracks else {},
        words=words,
    )
    layout = asked.layout or subject.layout
    start = next((card for card in cards if card.id == asked.start_track), cards[0] if cards else None)
    late = [assets.asset(name) for name in (f"player-{words.language}.js", "player-late.css")]
    bare = assets.asset("player-bare.css")
    sheet = f"player-{layout.value if start else 'quiet'}.css"
    styles = [assets.read_built(sheet).strip(), theme_style(subject, asked)]
    script = assets.read_built("player.js").strip()
    placement = subject.placement
    html = render_template(
        "embed/player.html",
        subject=subject,
        theme=(asked.theme or subject.theme).value,
        cards=cards,
        start=start,
        layout=layout.value,
        show_list=asked.list and layout is Layout.LIST and len(cards) > 1,
        asked=asked,
        key=placement.key if placement else "",
        styles=styles,
        script=script,
        words=words,
        bare=bare,
        config=for_script_block(_config(subject, asked, cards, words=words, late=late)),
    )
    policy = content_security_policy(
        own_origin=own_origin,
        scripts=[script],
        styles=styles,
        files=Files(scripts=(own_origin + late[0],), styles=(own_origin + late[1], own_origin + bare)),
        ancestors=subject.ancestors,
    )
    return Document(html.encode(), policy, layout.value)


def tail_of(token: str) -> bytes:
    """What fills the last block, the session token, and its end; HTML lets the body's own be left out."""
    return f"{for_script_block(token)}</script>\n".encode()


def gone_document(reason: str, *, lang: str | None, own_origin: str) -> Document:
    """A player that is not there (any more) says so, quietly, in its own look."""
    colors = _style(palette(paper=PAPER), palette(paper=NIGHT))
    styles = [assets.read_built("player-quiet.css").strip(), colors]
    words = words_of(lang)
    message = words.say(f"gone_{reason}")
    html = render_template("embed/gone.html", message=message, styles=styles, home=own_origin, words=words)
    policy = content_security_policy(own_origin=own_origin, scripts=[], styles=styles, ancestors=[])
    return Document(html.encode(), policy)


def theme_style(subject: Subject, asked: Parameters) -> str:
    """The colors as one style block, for the accent and ground that were asked for."""
    accent = asked.color or subject.accent
    if asked.ground:
        return _style(palette(accent, paper=asked.ground), None)
    return _style(palette(accent, paper=PAPER), palette(accent, paper=NIGHT))


def for_script_block(value: Any) -> str:
    """JSON that cannot end its ``<script>`` block, whatever a title contains."""
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False).translate(_UNSAFE)


def _config(
    subject: Subject, asked: Parameters, cards: list[TrackCard], *, words: Words, late: list[str]
) -> dict[str, Any]:
    licenses: dict[str, dict[str, str]] = {}
    options = {
        "start": asked.start_track,
        "t": asked.start_seconds,
        "autoplay": asked.autoplay,
        "loop": asked.loop,
        "volume": asked.volume,
        "single": asked.single,
        "keys": asked.keys,
        "buy": asked.buy,
    }
    return {
        "k": subject.placement.key if subject.placement else "",
        # What is off is left out: every byte is in every view. A volume of nothing is said.
        **{name: value for name, value in options.items() if value or (name == "volume" and value == 0)},
        "tracks": [card.for_script(licenses) for card in cards],
        "peaks": "".join(short_peaks(card.peaks) for card in cards),
        "licenses": licenses,
        "words": words.for_core(),
        "late": late,
    }


def _style(light: Palette, dark: Palette | None) -> str:
    style = f":root{{{_variables(light)}}}"
    if dark is not None:
        night = _variables(dark)
        style += (
            f"@media(prefers-color-scheme:dark){{[data-theme=auto]{{{night}}}}}[data-theme=dark]{{{night}}}"
        )
    return style


def _variables(colors: Palette) -> str:
    is_dark = is_dark_ground(colors.paper)
    pairs = [f"--{name}:{getattr(colors, field)}" for field, name in _NAMES.items()]
    return ";".join([*pairs, f"--scheme:{'dark' if is_dark else 'light'}"])
