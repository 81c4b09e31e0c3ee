from __future__ import annotations

from pathlib import Path

import attrs
import pytest

from bifrost_sdk.errors import ConfigurationError, NotFoundError, StorageError, ValidationError
from bifrost_sdk.ports import Resolution
from bifrost_sdk.services import places
from bifrost_sdk.session import Session

REF = "bifrost://demo/assets/char/hero/model/v001/model.usd"
ID = "0190f3aa-1111-7222-8333-444455556666"


def resolution(path: str = "demo/hero/model.usd", root: str = "publish") -> Resolution:
    return Resolution(REF, root, path, "sha256:" + "0" * 64, 1, ID, 1, "published")


def test_path_lies_below_its_root_when_placed() -> None:
    assert places.path_of({"publish": Path("/pub")}, resolution()) == Path("/pub/demo/hero/model.usd")


@pytest.mark.parametrize("path", ["../x", "/etc/passwd", "a/../../x", "C:/x", "a\\..\\x", "a/./x", "", "a//x"])
def test_path_is_refused_when_it_would_leave_its_root(path: str) -> None:
    with pytest.raises(StorageError) as caught:
        places.path_of({"publish": Path("/pub")}, resolution(path))
    assert caught.value.path == path


def test_root_is_refused_when_it_has_no_folder_here() -> None:
    with pytest.raises(ConfigurationError, match=r"those that have one: work\); add it") as caught:
        places.path_of({"work": Path("/w")}, resolution())
    assert caught.value.setting == "roots.publish"
    with pytest.raises(ConfigurationError, match="none"):
        places.root({}, "publish")


def test_storage_is_refused_in_the_same_words_when_its_root_has_no_folder_here(session: Session) -> None:
    context = attrs.evolve(session.context, storages={})
    with pytest.raises(ConfigurationError) as of_files:
        places.storage_of(context, "publish")
    with pytest.raises(ConfigurationError) as of_paths:
        places.root({}, "publish")
    assert str(of_files.value) == str(of_paths.value)


def test_pins_hold_paths_with_tokens_when_made() -> None:
    pins = places.pins_of([REF], [resolution()])
    pin = pins.get(REF)
    assert pin is not None
    assert (pin.path, pin.version, pin.number) == ("{publish}/demo/hero/model.usd", ID, 1)


def test_pins_are_refused_when_references_lead_nowhere() -> None:
    with pytest.raises(NotFoundError, match="bifrost://demo/x"):
        places.pins_of([REF, "bifrost://demo/x"], [resolution(), NotFoundError("bifrost://demo/x")])
    with pytest.raises(ValidationError) as caught:
        places.pins_of(["bifrost://demo/x", "bifrost://demo/y"], [NotFoundError("x"), NotFoundError("y")])
    assert [issue.subject for issue in caught.value.issues] == ["bifrost://demo/x", "bifrost://demo/y"]
