"""A folder gone through: its files, what its layers say, and what in it cannot be taken as it is."""

from __future__ import annotations

import os
import unicodedata
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import attrs

from bifrost_sdk.domain import locations, signatures
from bifrost_sdk.errors import Issue, StorageError, ValidationError, refusal
from bifrost_sdk.integrations.usd.dependencies import Contents, Folder, Problem, is_layer, read_layer
from bifrost_sdk.integrations.usd.grouping import Holdings
from bifrost_sdk.services.configuration import WORKSPACE_FILE

#: Told (layers read, layers in all).
Progress = Callable[[int, int], None]
#: Asked between layers; true stops.
Cancel = Callable[[], bool]


_ASK = "ask for access to it"


@attrs.frozen
class Survey:
    """What a folder holds; `layers` by their paths relative to it."""

    folder: Folder
    layers: Mapping[str, Contents] = attrs.field(hash=False)
    problems: tuple[Problem, ...]

    @property
    def holdings(self) -> Holdings:
        """Files and who refers to what, as far as grouping must know."""
        uses = {name: frozenset(file for link in each.links.values() for file in link.files) - {name}
                for name, each in self.layers.items()}  # fmt: skip
        ties = frozenset(
            (name, file)
            for name, each in self.layers.items()
            for link in each.links.values()
            if link.is_fixed
            for file in link.files
            if file != name
        )
        titles = {name: each.titles for name, each in self.layers.items()}
        sublayers = frozenset(
            (name, link.target)
            for name, each in self.layers.items()
            for link in each.links.values()
            if link.is_sublayer
        )
        return Holdings(frozenset(self.folder.files.values()), titles, uses, sublayers, ties)


def survey(path: Path, *, progress: Progress | None = None, cancel: Cancel | None = None) -> Survey:
    """Go through a folder and read all of its layers.

    Names that begin with a dot are passed over. A link to a file of the folder is that file; other links are not
    followed.

    Raises:
        StorageError: there is no such folder, or it was cancelled.
        ValidationError: the folder holds a workspace, or has a name that is no text.
    """
    real = Path(os.path.realpath(path))
    if not _is_text(str(real)):
        raise refusal("files.name", "no folder of this name can be read by USD", str(real), "rename it")
    problems: list[Problem] = []
    files = {str(real / name): name for name in sorted(_files(real, problems))}
    folder = Folder(real, files)
    names = [name for name in files.values() if is_layer(name)]
    layers: dict[str, Contents] = {}
    for name in names:
        if cancel and cancel():
            raise StorageError(f"going through {path} was cancelled; nothing was done", reason="cancelled")
        layers[name] = read_layer(folder, name)
        if progress:
            progress(len(layers), len(names))
    problems += [problem for contents in layers.values() for problem in contents.problems]
    return Survey(folder, layers, tuple(problems))


def _files(top: Path, problems: list[Problem]) -> Iterator[str]:
    """Each file below a folder, relative to it."""
    ahead = [""]
    while ahead:
        folder = ahead.pop()
        for entry in _entries(top / folder, is_top=not folder, problems=problems, name=folder):
            name = f"{folder}/{entry.name}" if folder else entry.name
            if entry.name == WORKSPACE_FILE:
                message = f"{top / folder} is a workspace ({WORKSPACE_FILE})"
                hint = "give the folder that holds the layers, and nothing else"
                raise ValidationError(Issue("files.around", message, "folder", str(top), hint))
            if entry.name.startswith("."):
                continue
            if not _is_text(entry.name):
                problems.append(Problem("unreadable", name, "its name is no text that USD can read", hint="rename it"))
            elif entry.is_symlink():
                problems.extend(_link_problems(top, name))
            elif entry.is_dir():
                ahead.append(name)
            elif problem := _fault(entry, name):
                problems.append(problem)
            else:
                yield name


def _fault(entry: os.DirEntry[str], name: str) -> Problem | None:
    """What is wrong with a file before it is read."""
    if not entry.is_file():
        return Problem("link", name, "is no file", hint="take it away")
    if not os.access(entry.path, os.R_OK):
        return Problem("unreadable", name, "may not be read", hint=_ASK)
    if not entry.stat().st_size and signatures.is_never_empty(locations.extension_of(entry.name)):
        return Problem("unreadable", name, "is empty, as a failed export leaves it", hint="write it again")
    return None


def _is_text(name: str) -> bool:
    """Whether a name is UTF-8 without control characters: others no version can tell where it came from."""
    return name.isprintable() or not any(unicodedata.category(char) in {"Cc", "Cs"} for char in name)


def _entries(path: Path, *, is_top: bool, problems: list[Problem], name: str) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(path) as found:
            return sorted(found, key=lambda entry: entry.name)
    except OSError as error:
        reason = error.strerror or str(error)
        if is_top:
            raise StorageError(f"cannot read the folder {path}: {reason}", path=str(path), reason=reason) from error
        problems.append(Problem("unreadable", name, f"cannot be read: {reason}", hint=_ASK))
        return []


def _link_problems(top: Path, name: str) -> Iterator[Problem]:
    """What is wrong with a link: nothing, where it leads to something in the folder."""
    try:
        real = os.path.realpath(top / name, strict=True)
    except OSError as error:
        yield Problem("link", name, f"is a link that leads nowhere: {error.strerror}", hint="take it away")
        return
    if os.path.commonpath([real, top]) != str(top):
        yield Problem("link", name, f"is a link to {real}, outside of the folder; it is not followed", hint="copy it")
