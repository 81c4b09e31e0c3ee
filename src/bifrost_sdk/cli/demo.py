"""Two days of a production, told in a few lines and on a page: USD files become a show that opens in every state."""

from __future__ import annotations

import contextlib
import datetime
import importlib
import io
import shutil
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import attrs

from bifrost_sdk import session as sessions
from bifrost_sdk.cli import report, sample_show
from bifrost_sdk.cli.files import write_whole
from bifrost_sdk.cli.report import Composed, Figure, Report, Resolved, Step
from bifrost_sdk.cli.sample_show import Placed
from bifrost_sdk.cli.screen import Cell, Screen
from bifrost_sdk.domain.pictures.charts import Mark
from bifrost_sdk.domain.pins import PinSet
from bifrost_sdk.domain.production import Shot
from bifrost_sdk.domain.versions import Version
from bifrost_sdk.errors import refusal
from bifrost_sdk.services import graphs
from bifrost_sdk.session import Session

if TYPE_CHECKING:  # loaded when the story begins
    from bifrost_sdk.integrations.usd.ingestion import Ingestion

_PROJECT = "demo"
_ASSETS = f"bifrost://{_PROJECT}/assets"
_CHAIR = f"{_ASSETS}/props/chair"
_KITCHEN = f"{_ASSETS}/sets/kitchen"
_BACK = "/kitchen/chair_1/back"

# By shot: its frames, and what plays in it besides the kitchen: what, how often, in which variant.
_SHOTS = {
    "sh010": ((1001, 1048), ((f"{_ASSETS}/props/lamp", 1, {"light": "off"}),)),
    "sh020": ((1001, 1096), ((_CHAIR, 2, {"finish": "white"}),)),
}


@attrs.define
class Story:
    """The demonstration on its way: where it plays, and what is told of it afterwards."""

    session: Session
    screen: Screen
    folder: Path
    spent: dict[str, float] = attrs.field(factory=dict)
    told: dict[str, Any] = attrs.field(factory=dict)  # Any: JSON

    @property
    def source(self) -> Path:
        """The folder of the USD files, as an artist or another program left them."""
        return self.folder / "source"

    @contextlib.contextmanager
    def timed(self, what: str) -> Iterator[None]:
        """Remember how long the block took, in milliseconds."""
        started = time.perf_counter()
        yield
        self.spent[what] = self.spent.get(what, 0) + (time.perf_counter() - started) * 1000

    def head(self, text: str) -> None:
        """The head of a part."""
        self.screen.line()
        self.screen.line(text, "bold")


@attrs.frozen(kw_only=True)
class State:
    """One state in which the shot was opened: its name, what a stage of it holds, and how high the chair's back is."""

    name: str
    composed: Composed
    back: float
    files: dict[str, str]


def run(screen: Screen, *, keep: Path | None = None, page: Path | None = None, in_json: bool = False) -> int:
    """Make a small show, take it in, work on it, and show how it went; the exit status.

    `page` is where the report is written; a workspace that is kept has one anyway.

    Raises:
        ConfigurationError: the extra `usd` is not installed; nothing was made.
        ValidationError: `keep` holds something, which stays as it is.
    """
    if keep and keep.is_dir() and any(keep.iterdir()):
        raise refusal("demo.folder", "holds something already, which the show is not mixed with", str(keep),
                      "name a folder that is not there yet")  # fmt: skip
    spent = {"USD library loaded": _load()}
    folder = keep or Path(tempfile.mkdtemp(prefix="bifrost-demo-"))
    told_to = attrs.evolve(screen, stream=io.StringIO()) if in_json else screen
    place = page or (folder if keep else Path()) / "bifrost-demo.html"
    try:
        sessions.init(folder, project=_PROJECT)
        with sessions.connect(folder, project=_PROJECT) as session:
            story = Story(session, told_to, folder, spent)
            write_whole(place, report.page(_tell(story)))
    finally:
        if keep is None:
            _remove(folder)
    told = {"workspace": str(keep) if keep else None, "report": str(place), **story.told}
    if in_json:
        screen.document(told)
    else:
        _end(story, place, keep)
    return 0


def _end(story: Story, place: Path, keep: Path | None) -> None:
    story.screen.line()
    story.screen.words(("Look at the report:", "bold"), (str(place), "green"))
    end = f"The workspace is kept in {keep}" if keep else "The workspace is removed again; keep one with --keep FOLDER"
    story.screen.line(end, "dim")


