from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from bifrost_sdk.domain import locations
from bifrost_sdk.domain.model import Representation, Workfile
from bifrost_sdk.domain.reconciliation import State
from bifrost_sdk.domain.versions import File
from bifrost_sdk.services.disks import Disk
from bifrost_sdk.services.scanning import OUTSIDE, Outcome, RootScan, Terms
from bifrost_sdk.services.tracked import Holding
from bifrost_sdk.session import Session

MODEL = "demo/assets/char/hero/model/v001"
USD = f"{MODEL}/model.usda"
SCENES = "demo/assets/char/hero/rig/work/anna"
SCENE = f"{SCENES}/hero.rig.v001.ma"
ID = "01890000-0000-7000-8000-000000000001"
HOUR = 3_600_000_000
Save = Callable[..., Path]
States = Callable[..., dict[str, set[str]]]


@pytest.fixture
def top(tmp_path: Path) -> Path:
    (tmp_path / "top").mkdir()
    return tmp_path / "top"


def write(path: Path, text: str = "abc", *, at: float = 1_700_000_000) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    os.utime(path, (at, at))


def published(*names: str, hash: str = "sha256:0", at: int = 1_700_000_000_000_000) -> Holding:
    """What the catalog knows of a folder: files of three bytes each, published then."""
    made = Representation(version=ID, name="usd", files=[File(name, 3, hash) for name in names])
    return Holding(listed=[(ID, at, locations.write(made))])


def scan(top: Path, holdings: dict[str, Holding], *places: str, **terms: Any) -> Outcome:  # Any: those of Terms
    outcome = Outcome()
    now = int(time.time() * 1e6)
    RootScan(Disk("publish", top), holdings, Terms(**{"now": now, **terms}), outcome).run(places)
    return outcome


def told(outcome: Outcome) -> dict[str, State]:
    return {finding.path: finding.state for finding in outcome.findings}


def test_nothing_is_told_when_all_is_as_the_catalog_says(show: Session) -> None:
    report = show.sync.scan()
    assert (report.findings, dict(report.counts), report.tracked, report.is_clean) == ((), {"ok": 10}, 10, True)


@pytest.mark.parametrize(("root", "path", "about"), [("publish", USD, "published"), ("work", SCENE, "work")])
def test_file_has_its_state_when_changed(show: Session, save: Save, root: str, path: str, about: str) -> None:
    place = show.context.roots[root] / path
    text = place.read_text()
    status = place.stat()

    def state(*, verify: bool = False) -> tuple[str, str]:
        report = show.sync.scan(verify=verify)
        (finding,) = report.findings or (None,)
        assert report.tracked == 10
        if finding is None:
            return "ok", ""
        assert (finding.root, finding.path, finding.about) == (root, path, about)
        return finding.state, finding.reason

    save(root, path, text + " and more")
    assert state()[0] == "modified"
    save(root, path, text, age=-7200)
    assert state()[0] == "unverified"
    save(root, path, text, age=0)
    assert state() == ("unverified", "it was written just now")
    save(root, path, text.upper())
    os.utime(place, ns=(status.st_atime_ns, status.st_mtime_ns))
    assert state() == ("ok", "")
    assert state(verify=True) == ("modified", "it has another content")
    save(root, path, text)
    os.utime(place, ns=(status.st_atime_ns, status.st_mtime_ns))
    assert state(verify=True) == ("ok", "")
    place.unlink()
    assert state()[0] == "missing"
    place.mkdir()
    assert state() == ("unreadable", "it is no plain file")
    place.rmdir()
    place.symlink_to(show.settings.folder / "bifrost.yaml")
    assert state() == ("unreadable", "it is a link that leads out of the root")
    place.unlink()
    place.parent.joinpath("kept").write_text(text)
    os.utime(place.parent / "kept", ns=(status.st_atime_ns, status.st_mtime_ns))
    place.symlink_to("kept")
    assert [each.path for each in show.sync.scan().findings] == [f"{path.rpartition('/')[0]}/kept"]


def test_files_are_missing_when_their_folder_is_gone(show: Session, states: States) -> None:
    show.context.roots["publish"].joinpath(MODEL).rename(show.settings.folder / "away")
    tiles = {f"{MODEL}/tex.{tile}.exr" for tile in (1001, 1002, 1003)}
    assert states() == {"missing": {USD, *tiles}}


def test_file_is_untracked_when_it_is_new(save: Save, states: States) -> None:
    new = {f"{SCENES}/hero.rig.v002.ma", f"{SCENES}/notes.txt"}
    stranger = {f"{MODEL}/extra.usda", "demo/assets/readme.txt"}
    for root, paths in (("work", new), ("publish", stranger)):
        for path in paths:
            save(root, path, "new")
    assert states() == {"untracked": new | stranger}


