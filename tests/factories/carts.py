"""Three producers' beats, in the apps of two affiliates, and carts filled as players fill them."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any

from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.test import TestResponse

from flexapp.catalog.models import LicenseType, Track
from flexapp.orders.models import CartLine, Order
from flexapp.people.models import Person
from flexapp.workflows.complete_order import complete_order
from flexapp.workflows.services import Services
from tests.factories import orders as make
from tests.factories.apps import make_app, make_placement
from tests.factories.catalog import make_license_types, make_track
from tests.factories.payments import pay_with_4242
from tests.factories.people import make_person, post_form

NAMES = ("basic", "premium", "trackout", "exclusive")


@dataclass(frozen=True)
class Stalls:
    """Kaito's ``first``, Lena's ``second`` and Omar's ``third`` beat; Mara's key and Nina's.

    ``licenses`` are Kaito's by name, and those of the others as ``second premium``, ``third basic``.
    """

    first: Track
    second: Track
    third: Track
    producers: tuple[Person, Person, Person]
    licenses: dict[str, LicenseType]
    first_affiliate: Person
    second_affiliate: Person
    first_key: str
    second_key: str

    def license(self, place: str, name: str) -> LicenseType:
        """The license type of that name for the track at that place."""
        return self.licenses[name if place == "first" else f"{place} {name}"]

    def line(self, place: str, name: str, **more: str) -> dict[str, str]:
        """The body that a player sends."""
        track: Track = getattr(self, place)
        return {"track_id": track.id, "license_type_id": self.license(place, name).id, **more}


def open_stalls(services: Services) -> Stalls:
    """Everything with real files, so that what is bought can be downloaded."""
    with services.database.writing() as session:
        producers = tuple(make_person(session, name=name) for name in ("Kaito", "Lena", "Omar"))
        mara, nina = make_person(session, name="Mara"), make_person(session, name="Nina")
        licenses: dict[str, LicenseType] = {}
        tracks = []
        for producer, place, title in zip(
            producers, ("", "second ", "third "), ("Night Drive", "Harbor “Blue”", "Ember & Ash"), strict=True
        ):
            types = make_license_types(session, producer)
            licenses |= {f"{place}{name}": one for name, one in zip(NAMES, types, strict=True)}
            slug = re.sub(r"[^a-z]+", "-", title.lower()).strip("-")
            tracks.append(
                make_track(
                    session, producer, license_types=types, title=title, slug=slug, objects=services.objects
                )
            )
        first_app = make_app(session, mara, name="Mara's blog", picks=(tracks[0], tracks[2]))
        second_app = make_app(session, nina, name="Nina's page", picks=(tracks[1],))
        first_key = make_placement(session, first_app, services.signer).key
        second_key = make_placement(session, second_app, services.signer).key
    first, second, third = tracks
    kaito, lena, omar = producers
    return Stalls(first, second, third, (kaito, lena, omar), licenses, mara, nina, first_key, second_key)


def sent(client: FlaskClient, path: str, body: dict[str, Any] | str) -> TestResponse:
    """A body as a player posts it: text, from an opaque frame, without cookies."""
    text = body if isinstance(body, str) else json.dumps(body)
    return client.post(
        path, data=text.encode(), content_type="text/plain;charset=UTF-8", headers={"Origin": "null"}
    )


def filled(client: FlaskClient, *bodies: dict[str, str]) -> str:
    """The token of a cart with these lines."""
    answer = sent(client, "/embed/v1/carts", bodies[0])
    assert answer.status_code == 201, answer.text
    token = str((answer.json or {})["token"])
    for body in bodies[1:]:
        added = sent(client, f"/embed/v1/carts/{token}/lines", body)
        assert added.status_code == 200, added.text
    return token


def form_of(client: FlaskClient, token: str, query: str = "") -> dict[str, str | list[str]]:
    """What a browser sends when the buyer fills in the page's form."""
    page = client.get(f"/cart/{token}{query}")
    assert page.status_code == 200, page.text
    form = page.text[page.text.index(f'action="/cart/{token}"') :]
    hidden = re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', form)
    fields: dict[str, str | list[str]] = {name: value for name, value in hidden if name != "csrf_token"}
    fields["track"] = [value for name, value in hidden if name == "track"]
    return {**fields, "email": "ana@mail.example", "name": "Ana Buyer", "accept": "yes"}


def check_out(client: FlaskClient, token: str, **typed: str) -> TestResponse:
    return post_form(client, f"/cart/{token}", {**form_of(client, token), **typed})


def lines(services: Services, token: str) -> list[str]:
    with services.database.reading() as session:
        query = select(CartLine.track_id).where(CartLine.cart_token == token).order_by(CartLine.added_at)
        return list(session.scalars(query))


def orders(services: Services) -> list[Order]:
    with services.database.reading() as session:
        return list(session.scalars(select(Order).order_by(Order.created_at, Order.id)))


def sell_exclusively(services: Services, stalls: Stalls, place: str) -> None:
    """Somebody else buys the exclusive license of the track at that place."""
    order = make.order(services, getattr(stalls, place), stalls.license(place, "exclusive"))
    pay_with_4242(order.checkout_url or "")
    complete_order(services, order.id)
