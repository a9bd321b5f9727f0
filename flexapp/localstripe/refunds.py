"""Refunds: by the API and by hand on the dashboard, and one that fails later."""

from __future__ import annotations

from flexapp.localstripe import balance
from flexapp.localstripe.account import Account
from flexapp.localstripe.forms import Form
from flexapp.localstripe.problems import StripeProblem, invalid, missing, required
from flexapp.localstripe.state import Thing, new_id


def create(account: Account, form: Form) -> Thing:
    """Give back an amount of a charge, or all that remains."""
    charge = _charge_of(account, form)
    if charge["status"] != "succeeded":
        raise StripeProblem(f"Charge {charge['id']} did not succeed, so it cannot be refunded.")
    remaining = charge["amount"] - charge["amount_refunded"]
    if remaining == 0:
        raise StripeProblem(
            f"Charge {charge['id']} has already been refunded.", code="charge_already_refunded"
        )
    amount = int(form.get("amount", remaining))
    if amount < 1:
        raise invalid("Invalid positive integer", "amount")
    if amount > remaining:
        raise StripeProblem(
            f"Refund amount (${amount / 100:,.2f}) is greater than unrefunded amount on charge "
            f"(${remaining / 100:,.2f})",
            param="amount",
        )
    refund: Thing = {
        "id": new_id("re"),
        "object": "refund",
        "amount": amount,
        "balance_transaction": None,
        "charge": charge["id"],
        "created": account.now(),
        "currency": charge["currency"],
        "destination_details": {
            "card": {
                "reference_status": "pending",
                "reference_type": "acquirer_reference_number",
                "type": "refund",
            },
            "type": "card",
        },
        "metadata": form.get("metadata", {}),
        "payment_intent": charge["payment_intent"],
        "reason": form.get("reason"),
        "receipt_number": None,
        "source_transfer_reversal": None,
        "status": "succeeded",
        "transfer_reversal": None,
    }
    refund["balance_transaction"] = balance.book_refund(account, refund)["id"]
    account.state.put(refund)
    before = {"amount_refunded": charge["amount_refunded"], "refunded": charge["refunded"]}
    charge["amount_refunded"] += amount
    charge["refunded"] = charge["amount_refunded"] == charge["amount"]
    account.state.put(charge)
    account.tell("refund.created", refund)
    account.tell("charge.refunded", charge, before)
    account.tell("refund.updated", refund, {"status": "pending"})
    return refund


def fail_later(account: Account, identity: str) -> Thing:
    """The bank sent a succeeded refund back, as it happens to closed cards."""
    refund = retrieve(account, {}, identity)
    if refund["status"] != "succeeded":
        raise StripeProblem(f"Refund {identity} is {refund['status']}.")
    entry = balance.book_failed_refund(account, refund)
    refund.update(
        status="failed",
        failure_reason="lost_or_stolen_card",
        failure_balance_transaction=entry["id"],
    )
    account.state.put(refund)
    charge = account.state.find(refund["charge"])
    assert charge is not None
    charge["amount_refunded"] -= refund["amount"]
    charge["refunded"] = False
    account.state.put(charge)
    account.tell("refund.updated", refund, {"status": "succeeded"})
    account.tell("refund.failed", refund)
    return refund


def retrieve(account: Account, form: Form, identity: str) -> Thing:
    """One refund."""
    refund = account.state.find(identity, "refund")
    if refund is None:
        raise missing("refund", identity)
    return refund


def listed(account: Account, form: Form) -> list[Thing]:
    """Refunds, newest first, perhaps those of one charge or payment intent."""
    names = ("charge", "payment_intent")
    return account.state.newest(
        "refund", lambda one: all(one[name] == form[name] for name in names if name in form)
    )


def _charge_of(account: Account, form: Form) -> Thing:
    if "charge" in form:
        charge = account.state.find(form["charge"], "charge")
        if charge is None:
            raise missing("charge", form["charge"], "charge")
        return charge
    if "payment_intent" not in form:
        raise required("charge")
    intent = account.state.find(form["payment_intent"], "payment_intent")
    if intent is None:
        raise missing("payment_intent", form["payment_intent"], "payment_intent")
    charge = account.state.find(intent["latest_charge"] or "", "charge")
    if charge is None:
        raise StripeProblem(
            "This PaymentIntent does not have a successful charge to refund.",
            code="payment_intent_unexpected_state",
        )
    return charge
