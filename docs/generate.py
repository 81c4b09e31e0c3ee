"""Write docs/reference from the code, so that it is never wrong.

Signatures and docstrings are read from the source as it is written; nothing but the list of public names and the
commands are imported, so the pages are the same on every Python and without any extra but `cli`. With `--check` nothing
is written: the differences are printed, and the exit status is 1 when there are any.
"""

from __future__ import annotations

import argparse
import ast
import difflib
import importlib
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = "bifrost_sdk"
SOURCE = ROOT / "src" / PACKAGE
TARGET = ROOT / "docs" / "reference"
MODULES = (
    "errors.py",
    "domain/**/*.py",
    "ports.py",
    "services/**/*.py",
    "integrations/usd/*.py",
    "session/__init__.py",
    "testing/__init__.py",
)
NOTE = "<!-- written by `nox -s docs` from the code; do not edit -->\n"


def modules() -> dict[str, ast.Module]:
    """The documented modules by dotted name, in the order of MODULES."""
    files = [path for pattern in MODULES for path in sorted(SOURCE.glob(pattern))]
    return {_dotted(path): _parsed(path) for path in files if _is_documented(path)}


def _is_documented(path: Path) -> bool:
    return not path.stem.startswith("_") or path.relative_to(SOURCE).as_posix() in MODULES


def _parsed(path: Path) -> ast.Module:
    """The module; a package shows what it offers from its own modules."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for item in tree.body[:] if path.stem == "__init__" else ():
        if isinstance(item, ast.ImportFrom) and str(item.module).startswith(_dotted(path)):
            home = SOURCE.parent.joinpath(*str(item.module).split(".")).with_suffix(".py")
            names = {alias.name for alias in item.names}
            tree.body += [node for node in _public(_parsed(home).body) if node.name in names]
    return tree


def _dotted(path: Path) -> str:
    return ".".join((PACKAGE, *path.relative_to(SOURCE).with_suffix("").parts)).removesuffix(".__init__")


def _file(module: str) -> str:
    return f"{module.removeprefix(PACKAGE + '.')}.md"


def _public(body: list[ast.stmt]) -> list[ast.ClassDef | ast.FunctionDef]:
    nodes = (node for node in body if isinstance(node, (ast.ClassDef, ast.FunctionDef)))
    return [node for node in nodes if not node.name.startswith("_")]


def _summary(node: ast.Module | ast.ClassDef | ast.FunctionDef) -> str:
    return (ast.get_docstring(node) or "").partition("\n\n")[0].replace("\n", " ")


# A page of one module


def module_page(name: str, tree: ast.Module) -> str:
    """The page of one module: its docstring, then each public class and function in the order of the source.

    What only pytest calls, tests and fixtures, is left out.
    """
    parts = [f"# {name}\n\n{NOTE}", _prose(ast.get_docstring(tree))]
    for node in _public(tree.body):
        if isinstance(node, ast.ClassDef):
            parts += _class_parts(node)
        else:
            parts += [f"## {node.name}", _code(_signature(node)), _prose(ast.get_docstring(node))]
    return "\n\n".join(part.strip("\n") for part in parts if part) + "\n"


def _class_parts(node: ast.ClassDef) -> list[str]:
    bases = [ast.unparse(base) for base in node.bases]
    head = f"class {node.name}{'(' + ', '.join(bases) + ')' if bases else ''}:"
    fields = [f"    {ast.unparse(item)}" for item in node.body if _is_field(item)]
    init = [
        f"    {_signature(item)}" for item in node.body if isinstance(item, ast.FunctionDef) and item.name == "__init__"
    ]
    parts = [f"## {node.name}", _code("\n".join([head, *fields, *init])), _prose(ast.get_docstring(node))]
    for item in _public(node.body):
        if isinstance(item, ast.FunctionDef) and not _is_for_pytest(item):
            decorators = "".join(f"@{ast.unparse(decorator)}\n" for decorator in item.decorator_list)
            parts += [
                f"### {node.name}.{item.name}",
                _code(decorators + _signature(item)),
                _prose(ast.get_docstring(item)),
            ]
    return parts


def _is_for_pytest(item: ast.FunctionDef) -> bool:
    return item.name.startswith("test_") or any("pytest.fixture" in ast.unparse(each) for each in item.decorator_list)


def _is_field(item: ast.stmt) -> bool:
    if isinstance(item, ast.AnnAssign) and isinstance(item.target, ast.Name):
        return not item.target.id.startswith("_")
    return isinstance(item, ast.Assign) and isinstance(item.targets[0], ast.Name) and item.targets[0].id.isupper()


def _signature(node: ast.FunctionDef) -> str:
    returns = f" -> {ast.unparse(node.returns)}" if node.returns else ""
    return f"def {node.name}({ast.unparse(node.args)}){returns}"


def _code(text: str) -> str:
    return f"```python\n{text}\n```"


def _prose(docstring: str | None) -> str:
    """A docstring as Markdown: examples fenced, the sections' names bold, their entries as a list."""
    return "\n\n".join(_paragraph(text) for text in re.split(r"\n\n+", docstring or "") if text not in ("", "::"))


