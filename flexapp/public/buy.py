"""``/buy/<track>``: choose a license, read its terms, and go to pay. Works without scripts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from flask import Blueprint, Response, make_response, redirect, render_template, request
from sqlalchemy.orm import Session

from flexapp.catalog.caps import caps_in_words, full_terms
from flexapp.catalog.models import Track, Visibility
from flexapp.catalog.offers import Offer
from flexapp.catalog.operations import TrackSold
from flexapp.catalog.queries import TrackNotFound, public_tracks, track_by_old_slug, track_by_slug
from flexapp.catalog.standing import is_playable
from flexapp.errors import FlexAppError, Upstream
from flexapp.kernel.ids import new_secret
from flexapp.licensing.exclusivity import ReservationPaused, TooManyReservations, TrackReserved
from flexapp.licensing.queries import reserved_among
from flexapp.listening import sessions
from flexapp.orders.operations import PUBLIC_TOKEN, InvalidOrder
from flexapp.orders.queries import order_by_id
from flexapp.orders.terms import TermsChanged, terms_hash
from flexapp.public.beats import Beat, beats_of, offer_line
from flexapp.public.touches import remember_touch, touches
from flexapp.web import csrf
from flexapp.web.access import Access, allow
from flexapp.web.context import services
from flexapp.web.limits import limiter
from flexapp.web.network import address
from flexapp.web.problems import status_of
from flexapp.workflows.open_checkout import OfferGone, OrderClosed, place_order, shown, start_checkout

blueprint = Blueprint("buy", __name__)
_SIMILAR = 4
_MEND = (InvalidOrder, TermsChanged, OfferGone, TooManyReservations, ReservationPaused)


@dataclass(frozen=True)
class Choice:
    """One license on the page: ``seen`` is the hash over what the buyer is shown of it."""

    offer: Offer
    line: str
    terms: str
    caps: list[tuple[str, str]]
    seen: str


@blueprint.get("/buy/<slug>")
@limiter.limit("120/minute")
@allow(Access.PUBLIC)
def show(slug: str) -> Response:
    """The beat, its licenses with prices and full terms, and the form. Changes nothing."""
    with services().database.reading() as session:
        track = track_by_slug(session, slug)
        if track is None and (moved := track_by_old_slug(session, slug)) is not None:
            query = f"?{request.query_string.decode()}" if request.query_string else ""
            return make_response(redirect(f"/buy/{moved.slug}{query}", code=301))
        found = _open(track)
        if found.sold_exclusively_at is not None:
            response = _gone(session, found, TrackSold("This beat was sold exclusively."))
        else:
            response = _page(session, found, _of_address())
        remember_touch(response, session, request.args.get("k"))
    return response


@blueprint.post("/buy/<slug>")
@limiter.limit("30/minute")
@allow(Access.PUBLIC)
def buy(slug: str) -> Response:
    """Make the order and its reservation, then go to the checkout; the same form again makes no other."""
    given, form = services(), request.form
    with given.database.reading() as session:
        track = _open(track_by_slug(session, slug))
    try:
        if form.get("accept") != "yes":
            raise InvalidOrder(
                "Please mend the marked fields.", fields={"accept": "Read and accept the license terms."}
            )
        chosen = form.get("lic", "")
        with given.database.writing() as session:
            order_id = place_order(
                session,
                lines=[(track.id, chosen, form.get("k") or None)],
                buyer_email=form.get("email", ""),
                buyer_name=form.get("name", ""),
                accepted_terms_hash=form.get(f"seen-{chosen}", ""),
                address=address(),
                touches=touches(),
                services=given,
                now=given.clock.now(),
                nonce=_nonce(form.get("nonce", "")),
                public_token=form.get("o"),
                listened=_listened(track, form.get("s", "")),
            ).id
        given.wake_worker()
        return make_response(redirect(start_checkout(given, order_id), code=303))
    except OrderClosed:
        with given.database.reading() as session:
            return make_response(redirect(f"/orders/{order_by_id(session, order_id).token}", code=303))
    except (TrackSold, TrackReserved) as problem:
        with given.database.reading() as session:
            return _gone(session, track, problem)
    except (*_MEND, Upstream) as problem:
        with given.database.reading() as session:
            return _page(session, track, form, problem=problem)


def _of_address() -> dict[str, str]:
    """What a link may choose for a buyer: the license and where they come from, nothing they type."""
    given = {name: request.args[name] for name in ("lic", "k", "s", "o") if name in request.args}
    if not PUBLIC_TOKEN.fullmatch(given.get("o", "")):
        given.pop("o", None)
    return given


def _listened(track: Track, token: str) -> dict[str, str]:
    """The id of the listening session whose player led here: kept with the order as evidence."""
    given = services()
    claims = sessions.read(given.signer, token, given.clock.now(), late=sessions.LATE)
    return {track.id: claims.session_id} if claims is not None else {}


def _nonce(sent: str) -> str | None:
    """The form's nonce tied to the browser that sent it: from another browser it makes another order."""
    return services().signer.keyed_hash("buy-form", csrf.browser(), sent) if sent else None


