"""Checkout Sessions: made, read, expired; the page that people pay on is in ``pages``."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from flexapp.localstripe.account import Account
from flexapp.localstripe.forms import Form
from flexapp.localstripe.problems import StripeProblem, invalid, missing, required
from flexapp.localstripe.state import Thing, new_id

_SHORTEST = 30 * 60  # https://docs.stripe.com/api/checkout/sessions/create#expires_at
_LONGEST = 24 * 3600
_MOST_LINES = 100
_LARGEST_AMOUNT = 99_999_999
_SMALLEST_AMOUNT = 50  # of a whole session, in cents, for cards in USD


def create(account: Account, form: Form) -> Thing:
    """A session for one payment, with inline prices."""
    if form.get("mode") != "payment":
        raise invalid("This stand-in opens sessions with mode=payment.", "mode", "parameter_unknown")
    for name in ("success_url", "cancel_url"):
        _check_address(form, name, needed=name == "success_url")
    now = account.now()
    expires_at = int(form.get("expires_at", now + _LONGEST))
    if not now + _SHORTEST <= expires_at + 60 or expires_at > now + _LONGEST + 60:
        raise invalid(
            "The `expires_at` timestamp must be at least 30 minutes and less than 24 hours from Checkout "
            "Session creation.",
            "expires_at",
        )
    identity = new_id("cs_test", 58)
    lines = _lines(account, form, identity)
    total = sum(line["amount_total"] for line in lines)
    currency = str(lines[0]["currency"])
    if total < _SMALLEST_AMOUNT:
        raise StripeProblem(
            "The Checkout Session's total amount due must add up to at least $0.50 usd",
            code="amount_too_small",
        )
    session: Thing = {
        "id": identity,
        "object": "checkout.session",
        "allow_promotion_codes": None,
        "amount_subtotal": total,
        "amount_total": total,
        "automatic_tax": {"enabled": False, "liability": None, "provider": None, "status": None},
        "billing_address_collection": None,
        "cancel_url": form.get("cancel_url"),
        "client_reference_id": form.get("client_reference_id"),
        "client_secret": None,
        "consent": None,
        "consent_collection": None,
        "created": now,
        "currency": currency,
        "currency_conversion": None,
        "custom_fields": [],
        "custom_text": {
            "after_submit": None,
            "shipping_address": None,
            "submit": None,
            "terms_of_service_acceptance": None,
        },
        "customer": None,
        "customer_creation": "if_required",
        "customer_details": None,
        "customer_email": form.get("customer_email"),
        "discounts": [],
        "expires_at": expires_at,
        "invoice": None,
        "livemode": False,
        "locale": form.get("locale"),
        "metadata": form.get("metadata", {}),
        "mode": "payment",
        "payment_intent": None,
        "payment_link": None,
        "payment_method_collection": "if_required",
        "payment_method_types": ["card"],
        "payment_status": "unpaid",
        "recovered_from": None,
        "setup_intent": None,
        "shipping_cost": None,
        "shipping_options": [],
        "status": "open",
        "submit_type": form.get("submit_type"),
        "subscription": None,
        "success_url": form["success_url"],
        "total_details": {"amount_discount": 0, "amount_shipping": 0, "amount_tax": 0},
        "ui_mode": "hosted_page",
        "url": f"{account.address}/c/pay/{identity}",
    }
    account.state.put(session)
    # What Stripe keeps to itself: the lines, and what the payment intent will be made with.
    account.state.put(
        {
            "id": f"{identity}/inside",
            "object": "inside",
            "lines": lines,
            "payment_intent_data": form.get("payment_intent_data", {}),
        }
    )
    return session


def fetch(account: Account, identity: str) -> Thing:
    """The session as it stands by the clock; raises when there is none."""
    session = account.state.find(identity, "checkout.session")
    if session is None:
        raise missing("checkout.session", identity, "session")
    if session["status"] == "open" and session["expires_at"] <= account.now():
        close(account, session)
    return session


def close(account: Account, session: Thing) -> None:
    """Let it expire, and tell."""
    session.update(status="expired", url=None)
    account.state.put(session)
    account.tell("checkout.session.expired", session)


def expire_what_is_late(account: Account) -> None:
    """Let every open session expire whose time has come."""
    now = account.now()
    for session in account.state.newest(
        "checkout.session", lambda one: one["status"] == "open" and one["expires_at"] <= now
    ):
        close(account, session)


def retrieve(account: Account, form: Form, identity: str) -> Thing:
    """One session."""
    return fetch(account, identity)


def listed(account: Account, form: Form) -> list[Thing]:
    """Sessions, newest first, perhaps those of one payment intent or status."""
    expire_what_is_late(account)
    return account.state.newest(
        "checkout.session",
        lambda one: all(one[name] == form[name] for name in ("payment_intent", "status") if name in form),
    )


def expire(account: Account, form: Form, identity: str) -> Thing:
    """Close an open session; a complete or expired one refuses."""
    session = fetch(account, identity)
    if session["status"] != "open":
        raise StripeProblem(
            'Only Checkout Sessions with a status in ["open"] can be expired. This Checkout Session has '
            f"a status of {session['status']}."
        )
    close(account, session)
    return session


def line_items(account: Account, form: Form, identity: str) -> list[Thing]:
    """The lines of a session."""
    fetch(account, identity)
    return inside(account, identity)["lines"]  # type: ignore[no-any-return]


def inside(account: Account, identity: str) -> Thing:
    """What Stripe keeps to itself about a session."""
    found = account.state.find(f"{identity}/inside")
    assert found is not None
    return found


def _lines(account: Account, form: Form, identity: str) -> list[Thing]:
    items = form.get("line_items")
    if not items:
        raise required("line_items")
    if len(items) > _MOST_LINES:
        raise invalid(f"You can use at most {_MOST_LINES} line items.", "line_items")
    lines = [_line(account, item, place) for place, item in enumerate(items)]
    if len({line["currency"] for line in lines}) > 1:
        raise invalid("All line items must use the same currency.", "line_items")
    return lines


def _line(account: Account, item: dict[str, Any], place: int) -> Thing:
    where = f"line_items[{place}]"
    price_data = item.get("price_data")
    if price_data is None:
        raise invalid("This stand-in takes lines with price_data.", where, "parameter_unknown")
    if "product_data" not in price_data:
        raise required(f"{where}[price_data][product_data]")
    if "unit_amount" not in price_data:
        raise required(f"{where}[price_data][unit_amount]")
    unit, quantity = int(price_data["unit_amount"]), int(item.get("quantity", "1"))
    if not 0 <= unit <= _LARGEST_AMOUNT:
        raise invalid("Invalid integer: unit_amount", f"{where}[price_data][unit_amount]")
    if quantity < 1:
        raise invalid("Quantity must be at least 1.", f"{where}[quantity]")
    product, currency = price_data["product_data"], price_data["currency"].lower()
    price = {
        "id": new_id("price"),
        "object": "price",
        "active": False,
        "billing_scheme": "per_unit",
        "created": account.now(),
        "currency": currency,
        "custom_unit_amount": None,
        "livemode": False,
        "lookup_key": None,
        "metadata": {},
        "nickname": None,
        "product": new_id("prod", 14),
        "recurring": None,
        "tax_behavior": "unspecified",
        "tiers_mode": None,
        "transform_quantity": None,
        "type": "one_time",
        "unit_amount": unit,
        "unit_amount_decimal": str(unit),
    }
    return {
        "id": new_id("li"),
        "object": "item",
        "amount_discount": 0,
        "amount_subtotal": unit * quantity,
        "amount_tax": 0,
        "amount_total": unit * quantity,
        "currency": currency,
        "description": product["name"],
        "price": price,
        "quantity": quantity,
    }


def _check_address(form: Form, name: str, *, needed: bool) -> None:
    address = form.get(name)
    if address is None:
        if needed:
            raise required(name)
        return
    parts = urlsplit(address)
    if parts.scheme not in ("http", "https") or not parts.netloc:
        raise invalid("Not a valid URL", name, "url_invalid")
