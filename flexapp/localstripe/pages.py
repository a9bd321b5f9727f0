"""The hosted Checkout page: what a buyer sees and a browser test clicks."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from werkzeug.utils import redirect
from werkzeug.wrappers import Request as Incoming
from werkzeug.wrappers import Response

from flexapp.kernel.money import format_money
from flexapp.localstripe import checkout, payments
from flexapp.localstripe.account import Account
from flexapp.localstripe.cards import CARDS, digits_of, passes_luhn
from flexapp.localstripe.payments import Buyer, Outcome
from flexapp.localstripe.problems import StripeProblem
from flexapp.localstripe.state import Thing

_HERE = Path(__file__).resolve().parent
_TEMPLATES = _HERE.parent.parent / "templates" / "localstripe"
_EXPIRY = re.compile(r"^(\d{1,2})\s*/\s*(\d{2}|\d{4})$")
_EMAIL = re.compile(r"^[^@\s]+@[^@\s]+\.[^@\s]+$|^[^@\s]+@localhost$")

templates = Environment(
    loader=FileSystemLoader(_TEMPLATES), autoescape=True, undefined=StrictUndefined, trim_blocks=True
)
templates.filters["money"] = format_money


def stylesheet() -> Response:
    """The look of Checkout and dashboard."""
    return Response((_HERE / "style.css").read_text(), content_type="text/css; charset=utf-8")


def serve(account: Account, incoming: Incoming) -> Response:
    """``/c/pay/<session>`` and ``/c/pay/<session>/authenticate``."""
    identity, _, step = incoming.path.removeprefix("/c/pay/").partition("/")
    try:
        with account.state.transaction():
            session = checkout.fetch(account, identity)
            if step == "authenticate":
                return _challenge(account, incoming, session)
            if session["status"] != "open":
                return _closed(session)
            if incoming.method == "POST":
                return _pay(account, incoming, session)
    except StripeProblem:
        return render("missing.html", 404)
    return _form(account, session, {})


def render(name: str, status: int = 200, **values: Any) -> Response:
    """A page under the strict policy that all of them keep."""
    response = Response(templates.get_template(name).render(**values), status, mimetype="text/html")
    response.headers["Content-Security-Policy"] = (
        "default-src 'none'; style-src 'self'; img-src 'self' data:; base-uri 'none'; frame-ancestors 'none'"
    )
    response.headers["Referrer-Policy"] = "no-referrer"
    return response


def _pay(account: Account, incoming: Incoming, session: Thing) -> Response:
    typed = {name: incoming.form.get(name, "").strip() for name in ("email", "card", "expiry", "cvc", "name")}
    problems = _problems(account, typed)
    if problems:
        return _form(account, session, typed, problems)
    month, year = _expiry(typed["expiry"])
    buyer = Buyer(typed["email"], typed["name"], month, year)
    card = CARDS[digits_of(typed["card"])]
    outcome, message = payments.try_card(account, session["id"], card, buyer)
    if outcome is Outcome.DECLINED:
        return _form(account, session, typed, {"card": message})
    if outcome is Outcome.ASKS:
        return redirect(f"/c/pay/{session['id']}/authenticate", 303)
    return _leave(account, session["id"])


def _challenge(account: Account, incoming: Incoming, session: Thing) -> Response:
    if session["status"] != "open":
        return _closed(session)
    if incoming.method != "POST":
        return render("authenticate.html", session=session)
    is_passed = incoming.form.get("result") == "complete"
    outcome, message = payments.answer_challenge(account, session["id"], is_passed=is_passed)
    if outcome is Outcome.DECLINED:
        return _form(account, checkout.fetch(account, session["id"]), {}, {"card": message})
    if outcome is Outcome.PAID:
        return _leave(account, session["id"])
    return redirect(f"/c/pay/{session['id']}", 303)


def _leave(account: Account, identity: str) -> Response:
    session = checkout.fetch(account, identity)
    return redirect(session["success_url"].replace("{CHECKOUT_SESSION_ID}", identity), 303)


def _form(
    account: Account, session: Thing, typed: dict[str, str], problems: dict[str, str] | None = None
) -> Response:
    values = {"email": session["customer_email"] or "", "card": "", "expiry": "", "cvc": "", "name": ""}
    return render(
        "pay.html",
        session=session,
        lines=checkout.inside(account, session["id"])["lines"],
        typed={**values, **typed, "cvc": ""},
        problems=problems or {},
        minutes_left=max(0, (session["expires_at"] - account.now()) // 60),
    )


def _closed(session: Thing) -> Response:
    success = session["success_url"].replace("{CHECKOUT_SESSION_ID}", session["id"])
    is_paid = session["status"] == "complete"
    return render("closed.html", 200 if is_paid else 410, session=session, is_paid=is_paid, success=success)


def _problems(account: Account, typed: dict[str, str]) -> dict[str, str]:
    problems = {}
    if not _EMAIL.match(typed["email"]):
        problems["email"] = "Enter an e-mail address such as you@example.com."
    number = digits_of(typed["card"])
    if number not in CARDS:
        fits = len(number) >= 12 and passes_luhn(number)
        problems["card"] = (
            "This stand-in takes the test cards below, never a real one."
            if fits
            else "Your card number is incomplete or wrong."
        )
    month, year = _expiry(typed["expiry"])
    today = account.moment()
    if not 1 <= month <= 12:
        problems["expiry"] = "Enter the month and year, such as 12 / 34."
    elif (year, month) < (today.year, today.month):
        problems["expiry"] = "Your card's expiration date is in the past."
    if not (typed["cvc"].isdigit() and 3 <= len(typed["cvc"]) <= 4):
        problems["cvc"] = "Enter the three or four digits."
    if not typed["name"]:
        problems["name"] = "Enter the name on the card."
    return problems


def _expiry(text: str) -> tuple[int, int]:
    match = _EXPIRY.match(text.strip()) or re.match(r"^(\d{2})(\d{2})$", text.strip())
    if match is None:
        return 0, 0
    year = int(match.group(2))
    return int(match.group(1)), year + 2000 if year < 100 else year
