"""Delete files that no row names any more; a job, so that a crash or an outage leaves none behind."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from sqlalchemy.orm import Session

from flexapp.outbox.operations import enqueue
from flexapp.workflows.services import Services

JOB = "objects.delete"


def promise(session: Session, keys: Collection[str], *, key: str, now: datetime) -> None:
    """Delete these objects once the session has committed; ``key`` names the reason, once each."""
    if keys:
        enqueue(session, JOB, key=f"{JOB}:{key}", payload={"keys": sorted(set(keys))}, now=now)


def delete_objects(services: Services, keys: list[str]) -> None:
    """The job: may run twice, since a missing object is no error. Raises Upstream to be tried again."""
    for key in keys:
        services.objects.delete(key)