def _tell(story: Story) -> Report:
    """The whole story, and its report."""
    from bifrost_sdk.integrations.usd.ingesting import ingest

    story.screen.line("A kitchen of USD files becomes a show.", "bold")
    with story.timed("source files written"):
        sample_show.write(story.source)
    with story.timed("first ingest"):
        first = ingest(story.session, story.source)
    _show_ingestion(story, "1  Taken in: each asset whole, after those that it refers to", first)
    shots = [_make_shot(story, code) for code in _SHOTS]
    _show_shots(story, shots)
    pins, then = _keep_state(story, shots[0])
    with story.timed("source files written"):
        sample_show.write(story.source, back=sample_show.HIGH_BACK)
    with story.timed("second ingest"):
        second = ingest(story.session, story.source)
    _show_ingestion(story, "3  The next day the chair is higher: only what changed is published", second)
    states = _open(story, shots[0], pins, then)
    _show_states(story, states)
    return attrs.evolve(_report(story, [first, second], then), pins=pins, **_compared(states))


def _load() -> float:
    """Load the library, before anything is made without it; the time it took, in milliseconds."""
    started = time.perf_counter()
    importlib.import_module("bifrost_sdk.integrations.usd.ingesting")
    return (time.perf_counter() - started) * 1000


def _make_shot(story: Story, code: str) -> Version:
    """Cast a shot, and publish the layer that brings its cast in."""
    frames, cast = _SHOTS[code]
    session = story.session
    with story.timed("shots cast and published"):
        shot = session.shots.create(_PROJECT, "sq010", code, frames=f"{frames[0]}-{frames[1]}")
        session.shots.cast(shot, _KITCHEN)
        things = [Placed("kitchen", f"{_KITCHEN}/usd/latest/kitchen.usda")]
        for asset, count, variants in cast:
            session.shots.cast(shot, asset, count=count, variant=",".join(variants.values()))
            name = asset.rpartition("/")[2]
            things += [
                Placed(f"{name}_{number}", f"{asset}/usd/latest/{name}.usda", (number + 1.0, 0, 0), variants)
                for number in range(count)
            ]
        layer = story.folder / "work" / f"{code}.usda"
        layer.write_text(sample_show.assembly(code, things, frames=frames), encoding="utf-8")
        needs = list(dict.fromkeys(f"{asset}/usd" for asset in (_KITCHEN, *(each[0] for each in cast))))
        return session.publish(shot, "layout", {"usd": layer}, depends_on=needs, comment="from the casting")


def _keep_state(story: Story, shot: Version) -> tuple[PinSet, int]:
    """What the shot is made of this evening: as pins, and as a revision."""
    from bifrost_sdk.integrations.usd.stages import pins_of

    with story.timed("pinned"):
        return pins_of(_scene(shot), session=story.session), story.session.revision(_PROJECT)


def _open(story: Story, shot: Version, pins: PinSet, then: int) -> list[State]:
    """The shot as it is composed now, as it was then, and pinned."""
    asked: list[tuple[str, dict[str, Any]]] = [("now", {}), ("then", {"at": then}), ("pinned", {"pins": pins})]
    return [_state(story, shot, name, **options) for name, options in asked]


def _state(story: Story, shot: Version, name: str, **options: Any) -> State:  # Any: as open_stage takes them
    from bifrost_sdk.integrations.usd.stages import open_stage, pins_of

    with story.timed(f"stage opened, {name}"):
        stage = open_stage(_scene(shot), session=story.session, strict=True, **options)
    prims = [str(prim.GetPath()) for prim in stage.Traverse()]
    back = next(path for path in prims if path.endswith(_BACK))
    height = stage.GetPrimAtPath(back).GetAttribute("xformOp:scale").Get()[1]
    found = pins_of(stage)
    return State(
        name=name,
        composed=Composed(_short(shot.ref), name, len(prims), len(stage.GetUsedLayers())),
        back=round(height, 2),
        files={str(ref): pin.path for ref, pin in found.pins.items()},
    )


