"""Networks of data centers, where programs run and hardly anybody listens; what comes from them waits.

Known are well-known hosts of rented machines, by the numbers that the internet's registries gave their
networks (autonomous systems). Which network an address lies in says a file of the installation
(the shipped lists, or ``FLEXAPP_NETWORK_DATABASE``). People come from there too, with a
VPN or from a remote desktop, so nothing is rejected. Left out are networks that carry the relays of
browsers and systems, such as iCloud Private Relay (Cloudflare 13335, Fastly 54113, Akamai 20940 and
36183), and those of providers of households, whatever they host beside.

An event keeps the number as a flag (``as16509``), and only when it is in this list: where people are at
home is never noted. Change the list together with ``judging.RULES_VERSION``.
"""

from __future__ import annotations

from collections.abc import Iterable

HOSTS = {
    7203: "Leaseweb",
    8075: "Microsoft Azure",
    8100: "QuadraNet",
    8560: "IONOS",
    9009: "M247",
    12876: "Scaleway",
    14061: "DigitalOcean",
    14618: "Amazon Web Services",
    16276: "OVHcloud",
    16509: "Amazon Web Services",
    19148: "Leaseweb",
    19318: "Interserver",
    20473: "Vultr",
    24940: "Hetzner",
    25820: "IT7 Networks",
    27411: "Leaseweb",
    28753: "Leaseweb",
    29802: "Hivelocity",
    30633: "Leaseweb",
    31898: "Oracle Cloud",
    32244: "Liquid Web",
    36351: "IBM Cloud",
    36352: "ColoCrossing",
    37963: "Alibaba Cloud",
    40676: "Psychz Networks",
    43350: "NForce",
    45090: "Tencent Cloud",
    45102: "Alibaba Cloud",
    46475: "Limestone Networks",
    46844: "Sharktech",
    47583: "Hostinger",
    49505: "Selectel",
    49981: "WorldStream",
    51167: "Contabo",
    53667: "FranTech",
    54290: "Hostwinds",
    54825: "Equinix Metal",
    57043: "Hostkey",
    59253: "Leaseweb",
    60068: "DataCamp",
    60781: "Leaseweb",
    62240: "Clouvider",
    63473: "HostHatch",
    63949: "Linode",
    132203: "Tencent Cloud",
    136907: "Huawei Cloud",
    202053: "UpCloud",
    212238: "DataCamp",
    213230: "Hetzner",
    396982: "Google Cloud",
}
"""Autonomous systems and who runs them."""

_FLAGS = {f"as{number}": name for number, name in HOSTS.items()}


def flag_of(number: int) -> str:
    """What an event from this network is marked with; empty for every network that is not in the list."""
    return f"as{number}" if number in HOSTS else ""


def hosts_in(flags: Iterable[str]) -> list[str]:
    """Whose data centers the flags name, sorted; what left the list since is nobody's."""
    return sorted({_FLAGS[flag] for flag in flags if flag in _FLAGS})


def with_one_host(flags: Iterable[str]) -> set[str]:
    """Of several hosts the first by its flag's text, in whatever order they came; all else as it is."""
    given = set(flags)
    marks = sorted(flag for flag in given if flag[:2] == "as" and flag[2:].isdigit())
    return given.difference(marks[1:])
