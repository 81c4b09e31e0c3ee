"""The command ``bifrost``: its arguments, its errors and its exit status.

Exit status: 0 done · 1 refused or failed · 2 wrong usage · 3 not found · 4 somebody else was first · 5 not permitted ·
130 interrupted. Errors are one message on standard error; with ``--json`` they are one JSON object there.
"""

from __future__ import annotations

import argparse
import contextlib
import importlib.metadata
import io
import os
import signal
import sys
import threading
from collections.abc import Iterator, Sequence

from bifrost_sdk.cli import (
    adopt_commands,
    commands,
    folder_commands,
    publish_commands,
    sync_commands,
    template_commands,
    validate_commands,
    version_commands,
)
from bifrost_sdk.cli.refusals import refuse
from bifrost_sdk.cli.screen import Screen
from bifrost_sdk.errors import BifrostError

INTERRUPTED = 130

_EPILOG = (
    "exit status: 0 done, 1 refused or failed, 2 wrong usage, 3 not found, 4 somebody else was first, "
    "5 not permitted, 130 interrupted"
)

_AT = (
    "as it was at a time, in UTC unless it says otherwise (2026-01-31, 2026-01-31T12:00:00+01:00), "
    "or at a revision: digits alone (12)"
)


def build_parser() -> argparse.ArgumentParser:
    """The parser of the whole command; the reference is written from it."""
    parser = argparse.ArgumentParser(
        prog="bifrost", description="Publish, resolve and list the assets and shots of a production.", epilog=_EPILOG
    )
    parser.add_argument("--version", action="store_true", help="show the version and leave")
    shared = argparse.ArgumentParser(add_help=False)
    shared.add_argument("--json", action="store_true", help="answer in JSON, for programs")
    placed = argparse.ArgumentParser(add_help=False, parents=[shared])
    placed.add_argument("-w", "--workspace", metavar="PATH", help="the workspace: a folder or a catalog's URL")
    placed.add_argument("-p", "--project", metavar="CODE", help="the project of references that name none")
    _add_commands(parser.add_subparsers(title="commands", metavar="COMMAND", dest="command"), shared, placed)
    return parser


def _version() -> str:
    try:
        return importlib.metadata.version("bifrost-sdk")
    except importlib.metadata.PackageNotFoundError:
        return "(not installed)"


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command with these arguments; the exit status."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # a terminal may not know every character of a path
    parser = build_parser()
    options = parser.parse_args(argv)
    if options.version:
        print(f"bifrost {_version()}")
        return 0
    if options.command is None:
        parser.print_help()
        return 2
    try:
        with _terminable():
            return _run(options)
    except BrokenPipeError:  # the reader of a pipe has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0


@contextlib.contextmanager
def _terminable() -> Iterator[None]:
    """Let a job that is told to end give back what it holds, as one that is interrupted from the keyboard does."""
    if threading.current_thread() is not threading.main_thread():  # only there can signals be taken
        yield
        return
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _run(options: argparse.Namespace) -> int:
    try:
        status: int = options.run(options, Screen.of(sys.stdout))
        sys.stdout.flush()
    except BifrostError as error:
        return refuse(error, in_json=options.json)
    except KeyboardInterrupt as error:
        print(f"bifrost: interrupted; {str(error) or 'what was on its way was taken back'}", file=sys.stderr)
        return INTERRUPTED
    return status


def _add_commands(
    found: commands.Group,
    shared: argparse.ArgumentParser,
    placed: argparse.ArgumentParser,
) -> None:
    def add(
        name: str, run: commands.Command, text: str, *, parent: argparse.ArgumentParser = placed
    ) -> argparse.ArgumentParser:
        made = found.add_parser(name, help=text, description=f"{text[0].upper()}{text[1:]}.", parents=[parent])
        made.set_defaults(run=run)
        return made

    init = add("init", commands.init, "make a folder a workspace; safe to repeat", parent=shared)
    init.add_argument("folder", nargs="?", default=".", help="the folder (default: the current one)")
    init.add_argument("-p", "--project", metavar="CODE", help="a project to begin with")
    publish_commands.add_commands(found, placed)
    resolve = add("resolve", commands.resolve, "print the file that each reference leads to")
    resolve.add_argument("refs", nargs="+", metavar="REF", help="assets/char/hero/model/latest, or a whole reference")
    resolve.add_argument("--at", metavar="WHEN", help=_AT)
    listing = add("list", commands.list_, "list what there is, or what lies below a node")
    listing.add_argument("what", nargs="?", metavar="WHAT", help="a kind (assets, shots, versions) or a reference")
    listing.add_argument("-n", "--limit", type=commands.read_count, default=100, help="at most so many (default: 100)")
    listing.add_argument("--after", metavar="REF", help="go on behind this one, the last of a listing")
    add("recover", commands.recover, "settle publishes that were interrupted")
    revert = add("revert", commands.revert, "undo one commit of a project by a new one")
    revert.add_argument("revision", type=commands.read_count, help="the revision that the commit made")
    template_commands.add_commands(found, placed)
    folder_commands.add_commands(found, placed)
    adopt_commands.add_commands(found, placed)
    sync_commands.add_commands(found, placed)
    validate_commands.add_commands(found, placed)
    version_commands.add_commands(found, placed)
    demo = add("demo", commands.demo, "publish and resolve real files in a temporary workspace", parent=shared)
    demo.add_argument("--keep", metavar="FOLDER", help="make the workspace there and keep it")


if __name__ == "__main__":
    sys.exit(main())
