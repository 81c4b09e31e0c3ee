"""The command ``bifrost deps``: what a version was made of, or what was made of it, as a tree."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import attrs
import click

from bifrost_sdk.cli.arguments import AT, count, moment_of, ref_of
from bifrost_sdk.cli.command import Call, argument, command, flag, option
from bifrost_sdk.domain.query import Edge
from bifrost_sdk.domain.versions import Version

if TYPE_CHECKING:  # loaded when a tree is drawn
    from rich.tree import Tree

_STYLES = {"retired": "dim", "purged": "red"}
_KINDS = ("strong", "weak", "reference")


@command()
@argument("ref", "REF", "a version, or a product for its latest")
@flag("-r", "--reverse", help="what was made of it, not what it was made of")
@option("-d", "--depth", type=count, default="64", metavar="N", help="so many steps (default: 64)")
@option("-k", "--kind", "kinds", type=click.Choice(_KINDS), multiple=True, help="only such; may be given again")
@option("--at", metavar="WHEN", help=AT)
def deps(call: Call, *, ref: str, reverse: bool, depth: int, kinds: tuple[str, ...], at: str | None) -> int:
    """Show what a version depends on, or what depends on it."""
    with call.session() as session:
        shown = session.at(moment_of(at)) if at else session
        version = shown.versions.get(ref_of(session, ref))
        walk = shown.versions.dependents if reverse else shown.versions.dependencies
        page = walk(version, depth=depth, kinds=kinds)
    known = {each.id: each for each in (version, *page.entities)}
    if call.in_json:
        edges = [
            {"from": known[edge.source].ref, "to": known[edge.target].ref, "kind": edge.kind, "depth": edge.depth}
            for edge in page.edges
        ]
        versions = [{"ref": each.ref, "state": each.state} for each in page.entities]
        call.screen.document({"ref": version.ref, "versions": versions, "edges": edges})
        return 0
    if page.edges:
        call.screen.console().print(_Branches.of(known, page.edges, reverse=reverse).tree(version))
    else:
        call.screen.line(f"{version.ref} {'is used by nothing' if reverse else 'was made of nothing'}", "dim")
    return 0


@attrs.define
class _Branches:
    """What follows each version; one that was shown already is not opened again."""

    known: Mapping[str, Version]
    steps: Mapping[str, list[tuple[str, str]]]
    shown: set[str] = attrs.field(factory=set)

    @classmethod
    def of(cls, known: Mapping[str, Version], edges: tuple[Edge, ...], *, reverse: bool) -> _Branches:
        steps: dict[str, list[tuple[str, str]]] = {}
        for edge in edges:
            start, end = (edge.target, edge.source) if reverse else (edge.source, edge.target)
            steps.setdefault(start, []).append((end, edge.kind))
        return cls(known, steps)

    def tree(self, version: Version) -> Tree:
        """The tree from this version on; it is built step by step, as it may be deep."""
        from rich.tree import Tree

        root = Tree(self._label(version))
        waiting: list[tuple[Any, str]] = [(root, version.id)]  # Any: branches of rich
        while waiting:
            branch, id = waiting.pop(0)
            self.shown.add(id)
            for target, kind in sorted(self.steps.get(id, ()), key=lambda step: self.known[step[0]].ref):
                again = target in self.shown
                leaf = branch.add(self._label(self.known[target], kind, again=again and target in self.steps))
                if not again:
                    self.shown.add(target)
                    waiting.append((leaf, target))
        return root

    def _label(self, version: Version, kind: str = "strong", *, again: bool = False) -> Any:  # Any: a text of rich
        from rich.text import Text

        label = Text(version.ref, _STYLES.get(version.state, ""))
        notes = [*([version.state] if version.state != "published" else []), *([kind] if kind != "strong" else [])]
        if again:
            notes.append("as shown elsewhere")
        return label.append(f"  {', '.join(notes)}", "dim") if notes else label
