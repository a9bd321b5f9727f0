"""The oracle: requests and answers against the installed stripe SDK's own types.

The SDK's parameter and resource classes are generated from Stripe's OpenAPI description. An
unknown field, a wrong type, an unknown enum value, a missing field and a null map are violations.
Enumerations are open in the SDK (``Literal[...] | str``); here they are closed. A type that
``sdk_types`` does not understand raises UnresolvableType: silence would be worse than a failed test.
"""

from __future__ import annotations

import inspect
import re
from dataclasses import dataclass
from functools import cache
from typing import Any

import stripe
from stripe import StripeClient

from flexapp.localstripe.sdk_types import (
    Namespace,
    Reader,
    UnresolvableType,
    alternatives,
    class_of,
    fields_of,
    namespace_of,
)

API_VERSION: str = stripe.api_version
_CALL = re.compile(r'_request\(\s*"(get|post|delete)",\s*"(/v1/[^"]*)"')


@dataclass(frozen=True)
class Operation:
    """One method of the SDK's client: verb, path with ``{}`` for ids, parameter and answer types."""

    name: str
    verb: str
    path: str
    params: Any
    answer: Any
    names: Namespace

    def violations_of_request(self, form: dict[str, Any]) -> list[str]:
        """What the SDK's types do not allow in a decoded form; empty when all is well."""
        if self.params is None:
            return [f"{self.name} request.{name} is unknown" for name in sorted(form)]
        reader = Reader(form_encoded=True)
        reader.check(form, self.params, self.names, f"{self.name} request")
        expand = form.get("expand")
        for path in expand if isinstance(expand, list) else []:
            reader.violations.extend(self._expand_violations(path))
        return reader.violations

    def violations_of_answer(self, body: Any) -> list[str]:
        """What the SDK's types do not allow in an answer; empty when all is well."""
        reader = Reader(form_encoded=False)
        reader.check(body, self.answer, self.names, f"{self.name} answer")
        return reader.violations

    def _expand_violations(self, path: str) -> list[str]:
        kind, names = self.answer, self.names
        parts = path.split(".")
        for part in parts[1:] if parts[0] == "data" else parts:
            owner = class_of(kind, names)
            fields = {} if owner is None else fields_of(owner)
            if part not in fields:
                return [f"{self.name} request.expand {path!r} cannot be expanded at {part}"]
            kind, names = fields[part]
        return []


@cache
def operation(name: str) -> Operation:
    """The operation of a dotted name such as ``checkout.sessions.create``."""
    *services, method = name.split(".")
    service: Any = StripeClient("sk_test_types_only").v1
    for part in services:
        service = getattr(service, part)
    function = getattr(type(service), method)
    call = _CALL.search(inspect.getsource(function))
    if call is None:
        raise UnresolvableType(f"{name}: the SDK's method shows no verb and path")
    names = namespace_of(type(service))
    params = [
        member
        for kind in [function.__annotations__.get("params", type(None))]
        for member in alternatives(kind, names)
        if member is not type(None)
    ]
    path = re.sub(r"\{\w+\}", "{}", call.group(2))
    answer = function.__annotations__["return"]
    return Operation(name, call.group(1), path, params[0] if params else None, answer, names)


def violations_of_event(body: dict[str, Any]) -> list[str]:
    """What the SDK's Event, and the class of the object in it, do not allow in a webhook's body."""
    reader = Reader(form_encoded=False)
    reader.check(body, stripe.Event, namespace_of(stripe.Event), "event")
    return reader.violations
