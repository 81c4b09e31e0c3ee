"""What strangers and users get from a server that listens on a real socket over a real catalog."""

from __future__ import annotations

import contextlib
import datetime
import gzip
import json
import threading
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import attrs
import httpx
import pytest

pytest.importorskip("fastapi", reason="needs the extra 'server'")
pytest.importorskip("uvicorn", reason="needs the extra 'server'")

import bifrost_sdk as bf
from bifrost_sdk.adapters.http.catalog import HttpCatalog
from bifrost_sdk.adapters.sqlite.store import SqliteStore
from bifrost_sdk.authority.catalog import Authority
from bifrost_sdk.domain.changes import Create
from bifrost_sdk.domain.query import Query
from bifrost_sdk.errors import BifrostError, ConfigurationError, NotFoundError, PermissionDeniedError
from bifrost_sdk.ports import Actor
from bifrost_sdk.protocol import agreement
from bifrost_sdk.protocol.requests import REQUESTS
from bifrost_sdk.server.application import make_application
from bifrost_sdk.server.authentication import Keys
from bifrost_sdk.server.running import Address, listen, make_server
from bifrost_sdk.services import api_keys
from bifrost_sdk.session import Session
from bifrost_sdk.testing import make_id

BODY_LIMIT = 100_000
LATER = datetime.timedelta(days=2)


@attrs.define
class Studio:
    """A served catalog with two users: anna, who owns all, and bo, who sees the project `open` only."""

    url: str
    session: Session
    authority: Authority
    anna: str
    bo: str
    now: datetime.datetime

    def ask(self, path: str, token: str | None = None, **options: Any) -> httpx.Response:
        headers = {agreement.HEADER: agreement.spoken(), **options.pop("headers", {})}
        if token is not None:
            headers["Authorization"] = f"Bearer {token}"
        method = "POST" if {"json", "content"} & options.keys() else "GET"
        return httpx.request(method, f"{self.url}{path}", headers=headers, timeout=30, **options)

    def catalog(self, token: str) -> HttpCatalog:
        return HttpCatalog(self.url, token, timeout=10)


@contextlib.contextmanager
def running(authority: Authority, keys: Keys) -> Iterator[str]:
    address = Address(port=0)
    with listen(address) as listening:
        found = attrs.evolve(address, port=listening.getsockname()[1])
        server = make_server(make_application(authority, keys, body_limit=BODY_LIMIT), found)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
        thread.start()
        yield found.url
        server.should_exit = True
        thread.join(30)
        assert not thread.is_alive()


@pytest.fixture(scope="module")
def studio(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Studio]:
    folder = tmp_path_factory.mktemp("studio")
    bf.init(folder, project="open", user="anna")
    authority = Authority(SqliteStore(folder / "catalog.sqlite"))
    with bf.connect(folder, user="anna") as session, contextlib.closing(authority):
        session.projects.create("secret-show", name="Midnight", default_role=None)
        session.assets.create("secret-show", "char", "kraken")
        session.assets.create("open", "char", "hero")
        session.users.create("bo")
        session.users.grant("bo", "artist", project="open")
        anna, bo = (api_keys.create(session.context, login).secret for login in ("anna", "bo"))
        made = Studio("", session, authority, anna, bo, datetime.datetime.now(datetime.timezone.utc))
        with running(authority, Keys(authority, clock=lambda: made.now)) as url:
            made.url = url
            yield made


def bodies(project: str) -> dict[str, Mapping[str, Any]]:
    """A request of every sort about a project."""
    return {
        "get": {"project": project, "keys": [f"bifrost://{project}/assets/char/kraken"]},
        "find": {"query": {"schema": 1, "kind": "asset", "project": project}},
        "resolve": {"refs": [f"bifrost://{project}/assets/char/kraken/model/latest/model.usd"]},
        "commit": {"project": project, "changes": [{"change": "delete", "id": make_id(1)}]},
        "events": {"project": project},
    }


def paths() -> list[tuple[str, dict[str, Any]]]:
    posts = [(f"/api/v1/{name}", {"json": bodies("open")[name]}) for name in REQUESTS]
    return [*posts, ("/api/v1/me", {}), ("/api/v1/projects/open/revision", {})]


def test_every_request_is_asked_below_when_one_is_added() -> None:
    assert set(bodies("open")) == set(REQUESTS)


def test_routes_are_these_when_listed(studio: Studio) -> None:
    """One that is added here must be asked without a key below."""
    routes = {getattr(route, "path", "") for route in make_application(studio.authority, Keys(studio.authority)).routes}
    asked = {path.replace("/open/", "/{code}/") for path, _ in paths()}
    assert routes == asked | {"/healthz", "/readyz"}


