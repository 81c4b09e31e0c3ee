"""What is looked at of a workspace: its settings, the place of its catalog, and the folders of its roots."""

from __future__ import annotations

import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from bifrost_sdk.adapters.sqlite.filesystem import network_type
from bifrost_sdk.cli.checks import Check
from bifrost_sdk.cli.command import Call
from bifrost_sdk.errors import ConfigurationError
from bifrost_sdk.services import configuration, workspace
from bifrost_sdk.services.configuration import Settings
from bifrost_sdk.session import opening

#: Less room than this on a disk is told, in bytes.
LEAST = 2 << 30

#: A file server whose clock differs by more is told, in seconds.
DRIFT = 2.0


def settings_of(call: Call) -> Settings:
    """The settings that hold for the workspace that is meant.

    Raises:
        ConfigurationError: when there is none, or they cannot be understood.
    """
    folder, url = opening.locate(call.workspace or os.environ.get("BIFROST_SDK_URL"))
    return configuration.load(folder, explicit={"project": call.project, "catalog": url})


def checks(settings: Settings) -> Iterator[Check]:
    """Everything about the workspace that can be seen without its catalog."""
    yield Check("fine", "workspace", f"{settings.folder}, as {settings.user}")
    yield from _catalog_place(settings)
    for name, folder in settings.roots().items():
        yield from root(name, folder)
    for name in sorted({each.removeprefix("roots.") for each in settings.values if each.startswith("roots.")}):
        if name not in settings.roots():
            advice = f"bifrost config set roots.{name} FOLDER, if its files are needed here"
            yield Check("note", f"root {name}", "has no folder on this machine", advice)


def root(name: str, folder: Path) -> Iterator[Check]:
    """The folder of a root: there, ours, to be written, with room and a clock that goes right."""
    subject = f"root {name}"
    if not os.path.isdir(folder):  # noqa: PTH112 - Path.is_dir raises where it may not look
        yield Check("wrong", subject, f"there is no folder {folder}", "mount it, or make it")
        return
    if not workspace.is_marked(folder):
        advice = f"bifrost sync mark {name}, if this is the right folder and not only where it would be mounted"
        yield Check("warning", subject, f"{folder} has no sentinel", advice)
    try:
        with tempfile.TemporaryFile(dir=folder) as file:
            file.write(b"\0")
            file.flush()
            drift = os.fstat(file.fileno()).st_mtime - time.time()
    except OSError as error:
        advice = "ask for the permission to write there, if you publish"
        yield Check("warning", subject, f"{folder} cannot be written: {error.strerror}", advice)
    else:
        yield Check("fine", subject, str(folder))
        if abs(drift) > DRIFT:
            finding = f"the clock of {folder} is {abs(drift):.0f} s {'ahead' if drift > 0 else 'behind'}"
            yield Check("warning", subject, finding, "set both clocks by one server (NTP)")
    yield from room(subject, folder)


def room(subject: str, folder: Path) -> Iterator[Check]:
    """Whether a disk has room."""
    try:
        free = shutil.disk_usage(folder).free
    except OSError as error:
        yield Check("warning", subject, f"{folder}: {error.strerror}", "check that its disk is there")
        return
    if free < LEAST:
        advice = "make room: bifrost purge removes the files of retired versions"
        yield Check("warning", subject, f"only {free / 1e9:.1f} GB are free below {folder}", advice)


def _catalog_place(settings: Settings) -> Iterator[Check]:
    if opening.is_served(settings):
        yield Check("fine", "catalog", f"a server keeps it: {settings['catalog'].value}")
        return
    try:
        path = opening.catalog_file(settings)
    except ConfigurationError as error:
        yield Check("wrong", "catalog", str(error))
        return
    if network := network_type(path):
        advice = "put the catalog on a local disk, or use a server"
        yield Check("wrong", "catalog", f"{path} lies on a network file system ({network})", advice)
    is_there = path.exists()
    if is_there and not (os.access(path, os.W_OK) and os.access(path.parent, os.W_OK)):
        advice = "ask for the permission to write the file and its folder, if you change anything"
        yield Check("warning", "catalog", f"{path} cannot be written by this user", advice)
    if is_there:
        yield Check("fine", "catalog", f"{path}, {path.stat().st_size / 1e6:.1f} MB")
        yield from room("catalog", path.parent)
