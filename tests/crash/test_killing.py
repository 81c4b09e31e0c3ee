"""A publishing process is killed before each system call that touches files or the catalog, then who recovers it."""

from __future__ import annotations

import functools
import os
import re
import shutil
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, TypeVar

import attrs
import pytest

from bifrost_sdk.session import connect

pytestmark = [pytest.mark.slow, pytest.mark.skipif(sys.platform != "linux", reason="needs strace, which is Linux's")]

IS_WHOLE = bool(os.environ.get("BIFROST_SOAK"))
NO_SUCH_RENAME = "renameat2:error=EINVAL"  # as NFS answers
T = TypeVar("T")


@attrs.frozen
class Case:
    """What is killed, on a file system that moves a folder as a whole or `is_piecewise`."""

    stage: Any  # Any: a fixture's
    trace: Any  # Any: likewise
    do: str
    is_piecewise: bool

    @property
    def injected(self) -> tuple[str, ...]:
        return (NO_SUCH_RENAME,) if self.is_piecewise else ()

    def publish(self, *injected: str) -> Any:  # Any: an outcome
        self.stage.renew()
        return self.trace(*injected, *self.injected, do=self.do, **self.stage.request)

    def recover(self, *injected: str, hours: int = 1, is_watched: bool = False) -> Any:  # Any: an outcome
        """Recover as somebody does some hours later."""
        run = self.trace if injected or is_watched else self.trace.server.do
        return run(*injected, do="recover", workspace=self.stage.workspace, hours=hours, piecewise=self.is_piecewise)

    def points(self, outcome: Any) -> list[Any]:
        """The calls to be killed before; that which always fails here changes nothing."""
        touching = self.stage.touching(outcome)
        return [call for call in touching if not (self.is_piecewise and call.name == "renameat2")]


@pytest.fixture(params=["whole", "piecewise"])
def case(request: pytest.FixtureRequest, stage: Any, trace: Any) -> Callable[[str], Case]:
    return lambda do: Case(stage, trace, do, request.param == "piecewise")


def thinned(items: Sequence[T], step: int) -> Sequence[T]:
    """All of them in a long run, else every few."""
    return items if IS_WHOLE else items[::step]


def kill(call: Any) -> str:
    return f"{call.name}:signal=KILL:when={call.number}"


def check_was_before(outcome: Any) -> None:
    """The last call was not carried out."""
    last = outcome.calls[-1]
    assert last.text.rstrip().endswith("= ?"), last
    if last.name == "mkdir":
        assert not Path(re.findall('"(.*?)"', last.text)[0]).exists()


def check_settled(case: Case, acknowledged: Sequence[str] | None, check_agreement: Any) -> None:
    """Nothing acknowledged is lost, a set shows as one, sources are there or published, and publishing goes on."""
    versions = check_agreement(case.stage)
    states = {version.ref: version.state for version in versions}
    assert all(states[ref] == "published" for ref in acknowledged or ())
    assert len(set(states.values())) <= 1
    hero = case.stage.source / "hero.usda"
    assert hero.exists() or (case.do, set(states.values())) == ("moved", {"published"})
    hero.write_text("content of hero.usda\n")
    again = case.trace.server.do(do=case.do, **case.stage.request)
    again.check_clean()
    assert {ref.rpartition("/")[2] for ref in again.made} == {"v002" if versions else "v001"}
    assert len(check_agreement(case.stage)) == len(versions) + len(again.made)


@pytest.mark.parametrize("do", ["single", "sequence", "together", "moved"])
def test_catalog_and_disk_agree_when_the_publisher_was_killed(
    case: Callable[[str], Case], check_agreement: Any, changing: frozenset[str], do: str
) -> None:
    doing = case(do)
    points = doing.points(doing.publish())
    points = points if IS_WHOLE else [call for call in points if call.name in changing][::12]
    killed = 0
    for call in points:
        outcome = doing.publish(kill(call))
        killed += outcome.is_killed
        if outcome.is_killed:
            check_was_before(outcome)
        doing.recover().check_clean()
        check_settled(doing, outcome.made, check_agreement)
    assert killed > 0.9 * len(points) > 9  # a few less are made where pages of the catalog split in another way


@pytest.mark.parametrize("do", ["together", "moved"])
def test_catalog_and_disk_agree_when_the_user_of_the_killed_one_connects_again(
    stage: Any, trace: Any, check_agreement: Any, changing: frozenset[str], do: str
) -> None:
    """At once, on the same machine: no lease has run out."""
    doing = Case(stage, trace, do, is_piecewise=False)
    points = [call for call in doing.points(doing.publish()) if call.name in changing]
    for call in thinned(points, 20):
        outcome = doing.publish(kill(call))
        connect(stage.workspace, user="anna").close()
        check_settled(doing, outcome.made, functools.partial(check_agreement, may_try=True))


def state_of(stage: Any) -> tuple[str, ...]:
    """Files and versions, where ids and times are none."""
    versions = stage.versions()
    files = "\n".join(sorted(stage.files()))
    for index, version in enumerate(versions):
        files = files.replace(version.id, str(index))
    return (re.sub(r"\d+-[0-9a-f]{32}", "trial", files), *(version.state for version in versions))


def states_left(doing: Case, points: Sequence[Any]) -> Iterator[Path]:
    """Each state that a killed publisher can leave, put aside once."""
    seen = set()
    for call in points:
        doing.publish(kill(call))
        state = state_of(doing.stage)
        if state not in seen:
            seen.add(state)
            aside = doing.stage.place.with_name("aside")
            shutil.rmtree(aside, ignore_errors=True)
            doing.stage.place.rename(aside)
            yield aside


@pytest.mark.parametrize("do", ["sequence", "together"])
def test_catalog_and_disk_agree_when_who_recovers_was_killed_too(
    case: Callable[[str], Case], check_agreement: Any, changing: frozenset[str], do: str
) -> None:
    doing = case(do)
    points = [call for call in doing.points(doing.publish()) if call.name in changing]
    killed = left = 0
    for aside in states_left(doing, thinned(points, 30)):
        again = attrs.evolve(doing, stage=attrs.evolve(doing.stage, template=aside))
        again.stage.renew()
        left += 1
        calls = [call for call in again.points(again.recover(is_watched=True)) if call.name in changing]
        for call in thinned(calls, 25):
            again.stage.renew()
            killed += again.recover(kill(call)).is_killed
            again.recover(hours=2).check_clean()
            check_settled(again, None, check_agreement)
    assert killed > 20
    assert left > 3


def test_disagreement_is_found_when_the_catalog_comes_first(stage: Any, trace: Any, check_agreement: Any) -> None:
    """The tests above can fail: a version is shown, and who would place its files is dead."""
    stage.renew()
    outcome = trace(do="single", mutants=["catalog_first"], **stage.request)
    placing = [call for call in outcome.calls if call.name == "renameat2"][-1]
    stage.renew()
    assert trace(kill(placing), do="single", mutants=["catalog_first"], **stage.request).is_killed
    trace.server.do(do="recover", workspace=stage.workspace, hours=1).check_clean()
    with pytest.raises((AssertionError, OSError)):
        check_agreement(stage)
