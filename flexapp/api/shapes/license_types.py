"""License types: what a producer sells."""

from __future__ import annotations

from pydantic import Field

from flexapp.api.shapes.base import Listed, Moment, Money, MoneyIn, Shape, Whole, Wish
from flexapp.catalog.models import DeliverableKind
from flexapp.catalog.models import LicenseType as StoredLicenseType

_CAPS = "copies, streams, videos, performances and term_months; null is unlimited"


class LicenseTypeIn(Wish):
    """A new license type."""

    name: str = Field(min_length=1, max_length=60, examples=["Premium lease"])
    default_price: MoneyIn = Field(description="On every track without an override")
    deliverables: list[DeliverableKind] = Field(min_length=1, max_length=3)
    terms: str = Field(
        min_length=1,
        max_length=50_000,
        description="Markdown",
        examples=["You may release one song with this beat and name the producer."],
    )
    is_exclusive: bool = Field(False, description="Sold once; then the track leaves every lineup")
    caps: dict[str, int | None] = Field({}, description=_CAPS, examples=[{"copies": 5000, "streams": None}])


class LicenseTypePatch(Wish):
    """What to change of a license type; what is left out stays."""

    name: str | None = Field(None, min_length=1, max_length=60)
    default_price: MoneyIn | None = None
    deliverables: list[DeliverableKind] | None = Field(None, min_length=1, max_length=3)
    terms: str | None = Field(None, min_length=1, max_length=50_000)
    is_exclusive: bool | None = None
    caps: dict[str, int | None] | None = Field(None, description=_CAPS)
    is_active: bool | None = Field(None, description="False: offered nowhere, kept for later")


class LicenseType(Shape):
    """An offer: lease or exclusive, price, terms and deliverables."""

    id: str = Field(examples=["lty_01k9zxcv3h8e4t2m6n0p5q7r9s"])
    name: str
    is_exclusive: bool
    default_price: Money
    terms: str
    caps: dict[str, int | None] = Field(description=_CAPS)
    deliverables: list[str]
    position: int
    is_active: bool
    created_at: Moment

    @classmethod
    def of(cls, kind: StoredLicenseType) -> LicenseType:
        """The shape of a license type."""
        return cls(
            id=kind.id,
            name=kind.name,
            is_exclusive=kind.is_exclusive,
            default_price=Money(amount=kind.default_price, currency=kind.currency),
            terms=kind.terms,
            caps=dict(kind.caps),
            deliverables=list(kind.deliverables),
            position=kind.position,
            is_active=kind.is_active,
            created_at=kind.created_at,
        )


class LicenseTypePage(Listed[LicenseType]):
    """The caller's license types, in their order."""


class LicenseTypes(Whole[LicenseType]):
    """All license types of the caller, in their order."""
