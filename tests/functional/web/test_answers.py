"""What every answer carries: an id, headers by surface, errors in the caller's language."""

import re
from collections.abc import Iterator

import pytest
from flask import Flask, abort
from flask.testing import FlaskClient

from flexapp.errors import Conflict, TooMany
from flexapp.web.access import Access, allow
from flexapp.web.problems import STATUS


@pytest.fixture
def app(app: Flask) -> Iterator[Flask]:
    """The app with routes that fail in each way."""

    @allow(Access.PUBLIC)
    def crash() -> str:
        raise RuntimeError("the secret is hunter2")

    @allow(Access.PUBLIC)
    def conflict() -> str:
        raise Conflict("It was <sold> meanwhile.", fields={"track": "Sold."})

    @allow(Access.PUBLIC)
    def hurry() -> str:
        raise TooMany("Slowly.", retry_after=7)

    @allow(Access.STRANGER)
    def stranger() -> str:
        abort(404)

    for view in (crash, conflict, hurry, stranger):
        for prefix in ("", "/api/v1", "/embed"):
            app.add_url_rule(f"{prefix}/fails/{view.__name__}", f"{prefix}{view.__name__}", view)
    return app


def test_a_person_gets_a_page_and_a_program_a_problem(client: FlaskClient) -> None:
    page = client.get("/fails/conflict")
    assert (page.status_code, page.mimetype) == (409, "text/html")
    assert "It was &lt;sold&gt; meanwhile." in page.get_data(as_text=True)
    assert page.headers["X-Request-Id"] in page.get_data(as_text=True)
    for answer in (
        client.get("/api/v1/fails/conflict"),
        client.get("/fails/conflict", headers={"Accept": "application/json"}),
    ):
        body = answer.get_json()
        assert (answer.status_code, answer.mimetype) == (409, "application/problem+json")
        assert body == {
            "type": "urn:flexapp:problem:conflict",
            "title": "Conflict",
            "status": 409,
            "detail": "It was <sold> meanwhile.",
            "code": "conflict",
            "fields": {"track": "Sold."},
            "request_id": answer.headers["X-Request-Id"],
        }


def test_a_crash_tells_nothing_but_its_number(
    client: FlaskClient, capsys: pytest.CaptureFixture[str]
) -> None:
    for path in ("/fails/crash", "/api/v1/fails/crash", "/embed/fails/crash"):
        answer = client.get(path)
        assert answer.status_code == 500
        assert "hunter2" not in answer.get_data(as_text=True)
        assert answer.headers["X-Request-Id"] in answer.get_data(as_text=True)
        assert answer.headers["X-Request-Id"] in capsys.readouterr().err


def test_an_unknown_path_answers_in_the_callers_language(client: FlaskClient) -> None:
    assert client.get("/nothing/here").mimetype == "text/html"
    body = client.get("/api/v1/nothing/here").get_json()
    assert (body["code"], body["status"]) == ("not_found", 404)


def test_a_wrong_method_names_the_right_ones(client: FlaskClient) -> None:
    answer = client.put("/login")
    assert answer.status_code == 405
    assert {"GET", "POST"} <= set(re.findall(r"\w+", answer.headers["Allow"]))


def test_waiting_is_said_in_seconds(client: FlaskClient) -> None:
    assert client.get("/api/v1/fails/hurry").headers["Retry-After"] == "7"


def test_every_kind_of_error_has_a_status() -> None:
    assert set(STATUS.values()) == {401, 403, 404, 409, 413, 422, 429, 500, 502}


def test_our_pages_run_no_foreign_script_and_stand_in_no_frame(client: FlaskClient) -> None:
    for path in ("/", "/login", "/nothing/here"):
        headers = client.get(path).headers
        policy = headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "frame-ancestors 'none'" in policy
        assert "unsafe" not in policy
        assert headers["X-Frame-Options"] == "DENY"
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Cross-Origin-Opener-Policy"] == "same-origin"
        assert headers["Referrer-Policy"] == "strict-origin-when-cross-origin"


def test_our_pages_have_no_inline_script_or_style(client: FlaskClient) -> None:
    for path in ("/", "/login", "/signup", "/reset", "/nothing/here"):
        page = client.get(path).get_data(as_text=True)
        assert not re.search(r"<script(?![^>]*\bsrc=)[^>]*>", page), path
        assert not re.search(r"<style|\sstyle=|\son\w+=", page), path


def test_a_form_may_end_at_the_checkout_and_nowhere_else(client: FlaskClient, app: Flask) -> None:
    settings = app.extensions["flexapp"].settings
    policy = client.get("/login").headers["Content-Security-Policy"]
    found = re.search(r"form-action ([^;]+)", policy)
    assert found
    assert found[1].split() == ["'self'", settings.base_url, settings.stripe_api_base]


def test_what_a_strangers_page_loads_is_readable_there_and_sets_no_cookie(client: FlaskClient) -> None:
    answer = client.get("/embed/fails/stranger", headers={"Accept": "text/html"})
    assert answer.status_code == 404
    assert answer.headers["Cross-Origin-Resource-Policy"] == "cross-origin"
    assert "X-Frame-Options" not in answer.headers
    assert "frame-ancestors 'none'" not in answer.headers.get("Content-Security-Policy", "")
    assert "Set-Cookie" not in answer.headers
    assert client.get("/embed/fails/stranger").mimetype == "application/problem+json"


def test_each_request_has_an_id_of_its_own_and_a_made_up_one_is_not_believed(client: FlaskClient) -> None:
    given = {"X-Request-Id": "req_made_up_by_somebody"}
    ids = {client.get("/login", headers=given).headers["X-Request-Id"] for _ in range(3)}
    assert len(ids) == 3
    assert given["X-Request-Id"] not in ids


def test_no_page_for_a_visitor_without_a_form_sets_a_cookie(client: FlaskClient) -> None:
    assert "Set-Cookie" not in client.get("/").headers
    assert "Set-Cookie" not in client.get("/nothing/here").headers
