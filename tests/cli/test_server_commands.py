from __future__ import annotations

import contextlib
import json
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import NoReturn

import pytest

pytest.importorskip("rich", reason="needs the extra 'cli'")

import bifrost_sdk as bf
from bifrost_sdk.cli.main import main

GUIDE = Path(__file__).resolve().parents[2] / "docs/guides/serving.md"
BIFROST = [sys.executable, "-m", "bifrost_sdk.cli.main"]


@pytest.fixture
def needs_server() -> None:
    for name in ("fastapi", "uvicorn"):
        pytest.importorskip(name, reason="needs the extra 'server'")


@pytest.fixture
def shows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("BIFROST_SDK_USER", "anna")
    return bf.init("shows", project="demo")


@contextlib.contextmanager
def serving(arguments: list[str], environment: Mapping[str, str]) -> Iterator[str]:
    """The URL that the command tells; it ends well when it is told to."""
    options = [*BIFROST, *arguments, "--port", "0"]
    with subprocess.Popen(
        options, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment
    ) as process:
        assert process.stdout is not None
        found = re.fullmatch(r"serving at (https?://127\.0\.0\.1:\d+)\n", process.stdout.readline())
        assert found is not None
        yield found[1]
        process.send_signal(signal.SIGTERM)
        out, err = process.communicate(timeout=30)
    assert (process.returncode, err) == (0, ""), out


def test_guide_works_when_followed_with_a_server(
    needs_server: None, shows: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    page = GUIDE.read_text(encoding="utf-8")
    lines = [shlex.split(line) for line in re.findall(r"^bifrost (.*)$", page, re.MULTILINE)]
    (create,) = [line for line in lines if line[:3] == ["server", "keys", "create"]]
    (run,) = [line for line in lines if line[:2] == ["server", "run"]]
    (block,) = re.findall(r"^```python.*?\n(.*?)^```", page, re.MULTILINE | re.DOTALL)
    assert main(create) == 0
    secret = capsys.readouterr().out.splitlines()[0]
    with serving(run, os.environ) as url:
        monkeypatch.delenv("BIFROST_SDK_USER")
        monkeypatch.setenv("BIFROST_SDK_TOKEN", secret)
        exec(block.replace("http://127.0.0.1:8600", url), {})  # noqa: S102 - our own page
        assert capsys.readouterr().out == "anna bifrost://demo/assets/char/hero 2\n"
        assert main(["list", "-w", url, "-p", "demo", "--json"]) == 0
        assert "assets/char/hero" in capsys.readouterr().out
        assert main(["server", "run", "shows", "--port", url.rpartition(":")[2]]) == 1
        assert "cannot listen" in capsys.readouterr().err
        assert main(["server", "run", url]) == 1
        assert "a server keeps the catalog" in capsys.readouterr().err
    monkeypatch.delenv("BIFROST_SDK_TOKEN")
    with bf.connect("shows", user="anna") as session:
        assert session.get("bifrost://demo/assets/char/hero").created_by == "anna"


def test_way_to_a_key_is_told_when_there_is_none(needs_server: None, shows: Path) -> None:
    options = [*BIFROST, "server", "run", "shows", "--port", "0", "--json"]
    with subprocess.Popen(options, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        told = json.loads(process.stdout.readline())
        process.send_signal(signal.SIGINT)
        assert process.wait(30) == 0
    assert told["has_keys"] is False


def test_keys_are_made_listed_and_revoked_when_an_owner_says_so(
    shows: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    create = [
        "server",
        "keys",
        "create",
        "anna",
        "-w",
        "shows",
        "--days",
        "3",
        "--read-only",
        "--name",
        "farm",
        "--json",
    ]
    assert main(create) == 0
    made = json.loads(capsys.readouterr().out)
    assert made["secret"].startswith("bifrost_")
    assert (made["login"], made["name"], made["scopes"], made["ending"]) == (
        "anna",
        "farm",
        ["read"],
        made["secret"][-4:],
    )
    assert "hash" not in made
    assert main(["server", "keys", "list", "-w", "shows"]) == 0
    shown = capsys.readouterr().out
    assert made["secret"][-4:] in shown
    assert made["secret"] not in shown
    assert main(["server", "keys", "revoke", made["ending"], "-w", "shows"]) == 0
    assert "is revoked" in capsys.readouterr().out
    assert main(["server", "keys", "list", "-w", "shows", "--json"]) == 0
    assert [key["active"] for key in json.loads(capsys.readouterr().out)] == [False]
    assert main(["server", "keys", "revoke", made["ending"], "-w", "shows"]) == 3
    assert main(["server", "keys", "create", "nobody-of-that-name", "-w", "shows"]) == 3
    everything = b"".join(path.read_bytes() for path in shows.rglob("*") if path.is_file())
    assert made["secret"].encode() not in everything


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--host", "0.0.0.0"], "can be reached from other machines"),  # noqa: S104 - what is refused
        (["--host", "::"], "can be reached from other machines"),
        (["--certificate", "a.pem"], "TLS needs both"),
        (["--host", "203.0.113.1", "--insecure"], "cannot listen at"),
        (["--certificate", "a.pem", "--key", "b.pem", "--port", "0"], "cannot be used for TLS"),
    ],
)
def test_server_is_refused_when_it_would_not_be_safe_or_cannot_listen(
    needs_server: None, shows: Path, capsys: pytest.CaptureFixture[str], options: list[str], message: str
) -> None:
    assert main(["server", "run", "shows", *options]) == 1
    assert message in capsys.readouterr().err


def test_extra_is_named_when_it_is_missing(
    shows: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "fastapi", None)
    assert main(["server", "run", "shows"]) == 1
    assert 'pip install "bifrost-sdk[server]"' in capsys.readouterr().err


def test_line_is_hidden_when_a_certificate_is_given(
    needs_server: None,
    shows: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    missing: Callable[[str], NoReturn],
) -> None:
    openssl = shutil.which("openssl") or missing("needs the Debian package openssl")
    names = ["-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1"]
    made = [openssl, "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", "own.key", "-out", "own.pem", *names]
    subprocess.run(made, check=True, capture_output=True)
    assert main(["server", "keys", "create", "anna", "-w", "shows"]) == 0
    monkeypatch.setenv("BIFROST_SDK_TOKEN", capsys.readouterr().out.splitlines()[0])
    with serving(["server", "run", "shows", "--certificate", "own.pem", "--key", "own.key"], os.environ) as url:
        assert url.startswith("https://")
        with pytest.raises(bf.NetworkError, match="ConnectError"):
            bf.connect(url)  # nobody here knows who made the certificate
        monkeypatch.setenv("SSL_CERT_FILE", "own.pem")
        with bf.connect(url) as session:
            assert session.users.me().login == "anna"
