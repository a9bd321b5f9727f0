"""``/docs/api``: the reference that people read."""

from __future__ import annotations

from flask import Blueprint, render_template

from flexapp.api.reference import reference
from flexapp.api.spec import document
from flexapp.web.access import Access, allow

docs = Blueprint("api_docs", __name__)


@docs.get("/docs/api")
@allow(Access.PUBLIC)
def show_reference() -> str:
    """Every operation with its fields, an example, and the call."""
    return render_template("public/api_reference.html", reference=reference(document()))
