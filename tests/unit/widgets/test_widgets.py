"""The browser's pure modules, under Node's own test runner."""

import shutil
import subprocess
from pathlib import Path

import pytest

HERE = Path(__file__).parent
FILES = sorted(path.name for path in HERE.glob("*.test.mjs"))


@pytest.mark.parametrize("name", FILES)
def test_every_case_of_the_file_passes_in_node(name: str) -> None:
    node = shutil.which("node")
    assert node, "Node is part of the environment: run the tests by `make test`"
    done = subprocess.run(
        [node, "--test", "--test-reporter=tap", name], cwd=HERE, capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-2000:]
    assert "\n# fail 0" in done.stdout
    assert "\n# pass 0\n" not in done.stdout
