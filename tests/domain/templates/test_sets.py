from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bifrost_sdk.domain.templates.documents import check
from bifrost_sdk.domain.templates.examples import path_of
from bifrost_sdk.domain.templates.sets import TemplateSet
from bifrost_sdk.errors import TemplateError, ValidationError

SHOT: dict[str, Any] = {
    "tokens": {"task": {"characters": "a-z_"}, "ext": {"type": "choice", "choices": ["ma", "exr", "mov"]}},
    "templates": {
        "place": "{project}/shots/{shot}",
        "work": {"path": "{@place}/{task}/work/{shot}.{ext}", "root": "work", "for": "shot", "area": "work"},
        "film": {"path": "{@place}/{task}/out/{shot}.{ext}", "root": "work", "for": "shot", "area": "output"},
        "frames": {"path": "{@place}/{task}/out/{shot}.{frame}.{ext}", "root": "work", "for": "shot", "area": "output"},
        "released": {"path": "{@place}/{task}/{shot}.{ext}", "root": "publish"},
    },
    "folders": {"shot": [{"path": "{@place}/edit", "root": "work", "mode": "0775", "files": {".keep": "x"}}]},
}


def templates(**written: Any) -> dict[str, Any]:
    return {"templates": {name: {"root": "work", **item} for name, item in written.items()}}


def names(made: TemplateSet, root: str, path: str) -> list[str]:
    return [found.name for found, _ in made.match(root, path)]


def test_path_is_read_by_the_template_that_made_it_when_roots_are_told_apart() -> None:
    made = TemplateSet.from_document(SHOT)
    assert list(made.templates) == ["work", "film", "frames", "released"]
    ((found, values),) = made.match("work", "demo/shots/sh010/anim/work/sh010.ma")
    assert (found.name, found.root, found.kind, found.area) == ("work", "work", "shot", "work")
    assert values == {"project": "demo", "shot": "sh010", "task": "anim", "ext": "ma"}
    assert names(made, "work", "demo/shots/sh010/anim/out/sh010.1001.exr") == ["frames"]
    assert names(made, "work", "demo/shots/sh010/anim/out/sh010.####.exr") == ["frames"]
    assert names(made, "work", "demo/shots/sh010/anim/sh010.ma") == []
    assert names(made, "publish", "demo/shots/sh010/anim/sh010.ma") == ["released"]
    assert names(made, "nowhere", "demo/shots/sh010/anim/sh010.ma") == []
    (folder,) = made.folders["shot"]
    assert (folder.template.format(project="demo", shot="sh010"), folder.root, folder.mode, dict(folder.files)) == (
        "demo/shots/sh010/edit",
        "work",
        0o775,
        {".keep": "x"},
    )


def test_area_is_chosen_by_the_tokens_given_when_several_templates_serve_it() -> None:
    made = TemplateSet.from_document(SHOT)
    film = {"project", "shot", "task", "ext"}
    assert made.for_area("shot", "work").name == "work"
    assert made.for_area("shot", "output", given=film).name == "film"
    assert made.for_area("shot", "output", given={*film, "version"}).name == "film"
    assert made.for_area("shot", "output", given={*film, "frame"}).name == "frames"
    with pytest.raises(TemplateError, match="not clear from the tokens given: film needs ext, project, shot, task; fr"):
        made.for_area("shot", "output", given={"shot"})


def test_area_is_refused_when_tokens_choose_several() -> None:
    made = TemplateSet.from_document(
        templates(
            one={"path": "a/{shot}/{layer}", "for": "shot", "area": "output"},
            two={"path": "b/{shot}/{plate}", "for": "shot", "area": "output"},
        )
    )
    assert made.for_area("shot", "output", given=["shot", "layer"]).name == "one"
    with pytest.raises(TemplateError, match="one needs layer, shot; two needs plate, shot"):
        made.for_area("shot", "output", given=["shot", "layer", "plate"])


