"""The dimensions of a request: country by its address, device, system and browser by its headers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flexapp.gateways.ports import Countries
from flexapp.listening.agents import read_agent
from flexapp.listening.dimensions import Dimensions


def dimensions_of(environ: Mapping[str, Any], countries: Countries, layout: str = "") -> Dimensions:
    """Who looks, without who it is; ``layout`` is the player's, if it is one that asks."""
    get = environ.get
    device, system, browser = read_agent(
        get("HTTP_USER_AGENT", ""),
        get("HTTP_SEC_CH_UA", ""),
        get("HTTP_SEC_CH_UA_PLATFORM", ""),
        get("HTTP_SEC_CH_UA_MOBILE", ""),
    )
    return Dimensions(countries.country_of(get("REMOTE_ADDR") or ""), device, system, browser, layout)
