"""The API's reference as a page needs it: read off the contract, nothing is written twice."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import Any

from flexapp.api.spec import VERSION

Schema = dict[str, Any]
_METHODS = ("get", "post", "put", "patch", "delete")
_DEEPEST = 4
_TELLING: dict[str, Any] = {
    "name": "Late hours", "title": "Night drive", "track_title": "Night drive", "slug": "night-drive",
    "email": "ada@example.com", "url": "https://flexapp.example/t/night-drive", "cover_url": None,
    "genre": "Trap", "mood": "Dark", "tags": ["dark", "808"], "key": "F minor", "bpm": 140.0,
    "suggested_bpm": 140.0, "suggested_key": "F minor", "duration_seconds": 57.86, "loudness_lufs": -11.5,
    "processing": "ready", "processing_step": "", "processing_percent": 100, "processing_error": None,
    "visibility": "published", "description": "Late night, wet streets.", "filename": "Night drive.mp3",
    "bytes": 2314000, "is_sold_exclusively": False, "unavailable_reason": None, "price_override": None,
    "deliverables": ["mp3"], "is_exclusive": False, "license_name": "Premium lease", "accent": "#1b7f4d",
    "allowed_origins": ["https://blog.example"], "roles": ["producer"], "scopes": ["read", "write"],
    "role": "share", "status": "pending", "reference": "charge:ch_…", "memo": "", "prefix": "flx_Q7dX2aKp",
    "next_cursor": None, "revoked_at": None, "channel": "own_site", "listen_seconds": 42.0, "kind": "mp3",
    "interval": "day", "code": "track_not_found", "buyer": {"name": "Bo", "email": "bo@example.com"},
}  # fmt: skip
_SAMPLES: dict[str, Any] = {
    "string": "…",
    "integer": 1,
    "number": 140.0,
    "boolean": True,
    "null": None,
}


@dataclass(frozen=True)
class Field:
    """One parameter or field: its name, its type in words, and what it means."""

    name: str
    type: str
    note: str
    is_required: bool
    place: str = "body"  #: path, query, header or body


@dataclass(frozen=True)
class Operation:
    """One method on one path."""

    anchor: str
    method: str
    path: str
    summary: str
    scope: str
    fields: tuple[Field, ...]
    request: str  #: an example of the body, empty without one
    status: str
    answer: str  #: an example of the answer, empty without one
    call: str  #: the same by curl


@dataclass(frozen=True)
class Group:
    """The operations of one resource."""

    anchor: str
    name: str
    description: str
    operations: tuple[Operation, ...]


@dataclass(frozen=True)
class Reference:
    """The whole page."""

    version: str
    about: tuple[tuple[tuple[str, bool], ...], ...]  #: paragraphs of (text, is code)
    base_url: str
    groups: tuple[Group, ...] = field(default=())


def reference(spec: dict[str, Any]) -> Reference:
    """The contract in reading order: groups as the rooms are listed, operations by path."""
    base_url = spec["servers"][0]["url"]
    groups = []
    for tag in spec.get("tags", []):
        operations = [
            _operation(spec, path, method, item[method], base_url)
            for path, item in spec["paths"].items()
            for method in _METHODS
            if method in item and tag["name"] in item[method].get("tags", [])
        ]
        if operations:
            groups.append(
                Group(_anchor(tag["name"]), tag["name"], tag.get("description", ""), tuple(operations))
            )
    return Reference(VERSION, _paragraphs(spec["info"]["description"]), base_url, tuple(groups))


def _paragraphs(text: str) -> tuple[tuple[tuple[str, bool], ...], ...]:
    return tuple(
        tuple((part, place % 2 == 1) for place, part in enumerate(paragraph.split("`")) if part)
        for paragraph in text.strip().split("\n\n")
    )


def _operation(spec: dict[str, Any], path: str, method: str, raw: dict[str, Any], base_url: str) -> Operation:
    fields = [
        Field(
            one["name"],
            _type(spec, one["schema"]),
            one.get("description", ""),
            bool(one.get("required")),
            one["in"],
        )
        for one in raw.get("parameters", [])
    ]
    fields.sort(key=lambda one: one.place == "header")
    request, content_type = "", ""
    if "requestBody" in raw:
        content_type, media = next(iter(raw["requestBody"]["content"].items()))
        if content_type == "application/json":
            fields = [*_body_fields(spec, media["schema"]), *fields]
            fields.sort(key=lambda one: ("path", "query", "body", "header").index(one.place))
            request = _json(_sample(spec, media["schema"], fill=False))
    status = next(code for code in raw["responses"] if code.startswith("2"))
    media = raw["responses"][status].get("content", {}).get("application/json")
    answer = _json(_sample(spec, media["schema"], fill=True)) if media else ""
    return Operation(
        anchor=raw["operationId"].replace("_", "-"),
        method=method.upper(),
        path=path,
        summary=" ".join(filter(None, (raw.get("summary", ""), raw.get("description", "")))),
        scope="read" if method == "get" else "write",
        fields=tuple(fields),
        request=request,
        status=status,
        answer=answer,
        call=_curl(method, base_url + path, request, content_type),
    )


def _body_fields(spec: dict[str, Any], schema: Schema) -> list[Field]:
    schema = _resolved(spec, schema)
    found: dict[str, Field] = {}
    for part in schema.get("oneOf", [schema]):
        part = _resolved(spec, part)
        for name, value in part.get("properties", {}).items():
            note = value.get("description", "")
            if "const" in value and name in found:
                earlier = found[name]
                found[name] = Field(name, f"{earlier.type} or {_type(spec, value)}", note, True)
            else:
                found.setdefault(
                    name, Field(name, _type(spec, value), note, name in part.get("required", ()))
                )
    return list(found.values())


def _type(spec: dict[str, Any], schema: Schema) -> str:
    if "$ref" in schema and "enum" not in _resolved(spec, schema):
        return _words(schema["$ref"].rsplit("/", 1)[1])
    schema = _resolved(spec, schema)
    if "const" in schema:
        return json.dumps(schema["const"])
    if "enum" in schema:
        return " or ".join(json.dumps(value) for value in schema["enum"])
    if "anyOf" in schema:
        return " or ".join(dict.fromkeys(_type(spec, one) for one in schema["anyOf"]))
    if schema.get("type") == "array":
        return f"list of {_type(spec, schema.get('items', {}))}"
    if schema.get("type") == "object":
        return "object"
    if schema.get("format") == "date-time":
        return "time"
    return str(schema.get("type", "any"))


def _sample(spec: dict[str, Any], schema: Schema, *, fill: bool, depth: int = 0) -> Any:
    """An example; without ``fill`` only what is required and what has a telling example."""
    schema = _resolved(spec, schema)
    if schema.get("examples"):
        return schema["examples"][0]
    if "const" in schema:
        return schema["const"]
    if "enum" in schema:
        return schema["enum"][0]
    for union in ("anyOf", "oneOf"):
        if union in schema:
            return _sample(spec, schema[union][0], fill=fill, depth=depth)
    if schema.get("type") == "array":
        return (
            [] if depth > _DEEPEST else [_sample(spec, schema.get("items", {}), fill=fill, depth=depth + 1)]
        )
    if schema.get("type") == "object":
        required = schema.get("required", ())
        return {
            name: _TELLING[name]
            if fill and name in _TELLING
            else _sample(spec, value, fill=fill, depth=depth + 1)
            for name, value in schema.get("properties", {}).items()
            if fill or name in required or depth == 0
        }
    if schema.get("format") == "date-time":
        return "2026-11-27T18:02:11.123Z"
    return schema.get("default", _SAMPLES.get(str(schema.get("type")), "…"))


def _resolved(spec: dict[str, Any], schema: Schema) -> Schema:
    while "$ref" in schema:
        schema = spec["components"]["schemas"][schema["$ref"].rsplit("/", 1)[1]]
    return schema


def _curl(method: str, url: str, request: str, content_type: str) -> str:
    parts = [f"curl {url}", '-H "Authorization: Bearer $FLEXAPP_TOKEN"']
    if method != "get":
        parts[0] = f"curl -X {method.upper()} {url}"
    if method == "post":
        parts.append('-H "Idempotency-Key: $(uuidgen)"')
    if request:
        parts += ['-H "Content-Type: application/json"', "-d @body.json"]
    elif content_type:
        parts[0] += "?filename=beat.wav"
        parts += [f'-H "Content-Type: {content_type}"', "--data-binary @file"]
    return " \\\n  ".join(parts)


def _json(value: Any) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False)


def _words(name: str) -> str:
    return re.sub(r"(?<!^)(?=[A-Z])", " ", name.removesuffix("In")).lower()


def _anchor(name: str) -> str:
    return name.lower().replace(" ", "-")
