"""A producer who sold something leaves: the buyer's license, the files and the books stay."""

from dataclasses import replace

from flexapp.catalog.models import LicenseType, Track
from flexapp.catalog.queries import deliverables_of, public_tracks
from flexapp.ledger import book
from flexapp.licensing.models import License
from flexapp.orders.models import OrderItem, OrderState
from flexapp.people.models import Person
from flexapp.workflows.complete_order import complete_order
from flexapp.workflows.delete_account import delete_account
from flexapp.workflows.services import Services
from tests.factories import orders
from tests.factories.catalog import make_license_types, make_track
from tests.factories.payments import MemoryPayments
from tests.factories.people import PASSWORD, make_person


def test_what_was_sold_stays_whole(services: Services) -> None:
    payments = MemoryPayments(services.clock)
    services = replace(services, payments=payments)
    with services.database.writing() as session:
        mira = make_person(session, name="Mira Sol")
        _, premium, _, _ = make_license_types(session, mira)
        sold = make_track(session, mira, title="Sold once", objects=services.objects)
        make_track(session, mira, title="Never sold", objects=services.objects)
    placed = orders.order(services, sold, premium)
    assert placed.checkout_session_id
    payments.pay(placed.checkout_session_id)
    complete_order(services, placed.id)

    delete_account(services, mira, password=PASSWORD)

    assert orders.reload(services, placed.id).state is OrderState.PAID
    orders.check_books(services)
    with services.database.reading() as session:
        assert list(public_tracks(session)) == []
        assert [track.title for track in session.query(Track)] == ["Sold once"]
        assert [kind.id for kind in session.query(LicenseType)] == [premium.id]
        (person,) = session.query(Person)
        assert (person.name, person.deleted_at) == ("Deleted account", services.clock.now())
        assert session.query(License).one().producer_id == mira.id
        assert session.query(OrderItem).one().producer_name == "Mira Sol"  # as the license says
        assert book.balance(session, f"payable:{mira.id}", currency="usd") == -4875
        files = [file.object_key for file in deliverables_of(session, [sold.id])[sold.id].values()]
    assert files
    for key in files:
        assert services.objects.size(key) > 0
