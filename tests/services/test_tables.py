from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import attrs
import pytest

from bifrost_sdk.domain.adoption.meanings import CHAINS
from bifrost_sdk.domain.attributes import AttributeType
from bifrost_sdk.domain.frames import FrameRange
from bifrost_sdk.domain.query import Query
from bifrost_sdk.errors import ConflictError, NotFoundError, PermissionDeniedError, StorageError, ValidationError
from bifrost_sdk.services import tables
from bifrost_sdk.services.tables import PLACES, REQUIRED, TablePlan
from bifrost_sdk.session import Session, connect

ASSETS = """\
Type;Code;Name;Tags;Status;Description
char;hero;The hero;main, first;todo;"two
lines"
prop;sword;;;;
char;Villain;;main;WIP;
"""
SHOTS = """\
episode,sequence,code,frames,handles,fps
ep01,sq010,sh010,1001-1096,8+8,25
ep01,sq010,sh020,"1001-1010,1020",,
,,sh900,,0+0,
,sq020,sh010,,,
"""


@pytest.fixture
def plan(session: Session, tmp_path: Path) -> Callable[..., TablePlan]:
    def make(kind: str, content: str, *, project: str = "demo") -> TablePlan:
        (tmp_path / "table.csv").write_text(content, encoding="utf-8")
        return session.tables.plan(kind, tmp_path / "table.csv", project=project)

    return make


def test_assets_are_there_when_their_table_was_applied(session: Session, plan: Callable[..., TablePlan]) -> None:
    made = plan("assets", ASSETS)
    assert session.revision("demo") == 1
    assert (dict(made.counts), made.changed, made.unchanged, made.issues) == ({"asset_type": 2, "asset": 3}, {}, 0, ())
    commit = session.tables.apply(made)
    assert commit is not None
    assert commit.revision == session.revision("demo") == 2
    hero = session.assets.get("bifrost://demo/assets/char/hero")
    assert (hero.name, hero.tags, hero.description) == ("The hero", ("main", "first"), "two\nlines")
    assert session.get(hero.status).code == "todo"
    assert hero.asset_type == hero.parent
    assert [asset.code for asset in session.assets.list(project="demo", tags__contains="main")] == ["hero", "Villain"]


def test_shots_are_there_when_their_table_was_applied(session: Session, plan: Callable[..., TablePlan]) -> None:
    made = plan("shot", SHOTS)
    assert dict(made.counts) == {"episode": 1, "sequence": 2, "shot": 4}
    session.tables.apply(made)
    paths = sorted(shot.path for shot in session.iterate(Query("shot", project="demo")))
    assert paths == ["shots/ep01/sq010/sh010", "shots/ep01/sq010/sh020", "shots/sh900", "shots/sq020/sh010"]
    first, second = (session.shots.get(f"bifrost://demo/shots/ep01/sq010/{code}") for code in ("sh010", "sh020"))
    assert (first.frames, dict(first.attributes)) == (FrameRange.parse("1001-1096"), {"handles": "8+8", "fps": "25"})
    assert (str(second.frames), dict(second.attributes)) == ("1001-1010,1020", {})


@pytest.mark.parametrize(("kind", "content", "count"), [("asset", ASSETS, 3), ("shot", SHOTS, 4)])
def test_nothing_changes_when_a_table_is_imported_again(
    session: Session, plan: Callable[..., TablePlan], kind: str, content: str, count: int
) -> None:
    session.tables.apply(plan(kind, content))
    revision = session.revision("demo")
    again = plan(kind, content)
    assert (again.changes, dict(again.counts), again.unchanged) == ((), {}, count)
    assert session.tables.apply(again) is None
    assert session.revision("demo") == revision


