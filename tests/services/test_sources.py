"""What is asked to be published, under the names that it gets; most of it is shown where it is published."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from bifrost_sdk.errors import StorageError, ValidationError
from bifrost_sdk.services.sources import gather
from bifrost_sdk.session import Session


@pytest.fixture
def source(tmp_path: Path) -> Path:
    folder = tmp_path / "source"
    folder.mkdir()
    for name in ("hero.usda", "geo.usdc", "skin.1001.png", "skin.1002.png"):
        (folder / name).write_text(f"content of {name}")
    return folder


def test_files_have_the_names_that_are_said_when_a_mapping_gives_them(source: Path) -> None:
    files = {"asset/x.usda": source / "hero.usda", "geo/y.usd": source / "geo.usdc"}
    (made,) = gather("model", {"usd": files}).values()
    assert [piece.name for piece in made] == ["asset/x.usda", "geo/y.usd"]
    assert [piece.sources[0].path.name for piece in made] == ["hero.usda", "geo.usdc"]


def test_set_has_the_pattern_that_is_said_when_a_mapping_gives_it(source: Path) -> None:
    (piece,) = gather("model", {"tex": {"tex/a.<UDIM>.png": source / "skin.<UDIM>.png"}})["tex"]
    assert (piece.name, piece.udims) == ("tex/a.<UDIM>.png", (1001, 1002))
    assert [item.name for item in piece.sources] == ["tex/a.1001.png", "tex/a.1002.png"]


def test_named_files_are_resolved_by_their_names_when_published(session: Session, source: Path) -> None:
    hero = session.assets.create("demo", "char", "hero")
    version = session.publish(hero, "usd", {"usd": {"a/x.usda": source / "hero.usda", "y.usd": source / "geo.usdc"}})
    assert session.resolve(version.ref).read_text() == "content of hero.usda"  # the first one is the main file
    assert session.resolve(f"{version.ref}/y.usd").read_text() == "content of geo.usdc"


@pytest.mark.parametrize(
    ("files", "code"),
    [
        ({}, "files.missing"),
        ({"a.usda": 3}, "files.type"),
        ({3: "hero.usda"}, "files.named"),
        ({"folder": ""}, "files.type"),
        ({"folder": "."}, "files.named"),
        ({"skin.png": "skin.<UDIM>.png"}, "files.named"),
        ({"../a.usda": "hero.usda"}, "files.path.segment"),
        ({"A.usda": "hero.usda", "a.usda": "geo.usdc"}, "files.name"),
        ({"manifest.json": "hero.usda"}, "files.name"),
    ],
)
def test_mapping_is_refused_when_it_names_no_files(
    source: Path, monkeypatch: pytest.MonkeyPatch, files: Any, code: str
) -> None:
    monkeypatch.chdir(source)
    with pytest.raises(ValidationError) as caught:
        gather("model", {"usd": files})
    assert [issue.code for issue in caught.value.issues] == [code]


def test_mapping_is_refused_when_files_stay_where_they_lie(source: Path) -> None:
    with pytest.raises(ValidationError, match="keep their names"):
        gather("model", {"usd": {"a.usda": source / "hero.usda"}}, renames=False)


def test_mapping_is_refused_when_a_file_is_missing(source: Path) -> None:
    with pytest.raises(StorageError, match=r"none\.usda"):
        gather("model", {"usd": {"a.usda": source / "none.usda"}})


def test_mapping_is_refused_when_it_gives_the_folder_of_published_files(session: Session) -> None:
    root = session.context.roots["publish"]
    with pytest.raises(ValidationError, match="where published files lie"):
        gather("model", {"usd": {"a.usda": root}}, root=root)
