from __future__ import annotations

import pytest

from bifrost_sdk.domain.validation import SEVERITIES, ValidationResult, of_severity
from bifrost_sdk.errors import Issue, ValidationError


def test_result_is_an_issue_when_it_is_raised() -> None:
    result = ValidationResult(
        "studio.scale", "Scale", "error", "is 0.1", code="scale", path="files.usd", subject="a.usd", hint="set it to 1"
    )
    assert result.issue == Issue("scale", "is 0.1", "files.usd", "a.usd", "set it to 1")
    assert str(result) == "error: a.usd files.usd: is 0.1 (set it to 1)"
    assert ValidationResult("studio.scale", "Scale", "error", "is 0.1").issue.code == "studio.scale"


def test_result_is_plain_when_it_becomes_data() -> None:
    assert ValidationResult("a", "A", "info", "x", fixable=True).to_data() == {
        "validator": "a",
        "label": "A",
        "severity": "info",
        "message": "x",
        "code": "",
        "path": "",
        "subject": "",
        "hint": "",
        "fixable": True,
    }


def test_result_is_refused_when_its_severity_is_unknown() -> None:
    with pytest.raises(ValidationError, match="'fatal' is none of error, warning, info"):
        ValidationResult("a", "A", "fatal", "x")


def test_results_are_told_apart_when_they_weigh_differently() -> None:
    results = [ValidationResult("a", "A", severity, severity) for severity in SEVERITIES]
    assert [of_severity(results, severity) for severity in SEVERITIES] == [(result,) for result in results]
