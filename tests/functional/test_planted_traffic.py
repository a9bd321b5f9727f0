"""Each planted error fails the test that sent it, and the run as a whole."""

import re
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent


def test_every_planted_error_fails_its_test_and_the_run(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:xdist", "-rE"]
    command.append(f"--basetemp={tmp_path / 'planted'}")
    run = subprocess.run(
        [*command, str(HERE / "planted_traffic.py")], capture_output=True, text=True, cwd=HERE.parents[1]
    )
    failed = re.findall(r"^ERROR \S+::(test_[^\n]*?)(?: - |$)", run.stdout, re.M)
    assert run.returncode == 1, run.stdout
    assert set(failed) == {
        *(
            f"test_a_planted_{side}[{what}]"
            for side in ("request", "answer")
            for what in ("field", "type", "enum value")
        ),
        "test_an_endpoint_that_is_not_implemented",
    }, run.stdout
    assert "8 passed" in run.stdout, "the traffic itself worked: only its shape was wrong"
    assert "7 errors" in run.stdout
    assert "assert server.violations == []" in run.stdout, "the end of the run says it once more"
