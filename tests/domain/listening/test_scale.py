"""Many listens: what roll-ups and sealed files say of an app is what plain Python counts."""

from pathlib import Path

import pytest

from tests.benchmarks import scale


@pytest.mark.slow
def test_figures_of_many_listens_equal_brute_force(tmp_path: Path) -> None:
    built = scale.build(tmp_path, 1_000_000, days=3)
    try:
        for number in (1, 40):
            scale.check(built, number)
    finally:
        built.database.close()
