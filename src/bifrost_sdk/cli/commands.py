"""What each command does, in terms of a session; parsing and errors are the entry's concern."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeAlias

import attrs

from bifrost_sdk import session as sessions
from bifrost_sdk.cli.refusals import refuse
from bifrost_sdk.cli.screen import Cell, Screen
from bifrost_sdk.domain import wire
from bifrost_sdk.domain.entity import Entity, Node
from bifrost_sdk.domain.query import PAGE_LIMIT, Query
from bifrost_sdk.domain.references import Reference
from bifrost_sdk.domain.registry import entity_type, kinds
from bifrost_sdk.errors import BifrostError, Issue, ValidationError
from bifrost_sdk.services import places
from bifrost_sdk.session import Session

#: What runs a command; its answer is the exit status.
Command: TypeAlias = Callable[[argparse.Namespace, Screen], int]

_STATE_STYLES = {"published": "green", "approved": "green", "retired": "dim", "abandoned": "dim", "reserved": "yellow"}


def init(options: argparse.Namespace, screen: Screen) -> int:
    """Make a workspace."""
    folder = sessions.init(options.folder, project=options.project)
    if options.json:
        return _say(screen, {"workspace": str(folder), "project": options.project})
    screen.line(f"{folder} is a workspace" + (f" with the project {options.project}" if options.project else ""))
    return 0


def publish(options: argparse.Namespace, screen: Screen) -> int:
    """Publish the next version of a product."""
    files = _files(options.files)
    with _open(options) as session:
        owner = _ref(session, options.owner)
        if options.create:
            _create(session, owner)
        version = session.publish(
            owner,
            options.product,
            files,
            comment=options.comment,
            depends_on=[_ref(session, ref) for ref in options.depends_on],
            tags=options.tags,
            status=options.status,
            key=options.key,
        )
        made = session.versions.representations(version)
        roots = session.context.roots
        paths = [places.root(roots, item.root) / item.folder / file.name for item in made for file in item.files]
    if options.json:
        return _say(screen, {**wire.to_document(version), "ref": version.ref, "paths": [str(path) for path in paths]})
    screen.line(version.ref, "bold")
    for path in paths:
        screen.line(f"  {path}")
    return 0


def resolve(options: argparse.Namespace, screen: Screen) -> int:
    """Print paths, one a line and in order, an empty line for what leads nowhere; the highest exit status counts."""
    with _open(options) as session:
        shown = session.at(_moment(options.at)) if options.at else session
        answers = shown.resolve_many([_ref(session, ref) for ref in options.refs])
        paths = [None if isinstance(answer, BifrostError) else str(shown.path_of(answer)) for answer in answers]
    if options.json:
        documents = [
            answer.to_data() if isinstance(answer, BifrostError) else {**answer._asdict(), "file": path}
            for answer, path in zip(answers, paths, strict=True)
        ]
        _say(screen, documents)
    else:
        for path in paths:
            screen.line(path or "")
    errors = [answer for answer in answers if isinstance(answer, BifrostError)]
    return max((refuse(error, in_json=options.json) for error in errors), default=0)


def list_(options: argparse.Namespace, screen: Screen) -> int:
    """List entities of a kind, or what lies below a node."""
    with _open(options) as session:
        found, is_all = _listed(session, options.what, options.limit)
    if not is_all:
        print(f"bifrost: there is more than these {len(found)}; ask for more with --limit", file=sys.stderr)
    if options.json:
        return _say(screen, [{**wire.to_document(entity), "ref": entity.ref} for entity in found])
    if not found:
        screen.line("nothing yet", "dim")
        return 0
    screen.table(("reference", "what", "by", "changed", ""), [_row(entity) for entity in found])
    return 0


def recover(options: argparse.Namespace, screen: Screen) -> int:
    """Settle what was interrupted; the status is 1 while something needs a person."""
    with _open(options) as session:
        findings = session.recover(options.project).findings
    if options.json:
        _say(screen, [{**attrs.asdict(item), "until": item.until and wire.print_time(item.until)} for item in findings])
    elif findings:
        screen.table(("what", "became", "because"), [(item.subject, item.outcome, item.reason) for item in findings])
    else:
        screen.line("nothing was left behind")
    return int(any(item.outcome in {"failed", "unknown"} for item in findings))


def revert(options: argparse.Namespace, screen: Screen) -> int:
    """Undo one commit."""
    with _open(options) as session:
        commit = session.revert(options.project, options.revision)
    if options.json:
        return _say(screen, {"project": commit.project, "revision": commit.revision, "reverted": options.revision})
    screen.line(f"revision {options.revision} of {commit.project} is undone by revision {commit.revision}")
    return 0


def demo(options: argparse.Namespace, screen: Screen) -> int:
    """Show what it is about, with real files."""
    from bifrost_sdk.cli import demo as demonstration

    return demonstration.run(screen, keep=Path(options.keep) if options.keep else None, in_json=options.json)


def _open(options: argparse.Namespace) -> Session:
    return sessions.connect(options.workspace, project=options.project)


def _say(screen: Screen, document: Any) -> int:  # Any: JSON
    screen.line(json.dumps(document, ensure_ascii=False, indent=2))
    return 0


def _ref(session: Session, text: str) -> str:
    """A reference as it is typed: the default project's where only a path is given."""
    if ":" in text:
        return text
    return f"bifrost://{session.context.code_of(None)}/{text.strip('/')}"


