"""Deleting an account: off every page at once; what buyers and the books need stays, without a name."""

from pathlib import Path

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from flexapp.apps.models import FlexApp, Placement, Source
from flexapp.catalog.models import Deliverable, LicenseType, Track
from flexapp.ledger import journal
from flexapp.outbox.models import Job
from flexapp.people.models import Person
from flexapp.worker.runtime import Worker
from flexapp.workflows.delete_account import delete_account
from flexapp.workflows.delete_objects import delete_objects
from flexapp.workflows.services import Services
from tests.factories.apps import make_app, make_placement
from tests.factories.catalog import make_license_types, make_track
from tests.factories.people import PASSWORD, make_person, post_form, sign_in

DELETE = "/producer-dashboard/settings/delete"
FORM = {"current_password": PASSWORD, "understood": "1"}


@pytest.fixture
def mira(services: Services) -> Person:
    with services.database.writing() as session:
        return make_person(session, name="Mira Sol", email="mira@example.com")


def rows(services: Services, model: type) -> int:
    with services.database.reading() as session:
        return len(session.scalars(select(model)).all())


def test_leaving_takes_password_and_a_tick(client: FlaskClient, services: Services, mira: Person) -> None:
    sign_in(client, services, mira)
    assert post_form(client, DELETE, {"current_password": PASSWORD}).status_code == 422
    assert post_form(client, DELETE, {**FORM, "current_password": "wrong phrase"}).status_code == 422
    assert rows(services, Person) == 1


def test_who_never_sold_leaves_nothing_behind(
    client: FlaskClient, services: Services, mira: Person, tmp_path: Path, worker: Worker
) -> None:
    with services.database.writing() as session:
        kilo = make_person(session, name="Kilo")
        make_license_types(session, mira)
        track = make_track(session, mira, objects=services.objects)
        own = make_app(session, mira)
        make_placement(session, own, services.signer)
        others = make_app(session, kilo, picks=(track,))
        kept = make_track(session, kilo)
    files = [path for path in (tmp_path / "objects").rglob("*") if path.is_file()]
    assert files
    sign_in(client, services, mira)
    answer = post_form(client, DELETE, FORM)
    assert (answer.status_code, answer.location) == (303, "/login")
    with services.database.reading() as session:
        assert [person.name for person in session.scalars(select(Person))] == ["Kilo"]
        assert [track.id for track in session.scalars(select(Track))] == [kept.id]
        assert [app.id for app in session.scalars(select(FlexApp))] == [others.id]
        assert session.scalars(select(Placement)).all() == []
        assert not any(source.track_id for source in session.scalars(select(Source)))
    worker.run_once()
    assert [path for path in files if path.exists()] == []
    assert client.get("/producer-dashboard/settings").status_code == 303


def test_who_is_in_the_books_stays_there_without_a_name(
    client: FlaskClient, services: Services, mira: Person
) -> None:
    with services.database.writing() as session:
        track = make_track(session, mira)
        line = journal.Line
        journal.post(
            session,
            reference="charge:ch_1",
            currency="usd",
            lines=[
                line(account="stripe", amount=2999, role="charge"),
                line(account=f"payable:{mira.id}", amount=-2999, role="share"),
            ],
            now=services.clock.now(),
            memo="",
        )
    sign_in(client, services, mira)
    assert "still owed $29.99" in client.get(DELETE).get_data(as_text=True)
    assert post_form(client, DELETE, FORM).status_code == 303
    with services.database.reading() as session:
        (person,) = session.scalars(select(Person)).all()
        assert person.deleted_at is not None
        assert "mira" not in f"{person.name} {person.email} {person.slug}".replace(person.id, "").lower()
        assert session.get(Track, track.id) is None
    assert rows(services, LicenseType) == rows(services, Deliverable) == 0


def test_the_old_login_opens_nothing_and_the_address_is_free(
    client: FlaskClient, services: Services, mira: Person
) -> None:
    sign_in(client, services, mira)
    post_form(client, DELETE, FORM)
    login = {"email": "mira@example.com", "password": PASSWORD}
    assert post_form(client, "/login", login).status_code == 401
    assert client.get("/p/mira-sol").status_code == 404
    with services.database.writing() as session:
        assert make_person(session, email="mira@example.com", name="Mira Sol").id != mira.id


def test_files_are_deleted_by_a_job_of_the_same_commit(
    services: Services, mira: Person, worker: Worker, tmp_path: Path
) -> None:
    with services.database.writing() as session:
        make_track(session, mira, objects=services.objects)
    files = [path for path in (tmp_path / "objects").rglob("*") if path.is_file()]
    delete_account(services, mira, password=PASSWORD)
    assert all(path.exists() for path in files)
    with services.database.reading() as session:
        (job,) = session.scalars(select(Job).where(Job.kind == "objects.delete"))
    assert len(job.payload["keys"]) == len(files)
    delete_objects(services, job.payload["keys"][:2])  # a worker that died half-way
    worker.run_once()
    assert not any(path.exists() for path in files)
    with services.database.reading() as session:
        done = session.get(Job, job.id)
        assert done is not None
        assert (done.attempts, done.error, done.done_at) == (1, None, services.clock.now())
