from __future__ import annotations

from typing import Any

import pytest

from bifrost_sdk.domain.frames import FrameRange
from bifrost_sdk.domain.production import Link, Project, Shot, ShotAsset, attributes_of
from bifrost_sdk.domain.registry import entity_type
from bifrost_sdk.errors import ValidationError

ONE, TWO = "01890000-0000-7000-8000-000000000001", "01890000-0000-7000-8000-000000000002"


@pytest.mark.parametrize("fields", [{"code": "Demo"}, {"code": ""}, {"parent": ONE}, {"state": "gone"}])
def test_project_is_refused_when_malformed(fields: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        Project(**{"code": "demo", **fields})


def test_frames_are_read_when_given_as_text() -> None:
    assert Shot(code="a", frames="1001-1003").frames == FrameRange.of(1001, 1003)
    assert Shot(code="a", frames=FrameRange.of(1, 2)).frames == FrameRange.of(1, 2)
    assert Shot(code="a").frames is None
    for frames in ("x", 5, [1, 2]):
        with pytest.raises(ValidationError):
            Shot(code="a", frames=frames)


@pytest.mark.parametrize("count", [-1, None, True, 1.5])
def test_casting_is_refused_when_it_counts_nothing(count: Any) -> None:
    with pytest.raises(ValidationError):
        ShotAsset(shot=ONE, asset=TWO, count=count)


def test_casting_and_link_are_unique_by_what_they_join() -> None:
    cast, link = entity_type("shot_asset").natural_key, entity_type("link").natural_key
    assert cast(ShotAsset(shot=ONE, asset=TWO, variant="Red")) == cast(ShotAsset(shot=ONE, asset=TWO, variant="RED"))
    assert link(Link(source=ONE, target=TWO)) != link(Link(source=ONE, target=TWO, type="other"))


def test_attributes_are_empty_when_the_kind_has_none() -> None:
    assert attributes_of(Shot(code="a", attributes={"fps": "24"})) == {"fps": "24"}
    assert attributes_of(Link(source=ONE, target=TWO)) == {}