def _open(track: Track | None) -> Track:
    if track is None or track.visibility is Visibility.DRAFT or not is_playable(track):
        raise TrackNotFound("There is no beat at this address. It may have been taken down.")
    return track


def _page(
    session: Session, track: Track, form: Mapping[str, Any], *, problem: FlexAppError | None = None
) -> Response:
    [beat] = beats_of(session, [track])
    if not beat.offers:
        return _gone(session, track, OfferGone("No license of this beat is offered at the moment."))
    chosen = form.get("lic") or (beat.chosen.license_type.id if beat.chosen else "")
    if chosen not in {offer.license_type.id for offer in beat.offers}:
        chosen = beat.offers[0].license_type.id
    response = make_response(
        render_template(
            "public/buy.html",
            beat=beat,
            choices=[_choice(track, offer) for offer in beat.offers],
            chosen=chosen,
            form=form,
            nonce=(problem and form.get("nonce")) or new_secret(16),
            is_reserved=bool(reserved_among(session, [track.id])),
            problem=problem,
            fields=problem.fields if problem else {},
            is_upstream=isinstance(problem, Upstream),
        ),
        status_of(problem) if problem else 200,
    )
    response.headers["Cache-Control"] = "private, no-store"
    if problem is not None and "retry_after" in problem.details:
        response.headers["Retry-After"] = str(problem.details["retry_after"])
    return response


def _gone(session: Session, track: Track, problem: FlexAppError) -> Response:
    [beat] = beats_of(session, [track])
    page = render_template(
        "public/buy_gone.html",
        beat=beat,
        problem=problem,
        is_sold=track.sold_exclusively_at is not None,
        similar=_similar(session, track),
    )
    response = make_response(page, 409)
    response.headers["Cache-Control"] = "private, no-store"
    return response


def _similar(session: Session, track: Track) -> list[Beat]:
    """Beats of the genre, the producer's first, then whatever is new."""
    genre, most = track.genre or None, _SIMILAR + 1
    found: dict[str, Track] = {}
    for some in (
        public_tracks(session, genre=genre, producer_id=track.producer_id, limit=most),
        public_tracks(session, genre=genre, limit=most),
        public_tracks(session, limit=most),
    ):
        for other in some:
            found.setdefault(other.id, other)
    found.pop(track.id, None)
    return [beat for beat in beats_of(session, list(found.values())) if beat.offers][:_SIMILAR]


def _choice(track: Track, offer: Offer) -> Choice:
    caps = offer.license_type.caps
    return Choice(
        offer=offer,
        line=offer_line(offer),
        terms=full_terms(offer.license_type.terms, caps),
        caps=caps_in_words(caps),
        seen=terms_hash([shown(track, offer)]),
    )
