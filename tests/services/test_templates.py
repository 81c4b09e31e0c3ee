from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import attrs
import pytest

from bifrost_sdk.domain.changes import Create
from bifrost_sdk.domain.templates.documents import TemplateDocument
from bifrost_sdk.domain.templates.examples import path_of
from bifrost_sdk.domain.templates.sets import TemplateSet
from bifrost_sdk.errors import ConfigurationError, NotFoundError, PermissionDeniedError, ValidationError
from bifrost_sdk.session import Session, connect, init

OWN = {"extends": "film", "templates": {"shot_work": {"root": "scenes"}}}
CLASH = {
    "templates": {"one": {"path": "{project}/{a}", "root": "work"}, "two": {"path": "{project}/{b}", "root": "work"}}
}


def keep(session: Session, project: str, document: dict[str, Any], code: str = "default") -> None:
    """Past all checks, as another program may."""
    session.commit([Create(TemplateDocument(code=code, document=document))], project=project)


@pytest.mark.parametrize("name", ["film", "episodic"])
def test_set_of_the_library_is_proven_when_loaded(session: Session, name: str) -> None:
    made = session.templates.named(name)
    parsed = len(made.templates)
    assert parsed >= 28
    assert len(made.verdicts()) > parsed
    assert {verdict.kind for verdict in made.verdicts()} == {"disjoint"}
    assert not any(each.before for each in made.templates.values())
    assert all(each.is_parsed for each in made.templates.values())


@pytest.mark.parametrize("name", ["film", "episodic"])
def test_set_of_the_library_reads_what_it_makes_when_every_template_is_tried(session: Session, name: str) -> None:
    made = session.templates.named(name)
    for template in made.templates.values():
        for is_full in (False, True):
            path = path_of(template.template, made.examples, is_full=is_full)
            ((found, values),) = made.match(template.root, path)
            assert found is template
            assert template.template.format(values) == path


@pytest.mark.parametrize("name", ["film", "episodic"])
def test_set_of_the_library_has_its_areas_when_asked(session: Session, name: str) -> None:
    made = session.templates.named(name)
    for kind in ("asset", "shot"):
        for area in ("work", "publish", "output", "cache", "folder"):
            assert made.for_area(kind, area).kind == kind
    chain = {"project", "sequence", "shot", "product", "version", *(["episode"] if name == "episodic" else [])}
    assert made.for_area("version", "folder", given=chain).name == "shot_version"
    assert made.for_area("version", "folder", given=chain - {"shot"}).name == "sequence_version"
    assert made.for_area("task", "folder", given={"project", "asset_type", "asset", "task"}).name == "asset_task"
    assert made.for_area("user", "folder").name == "user_folder"


def test_publish_template_is_where_publishing_puts_files_when_compared(session: Session, tmp_path: Path) -> None:
    (tmp_path / "hero.usda").write_text("#usda 1.0")
    hero = session.assets.create("demo", "char", "hero_01")
    version = session.publish(hero, "model", {"usd": tmp_path / "hero.usda"})
    film = session.templates.get("demo")
    values = {
        "project": "demo",
        "asset_type": "char",
        "asset": "hero_01",
        "product": "model",
        "version": 1,
        "ext": "usda",
    }
    path = session.context.roots["publish"] / film.for_area("asset", "publish").template.format(values)
    assert path == session.resolve(version.ref)
    ((found, read),) = film.match("publish", path.relative_to(session.context.roots["publish"]).as_posix())
    assert (found.name, read) == ("asset_publish", values)


