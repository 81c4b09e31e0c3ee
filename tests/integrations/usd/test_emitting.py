from __future__ import annotations

import json
from pathlib import PureWindowsPath

import pytest

from bifrost_sdk import ConfigurationError, Pin, PinSet
from bifrost_sdk.integrations.usd import emitting

ID = "0190f3aa-0000-7000-8000-00000000000{}"
HERO = "bifrost://demo/assets/hero/model/latest/hero.usd"
SKIN = "bifrost://demo/assets/hero/tex/v003/skin.<UDIM>.exr"
PINS = PinSet(
    {
        HERO: Pin("{publish}/demo/hero/v012/hero.usd", ID.format(1), number=12, hash="sha256:" + "0" * 64),
        SKIN: Pin("{fast}/demo/hero/v003/skin.<UDIM>.exr", ID.format(2), number=3),
    }
)
ROOTS = {"publish": "/mnt/shows/", "fast": PureWindowsPath('P:\\fast "a"')}
FILES = {HERO: "/mnt/shows/demo/hero/v012/hero.usd", SKIN: 'P:/fast "a"/demo/hero/v003/skin.<UDIM>.exr'}
FORMS = {form: file for ref, file in FILES.items() for form in (ref, ref.replace("//", "/", 1))}


def test_mapping_layer_is_read_by_the_library_when_paths_hold_quotes() -> None:
    pytest.importorskip("pxr.Usd", reason="needs the extra 'usd'")
    layer = pytest.importorskip("pxr.Sdf", reason="needs the extra 'usd'").Layer.CreateAnonymous(".usda")
    assert layer.ImportFromString(emitting.to_mapping_layer(PINS, ROOTS, scene=HERO))
    assert list(layer.subLayerPaths) == [HERO]
    for name in ("mappingPairs", "pathMappingPairs"):
        pairs = list(layer.customLayerData[name])
        assert dict(zip(pairs[::2], pairs[1::2], strict=True)) == FORMS
    layer.ImportFromString(emitting.to_mapping_layer(PinSet(), {}))
    assert list(layer.subLayerPaths) == []


def test_pinning_file_keeps_roots_as_tokens_when_it_is_written_for_ayon() -> None:
    found = json.loads(emitting.to_ayon_pinning(PINS))["ayon_resolver_pinning_data"]
    assert found.keys() == FORMS.keys()
    assert found[HERO] == "{root[publish]}/demo/hero/v012/hero.usd"


def test_table_has_a_line_for_each_reference_when_it_is_written() -> None:
    lines = emitting.to_table(PINS, ROOTS).splitlines()
    assert dict(line.split("\t") for line in lines) == FILES


def test_root_without_a_folder_is_named_when_paths_are_asked_for() -> None:
    for emit in (emitting.to_mapping_layer, emitting.to_table):
        with pytest.raises(ConfigurationError, match="'fast' has no folder") as caught:
            emit(PINS, {"publish": "/mnt/shows"})
        assert caught.value.setting == "roots.fast"
