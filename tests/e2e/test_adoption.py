"""A show of another tool, 20,000 files, is adopted, changed behind the catalog's back, scanned and repaired."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import attrs
import pytest
import yaml

from bifrost_sdk.domain.query import Query
from bifrost_sdk.domain.reconciliation import Report
from bifrost_sdk.domain.versions import Version, Workfile
from bifrost_sdk.errors import BifrostError, StorageError
from bifrost_sdk.services.manifests import digest
from bifrost_sdk.session import Session, connect, init

pytestmark = pytest.mark.slow

FILES = 20_000
OLD = 1_700_000_000

#: As a pipeline of the field lays out its projects: entity, step, then work and publish, each by application.
TEMPLATES: dict[str, Any] = yaml.safe_load(r"""
description: The layout of the pipeline that the show began with
tokens:
  asset_type: {characters: '\w'}
  asset: {characters: '\w'}
  step: {from: task.code}
  product: {characters: '\w'}
  app: {type: choice, choices: [maya, houdini]}
templates:
  asset_place: "assets/{asset_type}/{asset}/{step}"
  shot_place: "sequences/{sequence}/{shot}/{step}"
  asset_work: {path: "{@asset_place}/work/{app}/{asset}.v{version}.{ext}", root: show, for: asset, area: work}
  shot_work: {path: "{@shot_place}/work/{app}/{shot}.v{version}.{ext}", root: show, for: shot, area: work}
  asset_publish: {path: "{@asset_place}/publish/{product}.v{version}.{ext}", root: show, for: asset, area: publish}
  shot_publish: {path: "{@shot_place}/publish/{product}.v{version}.{ext}", root: show, for: shot, area: publish}
  textures: {path: "{@asset_place}/textures/{product}/v{version}/{product}.{udim}.{ext}", root: show, for: asset, area: maps}
  renders: {path: "{@shot_place}/images/{product}/v{version}/{shot}.{frame}.{ext}", root: show, for: shot, area: renders}
  cache: {path: "{@shot_place}/cache/v{version}/{shot}.{frame}.{ext}", root: show, for: shot, area: cache}
