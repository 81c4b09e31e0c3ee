"""What a catalog promises about its tree: one thing a name, relations that lead where they may, nothing in use goes."""

from __future__ import annotations

import attrs
import pytest

from bifrost_sdk.domain.changes import Create, Delete, Update
from bifrost_sdk.domain.model import (
    Asset,
    Event,
    Link,
    Product,
    Project,
    Sequence,
    Shot,
    Status,
    User,
)
from bifrost_sdk.domain.production import STUDIO
from bifrost_sdk.errors import BifrostError, NotFoundError, ValidationError
from bifrost_sdk.ports import Catalog
from bifrost_sdk.testing.builder import Builder
from bifrost_sdk.testing.catalog_base import CatalogFixtures, codes_of, only
from bifrost_sdk.testing.show import PROJECT, Show


class CatalogRules(CatalogFixtures):
    """Names, aliases, relations, deletion, attributes, and what belongs to which project."""

    @pytest.mark.parametrize("code", ["hero", "HERO", "he\u0301ro".upper()])
    def test_siblings_are_unique_when_of_whatever_kind(
        self, anna: Catalog, builder: Builder, made: Show, code: str
    ) -> None:
        """One path must lead to one node: a product and an asset of one name would share it."""
        builder.create(Product, code="h\u00e9ro", parent=made.ids["char"])
        other = Asset(id=builder.new_id(), code=code, parent=made.ids["char"], asset_type=made.ids["char"])
        with pytest.raises(ValidationError) as caught:
            anna.commit(PROJECT, [Create(other)])
        assert codes_of(caught.value) == {"unique"}
        anna.commit(PROJECT, [Create(attrs.evolve(other, parent=made.ids["prop"]))])

    def test_siblings_are_unique_when_made_in_one_commit(self, anna: Catalog, builder: Builder, made: Show) -> None:
        """What is compared with the store alone would let twins in that arrive together."""
        twins = [Sequence(id=builder.new_id(), code=code, parent=made.ids["project"]) for code in ("sqA", "SQa")]
        with pytest.raises(ValidationError) as caught:
            anna.commit(PROJECT, [Create(each) for each in twins])
        assert codes_of(caught.value) == {"unique"}

    def test_name_is_free_when_its_holder_gives_it_up_in_the_same_commit(
        self, anna: Catalog, builder: Builder, made: Show
    ) -> None:
        """Swapping two names takes one commit, since between two of them one would be nameless."""
        new = Asset(id=builder.new_id(), code="hero", parent=made.ids["char"], asset_type=made.ids["char"])
        anna.commit(PROJECT, [Update(made.ids["hero"], {"code": "heroine"}), Create(new)])
        assert builder.read(new.id).path == "assets/char/hero"
        anna.commit(PROJECT, [Update(new.id, {"code": "heroine"}), Update(made.ids["hero"], {"code": "hero"})])
        assert builder.read(made.ids["hero/model"]).path == "assets/char/hero/model"
        assert builder.read(new.id).path == "assets/char/heroine"

    def test_delete_is_refused_when_something_uses_it(self, anna: Catalog, builder: Builder, made: Show) -> None:
        """A dangling relation would break whoever follows it, long after the one who deleted has gone."""
        for name, user in (
            ("hero", "cape"),
            ("char", "hero"),
            ("todo", "sh010"),
            ("hero/rig", "rig"),
            ("anim", made.ids["scene"]),
        ):
            with pytest.raises(ValidationError) as caught:
                anna.commit(PROJECT, [Delete(made.ids[name])])
            assert "in_use" in codes_of(caught.value)
            assert user in str(caught.value)
        assert anna.revision(PROJECT) == 1

    def test_delete_is_done_when_its_users_go_in_the_same_commit(
        self, anna: Catalog, builder: Builder, made: Show
    ) -> None:
        """What is only used by what goes too holds nothing back."""
        anna.commit(PROJECT, [Delete(made.ids["anim"]), Delete(made.ids["scene"])])
        with pytest.raises(ValidationError) as caught:
            anna.commit(PROJECT, [Delete(made.ids["ep01"]), Update(made.ids["sq020"], {"parent": made.ids["ep01"]})])
        assert "in_use" in codes_of(caught.value)

    def test_relation_is_refused_when_it_leads_nowhere_or_to_another_kind(
        self, anna: Catalog, builder: Builder, made: Show
    ) -> None:
        """Readers follow relations without checking; the only place to check is here."""
        for fields, code in (
            ({"status": builder.new_id()}, "relation.missing"),
            ({"status": made.ids["hero"]}, "relation.kind"),
            ({"parent": made.ids["sh010"]}, "relation.kind"),
            ({"asset_type": made.ids["hero"]}, "relation.kind"),
        ):
            with pytest.raises(ValidationError) as caught:
                anna.commit(PROJECT, [Update(made.ids["hero"], fields)])
            assert code in codes_of(caught.value)

    def test_node_is_refused_when_it_would_lie_within_itself(self, anna: Catalog, builder: Builder, made: Show) -> None:
        """A ring has no path, and whoever walks up it never arrives."""
        with pytest.raises(ValidationError):
            anna.commit(PROJECT, [Update(made.ids["hero"], {"parent": made.ids["cape"]})])
        with pytest.raises(ValidationError):
            anna.commit(PROJECT, [Update(made.ids["hero"], {"parent": made.ids["hero"]})])

    @pytest.mark.parametrize(
        ("values", "code"),
        [
            ({"fps": "fast"}, "attribute.value"),
            ({"fps": 24}, "attribute.value"),
            ({"renderer": "other"}, "attribute.value"),
            ({"colour": "red"}, "attribute.unknown"),
        ],
    )
    def test_attributes_are_refused_when_of_the_wrong_type(
        self, anna: Catalog, builder: Builder, made: Show, values: dict[str, object], code: str
    ) -> None:
        """Shots inherit attributes blindly: one wrong frame rate above would reach them all."""
        with pytest.raises(ValidationError) as caught:
            anna.commit(PROJECT, [Update(made.ids["hero"], {"attributes": values})])
        assert codes_of(caught.value) <= {code, "attribute.form"}
        anna.commit(PROJECT, [Update(made.ids["hero"], {"attributes": {"fps": "24000/1001", "renderer": "arnold"}})])

    @pytest.mark.parametrize("fields", [{"no_such": 1}, {"tags": "main"}, {"code": "v001"}, {"metadata": [1]}])
    def test_update_is_refused_when_a_field_is_wrong(
        self, anna: Catalog, made: Show, fields: dict[str, object]
    ) -> None:
        """An update is checked like a new entity, or it would write what creating refuses."""
        with pytest.raises(ValidationError):
            anna.commit(PROJECT, [Update(made.ids["hero"], fields)])

    def test_kind_is_refused_when_its_place_is_another(self, anna: Catalog, builder: Builder, made: Show) -> None:
        """Access and look-ups tell by the kind where it lives; elsewhere it would be found by nobody."""
        with pytest.raises(ValidationError) as caught:
            builder.system.commit(PROJECT, [Create(User(id=builder.new_id(), login="cleo"))])
        assert "kind.scope" in codes_of(caught.value)
        with pytest.raises(ValidationError) as caught:
            builder.system.commit(STUDIO, [Create(Status(id=builder.new_id(), code="x"))])
        assert "kind.scope" in codes_of(caught.value)

    def test_event_is_refused_when_written_by_hand(self, anna: Catalog, builder: Builder, made: Show) -> None:
        """A log that can be edited proves nothing."""
        event = Event(id=builder.new_id(), operation="create", subject=made.ids["hero"], subject_kind="asset")
        with pytest.raises(BifrostError):
            builder.system.commit(PROJECT, [Create(event)])
        first = anna.events(PROJECT, limit=1)[0]
        for change in (Update(first.id, {"comment": "x"}), Delete(first.id)):
            with pytest.raises(BifrostError):
                builder.system.commit(PROJECT, [change])
        assert anna.events(PROJECT, limit=1)[0] == first

    def test_project_is_read_only_when_archived(self, anna: Catalog, builder: Builder, made: Show) -> None:
        """An archived show is delivered: a script that still runs must not change it."""
        builder.update(made.ids["project"], state="archived")
        with pytest.raises(ValidationError) as caught:
            anna.commit(PROJECT, [Delete(made.ids["like"])])
        assert "project.archived" in codes_of(caught.value)
        builder.update(made.ids["project"], state="active")
        anna.commit(PROJECT, [Delete(made.ids["like"])])

    def test_project_keeps_its_code_when_changed(self, builder: Builder, made: Show) -> None:
        """Every reference in every file begins with the code."""
        with pytest.raises(ValidationError):
            builder.update(made.ids["project"], code="other")

    def test_path_stays_an_alias_when_a_node_is_renamed_or_moved(
        self, anna: Catalog, builder: Builder, made: Show
    ) -> None:
        """References in files written before the rename cannot be changed any more."""
        builder.update(made.ids["char"], code="people")
        builder.update(made.ids["cape"], parent=made.ids["villain"])
        for ref, id in (
            ("assets/char/hero/model", "hero/model"),
            ("assets/people/hero/rig/v001", "hero/rig/v001"),
            ("assets/char/hero/cape", "cape"),
            ("assets/people/villain/cape", "cape"),
            ("assets/char/villain/cape", "cape"),
        ):
            found = only(anna.get(PROJECT, [f"bifrost://{PROJECT}/{ref}"]))
            assert getattr(found, "id", found) == made.ids[id], ref
            assert found == builder.read(made.ids[id])
        product = only(anna.get(PROJECT, [f"bifrost://{PROJECT}/assets/char/hero/model"]))
        assert getattr(product, "ref", "") == f"bifrost://{PROJECT}/assets/people/hero/model"

    def test_link_may_lead_to_another_project_when_other_relations_may_not(
        self, catalog: Catalog, builder: Builder, made: Show
    ) -> None:
        """Each show is archived and moved by itself, so its tree and statuses must not hang on another one."""
        second = Builder(catalog, "second", first=0x200000)
        project = builder.create(Project, code="second")
        theirs = second.create(Sequence, code="sq010", parent=project.id)
        builder.create(Link, source=made.ids["hero"], target=theirs.id)
        with pytest.raises(ValidationError) as caught:
            builder.create(Shot, code="sh999", parent=theirs.id)
        assert "relation.project" in codes_of(caught.value)
        with pytest.raises(ValidationError):
            second.delete(theirs)
        with pytest.raises(NotFoundError):
            builder.system.commit(PROJECT, [Update(theirs.id, {"name": "x"})])
