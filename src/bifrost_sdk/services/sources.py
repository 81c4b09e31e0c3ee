"""What is asked to be published, found on disk and given its published names, before anything is reserved.

A version's files are named anew where a name carries no meaning of its own: the main file after its product or
representation, so that a reference can be written without knowing what the artist's file was called. Files that others
point at, which are those of a folder and the further ones of a list, keep their names.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeAlias

import attrs

from bifrost_sdk.domain import codes, filesets, locations
from bifrost_sdk.domain.filesets import FRAME, UDIM, FileSet
from bifrost_sdk.domain.frames import FrameRange
from bifrost_sdk.domain.text import LINE_LIMIT
from bifrost_sdk.errors import Issue, StorageError, ValidationError
from bifrost_sdk.services.configuration import WORKSPACE_FILE

#: One thing to publish: a file, a folder, a pattern such as ``beauty.####.exr``, or a set in the current folder.
Item: TypeAlias = str | Path | FileSet
#: What each representation is made of: an item, several, or several by the names that they shall have in the version.
Files: TypeAlias = Mapping[str, Item | Sequence[Item] | Mapping[str, Item]]

#: The root that published files go to.
ROOT = "publish"

#: The file that tells what a published folder is; no published file may have its name.
MANIFEST = "manifest.json"

_TOKEN = re.compile(f"{FRAME}|{UDIM}")
_MEANT_AS_PATTERN = re.compile(r"[#%<$]")


@attrs.frozen
class Source:
    """One file on disk; `name` is where it goes, below the version's folder. `stamp` tells whether it was changed."""

    path: Path
    name: str
    size: int
    stamp: tuple[int, ...]


@attrs.frozen
class Piece:
    """A file, or a set of files under one name, as a representation lists it."""

    name: str
    sources: tuple[Source, ...]
    files: FileSet | None = None

    @property
    def size(self) -> int:
        """All of it, in bytes."""
        return sum(source.size for source in self.sources)

    @property
    def frames(self) -> FrameRange | None:
        """The frames of a set that has some."""
        return self.files.frames if self.files and self.files.frames.runs else None

    @property
    def udims(self) -> tuple[int, ...]:
        """The tiles of a set that has some."""
        return self.files.udims if self.files else ()


def gather(
    product: str, files: Files, *, root: Path | None = None, renames: bool = True
) -> dict[str, tuple[Piece, ...]]:
    """For each representation what it is made of, the main file first; no folder may hold `root` or a workspace.

    Without `renames` every file keeps its name.

    Raises:
        ValidationError: nothing is asked for, or names clash or are no portable names; with every such issue.
        StorageError: a source is missing, unreadable or no file.
    """
    hint = 'give {"usd": "hero.usda"}'
    if not isinstance(files, Mapping):
        raise ValidationError(Issue("files.type", f"{files!r:.200} names no representation", "files", hint=hint))
    if not files:
        raise ValidationError(Issue("files.missing", "there is nothing to publish", "files", hint=hint))
    if root is not None:
        _refuse_around(root, files)
    named = product if renames else ""
    found = {codes.check_code(key): tuple(_pieces(named, key, value)) for key, value in files.items()}
    if issues := [*_clashing_keys(found), *_name_issues(piece for pieces in found.values() for piece in pieces)]:
        raise ValidationError(issues)
    return found


def stamp(path: Path) -> tuple[int, ...]:
    """What changes when a file is written: size, time, and which file it is."""
    status = path.stat()
    return status.st_size, status.st_mtime_ns, status.st_ino


def _refuse_around(root: Path, files: Files) -> None:
    inner = Path(os.path.realpath(root))
    for item in (item for value in files.values() for item in _items(value)):
        if isinstance(item, (str, os.PathLike)) and os.fspath(item):
            try:
                asked = Path(os.path.realpath(item))
            except (OSError, ValueError) as error:
                raise _unreadable(Path(item), error) from error
            if asked in (inner, *inner.parents):
                raise _around(item, f"{root}, where published files lie")


def _around(item: object, what: str) -> ValidationError:
    hint = "publish a folder that holds nothing else"
    return ValidationError(Issue("files.around", f"{item} holds {what}", "files", hint=hint))


def _items(value: Any) -> list[Any]:  # Any: whatever the caller wrote; checked where it is read
    if isinstance(value, Mapping):
        return list(value.values())
    return list(value) if isinstance(value, (list, tuple)) else [value]


