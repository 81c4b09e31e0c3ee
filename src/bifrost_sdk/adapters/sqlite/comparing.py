"""A comparison of one field with a value, as SQL that is true exactly where `evaluation` says so."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Any

from bifrost_sdk.adapters.sqlite import fields
from bifrost_sdk.adapters.sqlite.fields import Parameters, Place
from bifrost_sdk.domain import codes, wire
from bifrost_sdk.domain.query import Compare
from bifrost_sdk.errors import ValidationError

_ORDERED = {"lt": "<", "le": "<=", "gt": ">", "ge": ">="}
_NUMBERS = "('integer', 'real', 'true', 'false')"


def compare(compare: Compare, kinds: Sequence[str], alias: str, parameters: Parameters) -> str:
    """The condition for a row of one of these kinds; a field that a kind lacks has no value."""
    places: dict[Place, list[str]] = {}
    for kind in kinds:
        places.setdefault(fields.place_of(kind, compare.path), []).append(kind)
    if len(places) == 1:
        return _test(compare, next(iter(places)), kinds, (alias, parameters))
    parts = [
        f"({parameters.kind_in(alias, having)} AND {_test(compare, place, having, (alias, parameters))})"
        for place, having in places.items()
        if place.kind != fields.NOTHING or _is_null(compare)
    ]
    return f"({' OR '.join(parts)})" if parts else "0"


def _is_null(compare: Compare) -> bool:
    return compare.operator == "isnull" and bool(compare.value)


def _test(compare: Compare, place: Place, kinds: Sequence[str], scope: tuple[str, Parameters]) -> str:
    alias, parameters = scope
    if place.kind == fields.NOTHING:
        return str(int(_is_null(compare)))
    if place.kind == fields.RECORDS:
        return _of_records(compare, place, alias, parameters)
    if place.kind == fields.ANY:
        return _of_any(compare, place, alias, parameters)
    kind = place.kind
    folded = fields.folded_column(kinds, place) if compare.operator in ("eq", "in", "isnull") else ""
    if folded:
        value, kind = f"{alias}.{folded}", fields.CODE
    elif kind == fields.PLAIN:
        document, path = parameters.place_in(f"{alias}.body", place.keys)
        value = f"json_extract({document}, {path})"
    else:
        value = fields.column(alias, place, kinds, parameters.moment)
        if kind == fields.TIME:
            compare, value = _of_time(compare, value)
    if compare.operator == "isnull":
        held = value if folded else f"ifnull({value}, '')"  # a folded column is never NULL, and has an index
        return f"({held} {'=' if compare.value else '<>'} '')"
    return _value_test(compare, value, kind, parameters)


def _of_time(compare: Compare, value: str) -> tuple[Compare, str]:
    """Times are kept as numbers, which compare as their text does where the other side is such a text too."""
    wanted = compare.value if compare.operator == "in" else [compare.value]
    if compare.operator == "isnull":
        return compare, value
    if compare.operator in ("contains", "startswith", "endswith") or not all(map(_is_time, wanted)):
        return compare, f"iso({value})"
    numbers = tuple(wire.to_microseconds(wire.read_time(text)) for text in wanted)
    return Compare(compare.path, compare.operator, numbers if compare.operator == "in" else numbers[0]), value


def _is_time(value: Any) -> bool:  # Any: whatever was asked for
    try:
        return isinstance(value, str) and wire.print_time(wire.read_time(value)) == value
    except (ValidationError, OverflowError):
        return False


def _value_test(compare: Compare, value: str, kind: int, parameters: Parameters) -> str:
    """A single value: what it is compared with tells its type, and other types are not equal to it."""

    def is_type(numbers: bool) -> str:  # noqa: FBT001  # one of two
        if kind in (fields.INTEGER, fields.TIME) and not value.startswith("iso("):
            return "" if numbers else "0"
        if kind != fields.PLAIN and numbers:
            return "0"
        return f"typeof({value}) IN ('integer', 'real')" if numbers else f"typeof({value}) = 'text'"

    return _operation(compare, (value, kind == fields.CODE), is_type, parameters)


def _operation(compare: Compare, held: tuple[str, bool], is_type: Callable[[bool], str], parameters: Parameters) -> str:
    """`held` is a value's SQL and whether it is its own folded form; `is_type` tests for numbers or else for text."""
    value, is_folded = held
    folded = value if is_folded else f"fold({value})"
    operator, wanted = compare.operator, compare.value
    if operator == "in":
        texts = [codes.fold(item) for item in wanted if isinstance(item, str)]
        numbers = [item for item in wanted if not isinstance(item, str)]
        parts = [
            _joined(is_type(bool(number)), f"{held_value} IN {parameters.add_list(items)}")
            for number, held_value, items in ((0, folded, texts), (1, value, numbers))
            if items
        ]
        return f"({' OR '.join(parts)})" if parts else "0"
    if not isinstance(wanted, str):
        if operator not in ("eq", *_ORDERED):
            return "0"
        bound = f"json_extract({parameters.add(json.dumps(wanted))}, '$')"  # read as the numbers in bodies are
        return _joined(is_type(True), f"{value} {_ORDERED.get(operator, '=')} {bound}")  # noqa: FBT003  # the kind of JSON value
    if operator == "eq":
        return _joined(_unless_any(is_type), f"{folded} = {parameters.add(codes.fold(wanted))}")
    if operator in _ORDERED:
        bound = parameters.add(wanted)
        return _joined(is_type(False), f"{value} <> '' AND {value} {_ORDERED[operator]} {bound}")  # noqa: FBT003  # the kind of JSON value
    return _joined(is_type(False), f"{value} <> '' AND {_part(operator, folded, wanted, parameters)}")  # noqa: FBT003  # the kind of JSON value


