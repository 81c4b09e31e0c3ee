from __future__ import annotations

import pickle
import unicodedata

import attrs
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bifrost_sdk.domain import codes
from bifrost_sdk.domain.references import MAX_LENGTH, Reference, Tag, parse_many, split
from bifrost_sdk.errors import ReferenceSyntaxError

ID = "0190f3aa-1111-7222-8333-444455556666"
MODEL = "bifrost://demo/assets/char/hero/model"

ALPHABET = st.sampled_from("abcvVLtx019_-éßẞſİıΣςक्ｖ主")
CODES = st.text(ALPHABET, min_size=1, max_size=8).map(codes.nfc).filter(lambda text: codes.code_fault(text) is None)
PROJECTS = st.from_regex("[a-z0-9][a-z0-9_-]{0,8}", fullmatch=True).filter(
    lambda text: codes.project_fault(text) is None
)
NAMES = st.sampled_from(
    ["model.usd", "tex/<UDIM>.exr", "a.<FRAME>.exr", "v001", "größe.abc", ".x", "A b.c", "Model.usd"]
)
TAGS = st.one_of(st.integers(1, 1200), st.just(999_999), st.sampled_from(["latest", "approved"])).map(Tag.of)
BY_PATH = st.one_of(
    st.builds(Reference, PROJECTS, st.lists(CODES, max_size=4)),
    st.builds(Reference, PROJECTS, st.lists(CODES, min_size=1, max_size=4), tag=TAGS, file=st.none() | NAMES),
)
BY_ID = st.builds(Reference, st.none() | PROJECTS, id=st.uuids().map(str), file=st.none() | NAMES)
REFERENCES = BY_PATH | BY_ID
SPELLED = "bifrost: BIFROST: / // ~ demo Demo a V001 v001 v12 v0 latest LATEST ?v= ? 12 con nul.txt . .. @ %20 \\ # é İ"
PIECES = [*SPELLED.split(" "), "\0", "\n", " ", "\u202e", "e\u0301", "\u0338", "<UDIM>", "asset", "model.usd", "9" * 11]
PIECES += [ID, ID.upper(), "x" * 64, "x" * 65]
HOSTILE = st.lists(st.sampled_from(PIECES), max_size=9).map("".join)


@given(REFERENCES)
def test_parse_gives_the_reference_back_when_printed(ref: Reference) -> None:
    again = Reference.parse(str(ref))
    assert again == ref
    assert (again.project, again.path, again.id, again.tag, again.file) == (
        ref.project,
        ref.path,
        ref.id,
        ref.tag,
        ref.file,
    )
    assert str(again) == str(ref)


@given(REFERENCES, REFERENCES)
def test_references_are_equal_when_their_prints_fold_alike_and_only_then(one: Reference, other: Reference) -> None:
    for left, right in [(one, other), (one, attrs.evolve(one, path=[code.casefold() for code in one.path]))]:
        alike = codes.fold(str(left)) == codes.fold(str(right)) and left.file == right.file
        assert (left == right) is alike
        assert not alike or hash(left) == hash(right)


@given(HOSTILE | HOSTILE.map(lambda tail: f"bifrost://demo/{tail}") | st.text(max_size=30))
@example(MODEL + "/v001/")
@example("bifrost:/demo/a?v=" + "9" * 5000)
@example("bifrost://demo/a/v" + "9" * 900)
def test_parse_normalises_or_refuses_when_given_anything(text: str) -> None:
    (ref,) = parse_many([text])
    if isinstance(ref, ReferenceSyntaxError):
        assert 0 <= ref.position <= len(ref.text)
        assert "^" in str(ref)
        with pytest.raises(ReferenceSyntaxError):
            split(text)
    else:
        assert Reference.parse(str(ref)) == ref
        assert str(Reference.parse(str(ref))) == str(ref)
        assert Reference.parse(unicodedata.normalize("NFD", text)) == ref
        assert split(text) == (ref.project or "", ref.key, ref.id or "", str(ref.tag or ""), ref.file or "")


