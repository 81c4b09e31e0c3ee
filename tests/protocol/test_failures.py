from __future__ import annotations

import inspect
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bifrost_sdk import errors
from bifrost_sdk.errors import BifrostError, Issue, NotFoundError, ReferenceSyntaxError, StorageError
from bifrost_sdk.protocol.failures import ATTRIBUTES, error_from_document, error_to_document

TEXTS = st.text(max_size=8)
LISTS = st.lists(TEXTS, max_size=3)
DOCUMENTS = st.none() | st.dictionaries(TEXTS, TEXTS | st.integers(), max_size=2)
ISSUES = st.lists(st.builds(Issue, TEXTS, TEXTS, TEXTS, TEXTS, TEXTS), max_size=3)
ERRORS: dict[type[BifrostError], st.SearchStrategy[Any]] = {
    BifrostError: st.builds(BifrostError, TEXTS),
    errors.NotFoundError: st.builds(errors.NotFoundError, TEXTS, suggestions=LISTS, reason=TEXTS),
    errors.PermissionDeniedError: st.builds(errors.PermissionDeniedError, TEXTS, actor=TEXTS, project=TEXTS),
    errors.ConflictError: st.builds(
        errors.ConflictError, TEXTS, mine=DOCUMENTS, theirs=DOCUMENTS, fields=LISTS, blockers=LISTS
    ),
    errors.ValidationError: st.builds(errors.ValidationError, ISSUES),
    errors.ReferenceSyntaxError: st.builds(ReferenceSyntaxError, TEXTS, text=TEXTS, position=st.integers(0, 50)),
    errors.QueryError: st.builds(errors.QueryError, ISSUES),
    errors.TemplateError: st.builds(
        errors.TemplateError, TEXTS, template=TEXTS, token=TEXTS, value=st.none() | TEXTS | st.integers()
    ),
    errors.ConfigurationError: st.builds(errors.ConfigurationError, TEXTS, setting=TEXTS, source=TEXTS),
    errors.StorageError: st.builds(errors.StorageError, TEXTS, path=TEXTS, reason=TEXTS),
    errors.CatalogError: st.builds(errors.CatalogError, TEXTS, path=TEXTS, reason=TEXTS),
    errors.NetworkError: st.builds(errors.NetworkError, TEXTS, retry_after=st.none() | st.floats(0, 1e6)),
}


def test_every_public_error_crosses_when_one_is_added() -> None:
    public = {cls for _, cls in inspect.getmembers(errors, inspect.isclass) if issubclass(cls, BifrostError)}
    assert set(ATTRIBUTES) == set(ERRORS) == public


@given(st.one_of(*ERRORS.values()))
def test_error_comes_back_with_all_it_carries_when_it_went_through_json(error: BifrostError) -> None:
    assert set(vars(error)) == set(ATTRIBUTES[type(error)])
    found = error_from_document(json.loads(json.dumps(error_to_document(error))))
    assert type(found) is type(error)
    assert str(found) == str(error)
    assert vars(found) == vars(error)


def test_error_crosses_as_its_public_kind_when_it_is_of_a_kind_inside() -> None:
    class _InnerError(StorageError):
        pass

    found = error_from_document(error_to_document(_InnerError("full", path="a/b")))
    assert (type(found), vars(found)) == (StorageError, {"path": "a/b", "reason": ""})


def test_message_is_left_when_a_newer_server_has_another_error() -> None:
    found = error_from_document({"error": "QuotaError", "message": "no more", "limit": 3, "__class__": "x"})
    assert (type(found), str(found), vars(found)) == (BifrostError, "no more", {})


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=8,
)


@given(st.sampled_from(sorted(cls.__name__ for cls in ATTRIBUTES)), st.data())
def test_error_can_be_shown_when_what_came_is_of_any_form(name: str, data: st.DataObject) -> None:
    named = {each for names in ATTRIBUTES.values() for each in names} | {"message"}
    document = data.draw(st.fixed_dictionaries({}, optional=dict.fromkeys(sorted(named), JSON)))
    if name == "ReferenceSyntaxError" and not document.get("issues"):
        document["issues"] = [{"message": "m"}]
    found = error_from_document({**document, "error": name})
    assert isinstance(str(found), str)
    json.dumps(found.to_data())


def test_suggestions_come_back_when_nothing_is_found() -> None:
    error = NotFoundError("bifrost://demo/a", suggestions=["bifrost://demo/b"])
    found = error_from_document(error_to_document(error))
    assert isinstance(found, NotFoundError)
    with pytest.raises(NotFoundError, match="Did you mean bifrost://demo/b"):
        raise found
