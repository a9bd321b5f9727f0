"""Small mmdb files of networks, written as MaxMind's format 2.0 says."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from pathlib import Path
from typing import Any

_SEPARATOR = bytes(16)
_MARK = b"\xab\xcd\xefMaxMind.com"
Node = list[Any]


class _Small(int):
    """Of 16 bits; readers look at the type."""


class _Large(int):
    """Of 64 bits."""


def write_mmdb(
    path: Path, networks: Mapping[str, Mapping[str, Any]], *, made_at: int = 1_790_000_000
) -> Path:
    """A database of these networks, IPv4 ones below ``::/96``; no network may lie inside another."""
    nodes: list[Node] = [[None, None]]
    data = b""
    for text, record in networks.items():
        network = ipaddress.ip_network(text)
        is_four = isinstance(network, ipaddress.IPv4Network)
        length = network.prefixlen + (96 if is_four else 0)
        bits = f"{int(network.network_address):0128b}"[:length]
        at = 0
        for bit in bits[:-1]:
            if nodes[at][int(bit)] is None:
                nodes.append([None, None])
                nodes[at][int(bit)] = len(nodes) - 1
            at = nodes[at][int(bit)]
        nodes[at][int(bits[-1])] = ("data", len(data))
        data += _encoded(record)
    count = len(nodes)

    def pointer(value: Any) -> bytes:
        if value is None:
            return count.to_bytes(3)
        return (count + 16 + value[1] if isinstance(value, tuple) else value).to_bytes(3)

    tree = b"".join(pointer(node[0]) + pointer(node[1]) for node in nodes)
    about = {
        "node_count": count,
        "record_size": _Small(24),
        "ip_version": _Small(6),
        "database_type": "Networks",
        "languages": (),
        "binary_format_major_version": _Small(2),
        "binary_format_minor_version": _Small(0),
        "build_epoch": _Large(made_at),
        "description": {},
    }
    path.write_bytes(tree + _SEPARATOR + data + _MARK + _encoded(about))
    return path


def _encoded(value: Any) -> bytes:
    if isinstance(value, Mapping):
        inside = b"".join(_encoded(key) + _encoded(member) for key, member in value.items())
        return bytes([7 << 5 | len(value)]) + inside
    if value == ():
        return b"\x00\x04"  # an array without members
    if isinstance(value, _Small):
        return bytes([5 << 5 | 2]) + value.to_bytes(2)
    if isinstance(value, _Large):
        return b"\x08\x02" + value.to_bytes(8)
    if isinstance(value, int):
        return bytes([6 << 5 | 4]) + value.to_bytes(4)
    text = str(value).encode()
    if len(text) < 29:
        return bytes([2 << 5 | len(text)]) + text
    return bytes([2 << 5 | 29, len(text) - 29]) + text
