from __future__ import annotations

import copy
import json
import pickle

import pytest

from bifrost_sdk.errors import (
    BifrostError,
    CatalogError,
    ConfigurationError,
    ConflictError,
    Issue,
    NetworkError,
    NotFoundError,
    PermissionDeniedError,
    QueryError,
    ReferenceSyntaxError,
    StorageError,
    TemplateError,
    ValidationError,
)

ERRORS = [
    BifrostError("plain"),
    NotFoundError("bifrost://demo/x", suggestions=["bifrost://demo/y"], reason="gone"),
    PermissionDeniedError("create:asset", actor="anna", project="demo"),
    ConflictError("late", mine={"a": 1}, theirs=None, fields=["a"], blockers=["b"]),
    ValidationError([Issue("a", "one", "x", "y", "z"), Issue("b", "two")]),
    ReferenceSyntaxError("bad", text="bifrost:\n//x", position=3),
    QueryError(Issue("query", "no")),
    TemplateError("bad", template="{a}", value=object),
    ConfigurationError("bad", setting="user", source="file"),
    StorageError("full", path="/x", reason="disk"),
    CatalogError("busy"),
    NetworkError("down", retry_after=1.5),
]


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: type(error).__name__)
def test_error_is_the_same_when_copied_or_pickled(error: BifrostError) -> None:
    for twin in (pickle.loads(pickle.dumps(error)), copy.copy(error)):  # noqa: S301  # our own error
        assert type(twin) is type(error)
        assert (str(twin), twin.args, vars(twin)) == (str(error), error.args, vars(error))


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: type(error).__name__)
def test_error_is_plain_data_when_it_crosses_a_boundary(error: BifrostError) -> None:
    data = error.to_data()
    assert json.loads(json.dumps(data)) == data
    assert data["error"] == type(error).__name__
    assert set(data) >= {name for name in vars(error) if not name.startswith("_")}


def test_message_says_where_and_what_to_do_when_issues_are_shown() -> None:
    assert str(ValidationError("wrong")) == "wrong"
    assert str(ERRORS[4]) == "y x: one (z); two"
    assert str(ERRORS[5]).splitlines()[-1] == "     ^"
    assert "Did you mean" in str(ERRORS[1])
