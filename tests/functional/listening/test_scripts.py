"""What listeners do, through the real door, and the exact figures that must come of it."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import timedelta

from flexapp.listening.insights import Counts
from flexapp.listening.rebuilding import rebuild
from flexapp.listening.upkeep import mirror_of
from tests.functional.listening import scripts_that_count, scripts_that_do_not
from tests.functional.listening.conftest import Scene
from tests.functional.listening.scripts import SCRIPTS

WRITTEN_IN = (scripts_that_count, scripts_that_do_not)  #: importing them fills SCRIPTS


def test_every_script_leads_to_its_exact_figures(scenes: Callable[[], Scene]) -> None:
    """All in one database, each with people, beats and an app of its own; a rebuild says the same."""
    wrong, told = {}, []
    for scripts in SCRIPTS.values():
        for name, (play, expected) in scripts.items():
            scene = scenes()
            play(scene)
            told.append((name, scene, expected))
            for _ in range(2):  # folding again changes nothing
                scene.settle()
                found = scene.counts(app_ids=[scene.app.id])
                if found != expected:
                    wrong[name] = f"{found} instead of {expected}"
    assert not wrong
    rebuild(
        scene.services.database,
        mirror_of(scene.services),
        now=scene.clock.now() + timedelta(days=8),
        raw_days=scene.services.settings.raw_days,
    )
    for name, scene, expected in told:
        found = scene.counts(app_ids=[scene.app.id])
        if found != expected:
            wrong[name] = f"{found} instead of {expected}"
    assert not wrong


def test_late_shuffled_repeated_and_torn_reports_give_the_same_figures(scenes: Callable[[], Scene]) -> None:
    """Random listening of two visitors, told in order and in every disorder that networks make."""
    for seed in range(8):
        assert figures(scenes(), seed, in_order=False) == figures(scenes(), seed, in_order=True), seed


def figures(scene: Scene, seed: int, *, in_order: bool) -> Counts:
    """The figures of random listening, reported at its end: in order, or torn, repeated and shuffled."""
    chance, mess = random.Random(seed), random.Random(seed + 1000)
    reports = []
    for visitor in range(2):
        listener = scene.listener(address=f"203.0.113.{visitor}")
        for _ in range(3):
            beat = chance.choice((scene.beat, scene.other, scene.short))
            longest = (beat.duration_ms or 0) // 1000
            spans = []
            for _ in range(chance.randint(1, 3)):
                start = chance.randint(0, longest - 1)
                spans.append((start, chance.randint(start + 1, longest)))
            bodies = listener.script(beat, *spans)
            reports += [(listener, event) for body in bodies for event in body]
            scene.wait(chance.choice((0, 600, 3600)))
    if in_order:
        for listener, event in reports:
            assert listener.send([event]).status_code == 204
    else:
        reports += mess.sample(reports, len(reports) // 3)
        mess.shuffle(reports)
        while reports:
            listener = reports[0][0]
            size = mess.randint(1, 9)
            mine = [report for report in reports if report[0] is listener][:size]
            for report in mine:
                reports.remove(report)
            assert listener.send([event for _, event in mine]).status_code == 204
            if mess.random() < 0.2:
                scene.settle()
                scene.wait(mess.choice((1, 300, 86_400)))
    scene.settle()
    return scene.counts(app_ids=[scene.app.id])


def test_there_are_enough_scripts() -> None:
    assert sum(map(len, SCRIPTS.values())) >= 45
