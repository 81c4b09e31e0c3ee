from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bifrost_sdk.domain.destinations import filled, open_path
from bifrost_sdk.domain.templates.template import Template
from bifrost_sdk.errors import TemplateError


@pytest.mark.parametrize(
    "text", ["{asset}/v{version:03d}", "v{version}/{asset}/{asset}.{version}", "{version:d}.{asset}"]
)
@given(asset=st.from_regex("[a-z0-9-]{1,12}", fullmatch=True), number=st.integers(1, 999_999))
def test_open_path_is_the_path_when_the_number_comes(text: str, asset: str, number: int) -> None:
    template = Template(text)
    assert filled(open_path(template, {"asset": asset}, ["version"]), number) == template.format(
        asset=asset, version=number
    )


def test_open_path_is_whole_when_nothing_is_open() -> None:
    assert open_path(Template("{asset}/1"), {"asset": "2"}, []) == "2/1"
    assert filled("2/1", 7) == "2/1"


def test_open_path_refuses_what_the_template_refuses() -> None:
    with pytest.raises(TemplateError, match="asset"):
        open_path(Template("{asset}/v{version}"), {"asset": "../up"}, ["version"])
