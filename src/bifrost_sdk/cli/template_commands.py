"""The commands ``bifrost templates``: look at a set of templates, check one, keep one."""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from bifrost_sdk import session as sessions
from bifrost_sdk.cli.screen import Screen
from bifrost_sdk.domain.production import STUDIO
from bifrost_sdk.errors import Issue
from bifrost_sdk.services import template_files
from bifrost_sdk.services.configuration import workspace_above
from bifrost_sdk.services.template_files import BUILTIN
from bifrost_sdk.services.template_lineage import DEFAULT
from bifrost_sdk.session import Session

if TYPE_CHECKING:  # loaded when templates are looked at: every other command begins without them
    from bifrost_sdk.domain.templates.sets import TemplateSet
    from bifrost_sdk.services.template_reports import Report


def add_commands(
    found: argparse._SubParsersAction[argparse.ArgumentParser], placed: argparse.ArgumentParser
) -> None:  # the type of what add_subparsers gives
    """Add ``templates`` with all that it can do to the parser of the command."""
    text = "look at the templates of paths, check and change them"
    templates = found.add_parser("templates", help=text, description=f"{text[0].upper()}{text[1:]}.")
    actions = templates.add_subparsers(title="commands", metavar="COMMAND", required=True)

    def add(name: str, run: Callable[[argparse.Namespace, Screen], int], text: str) -> argparse.ArgumentParser:
        made = actions.add_parser(name, help=text, description=f"{text[0].upper()}{text[1:]}.", parents=[placed])
        made.set_defaults(run=run)
        return made

    check = add("check", check_, "say whether a file of templates can be used, and what its paths look like")
    check.add_argument("file", metavar="FILE", help="a YAML file; no workspace is needed unless it extends a studio's")
    listing = add("list", list_, "list the templates that a project goes by")
    listing.add_argument("--tree", action="store_true", help="draw the folders that they make")
    export = add("export", export_, "print the templates of a project as a file to edit and apply again")
    export.add_argument("set", nargs="?", choices=[*BUILTIN, STUDIO], help="a set of the library, or the studio's")
    export.add_argument("--whole", action="store_true", help="with all that is inherited")
    export.add_argument("--name", default=DEFAULT, help="which of the studio's sets (default: default)")
    apply = add("apply", apply_, "check a file of templates and keep it for a project")
    apply.add_argument("file", metavar="FILE", help="a YAML file, as export prints it")
    apply.add_argument("--studio", action="store_true", help="for all projects that keep none of their own")
    apply.add_argument("--name", default=DEFAULT, help="a further set of the studio, for others to extend")
    apply.add_argument("-m", "--comment", default="", help="what is new")


def check_(options: argparse.Namespace, screen: Screen) -> int:
    """Say everything about a file; the status is 1 when it cannot be used."""
    report = _report(options)
    if options.json:
        screen.document(report.to_data())
        return int(not report.is_fine)
    screen.line(" > ".join(report.lineage), "bold")
    if report.made is not None:
        _show_tree(report.made, screen)
        _show_examples(report, screen)
    for verdict in report.verdicts:
        if verdict.is_settled:
            screen.line(f"{verdict.first} wins: {verdict.explain()}", "dim")
    for issue in report.issues:
        _show_issue(issue, screen)
    screen.line(_summary(report), "green" if report.is_fine else "red")
    return int(not report.is_fine)


def list_(options: argparse.Namespace, screen: Screen) -> int:
    """List the templates of a project."""
    from bifrost_sdk.services.template_reports import described

    with _open(options) as session:
        made, lineage = session.templates.get(options.project), session.templates.lineage(options.project)
    if options.json:
        screen.document({"lineage": list(lineage), "templates": [described(each) for each in made.templates.values()]})
        return 0
    screen.line(" > ".join(lineage), "bold")
    if options.tree:
        _show_tree(made, screen)
        return 0
    lines = [
        (each.name, each.kind, each.area, each.root, each.template.spelled("bifrost"))
        for each in made.templates.values()
    ]
    screen.table(("template", "for", "area", "root", "path"), lines, whole=("path",))
    return 0


def export_(options: argparse.Namespace, screen: Screen) -> int:
    """Print a set as YAML; one of the library as it is written, with its comments."""
    if options.set in BUILTIN and not options.whole:
        document, text = template_files.builtin(options.set).document, template_files.builtin_text(options.set)
    else:
        with _open(options) as session:
            project = STUDIO if options.set == STUDIO else options.project
            if options.set in BUILTIN:
                document = session.templates.named(options.set).to_document()
            else:
                document = session.templates.export(project, name=options.name, whole=options.whole)
        text = template_files.write(document)
    if options.json:
        screen.document(dict(document))
    else:
        screen.line(text.rstrip())
    return 0


def apply_(options: argparse.Namespace, screen: Screen) -> int:
    """Keep the set of a file."""
    with _open(options) as session:
        project = STUDIO if options.studio else options.project
        kept = session.templates.apply(project, Path(options.file), name=options.name, comment=options.comment)
        lineage = session.templates.lineage(project)
    if options.json:
        screen.document(
            {"project": kept.project, "name": kept.code, "revision": kept.revision, "lineage": list(lineage)}
        )
    else:
        screen.line(f"{kept.project} keeps {options.file}: {' > '.join(lineage)} (revision {kept.revision})")
    return 0


def _open(options: argparse.Namespace) -> Session:
    return sessions.connect(options.workspace, project=options.project)


def _report(options: argparse.Namespace) -> Report:
    """The report on a file, with the studio's sets where there is a workspace."""
    from bifrost_sdk.services.template_reports import Report

    is_placed = options.workspace or os.environ.get("BIFROST_SDK_URL") or workspace_above(Path.cwd())
    if not is_placed:
        return Report.of(template_files.read(Path(options.file)), {})
    with _open(options) as session:
        return session.templates.check(Path(options.file))


def _show_tree(made: TemplateSet, screen: Screen) -> None:
    from bifrost_sdk.domain.templates.trees import rows

    lines = [(row.rails + row.label, (row.note, "cyan")) for row in rows(made)]
    screen.table(("folder", "for"), lines, whole=("folder",))


def _show_examples(report: Report, screen: Screen) -> None:
    assert report.made is not None
    lines = [
        (each.name if not index else "", f"{each.root}:", path)
        for each in report.made.templates.values()
        for index, path in enumerate(report.examples(each))
    ]
    screen.line()
    screen.table(("template", "root", "example"), lines, whole=("example",))
    screen.line()


def _show_issue(issue: Issue, screen: Screen) -> None:
    place = " ".join(part for part in (issue.subject, issue.path) if part)
    screen.line(f"{screen.styled(place, 'yellow')}: {issue.message}" if place else issue.message)
    if issue.hint:
        screen.line(f"  {issue.hint}", "dim")


def _summary(report: Report) -> str:
    name = report.lineage[0]
    if not report.is_fine:
        count = len(report.issues)
        return f"{name} cannot be used: {count} {'thing is' if count == 1 else 'things are'} wrong with it"
    verdicts = report.made.verdicts() if report.made else []
    alone = sum(verdict.first == verdict.second for verdict in verdicts)
    shared = len(report.verdicts)
    clear = f"{shared} settled by who wins" if shared else "none shares a path"
    return (
        f"{name} can be used: {alone} templates each read in one way, {len(verdicts) - alone} pairs compared, {clear}"
    )
