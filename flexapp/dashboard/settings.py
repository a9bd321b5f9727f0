"""Settings: profile and roles, address and password, sessions, API tokens, leaving."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Blueprint, Response, flash, make_response, redirect, render_template, request, session
from werkzeug.wrappers import Response as AnyResponse

from flexapp.apps.queries import apps_of
from flexapp.catalog.queries import tracks_of
from flexapp.dashboard.browsers import browser_name, is_handheld
from flexapp.errors import FlexAppError, Invalid
from flexapp.kernel import zones
from flexapp.ledger.queries import currencies_of
from flexapp.ledger.statements import summary
from flexapp.people import operations, queries
from flexapp.people.models import Person, Role, Scope
from flexapp.people.permissions import Permission, check
from flexapp.web.access import Access, allow
from flexapp.web.context import db, services
from flexapp.web.identity import forget, principal, remember, require_person
from flexapp.web.limits import limiter
from flexapp.web.problems import status_of
from flexapp.workflows import change_email, delete_account, reset_password

blueprint = Blueprint("settings", __name__, url_prefix="/producer-dashboard/settings")
PASSWORDS = "20/minute;100/hour"
Answer = str | AnyResponse | tuple[str, int]


@blueprint.get("")
@allow(Access.SIGNED_IN)
def profile() -> Answer:
    """Name, text, roles, and whether affiliates may sell."""
    return _page("profile")


@blueprint.post("")
@allow(Access.SIGNED_IN)
def save_profile() -> Answer:
    """Change the profile; a new name moves the public page and the old address redirects."""
    me = require_person()
    check(me, Permission.EDIT_PERSON, me)
    form = request.form

    def save() -> Answer:
        operations.update_profile(
            db(),
            me,
            name=form.get("name", ""),
            bio=form.get("bio", ""),
            roles=form.getlist("roles"),
            allows_affiliate_sales="allows_affiliate_sales" in form,
            shares_listening="shares_listening" in form,
            time_zone=form.get("time_zone"),
            now=services().clock.now(),
        )
        flash("Your profile is saved.", "good")
        return _back("")

    return _or_again(
        save,
        "profile",
        name=form.get("name", ""),
        bio=form.get("bio", ""),
        roles=form.getlist("roles"),
        allows=("allows_affiliate_sales" in form),
        shares=("shares_listening" in form),
        time_zone=form.get("time_zone", me.time_zone),
    )


@blueprint.get("/security")
@allow(Access.SIGNED_IN)
def security() -> Answer:
    """Address, password, browsers, and the way out."""
    return _page("security")


@blueprint.post("/email")
@limiter.limit(PASSWORDS)
@allow(Access.SIGNED_IN)
def email() -> Answer:
    """Mail a link to the new address."""

    def ask() -> Answer:
        address = change_email.ask_to_change_email(
            services(),
            require_person(),
            email=request.form.get("email", "")[:300],
            password=request.form.get("current_password", "")[:300],
        )
        flash(f"Open the link that we mailed to {address}. Until then nothing changes.", "good")
        return _back("/security")

    return _or_again(ask, "security", form="email", new_email=request.form.get("email", ""))


@blueprint.post("/password")
@limiter.limit(PASSWORDS)
@allow(Access.SIGNED_IN)
def password() -> Answer:
    """Set a new password: every other browser is logged out, this one gets a new secret."""

    def change() -> Answer:
        secret = reset_password.change_password(
            services(),
            require_person(),
            old=request.form.get("current_password", "")[:300],
            new=request.form.get("password", "")[:300],
            user_agent=request.user_agent.string,
        )
        session.clear()
        flash("Your password is changed. Every other browser was logged out.", "good")
        response = _back("/security")
        remember(response, secret)
        return response

    return _or_again(change, "security", form="password")


@blueprint.post("/sessions/<session_id>/end")
@allow(Access.SIGNED_IN)
def end_session(session_id: str) -> Answer:
    """Log one browser out, possibly this one."""
    who = principal()
    operations.revoke_session(db(), require_person(), session_id, now=services().clock.now())
    if who and who.session_id == session_id:
        response = make_response(redirect("/login", 303))
        session.clear()
        forget(response)
        return response
    flash("That browser is logged out.", "good")
    return _back("/security")


@blueprint.post("/sessions/end-others")
@allow(Access.SIGNED_IN)
def end_other_sessions() -> Answer:
    """Log every other browser out."""
    who = principal()
    ended = operations.revoke_sessions(
        db(), require_person(), but=who.session_id if who else None, now=services().clock.now()
    )
    flash(f"Logged out {ended} other {'browser' if ended == 1 else 'browsers'}.", "good")
    return _back("/security")


@blueprint.get("/tokens")
@allow(Access.SIGNED_IN)
def tokens() -> Answer:
    """API tokens that still work."""
    return _page("tokens")


@blueprint.post("/tokens")
@limiter.limit("30/hour")
@allow(Access.SIGNED_IN)
def create_token() -> Answer:
    """Make a token and show its secret, this once."""
    name = request.form.get("name", "")
    scopes = request.form.getlist("scopes")

    def create() -> Answer:
        row, secret = operations.create_api_token(
            db(), require_person(), name=name, scopes=scopes, now=services().clock.now()
        )
        return _page("tokens", 201, created=row, secret=secret)

    return _or_again(create, "tokens", name=name, scopes=scopes)


@blueprint.post("/tokens/<token_id>/revoke")
@allow(Access.SIGNED_IN)
def revoke_token(token_id: str) -> Answer:
    """Make a token useless at once."""
    row = operations.revoke_api_token(db(), require_person(), token_id, now=services().clock.now())
    flash(f"The token {row.name} no longer works.", "good")
    return _back("/tokens")


@blueprint.get("/delete")
@allow(Access.SIGNED_IN)
def leave() -> Answer:
    """What deleting the account does, and the form that does it."""
    return _page("delete")


@blueprint.post("/delete")
@limiter.limit(PASSWORDS)
@allow(Access.SIGNED_IN)
def delete() -> Answer:
    """Delete the account and go."""

    def go() -> Answer:
        if "understood" not in request.form:
            message = "Tick this to say that you know what happens."
            raise Invalid(message, fields={"understood": message})
        delete_account.delete_account(
            services(), require_person(), password=request.form.get("current_password", "")[:300]
        )
        session.clear()
        flash("Your account is deleted.", "good")
        response = make_response(redirect("/login", 303))
        forget(response)
        return response

    return _or_again(go, "delete")


def _or_again(act: Callable[[], Answer], page: str, /, **facts: Any) -> Answer:
    """What ``act`` answers, or the page again with what was wrong beside its field."""
    try:
        return act()
    except FlexAppError as problem:
        status = status_of(problem)
        if status in (401, 404) or status >= 500:
            raise
        db().rollback()
        again = _page(page, status, errors=problem.fields, problem=problem.message, **facts)
        response = make_response(again)
        if "retry_after" in problem.details:
            response.headers["Retry-After"] = str(problem.details["retry_after"])
        return response


def _page(page: str, status: int = 200, /, **facts: Any) -> tuple[str, int]:
    me = queries.person_by_id(db(), require_person().id) or require_person()
    known: dict[str, Any] = {"errors": {}, "problem": "", "form": "", "person": me, "page": page}
    return render_template(
        f"dashboard/settings/{page}.html", **{**known, **_FACTS[page](me), **facts}
    ), status


def _profile_facts(me: Person) -> dict[str, Any]:
    return {
        "name": me.name,
        "bio": me.bio,
        "roles": [role.value for role in me.roles],
        "allows": me.allows_affiliate_sales,
        "shares": me.shares_listening,
        "time_zone": me.time_zone,
        "time_zones": [
            (name, name.replace("_", " ")) for name in dict.fromkeys((*zones.names(), me.time_zone))
        ],
        "all_roles": list(Role),
    }


def _security_facts(me: Person) -> dict[str, Any]:
    who = principal()
    rows = queries.sessions_of(db(), me.id, now=services().clock.now())
    browsers = [
        {
            "id": row.id,
            "name": browser_name(row.user_agent),
            "is_handheld": is_handheld(row.user_agent),
            "is_this": bool(who and who.session_id == row.id),
            "since": row.created_at,
            "seen": row.last_seen_at,
        }
        for row in rows
    ]
    return {"browsers": browsers, "new_email": ""}


def _token_facts(me: Person) -> dict[str, Any]:
    return {
        "tokens": queries.tokens_of(db(), me.id),
        "name": "",
        "scopes": [scope.value for scope in Scope],
        "created": None,
        "secret": "",
    }


def _delete_facts(me: Person) -> dict[str, Any]:
    now = services().clock.now()
    owed = [summary(db(), me.id, now=now, currency=currency) for currency in currencies_of(db(), me.id)]
    return {
        "tracks": len(tracks_of(db(), me)),
        "apps": len(apps_of(db(), me.id)),
        "owed": [total for row in owed if (total := row.pending + row.available).amount],
    }


_FACTS: dict[str, Callable[[Person], dict[str, Any]]] = {
    "profile": _profile_facts,
    "security": _security_facts,
    "tokens": _token_facts,
    "delete": _delete_facts,
}


def _back(path: str) -> Response:
    return make_response(redirect(f"{blueprint.url_prefix}{path}", 303))
