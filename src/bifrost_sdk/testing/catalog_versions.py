"""What a catalog promises about versions: numbers, leases, states, and that what was published stays."""

from __future__ import annotations

from typing import Any

import attrs
import pytest

from bifrost_sdk.domain.changes import Create, Delete, Update
from bifrost_sdk.domain.model import (
    Product,
    Representation,
    Version,
)
from bifrost_sdk.domain.query import Query
from bifrost_sdk.domain.versions import ALGORITHMS, CHANGEABLE, TRANSITIONS, AssetDependency, File
from bifrost_sdk.errors import ValidationError
from bifrost_sdk.ports import Catalog, Resolution
from bifrost_sdk.testing.builder import Builder, ManualClock
from bifrost_sdk.testing.catalog_base import CatalogFixtures, codes_of
from bifrost_sdk.testing.show import PROJECT, Show


class CatalogVersions(CatalogFixtures):
    """Versions, their files and what they were made of."""

    def test_versions_are_counted_when_made_without_a_number(self, anna: Catalog, builder: Builder, made: Show) -> None:
        """A number that is given twice names two things; one that was abandoned is never given again."""

        def reserve(*products: str) -> list[int | None]:
            versions = [Version(id=builder.new_id(), product=made.ids[name]) for name in products]
            done = anna.commit(PROJECT, [Create(each) for each in versions])
            return [each.number for each in done.entities if isinstance(each, Version)]

        assert reserve("hero/model", "hero/rig", "hero/model", "project/lut") == [4, 2, 5, 1]
        (version,) = anna.find(Query("version", PROJECT).where(number=5)).entities
        anna.commit(PROJECT, [Update(version, {"state": "abandoned"})])
        assert reserve("hero/model") == [6]
        builder.update(made.ids["hero/model"], code="body")
        assert reserve("hero/model") == [7]

    def test_lease_is_renewed_when_a_reserved_version_is_written(
        self, anna: Catalog, builder: Builder, made: Show, clock: ManualClock
    ) -> None:
        """A long upload lives by its lease; were it not renewed, recovery would take the version away."""
        version = builder.create(Version, product=made.ids["hero/model"], lease=60)
        assert version.lease_until is not None
        clock.advance(30)
        renewed = builder.update(version, lease=120)
        assert isinstance(renewed, Version)
        assert renewed.lease_until is not None
        assert (renewed.lease_until - version.lease_until).total_seconds() == 90
        published = builder.update(version, state="published")
        assert isinstance(published, Version)
        assert published.lease_until is None

    def test_states_follow_each_other_only_when_allowed(self, anna: Catalog, builder: Builder, made: Show) -> None:
        """Between finalise and abandon exactly one may win, so no other way may lead between them."""
        ways = {"reserved": [], "published": ["published"], "abandoned": ["abandoned"]}
        ways["retired"] = ["published", "retired"]
        ways["purged"] = ["published", "retired", "purged"]
        for state, way in ways.items():
            for following in TRANSITIONS:
                version = builder.create(Version, product=made.ids["project/lut"])
                for each in way:
                    builder.update(version, state=each)
                if following in (*TRANSITIONS[state], state):
                    builder.update(version, state=following)
                else:
                    with pytest.raises(ValidationError) as caught:
                        anna.commit(PROJECT, [Update(version.id, {"state": following})])
                    assert codes_of(caught.value) == {"state.transition"}, (state, following)

    def test_version_begins_reserved_or_published_when_created(
        self, anna: Catalog, builder: Builder, made: Show
    ) -> None:
        """A version that begins retired or purged never had what its state says was taken away."""
        for state in ("retired", "purged", "abandoned"):
            with pytest.raises(ValidationError):
                builder.create(Version, product=made.ids["project/lut"], state=state)

    def test_published_version_keeps_what_it_is_when_changed(self, anna: Catalog, builder: Builder, made: Show) -> None:
        """Whoever renders with a version relies on its files and dependencies being what they were."""
        id = made.ids["hero/rig/v001"]
        fixed: dict[str, Any] = {  # Any: values of every field type
            "number": 9,
            "product": made.ids["hero/model"],
            "dependencies": [],
            "comment": "other",
            "source": "other",
            "task": made.ids["anim"],
            "manifest": "other",
        }
        for name, value in fixed.items():
            with pytest.raises(ValidationError) as caught:
                anna.commit(PROJECT, [Update(id, {name: value})])
            assert "immutable" in codes_of(caught.value), name
        free = {"status": made.ids["todo"], "tags": ["a"], "description": "d", "metadata": {"a": 1}, "state": "retired"}
        assert free.keys() == CHANGEABLE
        anna.commit(PROJECT, [Update(id, free)])

    def test_version_is_not_deleted_when_it_has_a_number(self, anna: Catalog, builder: Builder, made: Show) -> None:
        """A number that vanishes could be given again, to something else."""
        for name in ("hero/model/v003", "sh010/anim/v001"):
            with pytest.raises(ValidationError):
                anna.commit(PROJECT, [Delete(made.ids[name])])

    def test_files_are_fixed_when_a_representation_exists(self, anna: Catalog, builder: Builder, made: Show) -> None:
        """Hashes and pins name these files; more may come, but none may change."""
        id = made.ids["hero/model/v001/usd"]
        for name, value in (("files", []), ("folder", "x"), ("root", "other"), ("name", "abc")):
            with pytest.raises(ValidationError) as caught:
                anna.commit(PROJECT, [Update(id, {name: value})])
            assert "immutable" in codes_of(caught.value)
        with pytest.raises(ValidationError):
            anna.commit(PROJECT, [Delete(id)])
        proxy = Representation(id=builder.new_id(), version=made.ids["hero/model/v001"], name="proxy")
        anna.commit(PROJECT, [Create(proxy)])
        with pytest.raises(ValidationError) as caught:
            anna.commit(PROJECT, [Create(attrs.evolve(proxy, id=builder.new_id(), name="PROXY"))])
        assert codes_of(caught.value) == {"unique"}

    def test_hash_is_learnt_once_when_files_were_adopted(self, anna: Catalog, builder: Builder, made: Show) -> None:
        """Files that lay there before the catalog are read later; what was read then is what everybody relies on."""
        version = builder.create(Version, product=made.ids["project/lut"], state="published")
        files = (File("lut.cube", 10, ""), File("lut.<FRAME>.exr", 20, "", frames="1001-1002", count=2))
        held = builder.create(Representation, version=version.id, name="cube", folder="a", files=files)
        ref = f"bifrost://{PROJECT}/lut/v{version.number:03d}/lut.cube"

        def resolved() -> tuple[str, bool]:
            (answer,) = anna.resolve([ref])
            assert isinstance(answer, Resolution)
            return answer.hash, answer.is_hashed

        def learn(*hashes: str, **others: Any) -> None:  # Any: values of every field
            found = tuple(attrs.evolve(file, hash=hash, **others) for file, hash in zip(files, hashes, strict=True))
            anna.commit(PROJECT, [Update(held.id, {"files": found})])

        one, two, three = (f"{algorithm}:{digit * 64}" for algorithm, digit in zip(ALGORITHMS * 2, "123", strict=False))
        assert resolved() == ("", False)
        learn(one, "")
        assert resolved() == (one, True)
        learn(one, two)
        refused = [((one, three), {}), ((one, ""), {}), ((three, two), {}), ((one, two), {"size": 11})]
        for hashes, others in refused:
            with pytest.raises(ValidationError) as caught:
                learn(*hashes, **others)
            assert codes_of(caught.value) == {"immutable"}
        with pytest.raises(ValidationError):
            anna.commit(PROJECT, [Update(held.id, {"files": (attrs.evolve(files[0], hash=one),)})])
        assert resolved() == (one, True)

    def test_hash_is_refused_when_it_is_none(self, anna: Catalog, builder: Builder, made: Show) -> None:
        """What is learnt stays, so a text that no file can ever have would stay as well."""
        version = builder.create(Version, product=made.ids["project/lut"], state="published")
        file = File("lut.cube", 10, "")
        held = builder.create(Representation, version=version.id, name="cube", files=(file,))
        for hash in ("sha256:12", "blake3:12", "md5:" + "1" * 32, "sha256:" + "A" * 64, "1" * 64):
            with pytest.raises(ValidationError) as caught:
                anna.commit(PROJECT, [Update(held.id, {"files": (attrs.evolve(file, hash=hash),)})])
            assert codes_of(caught.value) == {"immutable.hash"}

    @pytest.mark.parametrize("length", [1, 2, 5])
    def test_cycle_is_refused_when_versions_are_published_together(
        self, anna: Catalog, builder: Builder, made: Show, length: int
    ) -> None:
        """Within one commit a ring can close, and no order would exist to rebuild its members in."""
        products = [builder.create(Product, code=f"p{number}", parent=made.ids["hero"]) for number in range(length)]
        ids = [builder.new_id() for _ in products]
        ring = [
            Version(
                id=id,
                product=product.id,
                state="published",
                dependencies=(AssetDependency(ids[(place + 1) % length], kind="weak"),),
            )
            for place, (id, product) in enumerate(zip(ids, products, strict=True))
        ]
        with pytest.raises(ValidationError) as caught:
            anna.commit(PROJECT, [Create(each) for each in ring])
        assert "dependency.cycle" in codes_of(caught.value)
        chain = [attrs.evolve(ring[-1], dependencies=()), *ring[:-1]]
        anna.commit(PROJECT, [Create(each) for each in chain])

    def test_dependency_is_refused_when_its_target_is_not_published(
        self, anna: Catalog, builder: Builder, made: Show
    ) -> None:
        """What is not published may still be abandoned, and would leave a hole below a finished version."""
        version = Version(
            id=builder.new_id(),
            product=made.ids["hero/rig"],
            state="published",
            dependencies=(AssetDependency(made.ids["hero/model/v003"]),),
        )
        with pytest.raises(ValidationError) as caught:
            anna.commit(PROJECT, [Create(version)])
        assert codes_of(caught.value) == {"dependency.state"}
        anna.commit(PROJECT, [Update(made.ids["hero/model/v003"], {"state": "published"}), Create(version)])

    def test_purge_is_refused_when_another_version_was_made_of_it(
        self, anna: Catalog, builder: Builder, made: Show
    ) -> None:
        """Files that a living version was made of must outlive the wish for more disk space."""
        for name in ("hero/model/v001", "sh010/anim/v001"):
            builder.update(made.ids[name], state="retired")
        with pytest.raises(ValidationError) as caught:
            builder.update(made.ids["hero/model/v001"], state="purged")
        assert codes_of(caught.value) == {"in_use"}
        builder.update(made.ids["sh010/anim/v001"], state="purged")

    def test_purge_is_allowed_when_what_was_made_of_it_is_retired(
        self, anna: Catalog, builder: Builder, made: Show
    ) -> None:
        """A retired version that could come back without what it was made of would be published and broken."""
        base = builder.create(Version, product=made.ids["project/lut"], state="published")
        needs = (AssetDependency(base.id),)
        graded = builder.create(Version, product=made.ids["hero/rig"], state="published", dependencies=needs)
        for version in (base, graded):
            builder.update(version, state="retired")
        builder.update(graded, state="published")
        builder.update(graded, state="retired")
        builder.update(base, state="purged")
        with pytest.raises(ValidationError) as caught:
            anna.commit(PROJECT, [Update(graded.id, {"state": "published"})])
        assert codes_of(caught.value) == {"dependency.state"}
        builder.update(graded, state="purged")

    def test_set_of_files_comes_back_when_written(self, builder: Builder, made: Show) -> None:
        """Sparse frames are exact: one frame more or less is a file that is not there."""
        files = (File("beauty.<FRAME>.exr", 10, f"sha256:{7:064x}", frames="1001-1003,1010", count=4),)
        version = builder.create(Version, product=made.ids["sh010/anim"])
        written = builder.create(Representation, version=version.id, name="exr", folder="a/b", files=files)
        found = builder.read(written.id)
        assert isinstance(found, Representation)
        assert found.files == files
        assert str(found.files[0].frames) == "1001-1003,1010"
