"""The wire form: every entity and value as plain JSON, with a schema version and room for what newer peers add.

A *body* holds an entity's own fields; a *document* adds kind, id and stamps. A field is left out when it is empty
(None, an empty text, list or object) and empty is its default, so an absent field and an empty one are the same thing.
"""

from __future__ import annotations

import datetime
import functools
import json
import re
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

import attrs
import cattrs
from cattrs.gen import make_dict_structure_fn, make_dict_unstructure_fn, override

from bifrost_sdk.domain import model, text  # noqa: F401  # the model registers the kinds
from bifrost_sdk.domain.entity import MAX_NUMBER, STAMPS, Entity, locate
from bifrost_sdk.domain.frames import FrameRange, FrameRate
from bifrost_sdk.domain.registry import EntityType, entity_type
from bifrost_sdk.errors import Issue, ValidationError

_ENVELOPE = ("id", *STAMPS)
_EMPTY: tuple[Any, ...] = (None, "", (), {})
_PLAIN_LISTS = (tuple[str, ...], tuple[int, ...])
_EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)
_MICROSECOND = datetime.timedelta(microseconds=1)
_TIME = re.compile(
    r"(?P<day>[0-9]{4}-[0-9]{2}-[0-9]{2})[T ](?P<time>[0-9]{2}:[0-9]{2}:[0-9]{2})(?:\.(?P<fraction>[0-9]{1,6}))?"
    r"(?P<zone>Z|[+-][0-9]{2}:[0-9]{2})?"
)

Body = dict[str, Any]  # Any: JSON


def dump(entity: Entity) -> Body:
    """The body: the entity's own fields as JSON values, with its schema version; without id, kind and stamps."""
    made = entity_type(entity.kind)
    body: Body = _converter().unstructure(entity, type(entity))
    body["schema"] = made.schema
    return body


def load(kind: str, body: Mapping[str, Any], **envelope: Any) -> Entity:  # Any: JSON, and the stamps' types
    """The entity of a body; an older schema is upgraded, unknown fields are kept in `unknown`.

    Raises:
        ValidationError: when the body does not describe such an entity.
    """
    made = entity_type(kind)
    fields = _upgraded(made, body)
    try:
        return _structure({**fields, **envelope}, made.cls)  # type: ignore[no-any-return]  # the class is data
    except ValidationError as error:
        raise ValidationError(attrs.evolve(issue, subject=issue.subject or kind) for issue in error.issues) from error


def update(entity: Entity, fields: Mapping[str, Any]) -> Entity:  # Any: domain or JSON values
    """The entity with new values for some fields, given as domain values or as JSON.

    Raises:
        ValidationError: for a field that the kind does not have, and for values that do not fit.
    """
    made = entity_type(entity.kind)
    own = [name for name in made.fields if name not in (*_ENVELOPE, "unknown")]
    if missing := sorted(set(fields) - {*own, *entity.unknown}):
        hint = f"the fields are {', '.join(own)}"
        raise ValidationError(
            Issue("field.unknown", f"{made.kind} has no field {missing[0]}", missing[0], entity.id, hint)
        )
    body = dump(entity)
    body.update(_converter().unstructure(dict(fields)))
    stamps = {name: getattr(entity, name) for name in _ENVELOPE}
    try:
        return load(made.kind, body, **stamps)
    except ValidationError as error:
        raise locate(error, made.cls, fields) from error


def value(item: Any) -> Any:  # Any: a field's value in, JSON out
    """One value in its JSON form, as bodies hold it."""
    return _converter().unstructure(item)


def to_document(entity: Entity) -> Body:
    """The whole entity as JSON, as it crosses a process boundary."""
    head: Body = {"kind": entity.kind}
    for name in _ENVELOPE:
        item = getattr(entity, name)
        if item is not None:
            head[name] = value(item)
    return {**head, **dump(entity)}


