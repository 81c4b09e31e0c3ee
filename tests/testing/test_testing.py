from __future__ import annotations

import subprocess
import sys

import pytest


@pytest.mark.parametrize(
    ("module", "part", "message"),
    [
        ("testing", "pytest", "bifrost_sdk.testing needs pytest, which is not installed; run `pip install pytest`"),
        (
            "testing.histories",
            "hypothesis",
            "random histories need hypothesis, which is not installed; run `pip install hypothesis`",
        ),
    ],
)
def test_what_to_install_is_told_when_a_part_is_missing(module: str, part: str, message: str) -> None:
    program = f"import sys; sys.modules[{part!r}] = None; import bifrost_sdk.{module}"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1] == f"bifrost_sdk.errors.ConfigurationError: {message}"