def test_project_goes_by_its_own_set_else_the_studios_else_film_when_asked(session: Session) -> None:
    templates = session.templates
    assert templates.lineage("demo") == ("film of the library",)
    assert templates.get("demo").source == "film of the library"
    templates.apply("studio", {"extends": "film", "templates": {"user_work": None}})
    assert templates.lineage("demo") == templates.lineage("studio") == ("default of the studio", "film of the library")
    assert "user_work" not in templates.get("demo").templates
    templates.apply("demo", {"extends": "default", "templates": {"user_folder": None}})
    assert templates.lineage("demo") == ("demo", "default of the studio", "film of the library")
    assert not {"user_work", "user_folder"} & set(templates.get().templates)
    assert "user_folder" in templates.get("studio").templates
    templates.remove("demo")
    assert "user_folder" in templates.get("demo").templates
    templates.remove("studio")
    assert "user_work" in templates.get("demo").templates
    with pytest.raises(NotFoundError, match="demo keeps no set of templates"):
        templates.remove("demo")


def test_studio_keeps_several_sets_when_they_have_names(session: Session) -> None:
    templates = session.templates
    templates.apply("studio", {"extends": "film", "templates": {"user_work": None}}, name="Film")
    templates.apply("studio", {"extends": "film", "description": "ours"}, name="feature")
    assert [kept.code for kept in templates.list("demo")] == ["Film", "feature"]
    assert "user_work" not in templates.named("feature").templates
    assert "user_work" not in templates.named("film").templates
    assert templates.lineage("demo") == ("film of the library",)
    templates.apply("demo", {"extends": "feature"})
    assert templates.lineage("demo") == ("demo", "feature of the studio", "film of the studio", "film of the library")
    assert [kept.project for kept in templates.list("demo")] == ["demo", "studio", "studio"]
    with pytest.raises(ValidationError, match="a project keeps one set, 'default', not 'other'"):
        templates.apply("demo", OWN, name="other")
    with pytest.raises(ValidationError, match="there are film, feature, default, episodic"):
        templates.named("zzz")


def test_set_is_the_same_object_when_nothing_changed_and_another_when_something_did(session: Session) -> None:
    first = session.templates.get("demo")
    assert session.templates.get("demo") is first
    session.assets.create("demo", "char", "hero")
    assert session.templates.get("demo") is first
    session.templates.apply("demo", OWN)
    assert session.templates.get("demo").templates["shot_work"].root == "scenes"


def test_change_is_seen_at_once_when_another_process_makes_it(session: Session) -> None:
    assert session.templates.get("demo").templates["shot_work"].root == "work"
    program = (
        "import sys, bifrost_sdk as bf\n"
        "with bf.connect(sys.argv[1], user='anna') as session:\n"
        "    session.templates.apply('demo', {'extends': 'film', 'templates': {'shot_work': {'root': 'scenes'}}})"
    )
    subprocess.run([sys.executable, "-c", program, str(session.settings.folder)], check=True)
    assert session.templates.get("demo").templates["shot_work"].root == "scenes"


def test_set_is_that_of_then_when_the_past_is_viewed(session: Session) -> None:
    before = session.revision("demo")
    session.templates.apply("studio", {"extends": "film", "templates": {"user_work": None}})
    session.assets.create("demo", "char", "hero")
    between = session.revision("demo")
    session.templates.apply("demo", {"extends": "default", "templates": {"user_folder": None}})

    def missing(view: Session) -> set[str]:
        return {"user_work", "user_folder"} - set(view.templates.get("demo").templates)

    assert missing(session.at(before)) == set()
    assert missing(session.at(between)) == {"user_work"}
    assert missing(session) == {"user_work", "user_folder"}
    assert missing(session.at("2020-01-01")) == set()


def test_set_is_refused_and_nothing_is_kept_when_it_contends_for_paths(session: Session) -> None:
    revision = session.revision("demo")
    report = session.templates.check(CLASH)
    assert not report.is_fine
    assert report.made is not None
    with pytest.raises(ValidationError, match="one and two both read") as caught:
        session.templates.apply("demo", CLASH)
    assert caught.value.issues == report.issues
    assert session.revision("demo") == revision
    assert session.templates.check(OWN).is_fine


def test_kept_set_is_refused_when_it_was_written_past_the_checks(session: Session) -> None:
    for document in (CLASH, {"templates": 3}, {"extends": "zzz"}, {"schema": 99}):
        keep(session, "demo", document)
        with pytest.raises(ValidationError):
            session.templates.get("demo")
        session.templates.remove("demo")
    assert session.templates.get("demo").templates


