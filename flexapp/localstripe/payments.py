"""Payment intents and charges: what happens when a card is tried on a session."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from flexapp.localstripe import balance, checkout
from flexapp.localstripe.account import Account
from flexapp.localstripe.cards import Behavior, TestCard
from flexapp.localstripe.forms import Form
from flexapp.localstripe.problems import missing
from flexapp.localstripe.state import Thing, new_id


class Outcome(StrEnum):
    """What the buyer is told after trying a card."""

    PAID = "paid"  #: the session is complete
    DECLINED = "declined"  #: try another card
    ASKS = "asks"  #: 3-D Secure comes first
    CLOSED = "closed"  #: the session was complete or expired already


@dataclass(frozen=True)
class Buyer:
    """What was typed on the page."""

    email: str
    name: str
    expires_month: int
    expires_year: int


def try_card(account: Account, identity: str, card: TestCard, buyer: Buyer) -> tuple[Outcome, str]:
    """Try a card on a session; the message is the decline's."""
    session = checkout.fetch(account, identity)
    if session["status"] != "open":
        return Outcome.CLOSED, ""
    intent = _intent_of(account, session, card, buyer)
    if card.behavior is Behavior.DECLINES:
        return Outcome.DECLINED, _decline(account, intent, card, buyer, card.code, card.message)
    if card.behavior is Behavior.ASKS:
        # Stripe's own page asks within Checkout; the stand-in asks on a page of its own.
        intent["status"] = "requires_action"
        account.state.put(intent)
        _remember(account, identity, card, buyer)
        account.tell("payment_intent.requires_action", intent)
        return Outcome.ASKS, ""
    _succeed(account, session, intent, card, buyer)
    return Outcome.PAID, ""


def answer_challenge(account: Account, identity: str, *, is_passed: bool) -> tuple[Outcome, str]:
    """The buyer completed or failed 3-D Secure."""
    from flexapp.localstripe.cards import CARDS

    session = checkout.fetch(account, identity)
    asked = checkout.inside(account, identity).get("asked")
    intent = account.state.find(session["payment_intent"]) if session["payment_intent"] else None
    if session["status"] != "open" or intent is None or asked is None:
        return Outcome.CLOSED, ""
    card, buyer = CARDS[asked["card"]], Buyer(**asked["buyer"])
    if not is_passed:
        message = "We are unable to authenticate your payment method. Please choose a different one."
        return Outcome.DECLINED, _decline(
            account, intent, card, buyer, "payment_intent_authentication_failure", message, has_charge=False
        )
    _succeed(account, session, intent, card, buyer)
    return Outcome.PAID, ""


def retrieve_intent(account: Account, form: Form, identity: str) -> Thing:
    """One payment intent."""
    intent = account.state.find(identity, "payment_intent")
    if intent is None:
        raise missing("payment_intent", identity, "intent")
    return intent


def retrieve_charge(account: Account, form: Form, identity: str) -> Thing:
    """One charge."""
    charge = account.state.find(identity, "charge")
    if charge is None:
        raise missing("charge", identity)
    return charge


def listed_charges(account: Account, form: Form) -> list[Thing]:
    """Charges, newest first."""
    names = ("payment_intent", "transfer_group", "customer")
    return account.state.newest(
        "charge", lambda one: all(one[name] == form[name] for name in names if name in form)
    )


def _intent_of(account: Account, session: Thing, card: TestCard, buyer: Buyer) -> Thing:
    if session["payment_intent"]:
        intent = account.state.find(session["payment_intent"])
        assert intent is not None
    else:
        data = checkout.inside(account, session["id"])["payment_intent_data"]
        intent = _new_intent(account, session, data)
        session["payment_intent"] = intent["id"]
        account.state.put(session)
        account.tell("payment_intent.created", intent)
    method = account.state.put(_method(account, card, buyer))
    intent["payment_method"] = method["id"]
    return account.state.put(intent)


def _new_intent(account: Account, session: Thing, data: dict[str, Any]) -> Thing:
    identity = new_id("pi")
    return {
        "id": identity,
        "object": "payment_intent",
        "amount": session["amount_total"],
        "amount_capturable": 0,
        "amount_received": 0,
        "application": None,
        "application_fee_amount": None,
        "automatic_payment_methods": None,
        "canceled_at": None,
        "cancellation_reason": None,
        "capture_method": "automatic_async",
        "client_secret": f"{identity}_secret_{new_id('x')[2:]}",
        "confirmation_method": "automatic",
        "created": account.now(),
        "currency": session["currency"],
        "customer": None,
        "description": data.get("description"),
        "last_payment_error": None,
        "latest_charge": None,
        "livemode": False,
        "metadata": data.get("metadata", {}),
        "next_action": None,
        "on_behalf_of": None,
        "payment_method": None,
        "payment_method_types": ["card"],
        "processing": None,
        "receipt_email": data.get("receipt_email"),
        "review": None,
        "setup_future_usage": None,
        "shipping": None,
        "source": None,
        "statement_descriptor": data.get("statement_descriptor"),
        "statement_descriptor_suffix": data.get("statement_descriptor_suffix"),
        "status": "requires_payment_method",
        "transfer_data": None,
        "transfer_group": data.get("transfer_group"),
    }


def _succeed(account: Account, session: Thing, intent: Thing, card: TestCard, buyer: Buyer) -> None:
    charge = _charge(account, intent, card, buyer, is_paid=True)
    entry = balance.book_charge(account, charge)
    charge["balance_transaction"] = entry["id"]
    account.state.put(charge)
    intent.update(
        status="succeeded",
        amount_received=intent["amount"],
        latest_charge=charge["id"],
        last_payment_error=None,
        next_action=None,
    )
    account.state.put(intent)
    session.update(
        status="complete",
        payment_status="paid",
        url=None,
        customer_details={
            "business_name": None,
            "individual_name": None,
            "address": None,
            "email": buyer.email,
            "name": buyer.name,
            "phone": None,
            "tax_exempt": "none",
            "tax_ids": [],
        },
    )
    account.state.put(session)
    account.tell("charge.succeeded", charge)
    account.tell("payment_intent.succeeded", intent)
    account.tell("checkout.session.completed", session)


