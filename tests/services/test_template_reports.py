from __future__ import annotations

import json
import re
from pathlib import Path

from bifrost_sdk.services.documents import read_text
from bifrost_sdk.services.template_files import Sheet
from bifrost_sdk.services.template_reports import Report

SHOT = {
    "tokens": {"shot": {"example": "sh010"}, "task": {"example": "anim"}},
    "templates": {
        "place": "{project}/{shot}",
        "work": {"path": "{@place}/{task}[.{frame}].{ext}", "root": "work", "for": "shot", "area": "work"},
    },
}


def test_report_tells_what_a_set_makes_when_it_is_fine() -> None:
    report = Report.of(Sheet(SHOT, "set.yaml"), {})
    assert (report.is_fine, report.issues, report.verdicts, report.lineage) == (True, (), (), ("set.yaml",))
    assert report.made is not None
    assert report.examples(report.made.templates["work"]) == ("project/sh010/anim.ext", "project/sh010/anim.1111.ext")
    data = json.loads(json.dumps(report.to_data()))
    (template,) = data["templates"]
    assert template["path"] == "{project}/{shot}/{task}[.<FRAME>].{ext}"
    assert template["required"] == ["ext", "project", "shot", "task"]
    assert data["fine"] is True


def test_report_tells_who_contends_and_who_wins_when_paths_are_shared() -> None:
    rival = {"path": "{project}/{asset}/{x}.{ext}", "root": "work"}
    report = Report.of(Sheet({"extends": "shot", "templates": {"rival": rival}}, "set.yaml"), {"shot": SHOT})
    (issue,) = report.issues
    assert (issue.code, report.is_fine) == ("template_set.witness", False)
    assert report.lineage == ("set.yaml", "shot of the studio")
    data = json.loads(json.dumps(report.to_data()))
    (verdict,) = data["verdicts"]
    assert verdict["witness"] in issue.message
    assert {"first", "second", "kind", "witness", "readings", "is_settled"} <= set(verdict)
    settled = {"extends": "shot", "templates": {"rival": {**rival, "before": ["work"]}}}
    report = Report.of(Sheet(settled, "set.yaml"), {"shot": SHOT})
    assert report.is_fine
    assert [verdict.is_settled for verdict in report.verdicts] == [True]


def test_report_tells_what_is_wrong_when_a_set_cannot_be_read() -> None:
    for document in ({"extends": "zzz"}, {"templates": 3}, {"tokens": {"a": {"type": "x"}}}):
        report = Report.of(Sheet(document, "set.yaml"), {})
        assert (report.made, report.is_fine, report.verdicts) == (None, False, ())
        assert report.to_data()["templates"] == []


def test_set_of_the_guide_can_be_used_when_copied() -> None:
    page = (Path(__file__).resolve().parents[2] / "docs/guides/templates.md").read_text(encoding="utf-8")
    (text,) = re.findall(r"```yaml\n(.*?)```", page, re.DOTALL)
    document = {name: item.plain() for name, item in read_text(text.encode(), "guide").items()}
    report = Report.of(Sheet(document, "guide"), {})
    assert report.issues == ()
    assert report.made is not None
    assert "user_work" not in report.made.templates
    assert report.examples(report.made.templates["shot_plates"]) == (
        "demo/film/sq010/sh0020/plates/blocking/sh0020.1001.exr",
    )


def test_example_is_left_out_when_no_value_makes_a_path() -> None:
    device = {"path": "{x}", "root": "work", "tokens": {"x": {"type": "choice", "choices": ["con"]}}}
    report = Report.of(Sheet({"templates": {"device": device}}, "set.yaml"), {})
    assert report.made is not None
    assert report.examples(report.made.templates["device"]) == ()
