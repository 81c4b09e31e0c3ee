"""The line to a server: the one seam that knows httpx and tenacity.

What goes over it may be sent again: questions change nothing, and each commit carries a key. So whatever fails on the
way is tried again for as long as the line's timeout allows, and whoever asks never waits longer than that.
"""

from __future__ import annotations

import gzip
import json
import os
import random
import threading
import time
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import urlsplit

import httpx
import tenacity

from bifrost_sdk.errors import BifrostError, CatalogError, ConfigurationError, Issue, NetworkError, ValidationError
from bifrost_sdk.protocol import agreement
from bifrost_sdk.protocol.failures import error_from_document

#: Requests above this many bytes are pressed.
PRESSED_FROM: Final = 1_024

# Seconds: the first and the longest pause between two tries, and the longest wait for a connection.
_PAUSE: Final = 0.1
_LONGEST: Final = 5.0
_CONNECTING: Final = 5.0

#: Answers that say nothing of the request: whoever stands before the server, or the server, cannot answer now.
_PASSING: Final = frozenset({429, 502, 503, 504})

Document = dict[str, Any]  # Any: JSON


class Line:
    """Connections to one server, kept open; safe to use from many threads, and in a child after a fork.

    `timeout` is how long one request may take with all its tries, in seconds. `token` is shown to the server and to
    nobody else.
    """

    def __init__(self, url: str, token: str, *, timeout: float = 30.0) -> None:
        self.url = checked(url)
        self.timeout = timeout
        self._token = token
        self._lock = threading.Lock()
        self._client: httpx.Client | None = None
        self._process = os.getpid()
        self._is_closed = False

    def __repr__(self) -> str:
        return f"Line({self.url!r})"

    def ask(  # Any: JSON
        self, path: str, document: Mapping[str, Any] | None = None, *, within: float | None = None
    ) -> Document:
        """The answer to a document that is sent to `path`; without one, what stands there.

        `within` is how long it may take where that is less than the line's timeout, in seconds.

        Raises:
            NetworkError: when nobody answered in time.
            ConfigurationError: when the server does not take the token, or speaks another version.
            BifrostError: what the server refused, as the catalog raised it.
        """
        body = None if document is None else _written(document)
        end = time.monotonic() + min(self.timeout, within or self.timeout)
        retrying = tenacity.Retrying(
            retry=tenacity.retry_if_exception_type(NetworkError),
            stop=lambda retry_state: time.monotonic() + _pause(retry_state) >= end,
            wait=_pause,
            reraise=True,
        )
        answer: Document = retrying(self._try, path, body, end)
        return answer

    def close(self) -> None:
        """Close every connection; safe to repeat."""
        with self._lock:
            self._is_closed = True
            client, self._client = self._client, None
        if client is not None:
            client.close()

    def _try(self, path: str, body: bytes | None, end: float) -> Document:
        client = self._opened()
        left = max(0.05, end - time.monotonic())
        headers = {"Authorization": f"Bearer {self._token}", agreement.HEADER: agreement.spoken()}
        content = body
        if body is not None:
            headers["Content-Type"] = "application/json"
            if len(body) >= PRESSED_FROM:
                content, headers["Content-Encoding"] = gzip.compress(body, 1), "gzip"
        timeout = httpx.Timeout(left, connect=min(_CONNECTING, left))
        try:
            answer = client.request(
                "GET" if body is None else "POST",
                f"{self.url}{path}",
                content=content,
                headers=headers,
                timeout=timeout,
            )
        except httpx.HTTPError as error:
            raise NetworkError(
                f"{self.url} did not answer ({type(error).__name__}); see that the server runs and can be reached "
                "from here, and try again"
            ) from error
        return self._read(answer)

    def _opened(self) -> httpx.Client:
        with self._lock:
            if self._is_closed:
                raise CatalogError(f"the catalog at {self.url} is closed; open it again", path=self.url)
            if self._client is None or self._process != os.getpid():  # connections are not shared with a parent
                self._client, self._process = httpx.Client(follow_redirects=False), os.getpid()
            return self._client

    def _read(self, answer: httpx.Response) -> Document:
        document = _document(answer)
        if answer.status_code == httpx.codes.UNAUTHORIZED:
            raise ConfigurationError(
                f"{self.url} does not take this key; set BIFROST_SDK_TOKEN to a valid one, or `token_file` to a file "
                "that holds it: whoever runs the server makes keys with `bifrost server keys create`",
                setting="token",
            )
        if answer.status_code in _PASSING:
            told = error_from_document(document) if document else None
            message = f"{self.url} cannot answer now ({answer.status_code}{f': {told}' if told else ''}); try again"
            raise NetworkError(message, retry_after=_seconds(answer.headers.get("Retry-After")))
        if document is None or agreement.HEADER not in answer.headers:
            raise ConfigurationError(
                f"what answers at {self.url} is no server of Bifrost SDK (status {answer.status_code}); "
                "see that the address is right",
                setting="catalog",
                source=self.url,
            )
        if answer.status_code != httpx.codes.OK:
            raise _located(error_from_document(document), self.url)
        return document


def checked(url: str) -> str:
    """The URL without a slash at its end.

    >>> checked("http://shows:8600/")
    'http://shows:8600'

    Raises:
        ConfigurationError: when it names no host, or holds more than an address.
    """
    try:
        parts = urlsplit(url)
        is_plain = bool(parts.hostname) and (parts.port or 1) > 0 and not (parts.query or parts.fragment)
    except ValueError:
        is_plain = False
        parts = urlsplit("")
    if parts.username is not None or parts.password is not None:
        raise ConfigurationError(
            "a catalog's URL holds no name and no password; set BIFROST_SDK_TOKEN", setting="catalog"
        )
    if not is_plain:
        raise ConfigurationError(f"{url!r:.200} is no address of a server; write http://host:8600", setting="catalog")
    return url.rstrip("/")


def _written(document: Mapping[str, Any]) -> bytes:  # Any: JSON
    try:
        return json.dumps(document, separators=(",", ":"), allow_nan=False).encode()
    except (TypeError, ValueError, RecursionError) as error:
        raise ValidationError(Issue("json.value", f"this is no JSON: {error}")) from error


def _document(answer: httpx.Response) -> Document | None:
    try:
        found = answer.json()
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def _located(error: BifrostError, url: str) -> BifrostError:
    """The error as the catalog raised it; one that is only a message tells where it comes from."""
    return BifrostError(f"{url}: {error}") if type(error) is BifrostError else error


def _seconds(header: str | None) -> float | None:
    """The seconds of Retry-After; a date in it is not waited for."""
    return float(header) if header and header.isdecimal() else None


def _pause(retry_state: tenacity.RetryCallState) -> float:
    """As long as the server said, else twice as long each time, and never the same for two clients."""
    error = retry_state.outcome.exception() if retry_state.outcome else None
    longest = min(_LONGEST, _PAUSE * 2.0 ** (retry_state.attempt_number - 1))
    jitter = random.uniform(0, longest)  # noqa: S311 - a pause is no secret
    told = error.retry_after if isinstance(error, NetworkError) else None
    return jitter if told is None else told + jitter
