from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bifrost_sdk.domain import model, registry
from bifrost_sdk.domain.templates.documents import KINDS, SOURCES, TemplateDocument, check, inherit
from bifrost_sdk.errors import ValidationError

WHOLE: dict[str, Any] = {
    "schema": 1,
    "extends": "film",
    "description": "what a set can hold",
    "tokens": {"asset": {"type": "string", "characters": "_", "from": "asset.code"}},
    "templates": {
        "asset_place": "{project}/{asset}",
        "asset_work": {
            "path": "{@asset_place}/{task}.{ext}",
            "root": "work",
            "for": "asset",
            "area": "work",
            "before": ["asset_cache"],
            "parse": False,
            "tokens": {"task": {"type": "choice", "choices": ["rig"]}},
            "description": "scenes",
        },
        "gone": None,
    },
    "folders": {"asset": [{"path": "{@asset_place}", "root": "work", "mode": "0775", "files": {".keep": ""}}]},
}


def test_document_is_read_when_it_holds_everything() -> None:
    place = {"path": "{project}/{asset}"}
    assert check(WHOLE) == {**WHOLE, "templates": {**WHOLE["templates"], "asset_place": place}}
    assert check(check(WHOLE)) == check(WHOLE)
    assert check({}) == {}


@pytest.mark.parametrize(
    ("document", "path", "message"),
    [
        ({"schema": 2}, "schema", "update the library"),
        ({"schema": "1"}, "schema", "write 1"),
        ({"schema": True}, "schema", "write 1"),
        ({"template": {}}, "template", "did you mean 'templates'?"),
        ({"zzz": {}}, "zzz", "the keys are schema, extends, description, tokens, templates, folders"),
        ({"extends": 3}, "extends", "3 is no name of a set"),
        ({"templates": []}, "templates", "a table of names is expected"),
        ({"templates": {"Shot": "x"}}, "templates.Shot", "is no name"),
        ({"templates": {"a b": "x"}}, "templates.a b", "is no name"),
        ({"templates": {"shot": 12}}, "templates.shot", "a table is expected"),
        ({"templates": {"shot": "a\nb"}}, "templates.shot.path", "U+000A"),
        ({"templates": {"shot": {"path": 12}}}, "templates.shot.path", "12 is no text"),
        ({"templates": {"shot": {"rot": "work"}}}, "templates.shot.rot", "did you mean 'root'?"),
        ({"templates": {"shot": {"root": "../x"}}}, "templates.shot.root", "is no name of a root"),
        ({"templates": {"shot": {"for": "scene"}}}, "templates.shot.for", "is none of project, asset_type, asset"),
        ({"templates": {"shot": {"for": ["shot"]}}}, "templates.shot.for", "is none of"),
        ({"templates": {"shot": {"area": "a/b"}}}, "templates.shot.area", "is no name of an area"),
        ({"templates": {"shot": {"before": "x"}}}, "templates.shot.before", "a list is expected"),
        ({"templates": {"shot": {"before": ["x", 1]}}}, "templates.shot.before[1]", "1 is no name of a template"),
        ({"templates": {"shot": {"parse": "no"}}}, "templates.shot.parse", "is neither true nor false"),
        ({"templates": {"shot": {"tokens": {"task": 1}}}}, "templates.shot.tokens.task", "a table is expected"),
        ({"tokens": {"task": "string"}}, "tokens.task", "a table is expected"),
        ({"tokens": {"task": {"from": "task.name"}}}, "tokens.task.from", "is none of project.code"),
        ({"tokens": {"Task": {}}}, "tokens.Task", "is no name"),
        ({"folders": {"assets": []}}, "folders.assets", "did you mean 'asset'?"),
        ({"folders": {"asset": {"path": "x"}}}, "folders.asset", "a list is expected"),
        ({"folders": {"asset": [{"mode": 509}]}}, "folders.asset[0].mode", '"0775"'),
        ({"folders": {"asset": [{"mode": "0888"}]}}, "folders.asset[0].mode", "is no mode of a folder"),
        ({"folders": {"asset": [{"mode": "4777777"}]}}, "folders.asset[0].mode", "is no mode of a folder"),
        ({"folders": {"asset": [{"files": {"../x": ""}}]}}, "folders.asset[0].files.../x", "would leave"),
        ({"folders": {"asset": [{"files": {"/x": ""}}]}}, "folders.asset[0].files./x", "is missing"),
        ({"folders": {"asset": [{"files": {"nul": ""}}]}}, "folders.asset[0].files.nul", "a device on Windows"),
        ({"folders": {"asset": [{"files": {"a": 1}}]}}, "folders.asset[0].files.a", "the text of a file is expected"),
        ({"folders": {"asset": [{"files": []}]}}, "folders.asset[0].files", "a table of names and texts"),
        ({"folders": {"asset": ["x"]}}, "folders.asset[0]", "a table is expected"),
    ],
)
def test_document_is_refused_with_the_place_when_its_form_is_wrong(document: Any, path: str, message: str) -> None:
    with pytest.raises(ValidationError) as caught:
        check(document)
    (issue,) = caught.value.issues
    assert issue.path == path
    assert message in str(issue)


@pytest.mark.parametrize("document", [[], "x", {3: {}}, {"tokens": {"a": {3: 1}}}, {"tokens": {"a": {"b": object()}}}])
def test_document_is_refused_when_it_is_no_json(document: Any) -> None:
    with pytest.raises(ValidationError):
        assert check(document) is None


def test_everything_wrong_is_told_at_once_when_there_are_several() -> None:
    with pytest.raises(ValidationError) as caught:
        check({"schema": 9, "templates": {"a": {"root": 1, "parse": 2}}, "tokens": {"b": 3}})
    assert [issue.path for issue in caught.value.issues] == [
        "schema",
        "templates.a.root",
        "templates.a.parse",
        "tokens.b",
    ]


