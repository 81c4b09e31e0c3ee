"""Sets of files on disk: the catalog knows their size and hash as a whole, the manifest beside them those of each.

A set that is complete and has its size is fine. Where it is not, the manifest tells which of its files are to blame,
if it is the one that was published; without one, the set is judged as a whole.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

import attrs

from bifrost_sdk.domain.reconciliation import OK, UNKNOWN, Content, Finding, Verdict
from bifrost_sdk.errors import ValidationError
from bifrost_sdk.services.digests import algorithm_of
from bifrost_sdk.services.disks import Disk, Look
from bifrost_sdk.services.manifests import Entry, Manifest, digest, listing_digest
from bifrost_sdk.services.scanning import OUTSIDE, Outcome, Terms, verdict_of
from bifrost_sdk.services.sources import MANIFEST
from bifrost_sdk.services.tracked import Numbered


def judge_sets(
    disk: Disk, sets: Iterable[Numbered], terms: Terms, outcome: Outcome, *, digests: Mapping[str, str]
) -> None:
    """Say of each set of a root, all of whose folders were walked, what it is; `digests` are of versions' manifests."""
    for numbered in sets:
        if numbered.is_complete and numbered.content.hash and not terms.reads(numbered.version):
            outcome.counts["ok"] += len(numbered.files)
        else:
            _Judging(disk, numbered, terms, outcome, digests).run()


@attrs.frozen(eq=False)
class _Judging:
    """One set, each of its files looked at again."""

    disk: Disk
    numbered: Numbered
    terms: Terms
    outcome: Outcome
    digests: Mapping[str, str]

    def run(self) -> None:
        """Judge each file, or all of them together where nothing tells them apart."""
        found = {name: self._look(name) for name in self.numbered.files}
        contents = {name: look for name, look in found.items() if isinstance(look, Content)}
        whole = self._as_one(contents, is_all=len(contents) == len(found))
        known = {} if whole.state == "ok" else self._manifest()
        is_one = whole.state == "modified" and not known
        if is_one:
            self._add(self.numbered.files.pattern, whole, count=len(contents))
        for name, look in found.items():
            if name in known or not isinstance(look, Content):
                self._add(name, verdict_of(known.get(name, UNKNOWN), look, **self._when), known.get(name), look)
            elif not is_one:
                self._add(name, self._alone(look, whole), None, look)

    @property
    def _when(self) -> dict[str, int]:
        return {"now": self.terms.now, "published": self.numbered.published}

    def _look(self, name: str) -> Look:
        path = self.numbered.path(name)
        if not self.disk.is_inside(path.rpartition("/")[0]):
            return OUTSIDE
        self.terms.watch(0)
        if not self.terms.reads(self.numbered.version):
            return self.disk.look(path)
        return self.disk.read(path, algorithm=algorithm_of(self.numbered.content.hash))

    def _as_one(self, contents: Mapping[str, Content], *, is_all: bool) -> Verdict:
        """What the set is, judged by what is known of it as a whole."""
        known = self.numbered.content
        if not is_all:
            return Verdict("unverified", "others of its set are missing, and nothing tells its own size")
        size = sum(content.size or 0 for content in contents.values())
        if size != known.size:
            return Verdict("modified", f"its files have {size:,} bytes together instead of {known.size:,}")
        if not known.hash:
            return Verdict("unverified", "its hash is not known yet")
        if not self.terms.reads(self.numbered.version):
            return OK
        entries = [Entry(name, content.size or 0, content.hash) for name, content in contents.items()]
        is_same = listing_digest(entries) == known.hash
        return OK if is_same else Verdict("modified", "one of its files has another content")

    def _alone(self, found: Content, whole: Verdict) -> Verdict:
        """One file of a set that is not plainly wrong: its own time may still raise a doubt."""
        if whole.state != "ok" or found.hash:
            return whole
        return verdict_of(found._replace(hash="known"), found, **self._when)

    def _add(
        self, name: str, verdict: Verdict, known: Content | None = None, found: Look = None, *, count: int = 1
    ) -> None:
        finding = Finding(
            state=verdict.state,
            root=self.numbered.root,
            path=self.numbered.path(name),
            reason=verdict.reason,
            count=count,
            known=known or UNKNOWN,
            found=found if isinstance(found, Content) else None,
        )
        self.outcome.add_file(self.numbered, finding, self.terms)

    def _manifest(self) -> dict[str, Content]:
        """What the manifest of the version tells of each file of the set; nothing unless it is the published one."""
        path = Path(self.disk.place(self.numbered.path(MANIFEST)))
        try:
            written = path.read_bytes()
            if digest(written) != self.digests.get(self.numbered.version):
                return {}
            manifest = Manifest.from_bytes(written)
        except (OSError, ValidationError):
            return {}
        names = set(self.numbered.files)
        return {entry.name: Content(entry.size, None, entry.hash) for entry in manifest.entries if entry.name in names}