def _decline(
    account: Account,
    intent: Thing,
    card: TestCard,
    buyer: Buyer,
    code: str,
    message: str,
    *,
    has_charge: bool = True,
) -> str:
    method = account.state.find(intent["payment_method"])
    is_named = code in ("expired_card", "payment_intent_authentication_failure")
    problem: dict[str, Any] = {
        "code": code if is_named else "card_declined",
        "message": message,
        "payment_method": method,
        "type": "card_error" if has_charge else "invalid_request_error",
    }
    if not is_named:
        problem["decline_code"] = code
    if has_charge:
        charge = _charge(account, intent, card, buyer, is_paid=False)
        charge.update(failure_code=problem["code"], failure_message=message)
        charge["outcome"].update(
            network_status="declined_by_network",
            reason=code,
            seller_message="The bank did not return any further details with this decline.",
            type="issuer_declined",
        )
        account.state.put(charge)
        problem["charge"] = intent["latest_charge"] = charge["id"]
    intent.update(status="requires_payment_method", last_payment_error=problem, payment_method=None)
    account.state.put(intent)
    if has_charge:
        account.tell("charge.failed", charge)
    account.tell("payment_intent.payment_failed", intent)
    return message


def _charge(account: Account, intent: Thing, card: TestCard, buyer: Buyer, *, is_paid: bool) -> Thing:
    amount = intent["amount"]
    return {
        "id": new_id("ch"),
        "object": "charge",
        "amount": amount,
        "amount_captured": amount if is_paid else 0,
        "amount_refunded": 0,
        "application": None,
        "application_fee": None,
        "application_fee_amount": None,
        "balance_transaction": None,
        "billing_details": _billing(buyer),
        "calculated_statement_descriptor": "FLEXAPP",
        "captured": is_paid,
        "created": account.now(),
        "currency": intent["currency"],
        "customer": None,
        "description": intent["description"],
        "disputed": False,
        "failure_balance_transaction": None,
        "failure_code": None,
        "failure_message": None,
        "fraud_details": {},
        "livemode": False,
        "metadata": intent["metadata"],
        "on_behalf_of": None,
        "outcome": {
            "advice_code": None,
            "network_advice_code": None,
            "network_decline_code": None,
            "network_status": "approved_by_network",
            "reason": None,
            "risk_level": "normal",
            "risk_score": 12,
            "seller_message": "Payment complete.",
            "type": "authorized",
        },
        "paid": is_paid,
        "payment_intent": intent["id"],
        "payment_method": intent["payment_method"],
        "payment_method_details": {"card": _card_details(card, buyer, amount), "type": "card"},
        "receipt_email": intent["receipt_email"],
        "receipt_number": None,
        "receipt_url": None,
        "refunded": False,
        "review": None,
        "shipping": None,
        "source": None,
        "source_transfer": None,
        "statement_descriptor": None,
        "statement_descriptor_suffix": None,
        "status": "succeeded" if is_paid else "failed",
        "transfer_data": None,
        "transfer_group": intent["transfer_group"],
    }


def _method(account: Account, card: TestCard, buyer: Buyer) -> Thing:
    return {
        "id": new_id("pm"),
        "object": "payment_method",
        "allow_redisplay": "limited",
        "billing_details": _billing(buyer),
        "card": {
            "brand": card.brand,
            "checks": {
                "address_line1_check": None,
                "address_postal_code_check": None,
                "cvc_check": "pass",
            },
            "country": "US",
            "display_brand": card.brand,
            "exp_month": buyer.expires_month,
            "exp_year": buyer.expires_year,
            "fingerprint": f"local{card.number[-8:]}",
            "funding": "credit",
            "generated_from": None,
            "last4": card.number[-4:],
            "networks": {"available": [card.brand], "preferred": None},
            "regulated_status": "unregulated",
            "three_d_secure_usage": {"supported": True},
            "wallet": None,
        },
        "created": account.now(),
        "customer": None,
        "livemode": False,
        "metadata": {},
        "type": "card",
    }


def _billing(buyer: Buyer) -> dict[str, Any]:
    address = dict.fromkeys(("city", "country", "line1", "line2", "postal_code", "state"))
    return {"address": address, "email": buyer.email, "name": buyer.name, "phone": None, "tax_id": None}


def _card_details(card: TestCard, buyer: Buyer, amount: int) -> dict[str, Any]:
    return {
        "amount_authorized": amount,
        "authorization_code": "000000",
        "brand": card.brand,
        "checks": {"address_line1_check": None, "address_postal_code_check": None, "cvc_check": "pass"},
        "country": "US",
        "exp_month": buyer.expires_month,
        "exp_year": buyer.expires_year,
        "fingerprint": f"local{card.number[-8:]}",
        "funding": "credit",
        "installments": None,
        "last4": card.number[-4:],
        "mandate": None,
        "network": card.brand,
        "network_token": {"used": False},
        "network_transaction_id": "000000000000000",
        "regulated_status": "unregulated",
        "three_d_secure": None,
        "wallet": None,
    }


def _remember(account: Account, identity: str, card: TestCard, buyer: Buyer) -> None:
    inside = checkout.inside(account, identity)
    inside["asked"] = {"card": card.number, "buyer": vars(buyer)}
    account.state.put(inside)