def test_keys_are_replaced_one_by_one_when_a_set_extends_another() -> None:
    film = check(WHOLE)
    project = check(
        {
            "extends": "default",
            "description": "ours",
            "tokens": {"asset": {"pattern": "[a-z]+"}, "new": {"type": "integer"}},
            "templates": {
                "asset_work": {"root": "scenes", "parse": None, "tokens": {"task": {"choices": ["a"]}}},
                "asset_place": "{asset}",
                "more": "{project}",
            },
            "folders": {"asset": [], "shot": []},
        }
    )
    found = inherit([film, project])
    assert "extends" not in found
    assert found["description"] == "ours"
    assert found["tokens"] == {
        "asset": {"type": "string", "from": "asset.code", "pattern": "[a-z]+"},
        "new": {"type": "integer"},
    }
    assert list(found["templates"]) == ["asset_place", "asset_work", "more"]
    work = found["templates"]["asset_work"]
    assert (work["root"], work["path"], "parse" in work) == ("scenes", "{@asset_place}/{task}.{ext}", False)
    assert work["tokens"] == {"task": {"type": "choice", "choices": ["a"]}}
    assert found["templates"]["asset_place"] == {"path": "{asset}"}
    assert found["folders"] == {"asset": [], "shot": []}
    assert film == check(WHOLE)


@pytest.mark.parametrize(
    ("below", "above", "expected"),
    [
        ({"characters": "a", "length": 3}, {"pattern": "b"}, {"pattern": "b"}),
        ({"pattern": "b"}, {"length": 3}, {"length": 3}),
        ({"pattern": "b"}, {"characters": None}, {}),
        ({"characters": "a", "length": 3}, {"length": 4}, {"characters": "a", "length": 4}),
        ({"pattern": "b", "example": "x"}, {"example": "y"}, {"pattern": "b", "example": "y"}),
    ],
)
def test_pattern_and_what_it_says_take_each_others_place_when_given(
    below: dict[str, Any], above: dict[str, Any], expected: dict[str, Any]
) -> None:
    assert inherit([{"tokens": {"asset": below}}, {"tokens": {"asset": above}}])["tokens"] == {"asset": expected}


def test_token_is_a_new_one_when_it_tells_its_type() -> None:
    below = check({"tokens": {"task": {"type": "string", "characters": "_"}}})
    above = check({"tokens": {"task": {"type": "choice", "choices": ["rig"]}}})
    assert inherit([below, above])["tokens"] == {"task": {"type": "choice", "choices": ["rig"]}}


def test_names_are_names_when_they_read_like_keys() -> None:
    """A token may be called `type`, and a template `tokens`."""
    below = check({"tokens": {"type": {"example": "a"}, "x": {}}, "templates": {"tokens": "{type}", "type": "{x}"}})
    above = check({"tokens": {"type": {"from": "task.code"}}, "templates": {"tokens": {"root": "work"}}})
    found = inherit([below, above])
    assert found["tokens"] == {"type": {"example": "a", "from": "task.code"}, "x": {}}
    assert found["templates"] == {"tokens": {"path": "{type}", "root": "work"}, "type": {"path": "{x}"}}


NAMES = st.sampled_from(["a", "b", "type", "tokens"])
TOKENS = st.dictionaries(NAMES, st.none() | st.dictionaries(NAMES, st.none() | st.integers(0, 3)))
TEMPLATES = st.dictionaries(
    NAMES,
    st.none()
    | st.sampled_from(["{a}", "{b}"])
    | st.fixed_dictionaries({}, optional={"path": st.none() | st.just("{c}"), "tokens": st.none() | TOKENS}),
)
DOCUMENTS = st.fixed_dictionaries({}, optional={"tokens": TOKENS, "templates": TEMPLATES})


@given(DOCUMENTS, DOCUMENTS, DOCUMENTS)
def test_inheriting_is_the_same_when_done_step_by_step(one: Any, two: Any, three: Any) -> None:
    """Film, studio and project make one set whether merged at once or one on the other; each set alone is its own."""
    low, middle, high = check(one), check(two), check(three)
    assert inherit([low, middle, high]) == inherit([inherit([low, middle]), high])
    clean = inherit([low])
    assert inherit([clean]) == clean
    assert inherit([clean, {}]) == clean
    assert check(clean) == clean


def test_set_is_kept_in_projects_and_in_the_studio_when_registered() -> None:
    made = registry.entity_type("template_set")
    assert made.cls is TemplateDocument
    assert made.stands_in("demo")
    assert made.stands_in("studio")
    assert not registry.entity_type("asset").stands_in("studio")
    assert not registry.entity_type("user").stands_in("demo")
    assert TemplateDocument(code="default", document={"a": [1]}).document == {"a": [1]}
    with pytest.raises(ValidationError):
        TemplateDocument(code="default", document=[1])  # type: ignore[arg-type]  # shown to be refused


def test_sources_and_kinds_exist_when_compared_with_the_registry() -> None:
    assert set(KINDS) <= set(registry.kinds())
    assert model.TemplateDocument is TemplateDocument
    for source in SOURCES:
        kind, _, field = source.partition(".")
        made = registry.entity_type(kind)
        if field == "parents":
            assert kind in made.relations["parent"].targets
        else:
            assert field in made.fields


def test_every_kind_has_parents_when_it_may_lie_in_its_own_kind() -> None:
    nested = {kind for kind in KINDS if (made := registry.entity_type(kind)).parent and kind in made.parent.targets}
    assert {f"{kind}.parents" for kind in nested} == {source for source in SOURCES if source.endswith(".parents")}
