"""The API under ``/v1``: routes, keys, idempotency, expansion, pages; every exchange is checked."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from werkzeug.wrappers import Request as Incoming
from werkzeug.wrappers import Response

from flexapp.localstripe import balance, checkout, conformity, events, payments, refunds
from flexapp.localstripe.account import Account, Request
from flexapp.localstripe.forms import BadForm, Form, parse
from flexapp.localstripe.problems import StripeProblem
from flexapp.localstripe.state import Thing, new_id

KEY_PREFIX = "sk_test_local"
_KEYS_LIVE = 24 * 3600  # https://docs.stripe.com/idempotency
_MAX_BODY = 1 << 20


@dataclass(frozen=True)
class Route:
    """An endpoint: the SDK's operation, who does it, and whether it answers with a page of a list."""

    name: str
    function: Callable[..., Any]
    is_list: bool = False

    @property
    def operation(self) -> conformity.Operation:
        """What the SDK knows of it."""
        return conformity.operation(self.name)


ROUTES = (
    Route("checkout.sessions.create", checkout.create),
    Route("checkout.sessions.retrieve", checkout.retrieve),
    Route("checkout.sessions.list", checkout.listed, is_list=True),
    Route("checkout.sessions.expire", checkout.expire),
    Route("checkout.sessions.line_items.list", checkout.line_items, is_list=True),
    Route("payment_intents.retrieve", payments.retrieve_intent),
    Route("charges.retrieve", payments.retrieve_charge),
    Route("charges.list", payments.listed_charges, is_list=True),
    Route("balance.retrieve", balance.retrieve),
    Route("balance_transactions.retrieve", balance.retrieve_entry),
    Route("balance_transactions.list", balance.listed_entries, is_list=True),
    Route("refunds.create", refunds.create),
    Route("refunds.retrieve", refunds.retrieve),
    Route("refunds.list", refunds.listed, is_list=True),
    Route("events.retrieve", events.retrieve),
    Route("events.list", events.listed, is_list=True),
    Route("webhook_endpoints.create", events.create_endpoint),
    Route("webhook_endpoints.retrieve", events.retrieve_endpoint),
    Route("webhook_endpoints.list", events.listed_endpoints, is_list=True),
    Route("webhook_endpoints.delete", events.delete_endpoint),
)


def answer(account: Account, incoming: Incoming) -> Response:
    """Serve one API request; the caller sends ``account.request.told`` afterwards."""
    key = incoming.headers.get("Idempotency-Key")
    account.request = Request(id=new_id("req", 14), idempotency_key=key)
    replayed = False
    try:
        _authenticate(incoming)
        route, ids = _find_route(account, incoming)
        form = _form(incoming)
        _check_version(incoming)
        with account.state.transaction():
            known = _known_reply(account, incoming, form)
            if known:
                status, text, replayed = *known, True
            else:
                status, text = _serve(account, incoming, route, form, ids)
    except StripeProblem as problem:
        status, text = problem.status, json.dumps(problem.body, indent=2)
    response = Response(text, status=status, content_type="application/json")
    response.headers["Request-Id"] = account.request.id or ""
    response.headers["Stripe-Version"] = conformity.API_VERSION
    if key:
        response.headers["Idempotency-Key"] = key
    if replayed:
        response.headers["Idempotent-Replayed"] = "true"
        response.headers["Original-Request"] = json.loads(text).get("id", "")
    return response


def _serve(account: Account, incoming: Incoming, route: Route, form: Form, ids: list[str]) -> tuple[int, str]:
    violations = route.operation.violations_of_request(form)
    if violations:
        account.violations.extend(violations)
        raise StripeProblem(
            f"Received unknown or invalid parameters: {'; '.join(violations[:3])}",
            code="parameter_unknown",
            is_result=False,
        )
    try:
        result = route.function(account, form, *ids)
        body = _page(form, result, incoming.path) if route.is_list else result
        body = _expanded(account, form, body)
        account.violations.extend(route.operation.violations_of_answer(body))
        status, text = 200, json.dumps(body, indent=2)
    except StripeProblem as problem:
        if not problem.is_result:
            raise
        status, text = problem.status, json.dumps(problem.body, indent=2)
    if incoming.method == "POST" and account.request.idempotency_key:
        account.state.rows(
            "INSERT INTO reply VALUES (?, ?, ?, ?, ?)",
            account.request.idempotency_key,
            _fingerprint(incoming, form),
            status,
            text,
            account.now(),
        )
    return status, text


def _authenticate(incoming: Incoming) -> None:
    scheme, _, key = incoming.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not key.startswith(KEY_PREFIX):
        raise StripeProblem(
            f"Invalid API Key provided: {key[:8]}… This stand-in takes keys that begin with {KEY_PREFIX}.",
            status=401,
            is_result=False,
        )


