"""``/help/how-plays-count``: what counts as a play, what is refused or waits, and what is kept of a listener.

Every number on it is the one that the code uses.
"""

from __future__ import annotations

from importlib.metadata import version

from flask import Blueprint, Response, make_response, render_template

from flexapp.listening import counting
from flexapp.listening.floor import FLOOR
from flexapp.listening.judging import RULES_VERSION
from flexapp.listening.rules import rules
from flexapp.listening.salts import SALT_LIFE
from flexapp.web.access import Access, allow
from flexapp.web.caching import cached_page
from flexapp.web.context import services
from flexapp.web.formulas import formulas

blueprint = Blueprint("how_plays_count", __name__)


@blueprint.get("/help/how-plays-count")
@cached_page(seconds=300)
@allow(Access.PUBLIC)
def how_plays_count() -> Response:
    """The published rules."""
    settings = services().settings
    known = rules(settings.play_limits)
    return make_response(
        render_template(
            "public/how_plays_count.html",
            play_seconds=counting.PLAY_MS // 1000,
            short_seconds=counting.SHORT_MEDIA_MS // 1000,
            completed=counting.COMPLETED_SHARE,
            replay_minutes=round(counting.REPLAY_WINDOW.total_seconds() / 60),
            tenths=counting.TENTHS,
            formulas=formulas(),
            refused=[rule for rule in known if not rule.waits],
            waiting=[rule for rule in known if rule.waits],
            salt_hours=round(SALT_LIFE.total_seconds() / 3600),
            raw_days=settings.raw_days,
            floor=FLOOR,
            rules_version=RULES_VERSION,
            crawlers=version("crawler-user-agents"),
        )
    )