@pytest.mark.parametrize(
    ("kind", "area", "message"),
    [
        ("shot", "cache", "the set of demo has no template for shot and cache; shot has output, work"),
        ("asset", "work", "no template for asset and work; work is for shot"),
        ("asset", "zzz", "no template for asset and zzz; zzz is for nothing"),
        ("", "", "no template for  and "),
    ],
)
def test_area_is_refused_when_no_template_serves_it(kind: str, area: str, message: str) -> None:
    made = TemplateSet.from_document(SHOT, source="the set of demo")
    with pytest.raises(TemplateError, match=message):
        made.for_area(kind, area)


def test_template_is_refused_when_no_template_has_the_name() -> None:
    made = TemplateSet.from_document(SHOT)
    assert made.get("film").name == "film"
    with pytest.raises(TemplateError, match=r"this set of templates has no template 'frame'; it has frames$") as caught:
        made.get("frame")
    assert caught.value.template == "frame"
    with pytest.raises(TemplateError, match="it has work, film, frames, released"):
        made.get("place")


def test_nearest_templates_come_first_when_none_reads_a_path() -> None:
    made = TemplateSet.from_document(SHOT)
    found = made.nearest("work", "demo/shots/sh010/anim/out/sh010.1001.tif")
    assert [template.name for template, _ in found] == ["frames", "film", "work"]
    failure = found[0][1]
    assert (failure.position, failure.token) == (len("demo/shots/sh010/anim/out/sh010.1001."), "ext")
    assert [template.name for template, _ in made.nearest("work", "x", count=1)] == ["work"]
    assert made.nearest("nowhere", "x") == []


def test_nearest_are_those_that_get_furthest_when_every_template_is_tried() -> None:
    made = TemplateSet.from_document(SHOT)
    paths = [
        "",
        "x",
        "demo",
        "demo/shots",
        "demo/assets/x",
        "demo/shots/sh010/anim/work/sh020.ma",
        "demo/shots/a/b/out/a.1.x",
    ]
    for path in paths:
        failures = [made.templates[name].template.fails_at(path) for name in ("work", "film", "frames")]
        furthest = sorted((failure.position for failure in failures if failure), reverse=True)
        for count in (1, 2, 3):
            found = made.nearest("work", path, count=count)
            assert [failure.position for _, failure in found] == furthest[:count]
            assert len({template.name for template, _ in found}) == count


CLASH = templates(one={"path": "{project}/{asset}"}, two={"path": "{project}/{shot}"})


def test_set_is_refused_with_a_path_when_two_templates_may_read_it() -> None:
    with pytest.raises(ValidationError) as caught:
        TemplateSet.from_document(CLASH)
    (issue,) = caught.value.issues
    assert (issue.code, issue.path) == ("template_set.witness", "templates.one")
    assert "one and two both read" in issue.message
    assert "before: [two]" in issue.hint
    made = TemplateSet.unproven(CLASH)
    (found,) = [verdict for verdict in made.verdicts() if not verdict.is_clear]
    assert names(made, "work", found.witness) == ["one", "two"]


@pytest.mark.parametrize(
    ("change", "order"),
    [
        ({"one": {"before": ["two"]}}, ["one", "two"]),
        ({"two": {"before": ["one"]}}, ["two", "one"]),
        ({"two": {"parse": False}}, ["one"]),
        ({"two": {"root": "publish"}}, ["one"]),
        (
            {
                "two": {"tokens": {"shot": {"pattern": "sh[0-9]{4}"}}},
                "one": {"tokens": {"asset": {"characters": "a-z"}}},
            },
            ["one"],
        ),
    ],
)
def test_set_is_taken_when_it_says_what_wins(change: dict[str, Any], order: list[str]) -> None:
    made = TemplateSet.from_document({"templates": change}, parents=[CLASH])
    assert names(made, "work", "demo/hero") == order


