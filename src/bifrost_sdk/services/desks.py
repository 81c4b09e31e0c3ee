"""Where the work files of one thing lie: what the catalog and the disk hold there, and saving one more."""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, BinaryIO, NamedTuple

import attrs

from bifrost_sdk.domain.changes import Change, Create, Delete, Update
from bifrost_sdk.domain.codes import nfc
from bifrost_sdk.domain.query import Query
from bifrost_sdk.domain.rootpaths import Below
from bifrost_sdk.domain.tasks import Task
from bifrost_sdk.domain.templates import filling, layouts, numbering
from bifrost_sdk.domain.templates.compilation import SetTemplate
from bifrost_sdk.domain.templates.dispatch import Shape
from bifrost_sdk.domain.templates.filling import agree
from bifrost_sdk.domain.templates.layouts import Layout, Wanted
from bifrost_sdk.domain.templates.numbering import EXTENSIONS, Counting
from bifrost_sdk.domain.versions import Workfile
from bifrost_sdk.errors import BifrostError, ConflictError, StorageError, TemplateError, ValidationError
from bifrost_sdk.ports import View
from bifrost_sdk.services import folder_plans, places
from bifrost_sdk.services.context import Context, last_of
from bifrost_sdk.services.paths import Asked, Tokens

#: The area that work files lie in.
WORK = "work"

# So often somebody else may be faster before we give up.
_TRIES = 100


class Lying(NamedTuple):
    """A file at its place, in the catalog, on disk, or both; `values` are what the template `made` reads there."""

    place: Below
    workfile: Workfile | None
    is_there: bool
    made: SetTemplate | None = None
    values: Tokens = MappingProxyType({})


