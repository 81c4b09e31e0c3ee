"""People, teams, and the roles that they have in projects."""

from __future__ import annotations

import builtins
from collections.abc import Iterable
from typing import Any

from bifrost_sdk.domain.changes import Create, Delete, Ensure
from bifrost_sdk.domain.people import Membership, Role, Team, User
from bifrost_sdk.domain.production import STUDIO
from bifrost_sdk.domain.query import Query
from bifrost_sdk.errors import NotFoundError
from bifrost_sdk.services.context import Item, last_of
from bifrost_sdk.services.entities import Entities


class Users(Entities[User]):
    """Everybody whom the catalog knows.

    >>> import bifrost_sdk as bf
    >>> with bf.connect(bf.init("shows", project="demo")) as session:
    ...     anna = session.users.create("anna", name="Anna")
    ...     _ = session.users.grant(anna, "artist", project="demo")
    ...     [role.code for role in session.users.roles(anna, project="demo")]
    ['artist']
    """

    cls = User

    def me(self) -> User:
        """The user who asks.

        Raises:
            NotFoundError: when the catalog does not know the login yet.
        """
        return self.get(self.context.actor.login)

    def get(self, item: Item) -> User:
        """The user by login, id, reference or entity.

        Raises:
            NotFoundError: when there is none.
        """
        return self.context.take(User, f"bifrost://{STUDIO}/~{self._id(item)}")

    def create(self, login: str, **fields: Any) -> User:
        """A new user; `fields` are those of `User`."""
        return self._add(STUDIO, self.context.make(User, STUDIO, {**fields, "login": login}))

    def ensure(self, login: str, **fields: Any) -> User:
        """The user with that login as they are, else a new one with these fields."""
        return self._add(STUDIO, self.context.make(User, STUDIO, {**fields, "login": login}), ensure=True)

    def update(self, item: Item, **fields: Any) -> User:
        """New values for some fields, e.g. ``active=False`` for somebody who left."""
        return super().update(item if isinstance(item, User) else self.get(item).id, **fields)

    def team(self, code: str, *, members: Iterable[Item] | None = None) -> Team:
        """The team of that code, made where it is missing; `members` replaces who belongs to it."""
        team = Team(id=self.context.new_id(), code=code)
        found = last_of(self.context.commit(STUDIO, [Ensure(team)]), Team)
        if members is None:
            return found
        return _Teams(self.context).update(found, members=[self._id(user) for user in members])

    def grant(self, who: Item, role: Item, *, project: Item | None = None) -> Membership:
        """Give a user (by login, …) or a `Team` a role (by code, …) in a project; none: in every project."""
        return last_of(self.context.commit(STUDIO, [Ensure(self._membership(who, role, project))]), Membership)

    def revoke(self, who: Item, role: Item, *, project: Item | None = None) -> None:
        """Take back what `grant` gave.

        Raises:
            NotFoundError: when they do not have that role there.
        """
        wanted = self._membership(who, role, project)
        query = Query("membership", project=STUDIO)
        for found in self.context.find(query.where(user=wanted.user, team=wanted.team, role=wanted.role, of=wanted.of)):
            self.context.commit(STUDIO, [Delete(found.id, found.revision)])
            return
        raise NotFoundError(str(getattr(who, "login", who)), reason=f"they do not have the role {role} there")

    def roles(self, who: Item, *, project: Item | None = None) -> builtins.list[Role]:
        """The roles that a user has in a project, teams and studio-wide roles included; none: the studio-wide ones."""
        user = self._id(who)
        teams = [team.id for team in self.context.every(Query("team", project=STUDIO).where(members=user))]
        of = {None} if project is None else {None, self.context.project_of(project).id}
        found = [
            membership.role
            for membership in self.context.every(Query("membership", project=STUDIO))
            if membership.of in of and (membership.user == user or membership.team in teams)
        ]
        return self.context.every(Query("role", project=STUDIO).where(id__in=found).sort("code")) if found else []

    def create_role(self, code: str, *, permissions: Iterable[str], **fields: Any) -> Role:
        """A new role with these permissions (``create:asset``, ``read:*``); `fields` are those of `Role`."""
        role = self.context.make(Role, STUDIO, {**fields, "code": code, "permissions": tuple(permissions)})
        return last_of(self.context.commit(STUDIO, [Create(role)]), Role)

    def _id(self, who: Item) -> str:
        return self.context.named("user", STUDIO, who, by="login")

    def _membership(self, who: Item, role: Item, project: Item | None) -> Membership:
        return Membership(
            id=self.context.new_id(),
            user=None if isinstance(who, Team) else self._id(who),
            team=who.id if isinstance(who, Team) else None,
            role=self.context.named("role", STUDIO, role),
            of=None if project is None else self.context.project_of(project).id,
        )


class _Teams(Entities[Team]):
    cls = Team
