"""Templates as a whole: values become paths and paths values, each in one way, and no value leaves its folder."""

from __future__ import annotations

import copy
import datetime
import itertools
import pickle
import unicodedata
from collections.abc import Iterator
from types import MappingProxyType
from typing import Any

import attrs
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from bifrost_sdk.domain import codes
from bifrost_sdk.domain.filesets import FRAME, STYLES, UDIM
from bifrost_sdk.domain.templates import proof
from bifrost_sdk.domain.templates.template import Template
from bifrost_sdk.domain.templates.tokens import (
    ChoiceToken,
    DateToken,
    FrameToken,
    IntegerToken,
    StringToken,
    Token,
    UdimToken,
    VersionToken,
)
from bifrost_sdk.errors import TemplateError

ASSET = Template("{project}/assets/{asset_type}/{asset}/v{version:03d}[/{variant}]/{asset}.{ext}", name="asset")
HERO = {"project": "demo", "asset_type": "char", "asset": "hero", "version": 12, "ext": "usd"}

TOKENS: dict[str, Token] = {
    "name": StringToken(),
    "wide": StringToken(characters=r"\w. -", length=8),
    "tiny": StringToken(characters="a-b", length=2),
    "form": StringToken(pattern="(?:co|x)[n1]{0,3}(?:[.][a-z])?"),
    "area": ChoiceToken(["work", "publish", "con", "tar.gz", "größe"]),
    "count": IntegerToken(padding=2),
    "version": VersionToken(),
    "frame": FrameToken(padding=2),
    "udim": UdimToken(),
    "date": DateToken(),
}
LETTERS = "abconx1-_. éß主"
VALUES: dict[str, st.SearchStrategy[Any]] = {
    "name": st.text("abcon1-é主", min_size=1, max_size=5),
    "wide": st.text(LETTERS, min_size=1, max_size=5),
    "tiny": st.sampled_from(["a", "b", "ab"]),
    "form": st.sampled_from(["con", "co1", "x", "xn.a", "con.b", "xnn"]),
    "area": st.sampled_from(["work", "publish", "con", "tar.gz", "größe"]),
    "count": st.integers(0, 2000),
    "version": st.integers(1, 20_000),
    "frame": st.integers(-200, 20_000) | st.just(FRAME),
    "udim": st.integers(1001, 9999) | st.just(UDIM),
    "date": st.dates(),
}
SLOTS = st.sampled_from([f"{{{name}}}" for name in TOKENS])
TEXTS = st.sampled_from(["_", "-", ".", "/", "v", "co", "/x/", "a", "1", " "])
PIECES = st.lists(SLOTS | TEXTS, min_size=1, max_size=4).map("".join)
OPTIONS = st.builds(
    "[{}{}]".format, TEXTS, st.recursive(PIECES, lambda inner: st.builds("{}[_{}]".format, PIECES, inner))
)
TEXT = st.lists(SLOTS | TEXTS | PIECES | OPTIONS, min_size=1, max_size=6).map("".join)


@st.composite
def templates(draw: st.DrawFn) -> Template:
    try:
        return Template(draw(TEXT), tokens=TOKENS)
    except TemplateError:
        assume(False)  # noqa: FBT003  # how a case is given up
        raise


@st.composite
def filled(draw: st.DrawFn) -> tuple[Template, dict[str, Any]]:  # Any: values of tokens
    """A template, and a value for each token that it needs and for some others."""
    template = draw(templates())
    names = [name for name in template.tokens if name in template.required or draw(st.booleans())]
    return template, {name: draw(VALUES[name]) for name in names}


def written(template: Template, values: dict[str, Any]) -> str | None:  # Any: values of tokens
    try:
        return template.format(values)
    except TemplateError:
        return None


