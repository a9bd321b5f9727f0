"""Everything a workflow may need besides its session: settings, clock, signer, ports."""

from __future__ import annotations

from dataclasses import dataclass, field

from flexapp.apps import shown
from flexapp.config import Settings
from flexapp.gateways.ports import Countries, Mailer, Networks, NoCountries, NoNetworks, Objects, Payments
from flexapp.kernel.bell import Bell
from flexapp.kernel.clock import Clock
from flexapp.kernel.signing import Signer
from flexapp.storage.session import Database


@dataclass(frozen=True)
class Services:
    """Made once by ``app.py``; passed down, never looked up."""

    settings: Settings
    database: Database
    clock: Clock
    signer: Signer
    payments: Payments
    objects: Objects
    mailer: Mailer
    countries: Countries = field(default_factory=NoCountries)
    networks: Networks = field(default_factory=NoNetworks)
    wake_worker: Bell = field(default_factory=Bell)  #: ``services.wake_worker()`` after a commit

    def __post_init__(self) -> None:
        """Whatever this process changes of what visitors see, every process learns."""
        shown.install()
