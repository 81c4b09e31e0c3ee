"""What importing the package costs and promises: nothing heavy is loaded, and the public names are these."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from pathlib import Path

import pytest

import bifrost_sdk

SOURCE = Path(__file__).resolve().parent.parent / "src"
MODULES = sorted(SOURCE.rglob("*.py"))

# What `import bifrost_sdk` loads beyond attrs. A module added here is paid for by every host at start-up.
LOADED = {"bifrost_sdk"}

# What other programs rely on; a name that leaves is a breaking change.
PUBLIC = [
    "AnyOf",
    "Asset",
    "AssetDependency",
    "AssetType",
    "AttributeType",
    "BifrostError",
    "CatalogError",
    "Check",
    "Commit",
    "Compare",
    "ConfigurationError",
    "ConflictError",
    "Create",
    "Delete",
    "Ensure",
    "Episode",
    "Event",
    "File",
    "FileSet",
    "FrameRange",
    "FrameRate",
    "Inherited",
    "Issue",
    "Link",
    "Membership",
    "NetworkError",
    "Not",
    "NotFoundError",
    "Page",
    "PermissionDeniedError",
    "Pin",
    "PinSet",
    "Product",
    "Project",
    "Publication",
    "Proposal",
    "Query",
    "QueryError",
    "Reference",
    "ReferenceSyntaxError",
    "Related",
    "Representation",
    "Resolution",
    "Role",
    "Sequence",
    "Session",
    "Shot",
    "ShotAsset",
    "Status",
    "StorageError",
    "Task",
    "Team",
    "Template",
    "TemplateDocument",
    "TemplateError",
    "TemplateSet",
    "Update",
    "User",
    "ValidationError",
    "ValidationResult",
    "Validator",
    "Version",
    "View",
    "Workfile",
    "__version__",
    "connect",
    "init",
    "new_id",
    "usd",
]

HEAVY = ("cattrs", "fsspec", "httpx", "pxr", "sqlite3", "sqlite_utils", "tenacity", "yaml", "ssl", "socket", "asyncio")

# What only a served catalog needs.
NETWORK = ("asyncio", "fastapi", "h11", "httpcore", "httpx", "ssl", "starlette", "tenacity", "uvicorn")


def run_fresh(program: str) -> list[str]:
    """What a new interpreter prints as JSON when it runs the program."""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    answer: list[str] = json.loads(done.stdout)
    return answer


def test_import_loads_the_pinned_modules_when_nothing_is_used() -> None:
    program = (
        "import __future__, json, sys, attrs; before = set(sys.modules); import bifrost_sdk; "
        "print(json.dumps(sorted(set(sys.modules) - before)))"
    )
    assert set(run_fresh(program)) == LOADED


def test_import_loads_nothing_heavy_when_every_public_name_is_used() -> None:
    program = (
        "import json, sys; before = set(sys.modules); import bifrost_sdk; "
        "[getattr(bifrost_sdk, name) for name in bifrost_sdk.__all__]; "
        "print(json.dumps(sorted({name.partition('.')[0] for name in set(sys.modules) - before})))"
    )
    assert not set(run_fresh(program)) & set(HEAVY)


def test_nothing_of_the_network_is_loaded_when_working_on_a_file(tmp_path: Path) -> None:
    program = (
        "import json, sys; import bifrost_sdk as bf; "
        f"folder = bf.init({str(tmp_path / 'shows')!r}, project='demo', user='anna'); "
        "session = bf.connect(folder, user='anna'); hero = session.assets.create('demo', 'char', 'hero'); "
        "session.find(bf.Query('asset', 'demo')); session.resolve_many([hero.ref]); session.close(); "
        "print(json.dumps(sorted({name.partition('.')[0] for name in sys.modules})))"
    )
    assert not set(run_fresh(program)) & {*NETWORK}


def test_public_names_are_the_pinned_ones_when_listed() -> None:
    assert sorted(bifrost_sdk.__all__) == sorted(PUBLIC)
    assert len(set(bifrost_sdk.__all__)) == len(bifrost_sdk.__all__)


def test_every_public_name_is_there_when_asked_for() -> None:
    assert not [name for name in bifrost_sdk.__all__ if getattr(bifrost_sdk, name, None) is None]
    assert set(bifrost_sdk.__all__) <= set(dir(bifrost_sdk))


def test_unknown_name_raises_attribute_error_when_asked_for() -> None:
    with pytest.raises(AttributeError, match="no_such_name"):
        bifrost_sdk.no_such_name  # noqa: B018 - reading it is the test


def root_imports(tree: ast.Module) -> list[int]:
    """The lines that import the package root itself, or a name of it that is no module."""
    inner = {
        path.stem if path.name != "__init__.py" else path.parent.name for path in (SOURCE / "bifrost_sdk").glob("*.py")
    }
    inner |= {path.parent.name for path in (SOURCE / "bifrost_sdk").glob("*/__init__.py")}
    lines = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import) and any(name.name == "bifrost_sdk" for name in node.names):
            lines.append(node.lineno)
        if isinstance(node, ast.ImportFrom) and node.module == "bifrost_sdk":
            lines += [node.lineno for name in node.names if name.name not in inner]
    return lines


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.relative_to(SOURCE).as_posix())
def test_module_does_not_import_the_package_root_when_inside_it(path: Path) -> None:
    assert root_imports(ast.parse(path.read_text(encoding="utf-8"))) == []


def test_root_imports_are_found_when_there_are_any() -> None:
    text = "import bifrost_sdk\nfrom bifrost_sdk import errors\ndef f():\n    from bifrost_sdk import connect\n"
    assert root_imports(ast.parse(text)) == [1, 4]
