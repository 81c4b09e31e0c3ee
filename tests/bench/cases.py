"""What is measured: resolving, committing, the past, and starting up."""

# ruff: noqa: S608 - statements are put together of our own words; every value is bound

from __future__ import annotations

import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from measure import Figure, alone, paired
from show import CHUNK, PROJECT, Show, first_changes

from bifrost_sdk.adapters.sqlite.store import SqliteStore
from bifrost_sdk.authority.catalog import Authority
from bifrost_sdk.domain.changes import Create
from bifrost_sdk.domain.model import AssetType, Project
from bifrost_sdk.domain.production import STUDIO
from bifrost_sdk.ports import Actor, Resolution, View
from bifrost_sdk.services.identity import new_id

BATCH = 10_000
ACTOR = Actor("bench", system=True)
FLAT = "SELECT path, hash FROM flat WHERE ref = ?"


def resolving(show: Show) -> Iterator[Figure]:
    """References to files: cold and warm, one by one and in batches, exact and floating."""
    size = f"{len(show.refs):,} versions"
    refs = show.sample(min(BATCH, len(show.refs)))
    catalog = Authority(show.store)
    many = f"SELECT ref, path, hash FROM flat WHERE ref IN ({', '.join('?' * len(refs))})"

    def cold() -> None:
        nonlocal catalog
        catalog = Authority(show.store).bind(ACTOR)

    def floor_single() -> None:
        for ref in refs:
            show.flat.execute(FLAT, (ref,)).fetchone()

    def single() -> None:
        for ref in refs:
            _used(catalog.resolve([ref]))

    def floor_batch() -> list[object]:
        return show.flat.execute(many, refs).fetchall()

    def batch(wanted: Sequence[str] = refs) -> None:
        _used(catalog.resolve(wanted))

    yield _figure("one reference, cold", paired(single, floor_single, prepare=cold), len(refs), "<= 4x", size)
    yield _figure("a batch of 10,000, cold", paired(batch, floor_batch, prepare=cold), len(refs), "<= 2.5x", size)
    latest = show.latest[: len(refs)]
    exact = refs[: len(latest)]
    as_many = f"SELECT ref, path, hash FROM flat WHERE ref IN ({', '.join('?' * len(exact))})"
    times = paired(lambda: batch(latest), lambda: show.flat.execute(as_many, exact).fetchall(), prepare=cold)
    yield _figure(f"a batch of {len(latest):,} latest, cold", times, len(latest), "<= 2.5x", size)
    batch()
    warm = alone(lambda: [catalog.resolve(refs[:1]) for _ in range(BATCH)])
    yield Figure(
        "one reference, warm, with its freshness check", "ref", warm / BATCH * 1e6, None, None, "<= 5 us", size
    )


