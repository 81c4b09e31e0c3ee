from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from bifrost_sdk.errors import StorageError
from bifrost_sdk.services.locks import try_lock

HOLDING = """
import sys, time
from pathlib import Path
from bifrost_sdk.services.locks import try_lock
with try_lock(Path(sys.argv[1])) as held:
    print(held, flush=True)
    time.sleep(60)
"""


def is_free(path: Path) -> bool:
    with try_lock(path) as held:
        return held


def test_lock_is_free_again_when_its_block_ended(tmp_path: Path) -> None:
    path = tmp_path / "deep/one.lock"
    with try_lock(path) as held:
        assert held
        assert not is_free(path)
    assert is_free(path)
    with pytest.raises(RuntimeError), try_lock(path):
        raise RuntimeError
    assert is_free(path)


def test_threads_exclude_each_other_when_they_try_at_once(tmp_path: Path) -> None:
    found: list[bool] = []
    with try_lock(tmp_path / "one.lock"):
        thread = threading.Thread(target=lambda: found.append(is_free(tmp_path / "one.lock")))
        thread.start()
        thread.join()
    assert found == [False]


def test_lock_is_free_again_when_its_holder_was_killed(tmp_path: Path) -> None:
    path = tmp_path / "one.lock"
    with subprocess.Popen([sys.executable, "-c", HOLDING, str(path)], stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "True\n"
        assert not is_free(path)
        holder.kill()
    assert is_free(path)


def test_lock_is_refused_when_its_folder_is_a_file(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StorageError, match="cannot lock"), try_lock(tmp_path / "file/one.lock"):
        pass


def fail_with_its_file_gone(path: Path) -> None:
    with try_lock(path):
        for handle in Path("/proc/self/fd").iterdir():
            with contextlib.suppress(OSError):
                if handle.readlink() == path:
                    os.close(int(handle.name))  # so that giving it back and closing it fail
        raise ValueError("what happened")


@pytest.mark.skipif(sys.platform != "linux", reason="finds open files as Linux shows them")
def test_error_of_the_block_is_told_when_the_disk_fails_at_the_end(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="what happened"):
        fail_with_its_file_gone(tmp_path / "one.lock")
