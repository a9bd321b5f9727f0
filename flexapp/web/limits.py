"""Rate limits by network address: in memory, or in Redis when several processes must agree.

Use above ``@allow``: ``@limiter.limit("10/minute")``. Failures per account are counted in the
database (``people/throttle.py``), since they must hold whatever the address is.
"""

from __future__ import annotations

import time
from math import ceil

from flask import Flask, Response
from flask_limiter import Limiter

from flexapp.config import Settings
from flexapp.web.network import address_key

limiter = Limiter(key_func=address_key)


def install(app: Flask, settings: Settings) -> None:
    """Count where the settings say; without Redis each process counts for itself."""
    app.config.update(
        RATELIMIT_ENABLED=settings.rate_limits,
        RATELIMIT_STORAGE_URI=settings.redis_url or "memory://",
        RATELIMIT_STRATEGY="moving-window",
        RATELIMIT_KEY_PREFIX="flexapp",
        RATELIMIT_IN_MEMORY_FALLBACK_ENABLED=bool(settings.redis_url),
    )
    limiter.init_app(app)
    app.after_request(_say_when)


def _say_when(response: Response) -> Response:
    reached = limiter.current_limit if response.status_code == 429 else None
    if reached is not None and "Retry-After" not in response.headers:
        response.headers["Retry-After"] = str(max(1, ceil(reached.window[0] - time.time())))
    return response
