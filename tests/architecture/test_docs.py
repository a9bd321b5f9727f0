"""Documents point at things that are there."""

import re
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
_LINK = re.compile(r"!?\[[^\]]*\]\(([^)#\s]+)(?:#[^)]*)?\)")


def test_every_relative_link_of_a_document_leads_somewhere() -> None:
    named = subprocess.run(
        ["git", "ls-files", "*.md"], cwd=ROOT, capture_output=True, text=True
    ).stdout.split()
    broken = [
        f"{name}: {target}"
        for name in named
        for target in _LINK.findall((ROOT / name).read_text())
        if "://" not in target and not target.startswith(("mailto:", "/"))
        if not ((ROOT / name).parent / target).exists()
    ]
    assert not broken


def test_the_readme_gives_the_commands_that_the_makefile_has() -> None:
    readme, makefile = (ROOT / "README.md").read_text(), (ROOT / "Makefile").read_text()
    for command in ("demo", "test", "bench"):
        assert f"make {command}" in readme
        assert re.search(rf"^{command}:", makefile, re.M)


def test_every_setting_that_the_documents_name_exists() -> None:
    from flexapp.config import Settings

    text = (ROOT / "README.md").read_text() + (ROOT / "flexapp/README.md").read_text()
    named = {name.lower() for name in re.findall(r"FLEXAPP_([A-Z_]+[A-Z])", text)}
    assert named <= set(Settings.model_fields)
