"""Device class, system and browser by what a browser says of itself: ua-parser's rules, few names.

Where a browser sends low-entropy client hints (``Sec-CH-UA-*``) they win, since its user agent is frozen.
Device classes are our own rule: Android without "Mobile" is a tablet. Everything is remembered by what was
said, so thousands of reports a second cost a look into a dictionary.
"""

from __future__ import annotations

import re
from enum import StrEnum
from functools import lru_cache

from ua_parser import parse_os, parse_user_agent

_LONGEST = 500
_TABLET = re.compile(r"iPad|Tablet|PlayBook|Silk/|Kindle", re.I)
_TELEVISION = re.compile(r"\bTV\b|SmartTV|AppleTV|GoogleTV|HbbTV|Roku|BRAVIA|CrKey|Tizen.*TV|Web0S", re.I)
_CONSOLE = re.compile(r"PlayStation|Xbox|Nintendo", re.I)
_BRAND = re.compile(r'"([^"]{1,40})";\s*v="')

_BROWSERS = {
    "Chrome": "Chrome",
    "Chromium": "Chrome",
    "Google Chrome": "Chrome",
    "Firefox": "Firefox",
    "Safari": "Safari",
    "Edge": "Edge",
    "Microsoft Edge": "Edge",
    "Opera": "Opera",
    "Opera GX": "Opera",
    "Samsung Internet": "Samsung Internet",
    "Brave": "Brave",
    "Vivaldi": "Vivaldi",
    "Yandex Browser": "Yandex",
    "YaBrowser": "Yandex",
    "UC Browser": "UC Browser",
    "DuckDuckGo": "DuckDuckGo",
    "Facebook": "Facebook",
    "Instagram": "Instagram",
    "TikTok": "TikTok",
    "Snapchat": "Snapchat",
    "WebKit": "Safari",
    "MiuiBrowser": "Xiaomi",
    "Huawei Browser": "Huawei",
    "Whale": "Whale",
}
_SYSTEMS = {
    "Windows": "Windows",
    "Mac OS X": "macOS",
    "macOS": "macOS",
    "iOS": "iOS",
    "iPadOS": "iOS",
    "Android": "Android",
    "Chrome OS": "ChromeOS",
    "Chromium OS": "ChromeOS",
    "HarmonyOS": "HarmonyOS",
    "Tizen": "Tizen",
    "Linux": "Linux",
    "Ubuntu": "Linux",
    "Fedora": "Linux",
    "Debian": "Linux",
}
_PREFIXES = re.compile(r"^(?:Mobile |Headless)|(?: Mobile(?: WebView)?| WebView| iOS| Mobile Browser)$")


class Device(StrEnum):
    """What kind of thing the browser runs on."""

    DESKTOP = "desktop"  #: a computer
    PHONE = "phone"  #: fits a hand
    TABLET = "tablet"  #: larger, without a keyboard
    TELEVISION = "tv"  #: a television set or what is plugged into one
    CONSOLE = "console"  #: for games


OTHER = "Other"
"""A name that is not on the list."""


@lru_cache(maxsize=8192)
def read_agent(
    user_agent: str, brands: str = "", platform: str = "", mobile: str = ""
) -> tuple[str, str, str]:
    """Device, system and browser; empty texts when nothing was said.

    ``brands``, ``platform`` and ``mobile`` are the headers Sec-CH-UA, -Platform and -Mobile as they came.
    """
    agent = user_agent.strip()[:_LONGEST]
    if not agent:
        return "", "", ""
    system = _system(agent, platform[:40].strip('" '))
    return _device(agent, system, mobile), system, _browser(agent, brands[:_LONGEST])


def _system(agent: str, platform: str) -> str:
    if platform in _SYSTEMS:
        return _SYSTEMS[platform]
    found = parse_os(agent)
    family = found.family if found else ""
    return _SYSTEMS.get(family, OTHER)


def _browser(agent: str, brands: str) -> str:
    said = [_BROWSERS[brand] for brand in _BRAND.findall(brands) if brand in _BROWSERS]
    special = [name for name in said if name != "Chrome"]
    found = parse_user_agent(agent)
    by_agent = _BROWSERS.get(_PREFIXES.sub("", _PREFIXES.sub("", found.family if found else "")), OTHER)
    if special:
        return special[0]
    # A browser made of Chrome may hint at nothing else: its name then stands in the agent alone.
    return by_agent if by_agent != OTHER or not said else said[0]


def _device(agent: str, system: str, mobile: str) -> str:
    if _TELEVISION.search(agent):
        return Device.TELEVISION.value
    if _CONSOLE.search(agent):
        return Device.CONSOLE.value
    if _TABLET.search(agent) or (system == "Android" and "Mobile" not in agent and mobile != "?1"):
        return Device.TABLET.value
    if mobile == "?1" or "Mobi" in agent or system == "iOS":
        return Device.PHONE.value
    return Device.DESKTOP.value
