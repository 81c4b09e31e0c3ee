"""What ``bifrost`` can do: every command by name, with its place and what it does in a line."""

from __future__ import annotations

import importlib.metadata

import click

from bifrost_sdk.cli.command import Group, Home

_EPILOG = (
    "Exit status: 0 done, 1 refused or failed, 2 wrong usage, 3 not found, 4 somebody else was first, "
    "5 not permitted, 130 interrupted."
)


def _noun(name: str, text: str, made: str) -> Group:
    """What can be done with the things of a kind."""
    place = "noun_commands:show_project" if name == "project" else "reading_commands:show"
    return Group(
        text,
        {
            "list": Home(f"noun_commands:list_{name}s", f"list the {name}s"),
            "create": Home(f"noun_commands:create_{name}", f"make {made}"),
            "show": Home(place, f"tell all that is known of a {name}"),
            "update": Home(f"noun_commands:update_{name}", f"give a {name} new values"),
        },
    )


bifrost = Group(
    "publish, resolve and list the assets and shots of a production",
    {
        "init": Home("workspace_commands:init", "make a folder a workspace; safe to repeat"),
        "config": Group(
            "tell and change settings",
            {
                "get": Home("config_commands:get", "tell which settings hold, and where each comes from"),
                "set": Home("config_commands:set_", "give a setting a value in a file; everything else there stays"),
                "where": Home("config_commands:where", "tell the files and variables that settings come from"),
                "check": Home("config_commands:check", "say whether all settings can be understood"),
            },
        ),
        "doctor": Home(
            "doctor_commands:doctor", "say what is wrong with this installation, workspace or catalog, and what to do"
        ),
        "publish": Home("publish_commands:publish", "publish files as the next version of a product"),
        "resolve": Home("reading_commands:resolve", "print the file that each reference leads to"),
        "list": Home("reading_commands:list_", "list what there is, or what lies below a node"),
        "find": Home("reading_commands:find", "find things of a kind by what holds for them"),
        "show": Home("reading_commands:show", "tell all that is known of a thing"),
        "project": _noun("project", "productions", "a project with the standard attributes and statuses"),
        "asset": _noun("asset", "what is built once and used often", "an asset, and its type where that is missing"),
        "shot": _noun("shot", "runs of frames", "a shot, and its sequence and episode where they are missing"),
        "task": _noun("task", "who works on what", "a task on a node"),
        "cast": Home("noun_commands:cast", "cast assets into a shot, or say what it is cast with"),
        "deps": Home("dependency_commands:deps", "show what a version was made of, or what was made of it"),
        "pins": Group(
            "write down what references stand for, look at it and compare it",
            {
                "make": Home("pin_commands:make", "write down what references stand for now, or did at a time"),
                "show": Home("pin_commands:show", "tell what a file pins"),
                "compare": Home("pin_commands:compare", "say what changed since; the status is 1 when something did"),
            },
        ),
        "activity": Home("history_commands:activity", "tell what happened, oldest first"),
        "undo": Home("history_commands:undo", "undo one commit of a project by a new one"),
        "recover": Home("history_commands:recover", "settle publishes that were interrupted"),
        "templates": Group(
            "look at the templates of paths, check and change them",
            {
                "check": Home(
                    "template_commands:check",
                    "say whether a file of templates can be used, and what its paths look like",
                ),
                "list": Home("template_commands:list_", "list the templates that a project goes by"),
                "export": Home(
                    "template_commands:export", "print the templates of a project as a file to edit and apply again"
                ),
                "apply": Home("template_commands:apply", "check a file of templates and keep it for a project"),
            },
        ),
        "folders": Group(
            "make the folders of a production by its templates",
            {
                "plan": Home(
                    "folder_commands:plan",
                    "say which folders and files there should be, and how it stands; nothing is made",
                ),
                "create": Home(
                    "folder_commands:create",
                    "make the folders and files that are missing; what is there stays as it is",
                ),
            },
        ),
        "path": Group(
            "say what a path is, and where a thing has its files",
            {
                "parse": Home("folder_commands:parse", "say what paths are"),
                "for": Home("folder_commands:path_for", "print the path of a thing in an area"),
            },
        ),
        "workfiles": Group(
            "find the scenes that people work in",
            {
                "list": Home("folder_commands:list_", "list the work files of a thing, in the catalog and on disk"),
                "next": Home(
                    "folder_commands:next_", "print the path of the work file that comes next; nothing is made"
                ),
            },
        ),
        "adopt": Home(
            "adopt_commands:adopt", "take in a show where it lies; without --apply only say what would be done"
        ),
        "ingest": Home("ingest_commands:ingest", "make a managed show of a folder of USD files"),
        "import": Group(
            "bring in tables of assets or shots",
            {
                "assets": Home(
                    "adopt_commands:import_assets", "bring in assets; without --apply only say what would be done"
                ),
                "shots": Home(
                    "adopt_commands:import_shots", "bring in shots; without --apply only say what would be done"
                ),
            },
        ),
        "scan": Home("sync_commands:scan", "say what on disk is not as the catalog says; the status is 1 then"),
        "sync": Group(
            "bring the catalog up to what lies on disk",
            {
                "plan": Home("sync_commands:plan", "say what applying would do; nothing is changed"),
                "apply": Home("sync_commands:apply", "do what a plan says; interrupted or repeated, it goes on"),
                "watch": Home(
                    "sync_commands:watch",
                    "scan again whatever changes, until it is interrupted; nothing is changed",
                ),
                "mark": Home(
                    "sync_commands:mark",
                    "mark the folder of a root as the right one, so that scans of it may be applied",
                ),
            },
        ),
        "validate": Home(
            "validate_commands:validate", "say what speaks against publishing files; nothing is published"
        ),
        "followers": Group(
            "call what runs after each publish, and see how far it is",
            {
                "list": Home(
                    "validate_commands:list_", "list the followers, how far they are and what they could not do"
                ),
                "run": Home("validate_commands:run", "call the followers with what they do not know yet"),
            },
        ),
        "verify": Home(
            "version_commands:verify",
            "read published files and hold them against their hashes; interrupted, it goes on",
        ),
        "thumbnail": Home("image_commands:thumbnail", "make one small picture of a version, and add it"),
        "preview": Home("image_commands:preview", "make a moving or a larger picture of a version, and add it"),
        "latest": Home("image_commands:latest", "bring the copy of a product's newest version up to date"),
        "server": Group(
            "serve a catalog to other machines, and give out the keys to it",
            {
                "run": Home("server_commands:run", "serve a catalog until it is interrupted"),
                "keys": Group(
                    "the keys by which a server knows who asks",
                    {
                        "create": Home("server_commands:create", "make a key, whose secret is shown this once"),
                        "list": Home("server_commands:list_", "list the keys, never their secrets"),
                        "revoke": Home("server_commands:revoke", "end a key, from the next request on"),
                    },
                ),
            },
        ),
        "retire": Home("version_commands:retire", "let latest and approved skip a version"),
        "restore": Home("version_commands:restore", "bring a retired version back"),
        "purge": Home(
            "version_commands:purge", "remove the files of a retired version for good; without --yes only say which"
        ),
        "demo": Home(
            "workspace_commands:demo", "make a small show of USD files, work on it, and write a report with pictures"
        ),
    },
    epilog=_EPILOG,
)


def _show_version(ctx: click.Context, _: click.Parameter, is_asked: bool) -> None:  # noqa: FBT001 - click's signature
    if is_asked:
        click.echo(f"bifrost {_version()}")
        ctx.exit(0)


def _version() -> str:
    try:
        return importlib.metadata.version("bifrost-sdk")
    except importlib.metadata.PackageNotFoundError:
        return "(not installed)"


bifrost.params.append(
    click.Option(
        ["--version"],
        is_flag=True,
        is_eager=True,
        expose_value=False,
        callback=_show_version,
        help="show the version and leave",
    )
)
