"""The commands ``bifrost templates``: look at a set of templates, check one, keep one."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import click

from bifrost_sdk.cli.command import Call, argument, command, flag, option
from bifrost_sdk.cli.screen import Screen
from bifrost_sdk.domain.production import STUDIO
from bifrost_sdk.errors import Issue
from bifrost_sdk.services import template_files
from bifrost_sdk.services.configuration import workspace_above
from bifrost_sdk.services.template_files import BUILTIN
from bifrost_sdk.services.template_lineage import DEFAULT

if TYPE_CHECKING:  # loaded when templates are looked at: every other command begins without them
    from bifrost_sdk.domain.templates.sets import TemplateSet
    from bifrost_sdk.services.template_reports import Report


@command()
@argument("file", "FILE", "a YAML file; no workspace is needed unless it extends a studio's")
def check(call: Call, *, file: str) -> int:
    """Say everything about a file; the status is 1 when it cannot be used."""
    screen, report = call.screen, _report(call, file)
    if call.in_json:
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


@command()
@flag("--tree", help="draw the folders that they make")
def list_(call: Call, *, tree: bool) -> int:
    """List the templates of a project."""
    from bifrost_sdk.services.template_reports import described

    screen = call.screen
    with call.session() as session:
        made, lineage = session.templates.get(call.project), session.templates.lineage(call.project)
    if call.in_json:
        screen.document({"lineage": list(lineage), "templates": [described(each) for each in made.templates.values()]})
        return 0
    screen.line(" > ".join(lineage), "bold")
    if tree:
        _show_tree(made, screen)
        return 0
    lines = [
        (each.name, each.kind, each.area, each.root, each.template.spelled("bifrost"))
        for each in made.templates.values()
    ]
    screen.table(("template", "for", "area", "root", "path"), lines, whole=("path",))
    return 0


_SETS = (*BUILTIN, STUDIO)


@command()
@argument(
    "set", f"[{'|'.join(_SETS)}]", "a set of the library, or the studio's", type=click.Choice(_SETS), required=False
)
@flag("--whole", help="with all that is inherited")
@option("--name", metavar="NAME", default=DEFAULT, help="which of the studio's sets (default: default)")
def export(call: Call, *, set: str | None, whole: bool, name: str) -> int:
    """Print a set as YAML; one of the library as it is written, with its comments."""
    if set in BUILTIN and not whole:
        document, text = template_files.builtin(set).document, template_files.builtin_text(set)
    else:
        with call.session() as session:
            if set in BUILTIN:
                document = session.templates.named(set).to_document()
            else:
                project = STUDIO if set == STUDIO else call.project
                document = session.templates.export(project, name=name, whole=whole)
        text = template_files.write(document)
    if call.in_json:
        call.screen.document(dict(document))
    else:
        call.screen.line(text.rstrip())
    return 0


@command()
@argument("file", "FILE", "a YAML file, as export prints it")
@flag("--studio", help="for all projects that keep none of their own")
@option("--name", metavar="NAME", default=DEFAULT, help="a further set of the studio, for others to extend")
@option("-m", "--comment", metavar="TEXT", default="", help="what is new")
def apply(call: Call, *, file: str, studio: bool, name: str, comment: str) -> int:
    """Keep the set of a file."""
    with call.session() as session:
        project = STUDIO if studio else call.project
        kept = session.templates.apply(project, Path(file), name=name, comment=comment)
        lineage = session.templates.lineage(project)
    if call.in_json:
        call.screen.document(
            {"project": kept.project, "name": kept.code, "revision": kept.revision, "lineage": list(lineage)}
        )
    else:
        call.screen.line(f"{kept.project} keeps {file}: {' > '.join(lineage)} (revision {kept.revision})")
    return 0


def _report(call: Call, file: str) -> Report:
    """The report on a file, with the studio's sets where there is a workspace."""
    from bifrost_sdk.services.template_reports import Report

    is_placed = call.workspace or os.environ.get("BIFROST_SDK_URL") or workspace_above(Path.cwd())
    if not is_placed:
        return Report.of(template_files.read(Path(file)), {})
    with call.session() as session:
        return session.templates.check(Path(file))


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
    screen.words(*[(f"{place}:", "yellow")][: bool(place)], issue.message)
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
