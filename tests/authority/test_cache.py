"""The cache of resolutions in a forked child: never stuck, never stale."""

from __future__ import annotations

import os
import signal
import threading
import traceback

import pytest

from bifrost_sdk.authority.catalog import Authority
from bifrost_sdk.domain.changes import Create
from bifrost_sdk.domain.model import Representation, Version
from bifrost_sdk.domain.versions import File
from bifrost_sdk.ports import Resolution
from bifrost_sdk.testing import Builder
from bifrost_sdk.testing.show import PROJECT, Show

LATEST = f"bifrost://{PROJECT}/assets/char/hero/model/latest"

pytestmark = [
    pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here"),
    pytest.mark.filterwarnings("ignore:This process:DeprecationWarning"),  # forking with threads is what is tested
]


def publish(builder: Builder, made: Show, id: str) -> None:
    version = Version(id=id, product=made.ids["hero/model"], state="published")
    files = (File("model.usda", 1, "sha256:00"),)
    shown = Representation(id=f"{id[:-12]}f{id[-11:]}", version=id, name="usd", folder=id, files=files)
    builder.system.commit(PROJECT, [Create(version), Create(shown)])


def latest(builder: Builder) -> str:
    (found,) = builder.system.resolve([LATEST])
    assert isinstance(found, Resolution)
    return found.version


def in_child(builder: Builder, made: Show) -> int:
    """A forked child that publishes and sees it at once; the status that it ends with."""
    id = builder.new_id()
    child = os.fork()
    if not child:
        code = 1
        try:
            signal.alarm(30)  # it dies when it hangs
            latest(builder)
            publish(builder, made, id)
            code = 0 if latest(builder) == id else 2
        except BaseException:  # noqa: BLE001 - whatever it is, the child ends here
            traceback.print_exc()
        finally:
            os._exit(code)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def test_child_resolves_when_a_thread_held_the_cache_at_the_fork(
    authority: Authority, builder: Builder, made: Show
) -> None:
    latest(builder)
    held, done = threading.Event(), threading.Event()

    def hold() -> None:
        with authority._cache._lock:
            held.set()
            done.wait()

    thread = threading.Thread(target=hold)
    thread.start()
    held.wait()
    assert in_child(builder, made) == 0
    done.set()
    thread.join()
    mine = builder.new_id()
    publish(builder, made, mine)
    assert latest(builder) == mine


def test_children_see_their_commits_when_threads_resolve_and_publish(builder: Builder, made: Show) -> None:
    stop = threading.Event()
    ids = [builder.new_id() for _ in range(1_000)]

    def resolve() -> None:
        while not stop.is_set():
            latest(builder)

    def write() -> None:
        while not stop.is_set():
            publish(builder, made, ids.pop())

    latest(builder)
    threads = [threading.Thread(target=act) for act in (resolve, resolve)]
    for thread in threads:
        thread.start()
    codes = [in_child(builder, made) for _ in range(8)]
    writer = threading.Thread(target=write)
    writer.start()
    publishing = [in_child(builder, made) for _ in range(4)]
    stop.set()
    for thread in (*threads, writer):
        thread.join()
    assert codes == [0] * 8
    assert set(publishing) <= {0, 2}  # a version of the parent may be newer by then
