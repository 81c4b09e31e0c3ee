"""Who an actor is in a project: memberships and roles of the studio, compiled and kept while they stand still."""

from __future__ import annotations

from collections.abc import Iterable

import attrs

from bifrost_sdk.domain import codes, registry
from bifrost_sdk.domain.access import Access, any_of, compile_roles, everything, limited_to
from bifrost_sdk.domain.entity import Entity
from bifrost_sdk.domain.people import Membership, Role, User
from bifrost_sdk.domain.production import STUDIO, Project
from bifrost_sdk.domain.query import EVERYTHING, All, Compare, Filter, Query
from bifrost_sdk.errors import NotFoundError, PermissionDeniedError
from bifrost_sdk.ports import Actor, Transaction

_PAGE = 1_000


@attrs.frozen
class Studio:
    """The people and projects of the studio at one revision, small enough to be held whole."""

    revision: int
    users: dict[str, User]
    roles: dict[str, Role]
    projects: dict[str, Project]
    memberships: tuple[Membership, ...]
    teams: dict[str, frozenset[str]]


@attrs.define
class Rulings:
    """What everybody may do, by one state of the studio; worked out when first asked."""

    studio: Studio
    _compiled: dict[tuple[Actor, str], Access] = attrs.field(factory=dict)
    _all_seeing: dict[Actor, bool] = attrs.field(factory=dict)
    _everywhere: dict[Actor, Filter] = attrs.field(factory=dict)

    def access(self, actor: Actor, project: str) -> Access:
        """What the actor may do in the project; a closed access where there is no such project."""
        found = self._compiled.get((actor, project))
        if found is None:
            found = _compile(self.studio, actor, project)
            if project == STUDIO or project in self.studio.projects:  # names are invented without end
                self._compiled[actor, project] = found
        return found

    def open(self, actor: Actor, project: str) -> Access:
        """Like `access`, of a project that the actor may know of.

        Raises:
            NotFoundError: when there is no such project, or all of it is hidden from the actor.
        """
        found = self.access(actor, project)
        if found.is_closed:
            raise _no_project(self.studio, actor, project)
        return found

    def sees_all(self, actor: Actor) -> bool:
        """Whether nothing of any project is hidden from the actor."""
        known = self._all_seeing.get(actor)
        if known is None:
            projects = (STUDIO, *self.studio.projects)
            known = all(self.access(actor, project).is_unrestricted for project in projects)
            self._all_seeing[actor] = known
        return known

    def everywhere(self, actor: Actor) -> Filter:
        """What the actor may see of whichever project: what relations that leave a project are narrowed by."""
        found = self._everywhere.get(actor)
        if found is None:
            found = EVERYTHING if self.sees_all(actor) else self._of_all_projects(actor)
            self._everywhere[actor] = found
        return found

    def within(self, actor: Actor) -> Filter:
        """That something lies in a project of which the actor sees at least a part."""
        codes_seen = tuple(code for code in (STUDIO, *self.studio.projects) if not self.access(actor, code).is_closed)
        return Compare(("project",), "in", codes_seen)

    def _of_all_projects(self, actor: Actor) -> Filter:
        accesses = {code: self.access(actor, code) for code in (STUDIO, *self.studio.projects)}
        whole = tuple(code for code, access in accesses.items() if access.is_unrestricted)
        parts: list[Filter] = [Compare(("project",), "in", whole)]
        for code, access in accesses.items():
            if not (access.is_unrestricted or access.is_closed):
                parts.append(All((Compare(("project",), "eq", code), access.visible)))
        return any_of(parts)


class Policy:
    """Keeps the rulings of today's studio."""

    def __init__(self) -> None:
        self._rulings = Rulings(Studio(0, {}, {}, {}, (), {}))

    def rulings(self, transaction: Transaction) -> Rulings:
        """Those that hold in this transaction; the studio is read again only after it changed."""
        known = self._rulings
        try:
            revision = transaction.head(STUDIO)[0]
        except NotFoundError:  # a catalog that nobody has set up yet
            return known
        if known.studio.revision != revision:
            known = self._rulings = Rulings(_read(transaction, revision))
        return known