@given(filled())
def test_values_come_back_when_a_path_is_written(case: tuple[Template, dict[str, Any]]) -> None:
    template, values = case
    path = written(template, values)
    assume(path is not None)
    assert path is not None
    assert template.parse(path) == values
    assert template.fails_at(path) is None
    assert template.format(template.parse(path)) == path
    assert codes.path_fault(path) is None
    assert unicodedata.is_normalized("NFC", path)


@given(filled())
def test_path_is_the_same_when_it_is_written_token_by_token(case: tuple[Template, dict[str, Any]]) -> None:
    class Plain(str):
        """Text that the fast way does not take."""

        __slots__ = ()

    template, values = case
    slow = {name: Plain(value) if isinstance(value, str) else value for name, value in values.items()}
    assert written(template, values) == written(template, slow)


CHARS = st.sampled_from([*LETTERS, *"/%0d4<>UDIM\\\n~:", "", "%02d", "##", "<UDIM>", "/../", "\u0301", "con"])


@given(filled(), st.lists(st.tuples(st.integers(0, 40), st.integers(0, 2), CHARS), max_size=3))
def test_path_comes_back_when_it_is_read(
    case: tuple[Template, dict[str, Any]], changes: list[tuple[int, int, str]]
) -> None:
    template, values = case
    path = written(template, values) or "a"
    for place, length, chars in changes:
        path = path[:place] + chars + path[place + length :]
    found = template.match(path)
    if found is None:
        assert template.fails_at(path) is not None
        with pytest.raises(TemplateError):
            template.parse(path)
    else:
        assert template.format(found) == template._respelled(path)
        assert codes.path_fault(path) is None


@given(filled(), st.data())
def test_value_is_refused_when_it_would_leave_its_folder(
    case: tuple[Template, dict[str, Any]], data: st.DataObject
) -> None:
    template, values = case
    assume(values and written(template, values) is not None)
    name = data.draw(st.sampled_from(sorted(values)))
    hostile = data.draw(st.sampled_from(["/", "\\", ":", "\0", "\n", "\u202e", "~", "/../", "\r", "\u2028", "\u200d"]))
    value = data.draw(st.sampled_from([f"a{hostile}", f"{hostile}a", f"a{hostile}b", hostile]))
    with pytest.raises(TemplateError) as caught:
        template.format(values, **{name: value})
    error = caught.value
    assert (error.template, error.token, error.value) == (template.text, name, value)


@pytest.mark.parametrize(
    "value",
    [
        *("..", ".", "../x", "x/..", "/etc/passwd", "//server/share", "C:", "C:x", "x:stream", "\\\\server\\x", "x\\y"),
        *("x\0", "x\n", "\nx", "x\r", "x\t", "x\x7f", "x\x85", "x\u2028", "~", "~anna", "$HOME", "%TEMP%", ""),
        *("nul", "CON", "Aux.txt", "prn .x", "com1", "LPT0.tar.gz", "com\u00b9", "Lpt\u00b3.x", "conin$", "CONOUT$.x"),
        *("x.", "x ", "...", " .", "x*", "x?", 'x"', "x<y", "x>y", "x|y", "<UDIM>", "x#", "x@y"),
        *("\u202ex", "x\u202dy", "x\u200dy", "x\ufe0f", "x\u3164", "e\u0301", "\u0301x", "\u212b", "x\ud800", "\ue000"),
    ],
)
def test_value_is_refused_when_not_every_platform_stores_its_name(value: str) -> None:
    template = Template("x/{a}/y", tokens={"a": StringToken(characters=r"\w. -")}, name="wide")
    with pytest.raises(TemplateError) as caught:
        template.format(a=value)
    assert (caught.value.template, caught.value.token, caught.value.value) == ("wide", "a", value)
    assert "token 'a'" in str(caught.value)
    assert template.match(f"x/{value}/y") is None
    with pytest.raises(TemplateError, match="does not fit"):
        template.parse(f"x/{value}/y")