def _unless_any(is_type: Callable[[bool], str]) -> str:
    """A column or plain value is never equal to a text of another type, so its index can be used."""
    test = is_type(False)  # noqa: FBT003  # the kind of JSON value
    return "" if test.startswith("typeof") else test


def _part(operator: str, folded: str, wanted: str, parameters: Parameters) -> str:
    text = codes.fold(wanted)
    bound = parameters.add(text)
    if operator == "contains":
        return f"instr({folded}, {bound}) > 0"
    if operator == "startswith":
        return f"substr({folded}, 1, {len(text)}) = {bound}"
    return f"substr({folded}, -{len(text)}) = {bound}" if text else "1"


def _joined(test: str, condition: str) -> str:
    return f"({test} AND {condition})" if test else f"({condition})"


def _of_any(compare: Compare, place: Place, alias: str, parameters: Parameters) -> str:
    """What is only known in each row: a value, or a list, of which any element does."""
    document, path = parameters.place_in(f"{alias}.body", place.keys)
    kind = f"json_type({document}, {path})"
    rows = f"FROM json_each({document}, {path}) j WHERE"
    if compare.operator == "isnull":
        some = f"EXISTS (SELECT 1 {rows} {kind} = 'object' OR (j.type <> 'null' AND j.value <> ''))"
        return f"NOT {some}" if compare.value else some
    test = _element(compare, parameters)
    if compare.operator == "contains":
        same = _element(Compare(compare.path, "eq", compare.value), parameters)
        test = f"(CASE {kind} WHEN 'array' THEN {same} ELSE {test} END)"
    return f"EXISTS (SELECT 1 {rows} {kind} <> 'object' AND {test})"


def _of_records(compare: Compare, place: Place, alias: str, parameters: Parameters) -> str:
    """A field of the records in a list: a list of its values."""
    document, path = parameters.place_in(f"{alias}.body", place.keys[:1])
    record = "(CASE r.type WHEN 'object' THEN r.value ELSE '{}' END)"
    inner, inner_path = parameters.place_in(record, place.keys[1:])
    kind = f"json_type({inner}, {inner_path})"
    rows = f"FROM json_each({document}, {path}) r, json_each({inner}, {inner_path}) j WHERE"
    if compare.operator == "isnull":
        some = f"EXISTS (SELECT 1 {rows} {kind} = 'object' OR (j.type <> 'null' AND j.value <> ''))"
        return f"NOT {some}" if compare.value else some
    operator = "eq" if compare.operator == "contains" else compare.operator
    test = _element(Compare(compare.path, operator, compare.value), parameters)
    return f"EXISTS (SELECT 1 {rows} {kind} <> 'object' AND {test})"


def _element(compare: Compare, parameters: Parameters) -> str:
    def is_type(numbers: bool) -> str:  # noqa: FBT001  # one of two
        return f"j.type IN {_NUMBERS}" if numbers else "j.type = 'text'"

    return _operation(compare, ("j.value", False), is_type, parameters)
