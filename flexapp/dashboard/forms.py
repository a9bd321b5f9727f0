"""What forms send, read into domain values: numbers as people write them, and the page again when wrong."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation

from flask import request

from flexapp.errors import Invalid
from flexapp.kernel.money import digits


class NotANumber(Invalid):
    """A field that wants a number got something else; ``fields`` names it."""

    code = "not_a_number"


def text(name: str) -> str:
    """A field's text without surrounding space."""
    return request.form.get(name, "").strip()


def amount(name: str, currency: str) -> int | None:
    """``29.99`` or ``29,99`` as 2999 minor units, None when left empty; raises NotANumber."""
    given = text(name).replace(" ", "")
    if not given:
        return None
    if "," in given and "." not in given:
        given = given.replace(",", ".")
    scaled = _decimal(given.replace(",", ""), name) * 10 ** digits(currency)
    if scaled != scaled.to_integral_value():
        raise _wrong(name, f"A price has at most {digits(currency)} decimals.")
    return int(scaled)


def number(name: str) -> float | None:
    """A field's number, None when left empty; raises NotANumber."""
    given = text(name).replace(",", ".")
    return float(_decimal(given, name)) if given else None


def whole(name: str) -> int | None:
    """A field's whole number, None when left empty; thousands may be parted. Raises NotANumber."""
    given = text(name).replace(",", "").replace(" ", "").replace("_", "")
    if not given:
        return None
    value = _decimal(given, name)
    if value != value.to_integral_value():
        raise _wrong(name, "This is a whole number, or empty for unlimited.")
    return int(value)


def _decimal(given: str, name: str) -> Decimal:
    try:
        value = Decimal(given)
    except InvalidOperation:
        raise _wrong(name, "Write a number, such as 29.99.") from None
    if not value.is_finite() or abs(value) > 10**12:
        raise _wrong(name, "Write a number, such as 29.99.")
    return value


def _wrong(name: str, sentence: str) -> NotANumber:
    return NotANumber(sentence, fields={name: sentence})
