"""Publish or recover in processes that can be traced from their first step: a server that forks one for each request.

Run with a folder for passing files. A request is a line of JSON: ``do`` and what that takes, and ``mutants`` by name.
Two lines answer it: the ``pid`` of the process, which has connected and waits for SIGUSR1, and once it has ended, the
``signal`` that killed it (0: none) and what it ``said``. Imports, and what is found out once in a process, are done
before the first fork, so that a trace holds nothing else.
"""

from __future__ import annotations

import contextlib
import ctypes
import functools
import json
import os
import runpy
import signal
import stat
import sys
import tempfile
import time
import traceback
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, NoReturn

import attrs

import bifrost_sdk as bf
from bifrost_sdk.adapters import local
from bifrost_sdk.adapters.local import moving
from bifrost_sdk.adapters.local.storage import LocalStorage
from bifrost_sdk.domain.changes import Update
from bifrost_sdk.domain.query import Query
from bifrost_sdk.domain.versions import Product, Version
from bifrost_sdk.errors import BifrostError
from bifrost_sdk.services.context import Context
from bifrost_sdk.services.publications import Publication
from bifrost_sdk.services.reservations import Reservation
from bifrost_sdk.session import Session

HERO = "bifrost://demo/assets/char/hero"
WAITING = {signal.SIGUSR1}
READY = b"\n"
ANYBODY = 0x59616D61, ctypes.c_ulong(-1)  # PR_SET_PTRACER: also where only parents may trace
killing = runpy.run_path(str(Path(__file__).parent.parent / "services" / "killing.py"))


# What is done


def single(session: Session, source: Path, **options: Any) -> list[Version]:
    return [session.publish(HERO, "model", {"usd": source / "hero.usda"}, **options)]


def sequence(session: Session, source: Path) -> list[Version]:
    return [session.publish(HERO, "render", {"exr": source / "beauty.####.exr", "usd": source / "hero.usda"})]


def together(session: Session, source: Path) -> list[Version]:
    model = Publication(HERO, "model", {"usd": source / "hero.usda"})
    rig = Publication(HERO, "rig", {"usd": source / "rig.usda"}, depends_on=[model])
    return session.publish_set([model, rig])


def moved(session: Session, source: Path) -> list[Version]:
    return single(session, source, transfer="move")


def spoiled(session: Session, source: Path, *, how: str) -> list[Version]:
    """The source changes, or goes, once its first block was read."""

    def spoil(done: int, _: int) -> None:
        if how == "change":
            os.truncate(source / "large.abc", done)
        elif (source / "large.abc").exists():
            (source / "large.abc").unlink()

    return [session.publish(HERO, "model", {"abc": source / "large.abc"}, progress=spoil)]


def slow(session: Session, source: Path, *, pause: float, lease: int, stops: bool = False) -> list[Version]:
    """Wait a while after each block; with `stops` sleep until woken, once, when all is copied."""
    left = [signal.SIGSTOP] if stops else []

    def wait(done: int, total: int) -> None:
        if done == total and left:
            os.kill(os.getpid(), left.pop())
        time.sleep(pause)

    return [session.publish(HERO, "model", {"abc": source / "large.abc"}, progress=wait, lease=lease)]


def intruded(session: Session, source: Path, *, how: str) -> list[Version]:
    """Somebody else makes the target in the last moment before the files are placed."""
    place = LocalStorage.place

    def late(self: LocalStorage, staged: str, final: str, *, last: str) -> None:
        target = self.root / final
        target.parent.mkdir(parents=True, exist_ok=True)
        if how == "file":
            target.write_text("theirs")
        else:
            target.mkdir()
            if how == "folder":
                (target / "theirs").write_text("theirs")
        place(self, staged, final, last=last)

    LocalStorage.place = late  # type: ignore[method-assign]  # that is the point
    return single(session, source)


DOINGS: Mapping[str, Callable[..., list[Version]]] = {
    each.__name__: each for each in (single, sequence, together, moved, spoiled, slow, intruded)
}


# What must not be done


def no_file_sync() -> None:
    real = os.fsync

    def fsync(handle: int) -> None:
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            real(handle)

    os.fsync = fsync  # type: ignore[assignment]  # that is the point


def no_folder_sync() -> None:
    LocalStorage._sync_folder = lambda *_: None  # type: ignore[method-assign]  # that is the point


def catalog_first() -> None:
    """Show the version, then place its files."""
    place, finalise, waiting = LocalStorage.place, Reservation.finalise, []

    def later(*arguments: Any, **options: Any) -> None:
        waiting.append(functools.partial(place, *arguments, **options))

    def first(*arguments: Any) -> list[Version]:
        versions = finalise(*arguments)
        for each in waiting:
            each()
        return versions

    LocalStorage.place = later  # type: ignore[method-assign]  # that is the point
    Reservation.finalise = first  # type: ignore[method-assign]  # that is the point


