from __future__ import annotations

import datetime
import inspect
import os
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from bifrost_sdk.domain.access import BUILTIN_ROLES
from bifrost_sdk.domain.changes import Delete
from bifrost_sdk.domain.entity import Entity
from bifrost_sdk.domain.query import Query
from bifrost_sdk.domain.references import Reference
from bifrost_sdk.domain.tasks import DEFAULT_STATUSES
from bifrost_sdk.domain.versions import Version
from bifrost_sdk.errors import (
    CatalogError,
    ConfigurationError,
    NotFoundError,
    PermissionDeniedError,
    ReferenceSyntaxError,
    StorageError,
    ValidationError,
)
from bifrost_sdk.ports import Resolution
from bifrost_sdk.services import publishing
from bifrost_sdk.services.context import Item
from bifrost_sdk.services.identity import new_id
from bifrost_sdk.session import Session, connect, init
from bifrost_sdk.session import session as sessions

# What each of several processes does with one workspace, as jobs of a farm do.
SET_UP = """
import sys, bifrost_sdk as bf
with bf.connect(bf.init(sys.argv[1], project="demo", user="anna"), user="anna") as session:
    print(session.assets.ensure("demo", "char", "hero").ref)
"""


@pytest.fixture
def shows(tmp_path: Path) -> Path:
    return init(tmp_path / "shows", project="demo", user="anna")


@pytest.fixture
def session(shows: Path) -> Iterator[Session]:
    with connect(shows, user="anna") as session:
        yield session


def publish(session: Session, owner: Entity, text: str = "#usda 1.0\n") -> Version:
    source = session.settings.folder.parent / f"{new_id()}.usda"
    source.write_text(text, encoding="utf-8")
    return session.publish(owner, "model", {"usd": source})


def snapshot(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and not path.name.endswith(("-wal", "-shm"))
    }


# init


def test_catalog_is_refused_when_it_is_empty(shows: Path) -> None:
    for left in shows.glob("catalog.sqlite*"):
        left.unlink()
    (shows / "catalog.sqlite").touch()
    with pytest.raises(CatalogError, match="is empty; restore a backup, or run init to begin anew"):
        connect(shows)
    assert (shows / "catalog.sqlite").stat().st_size == 0
    init(shows, user="anna")
    connect(shows, user="anna").close()


def test_workspace_is_made_when_the_folder_is_new(shows: Path) -> None:
    assert {path.name for path in shows.iterdir()} >= {"bifrost.yaml", "catalog.sqlite", "publish", "work"}
    with connect(shows, user="anna") as session:
        assert session.projects.get("demo").created_by == "anna"
        assert [session.revision(code) for code in ("studio", "demo")] == [2, 1]


def test_nothing_changes_when_init_is_repeated(shows: Path) -> None:
    (shows / "bifrost.yaml").write_text("project: demo # mine\n", encoding="utf-8")
    before = snapshot(shows)
    assert init(str(shows), project="demo", user="anna") == shows
    assert snapshot(shows) == before


def test_project_is_added_when_init_names_another(shows: Path) -> None:
    init(shows, project="other", user="anna")
    with connect(shows, user="anna") as session:
        assert session.context.project == "demo"
        assert [project.code for project in session.projects.list()] == ["demo", "other"]
    with pytest.raises(PermissionDeniedError, match="create:project"):
        init(shows, project="third", user="ben")


def test_workspace_has_no_project_when_none_is_named(tmp_path: Path) -> None:
    with connect(init(tmp_path / "shows")) as session:
        assert session.projects.list() == []
        assert session.users.me().login == session.settings.user


