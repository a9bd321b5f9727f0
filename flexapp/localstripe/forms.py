"""Bracketed form bodies as Stripe reads them: ``a[0][b]=c`` is ``{"a": [{"b": "c"}]}``."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import parse_qsl

_PART = re.compile(r"\[([^\[\]]*)\]")
_NAME = re.compile(r"^([^\[\]]+)((?:\[[^\[\]]*\])*)$")
_MAX_DEPTH = 8

Form = dict[str, Any]
"""Nested dicts and lists with strings as leaves."""


class BadForm(ValueError):
    """A body that no client library would send."""


def parse(text: str) -> Form:
    """The nested form of a query string or a body; raises BadForm."""
    root: Form = {}
    for name, value in parse_qsl(text, keep_blank_values=True, max_num_fields=2000):
        match = _NAME.match(name)
        if match is None:
            raise BadForm(f"Invalid parameter name: {name}")
        _place(root, [match.group(1), *_PART.findall(match.group(2))], value)
    return {name: _listed(part) for name, part in root.items()}


def _place(root: Form, path: list[str], value: str) -> None:
    if len(path) > _MAX_DEPTH:
        raise BadForm("Parameters are nested too deeply")
    here = root
    for part in path[:-1]:
        key = part if part else str(len(here))
        here = here.setdefault(key, {})
        if not isinstance(here, dict):
            raise BadForm(f"{path[0]} is both a value and a hash")
    last = path[-1] if path[-1] else str(len(here))
    if last in here:
        raise BadForm(f"{path[0]} was given twice")
    here[last] = value


def _listed(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    if value and all(key.isdigit() for key in value):
        if sorted(map(int, value)) != list(range(len(value))):
            raise BadForm("Array indices have gaps")
        return [_listed(value[str(index)]) for index in range(len(value))]
    return {name: _listed(part) for name, part in value.items()}