""")  # noqa: E501  # a path is read best in one line


@attrs.define
class Truth:
    """What the test put there, by what each file is; the files of sets by their folder."""

    published: set[str] = attrs.field(factory=set)
    sets: dict[str, set[str]] = attrs.field(factory=dict)
    work: set[str] = attrs.field(factory=set)
    caches: set[str] = attrs.field(factory=set)
    litter: set[str] = attrs.field(factory=set)

    @property
    def in_sets(self) -> set[str]:
        return set().union(*self.sets.values())

    @property
    def tracked(self) -> set[str]:
        return self.published | self.in_sets | self.work

    @property
    def everything(self) -> set[str]:
        return self.tracked | self.caches | self.litter


def things() -> Iterator[tuple[str, str]]:
    """What each file is, and its path, asset by asset and shot by shot; numbers have gaps, as numbers do."""
    for index in range(1_000_000):
        asset = f"asset{index:04d}"
        for step, product in (("modeling", "model"), ("rigging", "rig")):
            place = f"assets/char/{asset}/{step}"
            yield from (("work", f"{place}/work/maya/{asset}.v{number:03d}.ma") for number in (1, 2, 5))
            yield from (
                ("published", f"{place}/publish/{product}.v{n:03d}.{e}") for n in (2, 3, 7) for e in ("ma", "abc")
            )
        folder = f"assets/char/{asset}/look/textures/skin/v001"
        yield from (("set", f"{folder}/skin.{tile}.exr") for tile in (1001, 1002, 1011))
        shot = f"sh{index:04d}"
        place = f"sequences/sq{index // 10:03d}/{shot}"
        for number in (1, 4):
            folder = f"{place}/comp/images/beauty/v{number:03d}"
            yield from (("set", f"{folder}/{shot}.{frame}.exr") for frame in (*range(1001, 1021), 1030))
            yield from (("cache", f"{place}/fx/cache/v{number:03d}/{shot}.{frame}.vdb") for frame in range(1001, 1005))
            yield "published", f"{place}/anim/publish/anim.v{number:03d}.abc"
        yield "work", f"{place}/anim/work/houdini/{shot}.v001.hip"
        yield "litter", f"{place}/anim/publish/anim.v4.abc"
        yield "litter", f"{place}/anim/publish/Thumbs.db"


def write(folder: Path, path: str, text: str, *, at: float = OLD) -> None:
    (folder / path).parent.mkdir(parents=True, exist_ok=True)
    (folder / path).write_text(text)
    os.utime(folder / path, (at, at))


def make(folder: Path) -> Truth:
    """The show on disk."""
    truth = Truth()
    kinds = {"published": truth.published, "work": truth.work, "cache": truth.caches, "litter": truth.litter}
    for (kind, path), _ in zip(things(), range(FILES), strict=False):
        write(folder, path, f"what {path} holds")
        if kind == "set":
            truth.sets.setdefault(path.rpartition("/")[0], set()).add(path)
        else:
            kinds[kind].add(path)
    assert len(truth.everything) == FILES
    return truth


def listing(folder: Path) -> dict[str, tuple[int, int, int]]:
    """Every file, with what a write, a move or a copy would change."""
    found = {}
    for top, _, names in os.walk(folder):
        for name in names:
            path = Path(top, name)
            status = path.lstat()
            found[path.relative_to(folder).as_posix()] = (status.st_size, status.st_mtime_ns, status.st_ino)
    return found


def of_state(report: Report) -> dict[str, set[str]]:
    """The paths of the findings about files, by state."""
    found: dict[str, set[str]] = {}
    for finding in report.findings:
        if finding.about != "folder":
            found.setdefault(finding.state, set()).add(finding.path)
    return found


def adopt(session: Session, folder: Path, truth: Truth) -> None:
    """Take the show in, interrupted once: the plan is right to the file, and nothing on disk is another."""
    before = listing(folder)
    plan = session.adoption.plan(folder)
    assert (plan.files, plan.others) == (len(truth.tracked), len(truth.caches))
    assert {left.path: left.count for left in plan.left} == dict.fromkeys(truth.litter, 1)
    assert {left.token for left in plan.left if left.path.endswith("v4.abc")} == {"version"}
    assert len(plan.batches) > 1
    turns = iter([False])
    first = session.adoption.apply(plan, cancel=lambda: next(turns, True))
    assert not first.is_whole
    rest = session.adoption.plan(folder)
    assert (rest.known, rest.files) == (first.files, plan.files - first.files)
    assert session.adoption.apply(rest).is_whole
    assert session.adoption.plan(folder).batches == ()
    assert listing(folder) == before

    assert len(session.assets.list()) == len(
        {path.split("/")[2] for path in truth.tracked if path.startswith("assets")}
    )
    versions: list[Version] = list(session.iterate(Query("version")))
    expected = {path.rpartition(".")[0] for path in truth.published} | set(truth.sets)
    assert len(versions) == len(expected)
    assert {version.number for version in versions} == {1, 2, 3, 4, 7}
    assert {version.state for version in versions} == {"published"}
    assert all("adopted" in version.metadata for version in versions)
    works: list[Workfile] = list(session.iterate(Query("workfile")))
    assert {work.file for work in works} == truth.work
    assert session.versions.latest("bifrost://demo/assets/char/asset0000/model").number == 7
    assert session.resolve("bifrost://demo/shots/sq000/sh0000/beauty/v004") == (
        folder / "sequences/sq000/sh0000/comp/images/beauty/v004/sh0000.<FRAME>.exr"
    )


def read(session: Session, folder: Path, truth: Truth) -> None:
    """Every file is unverified until it was read, and then ok."""
    report = session.sync.scan()
    assert of_state(report) == {"unverified": truth.tracked, "untracked": truth.litter}
    assert report.counts == {"unverified": len(truth.tracked), "untracked": len(truth.litter)}
    hashed = session.adoption.hash()
    assert (hashed.files, hashed.failed) == (len(truth.published) + len(truth.sets) + len(truth.work), ())
    report = session.sync.scan()
    assert of_state(report) == {"untracked": truth.litter}
    assert report.counts == {"ok": len(truth.tracked), "untracked": len(truth.litter)}
    path = min(truth.published)
    (answer,) = session.resolve_many(["bifrost://demo/assets/char/asset0000/model/v002/model.v002.abc"])
    assert not isinstance(answer, BifrostError)
    assert (answer.path, answer.hash) == (path, digest((folder / path).read_bytes()))


@attrs.define
class Changes:
    """What the test did behind the catalog's back, and so what a scan has to say: paths by state.

    `unseen` was written with its size and time as they were; only reading it tells. `counts` are files, not findings.
    """

    expected: dict[str, set[str]]
    counts: dict[str, int]
    unseen: str
    deeds: dict[str, int]
    work: set[str]


def change(folder: Path, truth: Truth, outside: Path) -> Changes:
    """Do everything that people and programs do to files, to published ones and to work files alike."""
    published, work = sorted(truth.published), [path for path in sorted(truth.work) if path.endswith(".v001.ma")]
    tiles, frames = (sorted(truth.sets[each]) for each in (min(truth.sets), max(truth.sets)))
    gone = [*published[:3], *work[:2], frames[4]]
    for path in gone:
        (folder / path).unlink()
    longer = [*published[10:13], *work[10:12]]
    for path in [*longer, tiles[1]]:
        write(folder, path, f"{path} holds more than it did, by far")
    moves = {published[20]: "assets/found/lost.ma", work[20]: work[20].replace(".v001.", ".v009.")}
    for old, new in moves.items():
        (folder / new).parent.mkdir(parents=True, exist_ok=True)
        (folder / old).rename(folder / new)
    new = work[30].replace(".v001.", ".v006.")
    strangers = ["assets/readme.txt", "assets/char/nobody/modeling/work/maya/nobody.v001.ma"]
    for path in (new, *strangers):
        write(folder, path, f"{path} is new")
    os.utime(folder / published[40], (4e9, 4e9))
    os.utime(folder / work[40], (OLD + 5, OLD + 5))
    blocked = [published[50], work[50]]
    for path in blocked:
        (folder / path).unlink()
        (folder / path).symlink_to(outside)
    write(folder, published[60], f"What {published[60]} holds")
    expected = {
        "missing": set(gone),
        "modified": {*longer, tiles[1].replace(".1002.", ".<UDIM>.")},
        "moved": set(moves),
        "untracked": {*truth.litter, new, *strangers},
        "unverified": {published[40], work[40], *frames} - set(gone),
        "unreadable": set(blocked),
    }
    counts = {state: len(paths) for state, paths in expected.items()}
    counts["modified"] += len(tiles) - 1
    counts["ok"] = len(truth.tracked) - sum(counts[state] for state in expected if state != "untracked")
    deeds = {"follow": 1, "take_in": 3, "register": 1, "forget": 2, "mark": 0}
    broken = {version_of(path) for path in (*gone, *longer, *moves, tiles[1]) if "work" not in path.split("/")}
    deeds["mark"] = len(broken)
    kept = (truth.work - set(gone) - set(moves)) | {new, moves[work[20]]}
    return Changes(expected, counts, published[60], deeds, kept)


def version_of(path: str) -> str:
    """What all files of one version have in common."""
    return path.rpartition("." if "/publish/" in path else "/")[0]


def repair(session: Session, folder: Path, truth: Truth, outside: Path) -> None:
    """Change what can be changed: scan, plan and apply say and do just that, and repeating does no more."""
    changes = change(folder, truth, outside)
    before = listing(folder)
    report = session.sync.scan()
    assert of_state(report) == changes.expected
    assert report.counts == changes.counts
    verified = session.sync.scan(verify=True)
    assert changes.unseen in of_state(verified)["modified"]

    plan = session.sync.plan(report, allow_removals=True)
    assert Counter(action.do for action in plan.actions) == changes.deeds
    revision = session.revision()
    with pytest.raises(StorageError, match="sentinel"):
        session.sync.apply(plan)
    assert (session.revision(), listing(folder)) == (revision, before)
    session.sync.mark("show")
    done = session.sync.apply(plan)
    assert (done.done, done.skipped) == (sum(changes.deeds.values()), ())
    again = session.sync.apply(plan)
    assert (again.done, again.skipped) == (0, ())
    assert {path: each for path, each in listing(folder).items() if path != ".bifrost-root"} == before

    assert {work.file for work in session.iterate(Query("workfile"))} == changes.work
    corrupt = list(session.iterate(Query("version").where(tags__contains="corrupt")))
    assert len(corrupt) == changes.deeds["mark"]
    after = of_state(session.sync.scan())
    for state, paths in changes.expected.items():
        left = {path for path in paths if "work" not in path.split("/") or state == "unreadable" or "nobody" in path}
        assert after.get(state, set()) == left, state
    assert session.adoption.plan(folder).files == 1


def test_show_is_right_to_the_file_when_adopted_changed_scanned_and_repaired(tmp_path: Path) -> None:
    folder, outside = tmp_path / "other/show", tmp_path / "elsewhere"
    outside.write_text("none of the show's business")
    truth = make(folder)
    shows = init(tmp_path / "shows", project="demo", user="anna")
    with connect(shows, project="demo", user="anna", roots={"show": folder}) as session:
        session.templates.apply("demo", TEMPLATES)
        adopt(session, folder, truth)
        read(session, folder, truth)
        repair(session, folder, truth, outside)
