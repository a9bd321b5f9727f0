"""Who calls, and their tokens, through the SDK and the real app."""

from __future__ import annotations

import pytest
from flask import Flask
from flexapp_sdk import Conflict, FlexApp, Forbidden, NotFound, Unauthenticated
from flexapp_sdk.testing import WsgiAdapter

from flexapp.people.models import Scope
from tests.sdk.conftest import Caller, Connect


def test_me_says_who_calls_and_what_the_token_allows(ada: Caller, connect: Connect) -> None:
    me = ada.sdk.me()
    assert (me.id, me.name, me.email) == (ada.person.id, "Ada", ada.person.email)
    assert me.roles == ("producer", "affiliate")
    assert set(me.scopes) == {"read", "write"}
    assert me.is_email_verified
    assert connect(ada.person, [Scope.READ]).me().scopes == ("read",)


def test_a_token_is_shown_once_and_ends_when_revoked(ada: Caller, app: Flask) -> None:
    made = ada.sdk.tokens.create(name="Nightly", scopes=["read", "write"])
    assert made.secret
    assert made.secret.startswith(made.prefix)
    other = FlexApp(made.secret, base_url="http://127.0.0.1:8000", adapter=WsgiAdapter(app.wsgi_app))
    assert other.me().id == ada.person.id
    listed = {token.id: token for token in ada.sdk.tokens.list()}
    assert listed[made.id].secret is None
    ada.sdk.tokens.revoke(made.id)
    with pytest.raises(Unauthenticated):
        other.me()
    assert made.id not in {token.id for token in ada.sdk.tokens.list()}


def test_a_reading_token_makes_no_tokens(ada: Caller, connect: Connect) -> None:
    with pytest.raises(Forbidden):
        connect(ada.person, [Scope.READ]).tokens.create(name="More")


def test_a_writing_token_alone_cannot_give_reading(ada: Caller, connect: Connect) -> None:
    with pytest.raises(Forbidden) as refused:
        connect(ada.person, [Scope.WRITE]).tokens.create(name="More", scopes=["read"])
    assert refused.value.code == "scope_not_held"


def test_tokens_of_others_do_not_exist(ada: Caller, bob: Caller) -> None:
    made = ada.sdk.tokens.create(name="Mine")
    with pytest.raises(NotFound):
        bob.sdk.tokens.revoke(made.id)


def test_the_number_of_tokens_is_bounded(ada: Caller) -> None:
    def fill() -> None:
        for number in range(200):
            ada.sdk.tokens.create(name=f"Token {number}")

    with pytest.raises(Conflict) as refused:
        fill()
    assert refused.value.code == "too_many_tokens"