SMALL: dict[str, Token] = {"a": StringToken(characters="ab", length=2), "b": StringToken(characters="b_", length=1)}
SMALL_TEXTS = [
    *("{a}", "{a}_{b}", "{a}[_{b}]", "{a}[_{b}]/{a}[_{b}]", "[{b}/]{a}", "{a}/[{b}_]{a}", "{a}{b}", "{a}[{b}]"),
    *("[{a}_]b[_{a}]", "x[{a}]_[{b}]y", "{a}[/{b}]x", "[{a}{b}_]{a}", "[_{a}]x[{a}{b}]", "[_{a}]x[{b}]x[{a}{b}]"),
]


def small_values(template: Template) -> Iterator[dict[str, str]]:
    """All values of a template of small tokens, with and without each of its optional tokens."""
    every = {
        "a": ["".join(found) for size in (1, 2) for found in itertools.product("ab", repeat=size)],
        "b": ["b", "_"],
    }
    choices = [[*every[name], *([] if name in template.required else [None])] for name in template.tokens]
    for found in itertools.product(*choices):
        yield {name: value for name, value in zip(template.tokens, found, strict=True) if value is not None}


@pytest.mark.parametrize("text", SMALL_TEXTS)
def test_paths_are_exactly_those_of_all_values_when_the_alphabet_is_small(text: str) -> None:
    template = Template(text, tokens=SMALL)
    paths = {written(template, values): values for values in small_values(template)}
    paths.pop(None, None)
    longest = min(max(map(len, filter(None, paths))), 7)
    alphabet = sorted(set("".join(filter(None, paths))))
    read = {}
    for size in range(1, longest + 1):
        for chars in itertools.product(alphabet, repeat=size):
            path = "".join(chars)
            values = template.match(path)
            if values is not None:
                read[path] = values
    assert read == {path: values for path, values in paths.items() if path and len(path) <= longest}
    if isinstance(proof.readings(template.language), proof.Disjoint):
        every = list(small_values(template))
        unwritten = [values for values in every if written(template, values) is None]
        assert all("without" in refusal(template, values) for values in unwritten)


def refusal(template: Template, values: dict[str, Any]) -> str:  # Any: values of tokens
    with pytest.raises(TemplateError) as caught:
        template.format(values)
    assert caught.value.template == (template.name or template.text)
    return str(caught.value)


def test_design_is_kept_when_followed() -> None:
    path = ASSET.format(project="demo", asset_type="char", asset="hero", version=12, ext="usd")
    assert path == "demo/assets/char/hero/v012/hero.usd"
    assert ASSET.parse(path) == HERO
    assert ASSET.format(HERO, variant="red") == "demo/assets/char/hero/v012/red/hero.usd"
    assert ASSET.format(MappingProxyType(HERO)) == path
    assert list(ASSET.tokens) == ["project", "asset_type", "asset", "version", "variant", "ext"]
    assert ASSET.required == {"project", "asset_type", "asset", "version", "ext"}


@pytest.mark.parametrize(
    ("given_values", "token", "value", "says"),
    [
        (
            {"asset": ".."},
            "asset",
            "..",
            "'..' is not 1 to 64 characters of letters, digits and -: '.' U+002E full stop",
        ),
        ({"asset": "a/b"}, "asset", "a/b", "'/' U+002F solidus at character 2"),
        ({"asset": "a\\b"}, "asset", "a\\b", "reverse solidus at character 2"),
        ({"asset": "hero_01"}, "asset", "hero_01", "'_' U+005F low line at character 5"),
        ({"asset": "he\u202ero"}, "asset", "he\u202ero", "'he\\u202ero' is not"),
        ({"asset": "e\u0301"}, "asset", "e\u0301", "give it in NFC"),
        ({"asset": "Aux"}, "asset", "Aux", "'Aux' is a device on Windows (choose another name)"),
        ({"asset": "com1"}, "asset", "com1", "is a device on Windows"),
        ({"asset": None}, "asset", None, "None is not"),
        ({"asset": 7}, "asset", 7, "7 is not"),
        ({"version": True}, "version", True, "True is not a version's number from 1 in 3 or more digits"),
        ({"version": 1.0}, "version", 1.0, "1.0 is not"),
        ({"version": "001"}, "version", "001", "'001' is not"),
        ({"version": 0}, "version", 0, "0 is not"),
        ({"version": -1}, "version", -1, "-1 is not"),
        ({"shot": "x"}, "shot", "x", "it has no token 'shot'; its tokens: project, asset_type"),
    ],
)
def test_error_names_template_token_and_value_when_a_value_is_refused(
    given_values: dict[str, Any], token: str, value: object, says: str
) -> None:
    with pytest.raises(TemplateError) as caught:
        ASSET.format(HERO, **given_values)
    error = caught.value
    assert (error.template, error.token, error.value) == ("asset", token, value)
    assert says in str(error)
    assert "template 'asset' ({project}/assets" in str(error)
    assert token in str(error)


