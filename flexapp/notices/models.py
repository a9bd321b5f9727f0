"""MailLog: every mail that was to be sent."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from flexapp.storage.base import Base
from flexapp.storage.columns import Moment, UtcDateTime


class MailLog(Base):
    """A mail, once per key; sent by the outbox."""

    __tablename__ = "mail_log"
    __table_args__ = (Index(None, "recipient", "created_at"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(String(160), unique=True)  #: business key: one mail per fact
    recipient: Mapped[str] = mapped_column(String(254))
    subject: Mapped[str] = mapped_column(String(200))
    text: Mapped[str] = mapped_column(Text)
    html: Mapped[str] = mapped_column(Text, default="")
    created_at: Mapped[Moment]
    sent_at: Mapped[datetime | None] = mapped_column(UtcDateTime())
