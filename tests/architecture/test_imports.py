"""The floors of the house hold."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def test_every_import_contract_is_kept() -> None:
    done = subprocess.run(
        [Path(sys.executable).parent / "lint-imports", "--no-cache"], cwd=ROOT, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-2000:]


def test_the_contracts_catch_a_planted_violation(tmp_path: Path) -> None:
    copy = tmp_path / "tree"
    import shutil

    for name in ("flexapp", "embed"):
        shutil.copytree(
            ROOT / name, copy / name, ignore=shutil.ignore_patterns("*.flac", "*.mp3", "dist", "__pycache__")
        )
    shutil.copytree(ROOT / "sdk" / "src" / "flexapp_sdk", copy / "flexapp_sdk")
    shutil.copy(ROOT / "pyproject.toml", copy / "pyproject.toml")
    (copy / "flexapp" / "kernel" / "planted.py").write_text("import flask\n")
    done = subprocess.run(
        [Path(sys.executable).parent / "lint-imports", "--no-cache"],
        cwd=copy,
        capture_output=True,
        text=True,
        env={"PYTHONPATH": str(copy), "PATH": "/usr/bin:/bin"},
    )
    assert done.returncode != 0
    assert "Flask stays at the edge BROKEN" in done.stdout, done.stdout[-2000:]
