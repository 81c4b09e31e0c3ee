"""Everything that can be done with a catalog and its files, in one object."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

import attrs

from bifrost_sdk.domain.attributes import Inherited
from bifrost_sdk.domain.changes import Change, Commit, Event
from bifrost_sdk.domain.entity import Entity, Node
from bifrost_sdk.domain.frames import FrameRange
from bifrost_sdk.domain.pins import PinSet
from bifrost_sdk.domain.query import Page, Query
from bifrost_sdk.domain.text import listed
from bifrost_sdk.domain.versions import LEASE, Version
from bifrost_sdk.errors import BifrostError
from bifrost_sdk.ports import Resolution, View
from bifrost_sdk.services import attributes, ordering, places
from bifrost_sdk.services.changes import project_of, with_ids
from bifrost_sdk.services.configuration import Settings
from bifrost_sdk.services.context import Context, Item, is_id
from bifrost_sdk.services.moments import moment_of
from bifrost_sdk.session.services import Services

if TYPE_CHECKING:  # named in signatures; the modules are loaded when they are needed
    from bifrost_sdk.domain.pictures.graphs import Graph
    from bifrost_sdk.services.dependencies import Dependency
    from bifrost_sdk.services.graphs import Direction
    from bifrost_sdk.services.publications import Publication
    from bifrost_sdk.services.recovery import Recovery
    from bifrost_sdk.services.sources import Files
    from bifrost_sdk.services.staging import Transfer
    from bifrost_sdk.services.validating import Validation
    from bifrost_sdk.services.verifying import Verification
    from bifrost_sdk.services.watchers import Cancel, Progress

#: Paths of resolved files are remembered up to this many.
_PATHS_LIMIT = 100_000


class Session(Services):
    """One user's way to a catalog and its files; also a context manager that closes it.

    `at` and `pinned` give further sessions that show another state of the same catalog and need not be closed.
    A session may be used from several threads.
    """

    def __init__(self, context: Context, *, settings: Settings, is_view: bool = False) -> None:
        super().__init__(context, settings)
        self._is_view = is_view
        self._resolve = context.catalog.resolve
        self._view = context.view
        self._paths: dict[tuple[str, str], Path] = {}

    # Reading

    def get(self, item: Item) -> Entity:
        """The entity with this id or reference, as it stands in this view.

        Raises:
            NotFoundError: when there is none that may be seen, with those that resemble it.
        """
        return self.context.get(item)

    def get_many(self, items: Sequence[Item]) -> list[Entity | BifrostError]:
        """One entity or error for each id or reference, in order."""
        return self.context.get_many([*listed(items)])

    def find(self, query: Query) -> Page:
        """What the query asks for; see `Query`.

        Raises:
            QueryError: when it names what does not exist.
        """
        return self.context.find(query)

    def iterate(self, query: Query) -> Iterator[Any]:  # Any: entities of the asked kind
        """Every entity that the query finds, over all pages, in the state of the first one."""
        for page in self.context.pages(query):
            yield from page

    def resolve(self, ref: Item) -> Path:
        """The path of the file that the reference leads to, a set with its ``<FRAME>`` or ``<UDIM>``.

        Raises:
            NotFoundError: when it leads to no file, with references that do.
            ConfigurationError: when the file's root has no folder on this machine.
        """
        text = ref if type(ref) is str and ":" in ref else self._reference(ref)
        if self._view.pins is not None:
            (text,) = places.by_path(self.context, [text])
        (answer,) = self._resolve((text,), view=self._view)
        if type(answer) is not Resolution:
            raise answer  # type: ignore[misc]  # what is no Resolution is an error
        path = self._paths.get((answer.root, answer.path))
        return path if path is not None else self._placed(answer)

    def resolve_many(self, refs: Sequence[Item]) -> list[Resolution | BifrostError]:
        """One `Resolution` or error for each reference, in order; `path_of` tells where one lies."""
        texts = [ref if type(ref) is str and ":" in ref else self._reference(ref) for ref in listed(refs)]
        if self._view.pins is not None:
            texts = places.by_path(self.context, texts)
        return self._resolve(texts, view=self._view)

    def path_of(self, resolution: Resolution) -> Path:
        """Where a resolved file lies on this machine.

        Raises:
            ConfigurationError: when its root has no folder here.
        """
        return self._paths.get((resolution.root, resolution.path)) or self._placed(resolution)

    def attributes(self, node: Item) -> dict[str, Inherited]:
        """The value of each declared attribute at a node, and the node that gives it."""
        return attributes.inherited(self.context, node)

    def graph(self, item: Item, *, direction: Direction = "uses", depth: int | None = None, limit: int = 200) -> Graph:
        """What an item uses, or what uses it, in the state of this view; `services.graphs.gather` tells all of it.

        Raises:
            NotFoundError, ValidationError: there is no such thing, direction, depth or limit.
        """
        from bifrost_sdk.services import graphs

        return graphs.gather(self.context, item, direction=direction, depth=depth, limit=limit)

    # Other states

    @property
    def view(self) -> View:
        """Which state this session shows."""
        return self._view

    def at(self, when: str | datetime.datetime | int) -> Session:
        """The same catalog as it stood at a time, or as of a revision of the one project that is asked.

        Text is ``2026-01-31T12:00:00``, in UTC unless ``+01:00`` follows; a day alone means its first moment.

        Raises:
            ValidationError: when it is no time, or a time without a zone.
        """
        return self._showing(attrs.evolve(self._view, at=moment_of(when)))

    def pinned(self, pins: PinSet) -> Session:
        """The same catalog where the pinned references lead to their pinned versions."""
        return self._showing(attrs.evolve(self._view, pins=pins))

    def pin(self, refs: Sequence[Item]) -> PinSet:
        """What these references stand for now, to be kept beside a scene; products by id are kept by path.

        Raises:
            BifrostError: when one of them leads nowhere; ValidationError with all of them when several do.
        """
        texts = places.by_path(self.context, [self._reference(ref) for ref in listed(refs)])
        return places.pins_of(texts, self._resolve(texts, view=self._view))

    # Changing

    def commit(
        self, changes: Sequence[Change], *, project: Item | None = None, key: str | None = None, comment: str = ""
    ) -> Commit:
        """All changes, or none, in one project: the named one, else that of what is changed.

        New entities without an id are given one. With a `key`, repeating the commit gives its first answer.

        Raises:
            ValidationError, ConflictError, PermissionDeniedError, NotFoundError: and nothing was changed.
        """
        made = with_ids(self.context, changes)
        code = project_of(self.context, made) if project is None else self.context.code_of(project)
        return self.context.commit(code, made, key=key, comment=comment)

    def place(self, node: Item, *, after: Item | None = None) -> Node:
        """Put a node behind one of its siblings, or before all of them."""
        return ordering.place(self.context, node, after=after)

    def siblings(self, node: Item) -> list[Any]:  # Any: nodes of that kind
        """The nodes of the same kind below the same parent, in their order."""
        return ordering.siblings(self.context, node)

    def publish(
        self,
        owner: Item,
        product: str,
        files: Files,
        *,
        comment: str = "",
        description: str = "",
        depends_on: Sequence[Dependency] = (),
        task: Item | None = None,
        status: Item | None = None,
        tags: Sequence[str] = (),
        metadata: Mapping[str, Any] | None = None,
        source: str = "",
        frames: FrameRange | str | None = None,
        transfer: Transfer = "copy",
        progress: Progress | None = None,
        cancel: Cancel | None = None,
        key: str | None = None,
        lease: int = LEASE,
    ) -> Version:
        """Publish files as the next version of a product of `owner`; `services.publishing.publish` tells all of it.

        Raises:
            ValidationError, NotFoundError, PermissionDeniedError, StorageError, ConflictError: nothing was published.
        """
        from bifrost_sdk.services import publishing

        return publishing.publish(
            self.context,
            owner,
            product,
            files,
            comment=comment,
            description=description,
            depends_on=depends_on,
            task=task,
            status=status,
            tags=tags,
            metadata=metadata,
            source=source,
            frames=frames,
            transfer=transfer,
            progress=progress,
            cancel=cancel,
            key=key,
            lease=lease,
        )

    def publish_set(
        self,
        publications: Sequence[Publication],
        *,
        transfer: Transfer = "copy",
        progress: Progress | None = None,
        cancel: Cancel | None = None,
        key: str | None = None,
        lease: int = LEASE,
    ) -> list[Version]:
        """Publish several products of one project together, all or none; `services.publishing` tells all of it.

        Raises:
            ValidationError, NotFoundError, PermissionDeniedError, StorageError, ConflictError: nothing was published.
        """
        from bifrost_sdk.services import publishing

        return publishing.publish_set(
            self.context, publications, transfer=transfer, progress=progress, cancel=cancel, key=key, lease=lease
        )

    def validate(
        self,
        owner: Item,
        product: str,
        files: Files,
        *,
        depends_on: Sequence[Dependency] = (),
        task: Item | None = None,
        source: str = "",
        comment: str = "",
        tags: Sequence[str] = (),
        metadata: Mapping[str, Any] | None = None,
        frames: FrameRange | str | None = None,
        validators: Iterable[Any] = (),  # Any: what Validator.of takes
        fix: bool = False,
    ) -> Validation:
        """Say everything that speaks against publishing this; `services.validating.validate` tells all of it.

        Nothing is written, unless fixes are asked for; these never touch what is published.

        Raises:
            NotFoundError: there is no such owner or task.
        """
        from bifrost_sdk.services import validating

        return validating.validate(
            self.context,
            owner,
            product,
            files,
            depends_on=depends_on,
            task=task,
            source=source,
            comment=comment,
            tags=tags,
            metadata=metadata,
            frames=frames,
            validators=validators,
            fix=fix,
        )

    def recover(self, project: Item | None = None) -> Recovery:
        """Finish or remove publishes that were interrupted; safe at any time, beside live publishers."""
        from bifrost_sdk.services import recovery

        return recovery.recover(self.context, project)

    def verify(
        self,
        project: Item | None = None,
        *,
        item: Item | None = None,
        jobs: int = 0,
        progress: Progress | None = None,
        cancel: Cancel | None = None,
        resume: bool = True,
    ) -> Verification:
        """Read published files and hold them against their hashes; `services.verifying.verify` tells all of it.

        Of a project, or of one `item` and below it: a version, product or node. What was stopped goes on where it was.
        """
        from bifrost_sdk.services import verifying

        return verifying.verify(
            self.context, project, item=item, jobs=jobs, progress=progress, cancel=cancel, resume=resume
        )

    # What happened

    def events(self, project: Item | None = None, *, after: int = 0, limit: int = 1000) -> list[Event]:
        """The events of the revisions above `after`, whole revisions only, oldest first."""
        return self.context.catalog.events(self.context.code_of(project), after=after, limit=limit)

    def revision(self, project: Item | None = None) -> int:
        """The project's present revision."""
        return self.context.catalog.revision(self.context.code_of(project))

    def history(self, item: Item) -> list[Event]:
        """Everything that happened to one thing, oldest first."""
        from bifrost_sdk.services import history

        return history.events_of(self.context, item)

    def revert(self, project: Item | None, revision: int, *, comment: str = "") -> Commit:
        """Undo one commit, field by field, as a new commit; the reverse of a publish is retiring it.

        Raises:
            ConflictError: when a later commit changed the same or uses what would go; `blockers` names each.
        """
        from bifrost_sdk.services import history

        return history.revert(self.context, self.context.code_of(project), revision, comment=comment)

    # The session itself

    def close(self) -> None:
        """Give back what is held; safe to repeat. Sessions that show another state are left to the first one."""
        if not self._is_view:
            self.context.catalog.close()

    def __enter__(self) -> Session:  # noqa: PYI034 - typing.Self is not in Python 3.10
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<Session of {self.context.actor.login} on {self.settings.folder}>"

    def _showing(self, view: View) -> Session:
        return Session(attrs.evolve(self.context, view=view), settings=self.settings, is_view=True)

    def _reference(self, item: Item) -> str:
        if isinstance(item, str) and is_id(item):
            return f"bifrost://{self.context.get(item).project}/~{item}"
        return item.ref if isinstance(item, Entity) else str(item)

    def _placed(self, resolution: Resolution) -> Path:
        if len(self._paths) >= _PATHS_LIMIT:
            self._paths.clear()
        path = places.path_of(self.context.roots, resolution)
        self._paths[resolution.root, resolution.path] = path
        return path
