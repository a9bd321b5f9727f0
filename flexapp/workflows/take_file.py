"""Take a bought file: one download of it is counted, and told to the log of listening, in one commit."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from flexapp.licensing import operations as licensing
from flexapp.licensing.models import Download
from flexapp.licensing.queries import license_by_id
from flexapp.listening.sold import note_download
from flexapp.orders.queries import items_by_ids


def take_file(session: Session, download_id: int, *, limit: int, now: datetime) -> Download:
    """The file; raises UnknownDownload, LicenseRevoked, or DownloadsUsedUp after ``limit`` downloads."""
    download = licensing.take(session, download_id, limit=limit, now=now)
    license_ = license_by_id(session, download.license_id)
    if license_ is not None:
        item = items_by_ids(session, [license_.order_item_id])[license_.order_item_id]
        note_download(session, item, file_kind=download.kind, now=now)
    return download
