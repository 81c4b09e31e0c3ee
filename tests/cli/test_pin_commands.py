from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from bifrost_sdk.domain.pins import PinSet
from bifrost_sdk.session import connect, init

Run = Callable[..., tuple[int, str, str]]
MODEL = "bifrost://demo/assets/char/hero/model"


@pytest.fixture
def pinned(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, run: Run) -> Path:
    """The current folder: a workspace with two versions of a model, of which the first is pinned in pins.json."""
    monkeypatch.chdir(init(tmp_path, project="demo", user="anna"))
    monkeypatch.setenv("BIFROST_SDK_USER", "anna")
    Path("hero.usda").write_text("#usda 1.0\n")
    with connect(tmp_path) as session:
        session.publish(session.assets.create("demo", "char", "hero"), "model", {"usd": "hero.usda"})
        assert run("pins", "make", "assets/char/hero/model", "--to", "pins.json") == (
            0,
            "pins.json pins 1; bifrost resolve --pins pins.json goes by it\n",
            "",
        )
        session.publish("bifrost://demo/assets/char/hero", "model", {"usd": "hero.usda"})
    return tmp_path / "pins.json"


def test_pinned_version_is_resolved_when_there_is_a_newer_one(pinned: Path, run: Run) -> None:
    assert "/v002/" in run("resolve", "assets/char/hero/model")[1]
    assert "/v001/" in run("resolve", "assets/char/hero/model", "--pins", "pins.json")[1]


def test_pins_are_told_when_shown_without_a_workspace(
    pinned: Path, run: Run, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path_factory.mktemp("elsewhere"))
    row = run("pins", "show", str(pinned))[1].splitlines()[1].split()
    assert row[:3] == [MODEL, "v001", "{publish}/demo/assets/char/hero/model/v001/model.usda"]
    assert PinSet.from_json(run("pins", "show", str(pinned), "--json")[1]) == PinSet.from_json(pinned.read_text())


def test_changes_are_told_when_compared(pinned: Path, run: Run) -> None:
    status, out, _ = run("pins", "compare", "pins.json")
    assert (status, out.splitlines()[1].split()) == (1, ["changed", MODEL, "v001", "v002"])
    now = run("pins", "make", "assets/char/hero/model", "assets/char/hero/model/v001")[1]
    Path("now.json").write_text(now)
    status, out, _ = run("pins", "compare", "pins.json", "now.json", "--json")
    assert (status, [each["change"] for each in json.loads(out)]) == (1, ["added", "changed"])
    assert run("pins", "compare", "now.json") == (0, "nothing changed\n", "")
    assert run("pins", "make", "assets/char/hero/model", "--at", "4")[1] == pinned.read_text()


@pytest.mark.parametrize(
    ("content", "says"), [(None, "cannot be read"), (b"\xff", "no file of pins"), (b"{}", "no set of pins")]
)
def test_reason_is_told_when_pins_cannot_be_read(pinned: Path, run: Run, content: bytes | None, says: str) -> None:
    if content is None:
        pinned.unlink()
    else:
        pinned.write_bytes(content)
    for command in (("pins", "show", "pins.json"), ("resolve", "assets/char/hero/model", "--pins", "pins.json")):
        status, _, err = run(*command)
        assert (status, says in err) == (1, True)
