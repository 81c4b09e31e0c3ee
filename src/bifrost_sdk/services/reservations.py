"""Numbers held for versions that are on their way: taken, renewed, and then published or abandoned, exactly one.

Each step is one commit that expects the versions as they were last seen. So of two who think that they hold them, only
one gets through, and only who got the abandon through may remove files. Versions of one set take each step together.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TypeAlias, cast

import attrs

from bifrost_sdk.domain.changes import Change, Create, Ensure, Update
from bifrost_sdk.domain.codes import fold
from bifrost_sdk.domain.versions import Product, Representation, Version
from bifrost_sdk.errors import BifrostError, ConflictError
from bifrost_sdk.services.context import Context
from bifrost_sdk.services.manifests import Manifest

#: What is to be reserved: a product, and its next version.
Wanted: TypeAlias = tuple[Product, Version]

# What a publisher says of a version before it is reserved.
_ASKED = ("comment", "description", "tags", "metadata", "source", "task", "status")


@attrs.define
class Reservation:
    """Reserved versions of one project; `versions` are as they were last seen, at least one."""

    context: Context
    versions: list[Version]
    repeated: bool = False

    @classmethod
    def take(
        cls, context: Context, wanted: Iterable[tuple[Product, Version]], *, key: str | None = None
    ) -> Reservation:
        """Reserve the next number of each product, which is made when it is new; all in one commit.

        With a `key` that was used before, `versions` are those of that time, as they stand now, and `repeated` is set:
        also when others were to lie elsewhere, since a node was renamed or a template changed meanwhile.
        """
        wanted = list(wanted)
        changes: list[Change] = [change for product, version in wanted for change in (Ensure(product), Create(version))]
        first = cast("Create", changes[1]).entity
        try:
            commit = context.commit(first.project, changes, key=key or f"publish:{first.id}:reserve")
        except ConflictError:
            if key is None or not (kept := _made_before(context, first.project, wanted)):
                raise
            return cls(context, kept, repeated=True)
        held = cls(context, _versions(commit.entities[1::2]), repeated=commit.repeated and key is not None)
        if held.repeated:
            held.versions = held.look()
        return held

    @property
    def name(self) -> str:
        """The references of the versions, for a message."""
        return ", ".join(version.ref for version in self.versions)

    @property
    def lease(self) -> int:
        """The shortest lease, in seconds."""
        return min(version.lease for version in self.versions)

    def look(self) -> list[Version]:
        """The versions as they stand now."""
        found = self.context.catalog.get(self._project, [version.id for version in self.versions])
        for answer in found:
            if isinstance(answer, BifrostError):
                raise answer
        return _versions(found)

    def renew(self) -> None:
        """Hold them for another lease from now.

        Raises:
            ConflictError: one was lost: somebody recovered it after the lease had run out.
        """
        key = f"renew:{self.context.new_id()}"  # two who try at once must not both succeed
        self._write(key, [self._update(version, {"lease_until": None}) for version in self.versions])

    def finalise(self, manifests: Sequence[tuple[Manifest, str]]) -> list[Version]:
        """Publish them: states, dependencies and representations of all become visible together.

        `manifests` are those of the versions, in order, each with its hash; empty where the files have none.
        """
        changes: list[Change] = []
        for version, (manifest, digest) in zip(self.versions, manifests, strict=True):
            fields = {"state": "published", "manifest": digest, "dependencies": manifest.dependencies}
            changes.append(self._update(version, fields))
        shown: list[Representation] = [each for manifest, _ in manifests for each in manifest.representations]
        return self._write("finalise", [*changes, *map(Create, shown)])

    def abandon(self) -> None:
        """Give the numbers up for good; nobody else can publish one of them after this.

        Raises:
            ConflictError: somebody else published, abandoned or renewed one.
        """
        self._write("abandon", [self._update(version, {"state": "abandoned"}) for version in self.versions])

    @property
    def _project(self) -> str:
        return self.versions[0].project

    def _update(self, version: Version, fields: Mapping[str, object]) -> Update:
        return Update(version.id, fields, expected=version.revision)

    def _write(self, step: str, changes: Sequence[Change]) -> list[Version]:
        commit = self.context.commit(self._project, changes, key=f"publish:{self.versions[0].id}:{step}")
        self.versions = _versions(commit.entities[: len(self.versions)])
        return self.versions


def _made_before(context: Context, project: str, wanted: Sequence[Wanted]) -> list[Version]:
    """The versions that have these ids already, which are those of a key; none unless all were asked for like these."""
    answers = context.catalog.get(project, [version.id for _, version in wanted])
    kept = [each for each in answers if isinstance(each, Version)]
    if len(kept) < len(wanted):
        return []
    above = context.catalog.get(project, [each.product for each in kept])
    asked = zip(wanted, kept, above, strict=True)
    return kept if all(_is_alike(*each, found, holder) for each, found, holder in asked) else []


def _is_alike(product: Product, version: Version, kept: Version, above: object) -> bool:
    """Whether a version was asked for by the same words; where it lies is not the asker's choice."""
    is_of_it = isinstance(above, Product) and (above.parent, fold(above.code)) == (product.parent, fold(product.code))
    return is_of_it and all(getattr(version, name) == getattr(kept, name) for name in _ASKED)


def _versions(entities: Iterable[object]) -> list[Version]:
    return [cast("Version", entity) for entity in entities]


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