def test_error_names_the_missing_tokens_when_values_are_not_all_given() -> None:
    with pytest.raises(TemplateError) as caught:
        ASSET.format(project="demo", asset="hero", version=1)
    assert "token 'asset_type' has no value; give asset_type, ext" in str(caught.value)


def test_error_names_template_token_and_value_when_one_is_given_without_another() -> None:
    with pytest.raises(TemplateError, match=r"token 'c' is given without b.*c was 'y'") as caught:
        Template("{a}[_{b}[-{c}]]", name="x").format(a="x", c="y")
    assert (caught.value.template, caught.value.token, caught.value.value) == ("x", "c", "y")


@pytest.mark.parametrize(
    ("text", "values", "says"),
    [
        ("{a}-{b}", {"a": "x", "b": "y-z"}, "it would be read as {'a': 'x-y', 'b': 'z'}"),
        ("{a}[-{b}]", {"a": "x-y"}, ""),
        ("{a}[-{b}]", {"a": "x", "b": "y"}, "it would be read as {'a': 'x-y'}"),
        ("{a}{b}", {"a": "con", "b": "x"}, ""),
        ("{a}{b}/x", {"a": "n", "b": "ul"}, "'nul' is a device on Windows"),
        ("{a}.{b}", {"a": "lpt1", "b": "x"}, "'lpt1.x' is a device on Windows"),
        ("{a}_{b}", {"a": "lpt1", "b": "x"}, ""),
        ("con{a}", {"a": "s"}, ""),
    ],
)
def test_value_is_refused_when_the_whole_path_would_say_another_thing(
    text: str, values: dict[str, str], says: str
) -> None:
    template = Template(text)
    path = written(template, values)
    if path is None:
        assert says
        assert says.partition("{")[0] in refusal(template, values)
    else:
        assert template.parse(path) == values


@pytest.mark.parametrize(
    ("path", "frame"),
    [
        ("tex.1001.0007.exr", 7),
        ("tex.1001.-007.exr", -7),
        ("tex.1001.12345.exr", 12345),
        ("tex.1001.%04d.exr", FRAME),
        ("tex.1001.####.exr", FRAME),
        ("tex.1001.$F4.exr", FRAME),
        ("tex.1001.${F4}.exr", FRAME),
        ("tex.1001.<FRAME>.exr", FRAME),
    ],
)
@pytest.mark.parametrize("text", ["{a}.{udim}.{frame}.exr", "{a}.<UDIM>.####.exr", "{a}.%(UDIM)d.$F4.exr"])
def test_frame_and_udim_are_typed_values_when_programs_write_them(text: str, path: str, frame: object) -> None:
    template = Template(text)
    assert template.parse(path) == {"a": "tex", "udim": 1001, "frame": frame}
    for udim in ("<UDIM>", "<udim>", "%(UDIM)d"):
        assert template.parse(path.replace("1001", udim)) == {"a": "tex", "udim": UDIM, "frame": frame}
    assert template.format(a="tex", udim=UDIM, frame=FRAME) == "tex.<UDIM>.%04d.exr"
    assert template.format(a="tex", udim=1002, frame="####") == "tex.1002.%04d.exr"


