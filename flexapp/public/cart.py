"""``/cart/<token>``: what one means to buy, its terms, and one way to pay for all. Works without scripts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Blueprint, Response, flash, make_response, redirect, render_template, request
from sqlalchemy.orm import Session

from flexapp.catalog.operations import TrackSold
from flexapp.catalog.queries import TrackNotFound, track_by_slug
from flexapp.errors import Conflict, FlexAppError, Upstream
from flexapp.licensing.exclusivity import ReservationPaused, TooManyReservations, TrackReserved
from flexapp.orders import carts, queries
from flexapp.orders.operations import PUBLIC_TOKEN, InvalidOrder
from flexapp.orders.terms import TermsChanged
from flexapp.public.cart_choices import CartView, view_of
from flexapp.public.own_cart import adopt, keep, lines_elsewhere, own_cart
from flexapp.public.touches import remember_touch, touches
from flexapp.web import csrf
from flexapp.web.access import Access, allow
from flexapp.web.context import services
from flexapp.web.identity import current_person
from flexapp.web.limits import limiter
from flexapp.web.network import address
from flexapp.web.problems import status_of
from flexapp.web.visitors import visitor_key_of
from flexapp.workflows.fill_cart import put_in_cart
from flexapp.workflows.merge_carts import merge_carts
from flexapp.workflows.open_checkout import OfferGone, OrderClosed, start_checkout
from flexapp.workflows.order_cart import CartEmpty, order_cart
from flexapp.workflows.price_cart import price_cart

blueprint = Blueprint("cart", __name__)
_GONE = (TrackSold, TrackReserved, OfferGone)
_MEND = (InvalidOrder, TermsChanged, TooManyReservations, ReservationPaused, CartEmpty, OrderClosed)


@blueprint.get("/cart")
@limiter.limit("120/minute")
@allow(Access.PUBLIC)
def mine() -> Response:
    """This browser's cart, or an empty page that says how to fill one."""
    with services().database.reading() as session:
        cart = own_cart(session)
    if cart is not None:
        return make_response(redirect(f"/cart/{cart.token}", code=303))
    return _private(make_response(render_template("public/cart.html", cart=None, fields={}, form={})))


@blueprint.get("/cart/<token>")
@limiter.limit("120/minute")
@allow(Access.PUBLIC)
def show(token: str) -> Response:
    """The lines with prices and full terms, and the form. Changes nothing in the cart."""
    with services().database.reading() as session:
        response = _page(session, token, _of_address())
        if response.status_code == 200:
            adopt(response, session, token)
            remember_touch(response, session, request.args.get("k"))
    return response


@blueprint.post("/cart/<token>")
@limiter.limit("30/minute")
@allow(Access.PUBLIC)
def check_out(token: str) -> Response:
    """Make one order of the lines that were shown, and go to pay: all of them or none."""
    given, form = services(), request.form
    try:
        if form.get("accept") != "yes":
            raise InvalidOrder(
                "Please mend the marked fields.", fields={"accept": "Read and accept the license terms."}
            )
        order_id = order_cart(
            given,
            token,
            track_ids=form.getlist("track"),
            buyer_email=form.get("email", ""),
            buyer_name=form.get("name", ""),
            accepted_terms_hash=form.get("seen", ""),
            address=address(),
            browser=csrf.browser(),
            touches=touches(),
            public_token=form.get("o"),
        )
        return make_response(redirect(start_checkout(given, order_id), code=303))
    except (*_GONE, *_MEND, Upstream) as problem:
        with given.database.reading() as session:
            return _page(session, token, form, problem=problem)


@blueprint.post("/cart/<token>/lines")
@limiter.limit("60/minute")
@allow(Access.PUBLIC)
def change(token: str) -> Response:
    """Give a track that is in the cart another license; where it was added from stays."""
    form, given = request.form, services()
    now = given.clock.now()
    try:
        with given.database.writing() as session:
            carts.cart_of(session, token, now=now)
            if form.get("track") in {line.track_id for line in queries.lines_of_cart(session, token)}:
                put_in_cart(
                    session,
                    token,
                    track_id=form.get("track", ""),
                    license_type_id=form.get("lic", ""),
                    placement_token=None,
                    session_token=None,
                    services=given,
                    now=now,
                )
    except (TrackNotFound, Conflict) as problem:
        flash(problem.message, "bad")
    return make_response(redirect(f"/cart/{token}", code=303))