def test_cells_change_what_they_say_and_nothing_else_when_the_node_stands(
    session: Session, plan: Callable[..., TablePlan]
) -> None:
    session.tables.apply(plan("shot", SHOTS))
    shot = session.shots.update("bifrost://demo/shots/ep01/sq010/sh010", description="by hand")
    made = plan(
        "shot", "episode,sequence,code,frames,handles,name\nEP01,sq010,SH010,1001-1100,,new\nep01,sq010,sh020,,4+4,\n"
    )
    assert {ref: set(fields) for ref, fields in made.changed.items()} == {
        shot.ref: {"frames", "name"},
        "bifrost://demo/shots/ep01/sq010/sh020": {"handles"},
    }
    session.tables.apply(made)
    found = session.shots.get(shot.ref)
    assert (found.code, found.name, str(found.frames), found.description) == ("sh010", "new", "1001-1100", "by hand")
    assert dict(found.attributes) == {"handles": "8+8", "fps": "25"}


def test_node_is_followed_when_it_was_renamed_since(session: Session, plan: Callable[..., TablePlan]) -> None:
    session.tables.apply(plan("asset", ASSETS))
    session.assets.rename("bifrost://demo/assets/char/hero", "heroine")
    again = plan("asset", ASSETS)
    assert (again.changes, again.unchanged) == ((), 3)
    both = plan("asset", "type,code\nchar,hero\nchar,heroine\n")
    assert [(issue.code, issue.subject) for issue in both.issues] == [("table.twice", "table.csv:3")]


def test_everything_wrong_is_named_and_nothing_changed_when_rows_are_bad(
    session: Session, plan: Callable[..., TablePlan]
) -> None:
    session.products.create(session.assets.create("demo", "char", "hero"), "model")
    session.shots.create("demo", None, "sq010")
    content = """\
type,code,status,tags,fps,frames
char,a/b,todo,,,
char,,todo,,,
,x,,,,
char,latest,todo,,,
char,ok,nothing,,fast,
char,same,,,,
CHAR,Same,,,,
char/x,y,,,,
"""
    made = plan("asset", content)
    found = [(issue.subject.removeprefix("table.csv:"), issue.path) for issue in made.issues]
    assert found == [
        ("1", "frames"),
        ("2", "code"),
        ("5", "code"),
        ("6", "status"),
        ("6", "fps"),
        ("9", "type"),
        ("3", "code"),
        ("4", "type"),
        ("8", "code"),
    ]
    assert all(issue.message for issue in made.issues)
    with pytest.raises(ValidationError) as caught:
        session.tables.apply(made)
    assert caught.value.issues == made.issues
    assert session.assets.list(project="demo", code="ok") == []
    (issue,) = plan("shot", "sequence,code\nsq010,sh010\n").issues
    assert (issue.subject, issue.path, issue.message) == (
        "table.csv:2",
        "sequence",
        "shots/sq010 is a shot in the catalog",
    )


@pytest.mark.parametrize(
    "cell",
    [
        "../../etc",
        "a\x07",
        "\u202ehero",
        "he\u200dro",
        "x" * 65,
        "con",
        "v001",
        "~x",
        "a.b",
        "=cmd()",
        "'; DROP TABLE entity;--",
    ],
)
def test_hostile_code_is_refused_with_its_place(session: Session, plan: Callable[..., TablePlan], cell: str) -> None:
    (issue,) = plan("asset", f'type,code\nchar,"{cell}"\n').issues
    assert (issue.code, issue.subject, issue.path) == ("table.cell", "table.csv:2", "code")


def test_text_is_kept_as_it_is_when_it_looks_like_a_formula(session: Session, plan: Callable[..., TablePlan]) -> None:
    session.tables.apply(plan("asset", "type,code,name\nchar,hero,=HYPERLINK()\n"))
    assert session.assets.get("bifrost://demo/assets/char/hero").name == "=HYPERLINK()"


