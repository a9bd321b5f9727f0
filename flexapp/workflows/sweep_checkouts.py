"""Close checkouts whose time is long over and whose own job did not: nothing stays reserved for ever."""

from __future__ import annotations

import logging
from datetime import timedelta

from flexapp.errors import Upstream
from flexapp.orders import queries
from flexapp.workflows.expire_checkout import expire_checkout
from flexapp.workflows.services import Services

log = logging.getLogger(__name__)

_AT_ONCE = 50


def sweep_checkouts(services: Services) -> None:
    """Ask Stripe about open orders past their time and grace, and settle them; the job's safety net."""
    grace = timedelta(minutes=services.settings.checkout_grace_minutes)
    with services.database.reading() as session:
        late = queries.open_orders_over(session, before=services.clock.now() - grace, limit=_AT_ONCE)
    for order_id in late:
        try:
            expire_checkout(services, order_id)
        except Upstream as problem:
            log.warning("checkout of %s could not be closed yet: %s", order_id, problem.message)
