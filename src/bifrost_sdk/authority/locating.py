"""The store's look-up as one actor sees it: what is hidden is not there, and the newest version is the newest seen."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from bifrost_sdk.authority.sight import Sight
from bifrost_sdk.domain.access import all_of
from bifrost_sdk.domain.query import EVERYTHING, Compare, Filter, Include, Query, Related
from bifrost_sdk.ports import Located, Want

_PUBLISHED = Compare(("state",), "eq", "published")

#: What a version must fulfil to be meant by a tag that names none.
_MEANT: Mapping[int | str, Filter] = {
    "latest": EVERYTHING,
    "approved": Related("status", Compare(("category",), "eq", "approved")),
}


def locate(wants: Sequence[Want], sight: Sight) -> list[Located]:
    """One answer for each want, in order; all are of the sight's project."""
    found = sight.transaction.locate(wants, at=sight.at)
    if sight.sees_all or sight.access.is_unrestricted:
        return found
    shown = _seen(wants, found, sight)
    older = {
        place: (each.node, want.tag)
        for place, (want, each) in enumerate(zip(wants, shown, strict=True))
        if found[place].version and not each.version and each.kind == "product" and want.tag in _MEANT
    }
    newest = _newest(set(older.values()), sight)
    again = {
        place: Want(sight.project, None, newest[asked], asked[1]) for place, asked in older.items() if asked in newest
    }
    if again:
        located = sight.transaction.locate(list(again.values()), at=sight.at)
        for (place, want), each in zip(again.items(), located, strict=True):
            (shown[place],) = _seen([want], [each._replace(alias=found[place].alias)], sight)
    return shown


def _seen(wants: Sequence[Want], found: Sequence[Located], sight: Sight) -> list[Located]:
    """Hidden nodes as nothing, and so what was named by its id and is hidden; without versions and files that are."""
    ids = {id for each in found for id in (each.node, each.version, *(id for id, _ in each.files)) if id}
    seen = sight.visible_ids(ids | {want.id for want in wants if want.id})
    shown = []
    for want, each in zip(wants, found, strict=True):
        if (each.node and each.node not in seen) or (want.id and want.id not in seen):
            shown.append(Located("none"))
        elif each.version and each.version not in seen:
            shown.append(Located("node", each.path, each.node, each.kind, alias=each.alias))
        else:
            shown.append(each._replace(files=tuple(pair for pair in each.files if pair[0] in seen)))
    return shown


def _newest(asked: Iterable[tuple[str, int | str]], sight: Sight) -> dict[tuple[str, int | str], str]:
    """(product, tag) -> the id of the newest visible version that the tag means, where there is one."""
    found: dict[tuple[str, int | str], str] = {}
    for tag, meant in _MEANT.items():
        products = [product for product, wanted in asked if wanted == tag]
        query = Query("version", filter=all_of(_PUBLISHED, meant), order=("-number",))
        include = Include("versions", query, 1, sight.visible)
        related = sight.transaction.related("product", products, include, at=sight.at) if products else {}
        found |= {(product, tag): records[0].id for product, records in related.items() if records}
    return found
