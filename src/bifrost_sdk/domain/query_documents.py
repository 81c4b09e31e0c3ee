"""Queries and filters as JSON documents, for the roles that keep filters and for queries that cross a process boundary.

A document that was made elsewhere is read strictly: what is not understood is refused, never left out, since a filter
that lost a part would show more than it should.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import attrs

from bifrost_sdk.domain.expansion import wire_value
from bifrost_sdk.domain.query import (
    All,
    AnyOf,
    Compare,
    Filter,
    Gated,
    Include,
    Lineage,
    Not,
    Query,
    Related,
    Today,
    Walk,
)
from bifrost_sdk.errors import Issue, QueryError

#: The version of the form that is written and read.
SCHEMA = 1

#: Documents nest at most so deep.
DEPTH_LIMIT = 32

Document = dict[str, Any]  # Any: JSON

_LISTS: Mapping[str, type[All | AnyOf]] = {"all": All, "any": AnyOf}
_WRAPPERS: Mapping[str, type[Not | Lineage | Gated | Today]] = {
    "not": Not,
    "lineage": Lineage,
    "gated": Gated,
    "today": Today,
}
_NAMES = {cls: name for name, cls in (*_LISTS.items(), *_WRAPPERS.items())}
_FILTER_FIELDS = ("path", "operator", "value", "related", "filter", *_LISTS, *_WRAPPERS)


def filter_to_document(condition: Filter) -> Document:
    """The filter as a JSON object.

    >>> filter_to_document(Not(Compare(("tags",), "contains", "main")))
    {'not': {'path': ['tags'], 'operator': 'contains', 'value': 'main'}}

    Raises:
        QueryError: when it holds a value that no field can have, or nests deeper than can be read again.
    """
    return _write_filter(condition, 1)


def filter_from_document(document: Any) -> Filter:  # Any: checked here
    """The filter of such a document.

    >>> filter_from_document({"any": [{"related": "parent", "filter": {"all": []}}]})
    AnyOf(filters=(Related(relation='parent', filter=All(filters=())),))

    Raises:
        QueryError: when it is none, with the place.
    """
    return _read_filter(_Node(document))


def query_to_document(query: Query) -> Document:
    """The query as a JSON object; what is as by default is left out.

    >>> query_to_document(Query("shot").search("bridge").limit(10))
    {'schema': 1, 'kind': 'shot', 'text': 'bridge', 'size': 10}

    Raises:
        QueryError: as `filter_to_document`.
    """
    return {"schema": SCHEMA, **_write_object(query, 1)}


def query_from_document(document: Any) -> Query:  # Any: checked here
    """The query of such a document. Its names are not looked at; `expand` does that.

    Raises:
        QueryError: when it is none, with the place, or was written by a newer version.
    """
    if not isinstance(document, Mapping):
        raise _Node(document).error("JSON object")
    fields = dict(document)
    schema = fields.pop("schema", None)
    if type(schema) is not int or schema != SCHEMA:
        raise QueryError(Issue("query.schema", f"{schema!r:.80} is no schema that can be read here, only {SCHEMA}"))
    return _read_query(_Node(fields))


@attrs.frozen
class _Node:
    """One value in a document, with the place where it stands."""

    value: Any  # Any: JSON, or whatever was given for it
    place: str = ""
    depth: int = 1

    def error(self, expected: str) -> QueryError:
        return QueryError(Issue("query.document", f"{self.value!r:.80} is no {expected}", self.place))

    def fields(self, known: tuple[str, ...]) -> dict[str, _Node]:
        _check_depth(self.depth, place=self.place)
        if not isinstance(self.value, Mapping):
            raise self.error("JSON object")
        if unknown := [key for key in self.value if key not in known]:
            raise _Node(unknown[0], self.place).error(f"field; the fields are {', '.join(known)}")
        return {key: _Node(item, f"{self.place}.{key}".lstrip("."), self.depth + 1) for key, item in self.value.items()}

    def items(self) -> tuple[_Node, ...]:
        if not isinstance(self.value, (list, tuple)):
            raise self.error("list")
        return tuple(_Node(item, f"{self.place}[{at}]", self.depth) for at, item in enumerate(self.value))

    def text(self) -> str:
        if not isinstance(self.value, str):
            raise self.error("text")
        return self.value

    def texts(self) -> tuple[str, ...]:
        return tuple(item.text() for item in self.items())

    def integer(self) -> int:
        if type(self.value) is not int:
            raise self.error("whole number")
        return self.value

    def truth(self) -> bool:
        if not isinstance(self.value, bool):
            raise self.error("true or false")
        return self.value


Readers = Mapping[str, Callable[[_Node], Any]]  # Any: each field's own type


def _write_filter(condition: Filter, depth: int) -> Document:
    _check_depth(depth)
    if isinstance(condition, Compare):
        return {
            "path": list(condition.path),
            "operator": condition.operator,
            "value": _write_value(condition.value),
        }
    if isinstance(condition, Related):
        return {"related": condition.relation, "filter": _write_filter(condition.filter, depth + 1)}
    name = _NAMES.get(type(condition))
    if name is None:
        raise _Node(condition).error("filter")
    if isinstance(condition, (All, AnyOf)):
        return {name: [_write_filter(each, depth + 1) for each in condition.filters]}
    return {name: _write_filter(condition.filter, depth + 1)}


def _write_value(value: Any) -> Any:  # Any: values of every field type
    if isinstance(value, (set, frozenset)):
        return [wire_value(each) for each in sorted(value, key=repr)]
    return [wire_value(each) for each in value] if isinstance(value, (list, tuple)) else wire_value(value)


def _write_object(item: Query | Include | Walk, depth: int) -> Document:
    _check_depth(depth)
    held = ((field, getattr(item, field.name)) for field in attrs.fields(type(item)))
    return {field.name: _write(value, depth + 1) for field, value in held if value != field.default}


def _write(value: Any, depth: int) -> Any:  # Any: what the fields of queries hold
    if value is None or isinstance(value, (str, int)):
        return value
    if isinstance(value, (list, tuple)):
        return [_write(each, depth) for each in value]
    if isinstance(value, (Query, Include, Walk)):
        return _write_object(value, depth)
    return _write_filter(value, depth)


def _read_filter(node: _Node) -> Filter:
    fields = node.fields(_FILTER_FIELDS)
    names = frozenset(fields)
    if names == {"path", "operator", "value"}:
        return Compare(fields["path"].texts(), fields["operator"].text(), _read_value(fields["value"].value))
    if names == {"related", "filter"}:
        return Related(fields["related"].text(), _read_filter(fields["filter"]))
    if len(names) != 1:
        raise node.error("filter")
    ((name, inner),) = fields.items()
    if name in _LISTS:
        return _LISTS[name](tuple(_read_filter(item) for item in inner.items()))
    if name in _WRAPPERS:
        return _WRAPPERS[name](_read_filter(inner))
    raise node.error("filter")


def _read_value(value: Any) -> Any:  # Any: JSON
    return tuple(wire_value(each) for each in value) if isinstance(value, (list, tuple)) else wire_value(value)


def _read_query(node: _Node) -> Query:
    return Query(**_read_fields(node, _QUERY))


def _read_walk(node: _Node) -> Walk:
    return Walk(**_read_fields(node, _WALK))


def _read_includes(node: _Node) -> tuple[Include, ...]:
    return tuple(Include(**_read_fields(item, _INCLUDE)) for item in node.items())


def _read_fields(node: _Node, readers: Readers) -> dict[str, Any]:  # Any: the fields' own types
    fields = node.fields(tuple(readers))
    required = next(iter(readers))
    if required not in fields:
        raise QueryError(Issue("query.document", f"the field {required} is missing", node.place))
    return {name: readers[name](item) for name, item in fields.items()}


def _check_depth(depth: int, *, place: str = "") -> None:
    if depth > DEPTH_LIMIT:
        raise QueryError(Issue("query.depth", f"it is nested deeper than {DEPTH_LIMIT} levels", place))


#: The fields of each object and how they are read; the first is required.
_QUERY: Readers = {
    "kind": _Node.text,
    "project": _Node.text,
    "filter": _read_filter,
    "text": _Node.text,
    "order": _Node.texts,
    "size": _Node.integer,
    "cursor": _Node.text,
    "includes": _read_includes,
    "shape": _Node.text,
    "groups": _Node.texts,
    "steps": _read_walk,
    "columns": _Node.texts,
}
_WALK: Readers = {
    "relation": _Node.text,
    "forward": _Node.truth,
    "depth": _Node.integer,
    "kinds": _Node.texts,
    "visible": _read_filter,
}
_INCLUDE: Readers = {
    "relation": _Node.text,
    "query": _read_query,
    "limit": _Node.integer,
    "visible": _read_filter,
}
