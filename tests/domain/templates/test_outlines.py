from __future__ import annotations

import runpy
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from hypothesis import given, settings

from bifrost_sdk.domain.templates.automata import folded
from bifrost_sdk.domain.templates.language import Chars, Choice, Field, Node, Repeat, Sequence, Text
from bifrost_sdk.domain.templates.outlines import meeting, outline

languages: Any = SimpleNamespace(**runpy.run_path(str(Path(__file__).with_name("languages.py"))))  # Any: a module
NAME = Field("x", Repeat(Chars(frozenset("abc")), 1))


@settings(max_examples=40)
@given(languages.NODES, languages.NODES)
def test_a_meeting_is_as_short_as_any_common_text(one: Node, other: Node) -> None:
    common = languages.keys(languages.texts(one)) & languages.keys(languages.texts(other))
    met = meeting(outline(folded(one)), outline(folded(other)))
    if common:
        assert met is not None
        assert len(met) <= min(map(len, common))


def test_stretches_are_shared_when_segments_are_alike() -> None:
    one = outline(folded(Sequence((Text("a/"), NAME, Text("/b/"), NAME, Text("/c")))))
    other = outline(folded(Sequence((Text("x/"), NAME, Text("/y")))))
    assert one[1].segment is one[3].segment is other[1].segment
    assert one[0].segment is not other[0].segment


def test_a_stretch_has_several_exits_when_a_part_with_a_slash_may_be_left_out() -> None:
    optional = Choice((Sequence((NAME, Text("/"))), Text("")))
    stretches = outline(folded(Sequence((Text("a/"), optional, Text("b")))))
    assert [sorted(stretch.exits) for stretch in stretches] == [[1], [-1, 2], [-1]]
    assert meeting(stretches, outline(folded(Text("a/b")))) == "a/b"
    assert meeting(stretches, outline(folded(Text("a/c/b")))) == "a/c/b"
    assert meeting(stretches, outline(folded(Text("a/c/c/b")))) is None


def test_a_path_goes_round_when_a_slash_stands_in_a_repeat() -> None:
    folders = Repeat(Sequence((NAME, Text("/"))), 0)
    one = outline(folded(Sequence((folders, Text("end")))))
    assert meeting(one, outline(folded(Text("a/b/c/a/b/end")))) == "a/b/c/a/b/end"
    assert meeting(one, outline(folded(Text("a//end")))) is None
    assert meeting(one, outline(folded(Sequence((folders, Text("x-")))))) is None


def test_paths_never_meet_when_one_goes_on() -> None:
    one, other = outline(folded(Text("a"))), outline(folded(Text("a/b")))
    assert meeting(one, other) is None
    assert meeting(other, one) is None
