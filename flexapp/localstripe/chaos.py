"""What may go wrong with webhooks on their way, switched on by the environment or on the dashboard."""

from __future__ import annotations

import os
from dataclasses import dataclass, fields

from flexapp.localstripe.state import State

_PREFIX = "FLEXAPP_LOCALSTRIPE_"


@dataclass(frozen=True)
class Chaos:
    """The switches; all off is a calm network."""

    duplicate: int = 0  #: how many times more each event is delivered
    delay: float = 0.0  #: seconds before a delivery leaves
    shuffle: float = 0.0  #: seconds within which deliveries leave in random order
    drop: float = 0.0  #: share of deliveries that are lost for good, 0 to 1

    @property
    def is_calm(self) -> bool:
        """Nothing goes wrong."""
        return self == Chaos()


def from_environment() -> dict[str, str]:
    """``FLEXAPP_LOCALSTRIPE_DUPLICATE``, ``_DELAY``, ``_SHUFFLE`` and ``_DROP`` that are set."""
    names = {field.name: os.environ.get(_PREFIX + field.name.upper()) for field in fields(Chaos)}
    return {name: value for name, value in names.items() if value}


def read(state: State) -> Chaos:
    """The switches as they stand."""
    values = {field.name: state.setting(f"chaos_{field.name}") for field in fields(Chaos)}
    return Chaos(
        duplicate=int(values["duplicate"] or 0),
        delay=float(values["delay"] or 0),
        shuffle=float(values["shuffle"] or 0),
        drop=float(values["drop"] or 0),
    )


def write(state: State, switches: dict[str, str]) -> None:
    """Set switches by name; raises ValueError for what is no number or out of bounds."""
    bounds = {"duplicate": 10.0, "delay": 600.0, "shuffle": 60.0, "drop": 1.0}
    checked = {}
    for name, most in bounds.items():
        if name in switches:
            number = float(switches[name] or 0)
            if not 0 <= number <= most:
                raise ValueError(f"{name} is between 0 and {most:g}")
            checked[name] = str(int(number)) if name == "duplicate" else str(number)
    for name, value in checked.items():
        state.set(f"chaos_{name}", value)
