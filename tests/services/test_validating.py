from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import attrs
import pytest

from bifrost_sdk.domain.changes import Update
from bifrost_sdk.domain.entity import Entity
from bifrost_sdk.errors import Issue, ValidationError
from bifrost_sdk.services.drafts import plan
from bifrost_sdk.services.proposals import Proposal, propose
from bifrost_sdk.services.publications import Publication
from bifrost_sdk.services.validating import BUILTIN, check, check_before_publish
from bifrost_sdk.services.validators import Validator
from bifrost_sdk.session import Session, connect

CHECKS = '''
"""A studio's own checks."""
from bifrost_sdk import Issue

class NoSpaces:
    """No spaces in comments"""
    id = "studio.spaces"
    severity = "warning"
    def check(self, proposal):
        if " " in proposal.comment:
            yield Issue("comment.space", "holds a space", "comment")

def crashes(proposal):
    raise RuntimeError("no licence")

def is_commented(proposal):
    """Comment"""
    return [] if proposal.comment else ["there is no comment"]
'''


@pytest.fixture
def hero(session: Session) -> Entity:
    return session.assets.create("demo", "char", "hero")


@pytest.fixture
def usda(tmp_path: Path) -> Path:
    path = tmp_path / "hero.usda"
    path.write_text("#usda 1.0\n")
    return path


def state_of(session: Session) -> tuple[int, set[str]]:
    """All that a validation could have changed: the catalog's revision, and what lies in the roots."""
    roots = session.context.roots.values()
    return session.revision("demo"), {str(path) for root in roots for path in root.rglob("*")}


def test_nothing_is_written_when_everything_is_wrong(session: Session, hero: Entity, usda: Path) -> None:
    usda.write_bytes(b"")
    before = state_of(session)
    made = session.validate(
        hero, "model", {"usd": usda, "abc": usda.parent / "none.abc"}, depends_on=["bifrost://demo/assets/none"]
    )
    assert state_of(session) == before
    assert not made.ok
    assert [(each.validator, each.path, each.severity) for each in made.results] == [
        ("files.readable", "files.abc", "error"),
        ("dependencies.published", "depends_on", "error"),
        ("files.readable", "files.usd", "error"),
    ]
    with pytest.raises(ValidationError) as caught:
        made.raise_for_errors()
    assert [issue.path for issue in caught.value.issues] == ["files.abc", "depends_on", "files.usd"]


def test_all_is_well_when_nothing_speaks_against_it(session: Session, hero: Entity, usda: Path) -> None:
    made = session.validate(hero, "model", {"usd": usda})
    assert (made.ok, made.results, made.raise_for_errors()) == (True, (), made)
    assert made.to_data() == {"ok": True, "results": [], "fixed": []}


def test_heaviest_comes_first_when_there_are_several(session: Session, hero: Entity, usda: Path) -> None:
    checks = [
        Validator(severity, severity, lambda _: ["x"], severity=severity) for severity in ("info", "error", "warning")
    ]
    made = session.validate(hero, "model", {"usd": usda}, validators=checks)
    assert [each.validator for each in made.results] == ["error", "warning", "info"]
    assert [each.validator for each in (*made.errors, *made.warnings)] == ["error", "warning"]


def test_others_still_run_when_one_raises(session: Session, hero: Entity, usda: Path) -> None:
    def crashes(_: Proposal) -> Iterator[str]:
        raise RuntimeError("no licence")

    def is_commented(proposal: Proposal) -> Iterator[str]:
        if not proposal.comment:
            yield "there is no comment"

    hint = "(give a function, or an object with a method check(proposal))"
    made = session.validate(hero, "model", {"usd": usda}, validators=[crashes, 12, is_commented])
    assert [(each.validator, each.message) for each in made.results] == [
        ("int", f"it could not be loaded: ValidationError: int: 12 is no validator {hint}"),
        ("crashes", "it could not be run: RuntimeError: no licence"),
        ("is_commented", "there is no comment"),
    ]


def test_validators_are_found_when_they_are_installed_or_named(
    session: Session, hero: Entity, usda: Path, install: Callable[..., Path]
) -> None:
    points = {"bifrost_sdk.validators": {"spaces": "studio_checks_a:NoSpaces", "gone": "studio_checks_a:gone"}}
    install("studio_checks_a", CHECKS, points)
    settings = "validators: ['studio_checks_a:crashes', 'studio_checks_a:is_commented']\n"
    with reconnected(session, settings) as other:
        made = other.validate(hero, "model", {"usd": usda}, comment="")
        assert {each.validator for each in made.errors} == {
            "gone",
            "studio_checks_a:crashes",
            "studio_checks_a:is_commented",
        }
        spaced = other.validate(hero, "model", {"usd": usda}, comment="a b")
        assert [each.validator for each in spaced.warnings] == ["studio.spaces"]
    weighed = settings + "disabled: [gone, 'studio_checks_a:crashes']\nseverity: {studio.spaces: error}\n"
    with reconnected(session, weighed) as other:
        made = other.validate(hero, "model", {"usd": usda}, comment="a b")
        assert [(each.validator, each.severity) for each in made.results] == [("studio.spaces", "error")]


