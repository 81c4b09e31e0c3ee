"""Who may do and see what: roles as data, compiled to one set of permissions and one filter.

On an embedded catalog roles prevent mistakes, not access: whoever can read the file can read all of it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import attrs

from bifrost_sdk.domain.expansion import expand_filter
from bifrost_sdk.domain.people import Role
from bifrost_sdk.domain.query import EVERYTHING, NOTHING, All, AnyOf, Compare, Filter, Gated, Lineage, Not
from bifrost_sdk.domain.query_documents import filter_from_document

#: What a permission may ask for, in front of ``:kind``.
VERBS = ("read", "create", "update", "delete", "publish", "approve", "retire", "purge")

# The most gates that can follow each other: from an event to a link, to a casting and to its asset.
_GATES = 3

_PUBLISHING = (
    "create:product",
    "create:version",
    "update:version",
    "publish:version",
    "create:representation",
    "create:workfile",
    "update:workfile",
    "create:link",
    "update:link",
    "delete:link",
)
_PLANNING = tuple(
    f"{verb}:{kind}"
    for kind in ("asset_type", "asset", "episode", "sequence", "shot", "shot_asset", "task", "product")
    for verb in ("create", "update", "delete")
)
_DECIDING = ("approve:version", "retire:version", "update:asset", "update:shot", "update:sequence", "update:episode")

#: The roles a new catalog begins with: code -> (name, permissions). They are data and may be changed.
BUILTIN_ROLES: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "owner": ("Owner", ("*:*",)),
    "admin": (
        "Administrator",
        ("read:*", "create:*", "update:*", "delete:*", "publish:*", "approve:*", "retire:*", "purge:*"),
    ),
    "director": ("Director", ("read:*", "update:task", *_PUBLISHING, *_DECIDING)),
    "supervisor": ("Supervisor", ("read:*", *_PUBLISHING, *_PLANNING, *_DECIDING)),
    "lead": ("Lead", ("read:*", *_PUBLISHING, *_PLANNING, "retire:version")),
    "artist": ("Artist", ("read:*", *_PUBLISHING, "update:task")),
    "editor": (
        "Editor",
        (
            "read:*",
            *_PUBLISHING,
            *(permission for permission in _PLANNING if permission.split(":")[1] in ("episode", "sequence", "shot")),
        ),
    ),
    "viewer": ("Viewer", ("read:*",)),
}


@attrs.frozen
class Access:
    """What one actor may do in one project. `visible` narrows every read; `EVERYTHING` where nothing is hidden."""

    login: str
    permissions: frozenset[str]
    visible: Filter = EVERYTHING

    @property
    def is_unrestricted(self) -> bool:
        """Nothing of the project is hidden."""
        return self.visible == EVERYTHING

    @property
    def is_closed(self) -> bool:
        """All of the project is hidden, itself included."""
        return self.visible == NOTHING

    def allows(self, verb: str, kind: str) -> bool:
        """Whether ``verb:kind`` is held, directly or by a wildcard."""
        held = self.permissions
        return f"{verb}:{kind}" in held or f"{verb}:*" in held or "*:*" in held or f"*:{kind}" in held


def everything(login: str) -> Access:
    """The access of the library itself."""
    return Access(login, frozenset({"*:*"}))


def compile_roles(login: str, roles: Sequence[Role]) -> Access:
    """The access that these roles give together: any permission of any role, all that any role may see."""
    if not roles:
        return Access(login, frozenset(), NOTHING)
    permissions = frozenset(permission for role in roles for permission in role.permissions)
    return Access(login, permissions, any_of(_seen_by(role) for role in roles))


def limited_to(filters: Mapping[str, Filter]) -> Filter:
    """What is visible when only the given kinds can be seen, each where its filter holds."""
    return _lineage([Compare(("kind",), "in", tuple(filters)), *_guards(filters)])


def any_of(filters: Iterable[Filter]) -> Filter:
    """One filter that holds where any of these does, simplified."""
    kept = tuple(dict.fromkeys(filter for filter in filters if filter != NOTHING))
    if EVERYTHING in kept:
        return EVERYTHING
    return kept[0] if len(kept) == 1 else AnyOf(kept)


def all_of(*filters: Filter) -> Filter:
    """One filter that holds where all of these do, simplified."""
    kept = tuple(filter for filter in filters if filter != EVERYTHING)
    if NOTHING in kept:
        return NOTHING
    return kept[0] if len(kept) == 1 else All(kept)


def _seen_by(role: Role) -> Filter:
    access = Access("", frozenset(role.permissions))
    narrowed = {kind: expand_filter((kind,), filter_from_document(item)) for kind, item in role.filters.items()}
    conditions = _guards(narrowed)
    if not access.allows("read", "*"):
        readable = {
            permission.split(":")[1] for permission in role.permissions if permission.startswith(("read:", "*:"))
        }
        if not readable:
            return NOTHING
        conditions.insert(0, Compare(("kind",), "in", tuple(sorted(readable | {"project"}))))
    return _lineage(conditions) if conditions else EVERYTHING


def _guards(filters: Mapping[str, Filter]) -> list[Filter]:
    return [AnyOf((Not(Compare(("kind",), "eq", kind)), filter)) for kind, filter in filters.items()]


def _lineage(conditions: Sequence[Filter]) -> Filter:
    """Visible is what fulfils the conditions with all that contains it, and so do the ends of its gating relations."""
    chain = Lineage(all_of(*conditions))
    seen: Filter = chain
    for _ in range(_GATES):
        seen = All((chain, Gated(seen)))
    return seen
