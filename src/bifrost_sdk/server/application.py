"""The application: the calls of a catalog as endpoints, each bound to whoever asks.

An endpoint reads and writes on the event loop; everything that asks the catalog runs in a thread.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final

from fastapi import FastAPI
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from bifrost_sdk.authority.catalog import Authority
from bifrost_sdk.domain.production import STUDIO
from bifrost_sdk.errors import BifrostError, CatalogError, NotFoundError
from bifrost_sdk.ports import Actor
from bifrost_sdk.protocol import agreement, answers
from bifrost_sdk.protocol.requests import REQUESTS, Events, Find, Get, Resolve, Write, request_from_document
from bifrost_sdk.server.authentication import Caller, Gate
from bifrost_sdk.server.exchange import Refusal, answered, body_of, broken, document_of, failed, refused

#: The largest request that is read, in bytes after unpacking.
BODY_LIMIT: Final = 32 * 2**20

Document = Mapping[str, Any]  # Any: JSON

#: What an endpoint does once it is known who asks: with the request's body, in a thread.
Answering = Callable[[Caller, bytes], Document]

_PREFIX: Final = "/api/v1"
_CHALLENGE: Final = {"WWW-Authenticate": "Bearer"}


def make_application(authority: Authority, gate: Gate, *, body_limit: int = BODY_LIMIT) -> FastAPI:
    """The application over an authority; `gate` tells who shows which secret, and nobody asks without one."""
    app = FastAPI(title="Bifrost SDK", openapi_url=None, docs_url=None, redoc_url=None)

    def serve(method: str, path: str, answering: Callable[[Request], Answering]) -> None:
        async def endpoint(request: Request) -> Response:
            return await _exchange(request, gate, answering(request), body_limit)

        app.add_api_route(path, endpoint, methods=[method], response_class=Response)

    for name in REQUESTS:
        serve("POST", f"{_PREFIX}/{name}", _always(_calling(authority, name)))
    serve("GET", f"{_PREFIX}/me", lambda _: lambda caller, _: {"login": caller.actor.login, "scopes": caller.scopes})
    serve(
        "GET", _PREFIX + "/projects/{code}/revision", lambda request: _revision(authority, request.path_params["code"])
    )
    app.add_api_route("/healthz", _alive, methods=["GET"])
    app.add_api_route("/readyz", _readiness(authority), methods=["GET"], response_class=Response)
    return app


async def _exchange(request: Request, gate: Gate, answering: Answering, limit: int) -> Response:
    """Say who asks, read, answer; every error becomes an answer."""
    is_pressed = "gzip" in request.headers.get("accept-encoding", "")
    try:
        caller = await _caller(request, gate)
        agreement.agreed(request.headers.get(agreement.HEADER, agreement.spoken()))
        body = await body_of(request, limit)
        return await run_in_threadpool(lambda: answered(answering(caller, body), is_pressed=is_pressed))
    except Refusal as refusal:
        return refused(refusal)
    except BifrostError as error:
        return failed(error, is_pressed=is_pressed)
    except Exception as error:  # noqa: BLE001 - the edge of the process: one request that fails must not tell how
        return broken(error)


async def _caller(request: Request, gate: Gate) -> Caller:
    scheme, _, secret = request.headers.get("authorization", "").partition(" ")
    caller = await run_in_threadpool(gate.caller, secret.strip()) if scheme.lower() == "bearer" else None
    if caller is None:
        raise Refusal(401, "this needs a valid key; ask for one that `bifrost server keys create` makes", _CHALLENGE)
    return caller


def _calling(authority: Authority, name: str) -> Answering:
    needed = "write" if name == Write.name else "read"

    def answer(caller: Caller, body: bytes) -> Document:
        if needed not in caller.scopes:
            raise Refusal(403, f"this key may not {needed}; ask for one whose scopes name {needed}")
        return _asked(authority.bind(caller.actor), request_from_document(name, document_of(body)))

    return answer


def _asked(catalog: Authority, request: Get | Find | Resolve | Write | Events) -> Document:
    if isinstance(request, Get):
        return answers.entities_to_document(catalog.get(request.project, request.keys, view=request.view))
    if isinstance(request, Find):
        return answers.page_to_document(catalog.find(request.query, view=request.view))
    if isinstance(request, Resolve):
        return answers.resolutions_to_document(catalog.resolve(request.refs, view=request.view))
    if isinstance(request, Events):
        return answers.events_to_document(catalog.events(request.project, after=request.after, limit=request.limit))
    done = catalog.commit(
        request.project, request.changes, key=request.key, comment=request.comment, attempt=request.attempt
    )
    return answers.commit_to_document(done)


def _always(answering: Answering) -> Callable[[Request], Answering]:
    """For endpoints that do the same whatever their path says."""
    return lambda _: answering


def _me(caller: Caller, _: bytes) -> Document:
    return {"login": caller.actor.login, "scopes": list(caller.scopes)}


def _revision(authority: Authority, code: str) -> Answering:
    def answer(caller: Caller, _: bytes) -> Document:
        if "read" not in caller.scopes:
            raise Refusal(403, "this key may not read; ask for one whose scopes name read")
        return {"revision": authority.bind(caller.actor).revision(code)}

    return answer


async def _alive() -> dict[str, str]:
    return {"status": "alive"}


def _readiness(authority: Authority) -> Callable[[], Awaitable[Response]]:
    """Whether the catalog answers; it tells a stranger nothing else."""
    system = authority.bind(Actor("server", system=True))

    async def ready() -> Response:
        try:
            await run_in_threadpool(system.revision, STUDIO)
        except NotFoundError:
            pass  # a catalog that nobody has set up yet answers, too
        except CatalogError:
            return answered({"status": "the catalog does not answer"}, is_pressed=False, status=503)
        return answered({"status": "ready"}, is_pressed=False)

    return ready
