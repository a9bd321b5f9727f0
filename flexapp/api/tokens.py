"""API tokens: keys for programs."""

from __future__ import annotations

from pydantic import BaseModel

from flexapp.api.room import room
from flexapp.api.shapes.people import NewToken, Token, TokenIn, TokenPage
from flexapp.errors import Forbidden
from flexapp.people import operations
from flexapp.people.queries import tokens_of
from flexapp.web.access import Access, allow
from flexapp.web.context import db, services
from flexapp.web.identity import principal, require_person

tokens = room("tokens", "Tokens", "Keys for programs: named, scoped, shown once, revocable.")


class ScopeNotHeld(Forbidden):
    """A token cannot make one that may do more than itself."""

    code = "scope_not_held"


class TokenPath(BaseModel):
    """A token in the path."""

    token_id: str


@tokens.get("/tokens", responses={200: TokenPage})
@allow(Access.TOKEN)
def list_tokens() -> TokenPage:
    """The caller's tokens that work, newest first, on one page."""
    return TokenPage(data=[Token.of(token) for token in tokens_of(db(), require_person().id)])


@tokens.post("/tokens", responses={201: NewToken})
@allow(Access.TOKEN)
def create_token(body: TokenIn) -> tuple[NewToken, int]:
    """A new token, allowed at most what the caller's own is; its secret is shown this once."""
    person, who = require_person(), principal()
    if who is None or not set(body.scopes) <= {str(scope) for scope in who.scopes}:
        raise ScopeNotHeld("A token cannot make one that may do more than itself.")
    token, secret = operations.create_api_token(
        db(), person, name=body.name, scopes=body.scopes, now=services().clock.now()
    )
    return NewToken(**Token.of(token).model_dump(), secret=secret), 201


@tokens.delete("/tokens/<token_id>", responses={204: None})
@allow(Access.TOKEN)
def revoke_token(path: TokenPath) -> tuple[str, int]:
    """End it at once; a token may end itself."""
    operations.revoke_api_token(db(), require_person(), path.token_id, now=services().clock.now())
    return "", 204