def from_document(document: Any) -> Entity:  # Any: JSON
    """The entity of a whole document.

    Raises:
        ValidationError: when it does not describe an entity of a known kind.
    """
    if not isinstance(document, Mapping):
        raise ValidationError(Issue("document.form", f"a document is an object, not {type(document).__name__}"))
    body = dict(document)
    kind = body.pop("kind", None)
    if not isinstance(kind, str):
        raise ValidationError(Issue("document.kind", "the document does not tell its kind"))
    envelope = {name: body.pop(name) for name in _ENVELOPE if name in body}
    _check_envelope(envelope)
    return load(kind, body, **envelope)


def to_json(item: Mapping[str, Any]) -> str:  # Any: JSON
    """JSON text: compact, not escaped, in the order given.

    Raises:
        ValidationError: for values that JSON cannot hold.
    """
    try:
        encoded = _ENCODER.encode(item)
        encoded.encode()
    except (ValueError, TypeError, RecursionError) as error:
        raise ValidationError(Issue("json.value", f"this is no JSON: {error}")) from error
    return encoded


def print_time(moment: datetime.datetime) -> str:
    """The time in the one form that sorts as text: ``2026-01-31T12:00:00.000000Z``.

    Raises:
        ValidationError: for a time without a zone, which would mean another one on every machine.
    """
    found = text.utc(moment)
    assert found is not None
    return found.isoformat(timespec="microseconds")[:-6] + "Z"


def read_time(written: Any) -> datetime.datetime:  # Any: checked here
    """The time of ISO 8601 text with a zone: one form for every interpreter, whatever else each of them can read.

    Raises:
        ValidationError: when it is none.
    """
    match = _TIME.fullmatch(written) if isinstance(written, str) else None
    hint = "write 2026-01-31T12:00:00Z"
    if match is None:
        raise ValidationError(Issue("time.form", f"{written!r:.200} is no time", hint=hint))
    if match["zone"] is None:
        raise ValidationError(Issue("time.zone", f"{written!r} has no time zone", hint="add Z for UTC"))
    fraction, zone = (match["fraction"] or "").ljust(6, "0"), match["zone"].replace("Z", "+00:00")
    try:
        moment = datetime.datetime.fromisoformat(f"{match['day']}T{match['time']}.{fraction}{zone}")
    except ValueError as error:
        raise ValidationError(Issue("time.form", f"{written!r} is no time: {error}", hint=hint)) from error
    found = text.utc(moment)
    assert found is not None
    return found


def to_microseconds(moment: datetime.datetime) -> int:
    """Microseconds since 1970 in UTC, as stores keep times."""
    return (moment - _EPOCH) // _MICROSECOND


def from_microseconds(count: int) -> datetime.datetime:
    """The time of so many microseconds since 1970 in UTC."""
    return _EPOCH + datetime.timedelta(microseconds=count)


_ENCODER = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), allow_nan=False)


def _check_envelope(envelope: Body) -> None:
    for name in ("project", "path", "created_by", "updated_by"):
        if not isinstance(envelope.get(name, ""), str):
            raise ValidationError(Issue("document.stamp", f"{envelope[name]!r:.200} is no text", name))
    revision = envelope.get("revision", 0)
    if type(revision) is not int or not 0 <= revision <= MAX_NUMBER:
        raise ValidationError(Issue("document.stamp", f"{revision!r:.200} is no revision", "revision"))


def _upgraded(made: EntityType, body: Mapping[str, Any]) -> Body:
    fields = dict(body)
    schema = fields.pop("schema", made.schema)
    if type(schema) is not int or schema < 1:
        raise ValidationError(Issue("document.schema", f"{schema!r} is no schema version", "schema", made.kind))
    while schema < made.schema:
        upgrade = made.upgrades.get(schema)
        if upgrade is None:
            raise ValidationError(
                Issue("document.schema", f"there is no upgrade from schema {schema}", "schema", made.kind)
            )
        fields = upgrade(fields)
        schema += 1
    return fields


def _structure(fields: Body, cls: type[Any]) -> Any:  # Any: the class is data
    try:
        return _converter().structure(fields, cls)
    except ValidationError:
        raise
    except KeyError as error:
        raise ValidationError(
            Issue("field.missing", f"the field {error.args[0]} is missing", str(error.args[0]))
        ) from error
    except (TypeError, ValueError, AttributeError) as error:
        raise ValidationError(Issue("document.form", f"the document cannot be read: {error}")) from error


