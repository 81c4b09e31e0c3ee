"""What is to be said of a set of templates before it counts: what is wrong in it, and what its paths look like."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import attrs

from bifrost_sdk.domain.templates import examples
from bifrost_sdk.domain.templates.compilation import SetTemplate
from bifrost_sdk.domain.templates.documents import Document
from bifrost_sdk.domain.templates.sets import TemplateSet
from bifrost_sdk.domain.templates.verdicts import Verdict
from bifrost_sdk.errors import Issue, TemplateError, ValidationError
from bifrost_sdk.services.template_files import Sheet
from bifrost_sdk.services.template_lineage import layers


@attrs.frozen(eq=False)
class Report:
    """A set that was looked at.

    `lineage` names the set and those that it extends, the nearest first. `issues` are what keeps it from being used;
    `made` is the set all the same, None where it cannot even be read.
    """

    lineage: tuple[str, ...]
    issues: tuple[Issue, ...] = ()
    made: TemplateSet | None = None

    @classmethod
    def of(cls, sheet: Sheet, kept: Mapping[str, Document]) -> Report:
        """The report on a document; `kept` are the sets of the studio by code."""
        lineage: tuple[str, ...] = (sheet.name,)
        try:
            found = layers(sheet.document, kept, name=sheet.name)
            lineage = tuple(layer.name for layer in found)
            parents = [layer.document for layer in found[1:]]
            made = TemplateSet.unproven(sheet.document, parents=parents, source=sheet.name)
        except ValidationError as error:
            return cls(lineage, sheet.locate(error).issues)
        unclear = [verdict.to_issue() for verdict in made.verdicts() if not verdict.is_clear]
        return cls(lineage, sheet.locate(ValidationError(unclear)).issues, made)

    @property
    def is_fine(self) -> bool:
        """Whether the set can be used."""
        return not self.issues

    @property
    def verdicts(self) -> tuple[Verdict, ...]:
        """What was proven, but for templates that share no path."""
        found = self.made.verdicts() if self.made else []
        return tuple(verdict for verdict in found if verdict.kind != "disjoint")

    def examples(self, template: SetTemplate) -> tuple[str, ...]:
        """Paths that a template makes: with what it needs, and with all that it may have."""
        known = self.made.examples if self.made else {}
        paths = []
        for is_full in (False, True):
            try:
                paths.append(examples.path_of(template.template, known, is_full=is_full))
            except TemplateError:
                continue
        return tuple(dict.fromkeys(paths))

    def to_data(self) -> dict[str, Any]:  # Any: JSON
        """The report as plain JSON values."""
        templates = self.made.templates.values() if self.made else ()
        return {
            "lineage": list(self.lineage),
            "fine": self.is_fine,
            "issues": [attrs.asdict(issue) for issue in self.issues],
            "templates": [{**described(made), "examples": list(self.examples(made))} for made in templates],
            "verdicts": [
                {**attrs.asdict(verdict, recurse=False), "readings": [dict(each) for each in verdict.readings]}
                for verdict in self.verdicts
            ],
        }


def described(made: SetTemplate) -> dict[str, Any]:  # Any: JSON
    """A template as plain JSON values; its path with all that it includes."""
    return {
        "name": made.name,
        "for": made.kind,
        "area": made.area,
        "root": made.root,
        "path": made.template.spelled("bifrost"),
        "tokens": list(made.template.tokens),
        "required": sorted(made.template.required),
        "before": list(made.before),
        "parse": made.is_parsed,
        "description": made.description,
    }
