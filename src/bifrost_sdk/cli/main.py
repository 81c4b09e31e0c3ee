"""The command ``bifrost``: how it begins and ends; `commands` names what it can do.

Exit status: 0 done · 1 refused or failed · 2 wrong usage · 3 not found · 4 somebody else was first · 5 not permitted ·
130 interrupted. Errors are one message on standard error; with ``--json`` they are one JSON object there.
"""

from __future__ import annotations

import contextlib
import io
import signal
import sys
import threading
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from bifrost_sdk.cli.refusals import MISUSED, end_output, refuse, refuse_interrupted
from bifrost_sdk.cli.screen import Screen
from bifrost_sdk.errors import ConfigurationError, StorageError

if TYPE_CHECKING:  # what shows whether the extra is there
    import click

_NEEDED = "the command needs the extra 'cli', which is not installed; run pip install \"bifrost-sdk[cli]\""


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command with these arguments, the process's own by default; the exit status."""
    arguments = sys.argv[1:] if argv is None else list(argv)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # a terminal may not know every character of a path
    try:
        import click
        import rich  # noqa: F401 - loaded further where something is shown
    except ImportError:
        return refuse(ConfigurationError(_NEEDED, setting="cli"), in_json="--json" in arguments)
    from bifrost_sdk.cli.commands import bifrost

    try:
        with _terminable():
            return int(bifrost.main(arguments, prog_name="bifrost", standalone_mode=False))
    except click.Abort:  # before a command had begun
        return refuse_interrupted()
    except click.ClickException as error:
        return _refuse_usage(error, in_json="--json" in arguments)
    except OSError as error:  # of a disk that no service stands for: a show that is made up, or what is printed
        end_output()
        reason = error.strerror or str(error)
        message = f"{error.filename or 'what was to be written'}: {reason}; it went no further"
        told = StorageError(message, path=str(error.filename or ""), reason=reason)
        return refuse(told, in_json="--json" in arguments)


def _refuse_usage(error: click.ClickException, *, in_json: bool) -> int:
    """Tell what is wrong with how the command was called."""
    if in_json:
        data = {"error": type(error).__name__, "message": error.format_message()}
        Screen.of(sys.stderr).document(data, indent=None)
    else:
        error.show()
    return MISUSED


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


if __name__ == "__main__":
    sys.exit(main())
