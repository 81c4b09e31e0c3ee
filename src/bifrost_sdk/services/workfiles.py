"""Work files: the scenes that people save in their tasks, each with a number of its own, in the catalog and on disk.

A number belongs to one file of a thing, task and variant, whoever makes it and with which application. Who registers a
file looks back at the state before that commit: whoever has the number there was first, and the other takes the next
one. So no two registered files keep one number, however many people save at once, and none needs to be reserved.
"""

from __future__ import annotations

import builtins
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import attrs

from bifrost_sdk.domain.templates import numbering
from bifrost_sdk.domain.templates.numbering import Counting
from bifrost_sdk.domain.versions import Workfile
from bifrost_sdk.errors import BifrostError, NotFoundError, TemplateError
from bifrost_sdk.services import paths, places
from bifrost_sdk.services.context import Item
from bifrost_sdk.services.desks import WORK, Desk, Lying
from bifrost_sdk.services.folders import Folders
from bifrost_sdk.services.paths import Filled, Request, Tokens


@attrs.frozen
class WorkfileEntry:
    """A work file: in the catalog (`workfile`), on disk (`is_there`), or both.

    `number` is its own, None where neither the catalog nor a template tells it. It lies at `path`, which is `file`
    below the named `root`; `values` are what the template reads there. `application` is empty where nothing tells it.
    """

    number: int | None
    path: Path
    root: str
    file: str
    application: str = ""
    workfile: Workfile | None = None
    is_there: bool = False
    values: Tokens = attrs.field(factory=dict, hash=False)

    @property
    def is_known(self) -> bool:
        """Whether the catalog knows it."""
        return self.workfile is not None

    def to_data(self) -> dict[str, Any]:  # Any: JSON
        """The entry as plain JSON values."""
        names = ("number", "root", "file", "application", "is_known", "is_there")
        ref = self.workfile.ref if self.workfile else None
        return {**{name: getattr(self, name) for name in names}, "path": str(self.path), "workfile": ref}


