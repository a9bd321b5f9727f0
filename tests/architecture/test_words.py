"""The glossary is law: banned synonyms stay out of code, templates and docs."""

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
BANNED = {
    r"sellers?": "producer",
    r"vendors?": "producer",
    r"referrers?": "affiliate",
    r"licen[c]es?": "license",
    r"playlists?": "lineup",
    r"chargebacks?": "dispute",
    r"withdrawals?": "payout",
    r"beat[ -]?store": "flex app",
}
# Where a banned word is somebody else's term: HTTP's and the browser's referrer, Stripe's own names.
ALLOWED = re.compile(
    r"document\.referrer|referrerpolicy|referrer-policy|request\.referrer|no-referrer|Referrer-Policy|"
    r"strict-origin|music\.playlist|referrer\s*=|\breferrer\b.{0,20}\bhost|host.{0,20}\breferrer\b",
    re.I,
)
READ = ("*.py", "*.js", "*.css", "*.html", "*.md", "*.txt", "*.toml")
LEFT_OUT = ("tests/architecture/", "flexapp/localstripe/", "requirements", "CHANGELOG.md")


def lines() -> list[tuple[str, int, str]]:
    named = subprocess.run(["git", "ls-files", *READ], cwd=ROOT, capture_output=True, text=True).stdout.split(
        "\n"
    )
    found = []
    for name in named:
        path = ROOT / name
        if not name or any(part in name for part in LEFT_OUT) or not path.is_file():
            continue
        for number, line in enumerate(path.read_text(errors="replace").splitlines(), 1):
            found.append((name, number, line))
    return found


@pytest.mark.parametrize(("banned", "wanted"), BANNED.items())
def test_no_banned_word(banned: str, wanted: str) -> None:
    pattern = re.compile(rf"(?<![\w-]){banned}(?![\w-])", re.I)
    hits = [
        f"{name}:{number}: {line.strip()[:100]}"
        for name, number, line in lines()
        if pattern.search(line) and not ALLOWED.search(line)
    ]
    assert not hits, f"say {wanted}:\n" + "\n".join(hits[:20])


def test_the_project_speaks_of_itself_alone() -> None:
    workplace = re.compile(
        "|".join(
            ("/wo" + "rk/", "issue" + r" \d", "\\bages?nt" + "ic", "\\bCla" + "ude\\b", "\\bLL" + "M\\b")
        ),
        re.I,
    )
    hits = [
        f"{name}:{number}: {line.strip()[:100]}" for name, number, line in lines() if workplace.search(line)
    ]
    assert not hits, "\n".join(hits[:20])


def test_lock_files_name_no_host() -> None:
    for path in [
        ROOT / "requirements.lock",
        ROOT / "tests/requirements.lock",
        ROOT / "widgets/requirements.lock",
        ROOT / "widgets/package-lock.json",
    ]:
        text = re.sub(r'"(url|funding)": "[^"]*"', "", path.read_text())
        assert "://" not in text, f"{path.name} names a host"


def test_files_fit_in_the_head() -> None:
    named = subprocess.run(
        ["git", "ls-files", "*.py", "*.js"], cwd=ROOT, capture_output=True, text=True
    ).stdout.split()
    long = {
        name: count
        for name in named
        if "migrations/" not in name and (ROOT / name).is_file()
        if (count := len((ROOT / name).read_text().splitlines())) > 400
    }
    assert not long


def test_no_drawer_is_called_utils() -> None:
    named = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True).stdout.split("\n")
    assert not [name for name in named if re.search(r"(^|/)(utils?|helpers?|common|managers?)(\.|/)", name)]
