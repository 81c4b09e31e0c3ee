"""One request and its answer: bounded bodies, one shape of errors, and nothing that a stranger can learn."""

from __future__ import annotations

import gzip
import json
import logging
import zlib
from collections.abc import Mapping
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import Response

from bifrost_sdk.errors import (
    BifrostError,
    CatalogError,
    ConfigurationError,
    ConflictError,
    Issue,
    NetworkError,
    NotFoundError,
    PermissionDeniedError,
    StorageError,
    ValidationError,
)
from bifrost_sdk.protocol import agreement
from bifrost_sdk.protocol.failures import error_to_document

_LOG = logging.getLogger(__name__)

#: Bodies above this many bytes are pressed.
PRESSED_FROM: Final = 1_024

#: How many seconds a client waits at least before it asks a busy catalog again.
BUSY_SECONDS: Final = 1

_FINE: Final = 200
_BUSY: Final = 503

_STATUSES: Final[tuple[tuple[type[BifrostError], int], ...]] = (
    (NotFoundError, 404),
    (PermissionDeniedError, 403),
    (ConflictError, 409),
    (ValidationError, 422),
    (ConfigurationError, 400),
    (CatalogError, _BUSY),
    (StorageError, 500),
    (NetworkError, 502),
    (BifrostError, 500),
)

_CLOSED: Final = {
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
    agreement.HEADER: str(agreement.NEWEST),
}


class Refusal(Exception):  # noqa: N818 - no error of the library: a status that HTTP knows
    """A request that is answered before the catalog is asked; `headers` go with the answer."""

    def __init__(self, status: int, message: str, headers: Mapping[str, str] | None = None) -> None:
        self.status = status
        self.message = message
        self.headers = headers or {}
        super().__init__(message)


async def body_of(request: Request, limit: int) -> bytes:
    """The body, unpacked, of at most `limit` bytes, and not a byte more of it is held.

    Raises:
        Refusal: when it is larger, or cannot be unpacked.
    """
    encoding = request.headers.get("content-encoding", "identity").strip().lower()
    if encoding not in {"identity", "gzip"}:
        raise Refusal(415, f"a body is sent as it is or with gzip, not with {encoding[:40]!r}")
    unpacking = zlib.decompressobj(wbits=31) if encoding == "gzip" else None
    found = bytearray()
    async for block in request.stream():
        found += _unpacked(unpacking, block, limit - len(found) + 1) if unpacking else block
        if len(found) > limit:
            raise Refusal(413, f"the request is larger than {limit} bytes; send it in several")
    if unpacking is not None and not unpacking.eof:
        raise Refusal(400, "the body is no whole gzip stream")
    return bytes(found)


def document_of(body: bytes) -> Any:  # Any: JSON
    """The JSON document of a body.

    Raises:
        Refusal: when it is none.
    """
    try:
        return json.loads(body, parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        raise Refusal(400, f"the body is no JSON: {str(error)[:200]}") from error


def answered(document: Mapping[str, Any], *, is_pressed: bool, status: int = _FINE) -> Response:  # Any: JSON
    """An answer of JSON, pressed where the client takes that."""
    body = json.dumps(document, separators=(",", ":"), allow_nan=False).encode()
    headers = dict(_CLOSED)
    if is_pressed and len(body) >= PRESSED_FROM:
        body = gzip.compress(body, 1)
        headers |= {"Content-Encoding": "gzip", "Vary": "Accept-Encoding"}
    return Response(body, status, headers, "application/json" if status == _FINE else "application/problem+json")


def failed(error: BifrostError, *, is_pressed: bool) -> Response:
    """The answer that tells an error, with all that it carries."""
    status = next(status for cls, status in _STATUSES if isinstance(error, cls))
    document = {"type": "about:blank", "title": type(error).__name__, "status": status, "detail": str(error)}
    answer = answered({**document, **error_to_document(error)}, is_pressed=is_pressed, status=status)
    if status == _BUSY:
        answer.headers["Retry-After"] = str(BUSY_SECONDS)
    return answer


def refused(refusal: Refusal) -> Response:
    """The answer to a request that came no further; its error is one that a client can raise."""
    error = BifrostError(refusal.message)
    if refusal.status in {400, 413, 415}:
        error = ValidationError(Issue("request.refused", refusal.message))
    document = {"type": "about:blank", "title": "Refused", "status": refusal.status, "detail": refusal.message}
    answer = answered({**document, **error_to_document(error)}, is_pressed=False, status=refusal.status)
    answer.headers.update(refusal.headers)
    return answer


def broken(error: Exception) -> Response:
    """The answer where the server itself failed: the log knows why, a client learns nothing of it."""
    _LOG.error("a request failed", exc_info=error)
    return refused(Refusal(500, "the server failed at this request; its log tells why"))


def _unpacked(unpacking: Any, block: bytes, limit: int) -> bytes:  # Any: zlib does not name its class
    try:
        found: bytes = unpacking.decompress(block, limit)
    except zlib.error as error:
        raise Refusal(400, "the body is no gzip stream") from error
    return found


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is no number of JSON")