def test_own_validator_rests_when_it_is_disabled(session: Session, hero: Entity, usda: Path) -> None:
    usda.write_bytes(b"")
    with reconnected(session, "disabled: [files.readable]\n") as other:
        assert other.validate(hero, "model", {"usd": usda}).ok


def test_settings_are_told_when_they_name_no_validator(session: Session, hero: Entity, usda: Path) -> None:
    with reconnected(session, "disabled: [files.type, files.typo]\nseverity: {studio.other: error}\n") as other:
        made = other.validate(hero, "model", {"usd": usda})
    assert [(each.severity, each.code, each.subject) for each in made.results] == [
        ("info", "validator.unknown", "files.typo"),
        ("info", "validator.unknown", "studio.other"),
    ]


def test_request_is_told_when_publishing_would_refuse_it(session: Session, hero: Entity, usda: Path) -> None:
    made = session.validate(hero, "model", {"usd": usda}, comment="\x00", metadata={"a": "x" * 70_000})
    assert [each.validator for each in made.errors] == ["publication.valid"]
    made = session.validate(hero, "model", {"usd": usda}, tags=[""])
    assert [(each.validator, each.path) for each in made.errors] == [("publication.valid", "tags")]
    made = session.validate(hero, "model", {"usd": usda}, tags=[""], fix=True)
    assert [(each.validator, each.path) for each in made.errors] == [("publication.valid", "tags")]


def reconnected(session: Session, settings: str) -> Session:
    """The same workspace with further settings."""
    path = session.settings.folder / "bifrost.yaml"
    kept = path.with_suffix(".kept")
    if not kept.exists():
        shutil.copy(path, kept)
    path.write_text(kept.read_text() + settings)
    return connect(session.settings.folder, user="anna")


# Before publishing


def test_proposal_is_refused_when_there_is_an_error(session: Session, hero: Entity, usda: Path) -> None:
    proposal, _ = propose(session.context, hero, "model", {"usd": usda}, comment="first")
    assert [each.ok for each in check([proposal, proposal])] == [True, True]
    warning = Validator("w", "W", lambda _: ["look at it"], severity="warning")
    (told,) = check([proposal], [warning])
    assert [each.message for each in told.warnings] == ["look at it"]
    strict = attrs.evolve(session.context, plugins=attrs.evolve(session.context.plugins, severity={"w": "error"}))
    with pytest.raises(ValidationError, match="look at it") as caught:
        check([attrs.evolve(proposal, context=strict)] * 2, [warning])
    assert caught.value.issues == (Issue("w", "look at it"),)


def test_set_is_refused_when_one_of_it_has_an_error(session: Session, hero: Entity, usda: Path) -> None:
    empty = usda.with_name("empty.usda")
    empty.touch()
    base = session.publish(hero, "base", {"usd": usda})
    look = Publication(hero.ref, "look", {"usd": usda}, comment="new", depends_on=[base])
    rig = Publication(hero, "rig", {"usd": usda}, depends_on=[look, base.ref], tags=["main"])
    drafts = plan(session.context, [look, rig])
    told = check_before_publish(session.context, [look, rig], drafts)
    assert [(each.ok, each.proposal.comment, each.proposal.tags) for each in told] == [
        (True, "new", ()),
        (True, "", ("main",)),
    ]
    assert [[needed.version for needed in each.proposal.dependencies] for each in told] == [[base.id], [base.id]]
    session.versions.retire(base)
    wrong = Publication(hero, "other", {"usd": empty}, depends_on=[look])
    with pytest.raises(ValidationError) as caught:
        check_before_publish(session.context, [look, wrong], plan(session.context, [look, wrong]))
    assert [(issue.code, issue.subject) for issue in caught.value.issues] == [
        ("dependency.retired", base.ref),
        ("file.empty", str(empty)),
    ]


def test_little_time_is_taken_when_one_file_is_published(session: Session, hero: Entity, usda: Path) -> None:
    proposal, _ = propose(session.context, hero, "model", {"usd": usda})
    check([proposal])
    started = time.perf_counter()
    for _ in range(100):
        check([attrs.evolve(proposal)])
    assert (time.perf_counter() - started) / 100 < 0.005  # a publish takes about 8 ms, and this about 0.1


def test_every_builtin_has_a_name_of_its_own_when_listed() -> None:
    assert len({each.id for each in BUILTIN}) == len(BUILTIN)
    assert all(each.label and "." in each.id for each in BUILTIN)


