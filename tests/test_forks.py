from __future__ import annotations

import gc
import os

import pytest

from bifrost_sdk import forks

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")


class Told(forks.Forking):
    """Writes down what it is told."""

    def __init__(self) -> None:
        self.told: list[str] = []

    def before_fork(self) -> None:
        self.told.append("before")

    def after_fork(self, *, is_child: bool) -> None:
        self.told.append("in the child" if is_child else "in the parent")


@pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")
def test_thing_is_told_of_forks_on_both_sides_when_it_is_watched() -> None:
    told = Told()
    forks.watch(told)
    child = os.fork()
    if not child:
        os._exit(0 if told.told == ["before", "in the child"] else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert told.told == ["before", "in the parent"]


def test_thing_is_not_kept_when_nobody_else_holds_it() -> None:
    before = len(forks._watched)
    told = Told()
    forks.watch(told)
    assert len(forks._watched) == before + 1
    del told
    gc.collect()
    assert len(forks._watched) <= before
