"""What a reference stands for in a memory store: from a path or an id to a version and its files."""

from __future__ import annotations

from bifrost_sdk.adapters.memory.moment import Moment
from bifrost_sdk.ports import Located, Record, Want


def locate(moment: Moment, want: Want) -> Located:
    """The version that is wanted with the files of each of its representations, as far as there is one."""
    if want.path is not None:
        return _by_path(moment, want, want.path)
    record = moment.by_id(want.id or "")
    if record is None or record.project != want.project:
        return Located("none")
    if record.kind == "representation":
        version = moment.by_id(record.parent or "")
        return _located(version, [record]) if version else Located("none")
    if record.kind == "version":
        return _located(record, moment.children(want.project, record.id, "representation"))
    return _tagged(moment, record, want.tag)


def _by_path(moment: Moment, want: Want, path: str) -> Located:
    shelf = moment.shelves.get(want.project)
    node = shelf.node_at(path) if shelf else None
    record = moment.by_id(node[0]) if node else None
    if node is None or record is None:
        return Located("none")
    return _tagged(moment, record, want.tag, alias=node[1])


def _tagged(moment: Moment, node: Record, tag: int | str, *, alias: bool = False) -> Located:
    versions = [each for each in moment.children(node.project, node.id, "version") if each.number is not None]
    found = [each for each in versions if _has_tag(moment, each, tag)]
    if node.kind != "product" or not found:
        return Located("node", node.path or "", node.id, node.kind, alias=alias)
    version = max(found, key=lambda each: each.number or 0)
    files = moment.children(node.project, version.id, "representation")
    return _located(version, files, alias=alias)


def _has_tag(moment: Moment, version: Record, tag: int | str) -> bool:
    if isinstance(tag, int):
        return version.number == tag
    if version.state != "published":
        return False
    return tag == "latest" or _is_approved(moment, version)


def _is_approved(moment: Moment, version: Record) -> bool:
    status = moment.by_id(version.status or "")
    return status is not None and status.kind == "status" and '"category":"approved"' in status.body


def _located(version: Record, representations: list[Record], *, alias: bool = False) -> Located:
    files = tuple(
        sorted(((each.id, each.files or "") for each in representations), key=lambda pair: (pair[1], pair[0]))
    )
    path, node = version.path or "", version.parent or ""
    return Located("version", path, node, "product", version.id, version.number, version.state or "", files, alias)
