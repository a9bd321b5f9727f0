"""Accounts for visitors: sign up, log in and out, and what mailed links open.

No view here uses the request's transaction: the workflows open short ones of their own, so that none
is held while a password is computed.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Blueprint, Response, flash, make_response, redirect, render_template, request, session
from werkzeug.wrappers import Response as AnyResponse

from flexapp.config import Env
from flexapp.errors import FlexAppError, Invalid
from flexapp.people import links
from flexapp.people.models import MailPurpose, Role
from flexapp.web.access import Access, allow
from flexapp.web.context import services
from flexapp.web.identity import current_person, forget, remember, safe_next, session_secret
from flexapp.web.limits import limiter
from flexapp.web.problems import status_of
from flexapp.workflows import change_email, log_in, reset_password, sign_up

blueprint = Blueprint("account", __name__)
LOG_INS = "20/minute;200/hour"
MAILS = "10/minute;40/hour"
Answer = str | AnyResponse | tuple[str, int]


@blueprint.get("/signup")
@allow(Access.PUBLIC)
def signup_form() -> Answer:
    """Name, address, password, roles."""
    if current_person():
        return redirect(safe_next(None), 303)
    return _page("signup", roles=[role.value for role in Role])


@blueprint.post("/signup")
@limiter.limit(MAILS)
@allow(Access.PUBLIC)
def signup() -> Answer:
    """Ask for an account; the answer is the same whether the address has one."""
    roles = request.form.getlist("roles")

    def ask() -> Answer:
        sign_up.ask_to_sign_up(
            services(),
            email=_field("email"),
            password=_field("password"),
            name=_field("name"),
            roles=[Role(role) for role in roles if role in set(Role)],
        )
        return _look_into_the_mail("verify")

    return _or_again(ask, "signup", email=_field("email"), name=_field("name"), roles=roles)


@blueprint.get("/check-mail")
@allow(Access.PUBLIC)
def check_mail() -> Answer:
    """Where to look now, after a form that sent a mail."""
    waiting = session.get("mail") or {}
    if not waiting:
        return redirect("/login", 303)
    is_demo = services().settings.env is Env.DEMO
    return _page("check_mail", purpose=waiting.get("purpose"), email=waiting.get("email"), is_demo=is_demo)


@blueprint.post("/verify")
@limiter.limit(MAILS)
@allow(Access.PUBLIC)
def verify_again() -> Answer:
    """Mail the verification link anew."""

    def ask() -> Answer:
        sign_up.ask_for_link_again(services(), email=_field("email"))
        return _look_into_the_mail("verify")

    return _or_again(ask, "login", email=_field("email"))


@blueprint.get("/verify/<token>")
@allow(Access.PUBLIC)
def verify_form(token: str) -> Answer:
    """The mailed link: enter the password to finish."""
    person = _whose(token, MailPurpose.VERIFY)
    return _secret(_page("verify", email=person) if person else _page("link_gone", 410, purpose="verify"))


@blueprint.post("/verify/<token>")
@limiter.limit(LOG_INS)
@allow(Access.PUBLIC)
def verify(token: str) -> Answer:
    """Verify and log in."""

    def confirm() -> Answer:
        _, secret = sign_up.confirm_sign_up(
            services(), secret=token, password=_field("password"), user_agent=request.user_agent.string
        )
        flash("Your address is verified. Welcome.", "good")
        return _logged_in(secret, safe_next(None))

    return _secret(_or_again(confirm, "verify", email=_whose(token, MailPurpose.VERIFY)))


@blueprint.get("/login")
@allow(Access.PUBLIC)
def login_form() -> Answer:
    """Address and password."""
    target = safe_next(request.args.get("next"))
    if current_person():
        return redirect(target, 303)
    return _page("login", next=target)


@blueprint.post("/login")
@limiter.limit(LOG_INS)
@allow(Access.PUBLIC)
def login() -> Answer:
    """Begin a session under a new secret and go where the person wanted to."""
    target = safe_next(_field("next"))

    def enter() -> Answer:
        _, secret = log_in.log_in(
            services(),
            email=_field("email"),
            password=_field("password"),
            user_agent=request.user_agent.string,
            old_secret=session_secret(),
        )
        return _logged_in(secret, target)

    return _or_again(enter, "login", email=_field("email"), next=target, may_resend=True)


@blueprint.post("/logout")
@allow(Access.PUBLIC)
def logout() -> Answer:
    """End the session here and in the database."""
    log_in.log_out(services(), secret=session_secret())
    session.clear()
    response = redirect("/", 303)
    forget(_own(response))
    return response


@blueprint.get("/reset")
@allow(Access.PUBLIC)
def reset_form() -> Answer:
    """Ask for a link to choose a new password."""
    return _page("reset")


@blueprint.post("/reset")
@limiter.limit(MAILS)
@allow(Access.PUBLIC)
def ask_for_reset() -> Answer:
    """The answer is the same whether the address has an account."""

    def ask() -> Answer:
        reset_password.ask_for_reset(services(), email=_field("email"))
        return _look_into_the_mail("reset")

    return _or_again(ask, "reset", email=_field("email"))


@blueprint.get("/reset/<token>")
@allow(Access.PUBLIC)
def new_password_form(token: str) -> Answer:
    """The mailed link: choose a new password."""
    person = _whose(token, MailPurpose.RESET)
    return _secret(
        _page("new_password", email=person) if person else _page("link_gone", 410, purpose="reset")
    )


@blueprint.post("/reset/<token>")
@limiter.limit(LOG_INS)
@allow(Access.PUBLIC)
def new_password(token: str) -> Answer:
    """Set it, end every session, and ask to log in."""

    def change() -> Answer:
        reset_password.reset_password(services(), secret=token, password=_field("password"))
        session.clear()
        flash("Your password is changed and every browser is logged out. Log in with the new one.", "good")
        response = redirect("/login", 303)
        forget(_own(response))
        return response

    return _secret(_or_again(change, "new_password", email=_whose(token, MailPurpose.RESET)))


@blueprint.get("/change-email/<token>")
@allow(Access.PUBLIC)
def new_email_form(token: str) -> Answer:
    """The link that went to the new address: one button to use it."""
    email = _whose(token, MailPurpose.CHANGE)
    return _secret(_page("new_email", email=email) if email else _page("link_gone", 410, purpose="change"))


@blueprint.post("/change-email/<token>")
@limiter.limit(LOG_INS)
@allow(Access.PUBLIC)
def new_email(token: str) -> Answer:
    """Move the account to the new address."""

    def change() -> Answer:
        person = change_email.confirm_new_email(services(), secret=token)
        flash(f"Your account uses {person.email} now.", "good")
        return redirect("/producer-dashboard/settings/security" if current_person() else "/login", 303)

    return _secret(_or_again(change, "new_email", email=_whose(token, MailPurpose.CHANGE)))


def _whose(token: str, purpose: MailPurpose) -> str | None:
    """The address that a good link proves, else None."""
    with services().database.reading() as reading:
        try:
            return links.peek(reading, token, purpose, now=services().clock.now())[1].email
        except links.LinkNotGood:
            return None


def _or_again(act: Callable[[], Answer], page: str, /, **facts: Any) -> Answer:
    """What ``act`` answers, or the page again with what was wrong beside its field."""
    try:
        return act()
    except links.LinkNotGood as problem:
        return _page("link_gone", 410, purpose=page, message=problem.message)
    except FlexAppError as problem:
        status = status_of(problem)
        if status >= 500:
            raise
        known = problem.fields if isinstance(problem, Invalid) else {}
        again = make_response(_page(page, status, errors=known, problem=problem.message, **facts))
        if "retry_after" in problem.details:
            again.headers["Retry-After"] = str(problem.details["retry_after"])
        return again


def _page(template: str, status: int = 200, /, **facts: Any) -> tuple[str, int]:
    known = {"errors": {}, "problem": "", "email": "", "name": "", "message": ""}
    return render_template(f"public/account/{template}.html", **{**known, **facts}), status


def _secret(answer: Answer) -> Response:
    """An address that holds a secret is neither kept nor told to the next page."""
    response = _own(make_response(answer))
    response.headers["Referrer-Policy"] = "no-referrer"
    response.headers["Cache-Control"] = "no-store"
    response.headers["X-Robots-Tag"] = "noindex"
    return response


def _look_into_the_mail(purpose: str) -> Answer:
    session["mail"] = {"purpose": purpose, "email": _field("email").strip()[:254]}
    return redirect("/check-mail", 303)


def _logged_in(secret: str, target: str) -> Answer:
    kept = session.get("_flashes")
    session.clear()  # the form token changes with who is signed in
    if kept:
        session["_flashes"] = kept
    response = redirect(target, 303)
    remember(_own(response), secret)
    return response


def _own(response: AnyResponse) -> Response:
    assert isinstance(response, Response)
    return response


def _field(name: str) -> str:
    return request.form.get(name, "")[:1000]
