"""Letters say the same in text and HTML, and escape what people wrote."""

import pytest
from jinja2 import UndefinedError

from flexapp.notices.letters import FOLDER, letter

FACTS = {
    "name": "Mira <b>Sol</b>",
    "site": "flexapp.example",
    "link": "https://flexapp.example/verify/abc",
    "reset_link": "https://flexapp.example/reset",
    "email": "mira@example.com",
}
NAMES = [
    *("verify", "account_exists", "reset", "change_email", "email_changed", "password_changed"),
    "account_deleted",
]


@pytest.mark.parametrize("name", NAMES)
def test_each_letter_has_subject_text_and_html(name: str) -> None:
    mail = letter(name, key=f"{name}:1", recipient="mira@example.com", **FACTS)
    assert mail.subject
    assert "\n" not in mail.subject
    assert "Subject:" not in mail.text
    assert "Mira <b>Sol</b>" in mail.text
    assert "Mira &lt;b&gt;Sol&lt;/b&gt;" in mail.html
    assert "<b>" not in mail.html
    assert ("https://flexapp.example/" in mail.text) == ("https://flexapp.example/" in mail.html)
    assert (FOLDER / "emails" / f"{name}.html").is_file()


def test_a_missing_fact_is_an_error() -> None:
    with pytest.raises(UndefinedError):
        letter("verify", key="verify:1", recipient="mira@example.com", name="Mira")
