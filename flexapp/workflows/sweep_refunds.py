"""Give back what still waits in suspense: after a refund that failed, or work that was given up."""

from __future__ import annotations

from datetime import timedelta

from flexapp.orders import queries
from flexapp.outbox.operations import enqueue, retry
from flexapp.outbox.queries import unfinished_jobs
from flexapp.workflows.services import Services

KIND = "order.refund_conflict"
_PAUSE = timedelta(hours=1)  # for a job that was given up
_AT_ONCE = 500


def sweep_refunds(services: Services) -> None:
    """Promise the refund of each held payment that nobody is about to give back; Stripe is not asked here."""
    now = services.clock.now()
    with services.database.reading() as session:
        if not queries.held_payments_owed(session, limit=1):
            return
    with services.database.writing() as session:
        owed = queries.held_payments_owed(session, limit=_AT_ONCE)
        orders = queries.orders_by_ids(session, {held.order_id for held in owed})
        jobs = {
            (job.payload["order_id"], job.payload.get("charge_id")): job
            for job in unfinished_jobs(session, KIND)
        }
        for held in owed:
            other = held.charge_id if orders[held.order_id].charge_id != held.charge_id else None
            job = jobs.get((held.order_id, other))
            if job is None:
                enqueue(
                    session,
                    KIND,
                    key=f"{KIND}:{held.charge_id}:{now:%Y%m%d%H%M%S}",
                    payload={"order_id": held.order_id} | ({"charge_id": other} if other else {}),
                    now=now,
                )
            elif job.failed_at is not None and job.failed_at <= now - _PAUSE:
                retry(session, job.id, now=now)
    services.wake_worker()
