"""What the house promises about itself: package, sessions, entry page and habits agree with each other."""

from __future__ import annotations

import importlib.util
import re
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parent.parent
PYTHONS = ["3.10", "3.11", "3.12", "3.13"]
FORBIDDEN = {
    "a path of one machine": re.compile(r"(?<![\w.}>~*-])(/root|/work|/Users|/home/\w+|[A-Z]:\\Users)[/\\]"),
    "work left without an issue": re.compile(r"\b(TODO|FIXME|XXX)\b(?! #\d)(?!\|)"),
    "a suppression without its reason": re.compile(
        r"# (?:type: ignore(?:\[[\w, -]+\])?|noqa(?:: [A-Z]+\d+(?:, [A-Z]+\d+)*)?|pragma: no (?:cover|branch))"
        r"(?!\[|: |\w)(?! *(?:#|-|,|;|\() *\w)"
    ),
}


def load_toml(path: Path) -> dict[str, Any]:  # Any: whatever TOML can hold
    """Read a TOML file with what each Python has: the library is part of Python from 3.11 on."""
    if sys.version_info >= (3, 11):
        import tomllib
    else:
        import tomli as tomllib  # pytest brings it on 3.10
    data: dict[str, Any] = tomllib.loads(path.read_text(encoding="utf-8"))
    return data


def load_script(path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


PROJECT = load_toml(ROOT / "pyproject.toml")["project"]
changelog = load_script(ROOT / "docs/changelog.py")


def tracked_files() -> list[Path]:
    """The text files under version control."""
    command = ["git", "-c", "safe.directory=*", "-C", str(ROOT), "ls-files", "-z"]
    try:
        names = subprocess.run(command, capture_output=True, check=True, text=True).stdout.split("\0")
    except (FileNotFoundError, subprocess.CalledProcessError):
        pytest.skip("not a git checkout")
    paths = [ROOT / name for name in names if name and name not in ("LICENSE", "tests/test_house.py")]
    return [path for path in paths if path.is_file() and b"\0" not in path.read_bytes()]


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> dict[str, set[str]]:
    """The names in the source archive and in the wheel built from it, and the wheel's metadata under `METADATA`."""
    folder = tmp_path_factory.mktemp("dist")
    command = [sys.executable, "-m", "build", "--no-isolation", "--outdir", str(folder), str(ROOT)]
    subprocess.run(command, check=True, capture_output=True)
    with tarfile.open(next(folder.glob("*.tar.gz"))) as archive:
        source = {name.partition("/")[2] for name in archive.getnames()}
    with zipfile.ZipFile(next(folder.glob("*.whl"))) as wheel:
        names = set(wheel.namelist())
        metadata = wheel.read(next(name for name in names if name.endswith("METADATA"))).decode()
    return {"sdist": source, "wheel": names, "METADATA": set(metadata.splitlines())}


@pytest.mark.package
def test_wheel_holds_types_and_license_when_built(built: dict[str, set[str]]) -> None:
    assert "bifrost_sdk/py.typed" in built["wheel"]
    about = f"bifrost_sdk-{PROJECT['version']}.dist-info"
    assert f"{about}/licenses/LICENSE" in built["wheel"]
    assert {name.partition("/")[0] for name in built["wheel"]} == {"bifrost_sdk", about}
    assert {"Requires-Python: >=3.10", "License-Expression: Apache-2.0"} <= built["METADATA"]


@pytest.mark.package
def test_source_archive_holds_what_the_tests_need_when_built(built: dict[str, set[str]]) -> None:
    assert {"LICENSE", "README.md", "noxfile.py", "pyproject.toml", "src/bifrost_sdk/py.typed"} <= built["sdist"]
    assert {"tests/conftest.py", "constraints/hosts.txt", "changelog.d/README.md"} <= built["sdist"]


def test_license_is_apache_when_read() -> None:
    text = (ROOT / "LICENSE").read_text(encoding="utf-8")
    assert "Apache License" in text
    assert "Version 2.0, January 2004" in text
    assert "END OF TERMS AND CONDITIONS" in text


def test_both_commands_are_one_when_installed() -> None:
    assert PROJECT["scripts"] == dict.fromkeys(("bifrost", "bifrost-sdk"), "bifrost_sdk.cli.main:main")


def test_python_range_is_one_when_read_from_each_place() -> None:
    prefix = "Programming Language :: Python :: 3."
    assert ["3." + text.removeprefix(prefix) for text in PROJECT["classifiers"] if text.startswith(prefix)] == PYTHONS
    assert PROJECT["requires-python"] == f">={PYTHONS[0]}"
    assert "PYTHONS = nox.project.python_versions(PROJECT)" in (ROOT / "noxfile.py").read_text(encoding="utf-8")
    workflow = (ROOT / ".github/workflows/tests.yml").read_text(encoding="utf-8")
    assert sorted(re.findall(r"^ +(3\.\d+)$", workflow, re.MULTILINE)) == PYTHONS


def test_floors_are_the_tested_ones_when_compared_with_constraints() -> None:
    lines = (ROOT / "constraints/hosts.txt").read_text(encoding="utf-8").splitlines()
    tested = dict(line.split("==") for line in lines if not line.startswith("#"))
    floors = dict(text.split(">=") for text in PROJECT["dependencies"])
    assert {name: version.removesuffix(".0") for name, version in tested.items()} == {
        name: version.removesuffix(".0") for name, version in floors.items()
    }
    assert (tested["attrs"], tested["cattrs"]) == ("22.2.0", "23.1.2")


def test_extras_are_the_promised_ones_when_listed() -> None:
    extras = PROJECT["optional-dependencies"]
    assert set(extras) == {"openassetio", "usd", "watch", "blake3", "images", "cli", "server", "cloud", "all"}
    assert extras["all"] == [f"bifrost-sdk[{','.join(name for name in extras if name != 'all')}]"]


def test_readme_sets_up_with_exactly_two_commands_when_followed() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    commands = [line for block in re.findall(r"```bash\n(.*?)```", readme, re.DOTALL) for line in block.splitlines()]
    assert [command[-len("nox -s tests") :].strip() for command in commands] == ["nox -s demo", "nox -s tests"]
    assert commands[1] in (ROOT / ".ci/run").read_text(encoding="utf-8")


def test_ci_runs_each_session_when_it_is_a_check() -> None:
    text = (ROOT / ".ci/run").read_text(encoding="utf-8")
    assert {"tests", "demo"} <= set(text.split())
    sessions = (ROOT / "noxfile.py").read_text(encoding="utf-8")
    (names,) = re.findall(r"for name in \((.*?)\):", sessions)
    assert set(re.findall(r'"([a-z]+[a-z-]*[a-z])-?[{"]', names)) == {
        "lint",
        "types",
        "imports",
        "docs",
        "lowest",
        "tests-minimal",
    }
    assert (ROOT / ".ci/run").stat().st_mode & 0o111 or sys.platform == "win32"


@pytest.mark.parametrize("path", changelog.fragments(ROOT), ids=lambda path: path.name)
def test_fragment_can_be_released_when_it_is_kept(path: Path) -> None:
    assert changelog.read(path)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("12-short.md", "### Added\n- x\n"),
        ("012-Upper.md", "### Added\n- x\n"),
        ("012-a.md", "Added\n- x\n"),
        ("012-a.md", "### New\n- x\n"),
        ("012-a.md", "### Added\nx\n"),
        ("012-a.md", "### Fixed\n- x\n\n### Added\n- y\n"),
        ("012-a.md", "### Added\n- x\n\n### Added\n- y\n"),
        ("012-a.md", ""),
    ],
)
def test_fragment_is_refused_when_its_form_is_wrong(name: str, text: str, tmp_path: Path) -> None:
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ValueError, match=name):
        changelog.read(path)


