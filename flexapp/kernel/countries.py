"""Countries by their ISO 3166 code of two letters, in English; the list is public domain (tz database)."""

from __future__ import annotations

from functools import lru_cache
from importlib.resources import files

_ALSO = {"XK": "Kosovo"}  # in use everywhere, and not in the standard


@lru_cache
def names() -> dict[str, str]:
    """Every code with its country's name."""
    table = files("tzdata.zoneinfo").joinpath("iso3166.tab").read_text(encoding="utf-8")
    rows = (line.split("\t") for line in table.splitlines() if line and not line.startswith("#"))
    return {**_ALSO, **{code: name for code, name, *_ in rows}}


def name_of(code: str) -> str:
    """``DE`` is Germany; an unknown code stays as it is."""
    return names().get(code, code)
