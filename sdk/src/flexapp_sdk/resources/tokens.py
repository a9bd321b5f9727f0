"""API tokens of the account."""

from __future__ import annotations

from collections.abc import Iterable

from flexapp_sdk._protocol import segment
from flexapp_sdk.models import Token
from flexapp_sdk.paging import Listing
from flexapp_sdk.resources._base import Resource


class Tokens(Resource):
    """Keys for programs."""

    def list(self) -> Listing[Token]:
        """Those that work, newest first."""
        return self._list(Token, "/tokens")

    def create(self, *, name: str, scopes: Iterable[str] = ("read",)) -> Token:
        """A new one; ``secret`` is shown this once."""
        return Token.model_validate(self._send("POST", "/tokens", {"name": name, "scopes": [*scopes]}))

    def revoke(self, token_id: str) -> None:
        """End it at once."""
        self._send("DELETE", f"/tokens/{segment(token_id)}")
