"""Sealed days as columns: immutable Parquet files, read by DuckDB in this process.

``listens`` has one row for each valid listen, sorted by app and time, without any random id: a visitor key
becomes a number that means nothing beyond its day. ``moments`` has the other counters by hour and place.
DuckDB is imported when it is first needed, gets two threads and little memory, and sees local files only:
objects are mirrored into a folder, under names that never change their content.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterable, Sequence
from functools import lru_cache
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from flexapp.listening.counting import TENTHS
from flexapp.listening.totals import BUCKETS, COUNTED_AS

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

THREADS = 2
MEMORY = "512MB"
ROW_GROUP = 16_384
TEXTS = ("app", "placement", "channel", "track", "host")
LOOKS = ("country", "device", "os", "browser", "layout")
MOMENTS = tuple(COUNTED_AS[kind] for kind in COUNTED_AS)
_COMPLETED, _COUNTED, _QUALIFIED = 4, 2, 1
LISTENS: dict[str, str] = {
    "day": "INTEGER",
    **dict.fromkeys((*TEXTS, *LOOKS), "VARCHAR"),
    "second": "INTEGER",
    "listen_ms": "INTEGER",
    "percent": "TINYINT",
    "tenths": "SMALLINT",
    "state": "TINYINT",
    "listener": "VARCHAR",
}
"""Columns of open rows; sealed ones have a number for ``listener``."""
COUNTS: dict[str, str] = {
    "day": "INTEGER",
    **dict.fromkeys(TEXTS, "VARCHAR"),
    "hour": "TINYINT",
    **dict.fromkeys(MOMENTS, "INTEGER"),
}
LISTENED = {
    "starts": "count(*)",
    "plays": "count(*) FILTER (state & 2 = 2)",
    "replays": "count(*) FILTER (state & 3 = 1)",
    "completed": "count(*) FILTER (state & 6 = 6)",
    "listen_ms": "sum(listen_ms)",
}
"""How counters are made of listens; state bits: 1 qualified, 2 counted, 4 completed."""
HEARD = "state & 1 = 1 AND listener IS NOT NULL AND percent >= 0"
"""What makes a listener."""
_COMPACT = (
    "day, app, placement, channel, track, host, country, device, os, browser, layout, second, listen_ms, "
    "percent, tenths, state, "
    "CASE WHEN listener IS NULL THEN NULL ELSE dense_rank() OVER (ORDER BY listener NULLS LAST) END"
    "::INTEGER AS listener"
)


class Files(Protocol):
    """What of the objects is needed here."""

    def put_file(self, key: str, path: Path, *, content_type: str) -> None: ...
    def fetch_to(self, key: str, path: Path) -> None: ...
    def delete(self, key: str) -> None: ...


class Mirror:
    """Local copies of objects; a name is fetched once, whole or not at all."""

    def __init__(self, files: Files, folder: Path) -> None:
        self._files = files
        self.folder = folder

    def path_of(self, key: str) -> Path:
        """The local copy."""
        path = self.folder / key.replace("/", "_")
        if not path.exists():
            self.folder.mkdir(parents=True, exist_ok=True)
            handle, name = tempfile.mkstemp(dir=self.folder)
            os.close(handle)
            try:
                self._files.fetch_to(key, Path(name))
                _settle(Path(name), path)
            finally:
                Path(name).unlink(missing_ok=True)
        return path

    def store(self, key: str, path: Path) -> None:
        """Keep a file that was just written, here and among the objects."""
        _settle(path, self.folder / key.replace("/", "_"))
        self._files.put_file(
            key, self.folder / key.replace("/", "_"), content_type="application/vnd.apache.parquet"
        )

    def remove(self, key: str) -> None:
        """Forget an object and its copy."""
        self._files.delete(key)
        (self.folder / key.replace("/", "_")).unlink(missing_ok=True)


def state_of(*, is_qualified: bool, is_counted: bool, is_completed: bool) -> int:
    """The three facts in one small number."""
    return _QUALIFIED * is_qualified + _COUNTED * is_counted + _COMPLETED * is_completed


def connect(folder: Path, *, memory: str = MEMORY, threads: int = THREADS) -> DuckDBPyConnection:
    """An empty database in memory; what does not fit goes to a file in ``folder`` meanwhile."""
    import duckdb

    return duckdb.connect(
        config={
            "threads": threads,
            "memory_limit": memory,
            "preserve_insertion_order": False,
            "temp_directory": str(folder / "spill"),
        }
    )


def asking(folder: Path) -> DuckDBPyConnection:
    """A connection for one question to sealed files, to be closed after it.

    A process has one engine for all questions: its memory is bounded whoever asks, and it remembers where in
    the files things lie (they never change), which is half of the time of a question about one app.
    """
    return _remembering(folder).cursor()


@lru_cache(maxsize=1)
def _remembering(folder: Path) -> DuckDBPyConnection:
    engine = connect(folder)
    engine.execute("SET GLOBAL parquet_metadata_cache = true")
    return engine


def load(
    columns: DuckDBPyConnection, name: str, shape: dict[str, str], rows: Iterable[Sequence[Any]]
) -> None:
    """A table of open rows, which have the columns of ``shape`` (``LISTENS`` or ``COUNTS``)."""
    described = ", ".join(f"{column} {kind}" for column, kind in shape.items())
    columns.execute(f"CREATE TEMP TABLE {name} ({described})")
    part: list[Sequence[Any]] = []
    for row in rows:
        part.append(row)
        if len(part) == 50_000:
            append(columns, name, shape, part)
            part = []
    if part:
        append(columns, name, shape, part)


def write(columns: DuckDBPyConnection, select: str, path: Path) -> None:
    """The rows of a select as a Parquet file that is on disk when this returns."""
    columns.execute(
        f"COPY ({select}) TO '{path}' (FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE {ROW_GROUP})"
    )
    with path.open("rb+") as file:
        os.fsync(file.fileno())


def select_sealed_listens(table: str) -> str:
    """The rows of one day in the shape and order of a sealed file."""
    return f"SELECT {_COMPACT} FROM {table} ORDER BY app, second, track, listener, listen_ms"


def select_sealed_moments(table: str) -> str:
    """The same of the other counters."""
    keys = ", ".join(("day", *TEXTS, "hour"))
    sums = ", ".join(f"sum({name})::INTEGER AS {name}" for name in MOMENTS)
    return f"SELECT {keys}, {sums} FROM {table} GROUP BY ALL ORDER BY {keys}"


def select_files(paths: Iterable[Path]) -> str:
    """A select of sealed files, read as one."""
    listed = ", ".join(f"'{path}'" for path in sorted(paths))
    return f"SELECT * FROM read_parquet([{listed}])"


def retention_sums() -> str:
    """Columns of listens with a length: how many, percent, five buckets, ten tenths."""
    buckets = ", ".join(
        f"count(*) FILTER (percent >= {low} AND percent < {high}) AS b{low}"
        for low, high in pairwise((0, *BUCKETS, 101))
    )
    tenths = ", ".join(f"count(*) FILTER (tenths & {1 << tenth} <> 0) AS t{tenth}" for tenth in range(TENTHS))
    return f"count(*) AS listens, sum(percent)::BIGINT AS percent, {buckets}, {tenths}"


def append(
    columns: DuckDBPyConnection, name: str, shape: dict[str, str], rows: Sequence[Sequence[Any]]
) -> None:
    """Put rows into a table of that shape."""
    import numpy as np

    part = {
        column: np.array(values, dtype=object if kind == "VARCHAR" else np.int64)
        for (column, kind), values in zip(shape.items(), zip(*rows, strict=True), strict=True)
    }
    columns.register("part", part)
    columns.execute(f"INSERT INTO {name} SELECT * FROM part")
    columns.unregister("part")


def _settle(path: Path, target: Path) -> None:
    """Give a finished file its name, on disk too."""
    os.replace(path, target)
    handle = os.open(target.parent, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