@attrs.frozen(eq=False)
class Workfiles:
    """The work files of nodes and tasks.

    All methods take a task, or a node with ``task=`` the code of one. The other tokens of the template are given by
    name: ``variant``, ``user`` (else whoever asks), ``ext`` (else what the `application` writes).

    >>> import bifrost_sdk as bf
    >>> with bf.connect(bf.init("shows", project="demo", user="anna"), user="anna") as session:
    ...     rig = session.tasks.create(session.assets.create("demo", "char", "hero"), "rig")
    ...     first = session.workfiles.create(rig, application="maya", comment="blocking")
    ...     print(first.file, session.workfiles.next(rig, application="maya").number)
    ...     print(session.workfiles.latest(rig) == first)
    demo/assets/char/hero/rig/work/anna/hero.rig.v001.ma 2
    True
    """

    folders: Folders

    def next(self, item: Item, /, *, application: str = "", **tokens: Any) -> WorkfileEntry:  # Any: values of tokens
        """The work file that would come next, with the first number that neither the catalog nor the disk has.

        Nothing is made and nothing is held: `create` may give another number when somebody saves in between.

        Raises:
            TemplateError: a token is missing, contradicts the catalog or does not fit, or files are not counted.
            NotFoundError: the thing is not there.
            ConfigurationError, StorageError: the root has no folder on this machine, or it is not there.
        """
        desk, counting = self._counting(item, application, tokens)
        return self._numbered(desk, counting, desk.next_number(counting), application)

    def create(
        self,
        item: Item,
        /,
        *,
        source: str | os.PathLike[str] | None = None,
        application: str = "",
        comment: str = "",
        **tokens: Any,  # Any: values of every type of token
    ) -> WorkfileEntry:
        """Register the next work file and make it: a copy of `source`, or empty for an application to save over.

        Its folders are made where they are missing. No file is ever written over.

        Raises:
            StorageError: the source cannot be read, or the file cannot be made; then nothing is left of it.
            PermissionDeniedError, ConflictError: it may not be registered, or others were faster again and again.
            TemplateError, NotFoundError, ConfigurationError: as `next`.
        """
        desk, counting = self._counting(item, application, tokens)
        draft = Workfile(
            id=desk.context.new_id(),
            parent=desk.asked.lineage.node.id,
            file=counting.path(1),
            root=counting.made.root,
            task=desk.task.id if desk.task else None,
            comment=comment,
            application=application or numbering.application_of(str(counting.values.get("ext", ""))),
        )
        made = desk.save(draft, counting, Path(source) if source is not None else None)
        entry = self._numbered(desk, counting, made.number or 0, made.application)
        return attrs.evolve(entry, workfile=made, is_there=True)

    def list(
        self, item: Item, /, *, application: str = "", **tokens: Any
    ) -> builtins.list[WorkfileEntry]:  # Any: values of every type of token
        """The work files that fit, by number: those that the catalog knows, and those that only lie on disk.

        Folders that may not be read are passed over.

        Raises:
            NotFoundError, ConfigurationError, StorageError: as `next`.
        """
        desk = self._desk(item, tokens)
        return self._entries(desk, desk.files(), application)

    def latest(self, item: Item, /, *, application: str = "", **tokens: Any) -> WorkfileEntry:  # Any: values of tokens
        """The one on disk with the highest number, known or not; without a ``variant``, of those that have none.

        Raises:
            NotFoundError: there is none yet, or the thing is not there.
            TemplateError: it is not said of which task.
            ConfigurationError, StorageError: as `next`.
        """
        desk = self._desk(item, tokens)
        desk.check_scope()
        there = [each for each in desk.files() if each.is_there and desk.is_plain(each)]
        found = self._entries(desk, there, application)
        if not found:
            label = desk.asked.lineage.label
            raise NotFoundError(label, reason="there is no such work file on disk yet; create() makes the first")
        return found[-1]

    def _desk(self, item: Item, tokens: Tokens) -> Desk:
        (asked,) = paths.prepare(self.folders.context, self.folders.templates, [Request(item, WORK, tokens)])
        if isinstance(asked, BifrostError):
            raise asked
        return Desk.of(self.folders.context, asked, tokens)

    def _counting(self, item: Item, application: str, tokens: Tokens) -> tuple[Desk, Counting]:
        desk = self._desk(item, tokens)
        given = {**desk.application_tokens(application), **tokens}
        numbers = desk.number_tokens
        if named := [name for name in numbers if name in tokens]:
            message = (
                f"token {named[0]!r} is counted here; leave it out, or ask folders.path_for for a path of your own"
            )
            raise TemplateError(message, token=named[0], value=tokens[named[0]])
        given |= dict.fromkeys(numbers, 1)
        (filled,) = paths.fill(self.folders.context, self.folders.templates, [Request(item, WORK, given)])
        if not isinstance(filled, Filled):
            raise filled
        return desk, Counting.of(filled.made, desk.sources, filled.values)

    def _numbered(self, desk: Desk, counting: Counting, number: int, application: str) -> WorkfileEntry:
        file = counting.path(number)
        root = counting.made.root
        values = {**counting.values, counting.number: number}
        known = application or numbering.application_of(str(values.get("ext", "")))
        return WorkfileEntry(number, self._place(desk, root, file), root, file, known, values=values)

    def _entries(self, desk: Desk, files: Iterable[Lying], application: str) -> builtins.list[WorkfileEntry]:
        """Those of an application, or all, by number."""
        entries = (self._entry(desk, each) for each in files)
        kept = [each for each in entries if application in ("", each.application)]
        return sorted(kept, key=lambda each: (each.number or 0, each.file))

    def _entry(self, desk: Desk, lying: Lying) -> WorkfileEntry:
        known, number = lying.workfile, desk.number_of(lying)
        told = known.application if known else ""
        application = told or numbering.application_of(lying.place.path.rpartition(".")[2])
        root, file = lying.place
        path = self._place(desk, root, file)
        return WorkfileEntry(number, path, root, file, application, known, lying.is_there, lying.values)

    def _place(self, desk: Desk, root: str, file: str) -> Path:
        return places.root(desk.context.roots, root) / file
