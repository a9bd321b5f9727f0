"""Which of some networks an address lies in, by lists in files.

Shipped is the list of Route Views and DB-IP with numbers of the NRO (CC BY 4.0, pinned in
``widgets/package.json`` as ``@ip-location-db/asn``): half a million ranges in text, of which only those of
the wanted networks are kept.
"""

from __future__ import annotations

import ipaddress
import json
import logging
import threading
from bisect import bisect_right
from collections.abc import Collection
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path

SHIPPED = Path(__file__).resolve().parents[2] / "widgets/node_modules/@ip-location-db/asn"
_FILES = {4: "asn-ipv4-num.csv", 6: "asn-ipv6-num.csv"}
_REMEMBERED = 4096  #: addresses of late, which report again every ten seconds
Ranges = tuple[list[int], list[int], list[int]]
"""First and last addresses as numbers, and whose they are; in order."""
log = logging.getLogger(__name__)


class ListedNetworks:
    """Looks into the lists, which the first question reads; without them nothing is known."""

    def __init__(self, folder: Path, numbers: Collection[int]) -> None:
        self._folder = folder
        self._numbers = frozenset(numbers)
        self._ranges: dict[int, Ranges] | None = None
        self._reading = threading.Lock()
        self._remembered = lru_cache(maxsize=_REMEMBERED)(self._look)

    def number_of(self, address: str) -> int:
        """The number of the wanted network, 0 when the address is none or lies elsewhere."""
        return 0 if self._known() is None else self._remembered(address)

    def _look(self, address: str) -> int:
        assert self._ranges is not None
        try:
            found = ipaddress.ip_address(address.partition("%")[0])
        except ValueError:
            return 0
        if isinstance(found, ipaddress.IPv6Address) and found.ipv4_mapped is not None:
            found = found.ipv4_mapped
        starts, ends, numbers = self._ranges[found.version]
        value = int(found)
        place = bisect_right(starts, value) - 1
        return numbers[place] if place >= 0 and value <= ends[place] else 0

    def _known(self) -> dict[int, Ranges] | None:
        """The ranges; None while another thread is reading them, which nobody waits for."""
        if self._ranges is None and self._reading.acquire(blocking=False):
            try:
                self._ranges = _ranges(self._folder, self._numbers)
            finally:
                self._reading.release()
        return self._ranges

    def made_at(self) -> int | None:
        """When the lists were made, in Unix seconds; None when they cannot be read."""
        try:
            version = json.loads((self._folder / "package.json").read_text(encoding="utf-8"))["version"]
            day = datetime.strptime(str(version).rsplit(".", 1)[-1][:8], "%Y%m%d").replace(tzinfo=UTC)
        except (OSError, ValueError, KeyError):
            return None
        return int(day.timestamp())


@lru_cache(maxsize=8)
def _ranges(folder: Path, numbers: frozenset[int]) -> dict[int, Ranges]:
    """Once for a process, which takes half a second."""
    wanted = {str(number) for number in numbers}
    found: dict[int, Ranges] = {}
    for version, name in _FILES.items():
        rows = []
        try:
            with (folder / name).open(encoding="utf-8") as lines:
                for line in lines:
                    first, last, number, _ = line.split(",", 3)
                    if number in wanted:
                        rows.append((int(first), int(last), int(number)))
        except (OSError, ValueError):
            log.warning("no networks: %s cannot be read", folder / name)
            rows = []
        rows.sort()
        found[version] = ([row[0] for row in rows], [row[1] for row in rows], [row[2] for row in rows])
    return found