# Fixing


def fills(proposal: Proposal, problem: Issue) -> None:
    Path(problem.subject).write_text("#usda 1.0\n")


FILLED = Validator(
    "studio.filled",
    "Filled",
    lambda proposal: [
        Issue("empty", "holds nothing", f"files.{each.key}", str(each.source.path))
        for each in proposal.offered()
        if not each.source.size
    ],
    fix=fills,
)


def test_fix_is_applied_and_all_is_looked_at_again_when_asked_for(session: Session, hero: Entity, usda: Path) -> None:
    usda.write_bytes(b"")
    asked = session.validate(hero, "model", {"usd": usda}, validators=[FILLED])
    assert [(each.validator, each.fixable) for each in asked.errors] == [
        ("files.readable", False),
        ("studio.filled", True),
    ]
    assert usda.read_bytes() == b""
    made = session.validate(hero, "model", {"usd": usda}, validators=[FILLED], fix=True)
    assert (made.ok, [each.validator for each in made.fixed]) == (True, ["studio.filled"])
    assert usda.read_text() == "#usda 1.0\n"


def test_files_of_the_fix_are_those_to_publish_when_it_changes_the_proposal(
    session: Session, hero: Entity, usda: Path
) -> None:
    other = usda.with_name("other.usda")
    shutil.copy(usda, other)

    def fix(proposal: Proposal, _: Issue) -> Proposal:
        return attrs.evolve(proposal, files={"usd": other})

    def is_other(proposal: Proposal) -> Iterator[str]:
        if {each.source.path for each in proposal.offered()} != {other}:
            yield "take the other"

    check = Validator("studio.other", "Other", is_other, fix=fix)
    made = session.validate(hero, "model", {"usd": usda}, validators=[check], fix=True)
    assert (made.ok, made.proposal.files) == (True, {"usd": other})
    assert session.publish(hero, "model", made.proposal.files).number == 1


def test_problem_stays_when_its_fix_fails_or_does_nothing(session: Session, hero: Entity, usda: Path) -> None:
    def fails(_: Proposal, __: Issue) -> None:
        raise OSError("disk full")

    def does_nothing(_: Proposal, __: Issue) -> None:
        pass

    checks = [
        Validator(fix.__name__, "Label", lambda _: [Issue("x", "is wrong", "", "hero")], fix=fix)
        for fix in (fails, does_nothing)
    ]
    made = session.validate(hero, "model", {"usd": usda}, validators=checks, fix=True)
    assert made.fixed == ()
    assert [(each.validator, each.message) for each in made.errors] == [
        ("fails", "it could not mend hero: OSError: disk full"),
        ("fails", "is wrong"),
        ("does_nothing", "is wrong"),
    ]


def test_published_file_is_never_fixed_when_it_is_published_again(
    session: Session, hero: Entity, usda: Path, tmp_path: Path
) -> None:
    session.publish(hero, "model", {"usd": usda})
    published = session.resolve(f"{hero.ref}/model/latest")
    link = tmp_path / "link.usda"
    link.symlink_to(published)
    called: list[Issue] = []
    check = Validator("touches", "Touches", lambda _: ["touch it"], fix=lambda _, problem: called.append(problem))
    for path in (published, link):
        made = session.validate(hero, "rig", {"usd": path}, validators=[check], fix=True)
        assert [(each.message, each.fixable) for each in made.errors] == [("touch it", False)]
    assert called == []
    assert session.validate(hero, "rig", {"usd": usda}, validators=[check]).errors[0].fixable


def test_dependency_is_still_told_when_fixes_were_applied(session: Session, hero: Entity, usda: Path) -> None:
    usda.write_bytes(b"")
    made = session.validate(
        hero,
        "model",
        {"usd": usda, "abc": usda.with_name("none.abc")},
        depends_on=["bifrost://demo/assets/none"],
        validators=[FILLED],
        fix=True,
    )
    assert [(each.validator, each.path) for each in made.errors] == [
        ("files.readable", "files.abc"),
        ("dependencies.published", "depends_on"),
    ]


def test_work_file_is_taken_in_when_the_fix_of_the_library_is_applied(
    session: Session, hero: Entity, usda: Path
) -> None:
    task = session.tasks.create(hero, "rig")
    scene = session.workfiles.create(task, application="maya")
    assert scene.workfile is not None
    scene.path.write_text("a scene")
    session.commit([Update(scene.workfile.id, {"size": 3})], project="demo")
    made = session.validate(hero, "model", {"usd": usda}, task=task)
    assert [(each.validator, each.fixable) for each in made.warnings] == [("workfile.known", True)]
    made = session.validate(hero, "model", {"usd": usda}, task=task, fix=True)
    assert (made.results, [each.validator for each in made.fixed]) == ((), ["workfile.known"])
