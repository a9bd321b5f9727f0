"""What listeners do, through the real door, and the exact figures that must come of it."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.functional.listening import scripts_that_count, scripts_that_do_not
from tests.functional.listening.conftest import Scene
from tests.functional.listening.scripts import SCRIPTS

WRITTEN_IN = (scripts_that_count, scripts_that_do_not)  #: importing them fills SCRIPTS


@pytest.mark.parametrize("about", SCRIPTS)
def test_every_script_leads_to_its_exact_figures(about: str, scenes: Callable[[], Scene]) -> None:
    wrong = {}
    for name, (play, expected) in SCRIPTS[about].items():
        scene = scenes()
        play(scene)
        for _ in range(2):  # folding again changes nothing
            scene.settle()
            found = scene.counts(app_ids=[scene.app.id])
            if found != expected:
                wrong[name] = f"{found} instead of {expected}"
    assert not wrong


def test_there_are_enough_scripts() -> None:
    assert sum(map(len, SCRIPTS.values())) >= 30
