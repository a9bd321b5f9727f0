"""Traffic with planted errors: run by test_planted_traffic.py alone, where each test here must fail."""

from typing import Any
from urllib.parse import urlencode

import pytest
import requests

from flexapp.localstripe import balance
from flexapp.localstripe.server import Server

HEADERS = {"Authorization": "Bearer sk_test_local_x", "Content-Type": "application/x-www-form-urlencoded"}
SESSION = {
    "mode": "payment",
    "success_url": "https://example.com",
    "line_items[0][price_data][currency]": "usd",
    "line_items[0][price_data][product_data][name]": "Beat",
    "line_items[0][price_data][unit_amount]": "2999",
    "line_items[0][quantity]": "1",
}


def test_traffic_as_it_should_be(localstripe: Server) -> None:
    assert (
        requests.post(f"{localstripe.url}/v1/checkout/sessions", SESSION, headers=HEADERS).status_code == 200
    )


@pytest.mark.parametrize(
    "planted",
    [{"colour": "red"}, {"expires_at": "soon"}, {"mode": "donation"}],
    ids=["field", "type", "enum value"],
)
def test_a_planted_request(localstripe: Server, planted: dict[str, str]) -> None:
    answer = requests.post(
        f"{localstripe.url}/v1/checkout/sessions", urlencode({**SESSION, **planted}), headers=HEADERS
    )
    assert answer.status_code == 400


@pytest.mark.parametrize(
    "planted",
    [{"colour": "red"}, {"livemode": "no"}, {"object": "balances"}],
    ids=["field", "type", "enum value"],
)
def test_a_planted_answer(
    localstripe: Server, planted: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    from flexapp.localstripe import api

    def retrieve(account: Any, form: Any) -> dict[str, Any]:
        return {**balance.retrieve(account, form), **planted}

    routes = [api.Route(one.name, retrieve) if one.name == "balance.retrieve" else one for one in api.ROUTES]
    monkeypatch.setattr(api, "ROUTES", routes)
    assert requests.get(f"{localstripe.url}/v1/balance", headers=HEADERS).status_code == 200


def test_an_endpoint_that_is_not_implemented(localstripe: Server) -> None:
    answer = requests.get(f"{localstripe.url}/v1/customers", headers=HEADERS)
    assert answer.status_code == 404
    assert "not implemented" in answer.json()["error"]["message"]
