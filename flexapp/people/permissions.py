"""Who may do what: one table of permissions and the claim that must hold.

Subjects come from higher floors, so a predicate reads the owner from the attribute that names it:
``producer_id``, ``owner_id``, ``person_id``. What is none of somebody's business does not exist for
them: ``check`` raises NotFound, never Forbidden, about a subject.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from typing import Any

from flexapp.errors import Forbidden, NotFound
from flexapp.people.models import Person

Predicate = Callable[[Person | None, Any], bool]


class Permission(StrEnum):
    """What a person may want to do."""

    UPLOAD = "upload"  #: send audio and make tracks
    CURATE = "curate"  #: make flex apps and pick other people's tracks
    SEE_TRACK = "track.see"  #: open the page of a track
    EDIT_TRACK = "track.edit"  #: change, publish or delete it, and read its insights
    EDIT_LICENSE_TYPE = "license_type.edit"  #: change an offer
    EDIT_APP = "app.edit"  #: change an app, its sources and placements, and read its insights
    SEE_SALE = "sale.see"  #: read an order item
    EDIT_SALE = "sale.edit"  #: reset its downloads
    SEE_UPLOAD = "upload.see"  #: read what was sent
    EDIT_PERSON = "person.edit"  #: change the account
    END_SESSION = "session.end"  #: sign a browser out
    REVOKE_TOKEN = "token.revoke"  # noqa: S105  #: make an API token useless
    SEE_BACK_OFFICE = "back_office.see"  #: what admins see


def permits(person: Person | None, permission: Permission | str, subject: Any = None) -> bool:
    """Whether the table allows it; None is a visitor, and a deleted person may do nothing."""
    if person is not None and person.deleted_at is not None:
        return False
    return PERMISSIONS[Permission(permission)](person, subject)


def check(person: Person | None, permission: Permission | str, subject: Any = None) -> None:
    """Raise unless it is allowed: NotFound about a subject, Forbidden about a role."""
    if permits(person, permission, subject):
        return
    if subject is not None or permission == Permission.SEE_BACK_OFFICE:
        raise NotFound("There is nothing here, or it is not yours.")
    raise Forbidden(_REASONS.get(Permission(permission), "Your account may not do this."))


def is_producer(person: Person | None, _subject: Any) -> bool:
    """They make tracks."""
    return person is not None and person.is_producer


def has_any_role(person: Person | None, _subject: Any) -> bool:
    """They make tracks or curate them."""
    return person is not None and (person.is_producer or person.is_affiliate)


def is_admin(person: Person | None, _subject: Any) -> bool:
    """They look after the platform."""
    return person is not None and person.is_admin


def owns(person: Person | None, subject: Any) -> bool:
    """The subject names them as its owner, and was not deleted."""
    if person is None or subject is None or getattr(subject, "deleted_at", None) is not None:
        return False
    named = (getattr(subject, name, None) for name in ("producer_id", "owner_id", "person_id"))
    return person.id in named


def is_self(person: Person | None, subject: Any) -> bool:
    """The subject is their own account."""
    return person is not None and isinstance(subject, Person) and subject.id == person.id


def takes_part(person: Person | None, subject: Any) -> bool:
    """They earn from the sale: its producer or its affiliate."""
    return owns(person, subject) or (
        person is not None and getattr(subject, "affiliate_id", None) == person.id
    )


def sees_track(person: Person | None, subject: Any) -> bool:
    """It is published or unlisted and was not deleted, or it is theirs."""
    if owns(person, subject):
        return True
    return getattr(subject, "deleted_at", None) is None and subject.visibility in ("published", "unlisted")


PERMISSIONS: dict[Permission, Predicate] = {
    Permission.UPLOAD: is_producer,
    Permission.CURATE: has_any_role,
    Permission.SEE_TRACK: sees_track,
    Permission.EDIT_TRACK: owns,
    Permission.EDIT_LICENSE_TYPE: owns,
    Permission.EDIT_APP: owns,
    Permission.SEE_SALE: takes_part,
    Permission.EDIT_SALE: owns,
    Permission.SEE_UPLOAD: owns,
    Permission.EDIT_PERSON: is_self,
    Permission.END_SESSION: owns,
    Permission.REVOKE_TOKEN: owns,
    Permission.SEE_BACK_OFFICE: is_admin,
}
_REASONS = {
    Permission.UPLOAD: "Only producers upload. Add the producer role in your settings.",
    Permission.CURATE: "Only producers and affiliates build flex apps. Add a role in your settings.",
}
