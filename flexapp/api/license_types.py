"""License types: what a producer sells, at which price, under which terms."""

from __future__ import annotations

from pydantic import BaseModel

from flexapp.api.room import room
from flexapp.api.shapes.base import Ids, MoneyIn
from flexapp.api.shapes.license_types import (
    LicenseType,
    LicenseTypeIn,
    LicenseTypePage,
    LicenseTypePatch,
    LicenseTypes,
)
from flexapp.catalog import operations
from flexapp.catalog.license_removal import delete_license_type
from flexapp.catalog.models import LicenseType as StoredLicenseType
from flexapp.catalog.queries import license_types_of, own_license_type
from flexapp.errors import Invalid
from flexapp.people.permissions import Permission, check
from flexapp.web.access import Access, allow
from flexapp.web.context import db, services
from flexapp.web.identity import require_person

license_types = room("license_types", "License types", "Leases and exclusives that a producer sells.")


class CurrencyNotTaken(Invalid):
    """Prices are kept in the house's currency."""

    code = "currency_not_taken"


class LicenseTypePath(BaseModel):
    """A license type in the path."""

    license_type_id: str


def own(path: LicenseTypePath) -> StoredLicenseType:
    """The caller's license type; raises LicenseTypeNotFound for anybody else's."""
    return own_license_type(db(), require_person(), path.license_type_id)


def minor_units(money: MoneyIn, *, field: str) -> int:
    """The amount of a price in the house's currency; raises CurrencyNotTaken for another."""
    currency = services().settings.currency
    if money.currency != currency:
        sentence = f"Prices are in {currency}."
        raise CurrencyNotTaken(sentence, fields={field: sentence})
    return money.amount


@license_types.get("/license-types", responses={200: LicenseTypePage})
@allow(Access.TOKEN)
def list_license_types() -> LicenseTypePage:
    """All of the caller's, in their order, on one page."""
    rows = license_types_of(db(), require_person())
    return LicenseTypePage(data=[LicenseType.of(row) for row in rows])


@license_types.post("/license-types", responses={201: LicenseType})
@allow(Access.TOKEN)
def create_license_type(body: LicenseTypeIn) -> tuple[LicenseType, int]:
    """A new one, last in the order."""
    producer = require_person()
    check(producer, Permission.UPLOAD)
    row = operations.create_license_type(
        db(),
        producer,
        name=body.name,
        price=minor_units(body.default_price, field="default_price"),
        terms=body.terms,
        deliverables=[kind.value for kind in body.deliverables],
        caps=body.caps,
        is_exclusive=body.is_exclusive,
        now=services().clock.now(),
        settings=services().settings,
    )
    return LicenseType.of(row), 201


@license_types.post("/license-types/templates", responses={200: LicenseTypes})
@allow(Access.TOKEN)
def add_license_templates() -> LicenseTypes:
    """Add the four ready ones; one whose name is there already stays as it is. Answers with all."""
    person = require_person()
    check(person, Permission.UPLOAD)
    operations.add_license_templates(db(), person, now=services().clock.now(), settings=services().settings)
    return LicenseTypes(data=[LicenseType.of(row) for row in license_types_of(db(), person)])


@license_types.put("/license-types/order", responses={200: LicenseTypes})
@allow(Access.TOKEN)
def order_license_types(body: Ids) -> LicenseTypes:
    """Put them into another order; those not named follow as they were."""
    rows = operations.order_license_types(db(), require_person(), body.ids)
    return LicenseTypes(data=[LicenseType.of(row) for row in rows])


@license_types.get("/license-types/<license_type_id>", responses={200: LicenseType})
@allow(Access.TOKEN)
def get_license_type(path: LicenseTypePath) -> LicenseType:
    """One of the caller's."""
    return LicenseType.of(own(path))


@license_types.patch("/license-types/<license_type_id>", responses={200: LicenseType})
@allow(Access.TOKEN)
def update_license_type(path: LicenseTypePath, body: LicenseTypePatch) -> LicenseType:
    """Change what is given; licenses that were sold keep their terms."""
    price = body.default_price
    row = operations.update_license_type(
        db(),
        own(path),
        name=body.name,
        price=None if price is None else minor_units(price, field="default_price"),
        terms=body.terms,
        deliverables=None if body.deliverables is None else [kind.value for kind in body.deliverables],
        caps=body.caps,
        is_exclusive=body.is_exclusive,
        is_active=body.is_active,
        settings=services().settings,
    )
    return LicenseType.of(row)


@license_types.delete("/license-types/<license_type_id>", responses={204: None})
@allow(Access.TOKEN)
def remove_license_type(path: LicenseTypePath) -> tuple[str, int]:
    """Take it away from every track; one that was ordered can only be set inactive (409)."""
    delete_license_type(db(), own(path))
    return "", 204
