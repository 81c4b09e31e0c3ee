"""What lies beside published files so that a version can be known again from its folder alone.

A manifest is canonical JSON: sorted keys, one space of indentation, UTF-8, a line end. Its sha256 is kept with the
version, so that folder and catalog vouch for each other.
"""

from __future__ import annotations

import hashlib
import json
import operator
from collections.abc import Iterable, Mapping
from typing import Any, cast

import attrs

from bifrost_sdk.domain import text, wire
from bifrost_sdk.domain.entity import check_id
from bifrost_sdk.domain.versions import AssetDependency, Representation
from bifrost_sdk.errors import Issue, ValidationError
from bifrost_sdk.services import digests

#: The form that this code writes; it reads this one and older ones.
SCHEMA = 1


@attrs.frozen
class Entry:
    """One file on disk; `name` is its path below the version's folder, `size` is in bytes."""

    name: str = attrs.field(converter=text.line)
    size: int = attrs.field(validator=attrs.validators.instance_of(int))
    hash: str = attrs.field(converter=text.line)

    @property
    def line(self) -> str:
        """The entry as a line of a listing."""
        return f"{self.hash}  {self.size}  {self.name}\n"


def _ids(values: Any) -> tuple[str, ...]:  # Any: JSON from outside
    return tuple(check_id(value) for value in values)


@attrs.frozen(kw_only=True)
class Manifest:
    """Everything needed to publish the version again from its files; `version` is its id.

    `transaction` is the id of what was on its way: of the version, or of a representation that was added to it later.
    `path` is the product's path at the time, `entries` are all files, those of sets one by one. `about` is what the
    version says of itself: comment, tags, who made it and when. `members` are the ids of all versions that were
    published with it, its own among them; empty for one that was published alone.
    """

    version: str = attrs.field(converter=check_id)
    transaction: str = attrs.field(
        default=attrs.Factory(lambda manifest: manifest.version, takes_self=True), converter=check_id
    )
    project: str = attrs.field(converter=text.line)
    path: str = attrs.field(converter=text.line)
    number: int = attrs.field(validator=attrs.validators.instance_of(int))
    about: Mapping[str, Any] = attrs.field(factory=dict, validator=attrs.validators.instance_of(dict))  # Any: JSON
    members: tuple[str, ...] = attrs.field(default=(), converter=_ids)
    dependencies: tuple[AssetDependency, ...] = ()
    representations: tuple[Representation, ...] = ()
    entries: tuple[Entry, ...] = ()

    def to_bytes(self) -> bytes:
        """The manifest as it is written; equal manifests give equal bytes."""
        document = {
            "schema": SCHEMA,
            "version": self.version,
            "transaction": self.transaction,
            "project": self.project,
            "path": self.path,
            "number": self.number,
            "about": dict(self.about),
            "members": list(self.members),
            "dependencies": [wire.value(item) for item in self.dependencies],
            "representations": [{"id": item.id, **wire.dump(item)} for item in self.representations],
            "files": [attrs.asdict(entry) for entry in sorted(self.entries, key=lambda entry: entry.name)],
        }
        return (json.dumps(document, ensure_ascii=False, sort_keys=True, indent=1) + "\n").encode()

    @classmethod
    def from_bytes(cls, content: bytes) -> Manifest:
        """The manifest that was written.

        Raises:
            ValidationError: it is damaged, or newer than this code.
        """
        document = _document(content)
        try:
            return cls(
                version=document["version"],
                transaction=document["transaction"],
                project=document["project"],
                path=document["path"],
                number=document["number"],
                about=document["about"],
                members=document["members"],
                dependencies=_dependencies(document["version"], document["dependencies"]),
                representations=tuple(_representation(body) for body in document["representations"]),
                entries=_entries(document),
            )
        except (KeyError, TypeError) as error:
            raise _damaged(f"{error} is missing or wrong") from error


def entries_in(content: bytes) -> tuple[Entry, ...]:
    """The files that a manifest lists; what else it says is not looked at, which is most of the work.

    Raises:
        ValidationError: it is damaged, or newer than this code.
    """
    try:
        return _entries(_document(content))
    except (KeyError, TypeError) as error:
        raise _damaged(f"{error} is missing or wrong") from error


def digest(content: bytes) -> str:
    """The hash of a manifest, or of other content of our own making: ``sha256:`` and 64 hexadecimal digits.

    >>> digest(b"hero")[:15]
    'sha256:ae6c79d1'
    """
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


def listing_digest(entries: Iterable[Entry]) -> str:
    """The hash of a set of files: of the lines ``<hash>  <size>  <name>`` of each, sorted by name.

    It is made by the algorithm of the first file, as all of a set are, so that it tells what they were hashed by.

    Raises:
        ConfigurationError: that needs a library that is not installed.
    """
    listed = sorted(entries, key=operator.attrgetter("name"))
    hasher = digests.hasher_for(digests.algorithm_of(listed[0].hash if listed else ""))
    hasher.update("".join([entry.line for entry in listed]).encode())
    return digests.spell(hasher)


def _entries(document: Mapping[str, Any]) -> tuple[Entry, ...]:  # Any: JSON from outside
    return tuple([Entry(**entry) for entry in document["files"]])


def _dependencies(version: str, bodies: Any) -> tuple[AssetDependency, ...]:  # Any: JSON from outside
    """Dependencies are read as those of a version, by the one reader there is."""
    body = {"product": version, "dependencies": bodies}
    return cast("tuple[AssetDependency, ...]", wire.load("version", body).dependencies)  # type: ignore[attr-defined]  # a Version


def _representation(body: Mapping[str, Any]) -> Representation:
    fields = dict(body)
    return cast("Representation", wire.load("representation", fields, id=fields.pop("id")))


def _document(content: bytes) -> dict[str, Any]:
    try:
        document = json.loads(content)
    except ValueError as error:
        raise _damaged("it is no JSON") from error
    if not isinstance(document, dict):
        raise _damaged("it is no JSON object")
    schema = document.get("schema")
    if type(schema) is not int or not 1 <= schema <= SCHEMA:
        message = f"this manifest has the schema {schema}, known is up to {SCHEMA}"
        raise ValidationError(Issue("manifest.schema", message, hint="update bifrost-sdk"))
    return document


def _damaged(why: str) -> ValidationError:
    return ValidationError(Issue("manifest.damaged", f"the manifest cannot be read: {why}"))
