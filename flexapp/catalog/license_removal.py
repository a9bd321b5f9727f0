"""Removing a license type that nobody ever ordered."""

from __future__ import annotations

from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from flexapp.catalog.models import LicenseType
from flexapp.errors import Conflict


class LicenseTypeOrdered(Conflict):
    """Somebody ordered under it: its record stays."""

    code = "license_type_ordered"


def delete_license_type(session: Session, license_type: LicenseType) -> None:
    """Remove it, and with it from every track that offers it.

    The database itself knows whether an order names it; then LicenseTypeOrdered is raised and
    nothing has changed.
    """
    try:
        with session.begin_nested():
            session.delete(license_type)
            session.flush()
    except IntegrityError:
        raise LicenseTypeOrdered(
            "Licenses of this type were ordered: it stays on record. Set is_active to false instead."
        ) from None