@given(REFERENCES)
def test_split_agrees_with_parse_when_canonical(ref: Reference) -> None:
    assert split(str(ref)) == (ref.project or "", ref.key, ref.id or "", str(ref.tag or ""), ref.file or "")


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        ("bifrost://demo", "bifrost://demo"),
        ("bifrost://demo/", "bifrost://demo"),
        ("bifrost:/demo/assets/hero", "bifrost://demo/assets/hero"),
        ("BiFrost://Demo/assets/Hero", "bifrost://demo/assets/Hero"),
        (f"{MODEL}?v=12", f"{MODEL}/v012"),
        (f"{MODEL}?v=0012", f"{MODEL}/v012"),
        (f"{MODEL}?v=1000", f"{MODEL}/v1000"),
        (f"{MODEL}?v=v012", f"{MODEL}/v012"),
        (f"{MODEL}?v=Latest", f"{MODEL}/latest"),
        (f"{MODEL}/V012/model.usd", f"{MODEL}/v012/model.usd"),
        (f"{MODEL}/APPROVED", f"{MODEL}/approved"),
        (f"bifrost:///asset/{ID}", f"bifrost:///~{ID}"),
        (f"bifrost:///versions/{ID.upper()}/model.usd", f"bifrost:///~{ID}/model.usd"),
        (f"bifrost:///~{ID}", f"bifrost:///~{ID}"),
        (f"bifrost:/~{ID}", f"bifrost:///~{ID}"),
        (f"bifrost://demo/~{ID}/tex/<UDIM>.exr", f"bifrost://demo/~{ID}/tex/<UDIM>.exr"),
        ("bifrost://demo/he\u0301ro", "bifrost://demo/h\u00e9ro"),
        ("bifrost://demo/v8car/latest_look/v", "bifrost://demo/v8car/latest_look/v"),
    ],
)
def test_parse_prints_one_spelling_when_others_are_given(text: str, canonical: str) -> None:
    assert str(Reference.parse(text)) == canonical


@pytest.mark.parametrize(
    ("text", "position", "says"),
    [
        ("", 0, "starts with 'bifrost://'"),
        ("demo/assets", 0, "starts with 'bifrost://'"),
        (f" {MODEL}", 0, "starts with"),
        ("bifrost:demo", 8, "starts with"),
        ("bifrost:////demo", 10, "starts with"),
        ("bifrost://", 10, "project's code is missing"),
        ("bifrost://de.mo/a", 12, "cannot stand in a project's code"),
        ("bifrost://nul/a", 10, "device"),
        ("bifrost:///demo", 11, "'~' and an id"),
        ("bifrost:///demo/assets/hero", 16, "an id is a UUID"),
        ("bifrost://demo/~0190", 16, "an id is a UUID"),
        ("bifrost://demo//hero", 15, "never empty"),
        (f"{MODEL}/", 38, "never empty"),
        (f"{MODEL} ", 37, "U+0020 space"),
        ("bifrost://demo/a/b c", 18, "U+0020 space"),
        ("bifrost://demo/a%20b", 16, "nothing is percent-encoded"),
        ("bifrost://demo/a/../b", 17, "'.'"),
        ("bifrost://demo/a/model.usd", 22, "a file follows a tag"),
        ("bifrost://demo/a/CON/b", 17, "device"),
        ("bifrost://demo/a/\u202eb", 17, "right-to-left override"),
        ("bifrost://demo/e\u0301/\u202eb", 17, "right-to-left override"),
        ("bifrost://demo/latest", 15, "the path of a product comes before it"),
        (f"{MODEL}/v12", 38, "version 12 is written v012"),
        (f"{MODEL}/v0012/a.usd", 38, "version 12 is written v012"),
        (f"{MODEL}/v000", 38, "versions are v001 to v999"),
        (f"{MODEL}/v1000000", 38, "up to v999999;"),
        (f"{MODEL}?v=0", 40, "versions are v001"),
        (f"{MODEL}?v=", 40, "is no tag"),
        (f"{MODEL}?v=12/model.usd", 40, "is no tag"),
        (f"{MODEL}?version=12", 37, "only '?v='"),
        (f"{MODEL}/v001?v=2", 42, "given twice"),
        ("bifrost://demo?v=2", 14, "only the path of a product has versions"),
        (f"bifrost://demo/~{ID}?v=2", 52, "only the path of a product has versions"),
        (f"{MODEL}/v001/", 43, "missing"),
        (f"{MODEL}/v001/a@b.usd", 44, "USD ends an asset path"),
        (f"{MODEL}/v001/../x", 43, "would leave"),
        (f"{MODEL}/v001/nul.usd", 43, "device"),
        (f"{MODEL}/v001/a.", 44, "never ends in"),
        (f"{MODEL}/v001/a.%04d.exr", 45, "<FRAME>"),
        ("bifrost://demo/" + "x" * 65, 79, "at most 64"),
        ("bifrost://demo" + "/abcdefghi" * 102, 1024, "at most 1024 characters, not 1034"),
        ("bifrost://demo/" + "x" * 5000, 1024, "at most 1024 characters, not 5015"),
    ],
)
def test_parse_points_at_the_place_when_refused(text: str, position: int, says: str) -> None:
    with pytest.raises(ReferenceSyntaxError) as caught:
        Reference.parse(text)
    assert says in str(caught.value)
    assert caught.value.position == position


