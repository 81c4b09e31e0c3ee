"""A number held for a version that is on its way: taken, renewed, and then published or abandoned, exactly one.

Each step is one commit that expects the version as it was last seen. So of two who think that they hold it, only one
gets through, and only who got the abandon through may remove files.
"""

from __future__ import annotations

from typing import cast

import attrs

from bifrost_sdk.domain.changes import Change, Create, Ensure, Update
from bifrost_sdk.domain.versions import Product, Version
from bifrost_sdk.errors import BifrostError, ConflictError
from bifrost_sdk.services.context import Context
from bifrost_sdk.services.manifests import Manifest


@attrs.define
class Reservation:
    """A reserved version in the catalog; `version` is how it was last seen."""

    context: Context
    version: Version
    repeated: bool = False

    @classmethod
    def take(cls, context: Context, product: Product, version: Version, *, key: str | None = None) -> Reservation:
        """Reserve the next number of a product, which is made when it is new; all in one commit.

        With a `key` that was used before, `version` is the one of that time, as it stands now, and `repeated` is set.
        """
        changes: list[Change] = [Ensure(product), Create(version)]
        commit = context.commit(version.project, changes, key=key or f"publish:{version.id}:reserve")
        held = cls(context, cast("Version", commit.entities[1]), repeated=commit.repeated and key is not None)
        if held.repeated:
            held.version = held.look()
        return held

    def look(self) -> Version:
        """The version as it stands now."""
        (found,) = self.context.catalog.get(self.version.project, [self.version.id])
        if isinstance(found, BifrostError):
            raise found
        return cast("Version", found)

    def renew(self) -> None:
        """Hold it for another lease from now.

        Raises:
            ConflictError: it was lost: somebody recovered it after the lease had run out.
        """
        key = f"publish:{self.version.id}:renew:{self.context.new_id()}"  # two who try at once must not both succeed
        self._write({"lease_until": None}, key)  # the authority sets it by its own clock

    def finalise(self, manifest: Manifest, digest: str) -> Version:
        """Publish it: state, dependencies and representations become visible together."""
        fields: dict[str, object] = {"state": "published", "manifest": digest, "dependencies": manifest.dependencies}
        changes: list[Change] = [
            Update(self.version.id, fields, expected=self.version.revision),
            *(Create(representation) for representation in manifest.representations),
        ]
        commit = self.context.commit(self.version.project, changes, key=f"publish:{self.version.id}:finalise")
        self.version = cast("Version", commit.entities[0])
        return self.version

    def abandon(self) -> None:
        """Give the number up for good; nobody else can publish it after this.

        Raises:
            ConflictError: somebody else published, abandoned or renewed it.
        """
        self._write({"state": "abandoned"}, f"publish:{self.version.id}:abandon")

    def _write(self, fields: dict[str, object], key: str) -> None:
        change = Update(self.version.id, fields, expected=self.version.revision)
        commit = self.context.commit(self.version.project, [change], key=key)
        self.version = cast("Version", commit.entities[0])


def refuse_unpublished(version: Version, key: str) -> Version:
    """The version that was published earlier under this key.

    Raises:
        ConflictError: it is not published.
    """
    if version.state in {"published", "retired"}:
        return version
    if version.state == "reserved":
        what = "is being published under this key; wait for it, or recover when its lease has run out"
    else:
        what = f"was {version.state} under this key; publish with a new one"
    raise ConflictError(f"{version.ref} {what} (key {key!r})", blockers=[version.ref])
