"""What a record says of an entity beside its document."""

from __future__ import annotations

import attrs
import pytest

from bifrost_sdk.authority import records
from bifrost_sdk.domain import locations
from bifrost_sdk.domain.entity import DOCUMENT_LIMIT
from bifrost_sdk.domain.model import Asset, Representation, Task, Workfile
from bifrost_sdk.domain.versions import File
from bifrost_sdk.errors import ValidationError

ONE, TWO = (f"01890000-0000-7000-8000-00000000000{number}" for number in (1, 2))
ASSET = Asset(id=ONE, code="Hero", parent=TWO, asset_type=TWO, tags=("Main",), project="demo")


def test_files_are_told_in_short_when_there_are_some() -> None:
    usd = Representation(id=ONE, version=TWO, name="usd", folder="v001", files=(File("hero.usda", 3, "sha256:ab"),))
    scene = Workfile(id=ONE, parent=TWO, file="hero.ma", size=3)
    assert records.to_record(usd, None, at=0).files == locations.write(usd)
    assert records.to_record(scene, None, at=0).files == locations.write_work(scene)
    assert records.to_record(ASSET, "hero", at=0).files is None


def test_record_gives_back_the_entity_when_written() -> None:
    record = records.to_record(attrs.evolve(ASSET, revision=4), "assets/char/Hero", at=5)
    assert (record.id, record.kind, record.parent, record.path) == (ONE, "asset", TWO, "assets/char/Hero")
    assert (record.created_at, record.updated_at, record.revision) == (5, 5, 4)
    found = record.entity()
    assert isinstance(found, Asset)
    assert (found.code, found.tags, found.revision) == ("Hero", ("Main",), 4)


def test_search_text_is_folded_when_the_kind_is_searched() -> None:
    search = records.to_record(ASSET, "Hero", at=0).search
    assert search is not None
    assert {"hero", "main"} <= set(search.split())


def test_edges_lead_to_what_it_points_at_when_there_is_something() -> None:
    task = Task(id=ONE, code="anim", parent=TWO, assignees=(ONE, TWO))
    assert {target for _, target, _ in records.to_record(task, None, at=0).edges} >= {ONE, TWO}


def test_entity_is_refused_when_its_document_is_too_large() -> None:
    large = attrs.evolve(
        ASSET, metadata={f"part {number}": "ä" * 10_000 for number in range(DOCUMENT_LIMIT // 20_000 + 1)}
    )
    with pytest.raises(ValidationError, match="more than"):
        records.to_record(large, None, at=0)
