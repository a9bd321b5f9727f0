"""Opening, recovering, moving and leaving an account, down to the mails."""

import re
from datetime import timedelta

import pytest

from flexapp.gateways.ports import Mail
from flexapp.kernel.clock import FixedClock
from flexapp.notices.queries import latest_mails
from flexapp.people import operations, queries, throttle
from flexapp.people.links import LinkNotGood
from flexapp.people.models import Person
from flexapp.worker.runtime import Worker
from flexapp.workflows import change_email, log_in, reset_password, sign_up
from flexapp.workflows.services import Services
from flexapp.workflows.tidy_accounts import tidy_accounts
from tests.factories.people import BOTH, PASSWORD, make_person

EMAIL = "mira@example.com"


def ask(services: Services, *, password: str = PASSWORD, name: str = "Mira") -> None:
    sign_up.ask_to_sign_up(services, email=EMAIL, password=password, name=name, roles=BOTH)


def mails(services: Services) -> list[tuple[str, str, str]]:
    with services.database.reading() as session:
        return [(row.key.partition(":")[0], row.recipient, row.text) for row in latest_mails(session)]


def newest_secret(services: Services) -> str:
    found = re.search(rf"{services.settings.base_url}/[a-z-]+/([\w-]+)", mails(services)[0][2])
    assert found
    return found[1]


def stored(services: Services, email: str = EMAIL) -> Person:
    with services.database.reading() as session:
        person = queries.person_by_email(session, email)
        assert person is not None
        return person


@pytest.fixture
def mira(services: Services) -> Person:
    with services.database.writing() as session:
        return make_person(session, email=EMAIL, name="Mira")


def test_link_and_password_together_open_a_new_account(services: Services) -> None:
    ask(services)
    assert [mail[:2] for mail in mails(services)] == [("verify", EMAIL)]
    with pytest.raises(operations.WrongCredentials):
        log_in.log_in(services, email=EMAIL, password=PASSWORD, user_agent="")
    secret = newest_secret(services)
    with pytest.raises(operations.WrongCredentials):
        sign_up.confirm_sign_up(services, secret=secret, password="something else", user_agent="")
    sign_up.confirm_sign_up(services, secret=secret, password=PASSWORD, user_agent="")
    assert stored(services).email_verified_at is not None
    with pytest.raises(LinkNotGood):
        sign_up.confirm_sign_up(services, secret=secret, password=PASSWORD, user_agent="")
    log_in.log_in(services, email=EMAIL, password=PASSWORD, user_agent="")


def test_an_account_prepared_in_anothers_name_stays_shut(services: Services) -> None:
    ask(services, password="the intruder's phrase")
    intruders = newest_secret(services)
    ask(services, password="the owner's phrase", name="The owner")
    with pytest.raises(LinkNotGood):
        sign_up.confirm_sign_up(services, secret=intruders, password="the intruder's phrase", user_agent="")
    owners = newest_secret(services)
    with pytest.raises(operations.WrongCredentials):
        sign_up.confirm_sign_up(services, secret=owners, password="the intruder's phrase", user_agent="")
    sign_up.confirm_sign_up(services, secret=owners, password="the owner's phrase", user_agent="")
    assert stored(services).name == "The owner"


def test_signing_up_again_tells_only_the_mailbox(services: Services, mira: Person) -> None:
    before = stored(services).password_hash
    for _ in range(3):
        ask(services, password="another phrase", name="Somebody else")
    assert [mail[:2] for mail in mails(services)] == [("account_exists", EMAIL)]
    after = stored(services)
    assert (after.password_hash, after.name) == (before, "Mira")


def test_an_unknown_address_gets_no_mail(services: Services) -> None:
    reset_password.ask_for_reset(services, email="nobody@example.com")
    sign_up.ask_for_link_again(services, email="nobody@example.com")
    assert mails(services) == []


def test_ten_wrong_passwords_stop_the_right_one_too_until_a_reset(services: Services, mira: Person) -> None:
    for _ in range(throttle.ATTEMPTS):
        with pytest.raises(operations.WrongCredentials):
            log_in.log_in(services, email=EMAIL, password="wrong phrase", user_agent="")
    with pytest.raises(throttle.TooManyAttempts):
        log_in.log_in(services, email=EMAIL, password=PASSWORD, user_agent="")
    reset_password.ask_for_reset(services, email=EMAIL)
    reset_password.reset_password(services, secret=newest_secret(services), password="a new phrase")
    log_in.log_in(services, email=EMAIL, password="a new phrase", user_agent="")


def test_failures_for_an_unknown_address_are_counted_alike(services: Services) -> None:
    for email in ("nobody@example.com", "not an address"):
        for _ in range(throttle.ATTEMPTS):
            with pytest.raises(operations.WrongCredentials):
                log_in.log_in(services, email=email, password="wrong phrase", user_agent="")
        with pytest.raises(throttle.TooManyAttempts):
            log_in.log_in(services, email=email, password="wrong phrase", user_agent="")


