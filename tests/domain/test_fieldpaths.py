from __future__ import annotations

from collections.abc import Iterator

import attrs
import pytest

from bifrost_sdk.domain import registry
from bifrost_sdk.domain.entity import Entity
from bifrost_sdk.domain.fieldpaths import (
    PATH_LIMIT,
    check_path,
    field_names,
    group_path,
    is_hop,
    names_of,
    shape,
    sort_path,
    split_path,
    target_kinds,
    targets_of,
)
from bifrost_sdk.errors import QueryError


@attrs.frozen(kw_only=True)
class Note(Entity):
    subject: str
    text: str = ""


@pytest.fixture
def note_kind() -> Iterator[None]:
    relation = registry.Relation("subject", inverse="notes")
    registry.register("note", plural="notes", relations=[relation])(Note)
    yield
    registry.unregister("note")


@pytest.mark.parametrize(
    ("name", "path", "operator"),
    [
        ("code", ("code",), "eq"),
        ("code__startswith", ("code",), "startswith"),
        ("parent", ("parent",), "eq"),
        ("parent__kind", ("parent", "kind"), "eq"),
        ("parent__code__in", ("parent", "code"), "in"),
        ("status__category__ne", ("status", "category"), "ne"),
        ("products__versions__number__gt", ("products", "versions", "number"), "gt"),
        ("metadata__renderer__name", ("metadata", "renderer", "name"), "eq"),
        ("metadata__in", ("metadata",), "in"),
        ("metadata__in__eq", ("metadata", "in"), "eq"),
        ("created_at__ge", ("created_at",), "ge"),
        ("id", ("id",), "eq"),
        ("project", ("project",), "eq"),
    ],
)
def test_split_path_when_names_are_known(name: str, path: tuple[str, ...], operator: str) -> None:
    assert split_path("asset", name) == (path, operator)


@pytest.mark.parametrize(
    "name", ["version", "kind", "overrides", "overrides__shift", "product", "dependents", "number"]
)
def test_split_path_when_below_records_or_their_targets(name: str) -> None:
    assert split_path("version", f"dependencies__{name}")[0] == ("dependencies", *name.split("__"))


@pytest.mark.parametrize(
    ("kind", "name", "near"),
    [
        ("asset", "statu", "status"),
        ("asset", "product", "products"),
        ("asset", "status__categry", "category"),
        ("asset", "parent__asset_typ", "asset_type"),
        ("version", "dependencies__kidn", "kind"),
        ("version", "dependencies__purpos", "purpose"),
        ("representation", "files__nam", "name"),
    ],
)
def test_split_path_when_a_name_is_nearly_right(kind: str, name: str, near: str) -> None:
    with pytest.raises(QueryError, match="there is no") as caught:
        split_path(kind, name)
    assert near in caught.value.issues[0].hint


@pytest.mark.parametrize(
    "name",
    ["", "__", "eq", "code__x", "tags__x", "kind__x", "id__x", "unknown", "unknown__x", "parent__", "code__eq__eq"],
)
def test_split_path_when_nothing_lies_there(name: str) -> None:
    with pytest.raises(QueryError):
        split_path("asset", name)


@pytest.mark.parametrize("name", ["dependencies__version__x", "dependencies__kind__x"])
def test_split_path_when_going_on_below_a_record(name: str) -> None:
    with pytest.raises(QueryError, match=r"version\.dependencies"):
        split_path("version", name)


def test_split_path_when_a_path_is_too_long() -> None:
    fits = ["parent"] * (PATH_LIMIT - 1) + ["code"]
    assert split_path("shot", "__".join(fits))[0] == tuple(fits)
    with pytest.raises(QueryError, match="at most"):
        split_path("shot", "__".join(["parent", *fits]))


def test_target_kinds_when_a_relation_leads_to_some_kinds() -> None:
    assert target_kinds("shot", "parent") == ("project", "episode", "sequence", "shot")
    assert target_kinds("version", "dependencies") == ("version",)
    assert target_kinds("link", "target") == registry.kinds()


def test_target_kinds_when_the_name_is_an_inverse() -> None:
    assert target_kinds("asset", "cast_in") == ("shot_asset",)
    assert set(target_kinds("status", "status_of")) >= {"asset", "shot", "version", "task", "product"}
    assert target_kinds("version", "linked_from") == ("link",)


@pytest.mark.parametrize("name", ["code", "versions", "paren", ""])
def test_target_kinds_when_there_is_no_such_relation(name: str) -> None:
    with pytest.raises(QueryError, match="there is no relation"):
        target_kinds("asset", name)