@pytest.mark.parametrize(("path", "options"), paths(), ids=lambda value: value if isinstance(value, str) else "")
def test_nobody_is_answered_when_the_key_is_not_valid(studio: Studio, path: str, options: dict[str, Any]) -> None:
    context = studio.session.context
    expired = api_keys.create(context, "anna", days=1)
    revoked = api_keys.create(context, "anna")
    gone = api_keys.create(context, studio.session.users.ensure("gone").login)
    api_keys.revoke(context, revoked.key.id)
    studio.session.users.update("gone", active=False)
    studio.now += LATER
    known = studio.session.find(Query("api_key", "studio")).entities[0]
    wrong = [expired.secret, revoked.secret, gone.secret, known.hash, "bifrost_", studio.anna + "x", "x" * 10_000]
    answers = [studio.ask(path, token, **options) for token in [None, *wrong]]
    answers.append(studio.ask(path, headers={"Authorization": f"Basic {studio.anna}"}, **options))
    studio.session.users.update("gone", active=True)
    assert {answer.status_code for answer in answers} == {401}
    assert len({answer.content for answer in answers}) == 1  # nothing tells which of them it was
    assert answers[0].headers["WWW-Authenticate"] == "Bearer"


@pytest.mark.parametrize("name", REQUESTS)
def test_hidden_project_is_as_if_it_were_not_when_another_user_asks(studio: Studio, name: str) -> None:
    hidden = studio.ask(f"/api/v1/{name}", studio.bo, json=bodies("secret-show")[name])
    missing = studio.ask(f"/api/v1/{name}", studio.bo, json=bodies("absent-show")[name])
    assert hidden.status_code == missing.status_code
    assert hidden.text.replace("secret-show", "absent-show") == missing.text
    assert not {"kraken", "Midnight"} & set(hidden.text.replace("/", " ").replace('"', " ").split()) - {"kraken"}
    for kind in ("project", "event", "api_key", "membership", "user"):
        found = studio.ask("/api/v1/find", studio.bo, json={"query": {"schema": 1, "kind": kind, "project": "studio"}})
        assert found.status_code == 200
        assert "Midnight" not in found.text
        assert "secret-show" not in found.text


def test_revision_of_a_hidden_project_is_not_found_when_another_user_asks(studio: Studio) -> None:
    with contextlib.closing(studio.catalog(studio.bo)) as catalog:
        assert catalog.revision("open") > 0
        for code in ("secret-show", "absent-show", "../open", "ä/%2e"):
            with pytest.raises(BifrostError):
                catalog.revision(code)
        with pytest.raises(NotFoundError):
            catalog.revision("secret-show")


def test_keys_of_others_do_not_show_when_a_user_looks(studio: Studio) -> None:
    with contextlib.closing(studio.catalog(studio.bo)) as catalog:
        found = catalog.find(Query("api_key", "studio")).entities
        assert {key.login for key in found} == {"bo"}
        own = {key.id for key in found}
        events = catalog.events("studio", limit=100_000)
        assert {event.subject for event in events if event.subject_kind == "api_key"} == own
        asked = catalog.find(Query("event", "studio").where(subject_kind="api_key").limit(1_000))
        assert {event.subject for event in asked} == own
        forged = attrs.evolve(found[0], id=make_id(77), login="anna", hash="0" * 64)
        with pytest.raises(PermissionDeniedError):
            catalog.commit("studio", [Create(forged)])


def test_key_changes_nothing_when_its_scope_is_reading(studio: Studio) -> None:
    made = api_keys.create(studio.session.context, "anna", scopes=("read",))
    with contextlib.closing(studio.catalog(made.secret)) as catalog:
        before = catalog.revision("open")
        asset = catalog.find(Query("asset", "open")).entities[0]
        with pytest.raises(BifrostError, match="may not write"):
            catalog.commit("open", [bf.Update(asset, {"name": "x"})])
        assert catalog.revision("open") == before


def test_catalog_is_of_the_key_s_user_when_bound(studio: Studio) -> None:
    with contextlib.closing(studio.catalog(studio.bo)) as catalog:
        assert catalog.actor == Actor("bo")
        assert catalog.bind(Actor("BO")) is catalog
        for other in (Actor("anna"), Actor("bo", system=True)):
            with pytest.raises(ConfigurationError, match="knows you by your key as 'bo'"):
                catalog.bind(other)


