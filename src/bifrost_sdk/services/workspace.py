"""What a new workspace begins with: its file, its roles, its first user and its project."""

from __future__ import annotations

import json
import os
from pathlib import Path

from bifrost_sdk.domain.access import BUILTIN_ROLES
from bifrost_sdk.domain.changes import Change, Ensure
from bifrost_sdk.domain.people import Membership, Role, User
from bifrost_sdk.domain.production import STUDIO
from bifrost_sdk.domain.query import Query
from bifrost_sdk.errors import NotFoundError, StorageError
from bifrost_sdk.services.configuration import WORKSPACE_FILE
from bifrost_sdk.services.context import Context

#: The role of whoever sets a catalog up, in every project.
FIRST_ROLE = "owner"

#: The file in the folder of a root that tells it from the empty place where a share would be mounted.
SENTINEL = ".bifrost-root"

#: What lies in the folder of a root for the library's own use.
OWN_NAMES = frozenset({SENTINEL, ".bifrost"})

_SENTINEL_TEXT = """\
Bifrost SDK knows by this file that the folder is there, and not only the place where its share would be mounted.
Leave it here: without it nothing is applied of what a scan of this root finds.
"""

_TEXT = """\
# A workspace of Bifrost SDK. What is written here holds for everybody who opens this folder; each line can be left
# out. Stronger than this file are the user's own file, variables (BIFROST_SDK_USER, …) and arguments of connect().

# The catalog: a file, relative to this one, or a URL.
catalog: catalog.sqlite

# The project that is meant where none is named.
{project}

# Where files lie, by name: one folder, relative to this file, or one for each platform, such as
#   publish: {{linux: /mnt/shows, macos: /Volumes/shows, windows: 'P:\\shows'}}
roots:
  publish: publish
  work: work
"""


def set_up(context: Context) -> None:
    """Give a catalog without users the built-in roles and the actor as its first owner; else change nothing.

    `context` is that of the library itself, since nobody may do anything yet.
    """
    try:
        users = context.find(Query("user", project=STUDIO).count()).count
    except NotFoundError:
        users = 0
    if users:
        return
    roles = [
        Role(id=context.new_id(), code=code, name=name, permissions=permissions)
        for code, (name, permissions) in BUILTIN_ROLES.items()
    ]
    first = next(role for role in roles if role.code == FIRST_ROLE)
    user = User(id=context.new_id(), login=context.actor.login)
    membership = Membership(id=context.new_id(), user=user.id, role=first.id)
    changes: list[Change] = [Ensure(entity) for entity in (*roles, user, membership)]
    context.commit(STUDIO, changes, comment="set up")


def make_folder(folder: Path) -> None:
    """The folder, made where it is missing.

    Raises:
        StorageError: when something else has its name, or it may not be made.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StorageError(
            f"{folder} cannot be made a folder: {error.strerror}", path=str(folder), reason=str(error)
        ) from error


def make_root(folder: Path) -> None:
    """The folder of a root, made and marked where it is missing; one that is there stays as it is.

    Raises:
        StorageError: when something else has its name, or it may not be made.
    """
    if not os.path.isdir(folder):  # noqa: PTH112 - Path.is_dir raises where it may not look
        make_folder(folder)
        mark_root(folder)


def mark_root(folder: Path) -> bool:
    """Put the sentinel into the folder of a root, which must be there; False when it was there already.

    Raises:
        StorageError: when it cannot be written.
    """
    path = folder / SENTINEL
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(_SENTINEL_TEXT)
    except FileExistsError:
        return False
    except OSError as error:
        raise StorageError(f"{path} cannot be written: {error.strerror}", path=str(path), reason=str(error)) from error
    return True


def is_marked(folder: Path) -> bool:
    """Whether the folder of a root holds its sentinel."""
    try:
        return (folder / SENTINEL).is_file()
    except OSError:  # whatever cannot be looked at is not there for us
        return False


def write_file(folder: Path, project: str | None) -> None:
    """The commented ``bifrost.yaml``, unless the folder has one.

    Raises:
        StorageError: when it cannot be written.
    """
    line = f"project: {json.dumps(project)}" if project else '# project: "demo"'
    path = folder / WORKSPACE_FILE
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(_TEXT.format(project=line))
    except FileExistsError:
        return
    except OSError as error:
        raise StorageError(f"{path} cannot be written: {error.strerror}", path=str(path), reason=str(error)) from error