def _show_ingestion(story: Story, title: str, done: Ingestion) -> None:
    story.head(title)
    rows: list[tuple[Cell, ...]] = []
    for each in done.assets:
        new = ("published", "green") if each.is_new else ("as it was", "dim")
        rows.append((_short(each.version.ref), new, str(len(each.asset.layout.items)), str(each.asset.rewritten)))
    story.screen.table(("version", "", "files", "references rewritten"), rows, indent=2)
    told = [
        {"version": each.version.ref, "is_new": each.is_new, "rewritten": each.asset.rewritten} for each in done.assets
    ]
    story.told.setdefault("ingested", []).append(told)


def _show_shots(story: Story, shots: list[Version]) -> None:
    story.head("2  Cast into two shots, and published as layers that refer to the latest of each")
    rows: list[tuple[Cell, ...]] = []
    for version in shots:
        shot = story.session.get(version.ref.rpartition("/layout")[0])
        assert isinstance(shot, Shot)
        needs = [story.session.versions.get(each.version) for each in version.dependencies]
        made_of = ", ".join(_short(each.ref).removeprefix("assets/") for each in needs)
        rows.append(((_short(version.ref), "green"), str(shot.frames), made_of))
    story.screen.table(("version", "frames", "made of"), rows, indent=2)
    story.told["shots"] = [version.ref for version in shots]


def _show_states(story: Story, states: list[State]) -> None:
    story.head("4  The first shot opened in three states, without any plug-in")
    rows: list[tuple[Cell, ...]] = []
    for state in states:
        chair = next(path for ref, path in state.files.items() if ref.startswith(_CHAIR))
        number = chair.split("/")[-2]
        rows.append((state.name, (f"chair {number}", "green"), f"{state.back:.2f} m", str(state.composed.prims)))
    story.screen.table(("state", "holds", "back of the chair", "prims"), rows, indent=2)
    story.told["states"] = [
        {"state": state.name, "back": state.back, "prims": state.composed.prims, "files": state.files}
        for state in states
    ]
    seconds = sum(story.spent.values()) / 1000
    story.screen.line()
    story.screen.line(f"All of it took {seconds:.1f} s", "dim")


def _compared(states: list[State]) -> dict[str, Any]:  # Any: parts of a report
    """What the report says of the states."""
    now, then, _ = states
    led = (Resolved(ref, path, then.files.get(ref, "")) for ref, path in now.files.items())
    return {"references": tuple(led), "stages": tuple(state.composed for state in states)}


def _report(story: Story, ingested: list[Ingestion], then: int) -> Report:
    session = story.session
    versions = sum(len(each.versions) for each in ingested) + len(_SHOTS)
    made_at = datetime.datetime.now(datetime.timezone.utc)
    last = session.events(_PROJECT, after=then - 1, limit=1)[0]
    shot = f"bifrost://{_PROJECT}/shots/sq010/sh010"
    return Report(
        title="A kitchen becomes a show",
        made_at=made_at,
        lead="A folder of USD files was taken in, cast into two shots and changed a day later. "
        "Every state of it can still be opened.",
        figures=(
            Figure("Assets", str(len(ingested[0].assets)), "with variants, payloads and textures"),
            Figure("Versions", str(versions), "none of which changes any more"),
            Figure(
                "References", str(sum(each.rewritten for each in ingested)), "rewritten to lead through the catalog"
            ),
            Figure("Time", f"{sum(story.spent.values()) / 1000:.1f} s", "for all of it"),
        ),
        graph=graphs.gather(session.context, shot),
        tracks=report.tracks_of(session, _PROJECT),
        marks=(Mark("then", last.created_at or made_at), Mark("now", made_at)),
        durations=tuple(story.spent.items()),
        steps=(
            Step("bifrost demo --keep show", "Keep the workspace, to look around in it"),
            Step("bifrost list assets --workspace show", "What is in it"),
            Step(f"bifrost deps {shot} --workspace show", "What a shot is made of"),
            Step("bifrost ingest FOLDER --project CODE", "Take in files of your own, in a workspace of your own"),
        ),
    )


def _scene(version: Version) -> str:
    """The layer of a shot, as of the latest version: what it is made of is the state's choice."""
    return f"{version.ref.rpartition('/')[0]}/latest/layout.usda"


def _short(ref: str) -> str:
    return ref.removeprefix(f"bifrost://{_PROJECT}/")


def _remove(folder: Path) -> None:
    """Published files are read-only, which keeps some systems from removing them."""
    for path in folder.rglob("*"):
        if not path.is_symlink():
            path.chmod(0o700)
    shutil.rmtree(folder)