def test_secret_shows_nowhere_when_things_are_printed_or_fail(
    studio: Studio, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(0)
    monkeypatch.setenv("BIFROST_SDK_TOKEN", studio.bo)
    with bf.connect(studio.url) as session:
        texts = [repr(session.context), repr(session.settings), repr(session.context.catalog)]
        with pytest.raises(NotFoundError) as caught:
            session.get("bifrost://open/assets/none")
        texts += [str(caught.value.to_data()), repr(caught.value)]
    lost = HttpCatalog("http://127.0.0.1:9", studio.bo, timeout=0.2)
    with pytest.raises(bf.NetworkError) as failed:
        lost.revision("open")
    texts += [repr(failed.value), repr(failed.value.__cause__), repr(lost), caplog.text]
    assert not [text for text in texts if studio.bo in text]


def test_session_works_as_on_a_file_when_connected_by_url(studio: Studio, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BIFROST_SDK_TOKEN", studio.anna)
    with bf.connect(studio.url, project="open") as session:
        assert session.users.me().login == "anna"
        made = session.assets.create("open", "prop", "sword", tags=["sharp"])
        assert studio.session.get(made.ref) == made == session.get(made.ref)
        assert [each.code for each in session.find(Query("asset", "open").where(tags="sharp"))] == ["sword"]
        with pytest.raises(NotFoundError) as caught:
            session.get("bifrost://open/assets/prop/swrd")
        assert caught.value.suggestions == ("bifrost://open/assets/prop/sword",)
        assert session.at(session.revision("open") - 1).find(Query("asset", "open").count()).count == 1
    with pytest.raises(ConfigurationError, match="knows you by your key as 'anna'"):
        bf.connect(studio.url, user="bo")


@pytest.mark.parametrize("packed", [False, True])
def test_request_is_refused_when_it_is_too_large(studio: Studio, packed: bool) -> None:  # noqa: FBT001 - a case
    body = b'{"refs": ["' + b"x" * (BODY_LIMIT * 50) + b'"]}'
    headers = {"Content-Encoding": "gzip"} if packed else {}
    content = gzip.compress(body) if packed else body
    answer = studio.ask("/api/v1/resolve", studio.bo, content=content, headers=headers)
    assert answer.status_code == 413
    assert answer.json()["issues"][0]["code"] == "request.refused"


HOSTILE = [
    b"",
    b"{",
    b"[]",
    b"null",
    b"\xff\xfe",
    b'{"refs": NaN}',
    b'{"refs": [1e999]}',
    b'{"refs": ' + b"9" * 5_000 + b"}",
    b"[" * 50_000,
    b'{"refs":' * 5_000,
    b'{"refs": ["\\ud800"]}',
    b'{"refs": [], "refs2": []}',
    b'{"refs": ["\\u0000"], "view": {"at": 1e308}}',
]


@pytest.mark.parametrize("body", HOSTILE, ids=range(len(HOSTILE)))
@pytest.mark.parametrize("name", ["resolve", "commit", "find"])
def test_server_refuses_and_goes_on_when_json_is_hostile(studio: Studio, name: str, body: bytes) -> None:
    answer = studio.ask(f"/api/v1/{name}", studio.bo, content=body)
    assert answer.status_code in ({200, 400, 422} if name == "resolve" else {400, 422})
    assert "Traceback" not in answer.text
    assert studio.ask("/readyz").status_code == 200


def test_body_is_refused_when_it_cannot_be_unpacked(studio: Studio) -> None:
    whole = gzip.compress(json.dumps({"refs": []}).encode())
    for content, encoding, status in ((b"no", "gzip", 400), (whole[:-4], "gzip", 400), (b"{}", "br", 415)):
        headers = {"Content-Encoding": encoding}
        assert studio.ask("/api/v1/resolve", studio.bo, content=content, headers=headers).status_code == status


def test_side_that_is_behind_is_named_when_versions_differ(studio: Studio) -> None:
    for offer, behind in (("2-3", "the server"), ("0-0", "this machine"), ("one", "names the versions")):
        answer = studio.ask("/api/v1/me", studio.bo, headers={agreement.HEADER: offer})
        assert answer.status_code == 400
        assert behind in answer.json()["message"]
        assert answer.headers[agreement.HEADER] == str(agreement.NEWEST)


def test_answer_is_pressed_when_it_is_large_and_the_client_takes_it(studio: Studio) -> None:
    query = {"query": {"schema": 1, "kind": "event", "project": "open"}}
    plain = studio.ask("/api/v1/find", studio.anna, json=query, headers={"Accept-Encoding": "identity"})
    pressed = studio.ask("/api/v1/find", studio.anna, json=query, headers={"Accept-Encoding": "gzip"})
    assert "Content-Encoding" not in plain.headers
    assert pressed.headers["Content-Encoding"] == "gzip"
    assert pressed.num_bytes_downloaded < plain.num_bytes_downloaded
    assert pressed.json() == plain.json()


def test_health_is_told_without_a_key_and_tells_nothing_else(studio: Studio) -> None:
    assert studio.ask("/healthz").json() == {"status": "alive"}
    assert studio.ask("/readyz").json() == {"status": "ready"}
    for path in ("/", "/docs", "/openapi.json", "/api/v1/get", "/api/v1/nothing"):
        assert studio.ask(path).status_code in {404, 405}


def test_requests_in_flight_are_answered_when_the_server_stops(tmp_path: Path) -> None:
    """A gate that takes its time holds the request while the server is told to stop."""
    authority = Authority(SqliteStore(tmp_path / "catalog.db"))
    waiting = threading.Event()

    class Slow(Keys):
        def caller(self, secret: str) -> Any:
            waiting.set()
            time.sleep(0.5)
            return super().caller(secret)

    answers: list[int] = []
    with contextlib.closing(authority), running(authority, Slow(authority)) as url:
        asking = threading.Thread(
            target=lambda: answers.append(httpx.get(f"{url}/api/v1/me", headers=SHOWN).status_code)
        )
        asking.start()
        assert waiting.wait(10)
    asking.join(10)
    assert answers == [401]


SHOWN = {"Authorization": "Bearer x"}
