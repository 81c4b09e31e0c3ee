"""What all commands share: how one is made of a function, found when it is called, and how it says no.

A command is a function that is given a `Call` and what was typed for its own arguments and options; its answer is the
exit status. `Group` names commands by the modules that hold them, which are imported when a command is called.
"""

from __future__ import annotations

import difflib
import functools
import importlib
import sys
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar

import attrs
import click
from click.shell_completion import CompletionItem

from bifrost_sdk.cli.refusals import end_output, refuse, refuse_interrupted
from bifrost_sdk.cli.screen import Screen
from bifrost_sdk.errors import BifrostError

if TYPE_CHECKING:  # loaded when a command works in a workspace
    from bifrost_sdk.session import Session

#: What `command` makes a command of.
Function: TypeAlias = Callable[..., int]

F = TypeVar("F", bound=Callable[..., Any])  # Any: what click's decorators take too

_OPTIONS = {"help_option_names": ["-h", "--help"]}

# How a value is shown in the help -> what `completion` offers for it.
_OFFERS = {
    **dict.fromkeys(("REF", "NODE", "SHOT", "ASSET"), "references"),
    "WHAT": "kinds_and_references",
    "KIND": "kind_names",
    "PROJECT": "projects",
}


@attrs.frozen
class Call:
    """How a command was called: where it answers and how, and the workspace and project it is to work in."""

    screen: Screen
    in_json: bool = False
    workspace: str | None = None
    project: str | None = None

    def session(self) -> Session:
        """The session that the command works in.

        Raises:
            ConfigurationError: there is no workspace.
            CatalogError: its catalog cannot be opened.
        """
        from bifrost_sdk import session as sessions

        return sessions.connect(self.workspace, project=self.project)


class Argument(click.Argument):
    """An argument with a text that tells what it is, on every click that serves."""

    def __init__(self, *arguments: Any, text: str, **options: Any) -> None:  # Any: as click takes them
        super().__init__(*arguments, **options)
        self.text = text


class Command(click.Command):
    """A command whose help tells its arguments, too."""

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write what can be given: arguments, then options."""
        arguments = [(str(each.metavar), each.text) for each in self.params if isinstance(each, Argument)]
        if arguments:
            with formatter.section("Arguments"):
                formatter.write_dl(arguments)
        super().format_options(ctx, formatter)


@attrs.frozen
class Home:
    """Where a command is (``module:name``, below this package), and what it does in a line."""

    place: str
    text: str

    def load(self, name: str) -> click.Command:
        """The command, its module imported."""
        module, _, attribute = self.place.partition(":")
        found = getattr(importlib.import_module(f"bifrost_sdk.cli.{module}"), attribute)
        assert isinstance(found, Command), self.place
        found.name, found.help, found.short_help = name, sentence(self.text), self.text
        return found


class Group(click.Group):
    """Commands by name: groups, or the homes of commands that are loaded when they are needed."""

    def __init__(self, text: str, homes: Mapping[str, Home | Group], *, epilog: str | None = None) -> None:
        super().__init__(
            help=sentence(text),
            short_help=text,
            epilog=epilog,
            callback=_tell_usage,
            invoke_without_command=True,
            context_settings=_OPTIONS,
        )
        self.text = text
        self.homes = homes

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - as click names it
        """The names of the commands, in the order in which they are explained."""
        return list(self.homes)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - likewise
        """The command of that name, loaded now."""
        home = self.homes.get(cmd_name)
        if isinstance(home, Home):
            return home.load(cmd_name)
        return home

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """What is left for the command, options of all commands read.

        Raises:
            UsageError: for an option that there is not, or one that a command takes, with where that stands.
        """
        try:
            return super().parse_args(ctx, args)
        except click.NoSuchOption as error:
            if any(error.option_name in each.opts for each in (_in_json(), *_placed())):
                name = error.option_name
                ctx.fail(f"{name} stands behind the command, as in {ctx.command_path} {next(iter(self.homes))} {name}")
            raise

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """The command that is meant.

        Raises:
            UsageError: when there is none of that name, with those that resemble it.
        """
        if args[0] not in self.homes and not args[0].startswith("-") and not ctx.resilient_parsing:
            options = [option for each in self.get_params(ctx) for option in each.opts]
            near = difflib.get_close_matches(args[0], [*self.homes, *options], n=3)
            ctx.fail(f"there is no command {args[0]!r}" + (f"; did you mean {', '.join(near)}?" if near else ""))
        return super().resolve_command(ctx, args)

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        """The commands that begin so, and none of them loaded."""
        found = [
            CompletionItem(name, help=home.text) for name, home in self.homes.items() if name.startswith(incomplete)
        ]
        return [*found, *click.Command.shell_complete(self, ctx, incomplete)]

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002 - likewise
        """Write what each command does, and load none."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, home.text) for name, home in self.homes.items()])


