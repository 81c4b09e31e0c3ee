"""What is typed for a command, and what it becomes."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping, Sequence
from typing import Final

import click

from bifrost_sdk.domain.codes import fold
from bifrost_sdk.domain.entity import Entity
from bifrost_sdk.domain.tasks import Task
from bifrost_sdk.errors import Issue, NotFoundError, ValidationError
from bifrost_sdk.session import Session

#: What is said of a moment where one can be given.
AT: Final = (
    "as it was at a time, in UTC unless it says otherwise (2026-01-31, 2026-01-31T12:00:00+01:00), "
    "or at a revision: digits alone (12)"
)

_YEAR = 365 * 86_400.0


def count(text: str) -> int:
    """A number of things, at least one.

    Raises:
        BadParameter: when it is none.
    """
    if not (text.isascii() and text.isdecimal() and int(text)):
        raise click.BadParameter(f"{text!r} is no whole number from 1 on")
    return int(text)


def seconds(text: str) -> float:
    """A time to wait: above nothing, at most a year.

    Raises:
        BadParameter: when it is none.
    """
    with contextlib.suppress(ValueError):
        if 0 < float(text) <= _YEAR:
            return float(text)
    raise click.BadParameter(f"{text!r} is no number of seconds above 0")


def ref_of(session: Session, text: str) -> str:
    """A reference as it is typed: the default project's where only a path is given."""
    if ":" in text:
        return text
    return f"bifrost://{session.context.code_of(None)}/{text.strip('/')}"


def moment_of(text: str) -> str | int:
    """What is typed for a moment: digits alone are a revision, everything else a time."""
    return int(text) if text.isascii() and text.isdecimal() else text


def files_of(typed: Sequence[str]) -> Mapping[str, list[str]]:
    """What is typed as KEY=PATH, by key."""
    files: dict[str, list[str]] = {}
    for text in typed:
        key, mark, path = text.partition("=")
        if not (key and mark and path):
            hint = "write usd=hero.usda"
            raise ValidationError(Issue("files.form", f"{text!r} is not KEY=PATH", "files", hint=hint))
        files.setdefault(key, []).append(path)
    return files


def task_of(session: Session, owner: Entity, code: str) -> Task:
    """The task of the node that has this code."""
    tasks = session.tasks.list(project=owner.project, parent=owner.id)
    found = next((task for task in tasks if fold(task.code) == fold(code)), None)
    if found is None:
        reason = f"{owner.ref} has no task of that name"
        raise NotFoundError(code, suggestions=[task.code for task in tasks], reason=reason)
    return found
