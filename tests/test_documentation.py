"""Whatever the documentation shows is run: blocks of Python and commands in pages, examples in docstrings.

The Python blocks of one page share a namespace and a temporary folder, as a reader would type them one after another.
A block whose info string says `python no-run: <reason>` is not run. In a `console` block the lines that start with
`$ bifrost` are run, and the lines below are what they print (`...` stands for anything, but not in an error's text);
a comment says which exit status it has if not 0 (`# exit status 1`).
"""

from __future__ import annotations

import doctest
import importlib
import re
import shlex
import subprocess
import sys
from pathlib import Path

import attrs
import pytest

from bifrost_sdk.errors import CatalogError
from bifrost_sdk.session import Session

ROOT = Path(__file__).resolve().parent.parent
SOURCE = ROOT / "src"
PAGES = [ROOT / "README.md", ROOT / "docs/ARCHITECTURE.md", *sorted((ROOT / "docs/guides").glob("*.md"))]
MODULES = [path for path in sorted(SOURCE.rglob("*.py")) if ">>> " in path.read_text(encoding="utf-8")]
FENCE = re.compile(r"^```(\w+)([^\n]*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
OPTIONS = doctest.ELLIPSIS

# What is shown of an extra is run where that is installed.
USD_PAGE = "usd"
USD_MODULES = "bifrost_sdk.integrations.usd."


@attrs.frozen
class Block:
    """A fenced block of a page, and the line its text starts on."""

    language: str
    info: str
    text: str
    line: int


def blocks(page: str) -> list[Block]:
    return [
        Block(found[1], found[2].strip(), found[3], page.count("\n", 0, found.start(3)) + 1)
        for found in FENCE.finditer(page)
    ]


def run_examples(test: doctest.DocTest) -> None:
    """Run one doctest, and fail with doctest's own report."""
    report: list[str] = []
    doctest.DocTestRunner(optionflags=OPTIONS).run(test, out=report.append, clear_globs=False)
    assert not report, "".join(report)


def run_python(block: Block, namespace: dict[str, object], page: Path) -> None:
    if ">>> " in block.text:
        parser = doctest.DocTestParser()
        test = parser.get_doctest(block.text, namespace, page.name, str(page), block.line - 1)
        for shown in test.examples:
            shown.options[doctest.ELLIPSIS] = shown.exc_msg is None  # a page shows the whole text of an error
        run_examples(test)
        namespace.update(test.globs)
    else:
        exec(compile("\n" * (block.line - 1) + block.text, str(page), "exec"), namespace)  # noqa: S102 - our own page


def run_console(block: Block) -> None:
    for command in re.split(r"^\$ ", block.text, flags=re.MULTILINE)[1:]:
        line, _, expected = command.partition("\n")
        name, *arguments = shlex.split(line, comments=True)
        told = re.search(r"  # exit status (\d+)$", line)
        if name in ("bifrost", "bifrost-sdk"):
            done = subprocess.run(
                [sys.executable, "-m", "bifrost_sdk.cli.main", *arguments], capture_output=True, text=True, check=False
            )
            assert done.returncode == int(told[1] if told else 0), f"{line}: {done.stderr}"
            assert not expected.strip() or doctest.OutputChecker().check_output(expected, done.stdout, OPTIONS), (
                f"{line} printed\n{done.stdout}"
            )


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_page_runs_when_followed_from_top_to_bottom(
    page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if page.stem == USD_PAGE:
        pytest.importorskip("pxr", reason="needs the extra 'usd'")
    monkeypatch.chdir(tmp_path)
    namespace: dict[str, object] = {"__name__": page.stem}
    found = blocks(page.read_text(encoding="utf-8"))
    if any(block.language == "console" and "$ bifrost" in block.text for block in found):
        pytest.importorskip("rich", reason="needs the extra 'cli'")
    for block in found:
        if block.language == "console":
            run_console(block)
        elif block.language in ("python", "pycon"):
            if block.info.startswith("no-run"):
                assert re.fullmatch(r"no-run: \S.*", block.info), f"{page.name}:{block.line}: say why it is not run"
            else:
                run_python(block, namespace, page)
    for session in [each for each in namespace.values() if isinstance(each, Session)]:
        with pytest.raises(CatalogError, match="closed"):  # a reader learns to close what they open
            session.projects.get("demo")


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.relative_to(SOURCE).as_posix())
def test_docstring_examples_hold_when_run(path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    name = ".".join(path.relative_to(SOURCE).with_suffix("").parts).removesuffix(".__init__")
    if name.startswith(USD_MODULES):
        pytest.importorskip("pxr", reason="needs the extra 'usd'")
    for test in doctest.DocTestFinder(exclude_empty=True).find(importlib.import_module(name)):
        run_examples(test)


def test_blocks_are_found_when_a_page_mixes_languages() -> None:
    page = "one\n```python no-run: a server\nf()\n```\n```bash\nls\n```\n```python\nx = 1\n```\n"
    assert blocks(page) == [
        Block("python", "no-run: a server", "f()\n", 3),
        Block("bash", "", "ls\n", 6),
        Block("python", "", "x = 1\n", 9),
    ]


def test_run_python_fails_when_the_page_says_something_else(tmp_path: Path) -> None:
    with pytest.raises(AssertionError, match="Expected"):
        run_python(Block("python", "", ">>> 1 + 1\n3\n", 1), {}, tmp_path / "page.md")
    for message in ("other", "division by ..."):
        shown = f">>> 1 / 0\nTraceback (most recent call last):\nZeroDivisionError: {message}\n"
        with pytest.raises(AssertionError, match="Expected"):
            run_python(Block("python", "", shown, 1), {}, tmp_path / "page.md")
    with pytest.raises(ZeroDivisionError):
        run_python(Block("python", "", "1 / 0\n", 1), {}, tmp_path / "page.md")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_links_lead_to_files_when_they_are_relative(page: Path) -> None:
    links = re.findall(r"\]\(([^)#:\s]+)(?:#[^)]*)?\)", page.read_text(encoding="utf-8"))
    missing = [link for link in links if not (page.parent / link).exists()]
    assert not missing, f"{page.name} links to {missing}"
