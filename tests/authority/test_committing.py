"""What a commit does before anything is written: numbers."""

from __future__ import annotations

import pytest

from bifrost_sdk.domain.changes import Create
from bifrost_sdk.domain.model import Version
from bifrost_sdk.errors import ValidationError
from bifrost_sdk.testing import Builder
from bifrost_sdk.testing.show import PROJECT, Show


def test_next_version_is_refused_when_the_product_has_used_up_its_numbers(builder: Builder, made: Show) -> None:
    model = made.ids["hero/model"]
    builder.create(Version, product=model, number=999_998)
    assert builder.create(Version, product=model).number == 999_999
    before = builder.system.revision(PROJECT)
    with pytest.raises(ValidationError, match=r"used up its numbers: the last is 999999.*another product"):
        builder.system.commit(PROJECT, [Create(Version(id=builder.new_id(), product=model))])
    assert builder.system.revision(PROJECT) == before
