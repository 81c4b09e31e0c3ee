from __future__ import annotations

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from bifrost_sdk.cli.setting_lines import with_setting
from bifrost_sdk.errors import ConfigurationError


@pytest.mark.parametrize(
    ("before", "name", "value", "after"),
    [
        ("", "project", "demo", "project: demo\n"),
        ("a: 1", "project", "demo", "a: 1\nproject: demo\n"),
        ("a: 1\r\n", "project", "demo", "a: 1\r\nproject: demo\r\n"),
        ("\ufeffproject: x # ours\n", "project", "demo", "\ufeffproject: demo # ours\n"),
        ("# top\nproject: 'x: #y'   # ours\n\n# end\n", "project", "demo", "# top\nproject: demo   # ours\n\n# end\n"),
        ("project:\nuser: u\n", "project", "demo", "project: demo\nuser: u\n"),
        ("validators:\n  - a:b\n  - c:d\n# end\nuser: u\n", "validators", [], "validators: []\n# end\nuser: u\n"),
        ("roots: {a: b}  # all\n", "roots.c", "d", "roots: {a: b, c: d}  # all\n"),
        ("roots:\n    a: b  # one\n\n# end\n", "roots.c", "d", "roots:\n    a: b  # one\n    c: d\n\n# end\n"),
        ("roots:\n  a: b\n  c: {linux: x}\n", "roots.c", {"linux": "y"}, "roots:\n  a: b\n  c: {linux: y}\n"),
        ("user: u\n", "roots.c", "d", "user: u\nroots:\n  c: d\n"),
        ("roots:\n", "roots.c", "d", "roots: {c: d}\n"),
    ],
)
def test_rest_stays_when_one_setting_changes(before: str, name: str, value: object, after: str) -> None:
    assert with_setting(before, name, value, file="f") == after


def test_change_is_refused_when_the_file_is_no_table() -> None:
    for text in ("- a\n", "a: [\n", "{user: u"):
        with pytest.raises(ConfigurationError, match=r"^f"):
            with_setting(text, "project", "demo", file="f")
    with pytest.raises(ConfigurationError, match="by hand"):
        with_setting("{user: u}\n", "project", "demo", file="f")


PLAIN = st.one_of(st.integers(-99, 99), st.booleans(), st.text(st.characters(codec="utf-8", exclude_categories=["C"])))


@given(
    values=st.dictionaries(st.sampled_from(["a", "b", "c"]), PLAIN | st.lists(PLAIN, max_size=3), max_size=3),
    name=st.sampled_from(["a", "b", "c", "d"]),
    value=PLAIN,
)
def test_file_reads_as_wanted_when_any_setting_changes(values: dict[str, object], name: str, value: object) -> None:
    text = yaml.safe_dump(values, allow_unicode=True) if values else ""
    commented = f"# first\n{text}# last\n"
    changed = with_setting(commented, name, value, file="f")
    assert yaml.safe_load(changed) == {**values, name: value}
    assert changed.startswith("# first\n")
    assert "# last\n" in changed