def _pieces(product: str, key: str, value: Any) -> Iterator[Piece]:  # Any: likewise
    items = _items(value)
    if not items:
        raise ValidationError(Issue("files.missing", "there is no file to publish", f"files.{key}"))
    for item in items:
        if not isinstance(item, (str, os.PathLike, FileSet)) or not (isinstance(item, FileSet) or os.fspath(item)):
            hint = "give a path, a pattern or a FileSet"
            raise ValidationError(Issue("files.type", f"{item!r} is no file", f"files.{key}", hint=hint))
    if isinstance(value, Mapping):
        return _called(key, value, is_free=bool(product))
    return _representation(product, key, items)


def _representation(product: str, key: str, items: list[Any]) -> Iterator[Piece]:
    for index, item in enumerate(items):
        if index == 0 and product:
            yield from _first(product, key, item, alone=len(items) == 1)
        else:
            yield from _further(item)


def _called(key: str, named: Mapping[Any, Any], *, is_free: bool) -> Iterator[Piece]:  # Any: names unchecked
    """Files, and sets by names with the same tokens, each under the name that was said."""
    if not is_free:
        hint = "give a list, or publish copies"
        raise ValidationError(Issue("files.named", "files that stay keep their names", f"files.{key}", hint=hint))
    for name, item in named.items():
        files, folder = _as_set(item)
        if not isinstance(name, str) or (files is None and _is_folder(Path(item))):
            hint = "give files one by one, each by its path inside the version"
            raise ValidationError(Issue("files.named", f"{item} is no file for {name!r}", f"files.{key}", hint=hint))
        called = codes.nfc(name)
        yield _piece(Path(item), called) if files is None else _renamed(_found(files, folder), folder, called)


def _first(product: str, key: str, item: Any, *, alone: bool) -> Iterator[Piece]:
    """The main file, or the set that stands for it; a folder that is alone takes the name of its representation."""

    def name(extension: str) -> str:
        return locations.main_name(product, key, extension)

    if isinstance(item, FileSet) or not _is_folder(Path(item)):
        yield _file_or_set(item, name)
    else:
        yield from _folder(Path(item), key if alone else "")


def _further(item: Any) -> Iterator[Piece]:
    if isinstance(item, FileSet) or not _is_folder(Path(item)):
        yield _file_or_set(item, None)
    else:
        yield from _folder(Path(item), "")


def _file_or_set(item: Any, rename: Callable[[str], str] | None) -> Piece:
    files, folder = _as_set(item)
    if files is None:
        path = Path(item)
        name = rename(locations.extension_of(path.name)) if rename else path.name
        return _piece(path, codes.nfc(name))
    found = _found(files, folder)
    tail = found.pattern.rpartition(">")[2]
    pattern = _with_tokens(rename(locations.extension_of(tail)), found.pattern) if rename else found.pattern
    return _renamed(found, folder, pattern)


def _renamed(found: FileSet, folder: Path, pattern: str) -> Piece:
    """The set under another pattern, which must have the same tokens."""
    if _TOKEN.findall(pattern) != _TOKEN.findall(found.pattern):
        hint = "name a set by a pattern with the tokens that it has"
        raise ValidationError(Issue("files.named", f"{found.pattern} cannot be {pattern}", "files", pattern, hint))
    published = FileSet(pattern, padding=found.padding, frames=found.frames, udims=found.udims)
    sources = tuple(_source(folder / old, new) for old, new in zip(found, published, strict=True))
    return Piece(published.pattern, sources, published)


def _as_set(item: Any) -> tuple[FileSet | None, Path]:
    """The set that an item describes, and the folder that it lies in; None for a plain file."""
    if isinstance(item, FileSet):
        return item, Path()
    path = Path(item)
    if os.path.lexists(path):
        return None, path.parent
    try:
        return FileSet.parse_name(path.name), path.parent
    except ValidationError:
        if _MEANT_AS_PATTERN.search(path.name):
            raise
        return None, path.parent


def _found(files: FileSet, folder: Path) -> FileSet:
    """The set with the numbers that it says, or those that lie in the folder when it says none."""
    if len(files):
        return files
    names = [place for name in _listing((folder / files.pattern).parent) if (place := _place(files, name))]
    if not names:
        where = folder / files.printf
        raise StorageError(f"no file is there for {where}; check the pattern", path=str(where), reason="missing")
    frames = FrameRange.of_frames({place.frame for place in names if place.frame is not None})
    return attrs.evolve(files, frames=frames, udims={place.udim for place in names if place.udim is not None})


def _place(files: FileSet, name: str) -> filesets.Place | None:
    return files.match(f"{files.pattern.rpartition('/')[0]}/{name}".lstrip("/"))