def test_renders_and_caches_of_tasks_are_passed_by_when_they_are_of_no_version(show: Session, states: States) -> None:
    for area in ("cache", "output"):
        made = show.folders.path_for("bifrost://demo/assets/char/hero", area, task="rig", version=1, ext="abc")
        write(made)
    assert states() == {}


def test_own_files_are_passed_by_wherever_they_lie(save: Save, states: States) -> None:
    save("publish", ".bifrost/tx/x/model.usda", "staged")
    save("publish", "demo/.bifrost-root", "")
    save("publish", "demo/.bifrost/tx/x/model.usda", "staged")
    assert states() == {}


def test_copy_of_the_newest_version_is_passed_by_and_nothing_that_is_called_alike(
    show: Session, save: Save, states: States
) -> None:
    product = MODEL.rpartition("/")[0]
    save("publish", f"{product}/latest/manifest.json", "{}")
    save("publish", f"{product}/latest/model.usda", "copy")
    assert states() == {}
    save("publish", f"{MODEL}/latest.usda", "new")
    save("publish", f"{product}/latest-tries/v001/model.usda", "new")
    assert states() == {"untracked": {f"{MODEL}/latest.usda", f"{product}/latest-tries/v001/model.usda"}}


def test_link_to_a_folder_is_passed_by_when_it_leads_inside(show: Session, save: Save, states: States) -> None:
    products = (show.context.roots["publish"] / MODEL).parent
    (products / "latest").symlink_to("v001")
    assert states() == {}
    (products / "away").symlink_to(show.settings.folder)
    assert states() == {"unreadable": {"demo/assets/char/hero/model/away"}}
    save("publish", f"{MODEL}/new.usda", "new")
    (products / "v001/link.usda").symlink_to("new.usda")
    assert states()["untracked"] == {f"{MODEL}/new.usda", f"{MODEL}/link.usda"}


def test_files_are_unreadable_when_a_link_leads_their_folder_out(show: Session, states: States) -> None:
    folder = show.context.roots["publish"] / MODEL
    folder.rename(show.settings.folder / "away")
    folder.symlink_to(show.settings.folder / "away")
    found = show.sync.scan()
    assert {each.reason for each in found.findings if each.about == "published"} == {OUTSIDE}
    assert {each.state for each in found.findings} == {"unreadable"}


def test_files_are_found_when_a_link_leads_their_folder_elsewhere_in_the_root(show: Session, states: States) -> None:
    folder = show.context.roots["publish"] / MODEL
    kept = show.context.roots["publish"] / "kept"
    folder.rename(kept)
    folder.symlink_to(kept)
    assert states() == {}


def test_everything_is_told_of_a_folder_when_it_cannot_be_read(
    show: Session, monkeypatch: pytest.MonkeyPatch, states: States
) -> None:
    """Whoever may do everything is never refused, so here the folder refuses on its own."""
    real, top = os.scandir, str(show.context.roots["publish"])

    def refusing(place: str | int) -> Any:  # Any: what it is that os.scandir gives has no public name
        if place == f"{top}/{MODEL}":
            raise PermissionError(13, "Permission denied", place)
        return real(place)

    monkeypatch.setattr(os, "scandir", refusing)
    found = show.sync.scan()
    assert {(each.path, each.reason) for each in found.findings if each.about == "folder"} == {
        (MODEL, "Permission denied")
    }
    assert (USD, "unreadable") in {(each.path, each.state) for each in found.findings}
    assert show.sync.plan(found).actions == ()


@pytest.mark.skipif(sys.platform == "win32" or os.geteuid() == 0, reason="needs a user whom permissions stop")
def test_folder_is_unreadable_when_permissions_say_so(show: Session, states: States) -> None:
    folder = show.context.roots["publish"] / MODEL
    folder.chmod(0)
    try:
        assert {USD, f"{MODEL}/"} <= states()["unreadable"]
    finally:
        folder.chmod(0o755)


def test_file_is_missing_when_it_vanishes_during_the_walk(
    show: Session, monkeypatch: pytest.MonkeyPatch, states: States
) -> None:
    """What a folder lists may be gone before it is looked at, and what it does not list may have come."""
    real, roots = os.scandir, show.context.roots

    class Vanishing:
        def __init__(self, place: str | int) -> None:
            self.place, self.entries = place, real(place)

        def __enter__(self) -> Iterator[Any]:  # Any: entries have no public name
            listed = list(self.entries.__enter__())
            if self.place == str(roots["publish"] / MODEL):
                (roots["publish"] / USD).unlink()
            if self.place == str(roots["work"] / SCENES):
                return iter([])
            return iter(listed)

        def __exit__(self, *details: object) -> None:
            self.entries.close()

    monkeypatch.setattr(os, "scandir", Vanishing)
    assert states() == {"missing": {USD}}


