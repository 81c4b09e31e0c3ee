from __future__ import annotations

import io
import json
import os

import pytest

from bifrost_sdk.cli.screen import Screen, width_of


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


class Narrow(io.StringIO):
    """A stream that knows ASCII only."""

    encoding = "ascii"


def table(screen: Screen, *rows: tuple[str, str]) -> list[str]:
    screen.table(("name", "place"), rows)
    return shown(screen)


def shown(screen: Screen) -> list[str]:
    """The lines of a table without the rule below its head."""
    assert isinstance(screen.stream, io.StringIO)
    lines = [line.rstrip() for line in screen.stream.getvalue().splitlines()]
    return [line for line in lines if line.strip("─")]


def test_columns_are_aligned_when_printed() -> None:
    lines = table(Screen(io.StringIO()), ("hero", "a"), ("英雄英雄", "b"), ("e\u0301", "c"))
    assert lines == ["name      place", "hero      a", "英雄英雄  b", "e\u0301         c"]


def test_nothing_is_cut_off_when_it_goes_to_a_pipe() -> None:
    assert table(Screen.of(io.StringIO()), ("x" * 300, "y"))[1] == "x" * 300 + "  y"


def test_middle_is_left_out_when_the_terminal_is_narrow() -> None:
    lines = table(Screen(io.StringIO(), width=40), ("assets/char/hero/model/latest", "assets/char/hero/model/v001"))
    assert all(width_of(line) <= 40 for line in lines)
    assert lines[1].count("…") == 2
    assert lines[1].endswith("v001")


@pytest.mark.parametrize(
    "name",
    ["英" * 30, "a" + "雄" * 30, "e\u0301" * 60, "가" * 20 + "e\u0301" * 20],
    ids=["wide", "odd", "marks", "both"],
)
def test_wide_names_are_cut_by_columns_when_the_terminal_is_narrow(name: str) -> None:
    lines = table(Screen(io.StringIO(), width=30), (name, "end"))
    assert width_of(lines[1]) <= 30
    assert width_of(lines[1].partition("end")[0]) == 25
    assert "…\u0301" not in lines[1]


def test_columns_keep_a_least_width_when_nothing_fits() -> None:
    assert len(table(Screen(io.StringIO(), width=5), ("x" * 30, "y" * 30))[1]) == 26


@pytest.mark.skipif(os.name == "nt", reason="Windows is left without colours")
def test_colours_are_there_when_it_is_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "80")
    stream = Terminal()
    screen = Screen.of(stream)
    screen.words(("x", "red"), "[y]")
    screen.table(("name",), [(("hero", "green"),)])
    assert (screen.width, stream.getvalue().splitlines()) == (
        80,
        ["\x1b[31mx\x1b[0m [y]", "\x1b[1mname\x1b[0m", "────", "\x1b[32mhero\x1b[0m"],
    )


@pytest.mark.parametrize(("name", "value"), [("NO_COLOR", "1"), ("TERM", "dumb")])
def test_colours_are_left_out_when_they_are_not_wanted(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    monkeypatch.setenv(name, value)
    stream = Terminal()
    screen = Screen.of(stream)
    screen.words(("x", "red"), ("y", "bold"))
    screen.table(("name",), [(("hero", "green"),)])
    assert (screen.colored, stream.getvalue()) == (False, "x y\nname\n────\nhero\n")
    assert not Screen.of(io.StringIO()).colored


def test_column_stays_whole_when_others_can_give_way() -> None:
    screen = Screen(io.StringIO(), width=40)
    screen.table(("name", "place", "note"), [("x" * 30, "y" * 30, "z" * 30)], whole=("name",))
    assert shown(screen)[1] == f"{'x' * 30}  yyyyy…yyyyyy  zzzzz…zzzzzz"
    screen = Screen(io.StringIO(), width=40)
    screen.table(("name",), [("x" * 60,)], whole=("name",))
    assert shown(screen)[1] == "x" * 60


def test_column_is_left_out_when_nothing_stands_in_it() -> None:
    assert table(Screen(io.StringIO()), ("", "a"), ("", "b")) == ["place", "a", "b"]


def test_columns_are_aligned_when_the_stream_knows_less() -> None:
    lines = table(Screen(Narrow(), width=30), ("h\xe9ro", "x" * 40), ("英雄", "…"))
    assert lines[1:] == ["h\\xe9ro       xxxxxx...xxxxxxx", "\\u82f1\\u96c4  ..."]
    assert all(line.isascii() for line in lines)


def test_document_is_json_when_the_stream_knows_less() -> None:
    value = {"name": "h\xe9ro \u82f1 \U0001f600 \udcff"}
    for stream in (io.StringIO(), Narrow()):
        Screen(stream).document(value)
        assert json.loads(stream.getvalue()) == value
        assert stream.getvalue().isascii()  # half a surrogate cannot be written anywhere
    plain = io.StringIO()
    Screen(plain).document({"name": "h\xe9ro"}, indent=None)
    assert plain.getvalue() == '{"name": "h\xe9ro"}\n'
