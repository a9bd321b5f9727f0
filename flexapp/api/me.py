"""Who calls."""

from __future__ import annotations

from flexapp.api.room import room
from flexapp.api.shapes.people import Me
from flexapp.errors import Unauthenticated
from flexapp.web.access import Access, allow
from flexapp.web.context import services
from flexapp.web.identity import principal

me = room("me", "Me", "The person whose token is sent.")


@me.get("/me", responses={200: Me})
@allow(Access.TOKEN)
def get_me() -> Me:
    """The caller, and what the token that was sent allows."""
    who = principal()
    if who is None:
        raise Unauthenticated("Send an API token.")
    return Me.of(who.person, who.scopes, services().settings.base_url)
