from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bifrost_sdk.domain import attributes
from bifrost_sdk.domain.attributes import STANDARD, AttributeType, Inherited, check_values, inherit
from bifrost_sdk.errors import ValidationError

CHOICE = AttributeType("choice", choices=("karma", "arnold"))


@pytest.mark.parametrize(
    ("type", "value", "canonical"),
    [
        ("text", "e\u0301", "\u00e9"),
        ("integer", 5, 5),
        ("number", 0.5, 0.5),
        ("boolean", False, False),
        ("fps", 24, "24"),
        ("fps", "23.976", "24000/1001"),
        ("resolution", "1920x1080@1.0", "1920x1080"),
        ("resolution", "2048x858@02", "2048x858@2.0"),
        ("resolution", "1x1@0.0001", "1x1@0.0001"),
        ("handles", "8+0", "8+0"),
        ("choice", "karma", "karma"),
    ],
)
def test_value_is_canonical_when_checked(type: str, value: Any, canonical: Any) -> None:
    declared = AttributeType(type, default=value, choices=("karma",))
    assert declared.default == canonical
    assert declared.check("x", declared.default) == canonical


@pytest.mark.parametrize(
    ("type", "value"),
    [("text", 5), ("text", "a\nb"), ("integer", True), ("integer", 1.0), ("integer", 2**53), ("number", float("nan")),
     ("number", float("inf")), ("number", True), ("number", "1"), ("boolean", 1), ("fps", True), ("fps", "fast"),
     ("fps", [24]), ("resolution", "1920"), ("resolution", "0x1"), ("resolution", "1x1@0"), ("resolution", 5),
     ("resolution", "1x1@0.00001"), ("resolution", "1x1@100"), ("handles", "8"), ("handles", "-1+8"), ("handles", 8),
     ("choice", "other"), ("choice", ["karma"])],
)  # fmt: skip
def test_value_is_refused_when_of_another_type(type: str, value: Any) -> None:
    with pytest.raises(ValidationError) as caught:
        AttributeType(type, choices=("karma",)).check("x", value)
    assert (caught.value.issues[0].code, caught.value.issues[0].path) == ("attribute.value", "attributes.x")


@given(value=st.from_regex(r"[0-9x@.]{1,12}", fullmatch=True) | st.from_regex(attributes._RESOLUTION, fullmatch=True))
def test_resolution_is_its_own_canonical_form_when_read_again(value: str) -> None:
    declared = AttributeType("resolution")
    try:
        canonical = declared.check("x", value)
    except ValidationError:
        return
    assert declared.check("x", canonical) == canonical


def test_type_is_refused_when_there_is_none_such() -> None:
    for type in ("colour", "", 5, None):
        with pytest.raises(ValidationError):
            AttributeType(type)


@pytest.mark.parametrize(
    "values", [{"Fps": CHOICE}, {"": CHOICE}, {"1a": CHOICE}, {5: CHOICE}, {"fps": {"type": "fps"}}, None, [CHOICE]]
)
def test_declarations_are_refused_when_malformed(values: Any) -> None:
    with pytest.raises(ValidationError):
        attributes.attribute_types(values)


def test_everything_wrong_is_told_when_values_are_checked() -> None:
    values = {"fps": "24.0", "renderer": "other", "nothing": 1, "handles": "8+8"}
    found = check_values(values, {**STANDARD, "renderer": CHOICE})
    assert [issue.code for issue in found] == ["attribute.form", "attribute.value", "attribute.unknown"]
    assert check_values({}, {}) == []


def test_nearest_value_counts_when_inherited() -> None:
    chain = [
        ("shot", {"fps": "25", "own": 1}),
        ("sequence", {"fps": "30", "handles": None}),
        ("project", {"handles": "4+4"}),
    ]
    found = inherit(chain, STANDARD, project="project")
    assert found == {
        "fps": Inherited("25", "shot"),
        "handles": Inherited("4+4", "project"),
        "resolution": Inherited("1920x1080", "project"),
    }


@given(own=st.lists(st.dictionaries(st.sampled_from(["fps", "x"]), st.none() | st.integers()), max_size=4))
def test_inherited_value_is_the_first_of_the_chain_when_there_is_one(own: list[dict[str, Any]]) -> None:
    found = inherit(
        [(str(place), values) for place, values in enumerate(own)], {"fps": AttributeType("fps")}, project="p"
    )
    first = next(((str(n), v["fps"]) for n, v in enumerate(own) if v.get("fps") is not None), None)
    assert found == ({"fps": Inherited(first[1], first[0])} if first else {})