def test_targets_of_when_only_some_kinds_have_the_relation() -> None:
    assert targets_of(("asset", "version"), "product") == ("product",)


@pytest.mark.usefixtures("note_kind")
def test_target_kinds_when_a_kind_was_added() -> None:
    assert target_kinds("asset", "notes") == ("note",)
    assert "note" in target_kinds("link", "source")
    assert split_path("note", "subject__code") == (("subject", "code"), "eq")
    assert "notes" in names_of("shot")


def test_is_hop_when_a_relation_is_the_last_name() -> None:
    assert not is_hop(("asset",), ("parent",))
    assert is_hop(("asset",), ("products",))


def test_is_hop_when_the_record_and_its_target_have_the_field() -> None:
    assert not is_hop(("version",), ("dependencies", "kind"))
    assert is_hop(("version",), ("dependencies", "id"))


def test_is_hop_when_one_of_the_kinds_holds_a_plain_field() -> None:
    assert not is_hop(("version", "link"), ("source",))
    assert is_hop(("version", "link"), ("source", "code"))


def test_check_path_when_any_of_the_kinds_has_the_field() -> None:
    check_path(("asset_type", "asset"), ("asset_type",))
    with pytest.raises(QueryError, match="asset_type, asset"):
        check_path(("asset_type", "asset"), ("frames",))


def test_check_path_when_the_path_is_empty() -> None:
    with pytest.raises(QueryError):
        check_path(("asset",), ())


def test_field_names_when_asked_for_a_kind() -> None:
    names = field_names("asset")
    assert {"id", "kind", "revision", "path", "project", "created_at", "updated_by", "code", "status"} <= set(names)
    assert "unknown" not in names


@pytest.mark.parametrize(
    ("kind", "path", "expected"),
    [
        ("asset", ("code",), "value"),
        ("asset", ("kind",), "value"),
        ("asset", ("created_at",), "value"),
        ("shot", ("frames",), "value"),
        ("version", ("number",), "value"),
        ("asset", ("tags",), "list"),
        ("task", ("assignees",), "list"),
        ("asset", ("metadata",), "object"),
        ("project", ("attribute_types",), "object"),
        ("asset", ("attributes", "cut", "in"), "value"),
        ("version", ("dependencies",), "records"),
        ("version", ("dependencies", "version"), "list"),
        ("version", ("dependencies", "overrides"), "list"),
        ("version", ("dependencies", "overrides", "a", "b"), "list"),
        ("representation", ("files", "udims"), "list"),
        ("representation", ("files", "name", "x"), ""),
        ("representation", ("files", "x"), ""),
        ("asset", ("tags", "x"), ""),
        ("asset", ("kind", "x"), ""),
        ("asset", ("unknown",), ""),
        ("asset", ("versions",), ""),
    ],
)
def test_shape_when_asked_for_a_path(kind: str, path: tuple[str, ...], expected: str) -> None:
    assert shape(kind, path) == expected


def test_sort_path_when_ascending_and_descending() -> None:
    assert sort_path("asset", "code") == (("code",), False)
    assert sort_path("asset", "-metadata__in") == (("metadata", "in"), True)


@pytest.mark.parametrize("name", ["tags", "metadata", "--code", "parent__code", "assets", "code__lt", "nope"])
def test_sort_path_when_there_is_no_single_value(name: str) -> None:
    with pytest.raises(QueryError):
        sort_path("asset", name)


def test_group_path_when_the_field_holds_values() -> None:
    assert group_path("asset", "tags") == ("tags",)
    assert group_path("version", "dependencies__kind") == ("dependencies", "kind")


@pytest.mark.parametrize("name", ["metadata", "products", "parent__code", "-code"])
def test_group_path_when_the_field_holds_none(name: str) -> None:
    with pytest.raises(QueryError):
        group_path("asset", name)


def test_is_hop_when_a_kind_comes_back_as_another() -> None:
    for relations in ([], [registry.Relation("subject", inverse="notes")]):
        registry.register("note", plural="notes", relations=relations)(Note)
        try:
            if relations:
                assert is_hop(("note",), ("subject", "code"))
            else:
                with pytest.raises(QueryError):
                    is_hop(("note",), ("subject", "code"))
            assert is_hop(("asset",), ("products",))
        finally:
            registry.unregister("note")
    with pytest.raises(QueryError):
        is_hop(("note",), ("subject", "code"))
