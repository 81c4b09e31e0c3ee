from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bifrost_sdk.errors import ConfigurationError
from bifrost_sdk.protocol import agreement


def test_version_is_agreed_when_both_sides_are_this_code() -> None:
    assert agreement.agreed(agreement.spoken()) == agreement.NEWEST


@given(st.integers(0, 9), st.integers(0, 9), st.integers(1, 9), st.integers(0, 5))
def test_newest_common_version_is_taken_or_the_older_side_is_named(
    oldest: int, more: int, ours: int, width: int
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(agreement, "OLDEST", ours)
        patch.setattr(agreement, "NEWEST", ours + width)
        common = {*range(oldest, oldest + more + 1)} & {*range(ours, ours + width + 1)}
        if common:
            assert agreement.agreed(f"{oldest}-{oldest + more}") == max(common)
            return
        behind = "the server" if oldest > ours else "Bifrost SDK on this machine"
        with pytest.raises(ConfigurationError, match=f"update {behind}$"):
            agreement.agreed(f"{oldest}-{oldest + more}")


@pytest.mark.parametrize("offer", ["", "1", "one-two", "1-1\n", "-1-1", "1-9999999"])
def test_offer_is_refused_when_it_is_none(offer: str) -> None:
    with pytest.raises(ConfigurationError, match="names the versions"):
        agreement.agreed(offer)