@pytest.mark.parametrize(
    ("name", "text", "error"),
    [
        ("bifrost.yaml", "services: {web: {image: x}}\n", ConfigurationError),
        ("bifrost.yaml", "- a list\n", ConfigurationError),
        ("catalog.sqlite", "this is no database, but something that somebody wants to keep\n" * 40, CatalogError),
        ("publish", "a file where a folder should be", StorageError),
    ],
)
def test_folder_is_refused_when_something_foreign_is_in_the_way(
    name: str, text: str, error: type[Exception], tmp_path: Path
) -> None:
    (tmp_path / name).write_text(text, encoding="utf-8")
    with pytest.raises(error):
        init(tmp_path, project="demo")
    assert (tmp_path / name).read_text(encoding="utf-8") == text
    assert name == "bifrost.yaml" or not (tmp_path / "bifrost.yaml").exists()


def test_foreign_database_is_refused_when_it_has_the_catalogs_name(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "catalog.sqlite") as database:
        database.execute("CREATE TABLE mine (x)")
    database.close()
    with pytest.raises(CatalogError):
        init(tmp_path, project="demo")


def test_nothing_is_made_when_the_project_cannot_be_named_so(tmp_path: Path) -> None:
    with pytest.raises(ValidationError, match="project's code"):
        init(tmp_path / "shows", project="My Show")
    assert not (tmp_path / "shows").exists()


def test_roots_elsewhere_are_not_made_when_configured(tmp_path: Path) -> None:
    text = f"roots:\n  publish: {tmp_path / 'server'}\n  far: {{linux: /no/such, macos: /no/such, windows: 'Q:/no'}}\n"
    (tmp_path / "shows").mkdir()
    (tmp_path / "shows/bifrost.yaml").write_text(text, encoding="utf-8")
    init(tmp_path / "shows", project="demo")
    assert not (tmp_path / "server").exists()
    assert (tmp_path / "shows/work").is_dir()


def test_workspace_is_one_when_many_make_it_at_once(tmp_path: Path) -> None:
    command = [sys.executable, "-c", SET_UP, str(tmp_path / "shows")]
    started = [subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) for _ in range(4)]
    answers = [process.communicate(timeout=60) for process in started]
    assert answers == [("bifrost://demo/assets/char/hero\n", "")] * 4
    with connect(tmp_path / "shows", user="anna") as session:
        assert len(session.find(Query("role"))) == len(BUILTIN_ROLES)
        assert [len(session.find(Query(kind))) for kind in ("user", "membership", "project", "asset")] == [1, 1, 1, 1]
        assert [status.code for status in session.find(Query("status").sort("order"))] == [
            code for code, *_ in DEFAULT_STATUSES
        ]


# connect