def _find_route(account: Account, incoming: Incoming) -> tuple[Route, list[str]]:
    asked = incoming.path.strip("/").split("/")
    for route in ROUTES:
        operation = route.operation
        parts = operation.path.strip("/").split("/")
        if operation.verb.upper() != incoming.method or len(parts) != len(asked):
            continue
        if all(part in ("{}", given) and given for part, given in zip(parts, asked, strict=True)):
            return route, [given for part, given in zip(parts, asked, strict=True) if part == "{}"]
    name = f"{incoming.method} {incoming.path}"
    account.not_implemented.append(name)
    raise StripeProblem(f"{name}: not implemented by this stand-in", status=404, is_result=False)


def _check_version(incoming: Incoming) -> None:
    version = incoming.headers.get("Stripe-Version", conformity.API_VERSION)
    if version != conformity.API_VERSION:
        raise StripeProblem(f"Invalid Stripe API version: {version}", is_result=False)


def _form(incoming: Incoming) -> Form:
    if incoming.content_length and incoming.content_length > _MAX_BODY:
        raise StripeProblem("The request is too large.", status=413, is_result=False)
    body = incoming.get_data(as_text=True) if incoming.method == "POST" else ""
    try:
        return parse(body if body else incoming.query_string.decode())
    except BadForm as problem:
        raise StripeProblem(str(problem), is_result=False) from problem


def _known_reply(account: Account, incoming: Incoming, form: Form) -> tuple[int, str] | None:
    key = account.request.idempotency_key
    if incoming.method != "POST" or not key:
        return None
    account.state.rows("DELETE FROM reply WHERE created < ?", account.now() - _KEYS_LIVE)
    rows = account.state.rows("SELECT * FROM reply WHERE key = ?", key)
    if not rows:
        return None
    if rows[0]["request"] != _fingerprint(incoming, form):
        raise StripeProblem(
            "Keys for idempotent requests can only be used with the same parameters they were first used "
            f"with. Try using a key other than '{key}' if you meant to execute a different request.",
            kind="idempotency_error",
            is_result=False,
        )
    return int(rows[0]["status"]), str(rows[0]["body"])


def _fingerprint(incoming: Incoming, form: Form) -> str:
    text = f"{incoming.method} {incoming.path} {json.dumps(form, sort_keys=True)}"
    return hashlib.sha256(text.encode()).hexdigest()


def _page(form: Form, things: list[Thing], url: str) -> Thing:
    if "created" in form:
        things = [thing for thing in things if _is_within(thing["created"], form["created"])]
    limit = int(form.get("limit", "10"))
    if not 1 <= limit <= 100:
        raise StripeProblem("Invalid integer: limit is between 1 and 100", param="limit", is_result=False)
    ids = [thing["id"] for thing in things]
    for name in ("starting_after", "ending_before"):
        if name in form and form[name] not in ids:
            raise StripeProblem(f"No such object: '{form[name]}'", param=name, code="resource_missing")
    if "starting_after" in form:
        things = things[ids.index(form["starting_after"]) + 1 :]
    if "ending_before" in form:
        before = things[: ids.index(form["ending_before"])]
        return {"object": "list", "data": before[-limit:], "has_more": len(before) > limit, "url": url}
    return {"object": "list", "data": things[:limit], "has_more": len(things) > limit, "url": url}


def _is_within(created: int, bounds: Any) -> bool:
    if isinstance(bounds, str):
        return created == int(bounds)
    checks = {
        "gt": created.__gt__,
        "gte": created.__ge__,
        "lt": created.__lt__,
        "lte": created.__le__,
    }
    return all(checks[name](int(bound)) for name, bound in bounds.items())


def _expanded(account: Account, form: Form, body: Thing) -> Thing:
    for path in form.get("expand", []):
        _expand(account, body, path.split("."))
    return body


def _expand(account: Account, holder: Any, path: list[str]) -> None:
    if isinstance(holder, list):
        for one in holder:
            _expand(account, one, path)
        return
    name, rest = path[0], path[1:]
    value = holder.get(name)
    if name == "line_items" and holder.get("object") == "checkout.session":
        url = f"/v1/checkout/sessions/{holder['id']}/line_items"
        value = holder[name] = _page({}, checkout.line_items(account, {}, holder["id"]), url)
    elif name == "refunds" and holder.get("object") == "charge":
        url = f"/v1/charges/{holder['id']}/refunds"
        value = holder[name] = _page({}, refunds.listed(account, {"charge": holder["id"]}), url)
    elif isinstance(value, str):
        found = account.state.find(value)
        if found is None:
            raise StripeProblem(f"This property cannot be expanded ({'.'.join(path)}).", is_result=False)
        if found["object"] == "balance_transaction":
            found = balance.as_of_now(account, found)
        value = holder[name] = found
    if rest and value is not None:
        _expand(account, value, rest)
