"""Reads the stripe SDK's annotations at run time and checks values against them."""

from __future__ import annotations

import ast
import importlib
import inspect
import re
import types
from collections.abc import Iterable, Mapping
from decimal import Decimal
from functools import cache
from typing import Any, ClassVar, ForwardRef, Literal, TypeVar, Union, get_args, get_origin

import typing_extensions
from stripe import ListObject, StripeObject
from stripe._object_classes import OBJECT_CLASSES, get_object_class
from stripe._request_options import RequestOptions
from stripe._stripe_object import UntypedStripeObject

Namespace = dict[str, Any]
_WHOLE = re.compile(r"^-?\d+$")
_NUMBER = re.compile(r"^-?\d+(\.\d+)?$")
_OPTIONS = frozenset(RequestOptions.__annotations__)


class UnresolvableType(Exception):
    """An annotation of the SDK that we cannot read: teach this module before trusting it again."""


@cache
def _module_namespace(name: str) -> Namespace:
    """A module's globals and what it imports for type checkers only."""
    module = importlib.import_module(name)
    names = dict(vars(module))
    for node in ast.walk(ast.parse(inspect.getsource(module))):
        if not (isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"):
            continue
        for line in node.body:
            if isinstance(line, ast.ImportFrom) and line.module:
                source = importlib.import_module(line.module)
                for alias in line.names:
                    names[alias.asname or alias.name] = getattr(source, alias.name)
    return names


def namespace_of(owner: Any) -> Namespace:
    """Where the names in a class's annotations are looked up."""
    return _module_namespace(owner.__module__)


def resolve(kind: Any, names: Namespace) -> Any:
    """The type behind a string or a forward reference."""
    text = kind.__forward_arg__ if isinstance(kind, ForwardRef) else kind
    if not isinstance(text, str):
        return kind
    try:
        return resolve(eval(text, names), names)  # noqa: S307  the SDK's own source
    except (NameError, SyntaxError, TypeError) as problem:
        raise UnresolvableType(f"{text}: {problem}") from problem


@cache
def fields_of(owner: Any) -> dict[str, tuple[Any, Namespace]]:
    """Name to (annotation, namespace) of a resource class or a parameter dict, inherited ones too."""
    bases = [base for base in inspect.getmro(owner) if base not in (StripeObject, object, dict)]
    if typing_extensions.is_typeddict(owner):
        names = {**owner.__annotations__}
        return {name: (kind, namespace_of(owner)) for name, kind in names.items() if name not in _OPTIONS}
    found: dict[str, tuple[Any, Namespace]] = {}
    for base in reversed(bases):
        if not base.__module__.startswith("stripe"):
            continue
        for name, kind in vars(base).get("__annotations__", {}).items():
            if not name.startswith("_") and get_origin(kind) is not ClassVar and "ClassVar" not in str(kind):
                found[name] = (kind, namespace_of(base))
    return found


def alternatives(kind: Any, names: Namespace) -> list[Any]:
    """The members of a union, flattened; one member for any other type."""
    kind = resolve(kind, names)
    if get_origin(kind) in (typing_extensions.NotRequired, typing_extensions.Required):
        return alternatives(get_args(kind)[0], names)
    if get_origin(kind) in (Union, types.UnionType):
        return [member for part in get_args(kind) for member in alternatives(part, names)]
    return [kind]


def class_of(kind: Any, names: Namespace) -> Any:
    """The resource class that an annotation leads to when it is expanded, or None."""
    for member in alternatives(kind, names):
        if get_origin(member) in (ListObject, list):
            return class_of(get_args(member)[0], names)
        if inspect.isclass(member) and issubclass(member, StripeObject):
            return member
    return None


class Reader:
    """Checks one value and gathers what is wrong with it, each with the path to it."""

    def __init__(self, *, form_encoded: bool) -> None:
        self.form_encoded = form_encoded
        self.violations: list[str] = []

    def check(self, value: Any, kind: Any, names: Namespace, path: str) -> None:
        """Check a value against an annotation."""
        members = _closed(alternatives(kind, names))
        if Any in members:
            return
        if value is None:
            if type(None) not in members:
                self._wrong(path, "is null, but never is at Stripe")
            elif any(_is_map(member) for member in members):
                self._wrong(path, "is a null map: Stripe omits it, and the SDK fails on it")
            return
        members = [member for member in members if member is not type(None)]
        literals = [member for member in members if get_origin(member) is Literal]
        if literals and any(value in get_args(member) for member in literals):
            return
        rest = [member for member in members if get_origin(member) is not Literal]
        if not rest:
            allowed = [repr(one) for member in literals for one in get_args(member)]
            shown = ", ".join(allowed[:12]) + (", …" if len(allowed) > 12 else "")
            self._wrong(path, f"is {value!r}, but the values are {shown}")
            return
        self._check_one_of(value, rest, names, path)

    def _check_one_of(self, value: Any, members: list[Any], names: Namespace, path: str) -> None:
        named = value.get("object") if isinstance(value, dict) else None
        if isinstance(named, str):
            same = [member for member in members if getattr(member, "OBJECT_NAME", None) == named]
            members = same or members
        attempts: list[list[str]] = []
        for member in members:
            attempt = Reader(form_encoded=self.form_encoded)
            attempt._check_plain(value, member, names, path)
            if not attempt.violations:
                return
            attempts.append(attempt.violations)
        # The alternative that came closest says the most.
        self.violations.extend(max(attempts, key=_closeness))

    def _check_plain(self, value: Any, kind: Any, names: Namespace, path: str) -> None:
        origin, arguments = get_origin(kind), get_args(kind)
        if kind in (str, int, float, bool, Decimal):
            if not self._is_leaf(value, kind):
                self._wrong(path, f"is {value!r}, which is no {kind.__name__}")
        elif origin is list:
            if not isinstance(value, list):
                self._wrong(path, f"is {value!r}, which is no list")
                return
            for index, part in enumerate(value):
                self.check(part, arguments[0], names, f"{path}[{index}]")
        elif _is_map(kind):
            if not isinstance(value, dict):
                self._wrong(path, f"is {value!r}, which is no map")
                return
            inner = arguments[-1] if arguments else Any
            for name, part in value.items():
                self.check(part, inner, names, f"{path}.{name}")
        elif origin is ListObject:
            self._check_page(value, arguments[0], names, path)
        elif typing_extensions.is_typeddict(kind):
            self._check_fields(value, kind, path, frozenset(kind.__required_keys__))
        elif inspect.isclass(kind) and issubclass(kind, StripeObject):
            self._check_resource(value, kind, path)
        elif isinstance(kind, TypeVar):
            raise UnresolvableType(f"{path}: the bare type variable {kind}")
        else:
            raise UnresolvableType(f"{path}: {kind!r}")

    def _is_leaf(self, value: Any, kind: type) -> bool:
        if self.form_encoded:
            if not isinstance(value, str):
                return False
            if kind is int:
                return bool(_WHOLE.match(value))
            if kind in (float, Decimal):
                return bool(_NUMBER.match(value))
            return value in ("true", "false") if kind is bool else True
        if kind is Decimal:
            return isinstance(value, str) and bool(_NUMBER.match(value))
        if kind in (int, float) and isinstance(value, bool):
            return False
        return isinstance(value, (int, float) if kind is float else kind)

    def _check_page(self, value: Any, item: Any, names: Namespace, path: str) -> None:
        if not isinstance(value, dict) or value.get("object") != "list":
            self._wrong(path, "is no list object")
            return
        self.check(value.get("data"), list[item], names, f"{path}.data")
        self.check(value.get("has_more"), bool, names, f"{path}.has_more")
        self.check(value.get("url"), str, names, f"{path}.url")
        for name in value.keys() - {"object", "data", "has_more", "url"}:
            self._wrong(f"{path}.{name}", "is unknown")

    def _check_resource(self, value: Any, kind: Any, path: str) -> None:
        if not isinstance(value, dict):
            self._wrong(path, f"is {value!r}, which is no {kind.__name__}")
            return
        if value.get("deleted") is True:
            needed = {"id", "object", "deleted"}
        else:
            needed = {
                name
                for name, (annotation, names) in fields_of(kind).items()
                if type(None) not in alternatives(annotation, names)
            }
        self._check_fields(value, kind, path, frozenset(needed))
        if getattr(kind, "OBJECT_NAME", None) == "event" and isinstance(value.get("data"), dict):
            self._check_event_object(value["data"].get("object"), f"{path}.data.object")

    def _check_event_object(self, value: Any, path: str) -> None:
        name = value.get("object") if isinstance(value, dict) else None
        if name not in OBJECT_CLASSES:
            self._wrong(path, f"is of the unknown kind {name!r}")
            return
        self._check_resource(value, get_object_class("V1", name), path)

    def _check_fields(self, value: Any, kind: Any, path: str, needed: frozenset[str]) -> None:
        if not isinstance(value, Mapping):
            self._wrong(path, f"is {value!r}, which is no hash")
            return
        fields = fields_of(kind)
        for name in sorted(needed - value.keys() - _OPTIONS):
            self._wrong(f"{path}.{name}", "is missing")
        for name, part in value.items():
            if name not in fields:
                self._wrong(f"{path}.{name}", "is unknown")
            else:
                annotation, names = fields[name]
                self.check(part, annotation, names, f"{path}.{name}")

    def _wrong(self, path: str, what: str) -> None:
        self.violations.append(f"{path} {what}")


def _closed(members: list[Any]) -> list[Any]:
    """Close the SDK's open enumerations: beside named values a plain ``str`` does not count."""
    named = [one for member in members if get_origin(member) is Literal for one in get_args(member)]
    if any(isinstance(one, str) and one for one in named):
        return [member for member in members if member is not str]
    return members


def _is_map(kind: Any) -> bool:
    return get_origin(kind) in (dict, UntypedStripeObject) or kind is UntypedStripeObject


def _closeness(violations: Iterable[str]) -> tuple[int, int]:
    return max(_depth(one) for one in violations), -len(list(violations))


def _depth(violation: str) -> int:
    path = violation.split(" ", 2)
    return path[0].count(".") + (path[1].count(".") if len(path) > 1 else 0)
