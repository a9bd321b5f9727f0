"""Grant a license with its terms frozen, hand out its files, take it back."""

from __future__ import annotations

import hashlib
from collections.abc import Collection
from datetime import datetime
from typing import Any

from sqlalchemy import update
from sqlalchemy.orm import Session

from flexapp.errors import Conflict, Forbidden, NotFound
from flexapp.kernel.ids import new_id
from flexapp.licensing import queries
from flexapp.licensing.models import Download, License, LicenseState
from flexapp.orders.models import Order, OrderItem
from flexapp.storage.once import insert_once


class DownloadsUsedUp(Conflict):
    """The file was taken as often as the license allows; its producer may reset the count."""

    code = "downloads_used_up"


class LicenseRevoked(Forbidden):
    """The license was taken back with its refund."""

    code = "license_revoked"


class UnknownDownload(NotFound):
    """No such file, or its link has run out."""

    code = "unknown_download"


def grant(session: Session, order: Order, item: OrderItem, *, now: datetime) -> License:
    """The license of a paid item, once; its terms and files are copied, not referred to."""
    insert_once(
        session,
        License,
        id=new_id("lic"),
        order_item_id=item.id,
        order_id=order.id,
        track_id=item.track_id,
        producer_id=item.producer_id,
        name=item.license_name,
        is_exclusive=item.is_exclusive,
        buyer_email=order.buyer_email,
        buyer_name=order.buyer_name,
        terms=item.terms,
        terms_hash=hashlib.sha256(item.terms.encode()).hexdigest(),
        caps=item.caps,
        deliverables=item.deliverables,
        state=LicenseState.ACTIVE,
        issued_at=now,
    )
    granted = queries.license_of_item(session, item.id)
    assert granted is not None
    for file in item.files:
        insert_once(session, Download, license_id=granted.id, count=0, **file)
    return granted


def promised_files(
    session: Session, track_id: str, deliverables: Collection[str]
) -> tuple[dict[str, Any], ...]:
    """The track's files of those kinds as they are now, for an order to keep until it is paid.

    Fields of ``Download``: kind, object_key, filename, content_type, bytes, sha256. A newer master or
    newer stems change what later orders get, never these; objects are not overwritten.
    """
    return tuple(
        {
            "kind": file.kind.value,
            "object_key": file.object_key,
            "filename": file.filename,
            "content_type": file.content_type,
            "bytes": file.bytes,
            "sha256": file.sha256,
        }
        for file in queries.deliverables_of(session, track_id)
        if file.kind.value in deliverables
    )


def revoke(session: Session, license_: License, *, now: datetime) -> None:
    """Take the rights back; an exclusive sale stays marked until a human releases the track."""
    if license_.state is LicenseState.ACTIVE:
        license_.state = LicenseState.REVOKED
        license_.revoked_at = now
        session.flush()


def restore(session: Session, license_: License) -> None:
    """The refund behind the revocation failed: the rights stand again."""
    if license_.state is LicenseState.REVOKED:
        license_.state = LicenseState.ACTIVE
        license_.revoked_at = None
        session.flush()


def check(session: Session, download: Download, *, limit: int) -> None:
    """Raise LicenseRevoked or DownloadsUsedUp when the file may not be taken now."""
    license_ = queries.license_by_id(session, download.license_id)
    if license_ is None or license_.state is not LicenseState.ACTIVE:
        raise LicenseRevoked("This license was revoked with its refund, so its files are closed.")
    if download.count >= limit:
        raise _used_up(limit)


def take(session: Session, download_id: int, *, limit: int, now: datetime) -> Download:
    """Count one download and return the file.

    Raises UnknownDownload, LicenseRevoked, or DownloadsUsedUp after ``limit`` downloads. The count
    and its limit are one guarded UPDATE, so racing requests never get one more.
    """
    download = queries.download_by_id(session, download_id)
    if download is None:
        raise UnknownDownload("There is no such file.")
    check(session, download, limit=limit)
    counted = session.execute(
        update(Download)
        .where(Download.id == download_id, Download.count < limit)
        .values(count=Download.count + 1, last_at=now)
        .returning(Download.id)
    ).first()
    if counted is None:
        raise _used_up(limit)
    session.refresh(download)
    return download


def reset_downloads(session: Session, license_: License) -> None:
    """Let the buyer download every file of the license anew; the producer's right."""
    session.execute(update(Download).where(Download.license_id == license_.id).values(count=0))
    session.flush()


def _used_up(limit: int) -> DownloadsUsedUp:
    return DownloadsUsedUp(f"This file was downloaded {limit} times. Ask the producer to reset the count.")