@pytest.mark.parametrize("path", ["a.%03d", "a.###", "a.$F5", "a.007", "a.00007", "a.<UDIM>", "a.-0007", "a.%04d.%04d"])
def test_frame_is_refused_when_its_padding_is_another(path: str) -> None:
    assert Template("{a}.{frame}").match(path) is None


def test_placeholder_without_padding_has_every_padding_when_read() -> None:
    assert Template("{a}.{frame:06d}").parse("x.<FRAME>") == {"a": "x", "frame": FRAME}


@pytest.mark.parametrize("style", STYLES)
def test_spelled_text_reads_the_same_paths_when_parsed_again(style: str) -> None:
    template = Template("{@root}/{a}[_{b}].{udim}.{frame}.exr", including={"root": "{{x}}/{project}"})
    again = Template(template.spelled(style))
    assert again.tokens == template.tokens
    assert again.language == template.language


def test_spelled_text_is_what_programs_write_when_asked() -> None:
    template = Template("{a}.{frame:06d}.<UDIM>")
    assert [template.spelled(style) for style in STYLES] == [
        "{a}.%06d.<UDIM>",
        "{a}.######.<UDIM>",
        "{a}.$F6.%(UDIM)d",
        "{a}.<FRAME>.<UDIM>",
    ]
    with pytest.raises(TemplateError, match="there is no style 'nuke'; use printf, hashes"):
        template.spelled("nuke")


def test_tokens_go_by_name_and_format_when_nobody_defines_them() -> None:
    template = Template("{asset}/{version}/{frame:05d}/{udim}/{date:%Y-%m-%d}/{take:02d}")
    assert dict(template.tokens) == {
        "asset": StringToken(),
        "version": VersionToken(),
        "frame": FrameToken(padding=5),
        "udim": UdimToken(),
        "date": DateToken("%Y-%m-%d"),
        "take": IntegerToken(padding=2),
    }
    values = template.parse("hero/001/00007/1001/2026-01-31/100")
    assert values["date"] == datetime.date(2026, 1, 31)
    assert template.format(values) == "hero/001/00007/1001/2026-01-31/100"
    assert template.match("hero/001/00007/1001/2026-02-31/100") is None


def test_token_agrees_with_itself_when_it_stands_again() -> None:
    template = Template("{asset}/v{version:04d}/{asset}_v{version}")
    assert template.parse("hero/v0003/hero_v0003") == {"asset": "hero", "version": 3}
    assert template.match("hero/v0003/hera_v0003") is None
    assert template.match("hero/v0003/hero_v0004") is None
    with pytest.raises(TemplateError, match=r"token 'version' is written in several ways \(03d, 04d\)"):
        Template("v{version:03d}/v{version:04d}")


@pytest.mark.parametrize(
    ("path", "values"),
    [
        ("hero/v001/hero.usd", {"asset": "hero"}),
        ("hero_b/v001/hero_b.usd", {"asset": "hero", "variant": "b"}),
        ("hero_b/v001/hero.usd", None),
        ("hero/v001/hero_b.usd", None),
        ("hero_b/v001/hero_c.usd", None),
    ],
)
def test_parts_are_there_together_when_they_have_the_same_tokens(path: str, values: dict[str, str] | None) -> None:
    assert Template("{asset}[_{variant}]/v001/{asset}[_{variant}].usd").match(path) == values


def test_path_of_another_script_is_read_when_it_is_composed() -> None:
    template = Template("{asset}/größe/{task}.usd")
    for asset in ("größe", "मुख्य", "主人公", "Ελλάδα"):
        path = template.format(asset=asset, task="model")
        assert template.parse(path) == {"asset": asset, "task": "model"}
        decomposed = unicodedata.normalize("NFD", path)
        assert decomposed == path or template.match(decomposed) is None
    for asset in ("a\u0301", "\u0301a", "a\u200d", "²", "a\u202eb", "-\u0301", "a\ufe0f"):
        assert template.match(f"{asset}/größe/model.usd") is None