def demand(access: Access, verb: str, kind: str, project: str) -> None:
    """Nothing, when ``verb:kind`` is held.

    Raises:
        PermissionDeniedError: when it is not.
    """
    if not access.allows(verb, kind):
        raise PermissionDeniedError(f"{verb}:{kind}", actor=access.login, project=project)


def _compile(studio: Studio, actor: Actor, project: str) -> Access:
    if actor.system:
        known = project == STUDIO or project in studio.projects
        return everything(actor.login) if known else compile_roles(actor.login, ())
    user = studio.users.get(codes.fold(actor.login))
    if user is not None and not user.active:
        return compile_roles(actor.login, ())
    if project == STUDIO:
        return _studio_access(studio, actor, user)
    return compile_roles(actor.login, _roles(studio, user, project))


def _roles(studio: Studio, user: User | None, project: str) -> list[Role]:
    found = studio.projects.get(project)
    if found is None:
        return []
    ids = _studio_roles(studio, user) | {
        item.role for item in studio.memberships if item.of == found.id and _is_of(studio, item, user)
    }
    if not ids and found.default_role is not None:
        ids.add(found.default_role)
    return [studio.roles[id] for id in sorted(ids) if id in studio.roles]


def _studio_roles(studio: Studio, user: User | None) -> set[str]:
    return {item.role for item in studio.memberships if item.of is None and _is_of(studio, item, user)}


def _is_of(studio: Studio, membership: Membership, user: User | None) -> bool:
    if user is None:
        return False
    if membership.user is not None:
        return membership.user == user.id
    return user.id in studio.teams.get(membership.team or "", frozenset())


def _studio_access(studio: Studio, actor: Actor, user: User | None) -> Access:
    """Studio-wide roles rule the studio; everybody else sees people, roles and the projects that are open to them."""
    roles = [studio.roles[id] for id in sorted(_studio_roles(studio, user)) if id in studio.roles]
    wide = compile_roles(actor.login, roles)
    codes_seen = [code for code in studio.projects if _roles(studio, user, code)]
    if not codes_seen and user is None:
        return wide
    projects = Compare(("id",), "in", tuple(studio.projects[code].id for code in codes_seen))
    own = Compare(("user",), "eq", user.id) if user else Compare(("id",), "in", ())
    kinds = tuple(kind for kind in registry.kinds() if registry.entity_type(kind).scope in (STUDIO, "any"))
    keys = Compare(("login",), "eq", user.login) if user else Compare(("id",), "in", ())
    of_studio = Compare(("subject_kind",), "in", kinds)
    everybody = limited_to(
        {
            **dict.fromkeys(kinds, EVERYTHING),
            "project": projects,
            "membership": own,
            "api_key": keys,
            "event": of_studio,
        }
    )
    return Access(actor.login, wide.permissions, any_of((wide.visible, everybody)))


def _read(transaction: Transaction, revision: int) -> Studio:
    def every(kind: str) -> Iterable[Entity]:
        offset = None
        while True:
            found = transaction.select(Query(kind, project=STUDIO, size=_PAGE), offset=offset)
            yield from (record.entity() for record in found.records)
            offset = found.last
            if offset is None:
                return

    users = {codes.fold(user.login): user for user in every("user")}  # type: ignore[attr-defined]  # of that kind
    return Studio(
        revision,
        users,  # type: ignore[arg-type]  # of that kind
        {role.id: role for role in every("role")},  # type: ignore[misc]  # of that kind
        {project.code: project for project in every("project")},  # type: ignore[attr-defined,misc]  # of that kind
        tuple(every("membership")),  # type: ignore[arg-type]  # of that kind
        {team.id: frozenset(team.members) for team in every("team")},  # type: ignore[attr-defined]  # of that kind
    )


def _no_project(studio: Studio, actor: Actor, project: str) -> NotFoundError:
    user = studio.users.get(codes.fold(actor.login))
    seen = [code for code in sorted(studio.projects) if actor.system or _roles(studio, user, code)]
    suggestions = [f"bifrost://{code}" for code in seen if code[:1] == project[:1]] or [
        f"bifrost://{code}" for code in seen
    ]
    return NotFoundError(f"bifrost://{project}", suggestions=suggestions[:3], reason="there is no such project")
