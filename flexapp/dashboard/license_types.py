"""A producer's license types: the list in its order, one type's page, the four ready ones."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from flexapp.catalog import operations, queries
from flexapp.catalog.caps import CAPS, caps_in_words, full_terms
from flexapp.catalog.license_removal import delete_license_type
from flexapp.catalog.license_templates import TEMPLATES
from flexapp.catalog.models import DeliverableKind, LicenseType
from flexapp.dashboard import forms
from flexapp.errors import Conflict, Invalid
from flexapp.people.permissions import Permission, check
from flexapp.web.access import Access, allow
from flexapp.web.context import db, services
from flexapp.web.identity import require_person
from flexapp.web.markdown import render as markdown
from flexapp.web.problems import status_of

blueprint = Blueprint("license_types", __name__, url_prefix="/producer-dashboard/licenses")
Answer = str | Response | tuple[str, int]
_KINDS = (
    (DeliverableKind.MP3, "MP3", "320 kbps, without the voice tag"),
    (DeliverableKind.WAV, "WAV", "Made from lossless uploads only"),
    (DeliverableKind.STEMS, "Stems", "The zip you sent for a track"),
)


@blueprint.get("")
@allow(Access.SIGNED_IN)
def license_types_page() -> Answer:
    """What the producer sells, in the order that buyers see."""
    me = require_person()
    check(me, Permission.UPLOAD)
    types = queries.license_types_of(db(), me)
    names = {each.name for each in types}
    return render_template(
        "dashboard/license_types/list.html",
        types=[{"type": each, "caps": caps_in_words(each.caps), "files": _files(each)} for each in types],
        templates=TEMPLATES,
        missing_templates=[template for template in TEMPLATES if template.name not in names],
    )


@blueprint.post("/templates")
@allow(Access.SIGNED_IN)
def add_templates() -> Answer:
    """Add the ready ones that are not there yet."""
    me = require_person()
    check(me, Permission.UPLOAD)
    made = operations.add_license_templates(
        db(), me, now=services().clock.now(), settings=services().settings
    )
    flash(f"{len(made)} license types are ready. Change prices and terms as you like.", "good")
    return redirect(url_for(".license_types_page"), 303)


@blueprint.get("/new")
@allow(Access.SIGNED_IN)
def new_license_type() -> Answer:
    """An empty form, or one filled from a ready type (``?from=Basic lease``)."""
    check(require_person(), Permission.UPLOAD)
    start = next((each for each in TEMPLATES if each.name == request.args.get("from")), TEMPLATES[0])
    values = {
        "name": start.name if "from" in request.args else "",
        "price": start.price,
        "terms": start.terms,
        "caps": start.caps,
        "deliverables": [kind.value for kind in start.deliverables],
        "is_exclusive": start.is_exclusive,
        "is_active": True,
    }
    return _page(None, values)


@blueprint.post("/new")
@allow(Access.SIGNED_IN)
def create_license_type() -> Answer:
    """Add it at the end of the list."""
    me = require_person()
    check(me, Permission.UPLOAD)
    try:
        made = operations.create_license_type(
            db(), me, **_read(), now=services().clock.now(), settings=services().settings
        )
    except (Invalid, Conflict) as error:
        return _again(None, error)
    flash(f"“{made.name}” is added. Choose it on the tracks that should offer it.", "good")
    return redirect(url_for(".license_types_page"), 303)


@blueprint.get("/<license_type_id>")
@allow(Access.SIGNED_IN)
def license_type_page(license_type_id: str) -> Answer:
    """One license type: name, price, files, limits, terms, and how buyers read them."""
    row = queries.own_license_type(db(), require_person(), license_type_id)
    return _page(row, _values(row))


@blueprint.post("/<license_type_id>")
@allow(Access.SIGNED_IN)
def save_license_type(license_type_id: str) -> Answer:
    """Change it; licenses already sold keep the terms they were sold with."""
    row = queries.own_license_type(db(), require_person(), license_type_id)
    try:
        operations.update_license_type(
            db(), row, **_read(), is_active="is_active" in request.form, settings=services().settings
        )
    except (Invalid, Conflict) as error:
        return _again(license_type_id, error)
    flash(f"“{row.name}” is saved. Licenses already sold keep their terms.", "good")
    return redirect(url_for(".license_type_page", license_type_id=row.id), 303)


@blueprint.post("/<license_type_id>/move")
@allow(Access.SIGNED_IN)
def move_license_type(license_type_id: str) -> Answer:
    """One place up or down."""
    me = require_person()
    ids = [each.id for each in queries.license_types_of(db(), me)]
    queries.own_license_type(db(), me, license_type_id)
    at = ids.index(license_type_id)
    to = at - 1 if request.form.get("to") == "up" else at + 1
    if 0 <= to < len(ids):
        ids[at], ids[to] = ids[to], ids[at]
        operations.order_license_types(db(), me, ids)
    return redirect(url_for(".license_types_page", _anchor=license_type_id), 303)


@blueprint.post("/<license_type_id>/delete")
@allow(Access.SIGNED_IN)
def remove_license_type(license_type_id: str) -> Answer:
    """Remove one that nobody ever ordered; others are switched off."""
    row = queries.own_license_type(db(), require_person(), license_type_id)
    try:
        delete_license_type(db(), row)
    except Conflict:
        row.is_active = False
        flash(f"“{row.name}” was sold before, so it stays on record; it is offered no more.", "warn")
    else:
        flash(f"“{row.name}” is removed.", "good")
    return redirect(url_for(".license_types_page"), 303)


def _read() -> dict[str, Any]:
    price = forms.amount("price", services().settings.currency)
    if price is None:
        raise Invalid("Say what it costs.", fields={"price": "Say what it costs."})
    return {
        "name": forms.text("name"),
        "price": price,
        "terms": request.form.get("terms", ""),
        "deliverables": request.form.getlist("deliverables"),
        "caps": {cap.name: forms.whole(cap.name) for cap in CAPS},
        "is_exclusive": "is_exclusive" in request.form,
    }


def _values(row: LicenseType) -> dict[str, Any]:
    return {
        "name": row.name,
        "price": row.default_price,
        "terms": row.terms,
        "caps": row.caps,
        "deliverables": row.deliverables,
        "is_exclusive": row.is_exclusive,
        "is_active": row.is_active,
    }


def _again(license_type_id: str | None, error: Invalid | Conflict) -> Answer:
    """The form as it was sent, with the reasons."""
    db().rollback()
    row = queries.own_license_type(db(), require_person(), license_type_id) if license_type_id else None
    values = {
        "name": forms.text("name"),
        "price": None,
        "price_text": request.form.get("price", ""),
        "terms": request.form.get("terms", ""),
        "caps": {cap.name: request.form.get(cap.name) for cap in CAPS},
        "deliverables": request.form.getlist("deliverables"),
        "is_exclusive": "is_exclusive" in request.form,
        "is_active": row is None or "is_active" in request.form,
    }
    return _page(row, values, error=error)


def _page(
    row: LicenseType | None, values: dict[str, Any], *, error: Invalid | Conflict | None = None
) -> Answer:
    shown_caps = row.caps if row is not None else values["caps"]
    page = render_template(
        "dashboard/license_types/license_type.html",
        row=row,
        values=values,
        caps=CAPS,
        kinds=_KINDS,
        errors=error.fields if error is not None else {},
        problem=error.message if error is not None else "",
        minimum=services().settings.minimum_price,
        currency=services().settings.currency,
        shown=markdown(full_terms(row.terms if row is not None else values["terms"], shown_caps))
        if error is None
        else "",
    )
    return page if error is None else (page, status_of(error))


def _files(row: LicenseType) -> list[str]:
    return [label for kind, label, _ in _KINDS if kind.value in row.deliverables]
