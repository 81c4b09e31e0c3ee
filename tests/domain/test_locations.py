from __future__ import annotations

import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bifrost_sdk.domain import codes, locations
from bifrost_sdk.domain.locations import INDEXED_FILES, Location
from bifrost_sdk.domain.versions import File, Representation, Workfile

ONE = "01890000-0000-7000-8000-000000000001"
NAMES = (
    st.text("ab ä./<>{'\u2028", max_size=6)
    .map("a{}b".format)
    .filter(lambda text: codes.path_fault(codes.nfc(text)) is None)
)
TIMES = st.datetimes(timezones=st.just(datetime.timezone.utc))
FILES = st.builds(File, NAMES, st.integers(0, 2**53 - 1), st.text("ab:0", max_size=5))


@given(files=st.lists(FILES, max_size=3).map(tuple), folder=st.just("") | NAMES)
def test_files_come_back_when_written(files: tuple[File, ...], folder: str) -> None:
    made = Representation(version=ONE, name="usd", folder=folder, files=files)
    assert locations.read(locations.write(made)) == (locations.all_files([made]), True)


def test_files_are_incomplete_when_there_are_many() -> None:
    files = tuple(File(f"a{number}.exr", 1, "x") for number in range(INDEXED_FILES + 1))
    found, complete = locations.read(locations.write(Representation(version=ONE, name="exr", files=files)))
    assert (len(found), complete) == (INDEXED_FILES, False)


@given(parts=st.lists(st.lists(FILES, min_size=1, max_size=3).map(tuple), min_size=1, max_size=3))
def test_columns_are_those_of_all_files_when_written(parts: list[tuple[File, ...]]) -> None:
    written = [Representation(version=ONE, name="usd", folder="v001", files=files) for files in parts]
    names, sizes, digests = locations.columns(map(locations.write, written))
    found = [*zip(names, map(int, sizes), digests, strict=True)]
    assert found == [(each.name, each.size, each.hash) for files in parts for each in files]


@given(file=NAMES, size=st.none() | st.integers(0, 2**53 - 1), modified=st.none() | TIMES, digest=st.text("ab:0"))
def test_work_file_comes_back_when_written(
    file: str, size: int | None, modified: datetime.datetime | None, digest: str
) -> None:
    made = Workfile(parent=ONE, file=file, root="show", size=size, modified_at=modified, hash=digest)
    seconds = None if modified is None else modified - datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)
    microseconds = None if seconds is None else seconds // datetime.timedelta(microseconds=1)
    assert locations.read_work(locations.write_work(made)) == ("show", made.file, size, microseconds, digest)
    columns = ([path] * 2 for path in locations.write_work(made).split("\t")[1:])
    assert [*locations.work_columns([locations.write_work(made)] * 2)] == [*columns]


def test_path_lies_in_the_folder_when_there_is_one() -> None:
    assert Location("usd", "a.usd", "publish", "v001", 1, "").path == "v001/a.usd"
    assert Location("usd", "a.usd", "publish", "", 1, "").path == "a.usd"


@pytest.mark.parametrize(
    ("product", "key", "extension", "name"),
    [("model", "USD", "usdc", "model.usdc"), ("model", "preview", "png", "preview.png"), ("model", "jpg", "", "model")],
)
def test_main_file_is_named_for_its_family_when_it_has_one(product: str, key: str, extension: str, name: str) -> None:
    assert locations.main_name(product, key, extension) == name


def test_file_is_found_by_its_family_when_only_one_fits() -> None:
    usd, abc = (Location("x", name, "publish", "", 1, "") for name in ("Model.usdc", "model.abc"))
    assert locations.by_family("model.usd", [usd, abc]) == usd
    assert locations.by_family("model.usd", [usd, usd]) is None
    assert locations.by_family("model", [usd]) is None
    assert locations.by_family("model.png", [usd]) is None


def test_main_file_is_read_alone_when_there_is_one() -> None:
    files = (File("a.usd", 1, "x"), File("b.usd", 2, "y"))
    made = Representation(version=ONE, name="usd", folder="v001", files=files)
    assert locations.first(locations.write(made)) == locations.all_files([made])[0]
    assert locations.first(locations.write(Representation(version=ONE, name="usd"))) is None
