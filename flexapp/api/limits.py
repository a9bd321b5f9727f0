"""How often a program may call: by its token, so that neighbors behind one address do not share.

Only a token that works has a count of its own. Everything else counts for its address, or made-up tokens
would each begin anew.
"""

from __future__ import annotations

from flask import Response
from flask_openapi.blueprint import APIBlueprint

from flexapp.web.identity import calling_program
from flexapp.web.limits import limiter
from flexapp.web.network import address_key

CALLS = "600/minute"
UPLOADS = "120/minute"


def limit(blueprint: APIBlueprint, rule: str) -> None:
    """Refuse with 429 and Retry-After beyond the rule, over all its rooms; answers say what is left."""
    limiter.shared_limit(rule, scope=f"api:{rule}", key_func=_caller)(blueprint)
    blueprint.after_request(_say_what_is_left)


def _say_what_is_left(response: Response) -> Response:
    counted = limiter.current_limit
    if counted is not None:
        response.headers["X-RateLimit-Limit"] = str(counted.limit.amount)
        response.headers["X-RateLimit-Remaining"] = str(counted.remaining)
        response.headers["X-RateLimit-Reset"] = str(counted.reset_at)
    return response


def _caller() -> str:
    program = calling_program()
    return f"token:{program.token_id}" if program else f"address:{address_key()}"
