"""What is made ready after the start."""

from __future__ import annotations

import gc

import pytest
import ua_parser

from flexapp.gateways.ports import NoNetworks
from flexapp.listening.agents import read_agent
from flexapp.web import warming


def test_the_first_report_finds_the_rules_of_browsers_loaded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(vars(ua_parser), "parser", raising=False)
    read_agent.cache_clear()
    try:
        warming.start(NoNetworks()).join(20)
        assert "parser" in vars(ua_parser)
        assert gc.get_freeze_count() > 10_000, "what lives forever is not looked through again"
    finally:
        gc.unfreeze()
