from __future__ import annotations

from pathlib import Path

import pytest

from bifrost_sdk.errors import ConfigurationError
from bifrost_sdk.services.documents import SIZE_LIMIT, Item, read_file, read_text

BOMB = "a: &a [x, x]\n" + "\n".join(f"b{n}: [*a, *a]" for n in range(9))


@pytest.mark.parametrize("text", ["", "# only a comment\n", "---\n"])
def test_file_has_no_items_when_it_holds_nothing(text: str, tmp_path: Path) -> None:
    path = tmp_path / "a.yaml"
    assert read_file(path) == {}
    path.write_text(text, encoding="utf-8")
    if text != "---\n":
        assert read_file(path) == {}
    else:
        with pytest.raises(ConfigurationError, match="a table is expected"):
            read_file(path)


def test_items_carry_their_place_when_read() -> None:
    found = read_text(b"\xef\xbb\xbfa: 1\nb:\n  c: [x, 2.5]\n", "f")
    assert found["a"] == Item(1, "f:1")
    inner = found["b"].value["c"]
    assert inner == Item([Item("x", "f:3"), Item(2.5, "f:3")], "f:3")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (BOMB, "f:2: aliases"),
        ("a: 1\na: 2\n", "f:2: 'a' is given twice"),
        ("1: x\n", "f:1: 1 is no name"),
        ("[a]: x\n", "is no name"),
        ("- a\n", "f:1: a table is expected"),
        ("a: [\n", "f:2 is no YAML"),
        ("a: !!python/object/apply:os.system [echo]\n", None),
        ("a: !!python/name:os.system x\n", "could not determine a constructor"),
        ("a: 1\n---\nb: 2\n", "f:2 is no YAML"),
        ("a: \x07\n", "f is no YAML"),
        ("a: " + "[" * 20_000, "f:1: tables nest at most 16 deep"),
        ("a: 2001-99-99\n", "f cannot be read"),
    ],
)
def test_text_is_refused_when_it_is_no_plain_table(text: str, message: str | None) -> None:
    if message is None:  # a tag on a list constructs nothing: items are read as they stand
        assert [item.value for item in read_text(text.encode(), "f")["a"].value] == ["echo"]
        return
    with pytest.raises(ConfigurationError, match=message) as caught:
        read_text(text.encode(), "f")
    assert caught.value.source.startswith("f")


def test_file_is_refused_when_it_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="cannot be read"):
        read_file(tmp_path)
    (tmp_path / "big").write_bytes(b"#" * (SIZE_LIMIT + 1))
    with pytest.raises(ConfigurationError, match="larger than"):
        read_file(tmp_path / "big")
    (tmp_path / "binary").write_bytes(b"\xff\xfe")
    with pytest.raises(ConfigurationError, match="not UTF-8"):
        read_file(tmp_path / "binary")
