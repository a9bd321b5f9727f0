"""Each route declares who may call it, and the app enforces that."""

from flask import Flask

from flexapp.web.access import Access, access_of


def test_every_route_declares_who_may_call_it(app: Flask) -> None:
    silent = sorted(
        f"{rule.rule} ({rule.endpoint})"
        for rule in app.url_map.iter_rules()
        if access_of(app, rule.endpoint) is None
    )
    assert not silent, "put @allow(...) on these views:\n" + "\n".join(silent)


def test_doors_that_outsiders_rely_on_are_there(app: Flask) -> None:
    rules = {rule.rule for rule in app.url_map.iter_rules()}
    for door in (
        "/",
        "/oembed",
        "/sdk/v1/embed.js",
        "/api/v1/listens",
        "/hooks/stripe",
        "/healthz",
        "/readyz",
        "/producer-dashboard",
        "/dash",
        "/api/v1/openapi.json",
        "/docs/api",
        "/login",
        "/signup",
    ):
        assert door in rules, f"{door} is missing"


def test_dashboard_routes_send_strangers_to_log_in_and_programs_a_401(app: Flask) -> None:
    client = app.test_client()
    for rule in app.url_map.iter_rules():
        if rule.arguments or "GET" not in (rule.methods or set()):
            continue
        declared = access_of(app, rule.endpoint)
        if declared is Access.SIGNED_IN:
            answer = client.get(rule.rule)
            assert answer.status_code in (302, 303), rule.rule
            assert "/login" in answer.headers["Location"], rule.rule
        if declared is Access.TOKEN:
            answer = client.get(rule.rule)
            assert answer.status_code == 401, rule.rule
            assert answer.mimetype == "application/problem+json", rule.rule


def test_pages_for_strangers_never_set_a_cookie(app: Flask) -> None:
    client = app.test_client()
    for rule in app.url_map.iter_rules():
        if (
            access_of(app, rule.endpoint) is Access.STRANGER
            and not rule.arguments
            and "GET" in (rule.methods or set())
        ):
            assert "Set-Cookie" not in client.get(rule.rule).headers, rule.rule