def test_release_gathers_fragments_when_there_are_several(tmp_path: Path) -> None:
    folder = tmp_path / "changelog.d"
    folder.mkdir()
    (folder / "README.md").write_text("the rule", encoding="utf-8")
    (folder / "1000-later.md").write_text("### Added\n- later\n", encoding="utf-8")
    (folder / "007-first.md").write_text("### Added\n- first\n\n### Fixed\n- a bug\n", encoding="utf-8")
    assert changelog.release(tmp_path, "0.2.0", "2026-01-31") == (
        "\n## 0.2.0 (2026-01-31)\n\n### Added\n- first\n- later\n\n### Fixed\n- a bug\n"
    )


@pytest.mark.parametrize("what", FORBIDDEN)
def test_files_hold_nothing_forbidden_when_tracked(what: str) -> None:
    found = [
        f"{path.relative_to(ROOT).as_posix()}:{number}: {line.strip()}"
        for path in tracked_files()
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1)
        if FORBIDDEN[what].search(line)
    ]
    assert not found, f"{what}:\n" + "\n".join(found)


@pytest.mark.parametrize(
    ("what", "line", "is_forbidden"),
    [
        ("a path of one machine", "see /root/project/x.py", True),
        ("a path of one machine", '"/home/someone/shows"', True),
        ("a path of one machine", r"C:\Users\someone", True),
        ("a path of one machine", "shots/sq010/work/x and {root}/work/x", False),
        ("work left without an issue", "# TODO: later", True),
        ("work left without an issue", "# TODO #12: later", False),
        ("a suppression without its reason", "x = y  # type: ignore[misc]", True),
        ("a suppression without its reason", "x = y  # noqa: S101", True),
        ("a suppression without its reason", "x = y  # noqa: S101, B018", True),
        ("a suppression without its reason", "x = y  # noqa", True),
        ("a suppression without its reason", "x = y  # type: ignore[misc]  # the stub is wrong", False),
        ("a suppression without its reason", "x = y  # noqa: S101, B018 - shown on purpose", False),
    ],
)
def test_forbidden_pattern_tells_apart_when_given_examples(what: str, line: str, *, is_forbidden: bool) -> None:
    assert bool(FORBIDDEN[what].search(line)) == is_forbidden
