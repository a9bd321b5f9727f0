"""What a serving process makes ready after its start, beside its first requests: nobody waits for it."""

from __future__ import annotations

import gc
import threading

from flexapp.gateways.ports import Networks
from flexapp.listening.agents import read_agent
from flexapp.listening.bots import is_bot

_NOBODY = "192.0.2.1"  #: for documentation (RFC 5737)
_BROWSER = "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0"


def start(networks: Networks) -> threading.Thread:
    """Begin; the thread ends by itself."""
    thread = threading.Thread(target=_warm, args=(networks,), name="warming", daemon=True)
    thread.start()
    return thread


def _warm(networks: Networks) -> None:
    """Load what the first report needs, and take what lives forever from the collector's view.

    The rules that name browsers and programs are read when they are first asked, and so are the networks of
    data centers: half a second each. Without the freeze every full collection goes through all modules and
    templates again: a fifth of the processor time of a stored report.
    """
    is_bot(_BROWSER)
    read_agent(_BROWSER)
    networks.number_of(_NOBODY)
    gc.collect()
    gc.freeze()