def _paragraph(text: str) -> str:
    if text.startswith(">>> "):
        return f"```pycon\n{text}\n```"
    title, _, rest = text.partition("\n")
    if title in ("Args:", "Returns:", "Raises:", "Yields:", "Example:", "Examples:", "Attributes:"):
        body = "\n".join(line.removeprefix("    ") for line in rest.split("\n"))
        if body.startswith(">>> "):
            return f"**{title}**\n\n```pycon\n{body}\n```"
        entries = re.sub(r"\n\s+", " ", body).split("\n")
        return f"**{title}**\n\n" + "\n".join(f"- {entry}" for entry in entries)
    return re.sub(r"::$", ":", text)


# The other pages


def index_page(trees: dict[str, ast.Module], names: list[str]) -> str:
    """The first page: every public name with where it is documented, then every module."""
    homes = {node.name: (name, _summary(node)) for name, tree in trees.items() for node in _public(tree.body)}
    lines = ["# Reference", "", NOTE, "The command: [bifrost](command.md).", "", f"## import {PACKAGE}", ""]
    for name in names:
        home, text = homes.get(name, ("", ""))
        lines.append(f"- [`{name}`]({_file(home)}#{name.lower()}): {text}" if home else f"- `{name}`")
    lines += ["", "## Modules", ""]
    lines += [f"- [{name}]({_file(name)}): {_summary(tree)}" for name, tree in trees.items()]
    return "\n".join(lines) + "\n"


def command_pages(root: Any) -> dict[str, str]:  # Any: a click.Group, which may not be installed
    """The pages of the command by file name: one of all commands, and one of each group of them."""
    lines = ["# The command", "", NOTE.rstrip(), "", root.help, ""]
    lines += [f"- `{'`, `'.join(each.opts)}`: {each.help}" for each in root.params]
    groups = {name: home for name, home in root.homes.items() if hasattr(home, "homes")}
    for name, home in root.homes.items():
        page = f"command.{name}.md" if name in groups else "#bifrost-" + name
        lines.append(f"- [bifrost {name}]({page}): {home.text}")
    own = [part for name in root.homes if name not in groups for part in _command_parts(root, name, "bifrost")]
    texts = {"command.md": "\n\n".join(["\n".join([*lines, "", root.epilog]), *own]) + "\n"}
    for group, home in groups.items():
        parts = [part for name in home.homes for part in _command_parts(home, name, f"bifrost {group}")]
        texts[f"command.{group}.md"] = "\n\n".join([f"# bifrost {group}\n\n{NOTE}", home.help, *parts]) + "\n"
    return texts


def _command_parts(group: Any, name: str, path: str) -> Iterator[str]:  # Any: as above
    command = group.get_command(None, name)
    yield f"## {path} {name}"
    yield command.help
    yield "\n".join(_parameter_row(each) for each in command.params)


def _parameter_row(parameter: Any) -> str:  # Any: a click.Argument or click.Option
    if hasattr(parameter, "text"):
        return f"- `{parameter.metavar}`: {parameter.text}"
    choices = "|".join(getattr(parameter.type, "choices", ()))
    value = "" if parameter.is_flag else f" {parameter.metavar or choices}"
    return f"- `{', '.join(parameter.opts)}{value}`: {parameter.help}"


def pages() -> dict[str, str]:
    """All pages by file name."""
    sys.path.insert(0, str(SOURCE.parent))
    trees = modules()
    names = sorted(importlib.import_module(PACKAGE).__all__)
    command = importlib.import_module(f"{PACKAGE}.cli.commands").bifrost
    texts = {_file(name): module_page(name, tree) for name, tree in trees.items()}
    return {"README.md": index_page(trees, names), **command_pages(command), **texts}


def differences(texts: dict[str, str]) -> list[str]:
    """The lines of a diff from the files as they lie to the pages as they should be."""
    kept = {path.name: path.read_text(encoding="utf-8") for path in TARGET.glob("*.md")}
    lines: list[str] = []
    for name in sorted(kept.keys() | texts.keys()):
        old, new = kept.get(name, "").splitlines(), texts.get(name, "").splitlines()
        lines += difflib.unified_diff(old, new, f"{name} as it lies", f"{name} from the code", lineterm="")
    return lines


def main(arguments: list[str]) -> int:
    """Write the pages, or compare them; the exit status."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--check", action="store_true", help="write nothing; fail when a page differs")
    texts = pages()
    if parser.parse_args(arguments).check:
        lines = differences(texts)
        print("\n".join(lines) if lines else f"{len(texts)} pages are as the code says")
        print("Run nox -s docs and commit what it writes." if lines else "", end="\n" if lines else "")
        return 1 if lines else 0
    TARGET.mkdir(parents=True, exist_ok=True)
    for path in TARGET.glob("*.md"):
        path.unlink()
    for name, text in texts.items():
        (TARGET / name).write_text(text, encoding="utf-8", newline="\n")
    print(f"{len(texts)} pages written to {TARGET.relative_to(ROOT)}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
