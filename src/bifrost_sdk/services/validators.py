"""What a validator is: something that looks at a proposal and tells every problem that it finds."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, NamedTuple, TypeAlias

import attrs

from bifrost_sdk.domain import text
from bifrost_sdk.domain.entity import choice
from bifrost_sdk.domain.validation import SEVERITIES, ValidationResult
from bifrost_sdk.errors import Issue, ValidationError
from bifrost_sdk.services.proposals import Proposal

#: Tells what is wrong, as issues or as texts; nothing, or None, where all is well.
Check: TypeAlias = Callable[[Proposal], "Iterable[Issue | str] | None"]
#: Mends one problem: the proposal with other fields, or None where a file on disk was changed.
Fix: TypeAlias = Callable[[Proposal, Issue], "Proposal | None"]


def _kinds(value: Any) -> frozenset[str]:  # Any: checked here
    return frozenset(text.line(kind) for kind in text.listed(value))


@attrs.frozen
class Validator:
    """A check that is made before anything is published.

    It is made for proposals whose owner is of one of these `kinds`, or that have such a representation: ``asset``,
    ``usd``; without kinds for all. What it finds weighs `severity`: error, warning or info. A `fix` never touches what
    is published.

    >>> def has_comment(proposal):
    ...     if not proposal.comment:
    ...         yield Issue("comment", "nobody says what is new", "comment", hint="give a comment")
    >>> Validator("studio.comment", "Has a comment", has_comment, severity="warning").kinds
    frozenset()
    """

    id: str = attrs.field(converter=text.line, validator=attrs.validators.min_len(1))
    label: str = attrs.field(converter=text.line)
    check: Check = attrs.field(validator=attrs.validators.is_callable())
    kinds: frozenset[str] = attrs.field(default=frozenset(), converter=_kinds, kw_only=True)
    severity: str = attrs.field(default="error", validator=choice(*SEVERITIES), kw_only=True)
    fix: Fix | None = attrs.field(default=None, kw_only=True)

    @classmethod
    def of(cls, value: Any, name: str) -> Validator:  # Any: whatever a studio wrote; checked here
        """A validator as given; or an object with `check` and its other fields, or a function, which may have them.

        Where there is no id, that is `name`; where there is no label, it is the first line of its documentation.

        Raises:
            ValidationError: it is none.
        """
        if isinstance(value, cls):
            return value
        made = value() if isinstance(value, type) else value
        check = getattr(made, "check", made)
        if not callable(check):
            hint = "give a function, or an object with a method check(proposal)"
            raise ValidationError(Issue("validator.type", f"{made!r:.200} is no validator", subject=name, hint=hint))
        id = getattr(made, "id", name)
        told = str(made.__doc__ or "").strip().partition("\n")[0]
        fields = {each: getattr(made, each) for each in ("kinds", "severity", "fix") if hasattr(made, each)}
        return cls(id, getattr(made, "label", told or id), check, **fields)

    def is_for(self, proposal: Proposal) -> bool:
        """Whether such a proposal is looked at."""
        return not self.kinds or not self.kinds.isdisjoint(proposal.kinds)

    def run(self, proposal: Proposal) -> list[Found]:
        """Every problem of a proposal; where the validator fails, that it did."""
        try:
            return [self.found(self._issue(problem)) for problem in self.check(proposal) or ()]
        except Exception as error:  # noqa: BLE001 - a studio's code may fail in any way; the others still run
            return [self.failed(error)]

    def found(self, problem: Issue) -> Found:
        """A problem as this validator weighs it."""
        result = ValidationResult(
            self.id,
            self.label,
            self.severity,
            problem.message,
            code=problem.code,
            path=problem.path,
            subject=problem.subject,
            hint=problem.hint,
            fixable=self.fix is not None,
        )
        return Found(self, problem, result)

    def failed(self, error: Exception, what: str = "could not be run") -> Found:
        """That the validator itself failed, which is an error whatever else it weighs."""
        problem = Issue("validator.failed", f"it {what}: {type(error).__name__}: {error}", hint="mend or disable it")
        return attrs.evolve(self, severity="error", fix=None).found(problem)

    def _issue(self, problem: Issue | str) -> Issue:
        if isinstance(problem, Issue):
            return problem
        if isinstance(problem, str):
            return Issue(self.id, problem)
        raise TypeError(f"{problem!r:.200} is no problem; give an Issue or a text")


class Found(NamedTuple):
    """A problem with the validator that found it, and the result that says so."""

    validator: Validator
    problem: Issue
    result: ValidationResult
