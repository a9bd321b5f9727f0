"""Letters: a mail in text and HTML from ``templates/emails/<name>.txt`` and ``.html``.

The text's first line is ``Subject: …``. Both get the same facts; the HTML one escapes them.
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from flexapp.gateways.ports import Mail
from flexapp.kernel.money import format_money

FOLDER = Path(__file__).resolve().parents[2] / "templates"
_SUBJECT = "Subject: "


def letter(template: str, /, *, key: str, recipient: str, **facts: Any) -> Mail:
    """Write the mail; ``facts`` are what the templates name, a missing one is an error.

    Raises jinja2.UndefinedError, jinja2.TemplateNotFound.
    """
    text = _environment().get_template(f"emails/{template}.txt").render(facts)
    first, _, body = text.partition("\n")
    if not first.startswith(_SUBJECT):
        raise ValueError(f"emails/{template}.txt begins with '{_SUBJECT}'")
    subject = " ".join(first.removeprefix(_SUBJECT).split())
    html = _environment().get_template(f"emails/{template}.html").render(facts, subject=subject)
    return Mail(recipient=recipient, subject=subject, text=body.strip() + "\n", html=html, key=key)


@lru_cache(maxsize=1)
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(FOLDER),
        autoescape=select_autoescape(("html",)),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters["money"] = format_money
    environment.filters["day"] = lambda moment: f"{moment:%B} {moment.day}, {moment.year}"
    return environment