def test_files_are_found_when_names_differ_in_case_alone_and_the_file_system_does_not_mind(top: Path) -> None:
    for name in ("HERO.usda", "Ma\u0308r.usda", "new.usda"):
        write(top / "Demo" / name)
    holdings = {"demo": published("hero.usda"), "DEMO": published("m\u00e4r.usda", "gone.usda")}
    outcome = scan(top, holdings, "Demo", is_folding=True)
    assert outcome.counts == {"ok": 2, "missing": 1}
    assert told(outcome) == {"Demo/gone.usda": "missing"}
    assert [stray.spot.path for stray in outcome.strays] == ["Demo/new.usda"]


def test_content_is_read_when_names_differ_in_case_alone_and_the_file_system_does_not_mind(top: Path) -> None:
    write(top / "Demo" / "HERO.usda")
    write(top / "Elsewhere/x")
    outcome = scan(top, {"demo": published("hero.usda"), "Gone": published("a")}, "Demo", is_folding=True, verify=True)
    assert told(outcome) == {"Demo/hero.usda": "modified", "Gone/a": "missing"}


def test_twin_is_another_file_when_the_file_system_tells_case_apart(top: Path) -> None:
    write(top / "demo/hero.usda")
    write(top / "demo/Hero.usda")
    outcome = scan(top, {"demo": published("hero.usda")}, "demo")
    assert outcome.counts == {"ok": 1}
    assert [(stray.spot.path, stray.reason) for stray in outcome.strays] == [
        ("demo/Hero.usda", "it differs from a tracked file in case alone")
    ]


def test_both_are_judged_when_two_representations_have_one_name(top: Path) -> None:
    write(top / "demo/a")
    holding = published("a")
    holding.merge(published("a", hash=""))
    outcome = scan(top, {"demo": holding}, "demo")
    assert (+outcome.counts, told(outcome)) == ({"ok": 1}, {"demo/a": "unverified"})


def test_file_is_unverified_when_its_hash_is_not_known(top: Path) -> None:
    write(top / "demo/a")
    write(top / "demo/b", "longer")
    outcome = scan(top, {"demo": published("a", "b", hash="")}, "demo")
    assert told(outcome) == {"demo/a": "unverified", "demo/b": "modified"}


def test_large_folder_is_compared_like_a_small_one(top: Path) -> None:
    names = [f"{number}.abc" for number in range(20)]
    for name in names[1:]:
        write(top / "demo" / name)
    write(top / "demo/new")
    outcome = scan(top, {"demo": published(*names)}, "demo")
    assert (outcome.counts, told(outcome)) == ({"ok": 19, "missing": 1}, {"demo/0.abc": "missing"})
    assert [stray.spot.path for stray in outcome.strays] == ["demo/new"]


@pytest.mark.skipif(sys.platform == "win32", reason="pipes have names elsewhere")
def test_pipe_is_not_waited_for_when_it_has_the_place_of_a_file_or_a_folder(top: Path) -> None:
    names = [f"{number}.abc" for number in range(20)]
    os.mkfifo(top / "demo")
    assert set(told(scan(top, {"demo": published(*names)}, "demo")).values()) == {"missing"}
    (top / "demo").unlink()
    (top / "demo").mkdir()
    os.mkfifo(top / "demo/0.abc")
    os.mkfifo(top / "demo/other")
    outcome = scan(top, {"demo": published("0.abc")}, "demo", verify=True)
    assert told(outcome) == {"demo/0.abc": "unreadable"}
    assert [stray.found for stray in outcome.strays] == ["it is no plain file"]


def test_set_of_work_files_is_looked_for_when_only_its_pattern_is_known(top: Path) -> None:
    made = Workfile(id=ID, parent=ID, file="demo/hero.<FRAME>.ma", size=3, hash="sha256:0")
    holdings = {"demo": Holding(works=[(ID, 4, locations.write_work(made))])}
    assert told(scan(top, dict(holdings), "demo")) == {"demo/hero.<FRAME>.ma": "missing"}
    for frame in (1001, 1002):
        write(top / f"demo/hero.{frame}.ma")
    outcome = scan(top, dict(holdings), "demo")
    assert (+outcome.counts, outcome.strays) == ({"unverified": 2}, [])
    assert [(each.path, each.entity, each.revision) for each in outcome.findings] == [("demo/hero.<FRAME>.ma", ID, 4)]


def test_scan_ends_when_whoever_watches_raises(show: Session) -> None:
    class EnoughError(Exception):
        pass

    def stop(done: int, total: int) -> None:
        assert 0 <= done <= total
        raise EnoughError

    with pytest.raises(EnoughError):
        show.sync.scan(progress=stop)


def test_every_file_is_counted_when_watched(top: Path) -> None:
    for number in range(30):
        write(top / f"demo/{number % 3}/{number}")
    counted: list[int] = []
    scan(top, {"demo/0": published("0", "3")}, "demo", watch=counted.append)
    assert sum(counted) == 30
