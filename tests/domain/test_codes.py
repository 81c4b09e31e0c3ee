from __future__ import annotations

import re
import sys
import unicodedata
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bifrost_sdk.domain import codes
from bifrost_sdk.errors import ValidationError

ANY_TEXT = st.text(st.characters(), max_size=20)
NEARLY = [*"aZ7_-./~ v1$\n\u00b9é\u017f\u212a", "com", "conin", "nul", "latest"]
NEARLY_PLAIN = st.lists(st.sampled_from(NEARLY), max_size=8).map("".join)


@given(st.one_of(NEARLY_PLAIN, ANY_TEXT), st.sampled_from([codes.code_fault, codes.path_fault, codes.file_fault]))
def test_plain_names_are_those_that_no_rule_refuses_when_looked_at_closely(
    text: str, rule: Callable[[str], codes.Fault | None]
) -> None:
    told = rule(text)
    with pytest.MonkeyPatch.context() as patch:
        for name in ("_PLAIN_CODE", "_PLAIN_PATH"):
            patch.setattr(codes, name, re.compile(r"(?!)"))
        assert rule(text) == told


@given(ANY_TEXT)
def test_fold_is_its_own_key_when_repeated(text: str) -> None:
    assert codes.fold(codes.fold(text)) == codes.fold(text)


@given(ANY_TEXT)
def test_fold_ignores_case_and_form_when_they_differ(text: str) -> None:
    key = codes.fold(text)
    assert codes.fold(unicodedata.normalize("NFD", text)) == key
    assert codes.fold(text.casefold()) == key


def test_fold_settles_when_given_every_character() -> None:
    for char in filter(str.isprintable, map(chr, range(sys.maxunicode + 1))):
        key = codes.fold(char)
        assert unicodedata.normalize("NFC", key) == key
        assert unicodedata.normalize("NFC", key.casefold()) == key


@given(st.lists(st.text(st.characters(categories=["L", "Mn", "Nd"]), min_size=1), min_size=1, max_size=4))
def test_fold_of_a_path_is_that_of_its_codes_when_joined(path: list[str]) -> None:
    assert codes.fold("/".join(path)).split("/") == [codes.fold(code) for code in path]


@pytest.mark.parametrize(
    "text",
    ["hero", "Hero_01", "-x", "_", "0", "x" * 64, "größe", "मुख्य", "主人公", "vehicle", "v", "v12a", "latest_look"],
)
def test_check_code_answers_the_code_when_it_fits(text: str) -> None:
    assert codes.check_code(text) == text


def test_check_code_composes_when_text_is_decomposed() -> None:
    assert codes.check_code("he\u0301ro") == "h\u00e9ro"


@pytest.mark.parametrize(
    ("text", "code", "says"),
    [
        ("", "code.empty", "never empty"),
        ("~hero", "code.character", "begins an id"),
        ("a b", "code.character", "U+0020 space cannot stand in a code (at character 2)"),
        ("a/b", "code.character", "U+002F solidus"),
        ("a.usd", "code.character", "a file follows a tag"),
        ("a%20b", "code.character", "nothing is percent-encoded"),
        ("hero\n", "code.character", "U+000A"),
        ("he\u202ero", "code.character", "U+202E right-to-left override"),
        ("he\u200dro", "code.character", "U+200D zero width joiner"),
        ("he\ufe0fro", "code.character", "U+FE0F variation selector-16"),
        ("he\u3164ro", "code.character", "U+3164 hangul filler"),
        ("\u0301a", "code.character", "U+0301 combining acute accent"),
        ("a_\u0301", "code.character", "(at character 3)"),
        ("x\u00b2", "code.character", "U+00B2 superscript two"),
        ("x\ud800", "code.character", "U+D800 unnamed"),
        ("x" * 65, "code.long", "at most 64 characters, not 65"),
        ("v001", "code.reserved", "reads as a version's tag"),
        ("V12", "code.reserved", "reads as a version's tag"),
        ("LATEST", "code.reserved", "reads as a version's tag"),
        ("late\u017ft", "code.reserved", "reads as a version's tag"),
        ("Approved", "code.reserved", "reads as a version's tag"),
        ("Con", "code.reserved", "device on Windows"),
        ("LPT9", "code.reserved", "device on Windows"),
    ],
)
def test_check_code_names_rule_and_place_when_refused(text: str, code: str, says: str) -> None:
    with pytest.raises(ValidationError) as caught:
        codes.check_code(text)
    assert caught.value.issues[0].code == code
    assert says in str(caught.value)


