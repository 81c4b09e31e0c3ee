"""From references to files: which version is meant, which of its files, and what to say when there is none."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import attrs

from bifrost_sdk.authority import locating
from bifrost_sdk.authority.sight import Sight
from bifrost_sdk.domain import codes, locations, references
from bifrost_sdk.domain.filesets import FileSet
from bifrost_sdk.domain.locations import Location
from bifrost_sdk.domain.pins import PinSet
from bifrost_sdk.domain.query import Compare, Include, Query
from bifrost_sdk.domain.versions import File, Representation
from bifrost_sdk.errors import BifrostError, Issue, NotFoundError, ValidationError
from bifrost_sdk.ports import Located, Resolution, Want

_UNPUBLISHED = {
    "reserved": "is not published yet",
    "abandoned": "was abandoned before it was published",
    "purged": "had its files purged",
}
_SUGGESTIONS = 3


class Asked(NamedTuple):
    """One reference taken apart: as text, the tag and the file it names (empty where absent), and its want."""

    text: str
    tag: str
    file: str
    want: Want


Answer = tuple[Resolution, Located] | BifrostError


def ask(text: str) -> Asked:
    """Take a reference apart.

    Raises:
        ReferenceSyntaxError: when it is none.
        NotFoundError: when it names no project.
        ValidationError: when it is no text.
    """
    if not isinstance(text, str):
        raise ValidationError(Issue("reference.type", f"{text!r:.200} is no reference", hint="give a text"))
    project, path, id, tag, file = references.split(text)
    if not project:
        raise NotFoundError(text, reason=f"a reference by id needs its project: write bifrost://PROJECT/~{id}")
    number = int(tag[1:]) if tag[:1] == "v" else tag or "latest"
    return Asked(text, tag, file, Want(project, None if id else path, id or None, number))


def pinned_versions(pins: PinSet) -> dict[tuple[str | None, str, str], str]:
    """(project, folded path of the product, ``latest`` or another tag) -> the id of the version that is pinned."""
    return {
        (ref.project, ref.key, str(ref.tag or "latest")): pin.version
        for ref, pin in pins.pins.items()
        if ref.id is None
    }


def answer(asked: Sequence[Asked], sight: Sight) -> list[Answer]:
    """One answer each, in order; all references are of the sight's project."""
    found = locating.locate([each.want for each in asked], sight)
    return [
        (made, located) if (made := _plain(each, located)) else _answer(each, located, sight)
        for each, located in zip(asked, found, strict=True)
    ]


def _plain(asked: Asked, located: Located) -> Resolution | None:
    """The answer for a published version with a single file, which is what nearly all are."""
    if len(located.files) != 1 or located.state in _UNPUBLISHED or located.number is None:
        return None
    head, _, line = located.files[0][1].partition("\n")
    if "\n" in line or not line:
        return None
    name, size, digest = line.split("\t")
    if asked.file not in ("", name):
        return None
    representation, root, folder, _ = head.split("\t")
    project, number = asked.want.project, located.number
    return Resolution(
        f"bifrost://{project}/{located.path}/v{number:03d}/{name}",
        root,
        f"{folder}/{name}" if folder else name,
        digest,
        int(size),
        located.version,
        number,
        located.state,
        representation,
        located.node,
    )


def _answer(asked: Asked, located: Located, sight: Sight) -> Answer:
    if located.matched != "version":
        return _not_found(asked, located, sight)
    if located.state in _UNPUBLISHED:
        return NotFoundError(asked.text, reason=f"this version {_UNPUBLISHED[located.state]}")
    place = _choose(asked.file, located, sight) if located.files else None
    if place is None:
        return _no_file(asked, located, sight)
    return resolution(asked.want.project, located, place), located


def resolution(project: str, located: Located, place: Location) -> Resolution:
    """Where this file of this version lies."""
    number = located.number
    head = f"{located.path}/v{number:03d}" if number is not None and located.path else f"~{located.version}"
    ref = f"bifrost://{project}/{head}/{place.name}"
    version = (located.version, number, located.state)
    return Resolution(ref, place.root, place.path, place.hash, place.size, *version, place.representation, located.node)


