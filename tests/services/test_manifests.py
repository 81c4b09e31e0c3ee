from __future__ import annotations

import json
from typing import Any

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bifrost_sdk.domain.frames import FrameRange
from bifrost_sdk.domain.versions import AssetDependency, File, Representation
from bifrost_sdk.errors import ValidationError
from bifrost_sdk.services.identity import new_id
from bifrost_sdk.services.manifests import Entry, Manifest, digest, entries_in, listing_digest

NAMES = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=20)
ENTRIES = st.builds(Entry, NAMES, st.integers(0, 2**60), st.just(digest(b"x")))


def manifest(**fields: Any) -> Manifest:
    version = new_id()
    files = (
        File("model.usda", 10, digest(b"x")),
        File("model.<FRAME>.exr", 20, digest(b"y"), padding=4, frames=FrameRange.parse("1001-1004"), count=4),
    )
    usd = Representation(id=new_id(), version=version, name="usd", folder="demo/model/v001", files=files)
    needed = AssetDependency(new_id(), kind="weak", purpose="look", overrides={"a": [1]})
    plain: dict[str, Any] = {
        "version": version,
        "project": "demo",
        "path": "assets/char/hero/model",
        "number": 1,
        "dependencies": (needed,),
        "representations": (usd,),
        "entries": (Entry("a", 1, digest(b"x")), Entry("b", 2, digest(b"y"))),
    }
    return Manifest(**{**plain, **fields})


def test_manifest_is_the_same_when_read_back() -> None:
    made = manifest()
    assert Manifest.from_bytes(made.to_bytes()) == made


@given(st.lists(ENTRIES, unique_by=lambda entry: entry.name))
def test_files_are_the_same_when_read_back(entries: list[Entry]) -> None:
    made = manifest(entries=tuple(sorted(entries, key=lambda entry: entry.name)))
    assert Manifest.from_bytes(made.to_bytes()).entries == entries_in(made.to_bytes()) == made.entries


@given(st.lists(ENTRIES, unique_by=lambda entry: entry.name), st.randoms())
def test_bytes_are_the_same_when_the_order_differs(entries: list[Entry], random: Any) -> None:
    shuffled = list(entries)
    random.shuffle(shuffled)
    made = manifest(entries=tuple(entries))
    assert made.to_bytes() == attrs.evolve(made, entries=tuple(shuffled)).to_bytes()
    assert listing_digest(entries) == listing_digest(shuffled)


def test_listing_differs_when_any_file_does() -> None:
    one, other = Entry("a", 1, digest(b"x")), Entry("b", 2, digest(b"y"))
    listings = [[one], [other], [one, other], [attrs.evolve(one, name="c"), other], [attrs.evolve(one, size=3), other]]
    assert len({listing_digest(listing) for listing in listings}) == len(listings)


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"\xff\xfe", b"null"])
def test_content_is_refused_when_it_is_no_manifest(content: bytes) -> None:
    with pytest.raises(ValidationError, match="cannot be read"):
        Manifest.from_bytes(content)


@pytest.mark.parametrize("schema", [2, 0, "1", None, True])
def test_manifest_is_refused_when_its_schema_is_unknown(schema: object) -> None:
    document = {**json.loads(manifest().to_bytes()), "schema": schema}
    with pytest.raises(ValidationError, match="schema"):
        Manifest.from_bytes(json.dumps(document).encode())


@pytest.mark.parametrize("files", [None, 7.5, [7], [{}], [{"name": "a", "size": "1", "hash": ""}]])
def test_entries_are_refused_when_they_are_wrong(files: object) -> None:
    with pytest.raises(ValidationError):
        entries_in(json.dumps({**json.loads(manifest().to_bytes()), "files": files}).encode())


@pytest.mark.parametrize("name", ["version", "project", "path", "number", "dependencies", "representations", "files"])
@pytest.mark.parametrize("value", [None, 7.5, "absent"])
def test_manifest_is_refused_when_a_part_is_wrong(name: str, value: object) -> None:
    document = json.loads(manifest().to_bytes())
    if value == "absent":
        del document[name]
    else:
        document[name] = value
    with pytest.raises(ValidationError):
        Manifest.from_bytes(json.dumps(document).encode())
