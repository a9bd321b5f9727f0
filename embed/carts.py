"""``/embed/v1/carts``: a player's cart, by its token alone; it knows no cookie and no visitor.

Bodies are JSON sent as text, so that an opaque frame needs no pre-flight. Whoever holds the token
may look and change; nothing here says who bought what.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, NoReturn

from flask import Blueprint, Response, jsonify, request

from embed.words import Words, language_of, words_of
from flexapp.errors import Invalid, TooLarge
from flexapp.kernel.clock import to_rfc3339
from flexapp.kernel.ids import is_id
from flexapp.kernel.money import Money
from flexapp.orders import carts
from flexapp.orders.models import Cart
from flexapp.web.access import Access, allow
from flexapp.web.context import db, services
from flexapp.web.limits import limiter
from flexapp.web.visitors import visitor_key_of
from flexapp.workflows.fill_cart import put_in_cart
from flexapp.workflows.price_cart import PricedLine, price_cart

blueprint = Blueprint("embed_carts", __name__)
MAX_BODY = 4096
_LONGEST_TOKEN = 700


class InvalidCartLine(Invalid):
    """A body that names no track and license; ``fields`` says what to mend."""

    code = "invalid_cart_line"


class CartLineTooLarge(TooLarge):
    """A body of more than 4096 bytes."""

    code = "cart_line_too_large"


@dataclass(frozen=True)
class Asked:
    """A body, read: ids have the shape of ids, tokens are whatever was sent."""

    track_id: str
    license_type_id: str
    placement_token: str | None
    session_token: str | None


@blueprint.post("/embed/v1/carts")
@limiter.limit("20/minute")
@allow(Access.STRANGER)
def create() -> Response:
    """A new cart with its first line: 201."""
    response = _cart(_put(None))
    response.status_code = 201
    return response


@blueprint.get("/embed/v1/carts/<token>")
@limiter.limit("240/minute")
@allow(Access.STRANGER)
def show(token: str) -> Response:
    """The cart with the prices of this moment."""
    return _cart(carts.cart_of(db(), token, now=services().clock.now()))


@blueprint.post("/embed/v1/carts/<token>/lines")
@limiter.limit("120/minute")
@allow(Access.STRANGER)
def put(token: str) -> Response:
    """Add a line, or give the track another license."""
    return _cart(_put(token))


@blueprint.post("/embed/v1/carts/<token>/remove")
@limiter.limit("120/minute")
@allow(Access.STRANGER)
def remove(token: str) -> Response:
    """Take a track out; one that is not there changes nothing."""
    track_id = _read(needs_license=False).track_id
    cart = carts.cart_in_use(db(), token, now=services().clock.now())
    carts.remove(db(), cart, track_id)
    return _cart(cart)


@blueprint.after_request
def _open_to_all(response: Response) -> Response:
    """Refusals are readable for an opaque frame too."""
    response.headers["Access-Control-Allow-Origin"] = "*"
    response.headers["Cache-Control"] = "no-store"
    return response


def _put(token: str | None) -> Cart:
    asked = _read(needs_license=True)
    visitor_key = visitor_key_of(asked.session_token)
    return put_in_cart(
        db(),
        token,
        track_id=asked.track_id,
        license_type_id=asked.license_type_id,
        placement_token=asked.placement_token,
        session_token=asked.session_token,
        services=services(),
        now=services().clock.now(),
        visitor_key=visitor_key,
    )


def _read(*, needs_license: bool) -> Asked:
    if (request.content_length or 0) > MAX_BODY:
        raise CartLineTooLarge(f"A line of a cart takes at most {MAX_BODY} bytes.")
    body = request.stream.read(MAX_BODY + 1)
    if len(body) > MAX_BODY:
        raise CartLineTooLarge(f"A line of a cart takes at most {MAX_BODY} bytes.")
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        _refuse("The body is no JSON.", {})
    if not isinstance(value, dict):
        _refuse("The body is an object.", {})
    fields = {}
    track_id, license_type_id = _text(value.get("track_id")), _text(value.get("license_type_id"))
    if not is_id(track_id, "trk"):
        fields["track_id"] = "The id of a track."
    if needs_license and not is_id(license_type_id, "lty"):
        fields["license_type_id"] = "The id of a license type."
    if fields:
        _refuse("Please mend the named fields.", fields)
    return Asked(track_id, license_type_id, _token(value.get("k")), _token(value.get("s")))


def _refuse(sentence: str, fields: dict[str, str]) -> NoReturn:
    raise InvalidCartLine(sentence, fields=fields)


def _text(sent: Any) -> str:
    return sent if isinstance(sent, str) else ""


def _token(sent: Any) -> str | None:
    return sent if isinstance(sent, str) and 0 < len(sent) <= _LONGEST_TOKEN else None


def _cart(cart: Cart) -> Response:
    priced = price_cart(db(), cart)
    words = words_of(language_of(request.args.get("lang", "")[:20]))
    return jsonify(
        token=cart.token,
        lines=[_line(line, words) for line in priced.lines],
        total=_money(priced.total, words),
        count=len(priced.lines),
        can_check_out=bool(priced.for_sale),
        expires_at=to_rfc3339(cart.expires_at),
        url=f"{services().settings.base_url}/cart/{cart.token}",
    )


def _line(line: PricedLine, words: Words) -> dict[str, Any]:
    track = line.track
    return {
        "track_id": line.line.track_id,
        "title": line.title,
        "producer": line.producer.name if line.producer else "",
        "cover": f"/media/{track.id}/cover.webp" if track and track.cover_small_key else None,
        "license_type_id": line.line.license_type_id,
        "license": line.license_name,
        "is_exclusive": line.offer.is_exclusive if line.offer else False,
        "price": _money(line.offer.money, words) if line.offer else None,
        "was": _money(line.was, words) if line.was else None,
        "problem": {"code": line.hindrance.value, "detail": line.sentence} if line.hindrance else None,
        "offers": [
            {
                "license_type_id": offer.license_type.id,
                "license": offer.license_type.name,
                "price": _money(offer.money, words),
            }
            for offer in line.offers
        ],
    }


def _money(money: Money, words: Words) -> dict[str, Any]:
    """The amount for programs, and as a listener of that language reads it."""
    return {
        "amount": money.amount,
        "currency": money.currency,
        "text": words.price(money.amount, money.currency),
    }
