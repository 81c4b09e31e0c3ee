"""Stages of what was published: composed by USD itself from files, after all references were resolved."""

from __future__ import annotations

import contextlib
import datetime
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal, TypeAlias

import attrs

from bifrost_sdk.domain.pins import PinSet
from bifrost_sdk.errors import Issue, StorageError, ValidationError, refusal
from bifrost_sdk.integrations.usd import baking, pinning
from bifrost_sdk.integrations.usd.closures import Closure, gather
from bifrost_sdk.integrations.usd.library import Sdf, Tf, Usd, words_of
from bifrost_sdk.services.context import Item
from bifrost_sdk.session import Session, connect

#: A Usd.Stage; what Python gives of the library has no types.
Stage: TypeAlias = Any

#: A moment, as `Session.at` takes it.
Moment: TypeAlias = str | datetime.datetime | int

#: Pins, or the file of a set of pins.
Pins: TypeAlias = PinSet | str | os.PathLike[str]

# The entry of the session layer's customLayerData that tells what a stage was opened with.
_ENTRY = "bifrost"


def open_stage(
    ref: Item,
    *,
    session: Session | None = None,
    at: Moment | None = None,
    pins: Pins | None = None,
    load: Literal["all", "none"] = "all",
    strict: bool = False,
) -> Stage:
    r"""A published scene as a `Usd.Stage`, every reference in it resolved, without any plug-in.

    `ref` leads to a layer, or to a product or version that has one. `at` shows it as of a date or revision, `pins` (a
    set, or its file) with the versions that are pinned. Without a `session` one is opened as `connect()` does, and
    closed. `load` tells whether payloads are loaded.

    The stage opens also where references lead nowhere: `problems_of` names them. With `strict` it does not.

    Raises:
        NotFoundError: when the reference leads to no file.
        StorageError: when its file is not there, or is no layer.
        ValidationError: when `strict` and something leads nowhere; with every such reference.

    >>> import bifrost_sdk as bf
    >>> _ = Path("lamp.usda").write_text('#usda 1.0\ndef Xform "Lamp"\n{\n}\n')
    >>> with bf.connect(bf.init("shows", project="demo")) as session:
    ...     lamp = session.assets.create("demo", "prop", "lamp")
    ...     version = session.publish(lamp, "model", {"usd": "lamp.usda"})
    ...     stage = bf.usd.open_stage(version, session=session)
    >>> [str(prim.GetPath()) for prim in stage.Traverse()]
    ['/Lamp']
    """
    if load not in {"all", "none"}:
        raise refusal("usd.load", "payloads are loaded or not", load, 'give "all" or "none"')
    with _viewed(session, at, pins) as view:
        closure = gather(view, ref)
        if strict and closure.problems:
            raise ValidationError(closure.problems)
        layers = baking.prepare(closure)
    policy = Usd.Stage.LoadAll if load == "all" else Usd.Stage.LoadNone
    try:
        return Usd.Stage.Open(layers[0], _noted(closure), closure.context, policy)
    except Tf.ErrorException as error:
        reason = words_of(error)
        raise StorageError(f"{closure.ref} cannot be opened: {reason}", path=closure.root, reason=reason) from error


def bake(
    ref: Item,
    folder: str | os.PathLike[str],
    *,
    session: Session | None = None,
    at: Moment | None = None,
    pins: Pins | None = None,
) -> Path:
    """Write a published scene for programs that know no catalog, such as a farm's; the file that they open.

    Layers that hold references are written into `folder`, with absolute paths in their place; all else is used from
    where it was published. Nothing is flattened. A scene that needs none of it is answered with its own file.
    References that lead nowhere are refused, as nobody would be there to see them.

    Raises:
        ValidationError: when something leads nowhere; with every such reference.
        StorageError: when the folder holds something already or cannot be written, or the scene's file is no layer.
        NotFoundError: when the reference leads to no file.
    """
    with _viewed(session, at, pins) as view:
        closure = gather(view, ref)
    if closure.problems:
        raise ValidationError(closure.problems)
    return baking.bake(closure, Path(os.path.abspath(folder)))  # noqa: PTH100 - links stay as they are


def pins_of(
    scene: Stage | Item, *, session: Session | None = None, at: Moment | None = None, pins: Pins | None = None
) -> PinSet:
    """What every reference in a scene stands for: of an opened stage as it was opened, else as `open_stage` would.

    References that lead nowhere are not among them.

    Raises:
        ValidationError: when the stage was not opened by `open_stage`.
        NotFoundError, StorageError: as `open_stage`.
    """
    if isinstance(scene, Usd.Stage):
        return pinning.of_rows(json.loads(_note_of(scene)["answers"]))
    with _viewed(session, at, pins) as view:
        return pinning.of_rows(pinning.rows(gather(view, scene).answers))


def problems_of(stage: Stage) -> list[Issue]:
    """The references in an opened stage that lead nowhere: `subject` is one, `path` the layer and prim that hold it.

    Raises:
        ValidationError: when the stage was not opened by `open_stage`.
    """
    return [Issue(**fields) for fields in json.loads(_note_of(stage)["problems"])]


@contextlib.contextmanager
def _viewed(session: Session | None, at: Moment | None, pins: Pins | None) -> Iterator[Session]:
    """The session that shows the state that is asked for."""
    with contextlib.ExitStack() as stack:
        view = session or stack.enter_context(connect())
        if at is not None:
            view = view.at(at)
        if pins is not None:
            view = view.pinned(pins if isinstance(pins, PinSet) else pinning.read_pins(pins))
        yield view


def _noted(closure: Closure) -> Any:  # Any: Sdf.Layer
    """The session layer of a stage, which tells for as long as the stage lives what it was opened with."""
    layer = Sdf.Layer.CreateAnonymous("bifrost-session.usda")
    problems = [attrs.asdict(issue) for issue in closure.problems]
    layer.customLayerData = {
        _ENTRY: {
            "ref": closure.ref,
            "answers": json.dumps(pinning.rows(closure.answers)),
            "problems": json.dumps(problems),
        }
    }
    return layer


def _note_of(stage: Stage) -> dict[str, str]:
    note: dict[str, str] | None = stage.GetSessionLayer().customLayerData.get(_ENTRY)
    if note is None:
        name = stage.GetRootLayer().identifier
        raise ValidationError(
            Issue("usd.stage", "this stage was not opened by open_stage, or its session layer was replaced",
                  subject=name, hint="open it with bf.usd.open_stage(…)")
        )  # fmt: skip
    return note
