"""What the foot of a public page links to: only pages that the running app serves."""

from __future__ import annotations

from flask import Flask

LINKS = (
    ("API", "/docs/api"),
    ("Help", "/help"),
    ("How plays count", "/help/how-plays-count"),
    ("Demo mails", "/demo/mails"),
)


def install(app: Flask) -> None:
    """Give the public templates ``footer_links()``."""

    def footer_links() -> list[tuple[str, str]]:
        served = {rule.rule for rule in app.url_map.iter_rules()}
        return [(label, path) for label, path in LINKS if path in served]

    app.jinja_env.globals["footer_links"] = footer_links
