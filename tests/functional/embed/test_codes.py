"""An address of ours as a QR code."""

from __future__ import annotations

import pytest
from flask.testing import FlaskClient

from embed.codes import LONGEST


@pytest.mark.parametrize("to", ["/buy/midnight-trap?lic=lty_1&k=v1.abc.def&o=0d7c", "/cart/3fYp_2-A"])
def test_checkouts_and_carts_become_a_picture_for_any_page(client: FlaskClient, to: str) -> None:
    response = client.get("/embed/v1/code.svg", query_string={"to": to})
    assert response.status_code == 200
    assert response.mimetype == "image/svg+xml"
    assert response.text.startswith("<svg")
    assert "<script" not in response.text
    assert response.headers["Cross-Origin-Resource-Policy"] == "cross-origin"
    assert response.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert "Set-Cookie" not in response.headers
    assert response.text != client.get("/embed/v1/code.svg", query_string={"to": to + "x"}).text


@pytest.mark.parametrize(
    "to",
    [
        "",
        "https://elsewhere.example/",
        "//elsewhere.example/buy/x",
        "/buy/../login",
        "/login",
        "/buy/x?a=<b>",
        "/buy/x\n",
        "/buy/\u0661",
        "/buy/x?" + "a" * LONGEST,
    ],
)
def test_nobody_else_s_address_gets_our_look(client: FlaskClient, to: str) -> None:
    response = client.get("/embed/v1/code.svg", query_string={"to": to})
    assert response.status_code == 422
    assert response.get_json()["code"] == "no_code"