def test_two_values_are_refused_when_side_by_side_they_compose() -> None:
    one = StringToken(length=1)
    template = Template("x{a}{b}", tokens={"a": one, "b": one})
    assert "not composed" in refusal(template, {"a": "\u1100", "b": "\u1161"})


def test_inclusions_are_kept_when_they_are_needed() -> None:
    including = {"shot": "{@root}/{shot}", "root": "shows/{project}", "asset": "{@root}/{asset}"}
    template = Template("{@shot}/v{version}", including=including)
    assert template.including == {"shot": including["shot"], "root": including["root"]}
    assert template.format(project="demo", shot="sh010", version=3) == "shows/demo/sh010/v003"
    assert attrs.evolve(template, name="x").language == template.language


def test_many_optional_parts_are_read_and_written_soon_when_none_is_spelled_out() -> None:
    names = [f"t{number}" for number in range(40)]
    template = Template("x" + "".join(f"[_{name}-{{{name}}}]" for name in names))
    values = dict.fromkeys(names[::2], "a")
    path = template.format(values)
    assert template.parse(path) == values
    assert template.match(path + "!") is None


@pytest.mark.parametrize(
    "text",
    [
        "{a}{b}{c}{d}{e}{f}{g}_{a}_{b}",
        "{a}-{b}-{c}-{d}-{e}/x",
        "{a}{b}{c}/{d}{e}{f}/x",
        "{a}[{b}][{c}][{d}][{e}]",
        "{a}[_{b}_]{c}[_{d}_]{e}[_{f}_]{g}[_{h}_]{i}",
    ],
)
def test_template_is_refused_when_reading_could_take_very_long(text: str) -> None:
    with pytest.raises(TemplateError, match="run into each other"):
        Template(text)


DIGITS: dict[str, Token] = {name: StringToken(pattern="[0-9]{2}") for name in "abcdefg"}


@pytest.mark.parametrize(
    ("text", "tokens"),
    [("{a}{b}{c}{d}{e}{f}{g}_{a}_{b}", DIGITS), ("{a}-{b}-{c}-{d}", {}), ("{a}_{b}_{c}_{d}_{e}[_{f}]/{a}{b}", {})],
)
def test_tokens_stand_side_by_side_when_few_or_proven_to_read_one_way(text: str, tokens: dict[str, Token]) -> None:
    template = Template(text, tokens=tokens)
    values = {name: str(number) for number, name in enumerate(template.tokens, 11)}
    assert template.parse(template.format(values)) == values


def test_number_is_refused_when_python_writes_no_such_one() -> None:
    with pytest.raises(TemplateError, match="token 'version': a huge int is not"):
        Template("{asset}.v{version}").format(asset="hero", version=10**6000)


def test_templates_are_values_when_compared_copied_or_sent() -> None:
    same = Template(ASSET.text, name="asset")
    assert same == ASSET
    assert hash(same) == hash(ASSET)
    assert Template(ASSET.text, name="asset", tokens={"asset": StringToken(characters="a-z")}) != ASSET
    assert attrs.evolve(ASSET, name="other").format(HERO) == ASSET.format(HERO)
    for again in (pickle.loads(pickle.dumps(ASSET)), copy.deepcopy(ASSET)):  # noqa: S301  # our own bytes
        assert again == ASSET
        assert again.match(ASSET.format(HERO)) == HERO


@pytest.mark.parametrize("path", [None, 7, b"demo/assets", ["demo"]])
def test_path_is_refused_when_it_is_no_text(path: Any) -> None:
    for ask in (ASSET.match, ASSET.parse):
        with pytest.raises(TemplateError, match="is no text; give a str"):
            ask(path)


