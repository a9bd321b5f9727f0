"""Payments through the stand-in alone: no database, no app."""

from __future__ import annotations

from typing import Any

import pytest
from stripe import StripeClient

from flexapp.config import Env, Settings
from flexapp.gateways.ports import Payments
from flexapp.gateways.stripe import payments_from
from flexapp.localstripe.server import Server


@pytest.fixture
def settings(tmp_path: Any, localstripe: Server) -> Settings:
    return Settings(env=Env.DEVELOPMENT, home=tmp_path, stripe_api_base=localstripe.url)


@pytest.fixture
def payments(settings: Settings) -> Payments:
    return payments_from(settings)


@pytest.fixture
def sdk(localstripe: Server) -> StripeClient:
    bases: Any = dict.fromkeys(("api", "files", "connect", "meter_events"), localstripe.url)
    return StripeClient("sk_test_local_tests", base_addresses=bases, max_network_retries=0)
