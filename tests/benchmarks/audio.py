"""From a master to everything made of it: how many times faster than the music plays."""

from __future__ import annotations

import resource
import time
from pathlib import Path

from flexapp import migrations
from flexapp.app import build_services
from flexapp.demo.beats import BEATS
from flexapp.demo.cast import CAST
from flexapp.demo.seed import sow_beat, sow_person
from tests.benchmarks.setting import Table, settings_in


def run(folder: Path) -> Table:
    """The whole pipeline of one FLAC and one MP3 master."""
    services = build_services(settings_in(folder / "audio"))
    migrations.upgrade(services.database)
    sow_person(services, CAST[0])
    rows = []
    for slug in ("midnight-trap", "cold-estate"):
        started, before = time.perf_counter(), resource.getrusage(resource.RUSAGE_CHILDREN)
        sow_beat(services, CAST[0], BEATS[slug])
        wall, after = time.perf_counter() - started, resource.getrusage(resource.RUSAGE_CHILDREN)
        spent = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        rows.append(
            (
                BEATS[slug].title,
                f"{BEATS[slug].seconds:.0f} s",
                f"{wall:.1f} s",
                f"{spent:.1f} s",
                f"{BEATS[slug].seconds / wall:.0f} x",
            )
        )
    return Table("Work on an upload", ("beat", "length", "wall", "CPU", "faster than it plays"), rows)
