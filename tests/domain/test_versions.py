from __future__ import annotations

from typing import Any

import pytest

from bifrost_sdk.domain.frames import FrameRange
from bifrost_sdk.domain.references import Reference
from bifrost_sdk.domain.registry import entity_type
from bifrost_sdk.domain.versions import (
    CHANGEABLE,
    TRANSITIONS,
    AssetDependency,
    File,
    Representation,
    Version,
    Workfile,
)
from bifrost_sdk.errors import ValidationError

ONE, TWO = "01890000-0000-7000-8000-000000000001", "01890000-0000-7000-8000-000000000002"
ESCAPES = ["../x", "/etc/passwd", "a/../../b", "a\\b", "C:/x", "a//b", "con", "a\nb", "a.", 5, None]


@pytest.mark.parametrize("path", [*ESCAPES, ""])
def test_file_is_refused_when_its_path_leaves_the_folder(path: Any) -> None:
    with pytest.raises(ValidationError):
        File(path, 1, "")
    with pytest.raises(ValidationError):
        Workfile(parent=ONE, file=path)


@pytest.mark.parametrize("path", ESCAPES)
def test_folder_is_refused_when_it_leaves_the_root(path: Any) -> None:
    with pytest.raises(ValidationError):
        Representation(version=ONE, name="usd", folder=path)


@pytest.mark.parametrize(
    "fields", [{"udims": "1001"}, {"udims": (1000,)}, {"udims": (True,)}, {"udims": (10_000,)}, {"udims": None},
               {"frames": 5}, {"frames": "x"}, {"count": 0}, {"size": None}, {"padding": -1}],
)  # fmt: skip
def test_file_is_refused_when_malformed(fields: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        File(**{"name": "a.exr", "size": 1, "hash": "", **fields})


def test_sets_are_read_when_given_as_text() -> None:
    made = File("a.<FRAME>.exr", 1, "", frames="1001-1003", udims=[1001])
    assert (made.frames, made.udims) == (FrameRange.of(1001, 1003), (1001,))
    assert File("a", 1, "", frames=made.frames) == File("a", 1, "", frames="1001-1003")


def test_main_file_is_the_first_when_there_are_some() -> None:
    one = File("a.usd", 1, "")
    assert Representation(version=ONE, name="usd", files=(one, File("b", 1, ""))).main == one
    assert Representation(version=ONE, name="usd").main is None
    for files in ((one, "b"), "ab", None, one):
        with pytest.raises(ValidationError):
            Representation(version=ONE, name="usd", files=files)


def test_dependency_is_held_once_when_version_kind_and_context_agree() -> None:
    made = Version(product=ONE, dependencies=(TWO, AssetDependency(TWO, "weak"), AssetDependency(TWO, purpose="x")))
    assert [(item.kind, item.purpose) for item in made.dependencies] == [("strong", "x"), ("weak", "")]
    for values in (TWO, None, [None], 5):
        with pytest.raises(ValidationError):
            Version(product=ONE, dependencies=values)
    with pytest.raises(ValidationError):
        AssetDependency(TWO, optional=1)


@pytest.mark.parametrize("lease", [0, -1, None, 2_592_001, 10**15])
def test_lease_is_refused_when_it_ends_never_or_at_once(lease: Any) -> None:
    with pytest.raises(ValidationError):
        Version(product=ONE, lease=lease)


def test_reference_tells_the_number_when_there_is_one() -> None:
    made = Version(id=ONE, project="demo", product=TWO, number=7, path="assets/char/hero/model")
    assert made.ref == "bifrost://demo/assets/char/hero/model/v007"


def test_every_state_leads_to_states_that_there_are() -> None:
    assert {after for following in TRANSITIONS.values() for after in following} <= TRANSITIONS.keys()
    assert set(entity_type("version").fields) >= CHANGEABLE


@pytest.mark.parametrize("number", [0, -1, 1_000_000, 20_260_131, 2**53, True, 1.0, "1"])
def test_number_is_refused_when_no_reference_could_name_it(number: Any) -> None:
    with pytest.raises(ValidationError, match="from 1 to 999999"):
        Version(product=ONE, number=number)


@pytest.mark.parametrize("number", [1, 999, 1000, 999_999])
def test_version_is_named_by_a_reference_when_its_number_is_allowed(number: int) -> None:
    version = Version(id=TWO, project="demo", path="assets/char/hero/model", product=ONE, number=number)
    assert Reference.parse(version.ref).version_number == number
