from __future__ import annotations

import re

import pytest

from bifrost_sdk.domain.pictures import styles
from bifrost_sdk.domain.pictures.palette import COLORS, contrast, variables

#: What WCAG 2.2 asks for at level AA: text (1.4.3), and lines and signs that say something (1.4.11).
TEXT, SIGN = 4.5, 3.0
SAID = ["text", "faint", "cast", "link"]
DRAWN = ["assets", "shots", "other", "good", "warn", "bad", "strong", "weak"]


@pytest.mark.parametrize("side", [0, 1], ids=["light", "dark"])
@pytest.mark.parametrize("ground", ["ground", "panel"])
@pytest.mark.parametrize("name", SAID + DRAWN)
def test_color_is_told_from_its_ground_when_looked_at(name: str, ground: str, side: int) -> None:
    least = TEXT if name in SAID else SIGN
    assert contrast(COLORS[name][side], COLORS[ground][side]) >= least


def test_every_color_is_judged_when_there_are_new_ones() -> None:
    assert {*SAID, *DRAWN, "ground", "panel", "line"} == set(COLORS)


def test_style_sheets_name_known_colors_when_read() -> None:
    sheets = styles.SIGNS + styles.GRAPH + styles.CHART + styles.PAGE
    named = set(re.findall(r"var\(--bf-(\w+)\)", sheets))
    assert named <= set(COLORS)
    assert all(f"--bf-{name}:{COLORS[name][1]}" in variables(":root").partition("prefers")[2] for name in named)
    for sheet in (styles.SIGNS, styles.GRAPH, styles.CHART, styles.PAGE):
        assert sheet.count("{") == sheet.count("}")
        assert "url(" not in sheet
        assert "@import" not in sheet


def test_contrast_is_that_of_the_standard_when_computed() -> None:
    assert contrast("#ffffff", "#000000") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)  # the example that WCAG gives as too weak
