"""The caller, producers, and API tokens."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from flexapp.api.shapes.base import Listed, Moment, Shape, Wish
from flexapp.people.models import ApiToken, Person


class Me(Shape):
    """The person who calls."""

    id: str = Field(examples=["per_01k9zxcv3h8e4t2m6n0p5q7r9s"])
    name: str
    slug: str
    email: str
    is_email_verified: bool
    roles: list[str] = Field(description="producer, affiliate, or both")
    allows_affiliate_sales: bool
    scopes: list[str] = Field(description="What the token that was sent allows")
    url: str
    created_at: Moment

    @classmethod
    def of(cls, person: Person, scopes: frozenset[str], base_url: str) -> Me:
        """The shape of the caller."""
        return cls(
            id=person.id,
            name=person.name,
            slug=person.slug,
            email=person.email,
            is_email_verified=person.email_verified_at is not None,
            roles=[role.value for role in person.roles],
            allows_affiliate_sales=person.allows_affiliate_sales,
            scopes=sorted(scopes),
            url=f"{base_url}/p/{person.slug}",
            created_at=person.created_at,
        )


class Producer(Shape):
    """Who made a track."""

    id: str
    name: str
    slug: str

    @classmethod
    def of(cls, person: Person) -> Producer:
        """The public part of a person."""
        return cls(id=person.id, name=person.name, slug=person.slug)


class TokenIn(Wish):
    """A new API token."""

    name: str = Field(min_length=1, max_length=80, description="Whose it is", examples=["Nightly report"])
    scopes: list[Literal["read", "write"]] = Field(["read"], min_length=1, max_length=2)


class Token(Shape):
    """An API token, without its secret."""

    id: str
    name: str
    prefix: str = Field(description="Its first characters, to recognize it by")
    scopes: list[str]
    created_at: Moment
    last_used_at: Moment | None
    revoked_at: Moment | None

    @classmethod
    def of(cls, token: ApiToken) -> Token:
        """The shape of a token."""
        return cls(
            id=token.id,
            name=token.name,
            prefix=token.prefix,
            scopes=list(token.scopes),
            created_at=token.created_at,
            last_used_at=token.last_used_at,
            revoked_at=token.revoked_at,
        )


class NewToken(Token):
    """An API token that was just made; nobody can read the secret again."""

    secret: str | None = Field(
        description="Shown this once; null where a stored reply is repeated", examples=["flx_…"]
    )


class TokenPage(Listed[Token]):
    """API tokens."""