@attrs.frozen
class Desk:
    """The work area of one thing.

    `templates` are those of the area. `fixed` are the values that are known of the thing or were asked for; `told` are
    the tokens that were. `task` is the one that is meant, where the catalog has it.
    """

    context: Context
    asked: Asked
    templates: tuple[SetTemplate, ...]
    fixed: Tokens
    told: frozenset[str]
    task: Task | None

    @classmethod
    def of(cls, context: Context, asked: Asked, tokens: Iterable[str]) -> Desk:
        """The desk that is asked for by these tokens.

        Raises:
            TemplateError: the templates have no work area for such a thing, or no such token; or a value contradicts
                the catalog.
        """
        lineage, kind, sources = asked.lineage, asked.kind, asked.templates.sources
        templates = tuple(each for each in asked.templates.templates.values() if (each.kind, each.area) == (kind, WORK))
        if not templates:
            asked.chosen()  # which raises, and says which areas there are
        told = frozenset(tokens)
        known = dict.fromkeys(token for made in templates for token in made.template.tokens)
        if unknown := sorted(told - known.keys() - sources.keys()):
            message = f"the work files of {lineage.label} have no token {unknown[0]!r}; the tokens: {', '.join(known)}"
            raise TemplateError(message, template=templates[0].name, token=unknown[0])
        given = {token: asked.given[token] for token in told}
        given = filling.agreed(lineage.facts, given, sources=sources, subject=lineage.label)
        none = filling.lacking(lineage.facts, sources.values())
        facts = {
            token: lineage.facts.get(source)
            for token, source in sources.items()
            if source in lineage.facts or source in none
        }
        return cls(context, asked, templates, {**given, **facts}, told, _task_of(context, asked))

    @property
    def sources(self) -> Mapping[str, str]:
        """Where the values of tokens come from."""
        return self.asked.templates.sources

    @property
    def number_tokens(self) -> list[str]:
        """The tokens that hold a number."""
        return [token for token, source in self.sources.items() if source == "version.number"]

    def application_tokens(self, application: str) -> dict[str, str]:
        """What an application gives: its own token, and the extension of what it writes."""
        named = [token for token, source in self.sources.items() if source == "workfile.application"]
        found = dict.fromkeys(named, application) if application else {}
        known = EXTENSIONS.get(application.lower())
        return {**found, "ext": known[0]} if known else found

    def files(self) -> list[Lying]:
        """The files of all templates of the area that have the fixed values."""
        there = {place for made in self.templates for place in self._on_disk(made, self.fixed)}
        known = self._known()
        found = [self._read(Lying(place, known.get(place), place in there)) for place in sorted(there | known.keys())]
        return [each for each in found if self._fits(each)]

    def next_number(self, counting: Counting) -> int:
        """The first number above all that the catalog or the disk has, for those that are counted together."""
        countings = self._countings(counting)
        there = (place for each in countings for place in self._on_disk(each.made, self._shared(each)))
        known = self._known()
        taken = {number for place in there if (number := _number(place, countings)) is not None}
        taken |= {number for place, found in known.items() if (number := self._taken(place, found, countings))}
        return max(taken, default=0) + 1

    def save(self, draft: Workfile, counting: Counting, source: Path | None) -> Workfile:
        """Register a work file with the next number that nobody else gets, and make the file.

        Raises:
            StorageError: the source cannot be read, or the file cannot be made; it is registered no longer.
            ConflictError: others were faster again and again.
        """
        with _opened(source) as content:
            held: Workfile | None = None
            try:
                for _ in range(_TRIES):
                    number = self.next_number(counting)
                    made = attrs.evolve(draft, number=number, file=counting.path(number))
                    held = self._registered(made, held) or held
                    if held is None or held.number != number or not self._is_first(held, counting):
                        continue
                    if self._write(held, counting, content):
                        return held
            except BaseException:  # an interruption leaves no more behind than an error does
                self._withdraw(held)
                raise
            self._withdraw(held)
        message = f"others saved work files of {self.asked.lineage.label} faster, {_TRIES} times; try again"
        raise ConflictError(message)

    def check_scope(self) -> None:
        """Refuse to tell what comes last of files that are counted apart.

        Raises:
            TemplateError: a token is missing that says which are meant.
        """
        for made in self.templates:
            scope = Counting.of(made, self.sources, {}).scope
            if missing := [name for name in scope if name in made.template.required and name not in self.fixed]:
                message = f"work files of {self.asked.lineage.label} are counted for each {missing[0]}; say which one"
                raise TemplateError(f"{message}: {missing[0]}=…", template=made.name, token=missing[0])

    def is_plain(self, lying: Lying) -> bool:
        """Whether a file is counted with those that are asked for: it is no variant that is not named."""
        if lying.made is None:
            return True
        scope = Counting.of(lying.made, self.sources, {}).scope
        return all(name in self.fixed for name in scope if name in lying.values)

    def number_of(self, lying: Lying) -> int | None:
        """The number of a file: what the catalog says counts, then its path."""
        if lying.workfile is not None and lying.workfile.number is not None:
            return lying.workfile.number
        return next((lying.values[name] for name in self.number_tokens if name in lying.values), None)

    def _shared(self, counting: Counting) -> dict[str, Any]:  # Any: values of every type of token
        return {name: counting.values[name] for name in counting.scope if name in counting.values}

    def _countings(self, counting: Counting) -> list[Counting]:
        """The same counting in every template of the area that has numbers."""
        numbered = [made for made in self.templates if set(self.number_tokens) & made.template.tokens.keys()]
        return [Counting.of(made, self.sources, counting.values) for made in numbered]

    def _known(self, view: View | None = None) -> dict[Below, Workfile]:
        """The work files of the node that the catalog has."""
        node = self.asked.lineage.node
        context = self.context if view is None else attrs.evolve(self.context, view=view)
        project = self.asked.lineage.project
        found = context.every(Query("workfile", project=project).where(parent=node.id))
        return {Below(each.root, each.file): each for each in found}

    def _on_disk(self, made: SetTemplate, values: Tokens) -> Iterator[Below]:
        """The files where such a template can have any."""
        top = places.marked_root(self.context, made.root)
        try:
            shape = numbering.shape_of(made, values)
        except TemplateError:  # a value that no path of this template has
            return
        for path in _walk(top, shape):
            if made.template.match(path) is not None:
                yield Below(made.root, path)

    def _read(self, lying: Lying) -> Lying:
        """The file with what a template reads; of one that none reads, whether it is there is still to be seen."""
        for made in self.templates:
            values = made.template.match(lying.place.path) if made.root == lying.place.root else None
            if values is not None:
                return lying._replace(made=made, values=values)
        top = self.context.roots.get(lying.place.root)
        return lying._replace(is_there=top is not None and (top / lying.place.path).is_file())

    def _fits(self, lying: Lying) -> bool:
        """Whether a file has the fixed values; of one that no template reads, only the task is known."""
        if lying.made is not None:
            own = lying.made.template.tokens
            return all(agree(lying.values.get(name), value) for name, value in self.fixed.items() if name in own)
        is_task = lying.workfile is not None and (self.task is None or lying.workfile.task == self.task.id)
        return is_task and {self.sources.get(token) for token in self.told} <= {"task.code"}

    def _taken(self, place: Below, workfile: Workfile, countings: Iterable[Counting]) -> int | None:
        """The number that a registered file takes from these; one that no template reads counts for its task."""
        if any(each.made.template.match(place.path) is not None for each in countings if each.made.root == place.root):
            return _number(place, countings)
        is_task = self.task is not None and workfile.task == self.task.id
        return workfile.number if is_task else None

    def _registered(self, made: Workfile, held: Workfile | None) -> Workfile | None:
        """The work file as the catalog has it then; None when somebody else has its place."""
        fields = {"number": made.number, "file": made.file}
        change: Change = Create(made) if held is None else Update(held.id, fields, held.revision)
        try:
            return last_of(self.context.commit(self.asked.lineage.project, [change]), Workfile)
        except ValidationError as error:
            if all(issue.code == "unique" for issue in error.issues):
                return None
            raise

    def _is_first(self, held: Workfile, counting: Counting) -> bool:
        """Whether nobody else had the number when it was registered."""
        countings = self._countings(counting)
        before = self._known(View(at=held.revision - 1))
        others = {place: each for place, each in before.items() if each.id != held.id}
        return held.number not in {self._taken(place, each, countings) for place, each in others.items()}

    def _write(self, held: Workfile, counting: Counting, content: BinaryIO | None) -> bool:
        """Make the file and its folders; False when there is one already."""
        place = places.root(self.context.roots, held.root) / held.file
        self._make_folders(held, counting)
        try:
            with place.open("xb") as file:
                _fill(file, content, place)
        except FileExistsError:
            return False
        except OSError as error:
            reason = error.strerror or str(error)
            raise StorageError(f"cannot make {place}: {reason}", path=str(place), reason=reason) from error
        return True

    def _make_folders(self, held: Workfile, counting: Counting) -> None:
        """Make the folders above a file, with the permissions that the templates ask for."""
        lineage, made = self.asked.lineage, self.asked.templates
        facts = {**(filling.named_by(counting.values, self.sources) or {}), **lineage.facts}
        kinds = ("project", *filling.NODE_KINDS, "task", "user")
        layout = Layout(made)
        wanted = [each for kind in kinds for each in layout.wanted(kind, facts, subject=lineage.label)]
        above = [each for each in wanted if each.root == held.root and held.file.startswith(f"{each.path}/")]
        own = Wanted(held.root, held.file.rpartition("/")[0], counting.made.name, lineage.label)
        plan = folder_plans.look(self.context, layouts.laid_out([*above, own]), ())
        folder_plans.make(plan)

    def _withdraw(self, held: Workfile | None) -> None:
        """Register a file that was not made no longer; who may not take it away leaves it to be seen as missing."""
        if held is not None:
            with contextlib.suppress(BifrostError):
                self.context.commit(self.asked.lineage.project, [Delete(held.id, held.revision)])


