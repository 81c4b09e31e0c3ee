"""What is looked at of a catalog: who asks and what they may see, what is stuck, and whether its clock goes right."""

from __future__ import annotations

import datetime
from collections.abc import Iterator

from bifrost_sdk.cli.checks import Check
from bifrost_sdk.domain.query import Query
from bifrost_sdk.errors import BifrostError, NotFoundError
from bifrost_sdk.session import Session

#: A commit that is further ahead of this machine's clock is told, in seconds.
AHEAD = 5.0


def checks(session: Session) -> Iterator[Check]:
    """Everything about an open catalog."""
    projects = session.projects.list()
    yield Check("fine", "projects", ", ".join(each.code for each in projects) or "none yet")
    yield from _user(session)
    default = session.context.project
    if default is not None and default not in {each.code for each in projects}:
        advice = "bifrost project list tells which there are; bifrost config set project CODE"
        yield Check("wrong", "project", f"the default project {default} is not there, or hidden from you", advice)
    for project in projects:
        try:
            yield from _reservations(session, project.code)
            yield from _clock(session, project.code)
            if project.state == "active":
                yield from _followers(session, project.code)
        except BifrostError as error:
            yield Check("warning", project.code, str(error))


def _user(session: Session) -> Iterator[Check]:
    login = session.context.actor.login
    try:
        user = session.users.me()
    except NotFoundError:
        advice = "ask an admin to add you, or set BIFROST_SDK_USER to the login that the catalog knows"
        yield Check("warning", "user", f"the catalog knows no {login}", advice)
        return
    if not user.active:
        yield Check("wrong", "user", f"{login} is not active any more", "ask an admin")


def _reservations(session: Session, project: str) -> Iterator[Check]:
    now = session.context.clock()
    query = Query("version", project=project).where(state="reserved", lease_until__lt=now)
    count = session.find(query.count()).count or 0
    if count:
        finding = f"{count:,} publishes were interrupted and hold their numbers"
        yield Check("warning", project, finding, f"bifrost recover -p {project}")


def _clock(session: Session, project: str) -> Iterator[Check]:
    last = next(iter(session.find(Query("event", project=project).sort("-revision").limit(1))), None)
    ahead = last and last.created_at and last.created_at - session.context.clock()
    if ahead and ahead > datetime.timedelta(seconds=AHEAD):
        finding = f"the last commit is {ahead.total_seconds():.0f} s ahead of this machine's clock"
        yield Check("wrong", project, finding, "set the clocks of all machines by one server (NTP)")


def _followers(session: Session, project: str) -> Iterator[Check]:
    for state in session.followers.list(project):
        subject = f"follower {state.follower}"
        if state.error:
            yield Check("wrong", subject, state.error, "mend it, or take it out of the settings")
        elif state.parked:
            finding = f"{len(state.parked):,} versions of {project} were given up"
            yield Check("warning", subject, finding, f"bifrost followers run --retry -p {project}")
        elif state.head > state.revision:
            finding = f"{state.head - state.revision:,} revisions of {project} behind"
            yield Check("note", subject, finding, f"bifrost followers run -p {project}")
