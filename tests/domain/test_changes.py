from __future__ import annotations

from typing import Any

import pytest

from bifrost_sdk.domain.changes import Check, Delete, Event, Update
from bifrost_sdk.domain.production import Shot
from bifrost_sdk.errors import ValidationError

ONE = "01890000-0000-7000-8000-000000000001"


def test_revision_seen_is_expected_when_an_entity_is_updated() -> None:
    shot = Shot(id=ONE, code="a", revision=7)
    assert Update(shot, {"name": "x"}) == Update(ONE, {"name": "x"}, 7)
    assert Update(shot, {}, expected=3).expected == 3
    assert Update(Shot(id=ONE, code="a"), {}).expected is None
    assert Update(ONE, {}).expected is None


@pytest.mark.parametrize("name", ["id", "kind", "unknown", "revision", "created_by"])
def test_update_is_refused_when_it_sets_what_the_authority_writes(name: str) -> None:
    with pytest.raises(ValidationError, match="cannot be set"):
        Update(ONE, {name: "x"})


@pytest.mark.parametrize("make", [Delete, Check, lambda id: Update(id, {}), lambda _: Update(Shot(code="a"), {}),
                                  lambda _: Update(ONE, None), lambda _: Update(ONE, [("a", 1)])])  # fmt: skip
def test_change_is_refused_when_malformed(make: Any) -> None:
    with pytest.raises(ValidationError):
        make("x")


def test_fields_are_the_changes_own_when_made() -> None:
    fields = {"name": "x"}
    change = Update(ONE, fields)
    fields["name"] = "y"
    assert change.fields == {"name": "x"}
    assert isinstance(hash(change), int)


@pytest.mark.parametrize("fields", [{"operation": "move"}, {"position": -1}, {"subject": ""}])
def test_event_is_refused_when_malformed(fields: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        Event(**{"operation": "create", "subject": ONE, **fields})