@blueprint.post("/cart/<token>/remove")
@limiter.limit("60/minute")
@allow(Access.PUBLIC)
def remove(token: str) -> Response:
    """Take a track out."""
    given = services()
    with given.database.writing() as session:
        cart = carts.cart_in_use(session, token, now=given.clock.now())
        carts.remove(session, cart, request.form.get("track", ""))
    return make_response(redirect(f"/cart/{token}", code=303))


@blueprint.post("/cart/<token>/merge")
@limiter.limit("30/minute")
@allow(Access.PUBLIC)
def merge(token: str) -> Response:
    """Move the lines of this browser's own cart into this one, which is its own from now on."""
    given = services()
    left: list[str] = []
    with given.database.writing() as session:
        own = own_cart(session)
        if own is not None:
            left = merge_carts(session, own.token, token, services=given, now=given.clock.now())
    if left:
        flash(f"Not moved, because it is not for sale now or does not fit: {', '.join(left)}.", "warn")
    response = make_response(redirect(f"/cart/{token}", code=303))
    keep(response, token)
    return response


@blueprint.post("/buy/<slug>/cart")
@limiter.limit("30/minute")
@allow(Access.PUBLIC)
def add(slug: str) -> Response:
    """Put the chosen license of a beat into this browser's cart, and show the cart."""
    form, given = request.form, services()
    visitor_key = visitor_key_of(form.get("s"))
    try:
        with given.database.writing() as session:
            track = track_by_slug(session, slug)
            if track is None:
                raise TrackNotFound("There is no beat at this address. It may have been taken down.")
            before = own_cart(session)
            cart = put_in_cart(
                session,
                before.token if before else None,
                track_id=track.id,
                license_type_id=form.get("lic", ""),
                placement_token=form.get("k"),
                session_token=form.get("s"),
                services=given,
                now=given.clock.now(),
                visitor_key=visitor_key,
            )
    except Conflict as problem:
        flash(problem.message, "bad")
        return make_response(redirect(f"/buy/{slug}", code=303))
    response = make_response(redirect(f"/cart/{cart.token}", code=303))
    keep(response, cart.token)
    return response


def _of_address() -> dict[str, str]:
    """What a link may choose for a buyer: nothing they type, only the token its player polls with."""
    chosen = request.args.get("o", "")
    return {"o": chosen} if PUBLIC_TOKEN.fullmatch(chosen) else {}


def _page(
    session: Session, token: str, form: Mapping[str, Any], *, problem: FlexAppError | None = None
) -> Response:
    try:
        cart = carts.cart_of(session, token, now=services().clock.now())
    except carts.CartExpired as over:
        page = render_template("public/cart.html", cart=None, problem=over, fields={}, form={})
        return _private(make_response(page, 410))
    view = view_of(price_cart(session, cart), me=current_person())
    page = render_template(
        "public/cart.html",
        cart=view,
        form=form,
        problem=problem,
        gone=_gone_words(view, request.form.getlist("track")) if isinstance(problem, _GONE) else "",
        fields=problem.fields if problem else {},
        is_upstream=isinstance(problem, Upstream),
        is_waiting=problem is None and bool(queries.open_orders_of_cart(session, token)),
        others=lines_elsewhere(session, token),
    )
    response = _private(make_response(page, status_of(problem) if problem else 200))
    if problem is not None and "retry_after" in problem.details:
        response.headers["Retry-After"] = str(problem.details["retry_after"])
    return response


def _gone_words(view: CartView, sent: list[str]) -> str:
    """Which of the lines that were about to be bought went, and why."""
    gone = [one.priced for one in view.choices if one.priced.sentence and one.priced.line.track_id in sent]
    return " ".join(f"“{one.title}”: {one.sentence}" for one in gone)


def _private(response: Response) -> Response:
    response.headers["Cache-Control"] = "private, no-store"
    response.headers["Referrer-Policy"] = "same-origin"
    response.headers["X-Robots-Tag"] = "noindex"
    return response
