"""Programs that are no listeners, by what they call themselves.

The list is ``crawler-user-agents`` (MIT), whose version is in the lock; two rules of OP3 are added: no
name at all, and an unknown name that says bot, crawler or spider. In-app browsers of people and a
phone called CUBOT are let through first, since crawler lists swallow real apps.
"""

from __future__ import annotations

import re
from functools import lru_cache

from crawleruseragents import is_crawler

_PEOPLE = re.compile(r"\bCUBOT\b|\[FB(?:AN|IOS)|FBAV/|\bInstagram \d|musical_ly|BytedanceWebview|Snapchat/\d")
_PROGRAM = re.compile(
    r"bot\b|crawl|spider|preview|headless|\bcurl/|\bwget/|python|\bgo-http-client|okhttp", re.I
)


@lru_cache(maxsize=4096)
def is_bot(user_agent: str) -> bool:
    """Whether the name is missing or is a program's."""
    name = user_agent.strip()
    if not name:
        return True
    if _PEOPLE.search(name):
        return False
    return bool(_PROGRAM.search(name)) or is_crawler(name[:500])
