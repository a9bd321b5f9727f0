"""The stand-in's dashboard: payments and refunds, events, clock and switches."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any

from werkzeug.utils import redirect
from werkzeug.wrappers import Request as Incoming
from werkzeug.wrappers import Response

from flexapp.kernel import money
from flexapp.localstripe import balance, chaos, checkout, events, refunds
from flexapp.localstripe.account import Account
from flexapp.localstripe.deliveries import Deliveries
from flexapp.localstripe.pages import render, templates
from flexapp.localstripe.problems import StripeProblem
from flexapp.localstripe.state import Thing

_SHOWN = 50
_REASONS = {
    "requested_by_customer": "Asked for by the buyer",
    "duplicate": "Paid twice",
    "fraudulent": "Fraud",
}
_MAX_DAYS = 366
_SAID = {
    "refunded": "Refunded. The webhooks are on their way.",
    "refund-failed": "The refund failed, and the money is back here.",
    "redelivered": "Delivered once more.",
    "advanced": "The clock was moved.",
    "switched": "Set for every webhook from now on.",
}

templates.filters["moment"] = lambda seconds: datetime.fromtimestamp(seconds, UTC).strftime(
    "%Y-%m-%d %H:%M:%S"
)
templates.globals.update(reasons=_REASONS, said=_SAID)


def serve(account: Account, deliveries: Deliveries, incoming: Incoming) -> Response:
    """Every page and button of the dashboard."""
    if incoming.method == "POST":
        try:
            with account.state.transaction():
                notice = _act(account, deliveries, incoming)
        except StripeProblem as problem:
            account.request.told.clear()
            return _show(account, status=400, problem=str(problem))
        except ValueError as problem:
            account.request.told.clear()
            return _show(account, status=400, problem=str(problem) or "That is no number.")
        return redirect(f"/?done={notice}", 303)
    if incoming.path == "/":
        return _show(account, done=incoming.args.get("done", ""))
    if incoming.path.startswith("/events/"):
        event = account.state.find(incoming.path.removeprefix("/events/"), "event")
        if event is not None:
            return render("event.html", event=event, deliveries=_deliveries_of(account, event["id"]))
    return render("missing.html", 404)


def catch_up(account: Account) -> None:
    """Do what the moved clock has made due."""
    with account.state.transaction():
        checkout.expire_what_is_late(account)


def _act(account: Account, deliveries: Deliveries, incoming: Incoming) -> str:
    form = incoming.form
    if incoming.path == "/refunds":
        charge = account.state.find(form.get("charge", ""), "charge")
        params: dict[str, Any] = {"charge": form.get("charge", "")}
        if form.get("amount", "").strip() and charge:
            params["amount"] = str(_minor(form["amount"], charge["currency"]))
        if form.get("reason") in _REASONS:
            params["reason"] = form["reason"]
        refunds.create(account, params)
        return "refunded"
    if incoming.path == "/refunds/fail":
        refunds.fail_later(account, form.get("refund", ""))
        return "refund-failed"
    if incoming.path == "/events/redeliver":
        events.retrieve(account, {}, form.get("event", ""))
        deliveries.redeliver(form["event"])
        return "redelivered"
    if incoming.path == "/clock":
        days = float(form.get("days", ""))
        if not 0 < days <= _MAX_DAYS:
            raise ValueError(f"Days are more than 0 and at most {_MAX_DAYS}.")
        account.advance(timedelta(days=days))
        catch_up(account)
        return "advanced"
    if incoming.path == "/chaos":
        chaos.write(account.state, {name: form.get(name, "0") for name in form})
        return "switched"
    raise StripeProblem("There is no such button.", status=404)


def _show(account: Account, *, status: int = 200, done: str = "", problem: str = "") -> Response:
    with account.state.transaction():
        checkout.expire_what_is_late(account)
        shown_events = [
            {"event": event, "deliveries": _deliveries_of(account, event["id"])}
            for event in account.state.newest("event")[:_SHOWN]
        ]
        return render(
            "board.html",
            status,
            payments=[_payment(account, charge) for charge in account.state.newest("charge")[:_SHOWN]],
            sessions=account.state.newest("checkout.session", lambda one: one["status"] == "open")[:_SHOWN],
            events=shown_events,
            endpoints=account.state.newest("webhook_endpoint"),
            balance=balance.retrieve(account, {}),
            now=account.now(),
            days_ahead=round(account.offset / 86400, 2),
            chaos=chaos.read(account.state),
            violations=[*account.violations, *account.not_implemented][:_SHOWN],
            done=done,
            problem=problem,
        )


def _payment(account: Account, charge: Thing) -> dict[str, Any]:
    return {
        "charge": charge,
        "remaining": charge["amount"] - charge["amount_refunded"] if charge["paid"] else 0,
        "decimals": money.digits(charge["currency"]),
        "refunds": refunds.listed(account, {"charge": charge["id"]}),
        "state": _state(charge),
    }


def _state(charge: Thing) -> str:
    if charge["status"] == "failed":
        return "declined"
    if charge["refunded"]:
        return "refunded"
    return "partly refunded" if charge["amount_refunded"] else "paid"


def _deliveries_of(account: Account, event_id: str) -> list[dict[str, Any]]:
    rows = account.state.rows("SELECT * FROM delivery WHERE event_id = ? ORDER BY id", event_id)
    return [dict(row) for row in rows]


def _minor(text: str, currency: str) -> int:
    try:
        amount = Decimal(text.strip().replace(",", "."))
    except InvalidOperation:
        raise ValueError("Write the amount as 12.50.") from None
    minor = amount * 10 ** money.digits(currency)
    if minor != minor.to_integral_value() or minor < 1:
        raise ValueError("Write the amount as 12.50.")
    return int(minor)
