from __future__ import annotations

from typing import Any

import pytest

from bifrost_sdk.domain import entity
from bifrost_sdk.domain.model import Asset, Product, Project, Shot, Status, Team, User, Version
from bifrost_sdk.errors import ValidationError

ONE, TWO = "01890000-0000-7000-8000-000000000001", "01890000-0000-7000-8000-000000000002"


@pytest.mark.parametrize(
    "value", ["", "x", ONE.upper().replace("0", "A"), ONE + "\n", ONE.replace("-7", "-4"), 5, None, b"x", [ONE]]
)
def test_id_is_refused_when_it_is_none(value: Any) -> None:
    with pytest.raises(ValidationError):
        entity.check_id(value)


def test_id_may_be_missing_when_optional() -> None:
    assert entity.optional_id(None) is entity.optional_id("") is None
    assert entity.optional_id(ONE) == ONE
    for value in (0, False, "x", []):
        with pytest.raises(ValidationError):
            entity.optional_id(value)


def test_ids_come_once_when_listed() -> None:
    assert entity.id_list([TWO, ONE, TWO]) == (TWO, ONE)
    for values in (ONE, None, 5, ["x"]):
        with pytest.raises(ValidationError):
            entity.id_list(values)


@pytest.mark.parametrize("value", [True, 0, -1, 1.0, "1", 2**53, 10**30])
def test_number_is_refused_when_out_of_bounds_or_no_whole_number(value: Any) -> None:
    with pytest.raises(ValidationError):
        Version(product=ONE, number=value)


def test_number_may_be_missing_only_when_that_is_its_default() -> None:
    assert Version(product=ONE, number=None).number is None
    with pytest.raises(ValidationError):
        Version(product=ONE, lease=None)


@pytest.mark.parametrize("value", [0, 1, None, "true"])
def test_truth_is_refused_when_it_is_neither(value: Any) -> None:
    with pytest.raises(ValidationError):
        User(login="anna", active=value)


def test_choice_is_refused_when_not_offered() -> None:
    with pytest.raises(ValidationError, match="none of"):
        Status(code="x", category="later")


def test_reference_is_by_id_until_there_is_a_path() -> None:
    asset = Asset(id=ONE, project="demo", code="hero", asset_type=TWO)
    assert asset.ref == f"bifrost://demo/~{ONE}"
    assert Shot(id=ONE, project="demo", code="a", path="shots/a").ref == "bifrost://demo/shots/a"
    assert Project(code="demo").ref == "bifrost://demo"
    assert Team(id=ONE, project="studio", code="x").ref == f"bifrost://studio/~{ONE}"
    version = Version(id=ONE, project="demo", product=TWO, path="assets/char/hero/model")
    assert version.ref == f"bifrost://demo/~{ONE}"


def test_path_tells_nothing_apart_when_compared() -> None:
    one, other = (Product(id=ONE, code="model", path=path) for path in ("a", "b"))
    assert one == other


@pytest.mark.parametrize("order", ["a b", "V0", 5])
def test_order_is_refused_when_it_is_no_key(order: Any) -> None:
    with pytest.raises(ValidationError):
        Shot(code="a", order=order)