def test_workspace_is_found_when_named_in_each_way(shows: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = shows / "catalog.sqlite"
    monkeypatch.chdir(shows / "publish")
    files = [file, shows / "bifrost.yaml"]
    targets = [shows, str(shows), shows / "publish", None, *files, f"sqlite:///{file}", "sqlite:///../catalog.sqlite"]
    for target in targets:
        with connect(target, user="anna") as session:
            assert (session.settings.folder, session.context.project) == (shows, "demo")
            assert session.projects.get("demo").code == "demo"
    monkeypatch.chdir(shows.parent)
    monkeypatch.setenv("BIFROST_SDK_URL", str(shows))
    with connect(user="anna") as session:
        assert repr(session) == f"<Session of anna on {shows}>"


def test_catalog_alone_is_opened_when_it_has_no_workspace(shows: Path) -> None:
    (shows / "bifrost.yaml").unlink()
    with connect(f"sqlite:///{shows / 'catalog.sqlite'}", user="anna", project="demo") as session:
        assert session.settings.folder == shows
        assert session.assets.list() == []
    with connect(shows / "catalog.sqlite", user="anna") as session:
        assert [project.code for project in session.projects.list()] == ["demo"]


def test_catalog_lies_where_configured_when_elsewhere(tmp_path: Path) -> None:
    (tmp_path / "shows").mkdir()
    (tmp_path / "shows/bifrost.yaml").write_text("catalog: ../data.sqlite\n", encoding="utf-8")
    with connect(init(tmp_path / "shows", project="demo"), project="demo") as session:
        assert session.assets.list() == []
    assert (tmp_path / "data.sqlite").is_file()


def test_folder_is_refused_when_it_is_not_there_though_a_workspace_lies_above(shows: Path) -> None:
    with pytest.raises(ConfigurationError, match="typo lies in no workspace"):
        connect(shows / "typo")


@pytest.mark.parametrize("scheme", ["", "sqlite:///"])
def test_target_is_refused_when_it_cannot_be_looked_at(tmp_path: Path, scheme: str) -> None:
    """The operating system refuses to look, as it does where permissions are missing."""
    name = "x" * 300
    with pytest.raises(ConfigurationError, match=name):
        connect(f"{scheme}{tmp_path}/{name}")


@pytest.mark.skipif(sys.platform == "win32" or os.geteuid() == 0, reason="needs a user whom permissions stop")
def test_target_is_refused_when_its_folder_is_closed(shows: Path) -> None:
    shows.chmod(0)
    try:
        for target in (shows, shows / "catalog.sqlite", f"sqlite:///{shows}/catalog.sqlite"):
            with pytest.raises(ConfigurationError, match=r"cannot look at .*Permission denied"):
                connect(target)
    finally:
        shows.chmod(0o700)


@pytest.mark.parametrize(
    ("target", "message"),
    [
        ("nowhere", "lies in no workspace"),
        (None, "lies in no workspace"),
        ("sqlite:///nowhere.sqlite", "there is no catalog at .*nowhere.sqlite"),
        ("sqlite://shows/x.sqlite", "names no file .*write sqlite:///shows/x.sqlite for one in the current folder"),
        (
            "postgres://bifrost.example",
            r"no catalog is known for postgres:// .*sqlite://, http://, https:// and a file",
        ),
        ("https://bifrost.example", "a server asks for a key, and there is none; set BIFROST_SDK_TOKEN"),
    ],
)
def test_connect_says_what_to_do_when_there_is_nothing(
    target: str | None, message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ConfigurationError, match=message):
        connect(target)
    assert list(tmp_path.iterdir()) == []


def test_settings_tell_their_origin_when_asked(shows: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BIFROST_SDK_USER", "ben")
    with connect(shows, timeout=1, roots={"publish": shows / "elsewhere"}) as session:
        settings = session.settings
        assert (settings.user, settings["user"].origin) == ("ben", "BIFROST_SDK_USER")
        assert settings["timeout"].origin == "argument"
        assert settings["project"].origin.startswith(str(shows / "bifrost.yaml"))
        assert session.context.roots["publish"] == shows / "elsewhere"


def test_storages_are_those_of_the_roots_when_used(session: Session) -> None:
    storages = session.context.storages
    assert set(storages) == {"publish", "work"}
    assert len(storages) == 2
    assert storages["publish"] is storages["publish"]
    assert "cache" not in storages
    assert storages.get("cache") is None
    with pytest.raises(KeyError):
        _ = storages["cache"]


# resolving


def test_reference_leads_to_the_file_when_resolved(session: Session) -> None:
    hero = session.assets.create("demo", "char", "hero")
    version = publish(session, hero)
    product = session.products.of(hero)[0]
    path = session.resolve(f"{version.ref}/model.usda")
    assert path.read_text(encoding="utf-8") == "#usda 1.0\n"
    assert session.settings.folder / "publish" in path.parents
    names: list[Item] = [
        version,
        version.id,
        Reference.parse(version.ref),
        product,
        f"{product.ref}/latest",
        product.ref,
    ]
    assert [session.resolve(name) for name in names] == [path] * len(names)
    found = session.resolve_many([version.ref, "bifrost://demo/assets/char/hera", version])
    assert [type(answer) for answer in found] == [Resolution, NotFoundError, Resolution]
    assert isinstance(found[0], Resolution)
    assert session.path_of(found[0]) == path
    assert session.at(session.revision("demo")).path_of(found[0]) == path
    with pytest.raises(NotFoundError) as caught:
        session.resolve("bifrost://demo/assets/char/hera/model/latest")
    assert caught.value.ref == "bifrost://demo/assets/char/hera/model/latest"


def test_paths_are_forgotten_when_there_are_too_many(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sessions, "_PATHS_LIMIT", 1)
    refs = [publish(session, session.assets.create("demo", "char", code)).ref for code in ("a", "b")]
    assert [session.resolve(ref) for ref in refs] == [session.resolve(ref) for ref in refs]
    assert len(session._paths) == 1


def test_other_states_are_shown_when_asked_for(session: Session) -> None:
    hero = session.assets.create("demo", "char", "hero")
    one = publish(session, hero)
    revision = session.revision("demo")
    latest = f"{hero.ref}/model/latest"
    pins = session.pin([latest])
    then = datetime.datetime.now(datetime.timezone.utc)
    two = publish(session, hero)
    assert session.versions.get(latest).number == 2
    assert session.resolve(latest) == session.resolve(two)
    for past in (session.at(revision), session.at(then), session.at(then.isoformat()), session.pinned(pins)):
        assert past.resolve(latest) == session.resolve(one)
        past.close()
    assert session.at(revision).versions.list(project="demo") == [one]
    assert session.pinned(pins).view.pins == pins
    assert session.at(then).pinned(pins).view.at == then
    assert session.at("2001-01-01").view.at == datetime.datetime(2001, 1, 1, tzinfo=datetime.timezone.utc)
    assert session.at("2001-01-01T00:00:00Z").view == session.at("2001-01-01").view
    assert session.at("2001-01-01T02:00:00+02:00").view == session.at("2001-01-01").view
    assert session.resolve(latest) == session.resolve(two)


def test_product_is_pinned_when_named_in_each_way(session: Session) -> None:
    hero = session.assets.create("demo", "char", "hero")
    one = publish(session, hero)
    (product,) = session.products.of(hero)
    by_id = f"bifrost://demo/~{product.id}"
    ways: list[Item] = [product.id, product, by_id, Reference.parse(by_id)]
    ways += [f"bifrost:///product/{product.id}", f"{by_id}/model.usd"]
    pinned = [session.pin([way]) for way in ways]
    first = session.resolve(one)
    publish(session, hero)
    assert session.resolve(product.id) != first
    names = [*ways[:4], ways[5], product.ref, f"{product.ref}/latest", one.ref]
    for pins in pinned:
        shown = session.pinned(pins)
        assert [shown.resolve(name) for name in names] == [first] * len(names)
        answers = shown.resolve_many(names)
        assert [answer.number for answer in answers if isinstance(answer, Resolution)] == [1] * len(names)
    assert [str(ref) for ref in pinned[0]] == [product.ref]
    assert [str(ref) for ref in pinned[5]] == [f"{product.ref}/latest/model.usd"]


def test_order_is_kept_when_a_pinned_session_is_asked_for_what_is_not_there(session: Session) -> None:
    hero = session.assets.create("demo", "char", "hero")
    version = publish(session, hero)
    shown = session.pinned(session.pin([version.id]))
    answers = shown.resolve_many([f"bifrost://demo/~{new_id()}", "no:reference", version.id, hero])
    assert [type(answer) for answer in answers] == [NotFoundError, ReferenceSyntaxError, Resolution, NotFoundError]


def test_pins_are_refused_when_one_leads_nowhere(session: Session) -> None:
    with pytest.raises(NotFoundError):
        session.pin(["bifrost://demo/assets/char/hero"])


# what a first user gets wrong


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda session: session.get("hero"),
            "'hero' is neither an id nor a reference (references begin with bifrost://demo)",
        ),
        (lambda session: session.resolve_many("bifrost://demo"), "'bifrost://demo' is no list (give a list)"),
        (lambda session: session.get_many("bifrost://demo"), "'bifrost://demo' is no list (give a list)"),
        (lambda session: session.pin("bifrost://demo"), "'bifrost://demo' is no list (give a list)"),
        (lambda session: session.find("asset"), "'asset' is no query; write Query('asset')"),
        (lambda session: session.find(Query("aset")), "there is no kind 'aset' (did you mean asset, assets?)"),
        (
            lambda session: session.find(Query("asset").where(code__startwith="h")),
            "startwith: there is no field or operator 'startwith' on asset.code (did you mean startswith?)",
        ),
        (lambda session: session.commit(Delete(new_id())), " is no list (give a list)"),
        (lambda session: session.commit([{"code": "x"}]), "{'code': 'x'} is no change (e.g. Create(entity))"),
        (lambda session: session.assets.create("demo", "char", "x", name=3), "asset name: 3 is no text"),
        (
            lambda session: session.assets.create("demo", "char", "x", tag=[]),
            "asset has no field 'tag' (did you mean tags",
        ),
        (
            lambda session: session.assets.create("demo", "char", "hero"),
            "is taken below its parent by bifrost://demo/assets/char/hero (take another name, or ensure it)",
        ),
        (
            lambda session: session.assets.update("bifrost://demo/assets/char/hero", tags="main"),
            "asset tags: 'main' is no list (give a list)",
        ),
        (
            lambda session: session.tasks.create("bifrost://demo/assets/char/hero", "rig", assignees="anna"),
            "'anna' is no list (give a list)",
        ),
    ],
)
def test_mistake_is_told_in_words_when_a_call_is_wrong(
    session: Session, call: Callable[[Session], object], message: str
) -> None:
    session.assets.ensure("demo", "char", "hero")
    with pytest.raises(ValidationError) as caught:
        call(session)
    assert message in str(caught.value)


