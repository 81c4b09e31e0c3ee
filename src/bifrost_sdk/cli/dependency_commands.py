"""The command ``bifrost deps``: what a thing uses and what uses it, as a tree, a picture or a page."""

from __future__ import annotations

import typing
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import attrs
import click

from bifrost_sdk.cli.arguments import AT, count, moment_of, ref_of
from bifrost_sdk.cli.command import Call, argument, command, option
from bifrost_sdk.cli.files import write_whole
from bifrost_sdk.cli.screen import ENDLESS
from bifrost_sdk.domain.pictures.graphs import Branch, Graph, GraphNode
from bifrost_sdk.services import graphs
from bifrost_sdk.services.graphs import Direction

if TYPE_CHECKING:  # loaded when a tree is drawn
    from rich.tree import Tree

_STYLES = {"retired": "dim", "purged": "red", "reserved": "yellow"}
_DIRECTIONS = typing.get_args(Direction)
_TITLES = {"uses": "What {} uses", "used_by": "What uses {}", "both": "What uses what around {}"}
_HOLDS = "holds"  # ties a node to its versions, whichever way is followed


@command()
@argument("ref", "REF", "a version, a product for its latest, or an asset or shot with its products and casting")
@option(
    "-x",
    "--direction",
    type=click.Choice(_DIRECTIONS),
    default="uses",
    help="what it was made of (default), what was made of it, or both",
)
@option("-d", "--depth", type=count, metavar="N", help="so many steps (default: all)")
@option("-n", "--limit", type=count, default=str(graphs.LIMIT), metavar="N", help="at most so many (default: 200)")
@option("--at", metavar="WHEN", help=AT)
@option("--svg", metavar="FILE", help="draw a picture there")
@option("--html", metavar="FILE", help="write a page there that needs nothing else, with the picture and a table")
def deps(call: Call, *, ref: str, at: str | None, direction: Direction, **said: Any) -> int:  # Any: each as its own
    """Show what a thing uses, or what uses it."""
    with call.session() as session:
        shown = session.at(moment_of(at)) if at else session
        graph = graphs.gather(
            shown.context, ref_of(session, ref), direction=direction, depth=said["depth"], limit=said["limit"]
        )
    root = next(node for node in graph.nodes if node.id in graph.roots)
    drawn = _draw(graph, _TITLES[direction].format(root.ref), {"svg": said["svg"], "html": said["html"]})
    if call.in_json:
        call.screen.document(_told(graph, root, drawn))
    elif drawn:
        for path in drawn.values():
            call.screen.line(path)
    else:
        for each in ("uses", "used_by") if direction == "both" else (direction,):
            _show(graph, root.id, call, against=each == "used_by")
    return 0


def _draw(graph: Graph, title: str, wanted: Mapping[str, str | None]) -> dict[str, str]:
    """Write what is wanted of a graph; the files by what they are."""
    from bifrost_sdk.domain.pictures import drawing, pages

    makers: Mapping[str, Callable[[], str]] = {
        "svg": lambda: drawing.svg(graph, title=title),
        "html": lambda: pages.page(graph, title),
    }
    drawn = {what: path for what, path in wanted.items() if path}
    for what, path in drawn.items():
        write_whole(Path(path), makers[what]())
    return drawn


def _told(graph: Graph, root: GraphNode, drawn: Mapping[str, str]) -> dict[str, Any]:  # Any: JSON
    refs = {node.id: node.ref for node in graph.nodes}
    return {
        "ref": root.ref,
        "things": [attrs.asdict(node) for node in graph.nodes],
        "edges": [
            {**attrs.asdict(each), "source": refs[each.source], "target": refs[each.target]} for each in graph.edges
        ],
        "files": dict(drawn),
    }


def _show(graph: Graph, root: str, call: Call, *, against: bool) -> None:
    """Draw the tree from one thing on; with `against` a node is followed by the versions that it holds."""
    call.screen.console(least=ENDLESS).print(_tree(graph.tree(root, against=against)))
    for edge in graph.edges if against else ():
        if (edge.source, edge.kind) == (root, _HOLDS):
            call.screen.console(least=ENDLESS).print(_tree(graph.tree(edge.target, against=True)))


def _tree(branches: Iterator[Branch]) -> Tree:
    from rich.tree import Tree

    tree = Tree(_label(next(branches)))
    path = [tree]
    for branch in branches:
        del path[branch.depth :]
        path.append(path[-1].add(_label(branch)))
    return tree


def _label(branch: Branch) -> Any:  # Any: a text of rich
    from rich.text import Text

    node, edge = branch.node, branch.edge
    notes = [] if node.state in {"published", "active"} else [node.state]
    if edge is not None:
        notes += ["" if edge.kind in {"strong", _HOLDS} else edge.kind, edge.note]
    told = ", ".join(filter(None, [*notes, "as told above" if branch.is_repeated else ""]))
    label = Text(node.ref or node.label, _STYLES.get(node.state, ""))
    return label.append(f"  {told}", "dim") if told else label
