from __future__ import annotations

import pytest

from bifrost_sdk.errors import ValidationError
from bifrost_sdk.session import Session


def test_product_belongs_to_any_node_when_made(session: Session) -> None:
    hero = session.assets.create("demo", "char", "hero")
    model = session.products.create(hero, "model", type="geometry")
    assert model.ref == "bifrost://demo/assets/char/hero/model"
    assert session.products.ensure(hero.ref, "model") == model
    rig = session.products.ensure(hero.id, "rig")
    assert session.products.of(hero) == [model, rig]
    assert session.products.of(hero, type="geometry") == [model]
    assert session.products.create("bifrost://demo", "edit").ref == "bifrost://demo/edit"
    with pytest.raises(ValidationError, match="taken"):
        session.products.create(hero, "rig")
    assert session.products.rename(rig, "puppet").path == "assets/char/hero/puppet"
