"""A show that lies there already is taken in where it lies: nothing is copied, moved, renamed or written in its folder.

What is to be made is planned first, from the paths alone. Applied, the plan is a series of commits, each of which
stands alone: whatever ends the series, planning again finds what is still to be done, and nothing is made twice.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeAlias

import attrs

from bifrost_sdk.domain.adoption.gathering import FOLDER, Gathering
from bifrost_sdk.domain.adoption.intake import Batch, draft
from bifrost_sdk.domain.adoption.things import Left
from bifrost_sdk.domain.templates.sets import TemplateSet
from bifrost_sdk.errors import ValidationError
from bifrost_sdk.services import adoption_folders, hashing, holdings
from bifrost_sdk.services.context import Context, Item
from bifrost_sdk.services.hashing import Hashed
from bifrost_sdk.services.templates import Source, Templates

#: Told (done, in all); what is counted, each method says.
Progress: TypeAlias = Callable[[int, int], None]
#: Asked now and then; true stops, and what was done stays.
Cancel: TypeAlias = Callable[[], bool]

#: After so many files whoever watches a plan being made is told.
_TOLD = 1_000


@attrs.frozen
class AdoptionPlan:
    """What adopting a folder would do.

    `counts` are the new things by kind, `left` what is not taken in and why. `files` on disk are taken in, `known` ones
    were already; `others` belong to things (renders, caches) but are kept by no catalog. `id` makes applying the plan
    again answer as the first time.
    """

    id: str
    project: str
    folder: Path
    templates: str
    batches: tuple[Batch, ...] = attrs.field(repr=False)
    counts: Mapping[str, int] = attrs.field(hash=False)
    left: tuple[Left, ...] = attrs.field(repr=False)
    files: int = 0
    known: int = 0
    others: int = 0

    def to_data(self) -> dict[str, Any]:  # Any: JSON
        """The plan as plain JSON values."""
        return {
            "project": self.project,
            "folder": str(self.folder),
            "templates": self.templates,
            "make": dict(self.counts),
            "commits": len(self.batches),
            "files": {
                "taken": self.files,
                "known": self.known,
                "others": self.others,
                "left": sum(left.count for left in self.left),
            },
            "left": [attrs.asdict(left) for left in self.left],
        }


@attrs.frozen
class Adopted:
    """What applying a plan did: `files` on disk were taken in by the commits of these `revisions`.

    `is_whole`: all of the plan was done; otherwise it was cancelled, and a new plan goes on.
    """

    files: int
    revisions: tuple[int, ...]
    is_whole: bool = True


@attrs.frozen
class Adoption:
    """Existing shows, taken in where they lie.

    >>> import bifrost_sdk as bf
    >>> with bf.connect(bf.init("shows", project="demo")) as session:
    ...     folder = session.context.roots["publish"] / "demo/assets/char/hero/model/v007"
    ...     folder.mkdir(parents=True)
    ...     _ = (folder / "model.usda").write_text("#usda 1.0")
    ...     plan = session.adoption.plan("shows/publish", project="demo")
    ...     dict(plan.counts), session.adoption.apply(plan).files
    ...     session.versions.get("bifrost://demo/assets/char/hero/model").number
    ({'asset_type': 1, 'asset': 1, 'product': 1, 'version': 1, 'representation': 1}, 1)
    7
    """

    context: Context
    templates: Templates

    def plan(
        self,
        folder: str | os.PathLike[str],
        *,
        templates: TemplateSet | Source | str | None = None,
        project: Item | None = None,
        root: str | None = None,
        progress: Progress | None = None,
    ) -> AdoptionPlan:
        """What the files below a folder become; nothing is changed.

        `templates` is a set, the document or file of one, the name of one of the studio's or the library's, or None
        for the project's own. `root` is the named root in which the folder lies, where it lies in several. `progress`
        is told how many files were looked at, and 0 as nobody knows how many there are.

        Raises:
            ConfigurationError: the folder lies in no root, with the lines to add to bifrost.yaml.
            ValidationError: the templates cannot be used.
            StorageError: there is no such folder.
            NotFoundError: there is no such project.
        """
        owner = self.context.project_of(project)
        made = self._templates(templates, owner.code)
        place = Path(os.path.abspath(folder))  # noqa: PTH100 - resolve() would follow links, out of a root
        read = {each.root for each in made.templates.values() if each.is_parsed and each.area != FOLDER}
        prefixes = adoption_folders.prefixes(self.context.roots, place, root=root, read=read)
        kept = holdings.kept(self.context, owner.code, prefixes)
        gathering = Gathering(made, owner.code, prefixes, known=kept.paths)
        count = 0
        for listing in adoption_folders.walk(place):
            gathering.add(listing.folder, listing.files)
            for left in listing.left:
                gathering.leave(left)
            if progress and (count + len(listing.files)) // _TOLD > count // _TOLD:
                progress(count + len(listing.files), 0)
            count += len(listing.files)
        things = gathering.things()
        intake = draft(things, holdings.standing(self.context, owner, things, kept), self.context.new_id)
        return AdoptionPlan(
            self.context.new_id(),
            owner.code,
            place,
            made.source,
            intake.batches,
            intake.counts,
            tuple(sorted((*things.left, *intake.left), key=lambda left: left.path)),
            files=intake.files,
            known=things.known,
            others=things.others,
        )

    def apply(self, plan: AdoptionPlan, *, progress: Progress | None = None, cancel: Cancel | None = None) -> Adopted:
        """Carry a plan out, commit by commit; `progress` is told files on disk, `cancel` asked between commits.

        Raises:
            ValidationError, ConflictError, PermissionDeniedError: something came between; what was committed stays, and
                a new plan goes on from there.
        """
        revisions: list[int] = []
        files = 0
        for number, batch in enumerate(plan.batches):
            if cancel and cancel():
                return Adopted(files, tuple(revisions), is_whole=False)
            key = f"adopt {plan.id} {number}"
            commit = self.context.commit(plan.project, batch.changes, key=key, comment=f"adopt {plan.folder}")
            revisions.append(commit.revision)
            files += batch.files
            if progress:
                progress(files, plan.files)
        return Adopted(files, tuple(revisions))

    def hash(
        self, project: Item | None = None, *, progress: Progress | None = None, cancel: Cancel | None = None
    ) -> Hashed:
        """Read what nobody has read since it was adopted, so that it can be verified; safe to stop and to repeat.

        `progress` is told representations.
        """
        return hashing.learn(self.context, self.context.code_of(project), progress=progress, cancel=cancel)

    def _templates(self, given: TemplateSet | Source | str | None, project: str) -> TemplateSet:
        if given is None:
            return self.templates.get(project)
        if isinstance(given, (TemplateSet, str)):
            return self.templates.named(given) if isinstance(given, str) else given
        report = self.templates.check(given)
        if report.made is None or not report.is_fine:
            raise ValidationError(report.issues)
        return report.made