# the rest of a session


def test_events_tell_what_happened_when_read(session: Session) -> None:
    session.assets.create("demo", "char", "hero")
    assert [event.subject_kind for event in session.events(after=1)] == ["asset_type", "asset"]
    assert session.events("demo", after=1, limit=1) == session.events("bifrost://demo", after=1)


def test_session_serves_all_threads_when_shared(session: Session) -> None:
    found: list[str] = []

    def create(code: str) -> None:
        found.append(session.assets.create("demo", "char", code).code)

    threads = [threading.Thread(target=create, args=(f"a{number}",)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(found) == [asset.code for asset in session.iterate(Query("asset").sort("code"))]


def test_close_is_safe_when_repeated(shows: Path) -> None:
    session = connect(shows, user="anna")
    session.close()
    session.close()


def test_publish_asks_for_the_same_when_called_on_a_session() -> None:
    def options(function: Callable[..., object]) -> dict[str, tuple[object, object]]:
        found = inspect.signature(function).parameters.values()
        return {item.name: (item.annotation, item.default) for item in found if item.kind is item.KEYWORD_ONLY}

    assert options(Session.publish) == options(publishing.publish)


def test_interrupted_publishes_are_settled_when_recovered(session: Session) -> None:
    publish(session, session.assets.create("demo", "char", "hero"))
    before = session.revision("demo")
    session.recover()
    session.recover("demo")
    assert session.revision("demo") == before


@pytest.mark.parametrize("target", ["a" * 300, f"sqlite:///{'a' * 300}.sqlite"])
def test_connect_says_what_it_cannot_look_at_when_the_operating_system_refuses(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, target: str
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ConfigurationError, match=r"cannot look at .*aaa.*: File name too long"):
        connect(target)


def test_connect_says_that_a_catalog_cannot_be_used_when_its_folder_cannot_be_read(
    shows: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> bool:
        raise OSError(5, "Input/output error")

    from bifrost_sdk.adapters.sqlite import connection

    monkeypatch.setattr(connection, "_sync_folder", fail)
    (shows / "catalog.sqlite").unlink()
    with pytest.raises(CatalogError, match="cannot be used: Input/output error; check"):
        init(shows, user="anna")