@functools.lru_cache(maxsize=1)
def _converter() -> cattrs.Converter:
    converter = cattrs.Converter(detailed_validation=False)
    for scalar in (str, int, float, bool):  # checked by the classes themselves; cattrs would coerce
        converter.register_structure_hook(scalar, _as_it_is)
    converter.register_structure_hook_func(lambda kind: kind == Mapping[str, Any], _as_it_is)
    converter.register_unstructure_hook_func(lambda kind: kind == Mapping[str, Any], dict)
    converter.register_structure_hook_func(lambda kind: kind in _PLAIN_LISTS, _as_it_is)
    converter.register_unstructure_hook_func(lambda kind: kind in _PLAIN_LISTS, list)
    converter.register_unstructure_hook(MappingProxyType, lambda item: converter.unstructure(dict(item)))
    converter.register_unstructure_hook(tuple, lambda items: [converter.unstructure(item) for item in items])
    converter.register_structure_hook(datetime.datetime, _time)
    converter.register_unstructure_hook(datetime.datetime, print_time)
    for printed in (FrameRange, FrameRate):
        converter.register_structure_hook(printed, _parsed)
        converter.register_unstructure_hook(printed, str)
    converter.register_structure_hook_factory(attrs.has, lambda cls: _loader(cls, converter))
    converter.register_unstructure_hook_factory(attrs.has, lambda cls: _dumper(cls, converter))
    return converter


def _as_it_is(item: Any, _: Any) -> Any:  # Any: the signature that cattrs asks for
    return item


def _time(item: Any, _: Any) -> datetime.datetime:  # Any: the signature that cattrs asks for
    return item if isinstance(item, datetime.datetime) else read_time(item)


def _parsed(item: Any, cls: Any) -> Any:  # Any: the signature that cattrs asks for
    return item if isinstance(item, cls) else cls.parse(item)


def _dumper(cls: type[Any], converter: cattrs.Converter) -> Callable[[Any], Body]:
    fields = attrs.fields(cls)
    skipped = {"unknown", *(_ENVELOPE if issubclass(cls, Entity) else ())}
    options: Any = {  # Any: cattrs tells options of fields from its own by their names
        field.name: override(omit=True) if field.name in skipped else override(omit_if_default=_empty_default(field))
        for field in fields
    }
    plain = make_dict_unstructure_fn(cls, converter, **options)
    if not any(field.name == "unknown" for field in fields):
        return plain
    known = {field.name for field in fields} - {"unknown"}
    known |= {"kind", "schema"} if issubclass(cls, Entity) else set()

    def dump_known(item: Any) -> Body:
        body = plain(item)
        if not item.unknown:
            return body
        return {**{name: each for name, each in item.unknown.items() if name not in known}, **body}

    return dump_known


def _loader(cls: type[Any], converter: cattrs.Converter) -> Callable[[Any, Any], Any]:
    names = {field.name for field in attrs.fields(cls)}
    plain = make_dict_structure_fn(cls, converter, _cattrs_detailed_validation=False)
    if "unknown" not in names:
        return plain
    names.remove("unknown")  # a newer peer may have a field of that name: unknown like any other

    def load_known(body: Any, _: Any) -> Any:  # Any: the signature that cattrs asks for
        if isinstance(body, cls):
            return body
        if not isinstance(body, Mapping):
            return cls(body)  # a record may be given by its first field: a dependency by the version's id
        if extra := body.keys() - names:
            known = {name: item for name, item in body.items() if name in names}
            return plain({**known, "unknown": {name: body[name] for name in sorted(extra)}}, cls)
        return plain(body, cls)

    return load_known


def _empty_default(field: attrs.Attribute[Any]) -> bool:
    default = field.default
    if isinstance(default, attrs.Factory):  # type: ignore[arg-type]  # attrs types Factory as a function
        return True
    return any(default is empty or (type(default) is type(empty) and default == empty) for empty in _EMPTY)
