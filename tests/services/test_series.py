from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from bifrost_sdk.domain.changes import Create, Update
from bifrost_sdk.domain.model import Product, Representation, Version
from bifrost_sdk.domain.query import Query
from bifrost_sdk.domain.versions import File
from bifrost_sdk.services.manifests import Entry, digest, listing_digest
from bifrost_sdk.session import Session

RENDER = "demo/shots/sq010/sh020/render/v001"
FRAMES = [f"{RENDER}/render.{frame}.exr" for frame in range(1001, 1006)]
TILES = [f"demo/assets/char/hero/model/v001/tex.{tile}.exr" for tile in (1001, 1002, 1003)]
Save = Callable[..., Path]
States = Callable[..., dict[str, set[str]]]


@pytest.fixture
def loose(show: Session) -> Callable[..., str]:
    """Make a set that was not published with a manifest: its pattern below the root."""

    def make(pattern: str, hash: str | None = None, *, size: int = 12) -> str:
        top = show.context.roots["publish"] / "demo/loose"
        contents = {f"{tile}": f"tile {tile[-1]}" for tile in ("1001", "1002")}
        entries = []
        for tile, text in contents.items():
            name = pattern.replace("<UDIM>", tile)
            (top / name).parent.mkdir(parents=True, exist_ok=True)
            (top / name).write_text(text)
            os.utime(top / name, (1_700_000_000, 1_700_000_000))
            entries.append(Entry(name, len(text), digest(text.encode())))
        file = File(pattern, size, listing_digest(entries) if hash is None else hash, udims=(1001, 1002), count=2)
        hero = show.get("bifrost://demo/assets/char/hero").id
        product = Product(id=show.context.new_id(), code="loose", parent=hero)
        version = Version(id=show.context.new_id(), product=product.id, number=1, state="published")
        made = Representation(
            id=show.context.new_id(), version=version.id, name="tex", folder="demo/loose", files=(file,)
        )
        show.commit([Create(product), Create(version), Create(made)])
        return f"demo/loose/{pattern}"

    return make


@pytest.mark.parametrize("members", [FRAMES, TILES])
def test_each_file_of_a_set_has_its_state_when_the_manifest_tells_them_apart(
    show: Session, save: Save, states: States, members: list[str]
) -> None:
    first, second, third, *others = members
    top = show.context.roots["publish"]
    (top / first).unlink()
    save("publish", second, "more than there was")
    save("publish", third, (top / third).read_text(), age=-3600)
    report = show.sync.scan()
    assert {each.path: each.state for each in report.findings} == {
        first: "missing",
        second: "modified",
        third: "unverified",
    }
    assert (report.tracked, report.counts["ok"]) == (10, 7)
    assert {each.part for each in report.findings} == {"exr" if members is FRAMES else "tex"}
    assert states(verify=True) == {"missing": {first}, "modified": {second}}
    assert len(others) == len(members) - 3


def test_file_of_a_set_is_told_when_only_reading_it_tells(show: Session, states: States) -> None:
    path = show.context.roots["publish"] / FRAMES[2]
    status = path.stat()
    path.chmod(0o644)
    path.write_text(path.read_text().upper())
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))
    assert states() == {}
    assert states(verify=True) == {"modified": {FRAMES[2]}}


@pytest.mark.parametrize("text", [None, "{}"])
def test_set_is_judged_as_one_when_its_manifest_is_not_the_published_one(
    show: Session, save: Save, text: str | None
) -> None:
    top = show.context.roots["publish"]
    (top / RENDER / "manifest.json").unlink()
    if text is not None:
        save("publish", f"{RENDER}/manifest.json", text)
    save("publish", FRAMES[1], "more than there was")
    (finding,) = show.sync.scan().findings
    assert (finding.state, finding.path, finding.count) == ("modified", f"{RENDER}/render.<FRAME>.exr", 5)
    (top / FRAMES[0]).unlink()
    report = show.sync.scan()
    assert {each.path: each.state for each in report.findings} == {
        FRAMES[0]: "missing",
        **dict.fromkeys(FRAMES[1:], "unverified"),
    }
    assert report.tracked == 10


@pytest.mark.parametrize("pattern", ["skin.<UDIM>.exr", "<UDIM>/skin.exr"])
def test_set_is_ok_when_size_and_content_are_those_of_the_whole(
    show: Session, loose: Callable[..., str], states: States, pattern: str
) -> None:
    loose(pattern)
    assert states() == states(verify=True) == {}
    assert show.sync.scan().tracked == 12


@pytest.mark.parametrize("pattern", ["skin.<UDIM>.exr", "<UDIM>/skin.exr"])
def test_set_is_unverified_when_its_hash_is_not_known(loose: Callable[..., str], states: States, pattern: str) -> None:
    path = loose(pattern, "")
    members = {path.replace("<UDIM>", tile) for tile in ("1001", "1002")}
    assert states() == states(verify=True) == {"unverified": members}


def test_set_is_modified_when_its_content_is_another(loose: Callable[..., str], states: States) -> None:
    path = loose("skin.<UDIM>.exr", "sha256:0")
    assert states() == {}
    assert states(verify=True) == {"modified": {path}}


def test_set_is_modified_when_its_size_is_another(loose: Callable[..., str], states: States) -> None:
    path = loose("skin.<UDIM>.exr", size=13)
    assert states() == {"modified": {path}}


def test_set_is_missing_when_nothing_of_it_is_there(show: Session, states: States) -> None:
    for path in FRAMES:
        (show.context.roots["publish"] / path).unlink()
    assert states() == {"missing": set(FRAMES)}


def test_file_of_a_set_is_unverified_when_it_was_written_just_now(save: Save, states: States) -> None:
    save("publish", FRAMES[0], "frame 1001", age=0)
    assert states() == {"unverified": {FRAMES[0]}}


def test_link_in_a_set_is_unreadable_when_it_leads_out(show: Session, states: States) -> None:
    place = show.context.roots["publish"] / FRAMES[0]
    place.unlink()
    place.symlink_to(show.settings.folder / "bifrost.yaml")
    assert states() == {"unreadable": {FRAMES[0]}}


def test_further_file_is_untracked_when_it_lies_beside_a_set(save: Save, states: States) -> None:
    save("publish", f"{RENDER}/render.1006.exr", "one more")
    assert states() == {"untracked": {f"{RENDER}/render.1006.exr"}}


def test_set_that_is_suspected_is_read_when_its_version_is_marked(show: Session, states: States) -> None:
    """What marked a version is looked at closely until it is whole."""
    path = show.context.roots["publish"] / FRAMES[0]
    status = path.stat()
    path.chmod(0o644)
    path.write_text("FRAME 1001")
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))
    version = next(each for each in show.find(Query("version")) if each.path.endswith("render"))
    mark = {"exr": {"modified": [f"publish:{FRAMES[0]}"]}}
    show.commit([Update(version.id, {"tags": ("corrupt",), "metadata": {"corrupt": mark}})])
    assert states() == {"modified": {FRAMES[0]}}
