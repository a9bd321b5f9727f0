"""Events and webhook endpoints."""

from __future__ import annotations

from urllib.parse import urlsplit

from flexapp.localstripe.account import Account
from flexapp.localstripe.forms import Form
from flexapp.localstripe.problems import invalid, missing, required
from flexapp.localstripe.state import Thing, new_id


def retrieve(account: Account, form: Form, identity: str) -> Thing:
    """One event."""
    event = account.state.find(identity, "event")
    if event is None:
        raise missing("event", identity)
    return with_pending(account, event)


def listed(account: Account, form: Form) -> list[Thing]:
    """Events, newest first; ``delivery_success=false`` keeps those that did not arrive everywhere."""
    kinds = set(form.get("types", [])) | ({form["type"]} if "type" in form else set())

    def keeps(event: Thing) -> bool:
        if kinds and not any(_matches(event["type"], kind) for kind in kinds):
            return False
        if "delivery_success" not in form:
            return True
        wanted = form["delivery_success"] == "true"
        return arrived(account, event["id"]) is wanted

    return [with_pending(account, event) for event in account.state.newest("event", keeps)]


def arrived(account: Account, event_id: str) -> bool:
    """Whether every delivery of an event was taken."""
    states = account.state.rows("SELECT state FROM delivery WHERE event_id = ?", event_id)
    return all(row["state"] == "taken" for row in states)


def with_pending(account: Account, event: Thing) -> Thing:
    """The event with the number of endpoints that have not taken it yet."""
    row = account.state.rows(
        "SELECT count(DISTINCT endpoint_id) AS waiting FROM delivery"
        " WHERE event_id = ? AND state = 'pending'",
        event["id"],
    )[0]
    event["pending_webhooks"] = row["waiting"]
    return event


def create_endpoint(account: Account, form: Form) -> Thing:
    """An address that wants events; its secret is told this once."""
    if "url" not in form:
        raise required("url")
    parts = urlsplit(form["url"])
    if parts.scheme not in ("http", "https") or not parts.netloc:
        raise invalid(
            "Invalid URL: An explicit scheme (such as https) must be provided.", "url", "url_invalid"
        )
    if not form.get("enabled_events"):
        raise required("enabled_events")
    endpoint: Thing = {
        "id": new_id("we"),
        "object": "webhook_endpoint",
        "api_version": form.get("api_version"),
        "application": None,
        "created": account.now(),
        "description": form.get("description"),
        "enabled_events": form["enabled_events"],
        "livemode": False,
        "metadata": form.get("metadata", {}),
        "status": "enabled",
        "url": form["url"],
    }
    secret = f"whsec_{new_id('x', 32)[2:]}"
    account.state.put({**endpoint})
    account.state.put({"id": f"{endpoint['id']}/inside", "object": "inside", "secret": secret})
    return {**endpoint, "secret": secret}


def secret_of(account: Account, endpoint_id: str) -> str:
    """The signing secret of an endpoint."""
    inside = account.state.find(f"{endpoint_id}/inside")
    return str(inside["secret"]) if inside else ""


def listed_endpoints(account: Account, form: Form) -> list[Thing]:
    """Endpoints, newest first, without their secrets."""
    return account.state.newest("webhook_endpoint")


def retrieve_endpoint(account: Account, form: Form, identity: str) -> Thing:
    """One endpoint, without its secret."""
    endpoint = account.state.find(identity, "webhook_endpoint")
    if endpoint is None:
        raise missing("webhook endpoint", identity, "webhook_endpoint")
    return endpoint


def delete_endpoint(account: Account, form: Form, identity: str) -> Thing:
    """Send nothing there any more."""
    retrieve_endpoint(account, form, identity)
    account.state.remove(identity)
    account.state.remove(f"{identity}/inside")
    account.state.rows(
        "UPDATE delivery SET state = 'failed', answer = 'the endpoint was deleted'"
        " WHERE endpoint_id = ? AND state = 'pending'",
        identity,
    )
    return {"id": identity, "object": "webhook_endpoint", "deleted": True}


def _matches(kind: str, wanted: str) -> bool:
    return kind == wanted or (wanted.endswith("*") and kind.startswith(wanted[:-1]))