@pytest.mark.parametrize(
    "path",
    [
        "demo\\assets\\char\\hero\\v012\\hero.usd",
        "/demo/assets/char/hero/v012/hero.usd",
        "demo/assets/char/hero/v012/hero.usd/",
        "demo/assets/char/hero/v012/hero.usd\n",
        "demo/assets/char/hero/v012/../hero.usd",
        "demo//assets/char/hero/v012/hero.usd",
        "demo/assets/char/hero/v12/hero.usd",
        "demo/assets/char/hero/v\u0660\u0661\u0662/hero.usd",
        "demo/assets/char/hero/v012/hero.usd.",
        "demo/assets/char/hero/v012/hero.usd ",
        "demo/assets/con/hero/v012/hero.usd",
        "Demo/Assets/char/hero/v012/hero.usd",
        "",
    ],
)
def test_path_is_refused_when_another_spelling_is_the_one(path: str) -> None:
    assert ASSET.match(path) is None
    with pytest.raises(TemplateError) as caught:
        ASSET.parse(path)
    assert caught.value.template == "asset"
    assert "does not fit: at character" in str(caught.value)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "a name before its end can be empty"),
        ("/{a}", "a name before a '/' can be empty"),
        ("{a}/", "a name before its end can be empty"),
        ("{a}//x", "a name before a '/' can be empty"),
        ("[{a}]/x", "move the '/' into the brackets"),
        ("{a}[/{b}]/", "a name before its end can be empty"),
        ("{a}/../x", "ends in a dot or a space"),
        ("./{a}", "ends in a dot or a space"),
        ("{a}.", "ends in a dot or a space"),
        ("{a} /x", "ends in a dot or a space"),
        ("con/{a}", "'con' is a device on Windows"),
        ("{a}/NUL", "'NUL' is a device on Windows"),
        ("aux.{a}", "is a device on Windows"),
        ("lpt1.x[{a}]", "is a device on Windows"),
        ("C:/{a}", "Windows reads a drive"),
        ("{a}\\{b}", "folders are separated by '/'"),
        ("~/{a}", "a shell expands it"),
        ("$HOME/{a}", "a shell or a host expands it"),
        ("{a}\n", "U+000A"),
        ("{a}\u202e", "right-to-left override"),
        ("e\u0301/{a}", "write it in NFC"),
        ("{a}\u0301/x", "begins with U+0301 combining acute accent"),
        ("{a}[_x]", "let it hold a token of its own"),
        ("{a:x}", "'x' is no format of a number"),
        ("{asset:s}", "'s' is no format"),
        (7, "7 is no template; give a str"),
    ],
)
def test_template_is_refused_when_its_paths_would_not_be_stored_alike(text: Any, says: str) -> None:
    with pytest.raises(TemplateError) as caught:
        Template(text)
    assert says in str(caught.value)


def test_token_is_refused_when_it_is_defined_by_something_else() -> None:
    with pytest.raises(TemplateError, match="token 'a' is defined as 'string'; give a Token") as caught:
        Template("{a}", tokens={"a": "string"}, name="x")  # type: ignore[dict-item]  # on purpose
    assert caught.value.template == "x"


@pytest.mark.parametrize(
    "text", ["co[n{a}]", "{a}/co[n{b}]", "[{a}/]con{b}", "{a}.{b}", "[{a}]nul[.{b}]x", "{a}[.{b}]"]
)
@given(data=st.data())
def test_no_name_is_a_device_when_values_try(text: str, data: st.DataObject) -> None:
    template = Template(text, tokens={"a": StringToken(characters=r"\w."), "b": StringToken(characters=r"\w.")})
    tries = st.sampled_from(
        ["con", "Con", "nul", "n", "u", "aux.x", "com1", "lpt9.", "x", ".", "..", "...", "a.b", "con."]
    )
    names = [name for name in template.tokens if name in template.required or data.draw(st.booleans())]
    path = written(template, {name: data.draw(tries) for name in names})
    assert path is None or codes.path_fault(path) is None