def test_status_is_refused_when_it_is_for_other_kinds(session: Session, plan: Callable[..., TablePlan]) -> None:
    (status,) = session.iterate(Query("status", project="demo").where(code="wip"))
    session.context.commit("demo", [tables.Update(status, {"kinds": ["shot"]})])
    (issue,) = plan("asset", "type,code,status\nchar,hero,wip\n").issues
    assert issue.path == "status"
    assert plan("shot", "code,status\nsh010,wip\n").issues == ()


def test_columns_are_the_projects_attributes_when_it_declares_others(
    session: Session, plan: Callable[..., TablePlan]
) -> None:
    session.projects.update("demo", attribute_types={"stage": AttributeType("choice", choices=("day", "night"))})
    session.tables.apply(plan("asset", "type,code,stage\nchar,hero,day\n"))
    assert dict(session.assets.get("bifrost://demo/assets/char/hero").attributes) == {"stage": "day"}
    assert [issue.path for issue in plan("asset", "type,code,stage,fps\nchar,b,noon,24\n").issues] == ["fps", "stage"]


def test_plan_answers_as_the_first_time_when_it_is_applied_again(
    session: Session, plan: Callable[..., TablePlan]
) -> None:
    made = plan("asset", ASSETS)
    first, second = session.tables.apply(made), session.tables.apply(made)
    assert first is not None
    assert second is not None
    assert (first.revision, second.repeated) == (second.revision, True)


def test_apply_is_refused_when_somebody_changed_a_node_meanwhile(
    session: Session, plan: Callable[..., TablePlan]
) -> None:
    session.tables.apply(plan("asset", ASSETS))
    made = plan("asset", "type,code,name\nchar,hero,mine\nprop,new,\n")
    session.assets.update("bifrost://demo/assets/char/hero", name="theirs")
    with pytest.raises(ConflictError):
        session.tables.apply(made)
    assert session.assets.get("bifrost://demo/assets/char/hero").name == "theirs"
    assert session.assets.list(project="demo", code="new") == []


def test_table_is_refused_when_one_commit_cannot_hold_it(
    session: Session, plan: Callable[..., TablePlan], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tables, "COMMIT_LIMIT", 4)
    assert [issue.code for issue in plan("asset", ASSETS).issues] == ["table.size"]
    assert plan("asset", "type,code\nchar,a\nchar,b\nchar,c\n").issues == ()


def test_apply_is_refused_when_the_actor_may_not(
    session: Session, plan: Callable[..., TablePlan], tmp_path: Path
) -> None:
    made = plan("asset", ASSETS)
    session.users.create("berta")
    with connect(tmp_path / "shows", user="berta") as other, pytest.raises(PermissionDeniedError):
        other.tables.apply(made)


def test_plan_is_plain_data_when_asked_for(session: Session, plan: Callable[..., TablePlan]) -> None:
    session.tables.apply(plan("asset", ASSETS))
    made = plan("asset", "type,code,name\nchar,hero,new\nchar,x,\n,,bad\n")
    data = made.to_data()
    assert json.loads(json.dumps(data)) == data
    assert (data["make"], data["change"]) == ({"asset": 1}, {"bifrost://demo/assets/char/hero": ["name"]})
    assert [issue["subject"] for issue in data["issues"]] == ["table.csv:4", "table.csv:4"]


def test_plan_is_refused_when_it_cannot_begin(session: Session, plan: Callable[..., TablePlan], tmp_path: Path) -> None:
    with pytest.raises(StorageError) as caught:
        session.tables.plan("asset", tmp_path / "missing.csv", project="demo")
    assert caught.value.path == str(tmp_path / "missing.csv")
    with pytest.raises(ValidationError, match="assets or shots, not task"):
        plan("task", ASSETS)
    with pytest.raises(NotFoundError):
        plan("asset", ASSETS, project="other")


def test_columns_place_things_as_paths_do_when_read_from_the_top() -> None:
    for kind, columns in PLACES.items():
        assert tuple(columns.values()) == CHAINS[kind]
        assert set(REQUIRED[kind]) <= columns.keys()
    assert attrs.fields(TablePlan).issues.default == ()