def _with_tokens(name: str, pattern: str) -> str:
    """`name` with the tokens of `pattern` before its extension."""
    stem, dot, extension = name.partition(".")
    return f"{stem}.{'.'.join(_TOKEN.findall(pattern))}{dot}{extension}"


def _folder(folder: Path, name: str) -> Iterator[Piece]:
    """Every file below a folder, under the folder's own name or another, its main file first.

    The main file is the one that is called as the folder is, whatever its extension; else the first by name.
    """
    top = codes.nfc(name or folder.absolute().name)
    paths = list(_below(folder, (_identity(folder),)))
    if not paths:
        raise StorageError(f"the folder {folder} holds no files", path=str(folder), reason="empty")
    called = codes.fold(folder.absolute().name)
    paths.sort(key=lambda path: (path.parent != folder or codes.fold(path.stem) != called, path.as_posix()))
    for path in paths:
        yield _piece(path, codes.nfc(f"{top}/{path.relative_to(folder).as_posix()}"))


def _below(folder: Path, above: tuple[tuple[int, int], ...]) -> Iterator[Path]:
    """The files below a folder; links are followed, unless they lead round."""
    names = _listing(folder)
    if WORKSPACE_FILE in names:
        raise _around(folder, f"a workspace ({WORKSPACE_FILE})")
    for name in names:
        path = folder / name
        if not _is_folder(path):
            yield path
        elif (identity := _identity(path)) in above:
            raise StorageError(f"the link {path} leads back to a folder above it", path=str(path), reason="loop")
        else:
            yield from _below(path, (*above, identity))


def _identity(folder: Path) -> tuple[int, int]:
    try:
        status = folder.stat()
    except OSError as error:
        raise _unreadable(folder, error) from error
    return status.st_dev, status.st_ino


def _is_folder(path: Path) -> bool:
    try:
        return path.is_dir()
    except OSError as error:
        raise _unreadable(path, error) from error


def _listing(folder: Path) -> list[str]:
    try:
        return sorted(os.listdir(folder))  # noqa: PTH208 - names are enough
    except OSError as error:
        raise _unreadable(folder, error) from error


def _piece(path: Path, name: str) -> Piece:
    return Piece(name, (_source(path, name),))


def _source(path: Path, name: str) -> Source:
    """The file, looked at and opened once: what cannot be read must be known before a number is taken."""
    try:
        if not path.is_file():
            path.stat()
            message = f"{path} is no file; a pipe or device cannot be published"
            raise StorageError(message, path=str(path), reason="type")
        with path.open("rb"):
            mark = stamp(path)
    except (OSError, ValueError) as error:
        raise _unreadable(path, error) from error
    return Source(path, name, mark[0], mark)


def _unreadable(path: Path, error: OSError | ValueError) -> StorageError:
    reason = (error.strerror if isinstance(error, OSError) else "") or str(error)
    return StorageError(f"cannot read {path}: {reason}; nothing was published", path=str(path), reason=reason)


def _clashing_keys(found: Iterable[str]) -> Iterator[Issue]:
    seen: dict[str, str] = {}
    for key in found:
        if (other := seen.setdefault(codes.fold(key), key)) != key:
            yield Issue("files.key", f"{key!r} and {other!r} are one name", f"files.{key}", hint="merge them")


def _name_issues(pieces: Iterable[Piece]) -> Iterator[Issue]:
    """What is wrong with the published names: each must be portable and its own, also where case is ignored."""
    taken: dict[str, str] = {codes.fold(MANIFEST): "the manifest of every version"}
    folders: dict[str, str] = {}
    for piece in pieces:
        if fault := codes.file_fault(piece.name):
            yield Issue(f"files.{fault.code}", fault.message, "files", piece.name, fault.hint)
        longest = max((piece.name, *(source.name for source in piece.sources)), key=len)
        if len(longest) > LINE_LIMIT:
            message = f"a path of {len(longest)} characters is longer than {LINE_LIMIT}"
            yield Issue("files.long", message, "files", f"{longest[:100]}…", "take shorter names, or fewer folders")
        for source in piece.sources:
            key = codes.fold(source.name)
            other = taken.get(key) or folders.get(key)
            parents = ["/".join(key.split("/")[:count]) for count in range(1, key.count("/") + 1)]
            other = other or next((taken[parent] for parent in parents if parent in taken), None)
            if other:
                message = f"{source.path} would be published as {source.name}, which is taken by {other}"
                yield Issue("files.name", message, "files", source.name, "rename one, or publish it under another key")
            taken.setdefault(key, str(source.path))
            folders.update(dict.fromkeys(parents, str(source.path)))
