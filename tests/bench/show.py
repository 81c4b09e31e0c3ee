"""A large show made through ordinary commits, and the flat table that is the floor under reading it."""

from __future__ import annotations

import random
import sqlite3
from collections.abc import Iterator, Sequence
from pathlib import Path

import attrs

from bifrost_sdk.adapters.sqlite.store import SqliteStore
from bifrost_sdk.authority.catalog import Authority
from bifrost_sdk.domain.changes import Change, Create
from bifrost_sdk.domain.model import Asset, AssetType, Product, Project, Representation, Version
from bifrost_sdk.domain.production import STUDIO
from bifrost_sdk.domain.versions import File
from bifrost_sdk.ports import Actor
from bifrost_sdk.services.identity import new_id

PROJECT = "show"
VERSIONS_EACH = 10
CHUNK = 10_000


@attrs.frozen
class Show:
    """A catalog with `versions` published versions, all references to them, and the floor's table beside it."""

    catalog: Authority
    store: SqliteStore
    path: Path
    flat: sqlite3.Connection
    refs: Sequence[str]
    latest: Sequence[str]
    middle: int

    def sample(self, count: int, *, seed: int = 7) -> list[str]:
        """So many different exact references, in random order."""
        return random.Random(seed).sample(self.refs, count)  # noqa: S311  # not for secrets


def build(folder: Path, versions: int) -> Show:
    """Make the show; every product has ten versions with one file each. `middle` is a revision halfway."""
    path = folder / f"show-{versions}.db"
    store = SqliteStore(path)
    catalog = Authority(store).bind(Actor("bench", system=True))
    project = Project(id=new_id(), code=PROJECT)
    catalog.commit(STUDIO, [Create(project)])
    kind = AssetType(id=new_id(), code="char", parent=project.id)
    catalog.commit(PROJECT, [Create(kind)])
    products = versions // VERSIONS_EACH
    refs: list[str] = []
    middle = 0
    for start, changes in _in_chunks(_changes(kind, products, refs)):
        catalog.commit(PROJECT, changes)
        if start * 2 <= versions:
            middle = catalog.revision(PROJECT)
    latest = sorted({f"{ref.rsplit('/', 2)[0]}/latest/model.usda" for ref in refs})
    return Show(catalog, store, path, _flat(folder / f"flat-{versions}.db", refs), refs, latest, middle)


def first_changes(kind: AssetType, count: int) -> Iterator[list[Change]]:
    """So many lists of 10,000 changes for a project that holds this asset type only."""
    products = count * CHUNK // (2 * VERSIONS_EACH + 2) + 1
    for _, (_, chunk) in zip(range(count), _in_chunks(_changes(kind, products, [])), strict=False):
        yield chunk


def _changes(kind: AssetType, products: int, refs: list[str]) -> Iterator[Change]:
    for index in range(products):
        asset = Asset(id=new_id(), code=f"asset{index:06d}", parent=kind.id, asset_type=kind.id)
        product = Product(id=new_id(), code="model", parent=asset.id)
        yield Create(asset)
        yield Create(product)
        for number in range(1, VERSIONS_EACH + 1):
            version = Version(id=new_id(), product=product.id, number=number, state="published", comment="a note")
            path = f"assets/char/{asset.code}/model/v{number:03d}"
            file = File(name="model.usda", size=1234, hash="sha256:" + f"{index:032x}{number:032x}")
            yield Create(version)
            yield Create(
                Representation(id=new_id(), version=version.id, name="usd", folder=f"show/{path}", files=(file,))
            )
            refs.append(f"bifrost://{PROJECT}/{path}/model.usda")


def _in_chunks(changes: Iterator[Change]) -> Iterator[tuple[int, list[Change]]]:
    chunk: list[Change] = []
    done = 0
    for change in changes:
        chunk.append(change)
        if len(chunk) == CHUNK:
            yield done, chunk
            done += CHUNK // 2
            chunk = []
    if chunk:
        yield done, chunk


def _flat(path: Path, refs: Sequence[str]) -> sqlite3.Connection:
    flat = sqlite3.connect(path, isolation_level=None)
    flat.execute("PRAGMA journal_mode = WAL")
    flat.execute("PRAGMA synchronous = FULL")
    flat.execute("CREATE TABLE flat (ref TEXT PRIMARY KEY, path TEXT, hash TEXT)")
    flat.execute("BEGIN")
    rows = ((ref, "/show/publish/" + ref[10:], "sha256:" + f"{index:064x}") for index, ref in enumerate(refs))
    flat.executemany("INSERT INTO flat VALUES (?, ?, ?)", rows)
    flat.execute("COMMIT")
    return flat