@pytest.mark.parametrize("check", [codes.check_code, codes.check_project_code, codes.fold])
@pytest.mark.parametrize("value", [None, 7, b"hero", ["hero"]])
def test_code_is_refused_when_it_is_no_text(check: Callable[[Any], str], value: object) -> None:
    with pytest.raises(ValidationError, match="is no text"):
        check(value)


@pytest.mark.parametrize("text", ["demo", "0", "a-b_c", "x" * 63, "latest"])
def test_check_project_code_answers_the_code_when_it_fits(text: str) -> None:
    assert codes.check_project_code(text) == text


@pytest.mark.parametrize(
    ("text", "code", "says"),
    [
        ("", "project.empty", "missing"),
        ("Demo", "project.character", "'D' U+0044"),
        ("-demo", "project.character", "cannot begin"),
        ("dé", "project.character", "(at character 2)"),
        ("demo\n", "project.character", "U+000A"),
        ("x" * 64, "project.long", "at most 63"),
        ("nul", "project.reserved", "device on Windows"),
        ("studio", "project.reserved", "users and roles"),
    ],
)
def test_check_project_code_names_rule_and_place_when_refused(text: str, code: str, says: str) -> None:
    with pytest.raises(ValidationError) as caught:
        codes.check_project_code(text)
    assert caught.value.issues[0].code == code
    assert says in str(caught.value)


@pytest.mark.parametrize(
    "path",
    ["model.usd", "tex/body.<UDIM>.exr", "a.<UDIM>.<FRAME>.exr", ".hidden", "a b.usd", "größe.usd", "v001/a", "...a"],
)
def test_file_fault_is_none_when_path_is_portable(path: str) -> None:
    assert codes.file_fault(path) is None


@pytest.mark.parametrize(
    ("path", "position"),
    [
        ("", 0),
        ("/etc/passwd", 0),
        ("a//b", 2),
        ("a/", 2),
        ("../a", 0),
        ("a/./b", 2),
        ("a/..", 2),
        ("a\\b", 1),
        ("c:a", 1),
        ("a\0", 1),
        ("a\nb", 1),
        ("a\u202eb", 1),
        ("a\ufe0fb", 1),
        ("a.", 1),
        ("a /b", 1),
        ("<UDIM>/x:", 8),
        ("<udim>", 0),
        ("a<b", 1),
        ("a*", 1),
        ("x/nul.txt", 2),
        ("COM1", 0),
        ("con .usd", 0),
        ("x/NUL  .tar.gz", 2),
        ("a/Com\u00b9", 2),
        ("lpt\u00b2.exr", 0),
        ("LPT\u00b3 .x/y", 0),
        ("CONIN$", 0),
        ("a/conout$.txt", 2),
        ("COM0", 0),
    ],
)
def test_path_fault_gives_the_place_when_refused(path: str, position: int) -> None:
    fault = codes.path_fault(path)
    assert fault is not None
    assert fault.position == position
    assert codes.file_fault(path) == fault


@pytest.mark.parametrize("char", [*map(chr, range(32)), "\x7f", "\x85", *'*?"<>|:\\'])
def test_character_is_refused_when_windows_stores_none_such(char: str) -> None:
    for rule in (codes.path_fault, codes.file_fault):
        fault = rule(f"a{char}b")
        assert fault is not None
        assert (fault.code, fault.position) == ("path.character", 1)


@pytest.mark.parametrize(
    "name", ["com\u2074", "com\u00b92", "xcom\u00b9", "conin", "conin$x", "coming$", "lpt", "nully", "a$"]
)
def test_name_stands_when_it_is_only_like_a_device(name: str) -> None:
    assert codes.path_fault(name) is None


@pytest.mark.parametrize("char", "@#%")
def test_file_fault_is_stricter_than_path_fault_when_a_reference_would_end(char: str) -> None:
    assert codes.path_fault(f"a{char}b") is None
    fault = codes.file_fault(f"a{char}b")
    assert fault is not None
    assert fault.position == 1