def test_set_is_refused_when_one_template_reads_in_two_ways() -> None:
    document = templates(one={"path": "{asset}-{task}"})
    with pytest.raises(ValidationError, match=r"one reads .* in two ways: once with .*, once with") as caught:
        TemplateSet.from_document(document)
    assert "before" not in caught.value.issues[0].hint
    assert TemplateSet.from_document({"templates": {"one": {"parse": False}}}, parents=[document])
    narrowed = {"templates": {"one": {"tokens": {"task": {"characters": "a-z"}}}}}
    assert names(TemplateSet.from_document(narrowed, parents=[document]), "work", "a-b-c") == ["one"]


def test_winners_count_by_way_of_others_when_each_wins_over_the_next() -> None:
    document = templates(
        three={"path": "{shot}/x"},
        two={"path": "{asset}/{x}", "before": ["three"]},
        one={"path": "{asset}/{task}", "before": ["two"]},
    )
    made = TemplateSet.from_document(document)
    assert list(made.templates) == ["one", "two", "three"]
    assert names(made, "work", "hero/x") == ["one", "two", "three"]


def test_set_stands_alone_when_written_as_a_document() -> None:
    project = {"extends": "film", "templates": {"film": None, "work": {"root": "scenes"}}}
    made = TemplateSet.from_document(project, parents=[SHOT])
    document = made.to_document()
    assert document["schema"] == 1
    assert "extends" not in document
    again = TemplateSet.from_document(document)
    assert again.to_document() == document == check(document)
    assert list(again.templates) == ["work", "frames", "released"]
    assert again.templates["work"].root == "scenes"


KEYS = [
    "schema",
    "extends",
    "tokens",
    "templates",
    "folders",
    "path",
    "root",
    "for",
    "area",
    "before",
    "parse",
    "a",
    "b",
]
OPTIONS = [
    "type",
    "characters",
    "pattern",
    "padding",
    "choices",
    "example",
    "from",
    "version",
    "frame",
    "date",
    "format",
]
VALUES = ["{a}", "[", "{@b}", "work", "shot", "[a-z]+", "(", "..", "/", "nul", "\\", "choice", "1", "\u202e", "é", ""]
HOSTILE = st.recursive(
    st.none() | st.booleans() | st.integers(-1, 9) | st.floats(0, 1) | st.sampled_from(VALUES) | st.text(max_size=3),
    lambda inner: (
        st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from(KEYS + OPTIONS) | st.text(max_size=2), inner)
    ),
    max_leaves=12,
)
TABLES = st.dictionaries(
    st.sampled_from(["a", "b", "version"]), st.dictionaries(st.sampled_from(KEYS + OPTIONS), HOSTILE)
)


@given(
    HOSTILE
    | st.fixed_dictionaries({}, optional={"tokens": TABLES, "templates": TABLES | HOSTILE, "folders": HOSTILE | TABLES})
)
def test_document_is_a_set_or_refused_when_it_holds_anything(document: Any) -> None:
    try:
        made = TemplateSet.unproven(document)
    except ValidationError:
        return
    for template in made.templates.values():
        assert template.template.match("../../etc/passwd") is None
        assert made.match(template.root, "/etc/passwd") == []


WORDS = ["a", "b", "work", "{asset}", "{task}", "[{variant}]", "v{version}", "{asset}.{ext}"]
TEXTS = st.lists(st.sampled_from(WORDS), min_size=1, max_size=4).map("/".join)


@given(
    st.lists(TEXTS, min_size=1, max_size=6), st.lists(st.sampled_from(["a", "b", "work", "v001", "a.ma"]), max_size=4)
)
def test_match_is_that_of_every_template_in_turn_when_dispatched(texts: list[str], parts: list[str]) -> None:
    document = templates(**{f"t{number}": {"path": text} for number, text in enumerate(texts)})
    try:
        made = TemplateSet.unproven(document)
    except ValidationError:
        return
    written = [
        path_of(each.template, {"version": 1}, is_full=full)
        for each in made.templates.values()
        for full in (True, False)
    ]
    for path in ["/".join(parts), *written]:
        values = [(each, each.template.match(path)) for each in made.templates.values()]
        assert made.match("work", path) == [(each, found) for each, found in values if found is not None]
