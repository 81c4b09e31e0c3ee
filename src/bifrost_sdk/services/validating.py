"""What is to be published is looked at first: every validator runs, every answer comes back, and errors stop it.

Validators are the library's own, those of what is installed (entry points of the group ``bifrost_sdk.validators``),
those that the settings name and those of the call. One that fails says nothing of what it looked at: that is an error.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import attrs

from bifrost_sdk.domain.frames import FrameRange
from bifrost_sdk.domain.validation import SEVERITIES, ValidationResult, of_severity
from bifrost_sdk.errors import Issue, ValidationError
from bifrost_sdk.services import file_checks, plugins, record_checks
from bifrost_sdk.services.context import Context, Item
from bifrost_sdk.services.dependencies import Dependency
from bifrost_sdk.services.drafts import Draft, plan
from bifrost_sdk.services.plugins import Loaded, Plugins
from bifrost_sdk.services.proposals import Proposal, proposals_of, propose
from bifrost_sdk.services.publications import Publication
from bifrost_sdk.services.sources import ROOT, Files
from bifrost_sdk.services.validators import Found, Validator

#: The group of entry points by which validators of other packages are found.
GROUP = "bifrost_sdk.validators"

#: The library's own validators, in the order in which they run.
BUILTIN = (*file_checks.VALIDATORS, *record_checks.VALIDATORS)


def find_refused(proposal: Proposal) -> Iterator[Issue]:
    """What publishing itself would refuse: texts, tags, metadata, sizes."""
    asked = Publication(
        proposal.owner,
        proposal.product,
        proposal.files,
        comment=proposal.comment,
        tags=proposal.tags,
        metadata=proposal.metadata,
        source=proposal.source,
        depends_on=proposal.dependencies,
    )
    try:
        plan(proposal.context, [asked])
    except ValidationError as error:
        yield from error.issues


# Who publishes plans all the same, so this one is asked only by who does not.
_PLANNED = Validator("publication.valid", "The request is in order", find_refused)

# What cannot even be gathered is told under the name of the validator that would have looked at it.
_UNGATHERED = {"depends_on": record_checks.DEPENDENCIES}


@attrs.frozen(eq=False)
class Validation:
    """What validators say of a proposal, the heaviest first; `fixed` is what was mended before.

    `proposal` is what was looked at: after fixes, its `files` are those to publish.
    """

    proposal: Proposal
    results: tuple[ValidationResult, ...] = ()
    fixed: tuple[ValidationResult, ...] = ()

    @property
    def ok(self) -> bool:
        """Whether it may be published: there is no error."""
        return not self.errors

    @property
    def errors(self) -> tuple[ValidationResult, ...]:
        """What must be mended first."""
        return of_severity(self.results, "error")

    @property
    def warnings(self) -> tuple[ValidationResult, ...]:
        """What should be looked at."""
        return of_severity(self.results, "warning")

    def raise_for_errors(self) -> Validation:
        """This validation, when there is no error.

        Raises:
            ValidationError: there are some; it carries an issue for each.
        """
        if self.errors:
            raise ValidationError(result.issue for result in self.errors)
        return self

    def to_data(self) -> dict[str, Any]:  # Any: JSON
        """The answer as plain JSON values."""
        listed = {name: [each.to_data() for each in getattr(self, name)] for name in ("results", "fixed")}
        return {"ok": self.ok, **listed}


def validate(
    context: Context,
    owner: Item,
    product: str,
    files: Files,
    *,
    depends_on: Sequence[Dependency] = (),
    task: Item | None = None,
    source: str = "",
    comment: str = "",
    tags: Sequence[str] = (),
    metadata: Mapping[str, Any] | None = None,  # Any: JSON
    frames: FrameRange | str | None = None,
    validators: Iterable[Any] = (),  # Any: what Validator.of takes
    fix: bool = False,
) -> Validation:
    """Say everything that speaks against publishing this; nothing is written, unless fixes are asked for.

    With `fix`, each fix that is offered is applied once, and what it made is looked at again. A proposal made of
    published files is offered none.

    Raises:
        NotFoundError: there is no such owner or task.

    >>> import bifrost_sdk as bf
    >>> with bf.connect(bf.init("shows", project="demo")) as session:
    ...     _ = (session.settings.folder / "hero.usda").write_text("")
    ...     hero = session.assets.create("demo", "char", "hero")
    ...     print(validate(session.context, hero, "model", {"usd": "shows/hero.usda"}).errors[0].message)
    the file is empty
    """
    proposal, issues = propose(
        context,
        owner,
        product,
        files,
        depends_on=depends_on,
        task=task,
        source=source,
        comment=comment,
        tags=tags,
        metadata=metadata or {},
        frames=frames,
    )
    chosen, broken = _chosen(context.plugins, validators)
    found = [*_ungathered(issues), *broken, *_run(chosen, proposal)]
    if not issues:
        found += _PLANNED.run(proposal)
    if not fix:
        return _validation(proposal, found)
    proposal, applied, failed = _fixed(proposal, found)
    proposal, again = proposal.gathered()
    kept = [issue for issue in issues if issue.path in _UNGATHERED]
    found = [*_ungathered((*again, *kept)), *broken, *failed, *_run(chosen, proposal)]
    if not (again or kept):
        found += _PLANNED.run(proposal)
    left = {each.result for each in found}
    return _validation(proposal, found, [each for each in applied if each.result not in left])


def check_before_publish(
    context: Context, publications: Sequence[Publication], drafts: Sequence[Draft]
) -> list[Validation]:
    """Refuse what was planned of these publications when a validator finds an error in any of them.

    Raises:
        ValidationError: with an issue for every error.
    """
    return check(proposals_of(context, publications, drafts))


def check(proposals: Sequence[Proposal], validators: Iterable[Any] = ()) -> list[Validation]:  # Any: see validate
    """What is said of proposals that belong together, all of which was gathered.

    Raises:
        ValidationError: there are errors in some; with an issue for every one.
    """
    found = []
    for proposal in proposals:
        chosen, broken = _chosen(proposal.context.plugins, validators)
        found.append(_validation(proposal, [*broken, *_run(chosen, proposal)]))
    if issues := [result.issue for each in found for result in each.errors]:
        raise ValidationError(dict.fromkeys(issues))
    return found


def _validation(proposal: Proposal, found: Iterable[Found], fixed: Iterable[Found] = ()) -> Validation:
    results = sorted((each.result for each in found), key=lambda result: SEVERITIES.index(result.severity))
    return Validation(proposal, tuple(results), tuple(each.result for each in fixed))


def _run(validators: Iterable[Validator], proposal: Proposal) -> list[Found]:
    fitting = (each for each in validators if each.is_for(proposal))
    found = [found for each in fitting for found in each.run(proposal)]
    if any(each.result.fixable for each in found) and _holds_published(proposal):
        return [each._replace(result=attrs.evolve(each.result, fixable=False)) for each in found]
    return found


def _chosen(settings: Plugins, given: Iterable[Any]) -> tuple[list[Validator], list[Found]]:  # Any: see validate
    """The validators that run, as heavy as the settings say, and what is to be said of those that cannot."""
    found: list[Validator] = []
    broken: list[Found] = []
    silenced: set[str] = set()
    named = (Loaded(getattr(value, "__name__", type(value).__name__), value) for value in given)
    for loaded in (*plugins.load(GROUP, settings.validators), *named):
        if loaded.name in settings.disabled:
            silenced.add(loaded.name)
            continue
        try:
            found.append(_made(loaded))
        except Exception as error:  # noqa: BLE001 - a studio's code may fail in any way; the others still run
            broken.append(_unmade(loaded.name).failed(error, "could not be loaded"))
    known = [*BUILTIN, *found]
    names = {each.validator.id for each in broken} | {each.id for each in known} | silenced
    broken += [_unknown(name) for name in sorted({*settings.disabled, *settings.severity} - names)]
    kept = (each for each in known if each.id not in settings.disabled)
    return [attrs.evolve(each, severity=settings.severity.get(each.id, each.severity)) for each in kept], broken


def _unknown(name: str) -> Found:
    message = "the settings name this validator, and there is none"
    hint = "check 'disabled' and 'severity' for its spelling, or install it"
    return attrs.evolve(_unmade(name), severity="info").found(
        Issue("validator.unknown", message, subject=name, hint=hint)
    )


def _made(loaded: Loaded) -> Validator:
    if loaded.error is not None:
        raise loaded.error
    return Validator.of(loaded.value, loaded.name)


def _unmade(name: str) -> Validator:
    return Validator(name, name, lambda _: ())


def _ungathered(issues: Iterable[Issue]) -> Iterator[Found]:
    for issue in issues:
        validator = _UNGATHERED.get(issue.path, file_checks.READABLE)
        yield attrs.evolve(validator, fix=None).found(issue)


def _fixed(proposal: Proposal, found: Iterable[Found]) -> tuple[Proposal, list[Found], list[Found]]:
    """The proposal with every offered fix applied; what was mended, and which fixes failed."""
    fixed: list[Found] = []
    failed: list[Found] = []
    for each in found:
        fix = each.validator.fix
        if fix is None or not each.result.fixable:
            continue
        try:
            proposal = fix(proposal, each.problem) or proposal
            fixed.append(each)
        except Exception as error:  # noqa: BLE001 - as above: the others are still mended
            failed.append(
                each.validator.failed(error, f"could not mend {each.problem.subject or each.problem.message}")
            )
    return proposal, fixed, failed


def _holds_published(proposal: Proposal) -> bool:
    """Whether a file of it lies where published files do: what is there is never changed."""
    root = proposal.context.roots.get(ROOT)
    if root is None:
        return False
    inner = Path(os.path.realpath(root))
    return any(inner in Path(os.path.realpath(source.path)).parents for _, _, source in proposal.offered())