def plain_rename() -> None:
    """Believe in a rename that does replace; trying it out would tell."""
    moving.move = os.rename
    local.storage._moves_whole = lambda _: True


def client_numbers() -> None:
    """Number by the last one that is to be seen here, plus one."""
    take = Reservation.take.__func__  # type: ignore[attr-defined]  # a class method

    def numbered(context: Context, product: Product, version: Version) -> tuple[Product, Version]:
        versions = [each for each in context.every(Query("version", project=product.project)) if is_of(each, product)]
        return product, attrs.evolve(version, number=1 + max((each.number for each in versions), default=0))

    def is_of(version: Version, product: Product) -> bool:
        return version.path.endswith(f"/hero/{product.code}")

    def counted(cls: type, context: Context, wanted: Iterable[tuple[Product, Version]], **options: Any) -> Reservation:
        held: Reservation = take(cls, context, [numbered(context, *each) for each in wanted], **options)
        return held

    Reservation.take = classmethod(counted)  # type: ignore[assignment,method-assign]  # that is the point


def no_expected() -> None:
    """Finalise whatever became of the reservation."""
    Reservation._update = lambda _, version, fields: Update(version.id, fields)  # type: ignore[method-assign]  # likewise


def dies_after_renewing() -> None:
    """Hold a reservation for another lease, and be gone: no fault, but what may happen to who recovers."""
    renew = Reservation.renew

    def last(self: Reservation) -> None:
        renew(self)
        os.kill(os.getpid(), signal.SIGKILL)

    Reservation.renew = last  # type: ignore[method-assign]  # that is the point


MUTANTS: Mapping[str, Callable[[], None]] = {
    each.__name__: each
    for each in (
        *(no_file_sync, no_folder_sync, catalog_first, plain_rename, client_numbers, no_expected),
        dies_after_renewing,
    )
}


# The processes


def prepare(request: Mapping[str, Any]) -> Callable[[], Any]:
    """What the request asks for: the references of what was published, or what recovery found."""
    options = dict(request)
    do, workspace = options.pop("do"), Path(options.pop("workspace"))
    for name in options.pop("mutants", ()):
        MUTANTS[name]()
    if do == "recover":
        return lambda: [[each.subject, each.outcome] for each in killing["settle"](workspace, **options).findings]
    source, session = Path(options.pop("source")), bf.connect(workspace, user="anna")

    def publish() -> list[str]:
        with session:
            return [version.ref for version in DOINGS[do](session, source, **options)]

    return publish


def live(request: Mapping[str, Any], answer: int) -> NoReturn:
    ctypes.CDLL(None).prctl(*ANYBODY, 0, 0, 0)
    try:
        perform = prepare(request)
        os.write(answer, READY)
        signal.sigwait(WAITING)
        said = {"made": perform()}
    except BifrostError as error:
        said = {"error": error.to_data()}
    except BaseException as error:  # noqa: BLE001 - told, and judged by the test
        said = {"crash": "".join(traceback.format_exception(error))}
    os.write(answer, json.dumps(said).encode())
    os._exit(0)


def tell(**said: Any) -> None:
    sys.stdout.write(f"{json.dumps(said)}\n")
    sys.stdout.flush()


def serve(request: Mapping[str, Any]) -> None:
    heard, answer = os.pipe()
    child = os.fork()
    if child == 0:
        live(request, answer)
    os.close(answer)
    with open(heard, "rb", buffering=0) as said:  # noqa: PTH123 - a handle, no path
        assert said.read(1) == READY
        tell(pid=child)
        text = said.read()
    _, status = os.waitpid(child, 0)
    tell(signal=os.WTERMSIG(status) if os.WIFSIGNALED(status) else 0, said=json.loads(text or "{}"))


def warm_up() -> None:
    with tempfile.TemporaryDirectory(dir=sys.argv[1]) as folder:
        workspace = bf.init(Path(folder, "shows"), project="demo", user="anna")
        for name in ("hero.usda", "rig.usda", "beauty.1001.exr"):
            Path(folder, name).write_text(name)
        with bf.connect(workspace, user="anna") as session:
            session.assets.create("demo", "char", "hero")
            for each in (single, sequence, together, moved):
                Path(folder, "hero.usda").write_text("hero.usda")
                each(session, Path(folder))
            with contextlib.suppress(BifrostError):
                single(session, Path(folder), cancel=lambda: True)
        killing["settle"](workspace, hours=1)


if __name__ == "__main__":
    signal.pthread_sigmask(signal.SIG_BLOCK, WAITING)
    warm_up()
    tell(ready=True)
    for line in sys.stdin:
        serve(json.loads(line))
