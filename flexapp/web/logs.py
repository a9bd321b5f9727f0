"""Logging: one line per fact, as text for people or JSON in production; secrets never get in."""

from __future__ import annotations

import logging
import re
import sys
from collections.abc import MutableMapping
from typing import Any

import structlog

from flexapp.config import Env, Settings

HIDDEN = "[hidden]"
_SECRET_KEYS = re.compile(
    r"passw|secret|token|authorization|cookie|csrf|api_?key|signature|dsn|smtp_url|database_url|redis_url",
    re.I,
)
_SECRET_VALUES = re.compile(
    r"\bv[12]\.[\w-]{8,}\.[\w-]{8,}|"  # sealed: links to files, placements, sessions
    r"flx_[\w-]{8,}|(?:sk|rk|pk)_(?:test|live)_\w+|whsec_\w+|Bearer\s+\S+|"
    r"(?<=://)[^/\s:@]+:[^/\s@]+(?=@)|"
    r"(?<=/reset/)[\w.-]{16,}|(?<=/verify/)[\w.-]{16,}|(?<=/change-email/)[\w.-]{16,}|"
    r"(?<=/orders/)[\w.-]{16,}|"
    r"(?<=\)=\()[^\n]*(?=\) (?:already exists|is not present|is still referenced))|"  # PostgreSQL's DETAIL
    r"(?<=Failing row contains \()[^\n]*(?=\))"
)


def install(settings: Settings) -> None:
    """Set logging up for this process."""
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
        hide_secrets,
    ]
    last: Any = (
        structlog.processors.JSONRenderer()
        if settings.env is Env.PRODUCTION
        else structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())
    )
    structlog.configure(
        processors=[*shared, last],
        wrapper_class=structlog.make_filtering_bound_logger(_level(settings)),
        logger_factory=lambda *_names: structlog.WriteLogger(sys.stderr),
        cache_logger_on_first_use=False,
    )


def hide_secrets(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Replace values under secret names, and secrets inside other texts."""
    for key, value in event.items():
        if _SECRET_KEYS.search(key):
            event[key] = HIDDEN
        elif isinstance(value, str):
            event[key] = _SECRET_VALUES.sub(HIDDEN, value)
        elif isinstance(value, dict):
            event[key] = hide_secrets(_logger, _method, dict(value))
    return event


def _level(settings: Settings) -> int:
    return logging.WARNING if settings.env is Env.DEMO else logging.INFO