def sentence(text: str) -> str:
    """What a command does, as a sentence."""
    return f"{text[0].upper()}{text[1:]}."


def command(*, is_placed: bool = True) -> Callable[[Function], Command]:
    """Make a command of a function; one that is placed works in a workspace and can be told which.

    Its arguments and options are named by `argument` and `option` below this decorator.
    """

    def make(function: Function) -> Command:
        @functools.wraps(function)
        def run(  # Any: what was typed
            *, in_json: bool, workspace: str | None = None, project: str | None = None, **typed: Any
        ) -> int:
            return _guarded(function, Call(Screen.of(sys.stdout), in_json, workspace, project), typed)

        made: Command = click.command(cls=Command, context_settings=_OPTIONS)(run)
        made.params += [_in_json(), *(_placed() if is_placed else ())]
        return made

    return make


def argument(name: str, metavar: str, text: str, **options: Any) -> Callable[[F], F]:  # Any: as click takes them
    """An argument of a command: what it is called in the function, how it is shown, and what it is."""
    return click.argument(
        name, cls=Argument, metavar=metavar, text=text, shell_complete=_completing(metavar.strip("[].")), **options
    )


def option(*names: str, help: str, **options: Any) -> Callable[[F], F]:  # Any: as click takes them
    """An option of a command; the last of the names is what it is called in the function."""
    return click.option(*names, help=help, shell_complete=_completing(options.get("metavar", "")), **options)


def flag(*names: str, help: str) -> Callable[[F], F]:
    """An option that is said or not."""
    return click.option(*names, is_flag=True, help=help)


def _completing(shown: str) -> Callable[[click.Context, click.Parameter, str], list[str]] | None:
    """What a shell offers for a value, by how the value is shown."""
    offers = _OFFERS.get(shown)
    if offers is None:
        return None

    def ask(ctx: click.Context, _: click.Parameter, incomplete: str) -> list[str]:
        from bifrost_sdk.cli import completion

        return completion.offered(ctx, incomplete, getattr(completion, offers))

    return ask


def _in_json() -> click.Option:
    return click.Option(["--json", "in_json"], is_flag=True, help="answer in JSON, for programs")


def _placed() -> list[click.Parameter]:
    where = "the workspace: a folder or a catalog's URL"
    return [
        click.Option(["-w", "--workspace"], metavar="PATH", help=where),
        click.Option(
            ["-p", "--project"],
            metavar="CODE",
            help="the project of references that name none",
            shell_complete=_completing("PROJECT"),
        ),
    ]


@click.pass_context
def _tell_usage(ctx: click.Context) -> int:
    """Say what there is where no command was named: that is wrong usage."""
    if ctx.invoked_subcommand is None:
        click.echo(ctx.get_help())
    return 2


def _guarded(function: Function, call: Call, typed: Mapping[str, Any]) -> int:  # Any: what was typed
    """Do it, and tell errors; the exit status."""
    try:
        status = function(call, **typed)
        sys.stdout.flush()
    except BifrostError as error:
        return refuse(error, in_json=call.in_json)
    except KeyboardInterrupt as error:
        return refuse_interrupted(str(error))
    except BrokenPipeError:  # the reader of a pipe has seen enough
        end_output()
        return 0
    return status