def _choose(file: str, located: Located, sight: Sight) -> Location | None:
    """The file with this name, one file of a set, or the one of its family; without a name the main file."""
    if not file:
        return _main(located)
    places: list[Location] = []
    is_complete = True
    for _, text in located.files:
        listed, is_whole = locations.read(text)
        places += listed
        is_complete &= is_whole
    exact = next((place for place in places if place.name == file), None)
    if exact is not None:
        return exact
    items = _representations(located, sight)
    return _named_in(items, file) or locations.by_family(file, places if is_complete else locations.all_files(items))


def _main(located: Located) -> Location | None:
    """The main file of the first representation whose key names a format, else of the first one."""
    mains = [listed[0] for _, text in located.files if (listed := locations.read(text)[0])]
    return next((place for place in mains if locations.is_family(place.representation)), mains[0] if mains else None)


def _named_in(items: Sequence[Representation], file: str) -> Location | None:
    """Look through the documents: for a file that is not indexed, a name in other case, one file of a set."""
    for item in items:
        for listed in item.files:
            name = _named(listed, file)
            if name is not None:
                size, digest = (listed.size, listed.hash) if name == listed.name else (0, "")
                return Location(item.name, name, item.root, item.folder, size, digest)
    return None


def _named(listed: File, file: str) -> str | None:
    if codes.fold(listed.name) == codes.fold(file):
        return listed.name
    if "<" not in listed.name:
        return None
    files = FileSet(listed.name, padding=listed.padding) if listed.padding else FileSet(listed.name)
    place = files.match(file)
    if place is None or (place.frame is not None and listed.frames is not None and place.frame not in listed.frames):
        return None
    return file if place.udim is None or not listed.udims or place.udim in listed.udims else None


def _representations(located: Located, sight: Sight) -> list[Representation]:
    include = Include("representations", Query("representation", order=("id",), size=1000), 1000)
    found = sight.transaction.related("version", [located.version], include, at=sight.at)
    entities = [record.entity() for record in found.get(located.version, ())]
    shown = {id for id, _ in located.files}
    return [item for item in entities if isinstance(item, Representation) and item.id in shown]


def _not_found(asked: Asked, located: Located, sight: Sight) -> NotFoundError:
    if located.matched == "none":
        return NotFoundError(asked.text, suggestions=suggest(asked.want.project, asked.want.path or "", sight))
    if located.kind != "product":
        names = _children(located, sight)
        what = f"this is {_article(located.kind)}, not a product with files"
        return NotFoundError(asked.text, suggestions=names, reason=what)
    ref = f"bifrost://{asked.want.project}/{located.path}"
    missing = {
        "": "nothing is published yet",
        "latest": "nothing is published yet",
        "approved": "nothing is approved yet",
    }
    reason = missing.get(asked.tag, f"there is no version {asked.tag}")
    (latest,) = answer([ask(f"{ref}/latest")], sight) if asked.tag not in ("", "latest") else (None,)
    near = [latest[0].ref.rpartition("/")[0]] if isinstance(latest, tuple) else []
    return NotFoundError(asked.text, suggestions=near, reason=reason)


def _no_file(asked: Asked, located: Located, sight: Sight) -> NotFoundError:
    if not asked.file:
        return NotFoundError(asked.text, reason="this version has no files")
    names = [file.name for item in _representations(located, sight) for file in item.files]
    head = resolution(asked.want.project, located, Location("", "", "", "", 0, "")).ref
    near = [f"{head}{name}" for name in names[:_SUGGESTIONS]]
    return NotFoundError(asked.text, suggestions=near, reason=f"this version has no file {asked.file}")


def suggest(project: str, path: str, sight: Sight) -> list[str]:
    """References of visible nodes whose path resembles this one, in the state that is read, nearest first.

    None once a call has had its `SUGGESTED` ones.
    """
    if next(sight.turns, None) is None:
        return []
    near = sight.transaction.suggest(project, path, _SUGGESTIONS, visible=sight.visible, at=sight.at)
    return [f"bifrost://{project}/{each}" for _, each in near]


def _children(located: Located, sight: Sight) -> list[str]:
    visible = sight.visible
    named = Compare(("parent",), "eq", located.node)
    query = Query("product", project=sight.project, filter=named, size=_SUGGESTIONS)
    found = sight.transaction.select(attrs.evolve(query.where(visible), size=_SUGGESTIONS), at=sight.at)
    return [f"bifrost://{sight.project}/{record.path}" for record in found.records]


def _article(kind: str) -> str:
    word = kind.replace("_", " ")
    return f"an {word}" if word[0] in "aeiou" else f"a {word}"