def test_parse_accepts_the_longest_when_it_is_just_short_enough() -> None:
    text = "bifrost://demo" + "/abcdefghi" * 101
    assert len(text) == MAX_LENGTH
    assert str(Reference.parse(text)) == text
    with pytest.raises(ReferenceSyntaxError, match="not 1025"):
        Reference.parse(text.replace("bifrost://", "bifrost:/") + "j")


def test_parse_many_answers_in_order_when_some_are_wrong() -> None:
    good, bad, last = parse_many([MODEL, "nonsense", f"{MODEL}/latest"])
    assert good == Reference.parse(MODEL)
    assert isinstance(bad, ReferenceSyntaxError)
    assert last == Reference.parse(MODEL).with_tag("latest")


def test_reference_gives_its_parts_when_asked() -> None:
    ref = Reference.parse("bifrost://demo/assets/char/Hero/model/v012/model.usd")
    assert (ref.project, ref.path, ref.id) == ("demo", ("assets", "char", "Hero", "model"), None)
    assert (ref.key, ref.version_number, ref.file) == ("assets/char/hero/model", 12, "model.usd")
    assert repr(ref) == "Reference('bifrost://demo/assets/char/Hero/model/v012/model.usd')"
    assert ref != str(ref)
    assert Reference.parse(MODEL).version_number is None
    assert ref.with_tag("latest").version_number is None


def test_reference_survives_when_pickled_or_given_decomposed_parts() -> None:
    ref = Reference("demo", ["e\u0301"], tag=Tag("v001"), file="e\u0301.usd")
    assert (ref.path, ref.file) == (("\u00e9",), "\u00e9.usd")
    assert pickle.loads(pickle.dumps(ref)) == ref  # noqa: S301 - made one line above


def test_with_tag_and_with_file_change_one_part_when_they_fit() -> None:
    ref = Reference.parse(MODEL).with_tag(12).with_file("model.usd")
    assert str(ref) == f"{MODEL}/v012/model.usd"
    assert str(ref.with_tag("approved")) == f"{MODEL}/approved/model.usd"
    assert str(ref.with_tag(None)) == MODEL
    assert str(ref.with_file(None)) == f"{MODEL}/v012"
    assert Reference.of_id("demo", ID).with_file("a.usd").with_tag(None).file == "a.usd"


def test_parent_steps_up_when_repeated() -> None:
    steps = [ref := Reference.parse("bifrost://demo/assets/hero/v001/a.usd")]
    while (ref := ref.parent) is not None:
        steps.append(ref)
    assert [str(step)[14:] for step in steps] == [
        "/assets/hero/v001/a.usd",
        "/assets/hero/v001",
        "/assets/hero",
        "/assets",
        "",
    ]
    assert Reference.of_id(None, ID).parent is None


def test_child_names_the_node_below_when_on_a_node() -> None:
    assert str(Reference("demo").child("assets").child("Hero")) == "bifrost://demo/assets/Hero"


@pytest.mark.parametrize(
    "make",
    [
        lambda: Reference(None),
        lambda: Reference(""),
        lambda: Reference("Demo"),
        lambda: Reference("demo", ["a/b"]),
        lambda: Reference("demo", ["latest"]),
        lambda: Reference("demo", [""]),
        lambda: Reference("demo", ["a"], id=ID),
        lambda: Reference("demo", id=ID.upper()),
        lambda: Reference("demo", id=""),
        lambda: Reference("demo", id=ID, tag=Tag("v001")),
        lambda: Reference("demo", ["a"], file="a.usd"),
        lambda: Reference("demo", ["a"], file="b"),
        lambda: Reference("demo", ["a"], tag=Tag("latest"), file=""),
        lambda: Reference("demo", tag=Tag("latest")),
        lambda: Reference.parse(MODEL).with_file("a.usd"),
        lambda: Reference.parse(MODEL).with_tag(0),
        lambda: Reference.parse(MODEL).with_tag(1).child("a"),
        lambda: Reference.parse(MODEL).child("v1"),
        lambda: Reference.of_id("demo", ID).with_tag(1),
        lambda: Reference.of_id("demo", ID).child("a"),
        lambda: Tag("V001"),
        lambda: Tag("Latest"),
        lambda: Tag(""),
        lambda: Tag.of(-1),
        lambda: Tag.of(10**9),
    ],
)
def test_construction_is_refused_when_parts_make_no_reference(make: object) -> None:
    assert callable(make)
    with pytest.raises(ReferenceSyntaxError):
        make()
