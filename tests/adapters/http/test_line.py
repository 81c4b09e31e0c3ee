"""The line by itself, without the extra `server`; `tests/server` has what happens with one."""

from __future__ import annotations

import http.server
import json
import threading
import time
from collections.abc import Iterator

import pytest

from bifrost_sdk.adapters.http.line import Line
from bifrost_sdk.errors import (
    BifrostError,
    CatalogError,
    ConfigurationError,
    ConflictError,
    NetworkError,
    ValidationError,
)
from bifrost_sdk.protocol import agreement
from bifrost_sdk.protocol.failures import error_to_document


class Answering(http.server.BaseHTTPRequestHandler):
    """Answers what stands in `answers`, one for each request."""

    answers: list[tuple[int, dict[str, str], object]]
    asked: list[tuple[str, str, bytes]]

    def do_POST(self) -> None:
        status, headers, document = self.answers.pop(0)
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.asked.append((self.path, self.headers["Authorization"], body))
        content = json.dumps(document).encode()
        self.send_response(status)
        for name, value in {agreement.HEADER: "1", "Content-Length": str(len(content)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def answering() -> Iterator[tuple[Line, type[Answering]]]:
    handler = type("Handler", (Answering,), {"answers": [], "asked": []})
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        line = Line(f"http://127.0.0.1:{server.server_address[1]}/", "token", timeout=5)
        yield line, handler
        line.close()
        server.shutdown()
        thread.join()


def test_request_is_sent_again_when_the_server_is_busy(answering: tuple[Line, type[Answering]]) -> None:
    line, handler = answering
    handler.answers += [(503, {"Retry-After": "0"}, {}), (429, {}, {}), (200, {}, {"answers": []})]
    assert line.ask("/get", {"keys": ["a"]}) == {"answers": []}
    assert handler.asked == [("/get", "Bearer token", b'{"keys":["a"]}')] * 3


def test_error_is_raised_as_it_was_when_the_server_refuses(answering: tuple[Line, type[Answering]]) -> None:
    line, handler = answering
    handler.answers.append((409, {}, error_to_document(ConflictError("too late", fields=["name"]))))
    with pytest.raises(ConflictError, match="too late") as caught:
        line.ask("/commit", {})
    assert caught.value.fields == ("name",)
    assert len(handler.asked) == 1


def test_token_goes_nowhere_else_when_the_server_sends_away(answering: tuple[Line, type[Answering]]) -> None:
    line, handler = answering
    handler.answers.append((302, {"Location": line.url}, {}))
    with pytest.raises(BifrostError, match=line.url):
        line.ask("/get", {})
    assert len(handler.asked) == 1


def test_wait_ends_with_the_timeout_when_nobody_answers() -> None:
    began = time.monotonic()
    line = Line("http://127.0.0.1:9", "token", timeout=0.5)
    with pytest.raises(NetworkError, match="did not answer"):
        line.ask("/get")
    assert time.monotonic() - began < 5
    line.close()
    with pytest.raises(CatalogError, match="is closed"):
        line.ask("/get")
    assert "token" not in repr(line)


def test_document_is_refused_when_it_is_no_json() -> None:
    with pytest.raises(ValidationError, match="no JSON"):
        Line("http://127.0.0.1:9", "token").ask("/get", {"x": float("nan")})


@pytest.mark.parametrize(
    "url", ["http://", "http://me:hunter2@host", "http://host:x", "http://host?x=1", "http://host#x"]
)
def test_url_is_refused_when_it_is_no_address(url: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        Line(url, "token")
    assert "hunter2" not in str(caught.value)
