from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bifrost_sdk.domain.templates.documents import check
from bifrost_sdk.errors import ConfigurationError, Issue, ValidationError
from bifrost_sdk.services import template_files
from bifrost_sdk.services.documents import read_text
from bifrost_sdk.services.template_files import BUILTIN, Sheet, builtin, builtin_text, read, write

TEXTS = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]), max_size=12)
DOCUMENTS = st.dictionaries(
    st.sampled_from(["a", "b", "c"]),
    st.recursive(
        st.none()
        | st.booleans()
        | st.integers(-9, 9999)
        | TEXTS
        | st.sampled_from(["0775", "yes", "1_0", "2026-01-31"]),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["x", "y"]), inner, max_size=2),
        max_leaves=5,
    ),
)


@given(DOCUMENTS)
def test_document_is_the_same_when_written_and_read(document: dict[str, Any]) -> None:
    items = read_text(write(document).encode(), "set.yaml")
    assert {name: item.plain() for name, item in items.items()} == document


@pytest.mark.parametrize("name", BUILTIN)
def test_set_of_the_library_is_the_same_when_written_and_read(name: str, tmp_path: Path) -> None:
    path = tmp_path / "set.yaml"
    path.write_text(write(builtin(name).document), encoding="utf-8")
    assert read(path).document == builtin(name).document
    path.write_text(builtin_text(name), encoding="utf-8")
    assert read(path).document == builtin(name).document
    assert check(builtin(name).document)


def test_issues_name_their_line_when_they_come_from_a_file(tmp_path: Path) -> None:
    path = tmp_path / "set.yaml"
    path.write_text("# ours\ntemplates:\n  one:\n    before:\n      - two\n  two: x\n", encoding="utf-8")
    paths = [
        "templates.one.before[0]",
        "templates.one.root",
        "templates.two",
        "tokens.a",
        "",
        "templates.one.before[7]",
    ]
    error = ValidationError(Issue("form", "wrong", each) for each in paths)
    assert [issue.subject for issue in read(path).locate(error).issues] == [
        f"{path}:5",
        f"{path}:4",
        f"{path}:6",
        f"{path}:1",
        f"{path}:1",
        f"{path}:5",
    ]
    assert Sheet({}, "this document").locate(error).issues == error.issues


def test_file_is_refused_when_it_is_none_of_ours(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="there is no file"):
        read(tmp_path / "none.yaml")
    (tmp_path / "list.yaml").write_text("- a\n")
    with pytest.raises(ConfigurationError, match="a table is expected"):
        read(tmp_path / "list.yaml")
    (tmp_path / "bomb.yaml").write_text("a: &a [x]\nb: [*a, *a]\n")
    with pytest.raises(ConfigurationError, match="aliases"):
        read(tmp_path / "bomb.yaml")
    (tmp_path / "code.yaml").write_text("a: !!python/name:os.system x\n")
    with pytest.raises(ConfigurationError):
        read(tmp_path / "code.yaml")
    (tmp_path / "empty.yaml").write_text("")
    assert template_files.read(tmp_path / "empty.yaml").document == {}
