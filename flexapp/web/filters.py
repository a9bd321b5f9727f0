"""How templates write money, times, durations and numbers."""

from __future__ import annotations

import zlib
from datetime import UTC, datetime
from typing import Any

from flask import Flask
from markupsafe import Markup, escape

from flexapp.kernel.clock import to_rfc3339
from flexapp.kernel.money import Money, format_money
from flexapp.web.context import services
from flexapp.web.identity import current_person

SLEEVES = 8  #: how many palettes the styles know for artwork that a producer has not given yet
_MINUTE, _HOUR, _DAY = 60, 3600, 86_400
_NEAR_DAYS = 7


def install(app: Flask) -> None:
    """Give the templates these filters, under their own names, ``now()`` and ``me``, the signed-in person."""
    for write in (money, ago, day, moment, duration, number, percent, filesize, bpm, initials, sleeve):
        app.jinja_env.filters[write.__name__] = write
    app.jinja_env.globals["now"] = lambda: services().clock.now()
    app.jinja_env.trim_blocks = True
    app.jinja_env.lstrip_blocks = True
    app.context_processor(lambda: {"me": current_person()})


def money(amount: Money | dict[str, Any] | int | None, currency: str = "usd") -> str:
    """``2999`` as ``$29.99``; takes Money, the JSON shape, or minor units with a currency; None is a dash."""
    if amount is None:
        return "–"
    if isinstance(amount, Money):
        return str(amount)
    if isinstance(amount, dict):
        return format_money(int(amount["amount"]), str(amount["currency"]))
    return format_money(amount, currency)


def ago(when: datetime | None) -> Markup:
    """A time near now in words (``5 min ago``, ``in 3 days``), one further off as its day."""
    if when is None:
        return Markup("–")
    now = services().clock.now()
    return _time(when, _relative(when, now))


def day(when: datetime | None) -> Markup:
    """``27 Nov``, with the year unless it is this one."""
    if when is None:
        return Markup("–")
    return _time(when, _day_text(when, services().clock.now()))


def moment(when: datetime | None) -> Markup:
    """``27 Nov 2026, 18:02 UTC``."""
    if when is None:
        return Markup("–")
    return _time(when, _moment_text(when))


def duration(milliseconds: float | None) -> str:
    """``57000`` as ``0:57``, from an hour on ``1:02:03``; None is a dash."""
    if milliseconds is None:
        return "–"
    seconds = max(0, round(milliseconds / 1000))
    hours, rest = divmod(seconds, _HOUR)
    minutes, seconds = divmod(rest, _MINUTE)
    return f"{hours}:{minutes:02d}:{seconds:02d}" if hours else f"{minutes}:{seconds:02d}"


def number(value: float | None) -> str:
    """``12408`` as ``12,408``; None is a dash."""
    if value is None:
        return "–"
    text = f"{value:,.0f}" if float(value).is_integer() else f"{value:,.1f}"
    return text.replace("-", "−")


def percent(share: float | None, signed: bool = False) -> str:
    """``0.61`` as ``61 %`` with a narrow no-break space; None is a dash."""
    if share is None:
        return "–"
    value = round(share * 100)
    sign = "−" if value < 0 else "+" if signed and value > 0 else ""
    return f"{sign}{abs(value):,}\u202f%"


def filesize(size: float | None) -> str:
    """Bytes as ``812 KB`` or ``4.1 MB``, in steps of 1000."""
    if size is None:
        return "–"
    value = float(size)
    for unit in ("bytes", "KB", "MB"):
        if value < 999.5:
            return f"{value:.0f} {unit}" if value >= 10 or unit == "bytes" else f"{value:.1f} {unit}"
        value /= 1000
    return f"{value:.1f} GB"


def bpm(tempo: float | None) -> str:
    """``140.0`` as ``140 BPM``; nothing without a tempo."""
    return "" if tempo is None else f"{tempo:.1f}".removesuffix(".0") + " BPM"


def initials(name: str) -> str:
    """At most two letters to stand for a name: ``Kaito Sounds`` is ``KS``."""
    words = [word for word in name.split() if word[0].isalnum()]
    return "".join(word[0] for word in (words[:1] + words[-1:] if len(words) > 1 else words)).upper() or "?"


def sleeve(seed: str) -> int:
    """Which of the palettes stands for a thing without artwork: the same one for the same id."""
    return zlib.crc32(seed.encode()) % SLEEVES


def _time(when: datetime, text: str) -> Markup:
    return Markup('<time datetime="{}" title="{}">{}</time>').format(
        to_rfc3339(when), _moment_text(when), escape(text)
    )


def _relative(when: datetime, now: datetime) -> str:
    seconds = (now - when).total_seconds()
    span = abs(seconds)
    if span < _MINUTE:
        return "just now" if seconds >= 0 else "in a moment"
    if span < _HOUR:
        text = f"{int(span // _MINUTE)} min"
    elif span < _DAY:
        text = _count(int(span // _HOUR), "hour")
    elif span < _NEAR_DAYS * _DAY:
        text = _count(int(span // _DAY), "day")
    else:
        return _day_text(when, now)
    return f"{text} ago" if seconds >= 0 else f"in {text}"


def _count(amount: int, unit: str) -> str:
    return f"{amount} {unit}" + ("" if amount == 1 else "s")


def _day_text(when: datetime, now: datetime) -> str:
    utc = when.astimezone(UTC)
    text = f"{utc.day} {utc:%b}"
    return text if utc.year == now.astimezone(UTC).year else f"{text} {utc.year}"


def _moment_text(when: datetime) -> str:
    utc = when.astimezone(UTC)
    return f"{utc.day} {utc:%b} {utc.year}, {utc:%H:%M} UTC"
