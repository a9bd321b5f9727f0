"""Visits: a session of views without a cookie, told apart by the visitor's day key and by pauses.

Views of our own pages carry the visitor key of our host, which ends with the day; so does a visit. A view
without a key (the visitor asks not to be followed) is a view and no visit: nothing says what it belongs to.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

PAUSE = timedelta(minutes=30)
"""Who looks at nothing for so long begins another visit (the usual rule of analytics)."""


def visits(moments: Iterable[datetime]) -> list[datetime]:
    """When the visits began of one visitor key that looked at pages at these moments, in any order."""
    began: list[datetime] = []
    last: datetime | None = None
    for moment in sorted(moments):
        if last is None or moment - last >= PAUSE:
            began.append(moment)
        last = moment
    return began
