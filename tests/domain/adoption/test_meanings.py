from __future__ import annotations

import runpy
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from bifrost_sdk.domain.adoption.meanings import CHAINS, Claim, Meaning, Trouble, path_of
from bifrost_sdk.domain.registry import entity_type
from bifrost_sdk.domain.templates.sets import TemplateSet

shows: Any = SimpleNamespace(**runpy.run_path(str(Path(__file__).with_name("shows.py"))))  # Any: a module


def meaning(name: str) -> Meaning:
    return Meaning.of(shows.TEMPLATES, shows.TEMPLATES.templates[name])


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("asset_work", (set(), False, True)),
        ("shot_work", ({"frame"}, False, True)),
        ("asset_textures", ({"udim"}, True, False)),
        ("shot_images", ({"frame"}, False, False)),
    ],
)
def test_meaning_tells_what_numbers_sets_when_it_is_made(name: str, expected: object) -> None:
    made = meaning(name)
    assert (made.numbered, made.has_tiles, made.is_work) == expected


def test_claim_tells_all_that_a_path_says_when_it_is_read() -> None:
    values = {"asset_type": "char", "asset": "hero", "step": "look", "product": "skin", "version": 2, "pass": "bump"}
    claim = meaning("asset_textures").claim({**values, "udim": 1001, "ext": "exr"}, "demo")
    place = (("asset_type", "char"), ("asset", "hero"))
    assert claim == Claim(place, "look", "skin", 2, "bump")
    assert isinstance(claim, Claim)
    assert claim.versioned == (*place, ("product", "skin"))


def test_claim_leaves_out_what_an_optional_part_leaves_out() -> None:
    values = {"sequence": "sq010", "shot": "sh020", "step": "fx", "ext": "vdb", "frame": 1001}
    claim = meaning("shot_cache").claim(values, "demo")
    assert claim == Claim((("sequence", "sq010"), ("shot", "sh020")), "fx")
    assert isinstance(claim, Claim)
    assert claim.versioned == ()


@pytest.mark.parametrize(
    ("kind", "place"),
    [
        ("", (("sequence", "c"), ("shot", "d"))),
        ("asset", (("asset_type", "a"), ("asset", "b"))),
        ("project", ()),
        ("task", (("sequence", "c"), ("shot", "d"))),
    ],
)
def test_place_is_what_the_template_is_for_when_its_tokens_name_more(kind: str, place: object) -> None:
    use = {"for": kind, "area": "x"} if kind else {}
    document = {"templates": {"one": {"path": "{asset_type}/{asset}/{shot}/{sequence}", "root": "show", **use}}}
    templates = TemplateSet.from_document(document)
    values = {"asset_type": "a", "asset": "b", "sequence": "c", "shot": "d"}
    claim = Meaning.of(templates, templates.templates["one"]).claim(values, "demo")
    assert isinstance(claim, Claim)
    assert claim.place == place


def test_trouble_names_the_templates_own_token_when_a_value_is_none() -> None:
    values = {"asset_type": "char", "asset": "hero", "step": "look", "product": "skin", "version": 2, "pass": "a.b"}
    trouble = meaning("asset_textures").claim(values, "demo")
    assert isinstance(trouble, Trouble)
    assert trouble == ("'a.b' is no code: '.' U+002E full stop cannot stand in a code", "pass")


def test_chains_are_those_of_the_tree_when_followed_from_the_top() -> None:
    for kind, chain in CHAINS.items():
        assert chain == () or chain[-1] == kind
        for above, below in zip(("project", *chain), chain, strict=False):
            assert above in entity_type(below).relations["parent"].targets
        assert not chain or entity_type(chain[0]).root


def test_path_is_that_of_the_catalog_when_made_of_a_place() -> None:
    assert path_of(()) == ""
    assert path_of((("sequence", "sq010"), ("shot", "sh020"), ("product", "anim"))) == "shots/sq010/sh020/anim"
