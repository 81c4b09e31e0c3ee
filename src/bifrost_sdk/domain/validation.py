"""What validators say of what is to be published, as values: a result for each problem, and how much it weighs."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

import attrs

from bifrost_sdk.domain.entity import choice
from bifrost_sdk.errors import Issue

#: How much a result weighs, the heaviest first: an error is not published, a warning is looked at, an info is known.
SEVERITIES: Final = ("error", "warning", "info")


@attrs.frozen
class ValidationResult:
    """One problem that a validator found.

    `validator` is its id, `label` what people call it. `subject` is the file, token or dependency that is meant and
    `path` the argument that holds it (``files.usd``); both may be empty. `code` is made for programs, `hint` says what
    to do, and `fixable` that the validator offers to do it.
    """

    validator: str
    label: str
    severity: str = attrs.field(validator=choice(*SEVERITIES))
    message: str
    code: str = ""
    path: str = ""
    subject: str = ""
    hint: str = ""
    fixable: bool = False

    @property
    def issue(self) -> Issue:
        """The result as errors carry it."""
        return Issue(self.code or self.validator, self.message, self.path, self.subject, self.hint)

    def to_data(self) -> dict[str, Any]:  # Any: JSON
        """The result as plain JSON values."""
        return attrs.asdict(self)

    def __str__(self) -> str:
        return f"{self.severity}: {self.issue}"


def of_severity(results: Iterable[ValidationResult], severity: str) -> tuple[ValidationResult, ...]:
    """The results that weigh so much.

    >>> of_severity([ValidationResult("studio.scale", "Scale", "warning", "is 0.1")], "warning")[0].message
    'is 0.1'
    """
    return tuple(result for result in results if result.severity == severity)
