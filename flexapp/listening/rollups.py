"""Roll-ups of listening: what panels read instead of the log.

Texts are kept once, as numbers of ``listen_name``; hours and days are numbers since 1970; tables that
SQLite searches by their key are stored in its order, so that one app's figures lie side by side.

The budget is about 500 MB of SQLite for 90 days of 2,000 apps with 20 tracks each. Hours are kept for 90
days, by app and by track: their pages would not agree otherwise (``edges``). Older ones are folded into one
row a day, which stands at noon. What was heard (retention) is kept by track and day, dimensions by app and
day: those of a track or a producer's tracks elsewhere are read from the listens themselves (``exact``),
because by track and day there would be as many rows as listens. Behind the hot tail rows become
``RollupBlock``: to read a roll-up is to read its rows and blocks (``rollup_rows``).
What it takes is measured in ``tests/benchmarks/README.md``.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from enum import IntEnum

from sqlalchemy import (
    BigInteger,
    Dialect,
    Index,
    Integer,
    LargeBinary,
    SmallInteger,
    String,
    TypeDecorator,
)
from sqlalchemy.orm import Mapped, mapped_column

from flexapp.storage.base import Base
from flexapp.storage.columns import UtcDateTime

_BEGIN = datetime(1970, 1, 1, tzinfo=UTC)
_FIRST_DAY = _BEGIN.date()
_HOUR = timedelta(hours=1)
COUNTERS = (
    "loads",
    "impressions",
    "starts",
    "plays",
    "replays",
    "completed",
    "listen_ms",
    "checkouts",
    "views",
    "opens",
    "adds",
    "downloads",
    "sales",
    "refunds",
)
_BY_KEY = {"sqlite_with_rowid": False}


def hour_number(moment: datetime) -> int:
    """Whole hours since 1970."""
    return (moment - _BEGIN) // _HOUR


def day_number(day: date) -> int:
    """Days since 1970."""
    return (day - _FIRST_DAY).days


def day_of_number(number: int) -> date:
    """The day of that number."""
    return _FIRST_DAY + timedelta(days=number)


def hour_of_number(number: int) -> datetime:
    """The beginning of the hour of that number."""
    return _BEGIN + number * _HOUR


class HourNumber(TypeDecorator[datetime]):
    """The beginning of a UTC hour, stored as whole hours since 1970; minutes are cut off."""

    impl = Integer
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> int | None:
        return None if value is None else hour_number(value)

    def process_result_value(self, value: int | None, dialect: Dialect) -> datetime | None:
        return None if value is None else hour_of_number(value)


class DayNumber(TypeDecorator[date]):
    """A UTC day, stored as days since 1970."""

    impl = Integer
    cache_ok = True

    def process_bind_param(self, value: date | None, dialect: Dialect) -> int | None:
        return None if value is None else day_number(value)

    def process_result_value(self, value: int | None, dialect: Dialect) -> date | None:
        return None if value is None else day_of_number(value)


class Dimension(IntEnum):
    """What listens of an app are broken down by, day by day."""

    COUNTRY = 1  #: ISO 3166-1
    DEVICE = 2  #: desktop, phone, tablet...
    OS = 3  #: family of the operating system
    BROWSER = 4  #: family of the browser
    LAYOUT = 5  #: the player's shape


class ListenName(Base):
    """An id or word that roll-ups know by its number; the empty text has one too."""

    __tablename__ = "listen_name"

    number: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=True)
    name: Mapped[str] = mapped_column(String(120), unique=True)


class _Counters:
    """What is counted; the definitions are in ``counting`` and ``totals``."""

    loads: Mapped[int] = mapped_column(BigInteger, default=0)
    impressions: Mapped[int] = mapped_column(BigInteger, default=0)
    starts: Mapped[int] = mapped_column(BigInteger, default=0)
    plays: Mapped[int] = mapped_column(BigInteger, default=0)
    replays: Mapped[int] = mapped_column(BigInteger, default=0)
    completed: Mapped[int] = mapped_column(BigInteger, default=0)
    listen_ms: Mapped[int] = mapped_column(BigInteger, default=0)
    checkouts: Mapped[int] = mapped_column(BigInteger, default=0)
    views: Mapped[int] = mapped_column(BigInteger, default=0)
    opens: Mapped[int] = mapped_column(BigInteger, default=0)
    adds: Mapped[int] = mapped_column(BigInteger, default=0)
    downloads: Mapped[int] = mapped_column(BigInteger, default=0)
    sales: Mapped[int] = mapped_column(BigInteger, default=0)
    refunds: Mapped[int] = mapped_column(BigInteger, default=0)


class HourlyTotal(_Counters, Base):
    """Counters by app, placement, channel and hour; after 90 days one row a day, at noon."""

    __tablename__ = "app_total"
    __table_args__ = _BY_KEY

    app: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    hour: Mapped[datetime] = mapped_column(HourNumber(), primary_key=True, autoincrement=False)
    placement: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    channel: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)


class TrackTotal(_Counters, Base):
    """The same with the track."""

    __tablename__ = "track_total"
    __table_args__ = _BY_KEY

    app: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    track: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    hour: Mapped[datetime] = mapped_column(HourNumber(), primary_key=True, autoincrement=False)
    placement: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    channel: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)


class Played(Base):
    """Which track was ever shown or heard in which app: the way from a track to its totals."""

    __tablename__ = "played"
    __table_args__ = (Index(None, "track", "app"), _BY_KEY)

    app: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    track: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)


class DailyRetention(Base):
    """How far the valid listens of a day were heard, by app and track.

    Five buckets by the share that was heard (seed-systems 2.5), the sum of the shares in percent, and how
    often each tenth was heard.
    """

    __tablename__ = "daily_retention"
    __table_args__ = _BY_KEY

    app: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    track: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    day: Mapped[date] = mapped_column(DayNumber(), primary_key=True, autoincrement=False)
    listens: Mapped[int] = mapped_column(BigInteger, default=0)
    percent: Mapped[int] = mapped_column(BigInteger, default=0)
    skipped: Mapped[int] = mapped_column(BigInteger, default=0)
    partial: Mapped[int] = mapped_column(BigInteger, default=0)
    half: Mapped[int] = mapped_column(BigInteger, default=0)
    mostly: Mapped[int] = mapped_column(BigInteger, default=0)
    whole: Mapped[int] = mapped_column(BigInteger, default=0)
    tenth_0: Mapped[int] = mapped_column(BigInteger, default=0)
    tenth_1: Mapped[int] = mapped_column(BigInteger, default=0)
    tenth_2: Mapped[int] = mapped_column(BigInteger, default=0)
    tenth_3: Mapped[int] = mapped_column(BigInteger, default=0)
    tenth_4: Mapped[int] = mapped_column(BigInteger, default=0)
    tenth_5: Mapped[int] = mapped_column(BigInteger, default=0)
    tenth_6: Mapped[int] = mapped_column(BigInteger, default=0)
    tenth_7: Mapped[int] = mapped_column(BigInteger, default=0)
    tenth_8: Mapped[int] = mapped_column(BigInteger, default=0)
    tenth_9: Mapped[int] = mapped_column(BigInteger, default=0)


class DailyDimension(Base):
    """Valid listens of an app on a day by one value of a dimension."""

    __tablename__ = "daily_dimension"
    __table_args__ = _BY_KEY

    app: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    dimension: Mapped[int] = mapped_column(SmallInteger, primary_key=True, autoincrement=False)
    day: Mapped[date] = mapped_column(DayNumber(), primary_key=True, autoincrement=False)
    value: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    starts: Mapped[int] = mapped_column(BigInteger, default=0)
    plays: Mapped[int] = mapped_column(BigInteger, default=0)
    listeners: Mapped[int] = mapped_column(BigInteger, default=0)  #: distinct keys with a qualified listen


class DailySite(_Counters, Base):
    """Counters of an app on a day by the site around the player, and its listeners."""

    __tablename__ = "daily_site"
    __table_args__ = _BY_KEY

    app: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    day: Mapped[date] = mapped_column(DayNumber(), primary_key=True, autoincrement=False)
    host: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    listeners: Mapped[int] = mapped_column(BigInteger, default=0)


class HourlyViews(Base):
    """Page views, visits and visitors of one person's pages in an hour by channel (``page_views``)."""

    __tablename__ = "hourly_views"
    __table_args__ = _BY_KEY

    person: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    hour: Mapped[datetime] = mapped_column(HourNumber(), primary_key=True, autoincrement=False)
    channel: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    views: Mapped[int] = mapped_column(BigInteger, default=0)
    visits: Mapped[int] = mapped_column(BigInteger, default=0)
    visitors: Mapped[int] = mapped_column(BigInteger, default=0)


