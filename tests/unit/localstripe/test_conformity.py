"""The oracle finds a wrong field, a wrong type and an unknown value, and never looks away."""

import copy
from typing import Any, Literal

import pytest

from flexapp.localstripe import api
from flexapp.localstripe.conformity import operation, violations_of_event
from flexapp.localstripe.sdk_types import Reader, UnresolvableType

REQUEST = {
    "mode": "payment",
    "success_url": "https://example.com",
    "expires_at": "1790000000",
    "metadata": {"order_id": "ord_1"},
    "line_items": [
        {
            "quantity": "1",
            "price_data": {"currency": "usd", "unit_amount": "2999", "product_data": {"name": "Beat"}},
        }
    ],
}
REFUND: dict[str, Any] = {
    "id": "re_1",
    "object": "refund",
    "amount": 100,
    "balance_transaction": "txn_1",
    "charge": "ch_1",
    "created": 1790000000,
    "currency": "usd",
    "metadata": {},
    "reason": "duplicate",
    "status": "succeeded",
}


def planted(original: dict[str, Any], path: str, value: Any) -> dict[str, Any]:
    changed = copy.deepcopy(original)
    *way, last = path.split(".")
    here: Any = changed
    for part in way:
        here = here[int(part)] if part.isdigit() else here[part]
    here[last] = value
    return changed


def test_a_request_as_it_should_be_passes() -> None:
    assert operation("checkout.sessions.create").violations_of_request(REQUEST) == []


@pytest.mark.parametrize(
    ("path", "value", "said"),
    [
        ("colour", "red", "colour is unknown"),
        ("line_items.0.price_data.unit_price", "1", "unit_price is unknown"),
        ("expires_at", "tomorrow", "expires_at is 'tomorrow', which is no int"),
        ("line_items", "one", "line_items is 'one', which is no list"),
        ("line_items.0.price_data.unit_amount", "29.99", "which is no int"),
        ("metadata", "text", "which is no map"),
        ("mode", "donation", "mode is 'donation', but the values are"),
        ("payment_intent_data", {"capture_method": "never"}, "but the values are"),
        ("expand", ["payment_intent.latest_charge", "colour"], "'colour' cannot be expanded"),
    ],
)
def test_a_planted_error_in_a_request_is_found(path: str, value: Any, said: str) -> None:
    violations = operation("checkout.sessions.create").violations_of_request(planted(REQUEST, path, value))
    assert len(violations) == 1
    assert said in violations[0]


def test_a_required_parameter_that_is_missing_is_found() -> None:
    request = planted(REQUEST, "line_items.0.price_data", {"unit_amount": "1"})
    assert operation("checkout.sessions.create").violations_of_request(request) == [
        "checkout.sessions.create request.line_items[0].price_data.currency is missing"
    ]


def test_an_answer_as_it_should_be_passes() -> None:
    assert operation("refunds.create").violations_of_answer(REFUND) == []


@pytest.mark.parametrize(
    ("path", "value", "said"),
    [
        ("colour", "red", "colour is unknown"),
        (
            "destination_details",
            {"card": {"type": "refund", "colour": "red"}, "type": "card"},
            "colour is unknown",
        ),
        ("amount", "100", "amount is '100', which is no int"),
        ("amount", True, "which is no int"),
        ("amount", None, "amount is null"),
        ("currency", 5, "which is no str"),
        ("charge", {"id": "ch_1", "object": "charge"}, "charge.amount is missing"),
        ("reason", "regret", "reason is 'regret', but the values are"),
        ("object", "refunds", "but the values are 'refund'"),
        ("metadata", None, "null map"),
        ("metadata", {"a": 1}, "which is no str"),
    ],
)
def test_a_planted_error_in_an_answer_is_found(path: str, value: Any, said: str) -> None:
    violations = operation("refunds.create").violations_of_answer(planted(REFUND, path, value))
    assert violations
    assert any(said in violation for violation in violations), violations


def test_a_field_that_stripe_always_sends_is_missed() -> None:
    answer = {name: value for name, value in REFUND.items() if name != "created"}
    assert operation("refunds.create").violations_of_answer(answer) == [
        "refunds.create answer.created is missing"
    ]


def test_a_deleted_thing_needs_its_id_only() -> None:
    deleted = {"id": "we_1", "object": "webhook_endpoint", "deleted": True}
    assert operation("webhook_endpoints.delete").violations_of_answer(deleted) == []


def test_a_list_is_checked_item_by_item() -> None:
    page = {
        "object": "list",
        "data": [REFUND, planted(REFUND, "amount", 1.5)],
        "has_more": False,
        "url": "/v1/refunds",
    }
    (violation,) = operation("refunds.list").violations_of_answer(page)
    assert violation.startswith("refunds.list answer.data[1].amount")


def event(**values: Any) -> dict[str, Any]:
    return {
        "id": "evt_1",
        "object": "event",
        "api_version": "2026-10-28.endive",
        "created": 1790000000,
        "data": {"object": REFUND},
        "livemode": False,
        "pending_webhooks": 1,
        "request": {"id": None, "idempotency_key": None},
        "type": "refund.created",
        **values,
    }


def test_an_event_is_checked_with_the_object_in_it() -> None:
    assert violations_of_event(event()) == []
    assert violations_of_event(event(type="refund.regretted"))
    assert violations_of_event(event(data={"object": planted(REFUND, "colour", "red")}))
    assert violations_of_event(event(data={"object": planted(REFUND, "object", "beat")}))


@pytest.mark.parametrize("kind", [object, "NoSuchName", complex, set[int]])
def test_a_type_that_it_cannot_read_is_an_error_and_not_a_pass(kind: Any) -> None:
    with pytest.raises(UnresolvableType):
        Reader(form_encoded=False).check("anything", kind, {}, "here")


def test_open_enumerations_are_closed_unless_only_the_empty_value_is_named() -> None:
    def violations(value: str, kind: Any) -> list[str]:
        reader = Reader(form_encoded=True)
        reader.check(value, kind, {}, "here")
        return reader.violations

    assert violations("c", Literal["a", "b"] | str)
    assert not violations("a", Literal["a", "b"] | str)
    assert not violations("any color", Literal[""] | str)


@pytest.mark.parametrize("route", api.ROUTES, ids=lambda route: route.name)
def test_every_endpoint_has_the_verb_path_and_types_of_the_sdk(route: api.Route) -> None:
    known = route.operation
    assert known.path.startswith("/v1/")
    assert known.verb in ("get", "post", "delete")
    assert known.answer
    assert known.violations_of_answer({}), "an empty answer cannot conform"