def test_logging_in_ends_the_browsers_old_session(services: Services, mira: Person) -> None:
    _, old = log_in.log_in(services, email=EMAIL, password=PASSWORD, user_agent="")
    _, new = log_in.log_in(services, email=EMAIL, password=PASSWORD, user_agent="", old_secret=old)
    assert old != new
    with services.database.reading() as session:
        now = services.clock.now()
        assert queries.person_by_session_secret(session, old, now=now) is None
        assert queries.person_by_session_secret(session, new, now=now)


def test_a_reset_logs_out_everywhere_and_says_so(services: Services, mira: Person) -> None:
    _, secret = log_in.log_in(services, email=EMAIL, password=PASSWORD, user_agent="")
    reset_password.ask_for_reset(services, email=EMAIL)
    link = newest_secret(services)
    reset_password.reset_password(services, secret=link, password="a new phrase")
    with services.database.reading() as session:
        assert queries.person_by_session_secret(session, secret, now=services.clock.now()) is None
    assert mails(services)[0][0] == "password_changed"
    with pytest.raises(LinkNotGood):
        reset_password.reset_password(services, secret=link, password="once more so")
    with pytest.raises(operations.WrongCredentials):
        log_in.log_in(services, email=EMAIL, password=PASSWORD, user_agent="")


def test_a_reset_proves_the_address_of_an_unverified_account(services: Services) -> None:
    ask(services)
    reset_password.ask_for_reset(services, email=EMAIL)
    reset_password.reset_password(services, secret=newest_secret(services), password="a new phrase")
    log_in.log_in(services, email=EMAIL, password="a new phrase", user_agent="")


def test_an_address_moves_when_the_new_one_answers(services: Services, mira: Person) -> None:
    with pytest.raises(operations.WrongPassword):
        change_email.ask_to_change_email(services, mira, email="new@example.com", password="wrong phrase")
    change_email.ask_to_change_email(services, mira, email="New@example.com", password=PASSWORD)
    kind, recipient, _ = mails(services)[0]
    assert (kind, recipient) == ("change", "new@example.com")
    secret = newest_secret(services)
    reset_password.ask_for_reset(services, email=EMAIL)
    to_the_old_one = newest_secret(services)
    change_email.confirm_new_email(services, secret=secret)
    assert mails(services)[0][:2] == ("email_changed", EMAIL)
    assert stored(services, "new@example.com").id == mira.id
    with pytest.raises(LinkNotGood):
        reset_password.reset_password(services, secret=to_the_old_one, password="a new phrase")


def test_an_address_that_somebody_has_gets_no_link(services: Services, mira: Person) -> None:
    with services.database.writing() as session:
        make_person(session, email="kilo@example.com")
    change_email.ask_to_change_email(services, mira, email="kilo@example.com", password=PASSWORD)
    assert mails(services) == []


def test_an_address_taken_meanwhile_is_not_taken_twice(services: Services, mira: Person) -> None:
    change_email.ask_to_change_email(services, mira, email="new@example.com", password=PASSWORD)
    secret = newest_secret(services)
    with services.database.writing() as session:
        make_person(session, email="new@example.com")
    with pytest.raises(operations.EmailTaken):
        change_email.confirm_new_email(services, secret=secret)
    assert stored(services).id == mira.id


def test_the_outbox_sends_each_mail_once_and_the_log_keeps_it(services: Services, worker: Worker) -> None:
    ask(services)
    worker.run_once()
    worker.run_once()
    with services.database.reading() as session:
        (row,) = latest_mails(session)
        assert row.sent_at == services.clock.now()
        assert row.text  # without a mail server the log is the mailbox


def test_what_is_old_is_forgotten(
    services: Services, mira: Person, clock: FixedClock, worker: Worker
) -> None:
    reset_password.ask_for_reset(services, email=EMAIL)
    worker.run_once()
    log_in.log_in(services, email=EMAIL, password=PASSWORD, user_agent="")
    clock.advance(timedelta(days=91))
    tidy_accounts(services)
    tidy_accounts(services)
    with services.database.reading() as session:
        (row,) = latest_mails(session)
        assert (row.recipient, row.text, row.html) == ("", "", "")
        assert row.key.startswith("reset:")


def test_a_mail_of_one_key_is_promised_once(services: Services) -> None:
    from flexapp.notices.operations import send_mail

    mail = Mail(recipient=EMAIL, subject="Hello", text="Hello", key="hello:1")
    with services.database.writing() as session:
        now = services.clock.now()
        assert [send_mail(session, mail, now=now) for _ in range(3)] == [True, False, False]
        with pytest.raises(ValueError, match="key"):
            send_mail(session, Mail(recipient=EMAIL, subject="Hello", text="Hello"), now=now)
    assert len(mails(services)) == 1
