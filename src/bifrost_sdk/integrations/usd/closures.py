"""Everything that a layer leads to: layers by path, files by reference, each reference asked of the catalog once.

References are asked in batches: all that is in reach by paths alone, then all that these files lead to. A scene takes
as many batches as its references are nested deep, however many there are.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import attrs

from bifrost_sdk.domain.entity import Entity
from bifrost_sdk.domain.references import Reference
from bifrost_sdk.errors import BifrostError, Issue, StorageError
from bifrost_sdk.integrations.usd import assetpaths
from bifrost_sdk.integrations.usd.library import Ar, Sdf, Tf, words_of
from bifrost_sdk.ports import Resolution
from bifrost_sdk.services import places
from bifrost_sdk.services.context import Item, is_id
from bifrost_sdk.session.session import Session

#: What the library reads as layers that can lead to others; packages (usdz) are whole in themselves.
LAYERS = (".usd", ".usda", ".usdc")

#: How a reference begins, in lower case.
_REFERENCE = "bifrost:"

# How a layer that is a text begins, and so much of it is read at once.
_TEXT = b"#usda"
_HEAD = 1 << 16

#: Begins what a layer is opened with, behind its path.
_ARGUMENTS = ":SDF_FORMAT_ARGS:"


class Spelling(NamedTuple):
    """An asset path taken apart: a file or reference, and what follows it."""

    path: str
    rest: str


def split(authored: str) -> Spelling:
    """The parts of an asset path: `rest` is its format arguments or the place in a package.

    >>> split("bifrost://demo/assets/hero/model/latest/model.usdz[geo.usd]").rest
    '[geo.usd]'
    """
    path, mark, rest = authored.partition("[") if authored.endswith("]") else authored.partition(_ARGUMENTS)
    return Spelling(path, mark + rest)


def is_reference(path: str) -> bool:
    """Whether the catalog knows what is meant."""
    return path[: len(_REFERENCE)].casefold() == _REFERENCE


def is_expression(path: str) -> bool:
    """Whether it depends on variables of the stage."""
    return path.startswith("`")


@attrs.frozen
class Link:
    """A reference or layer that leads nowhere: who holds it, as authored, and why it does not."""

    layer: str
    authored: str
    reason: str


@attrs.frozen(eq=False)
class Closure:
    """What one reference leads to.

    `layers` are open, by their files, but for those that surely lead nowhere; `root` is the first one. `links` are the
    files that each is composed with by path, `references` those of the catalog that it holds. `answers` is what each of
    these stands for, `files` where that lies. `problems` tell what leads nowhere. `context` is what search paths are
    looked up with.
    """

    ref: str
    root: str
    layers: Mapping[str, Any]  # Any: Sdf.Layer
    links: Mapping[str, Mapping[str, str]]
    references: Mapping[str, Sequence[str]]
    answers: Mapping[str, Resolution | BifrostError]
    files: Mapping[str, str]
    problems: tuple[Issue, ...]
    context: Any  # Any: Ar.ResolverContext


def gather(session: Session, ref: Item) -> Closure:
    """What a reference leads to, in the view of the session.

    Raises:
        NotFoundError: when it leads to no file.
        StorageError: when its file is no layer that can be read.
    """
    asked, answer = _root(session, ref)
    root = os.path.normpath(places.file_of(session.context.roots, answer))
    context = Ar.GetResolver().CreateDefaultContextForAsset(root)
    gatherer = _Gatherer(session)
    gatherer.answers[asked] = answer
    gatherer.files[asked] = root
    with Ar.ResolverContextBinder(context):
        gatherer.run(root)
    if root in gatherer.unread:
        raise StorageError(f"{asked}: {gatherer.unread[root]}", path=root, reason="layer")
    return Closure(
        ref=answer.ref,
        root=root,
        layers=gatherer.layers,
        links=gatherer.links,
        references=gatherer.references,
        answers=gatherer.answers,
        files=gatherer.files,
        problems=tuple(gatherer.problems()),
        context=context,
    )


def _root(session: Session, ref: Item) -> tuple[str, Resolution]:
    """The reference as it is kept, and its file: of a product or version the one that USD reads."""
    text = ref.ref if isinstance(ref, Entity) else session.get(ref).ref if is_id(str(ref)) else str(ref)
    parsed = Reference.parse(text)
    wanted = [text]
    if parsed.file is None and parsed.path:
        tagged = parsed if parsed.tag else parsed.with_tag("latest")
        wanted.insert(0, str(tagged.with_file(f"{parsed.path[-1]}.usd")))
    answers = session.resolve_many(wanted)
    for asked, answer in zip(wanted, answers, strict=True):
        if isinstance(answer, Resolution):
            return asked, answer
    raise next(answer for answer in reversed(answers) if isinstance(answer, BifrostError))


class _Gatherer:
    """The walk itself: `layers` and `links` grow by file, `answers` and `files` by reference."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self.layers: dict[str, Any] = {}  # Any: Sdf.Layer
        self.links: dict[str, dict[str, str]] = {}
        self.references: dict[str, list[str]] = {}
        self.answers: dict[str, Resolution | BifrostError] = {}
        self.files: dict[str, str] = {}
        self.seen: set[str] = set()
        self.unread: dict[str, str] = {}
        self.lost: list[Link] = []

    def run(self, root: str) -> None:
        """Follow everything; all references that are known at a time are one batch."""
        waiting = [root]
        while waiting:
            met = dict.fromkeys(ref for file in self._read(waiting) for ref in self.references[file])
            self._ask([ref for ref in met if ref not in self.answers])
            waiting = [file for ref in met if _is_layer(file := self.files.get(ref, ""))]

    def _read(self, waiting: Sequence[str]) -> list[str]:
        """Open these files and what they are composed with by path; those that were not open yet."""
        stack = list(waiting)
        read = []
        while stack:
            file = stack.pop()
            if file in self.seen:
                continue
            self.seen.add(file)
            is_first = not self.layers
            if (not is_first and leads_nowhere(file)) or (layer := self._open(file)) is None:
                continue
            read.append(file)
            self.layers[file] = layer
            self.links[file] = {}
            stack += self._follow(file, layer)
        return read

    def _follow(self, file: str, layer: Any) -> Iterator[str]:  # Any: Sdf.Layer
        """The files of the layers that are composed into this one by path."""
        for authored in layer.GetCompositionAssetDependencies():
            path = split(authored).path
            if is_reference(path) or is_expression(path) or not _is_layer(path):
                continue
            found = str(Ar.GetResolver().Resolve(layer.ComputeAbsolutePath(path)))
            if found:
                target = self.links[file][authored] = os.path.normpath(found)
                yield target
            else:
                self.lost.append(Link(file, authored, f"there is no file {path} beside the layer or on a search path"))

    def _open(self, file: str) -> Any:  # Any: Sdf.Layer
        """The layer of a file, and its references noted; None where it cannot be read."""
        try:
            layer = Sdf.Layer.FindOrOpen(file)
            if layer is not None:  # a damaged one may be found out only now
                self.references[file] = [split(each).path for each in assetpaths.referred(layer) if is_reference(each)]
        except Tf.ErrorException as error:
            self.unread[file] = f"{file} cannot be read as a layer: {words_of(error)}"
            return None
        if layer is None:
            is_there = os.path.lexists(file)
            self.unread[file] = f"{file} is no layer that USD can read" if is_there else f"{file} is not there"
        return layer

    def _ask(self, refs: list[str]) -> None:
        for ref, answer in zip(refs, self.session.resolve_many(refs) if refs else (), strict=True):
            self.answers[ref] = answer
            if isinstance(answer, Resolution):
                try:
                    self.files[ref] = os.path.normpath(places.file_of(self.session.context.roots, answer))
                except BifrostError as error:
                    self.answers[ref] = error

    def problems(self) -> Iterator[Issue]:
        """What leads nowhere, once for each prim that holds it."""
        for link in [*self._broken(), *self.lost]:
            for place in assetpaths.holders(self.layers[link.layer], link.authored) or ["/"]:
                yield Issue("usd.reference", link.reason, f"{link.layer}<{place}>", link.authored)

    def _broken(self) -> Iterator[Link]:
        broken = {ref: str(answer) for ref, answer in self.answers.items() if isinstance(answer, BifrostError)}
        broken |= {ref: self.unread[file] for ref, file in self.files.items() if file in self.unread}
        for file, layer in self.layers.items() if broken else ():
            for authored in assetpaths.referred(layer):
                if (path := split(authored).path) in broken:
                    yield Link(file, authored, broken[path])


def leads_nowhere(file: str) -> bool:
    """Whether a layer is a text that names no reference and no other layer, so that it need not be read as a layer."""
    try:
        with open(file, "rb", buffering=0) as opened:  # noqa: PTH123 - a text
            head = opened.read(_HEAD)
            if not head.startswith(_TEXT):
                return False
            text = head if len(head) < _HEAD else head + opened.readall()
    except OSError:  # whoever reads it says why
        return False
    return b".usd" not in text and (b":/" not in text or _REFERENCE.encode() not in text.lower())


def _is_layer(path: str) -> bool:
    return path.endswith(LAYERS)
