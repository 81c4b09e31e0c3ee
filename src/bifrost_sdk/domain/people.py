"""Who may do what: users, roles as data, teams, and memberships that give a role in a project."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import attrs

from bifrost_sdk.domain import codes, text
from bifrost_sdk.domain.entity import Entity, check_id, id_list, is_truth, optional_id, sibling_key
from bifrost_sdk.domain.registry import Relation, register
from bifrost_sdk.errors import Issue, ValidationError

#: The longest login, in code points.
LOGIN_LIMIT = 128

_PERMISSION = re.compile(r"(?:\*|[a-z][a-z_]*):(?:\*|[a-z][a-z0-9_]*)")


@register(
    "user",
    plural="users",
    natural_key=lambda user: codes.fold(user.login),
    search=("login", "name", "email"),
    immutable=frozenset({"login"}),
    scope="studio",
)
@attrs.frozen(kw_only=True)
class User(Entity):
    """A person or a service; `login` is the name the operating system or the studio's accounts know."""

    login: str = attrs.field(converter=text.line)
    name: str = attrs.field(default="", converter=text.line)
    email: str = attrs.field(default="", converter=text.line)
    active: bool = attrs.field(default=True, validator=is_truth)

    @login.validator
    def _check_login(self, _: Any, value: str) -> None:  # Any: the signature that attrs asks for
        if not value.strip() or len(value) > LOGIN_LIMIT:
            raise ValidationError(Issue("user.login", f"{value!r} is no login", "login"))


def _permissions(values: Any) -> tuple[str, ...]:  # Any: checked here
    found = text.tags(values)
    for permission in found:
        if not _PERMISSION.fullmatch(permission):
            hint = "write verb:kind, with * for all: create:asset, read:*"
            raise ValidationError(Issue("role.permission", f"{permission!r} is no permission", "permissions", "", hint))
    return found


@register("role", plural="roles", natural_key=sibling_key, search=("code", "name"), scope="studio")
@attrs.frozen(kw_only=True)
class Role(Entity):
    """A set of permissions, as data.

    A permission is ``verb:kind`` with ``*`` for all (``create:asset``, ``read:*``, ``*:*``); the verbs are read,
    create, update, delete, and those of the domain: publish, retire, purge, approve. `filters` narrows what may be
    read, kind by kind, as the document of a query's filter; what lies below a hidden thing is hidden too.
    """

    code: str = attrs.field(converter=codes.check_code)
    name: str = attrs.field(default="", converter=text.line)
    permissions: tuple[str, ...] = attrs.field(default=(), converter=_permissions)
    filters: Mapping[str, Any] = attrs.field(factory=dict, converter=text.json_object, hash=False)


@register(
    "team",
    plural="teams",
    relations=[Relation("members", targets=("user",), many=True, inverse="teams")],
    natural_key=sibling_key,
    search=("code", "name"),
    scope="studio",
)
@attrs.frozen(kw_only=True)
class Team(Entity):
    """Users who get memberships together."""

    code: str = attrs.field(converter=codes.check_code)
    name: str = attrs.field(default="", converter=text.line)
    members: tuple[str, ...] = attrs.field(default=(), converter=id_list)


@register(
    "membership",
    plural="memberships",
    relations=[
        Relation("user", targets=("user",), inverse="memberships"),
        Relation("team", targets=("team",), inverse="team_memberships"),
        Relation("role", targets=("role",), inverse="role_memberships"),
        Relation("of", targets=("project",), inverse="memberships_of"),
    ],
    natural_key=lambda membership: f"{membership.of}:{membership.user or membership.team}:{membership.role}",
    scope="studio",
)
@attrs.frozen(kw_only=True)
class Membership(Entity):
    """A user or a team has a role in the project `of`, or in every project where `of` is None."""

    user: str | None = attrs.field(default=None, converter=optional_id)
    team: str | None = attrs.field(default=None, converter=optional_id)
    role: str = attrs.field(converter=check_id)
    of: str | None = attrs.field(default=None, converter=optional_id)

    def __attrs_post_init__(self) -> None:
        if (self.user is None) == (self.team is None):
            raise ValidationError(Issue("membership.who", "give either a user or a team", "user"))
