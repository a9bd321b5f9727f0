"""``make bench``: run every benchmark (or those named) and print one table each."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from tests.benchmarks import (
    audio,
    checkout_sums,
    documents,
    folding,
    ingest,
    kills,
    player,
    player_lighthouse,
    scale,
)
from tests.benchmarks.setting import Table, disk

BENCHMARKS = {
    "ingest": ingest.run,
    "postgres": ingest.run_postgres,
    "kills": kills.run,
    "documents": documents.run,
    "audio": audio.run,
    "sums": checkout_sums.run,
    "player": player.run,
    "lighthouse": player_lighthouse.run,
    "folding": folding.run,
    "scale": scale.run,
}


def main(names: list[str]) -> int:
    """Run them in order; a name that there is none of ends with 2.

    ``--listens N,N`` and ``--keep FOLDER`` are for ``scale``.
    """
    if "--listens" in names:
        scale.LISTENS = [int(number) for number in _option(names, "--listens").split(",")]
    if "--keep" in names:
        scale.KEEP = Path(_option(names, "--keep"))
    unknown = set(names) - set(BENCHMARKS)
    if unknown:
        sys.stderr.write(
            f"No such benchmark: {', '.join(sorted(unknown))}; there are {', '.join(BENCHMARKS)}.\n"
        )
        return 2
    with tempfile.TemporaryDirectory(prefix="flexapp-bench-") as folder:
        print_table(disk(Path(folder)))
        for name in names or BENCHMARKS:
            print_table(BENCHMARKS[name](Path(folder)))
    return 0


def _option(names: list[str], option: str) -> str:
    """The word after an option; both leave the names."""
    place = names.index(option)
    value = names[place + 1]
    del names[place : place + 2]
    return value


def print_table(table: Table) -> None:
    """One table, aligned."""
    rows = [table.head, *table.rows]
    widths = [max(len(row[place]) for row in rows) for place in range(len(table.head))]
    sys.stdout.write(f"\n{table.title}\n")
    for row in rows:
        cells = [
            cell.ljust(width) if place == 0 else cell.rjust(width)
            for place, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        sys.stdout.write("  " + "  ".join(cells).rstrip() + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