def _files(arguments: Sequence[str]) -> Mapping[str, list[str]]:
    files: dict[str, list[str]] = {}
    for argument in arguments:
        key, mark, path = argument.partition("=")
        if not (key and mark and path):
            hint = "write usd=hero.usda"
            raise ValidationError(Issue("files.form", f"{argument!r} is not KEY=PATH", "files", hint=hint))
        files.setdefault(key, []).append(path)
    return files


def _create(session: Session, ref: str) -> None:
    """Make the asset or shot that a reference names, where it is one."""
    parts = Reference.parse(ref)
    makers: Mapping[str, Callable[..., Node]] = {"assets": session.assets.ensure, "shots": session.shots.ensure}
    try:
        branch, above, code = parts.path
        make = makers[branch]
    except (ValueError, KeyError) as error:
        hint = "write assets/TYPE/ASSET or shots/SEQUENCE/SHOT"
        raise ValidationError(
            Issue("create.path", "--create does not know what to make", "owner", ref, hint)
        ) from error
    make(parts.project, above, code)


def _moment(text: str) -> str | int:
    """What is typed for a moment: digits alone are a revision, everything else a time."""
    return int(text) if text.isascii() and text.isdecimal() else text


def _listed(session: Session, what: str | None, limit: int) -> tuple[list[Entity], bool]:
    """The first entities by path, and whether these are all."""
    size = max(1, min(limit, PAGE_LIMIT))
    if what is None:
        queries = [Query("asset"), Query("shot")]
    elif ":" in what or "/" in what:
        queries = _below(session, session.get(_ref(session, what)))
    else:
        queries = [Query(what)]
    pages = [session.find(query.sort(*_order(query.kind)).limit(size)) for query in queries]
    found = sorted((entity for page in pages for entity in page), key=_place)
    return found[:size], len(found) <= size and not any(page.cursor for page in pages)


def _order(kind: str) -> tuple[str, ...]:
    return ("path", "number") if "number" in entity_type(kind).fields else ("path",)


def _place(entity: Entity) -> tuple[bool, str, int, str]:
    """The order of `_order`, over several kinds: what has no path comes last."""
    return not entity.path, entity.path, getattr(entity, "number", None) or 0, entity.id


def _below(session: Session, entity: Entity) -> list[Query]:
    """What to ask for, of every kind that may lie below such an entity."""
    project = session.context.code_of(entity)
    relations = {kind: entity_type(kind).parent for kind in kinds()}
    return [
        Query(kind, project=project).where(**{relation.name: entity.id})
        for kind, relation in relations.items()
        if relation and (not relation.targets or entity.kind in relation.targets)
    ]


def _row(entity: Entity) -> tuple[Cell, ...]:
    state = getattr(entity, "state", "")
    told = (getattr(entity, name, "") for name in ("comment", "description", "tags", "name", "code"))
    note = next((text if isinstance(text, str) else ", ".join(text) for text in told if text), "")
    moment = f"{entity.updated_at:%Y-%m-%d %H:%M}" if entity.updated_at else ""
    kind = (state, _STATE_STYLES.get(state, "")) if state else entity.kind.replace("_", " ")
    return entity.ref.removeprefix("bifrost://"), kind, entity.updated_by, moment, (note.partition("\n")[0], "dim")
