"""Money, frozen models, and the list of what is public."""

from __future__ import annotations

import ast
import importlib
from decimal import Decimal
from pathlib import Path

import flexapp_sdk
import pytest
from flexapp_sdk import Balance, Money, Producer, Token
from pydantic import BaseModel, ValidationError

SOURCE = Path(flexapp_sdk.__file__).parent


def test_money_is_exact_and_says_its_currency() -> None:
    assert Money(2999, "usd").decimal == Decimal("29.99")
    assert str(Money(123456, "usd")) == "1,234.56 USD"
    assert str(Money(-5, "eur")) == "-0.05 EUR"
    assert str(Money(500, "jpy")) == "500 JPY"
    assert Money(1, "usd") + Money(2, "usd") - Money(4, "usd") == Money(-1, "usd")
    assert -Money(1, "usd") == Money(-1, "usd")
    with pytest.raises(ValueError, match="do not mix"):
        Money(1, "usd") + Money(1, "eur")


def test_money_and_models_are_frozen() -> None:
    money = Money(1, "usd")
    with pytest.raises(AttributeError):
        money.amount = 2  # type: ignore[misc]
    producer = Producer(id="per_1", name="Ada", slug="ada")
    with pytest.raises(ValidationError):
        producer.name = "Eve"


def test_a_newer_server_may_say_more() -> None:
    assert Producer.model_validate({"id": "1", "name": "A", "slug": "a", "mood": "new"}).name == "A"


def test_balances_hold_money() -> None:
    body = {
        "currency": "usd",
        **{name: {"amount": 5, "currency": "usd"} for name in ("pending", "available", "paid")},
    }
    assert Balance.model_validate(body).available == Money(5, "usd")


def test_a_new_tokens_secret_is_not_in_its_repr() -> None:
    token = Token.model_validate(
        {
            "id": "tok_1",
            "name": "ci",
            "prefix": "flx_abcd",
            "scopes": ["read"],
            "created_at": "2026-11-20T12:00:00Z",
            "last_used_at": None,
            "revoked_at": None,
            "secret": "flx_abcdefgh",
        }
    )
    assert token.secret == "flx_abcdefgh"
    assert "flx_abcdefgh" not in repr(token) + str(token)


def test_the_public_list_is_sorted_and_complete() -> None:
    public = [name for name in flexapp_sdk.__all__ if name != "__version__"]
    assert public == sorted(public)
    defined = {"FlexApp", "RetryPolicy"}
    for module in ("errors", "figures", "models", "paging"):
        tree = ast.parse((SOURCE / f"{module}.py").read_text())
        defined |= {
            node.name
            for node in tree.body
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_") and node.name != "Model"
        }
    assert set(public) == defined
    for name in public:
        assert (getattr(flexapp_sdk, name).__doc__ or "").strip(), f"{name} says nothing"


def test_every_model_is_frozen_and_forgiving() -> None:
    models = importlib.import_module("flexapp_sdk.models")
    for value in vars(models).values():
        if isinstance(value, type) and issubclass(value, BaseModel) and value is not BaseModel:
            assert value.model_config["frozen"], value
            assert value.model_config["extra"] == "ignore", value


def test_the_error_tree_is_drawn_as_it_is() -> None:
    errors = importlib.import_module("flexapp_sdk.errors")
    drawn = [line for line in (errors.__doc__ or "").splitlines() if "──" in line]
    for line in drawn:
        assert hasattr(errors, line.split("── ")[1].split()[0]), line
    names = {line.split("── ")[1].split()[0] for line in drawn} | {"FlexAppError"}
    classes = {
        name
        for name, value in vars(errors).items()
        if isinstance(value, type) and issubclass(value, Exception)
    }
    assert classes == names


def test_types_are_shipped() -> None:
    assert (SOURCE / "py.typed").is_file()