def test_extending_ends_when_sets_of_the_studio_extend_each_other(session: Session) -> None:
    keep(session, "studio", {"extends": "b"}, "a")
    keep(session, "studio", {"extends": "a"}, "b")
    with pytest.raises(ValidationError, match="there is no set 'a'"):
        session.templates.named("a")


def test_change_of_the_studio_is_refused_when_a_project_could_not_be_used_any_more(session: Session) -> None:
    area = {"path": "{project}/extra/{shot}", "root": "work"}
    session.templates.apply("demo", {"extends": "default", "templates": {"mine": area}})
    with pytest.raises(ValidationError, match="the templates of demo could not be used any more") as caught:
        session.templates.apply("studio", {"extends": "film", "templates": {"theirs": area}})
    assert [issue.subject for issue in caught.value.issues] == ["bifrost://demo"]
    session.templates.apply("studio", {"extends": "film"})
    session.templates.apply("studio", {"extends": "film", "description": "again"}, name="base")
    session.templates.apply("demo", {"extends": "base", "templates": {"mine": area}})
    with pytest.raises(ValidationError, match="the templates of demo could not be used any more"):
        session.templates.remove("studio", name="base")
    session.projects.update("demo", state="archived")
    session.templates.remove("studio", name="base")


def test_only_who_may_changes_templates_when_roles_are_asked(session: Session) -> None:
    session.users.create("ben")
    session.users.grant("ben", "supervisor", project="demo")
    with connect(session.settings.folder, user="ben") as ben:
        assert ben.templates.get("demo").templates
        with pytest.raises(PermissionDeniedError, match="create:template_set"):
            ben.templates.apply("demo", OWN)
        session.templates.apply("studio", {"extends": "film", "templates": {"user_work": None}})
        assert "user_work" not in ben.templates.get("demo").templates


def test_document_is_the_same_when_exported_edited_and_applied(session: Session, tmp_path: Path) -> None:
    assert session.templates.export("demo") == {"schema": 1, "extends": "default"}
    assert session.templates.export("studio") == {"schema": 1, "extends": "film"}
    session.templates.apply("demo", OWN)
    assert session.templates.export("demo") == OWN
    whole = session.templates.export("demo", whole=True)
    assert "extends" not in whole
    assert TemplateSet.from_document(whole).to_document() == whole
    (tmp_path / "set.yaml").write_text("extends: film\ntemplates:\n  shot_work: {root: other}\n")
    kept = session.templates.apply("demo", tmp_path / "set.yaml", comment="from a file")
    assert kept.document == {"extends": "film", "templates": {"shot_work": {"root": "other"}}}
    assert session.history(kept)[-1].comment == "from a file"
    again = session.templates.apply("demo", {**attrs.asdict(kept)["document"], "description": None})
    assert (again.id, again.revision) == (kept.id, kept.revision + 1)


def test_file_is_refused_with_the_line_when_something_in_it_is_wrong(session: Session, tmp_path: Path) -> None:
    path = tmp_path / "set.yaml"
    path.write_text("extends: film\ntemplates:\n  shot_work:\n    rot: x\n  more: '{'\n")
    report = session.templates.check(path)
    assert [(issue.subject, issue.path) for issue in report.issues] == [(f"{path}:4", "templates.shot_work.rot")]
    with pytest.raises(ConfigurationError, match="there is no file"):
        session.templates.check(tmp_path / "none.yaml")


def test_templates_are_those_of_each_project_when_there_are_several(tmp_path: Path) -> None:
    folder = init(tmp_path / "shows", project="one", user="anna")
    init(folder, project="two", user="anna")
    with connect(folder, user="anna") as session:
        session.templates.apply("one", OWN)
        assert session.templates.get("one").templates["shot_work"].root == "scenes"
        assert session.templates.get("two").templates["shot_work"].root == "work"
        with pytest.raises(NotFoundError):
            session.templates.get("three")
