"""The demo's mailbox: what would have been mailed, on a page. There is none outside of the demo."""

from __future__ import annotations

import re

from flask import Blueprint, Response, make_response, render_template
from markupsafe import Markup, escape

from flexapp.errors import NotFound
from flexapp.notices.queries import latest_mails, mail_by_id
from flexapp.web.access import Access, allow
from flexapp.web.context import db

blueprint = Blueprint("demo_mails", __name__)
_ADDRESS = re.compile(r"https?://[^\s<>\"]+[^\s<>\".,;:!?)]")


@blueprint.get("/demo/mails")
@allow(Access.PUBLIC)
def mails() -> str:
    """The newest hundred mails."""
    rows = latest_mails(db())
    return render_template("public/demo_mails.html", mails=rows, linked=linked)


@blueprint.get("/demo/mails/<int:mail_id>.html")
@allow(Access.PUBLIC)
def as_html(mail_id: int) -> Response:
    """One mail as a mail program shows it, shut into a sandbox of its own."""
    row = mail_by_id(db(), mail_id)
    if row is None or not row.html:
        raise NotFound("There is no such mail.")
    response = make_response(row.html)
    response.headers["Content-Security-Policy"] = (
        "default-src 'none'; style-src 'unsafe-inline'; img-src 'self' data:; frame-ancestors 'self'; "
        "sandbox allow-top-navigation-by-user-activation allow-popups"
    )
    response.headers["X-Frame-Options"] = "SAMEORIGIN"
    return response


def linked(text: str) -> Markup:
    """The text of a mail with its addresses as links."""
    parts: list[str] = []
    end = 0
    for match in _ADDRESS.finditer(text):
        parts.append(str(escape(text[end : match.start()])))
        address = escape(match.group())
        parts.append(f'<a href="{address}">{address}</a>')
        end = match.end()
    parts.append(str(escape(text[end:])))
    return Markup("".join(parts))  # noqa: S704  # every part was escaped