def _task_of(context: Context, asked: Asked) -> Task | None:
    """The task that is meant: the thing itself, or the one of the node whose code is given."""
    if isinstance(asked.lineage.entity, Task):
        return asked.lineage.entity
    named = [value for token, value in asked.given.items() if asked.templates.sources.get(token) == "task.code"]
    query = Query("task", project=asked.lineage.project).where(parent=asked.lineage.node.id)
    found = context.every(query.where(code__in=[str(value) for value in named])) if named else []
    return found[0] if found else None


def _number(place: Below, countings: Iterable[Counting]) -> int | None:
    numbers = (each.number_in(place.path) for each in countings if each.made.root == place.root)
    return next((number for number in numbers if number is not None), None)


def _walk(top: Path, shape: Shape) -> Iterator[str]:
    """The files below a root, as far as paths of that shape can lie; what may not be read is passed over."""
    pending = [numbering.start_of(shape)]
    while pending:
        folder = pending.pop()
        with (
            contextlib.suppress(FileNotFoundError, NotADirectoryError, PermissionError),
            os.scandir(top / folder) as found,
        ):
            for entry in found:
                path = f"{folder}/{entry.name}" if folder else entry.name
                if not entry.is_dir():
                    yield nfc(path)
                elif numbering.may_hold(shape, path):
                    pending.append(path)


def _opened(source: Path | None) -> contextlib.AbstractContextManager[BinaryIO | None]:
    """The file to copy, opened before anything is registered.

    Raises:
        StorageError: it cannot be read.
    """
    if source is None:
        return contextlib.nullcontext()
    try:
        return source.open("rb")
    except OSError as error:
        reason = error.strerror or str(error)
        raise StorageError(
            f"cannot read {source}: {reason}; nothing was saved", path=str(source), reason=reason
        ) from error


def _fill(file: BinaryIO, content: BinaryIO | None, place: Path) -> None:
    if content is None:
        return
    try:
        content.seek(0)
        shutil.copyfileobj(content, file)
    except BaseException:  # half a file is none
        file.close()
        place.unlink()
        raise
