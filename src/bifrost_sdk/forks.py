"""What a fork does to things that threads share: a child has one thread, and what the others held stays held in it."""

from __future__ import annotations

import os
import weakref


class Forking:
    """Something that has to do with forks of its process, once it is watched."""

    def before_fork(self) -> None:
        """Come to a state that may be copied."""

    def after_fork(self, *, is_child: bool) -> None:
        """Go on, in the parent or as the copy in the child, where no other thread runs yet."""


_watched: weakref.WeakSet[Forking] = weakref.WeakSet()


def watch(thing: Forking) -> None:
    """Tell `thing` of every fork that Python makes from now on, as long as others hold it."""
    _watched.add(thing)


def _before() -> None:
    for thing in list(_watched):
        thing.before_fork()


def _after(*, is_child: bool) -> None:
    for thing in list(_watched):
        thing.after_fork(is_child=is_child)


if hasattr(os, "register_at_fork"):  # once, here: it cannot be taken back. Windows does not fork
    os.register_at_fork(
        before=_before,
        after_in_parent=lambda: _after(is_child=False),
        after_in_child=lambda: _after(is_child=True),
    )
