"""The contract with programs: valid OpenAPI 3.1, as recorded, and kept by every answer."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from jsonschema import Draft202012Validator
from openapi_spec_validator import OpenAPIV31SpecValidator

from flexapp.web.access import Access, access_of
from flexapp.workflows.services import Services
from tests.factories.catalog import make_license_types, make_track
from tests.factories.people import bearer, make_api_token, make_person

GOLDEN = Path(__file__).parent / "openapi.json"


@pytest.fixture
def spec(client: FlaskClient) -> dict[str, Any]:
    """The contract as it is served."""
    answer = client.get("/api/v1/openapi.json")
    assert answer.status_code == 200
    assert answer.mimetype == "application/json"
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    found: dict[str, Any] = json.loads(answer.text)
    return found


def test_it_is_valid_openapi_3_1(spec: dict[str, Any]) -> None:
    assert spec["openapi"] == "3.1.0"
    assert list(OpenAPIV31SpecValidator(spec).iter_errors()) == []  # type: ignore[arg-type]


def test_it_is_as_recorded(spec: dict[str, Any]) -> None:
    """Set FLEXAPP_RECORD=1 to record a change that is meant."""
    spec["servers"] = []
    text = json.dumps(spec, indent=1, sort_keys=True, ensure_ascii=False) + "\n"
    if os.environ.get("FLEXAPP_RECORD"):
        GOLDEN.write_text(text)
    assert text == GOLDEN.read_text(), "the contract changed: record it with FLEXAPP_RECORD=1 if it is meant"


def test_every_token_route_below_the_api_is_in_it(app: Flask, spec: dict[str, Any]) -> None:
    import re

    served = {
        (re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", rule.rule), method.lower())
        for rule in app.url_map.iter_rules()
        if rule.rule.startswith("/api/v1/") and access_of(app, rule.endpoint) is Access.TOKEN
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    }
    written = {(path, method) for path, item in spec["paths"].items() for method in item}
    assert served == written


def test_every_operation_is_described_and_named_once(spec: dict[str, Any]) -> None:
    operations = [operation for item in spec["paths"].values() for operation in item.values()]
    names = [operation["operationId"] for operation in operations]
    assert len(names) == len(set(names))
    for operation in operations:
        assert operation["summary"].endswith("."), operation["operationId"]
        assert operation["security"] == [{"token": []}]
        assert len(operation["tags"]) == 1
        for status, answer in operation["responses"].items():
            if status >= "400":
                assert list(answer["content"]) == ["application/problem+json"], operation["operationId"]


def test_answers_keep_the_contract(client: FlaskClient, spec: dict[str, Any], services: Services) -> None:
    with services.database.writing() as session:
        ada, bob = (make_person(session, name=name) for name in ("Ada", "Bob"))
        headers = bearer(make_api_token(session, ada))
        kinds = make_license_types(session, ada)
        own = make_track(session, ada)
        foreign = make_track(session, bob)
    called: list[tuple[str, str, int]] = []

    def call(method: str, template: str, body: Any = None, expect: int = 200, **ids: str) -> Any:
        answer = client.open(template.format(**ids), method=method, headers=headers, json=body)
        assert answer.status_code == expect, answer.text
        operation = spec["paths"][template.split("?")[0]][method.lower()]
        declared = operation["responses"][str(expect)].get("content", {})
        called.append((method, template, expect))
        if not declared:
            assert answer.text == ""
            return None
        schema = declared[answer.mimetype]["schema"] | {"components": spec["components"]}
        Draft202012Validator(schema).validate(answer.json)
        return answer.json

    api = "/api/v1"
    call("GET", f"{api}/me")
    call("GET", f"{api}/tracks?limit=1")
    call("GET", f"{api}/tracks/pickable")
    track = call("POST", f"{api}/tracks", {"title": "New"}, 201)["id"]
    call("GET", f"{api}/tracks/{{track_id}}", track_id=own.id)
    call("GET", f"{api}/tracks/{{track_id}}/processing", track_id=own.id)
    call("PATCH", f"{api}/tracks/{{track_id}}", {"bpm": 90}, track_id=track)
    call("GET", f"{api}/tracks/{{track_id}}/licenses", track_id=own.id)
    chosen = [
        {
            "license_type_id": kinds[0].id,
            "price_override": {"amount": 4000, "currency": "usd"},
            "is_default": True,
        }
    ]
    call("PUT", f"{api}/tracks/{{track_id}}/licenses", {"licenses": chosen}, track_id=own.id)
    call("POST", f"{api}/tracks/{{track_id}}/publish", {"visibility": "unlisted"}, track_id=own.id)
    call("POST", f"{api}/tracks/{{track_id}}/unpublish", track_id=own.id)
    call("POST", f"{api}/tracks/{{track_id}}/retry", expect=409, track_id=own.id)
    call("DELETE", f"{api}/tracks/{{track_id}}", expect=204, track_id=track)
    call("GET", f"{api}/tracks/{{track_id}}", expect=404, track_id=foreign.id)
    call("GET", f"{api}/license-types")
    call("POST", f"{api}/license-types/templates")
    call("PUT", f"{api}/license-types/order", {"ids": [kinds[1].id]})
    call("GET", f"{api}/license-types/{{license_type_id}}", license_type_id=kinds[0].id)
    call(
        "PATCH", f"{api}/license-types/{{license_type_id}}", {"is_active": False}, license_type_id=kinds[0].id
    )
    call("DELETE", f"{api}/license-types/{{license_type_id}}", expect=204, license_type_id=kinds[2].id)
    app_id = call("POST", f"{api}/apps", {"name": "App"}, 201)["id"]
    call("GET", f"{api}/apps")
    call("GET", f"{api}/apps/{{app_id}}", app_id=app_id)
    call("PATCH", f"{api}/apps/{{app_id}}", {"theme": "dark"}, app_id=app_id)
    rule = call("POST", f"{api}/apps/{{app_id}}/sources", {"kind": "rule"}, 201, app_id=app_id)["id"]
    pick = {"kind": "pick", "track_id": foreign.id}
    picked = call("POST", f"{api}/apps/{{app_id}}/sources", pick, 201, app_id=app_id)["id"]
    call("POST", f"{api}/apps/{{app_id}}/sources", pick, 409, app_id=app_id)
    call("POST", f"{api}/apps/{{app_id}}/sources", {"kind": "other"}, 422, app_id=app_id)
    call("GET", f"{api}/apps/{{app_id}}/sources", app_id=app_id)
    call("PUT", f"{api}/apps/{{app_id}}/sources/order", {"ids": [picked, rule]}, app_id=app_id)
    call("DELETE", f"{api}/apps/{{app_id}}/sources/{{source_id}}", expect=204, app_id=app_id, source_id=rule)
    call("GET", f"{api}/apps/{{app_id}}/lineup", app_id=app_id)
    call("GET", f"{api}/apps/{{app_id}}/refused-origins", app_id=app_id)
    placement = call("POST", f"{api}/placements", {"app_id": app_id, "name": "Blog"}, 201)["id"]
    call("GET", f"{api}/placements?app_id={app_id}")
    call("GET", f"{api}/placements/{{placement_id}}", placement_id=placement)
    call("GET", f"{api}/placements/{{placement_id}}/snippets?layout=bar", placement_id=placement)
    call("GET", f"{api}/placements/{{placement_id}}/snippets?t=x", expect=422, placement_id=placement)
    call("PATCH", f"{api}/placements/{{placement_id}}", {"name": "Page"}, placement_id=placement)
    call("DELETE", f"{api}/placements/{{placement_id}}", expect=204, placement_id=placement)
    call("GET", f"{api}/orders")
    call("GET", f"{api}/orders/{{order_id}}", expect=404, order_id="ord_none")
    call("GET", f"{api}/earnings")
    call("GET", f"{api}/earnings/entries")
    call("GET", f"{api}/insights/plays?interval=day")
    token = call("POST", f"{api}/tokens", {"name": "ci"}, 201)["id"]
    call("GET", f"{api}/tokens")
    call("DELETE", f"{api}/tokens/{{token_id}}", expect=204, token_id=token)
    call("DELETE", f"{api}/apps/{{app_id}}", expect=204, app_id=app_id)


def test_the_reference_page_shows_every_operation(client: FlaskClient, spec: dict[str, Any]) -> None:
    page = client.get("/docs/api")
    assert page.status_code == 200
    assert page.mimetype == "text/html"
    for path, item in spec["paths"].items():
        assert path in page.text
        for operation in item.values():
            assert f'id="{operation["operationId"].replace("_", "-")}"' in page.text
    assert "openapi.json" in page.text
