"""Every check and chore of the project, as nox sessions; `nox --list` shows them.

A session that makes use of a Debian package ends its docstring with a line `Debian packages: <names>`; `.ci/run`
installs what these lines name. The tests that need one name it where it is missing; in CI they fail then.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import nox

nox.needs_version = ">=2025.11"
nox.options.sessions = ["tests"]
nox.options.reuse_venv = "yes"
nox.options.download_python = "never"
nox.options.error_on_missing_interpreters = False  # they are named in the summary instead

PROJECT = nox.project.load_toml("pyproject.toml")
PYTHONS = nox.project.python_versions(PROJECT)
HERE = f"{sys.version_info.major}.{sys.version_info.minor}"
COVERED = "*/bifrost_sdk/domain/*,*/bifrost_sdk/authority/*"
COVERAGE_FLOOR = 95  # per cent of branches, in the two packages that decide
SWEEPS = "slow or hypothesis"  # the second marks every property, by hypothesis itself
QUICKEST = f"not ({SWEEPS})"
FEWEST = f"{QUICKEST} and not package"
SPREAD = ("--numprocesses=auto", "--hypothesis-profile=quick")


def _add_pyenv_to_path() -> None:
    """Let the interpreters of pyenv be found: its shims are on PATH but fail for versions that are not switched on."""
    root = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv")
    folders = [folder for version in PYTHONS for folder in sorted(root.glob(f"versions/{version}.*/bin"))]
    os.environ["PATH"] = os.pathsep.join([os.environ["PATH"], *map(str, folders)])


def _runs(version: str) -> bool:
    """Whether an interpreter of that version is found; each candidate is run, as one on PATH may be broken."""
    candidates = (Path(folder, f"python{version}") for folder in os.environ["PATH"].split(os.pathsep))
    return any(
        subprocess.call([path, "-c", ""], stderr=subprocess.DEVNULL) == 0 for path in candidates if path.exists()
    )


_add_pyenv_to_path()
FOUND = [version for version in PYTHONS if version == HERE or _runs(version)] or [HERE]
OLDEST, NEWEST = FOUND[0], FOUND[-1]


def _group(*names: str) -> tuple[str, ...]:
    return nox.project.dependency_groups(PROJECT, *names)


@nox.session
def demo(session: nox.Session) -> None:
    """Make a small show of USD files in a temporary workspace, and show what happened, on a page too."""
    session.install(".[cli,usd]")
    session.run("bifrost", "demo", *session.posargs)


@nox.session
def tests(session: nox.Session) -> None:
    """Everything a change must pass: the suite on three Pythons, lint, types, imports, documentation.

    The oldest Python found has the oldest parts that hosts bring, the newest one the core's dependencies only; those
    between have a session of their own, `suite`.

    With arguments (`nox -s tests -- tests/domain -k frames`) only pytest runs, with these arguments.

    Debian packages: strace chromium openssl
    """
    if HERE not in PYTHONS:
        session.error(f"nox runs on Python {HERE}; run it with one of {', '.join(PYTHONS)}")
    session.install(".[all]", *_group("test"))
    if session.posargs:
        session.run("pytest", *session.posargs)
        return
    for name in ("lint", "types", "imports", "docs", f"lowest-{OLDEST}", f"tests-minimal-{NEWEST}"):
        session.notify(name, posargs=["--check"] if name == "docs" else [])
    # Tracing makes sweeps several times slower and finds no branch that the other tests leave out.
    session.run("pytest", "--numprocesses=auto", "-m", QUICKEST, "--cov", "--cov-report=")
    session.run("coverage", "report", f"--include={COVERED}", f"--fail-under={COVERAGE_FLOOR}")
    session.run("pytest", "--numprocesses=auto", "-m", SWEEPS, "--hypothesis-profile=ci")


@nox.session(python=PYTHONS)
def suite(session: nox.Session) -> None:
    """Run the suite on one Python, without the sweeps and properties that `tests` runs."""
    session.install(".", *_group("test"))
    session.run("pytest", *SPREAD, "-m", QUICKEST, *session.posargs)


@nox.session(name="tests-minimal", python=[NEWEST])
def tests_minimal(session: nox.Session) -> None:
    """Run the suite with the core dependencies only, on the newest Python found."""
    session.install(".", *_group("minimal"))
    session.run("pytest", *SPREAD, "-m", FEWEST, *session.posargs)


@nox.session(python=[OLDEST])
def lowest(session: nox.Session) -> None:
    """Run the suite with the oldest parts that hosts bring, on the oldest Python found."""
    session.install("--constraint=constraints/hosts.txt", ".", *_group("minimal"))
    session.run("pytest", *SPREAD, "-m", FEWEST, *session.posargs)


@nox.session
def lint(session: nox.Session) -> None:
    """Check rules and format with ruff; `nox -s lint -- --fix` mends what can be mended."""
    session.install(*_group("lint"))
    fix = "--fix" in session.posargs
    session.run("ruff", "check", *(["--fix"] if fix else []))
    session.run("ruff", "format", *([] if fix else ["--check", "--diff"]))


@nox.session
def types(session: nox.Session) -> None:
    """Check types with mypy --strict, as the oldest and as the newest Python reads them."""
    session.install(*PROJECT["project"]["dependencies"], *_group("types"), *_group("minimal"))
    for version in (PYTHONS[0], PYTHONS[-1]):
        session.run("mypy", "--strict", f"--python-version={version}", *session.posargs)


@nox.session
def imports(session: nox.Session) -> None:
    """Check with import-linter that imports only point down."""
    session.install(*_group("imports"))
    session.run("lint-imports", "--no-cache", *session.posargs, env={"PYTHONPATH": "src"})


@nox.session
def soak(session: nox.Session) -> None:
    """Run random histories and processes for longer; minutes to hours, so it is no part of `tests`."""
    session.install(".[server]", *_group("minimal"))
    paths = [f"tests/contracts/test_{name}.py" for name in ("random_histories", "processes", "served")]
    session.run("pytest", *paths, *session.posargs, env={"BIFROST_SOAK": "1"})


@nox.session
def crashes(session: nox.Session) -> None:
    """Kill, fail and race publishers at each of their system calls; minutes to an hour, so `tests` runs a sample.

    Debian packages: strace
    """
    session.install(".", *_group("minimal"))
    session.run("pytest", "--numprocesses=auto", "tests/crash", *session.posargs, env={"BIFROST_SOAK": "1"})


@nox.session
def docs(session: nox.Session) -> None:
    """Write docs/reference and pictures from the code; `nox -s docs -- --check` fails instead where they differ."""
    session.install(".[cli]")
    session.run("python", "docs/generate.py", *session.posargs)
    session.run("python", "docs/picture.py", *session.posargs)


@nox.session
def bench(session: nox.Session) -> None:
    """Measure each promise of speed beside its floor and write docs/benchmarks.md."""
    session.install(".[all]", "lucidity")  # a peer of the templates, measured in the same run
    session.run("python", "tests/bench", *session.posargs)


@nox.session(venv_backend="none")
def changelog(session: nox.Session) -> None:
    """Move the fragments of changelog.d into CHANGELOG.md for a release: `nox -s changelog -- 0.2.0 2026-01-31`."""
    session.run(sys.executable, "docs/changelog.py", *session.posargs)