class DailyListeners(Base):
    """Distinct visitor keys with a valid qualified listen of a subject on a day: exact.

    The subject is an app, a track or a person (their apps and their tracks anywhere). Keys live for a day,
    so days add up.
    """

    __tablename__ = "daily_listeners"
    __table_args__ = _BY_KEY

    subject: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    day: Mapped[date] = mapped_column(DayNumber(), primary_key=True, autoincrement=False)
    listeners: Mapped[int] = mapped_column(BigInteger, default=0)


class RollupBlock(Base):
    """Rows of one roll-up and subject on sixteen days, as bytes: ``blocks`` knows their shape.

    The subject comes first in the key, so that a database finds no other way than from subjects to blocks.
    """

    __tablename__ = "rollup_block"

    first: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    second: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    rollup: Mapped[int] = mapped_column(SmallInteger, primary_key=True, autoincrement=False)
    number: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    data: Mapped[bytes] = mapped_column(LargeBinary)


class DaySketch(Base):
    """The keys of an app on a sealed day as a HyperLogLog sketch, for the union of several apps."""

    __tablename__ = "day_sketch"

    app: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    day: Mapped[date] = mapped_column(DayNumber(), primary_key=True, autoincrement=False)
    sketch: Mapped[bytes] = mapped_column(LargeBinary)


class SealedDay(Base):
    """A UTC day of listening, and the immutable Parquet files it was sealed into.

    The fold raises ``changes`` whenever something of a day that is listed here changes; the files are
    good while ``sealed_changes`` is the same.
    """

    __tablename__ = "sealed_day"

    day: Mapped[date] = mapped_column(DayNumber(), primary_key=True, autoincrement=False)
    changes: Mapped[int] = mapped_column(Integer, default=0)
    sealed_changes: Mapped[int] = mapped_column(Integer, default=-1)  #: -1: not sealed yet
    listens_key: Mapped[str] = mapped_column(String(120), default="")  #: of the object
    moments_key: Mapped[str] = mapped_column(String(120), default="")
    listens: Mapped[int] = mapped_column(BigInteger, default=0)
    bytes: Mapped[int] = mapped_column(BigInteger, default=0)  #: of both files
    sealed_at: Mapped[datetime | None] = mapped_column(UtcDateTime())

    @property
    def is_good(self) -> bool:
        """Whether the files hold everything of the day."""
        return self.sealed_changes == self.changes
