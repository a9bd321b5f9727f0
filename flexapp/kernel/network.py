"""Who a network address stands for (a full IPv4 address, or the /64 of an IPv6 one), and its network."""

from __future__ import annotations

import ipaddress
from functools import lru_cache


@lru_cache(maxsize=4096)
def network_of(address: str) -> str:
    """``203.0.113.7`` as it is, ``2001:db8:1:2:3::4`` as ``2001:db8:1:2::/64``, else the text itself.

    One IPv6 household holds a whole /64 and changes addresses inside it. An IPv4 address mapped
    into IPv6 counts as the IPv4 one.
    """
    try:
        parsed = ipaddress.ip_address(address.strip())
    except ValueError:
        return address.strip()
    if isinstance(parsed, ipaddress.IPv6Address):
        if parsed.ipv4_mapped is not None:
            return str(parsed.ipv4_mapped)
        return str(ipaddress.IPv6Network((parsed, 64), strict=False))
    return str(parsed)


@lru_cache(maxsize=4096)
def prefix_of(address: str) -> str:
    """The network around an address: the /24 of an IPv4 one, the /64 of an IPv6 one, else the text itself."""
    network = network_of(address)
    try:
        return str(ipaddress.IPv4Network((network, 24), strict=False))
    except ValueError:
        return network