def the_past(show: Show) -> Iterator[Figure]:
    """The same reads today and halfway through the show's history."""
    size = f"{len(show.refs):,} versions"
    then = View(at=show.middle)
    early = show.refs[: min(BATCH, len(show.refs) // 3)]
    newest = list(dict.fromkeys(f"{ref.rsplit('/', 2)[0]}/latest" for ref in early))
    catalog = show.catalog

    def cold() -> None:
        nonlocal catalog
        catalog = Authority(show.store).bind(ACTOR)

    for name, refs in (("exact references as of then", early), ("latest as of then", newest)):
        times = paired(
            lambda refs=refs: _used(catalog.resolve(refs, view=then)),
            lambda refs=refs: _used(catalog.resolve(refs)),
            prepare=cold,
        )
        yield _figure(f"{name} (floor: today, cold)", times, len(refs), "<= 2x", size)
    keys = [ref.rsplit("/", 1)[0] for ref in early[:1000]]
    times = paired(lambda: catalog.get(PROJECT, keys, view=then), lambda: catalog.get(PROJECT, keys))
    yield _figure("entities as of then (floor: today)", times, len(keys), "<= 2x", size)


def committing(size: int) -> Iterator[Figure]:
    """A commit of 10,000 new entities, after so many, against executemany of the same rows into the same tables."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "ours.db")
        store = SqliteStore(path)
        catalog = Authority(store).bind(ACTOR)
        project = Project(id=new_id(), code=PROJECT)
        catalog.commit(STUDIO, [Create(project)])
        kind = AssetType(id=new_id(), code="char", parent=project.id)
        catalog.commit(PROJECT, [Create(kind)])
        chunks = list(first_changes(kind, size // CHUNK + 5))
        for chunk in chunks[:-5]:
            catalog.commit(PROJECT, chunk)
        copy = _copy(path, Path(folder, "floor.db"))
        pairs = []
        for chunk in chunks[-5:]:
            before = catalog.revision(PROJECT)
            ours = alone(lambda chunk=chunk: catalog.commit(PROJECT, chunk), rounds=1)
            rows = _rows(path, before)
            pairs.append((ours, alone(lambda rows=rows: _insert(copy, rows), rounds=1)))
        pairs.sort(key=lambda pair: pair[0] / pair[1])
        ours, floor = pairs[len(pairs) // 2]
        yield _figure("a commit of 10,000 entities", (ours, floor, ours / floor), CHUNK, "<= 4x", f"after {size:,}")
        store.close()


def starting(show: Show) -> Iterator[Figure]:
    """Opening a large catalog and importing the package, each in fresh processes."""
    opening = (
        "import time, bifrost_sdk.session as s\n"
        "from bifrost_sdk.adapters.sqlite.store import SqliteStore\n"
        "from bifrost_sdk.authority.catalog import Authority\n"
        "from bifrost_sdk.ports import Actor\n"
        "start = time.perf_counter()\n"
        f"store = SqliteStore({str(show.path)!r})\n"
        "catalog = Authority(store).bind(Actor('bench', system=True))\n"
        f"catalog.resolve([{show.refs[0]!r}])\n"
        "print(time.perf_counter() - start)\n"
    )
    times = sorted(float(_python(opening)) for _ in range(7))
    size = f"{len(show.refs):,} versions"
    yield Figure(
        "open the catalog and resolve the first reference", "open", times[3] * 1e6, None, None, "<= 50 ms", size
    )
    cpu = "import time; start = time.process_time()\nimport {}\nprint(time.process_time() - start)"
    pairs = sorted(float(_python(cpu.format("bifrost_sdk"))) - float(_python(cpu.format("attrs"))) for _ in range(15))
    yield Figure("import bifrost_sdk, CPU above attrs alone", "import", max(pairs[7], 0) * 1e6, None, None, "<= 20 ms")


def _figure(name: str, times: tuple[float, float, float], count: int, goal: str, size: str) -> Figure:
    ours, floor, ratio = times
    return Figure(
        name, "entity" if "entit" in name else "ref", ours / count * 1e6, floor / count * 1e6, ratio, goal, size
    )


def _used(answers: Sequence[object]) -> None:
    """Read what a caller reads of each answer, and see that each is one."""
    for answer in answers:
        if not isinstance(answer, Resolution):
            raise TypeError(answer)
        answer.path, answer.hash  # noqa: B018  # reading is what is measured


def _us(seconds: float, items: Sequence[object]) -> float:
    return seconds / len(items) * 1e6


def _python(code: str) -> str:
    return subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout


TABLES = ("entity", "path", "edge", "answer", "event", "commits")


def _copy(source: Path, target: Path) -> sqlite3.Connection:
    """The same catalog again, to insert into by hand."""
    with sqlite3.connect(source) as reader:
        copy = sqlite3.connect(target, isolation_level=None)
        reader.backup(copy)
    copy.execute("PRAGMA journal_mode = WAL")
    copy.execute("PRAGMA synchronous = FULL")
    return copy


def _rows(path: Path, revision: int) -> dict[str, list[tuple[object, ...]]]:
    """What a commit wrote after this revision, table by table."""
    where = {"path": "since > ? AND project = 2", "edge": "since > ? AND project = 2", "answer": "since > ?"}
    with sqlite3.connect(path) as reader:
        return {
            table: reader.execute(
                f"SELECT * FROM {table} WHERE {where.get(table, 'revision > ? AND project = 2')}",
                (revision,),
            ).fetchall()
            for table in TABLES
        }


def _insert(copy: sqlite3.Connection, rows: dict[str, list[tuple[object, ...]]]) -> None:
    copy.execute("BEGIN IMMEDIATE")
    for table, found in rows.items():
        if found:
            how = "REPLACE" if table == "answer" else "INSERT"  # only what is newest takes the place of another row
            copy.executemany(f"{how} INTO {table} VALUES ({', '.join('?' * len(found[0]))})", found)
    copy.execute("COMMIT")
