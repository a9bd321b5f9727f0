"""License types: what you sell, at which price, under which terms."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from flexapp_sdk._protocol import segment
from flexapp_sdk.models import LicenseType, Money
from flexapp_sdk.paging import Listing
from flexapp_sdk.resources._base import UNSET, Resource, Unset, given


class LicenseTypes(Resource):
    """Your license types."""

    def list(self) -> Listing[LicenseType]:
        """Yours, in their order."""
        return self._list(LicenseType, "/license-types")

    def get(self, license_type_id: str) -> LicenseType:
        """One of yours."""
        return LicenseType.model_validate(self._get(f"/license-types/{segment(license_type_id)}"))

    def create(
        self,
        *,
        name: str,
        default_price: Money,
        deliverables: Iterable[str],
        terms: str,
        is_exclusive: bool = False,
        caps: Mapping[str, int | None] | None = None,
        idempotency_key: str | None = None,
    ) -> LicenseType:
        """A new one; ``deliverables`` of mp3, wav, stems; a cap of None is unlimited."""
        body = {
            "name": name,
            "default_price": _money(default_price),
            "deliverables": [*deliverables],
            "terms": terms,
            "is_exclusive": is_exclusive,
            "caps": dict(caps or {}),
        }
        return LicenseType.model_validate(self._send("POST", "/license-types", body, key=idempotency_key))

    def add_templates(self) -> tuple[LicenseType, ...]:
        """The four ready ones: Basic, Premium, Trackout, Exclusive; those you have already stay."""
        rows = self._send("POST", "/license-types/templates")["data"]
        return tuple(LicenseType.model_validate(row) for row in rows)

    def update(
        self,
        license_type_id: str,
        *,
        name: str | Unset = UNSET,
        default_price: Money | Unset = UNSET,
        deliverables: Iterable[str] | Unset = UNSET,
        terms: str | Unset = UNSET,
        is_exclusive: bool | Unset = UNSET,
        caps: Mapping[str, int | None] | Unset = UNSET,
        is_active: bool | Unset = UNSET,
    ) -> LicenseType:
        """Change what is given; licenses that were sold keep their terms."""
        body = given(
            name=name,
            default_price=default_price if isinstance(default_price, Unset) else _money(default_price),
            deliverables=deliverables if isinstance(deliverables, Unset) else [*deliverables],
            terms=terms,
            is_exclusive=is_exclusive,
            caps=caps if isinstance(caps, Unset) else dict(caps),
            is_active=is_active,
        )
        path = f"/license-types/{segment(license_type_id)}"
        return LicenseType.model_validate(self._send("PATCH", path, body))

    def reorder(self, license_type_ids: Iterable[str]) -> tuple[LicenseType, ...]:
        """Put all of them into this order."""
        rows = self._send("PUT", "/license-types/order", {"ids": [*license_type_ids]})["data"]
        return tuple(LicenseType.model_validate(row) for row in rows)

    def delete(self, license_type_id: str) -> None:
        """Take it away from every track; licenses that were sold stay valid."""
        self._send("DELETE", f"/license-types/{segment(license_type_id)}")


def _money(money: Money) -> dict[str, Any]:
    return {"amount": money.amount, "currency": money.currency}
