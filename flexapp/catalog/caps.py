"""The named limits of a license, in words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from flexapp.errors import Invalid


@dataclass(frozen=True)
class Cap:
    """One named limit: its label on pages and what it counts."""

    name: str
    label: str
    unit: str
    unlimited: str
    none: str


CAPS = (
    Cap("copies", "Copies", "copies sold or given away", "Unlimited copies", "No copies"),
    Cap("streams", "Plays on streaming services", "plays", "Unlimited plays", "No streaming"),
    Cap("videos", "Music videos", "videos", "Unlimited videos", "No videos"),
    Cap(
        "performances",
        "Paid performances",
        "performances",
        "Unlimited performances",
        "Unpaid performances only",
    ),
    Cap("term_months", "Term", "months", "Forever", "No term"),
)
_BY_NAME = {cap.name: cap for cap in CAPS}
MOST = 1_000_000_000


class InvalidCap(Invalid):
    """A limit that does not exist or makes no sense; ``fields`` names it."""

    code = "invalid_cap"


def checked_caps(caps: Mapping[str, int | None]) -> dict[str, int | None]:
    """Every named limit once, None where unlimited; one left out is unlimited. Raises InvalidCap."""
    for name, value in caps.items():
        if name not in _BY_NAME:
            raise InvalidCap(f"There is no limit called {name}.", fields={"caps": f"Unknown limit {name}."})
        least = 1 if name == "term_months" else 0
        if value is not None and not least <= value <= MOST:
            sentence = f"{_BY_NAME[name].label}: a whole number from {least} up, or empty for unlimited."
            raise InvalidCap(sentence, fields={name: sentence})
    return {cap.name: caps.get(cap.name) for cap in CAPS}


def cap_in_words(name: str, value: int | None) -> str:
    """``copies, 2000`` as ``2,000 copies sold or given away``; a term of whole years in years."""
    cap = _BY_NAME[name]
    if value is None:
        return cap.unlimited
    if value == 0:
        return cap.none
    if name == "term_months" and value % 12 == 0:
        years = value // 12
        return f"{years} year" if years == 1 else f"{years} years"
    return f"{value:,} {_one(cap.unit) if value == 1 else cap.unit}"


def caps_in_words(caps: Mapping[str, int | None]) -> list[tuple[str, str]]:
    """(label, words) of every limit, in a fixed order: what pages and license texts show."""
    return [(cap.label, cap_in_words(cap.name, caps.get(cap.name))) for cap in CAPS]


def full_terms(terms: str, caps: Mapping[str, int | None]) -> str:
    """The producer's terms with the limits as a closing list, in Markdown: the text a buyer accepts."""
    limits = "\n".join(f"- {label}: {words}" for label, words in caps_in_words(caps))
    return f"{terms.rstrip()}\n\n## Limits\n\n{limits}\n"


def _one(unit: str) -> str:
    first, _, rest = unit.partition(" ")
    singular = {"copies": "copy"}.get(first, first.removesuffix("s"))
    return f"{singular} {rest}".strip()
