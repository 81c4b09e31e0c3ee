"""Colours of all pictures and pages, by what they say, light and dark; tests hold how well each is read."""

from __future__ import annotations

from typing import Final

#: What is drawn in which colour, on light and on dark ground.
COLORS: Final = {
    "ground": ("#ffffff", "#14181f"),
    "panel": ("#f6f8fa", "#1c222b"),
    "line": ("#d0d7de", "#39424e"),
    "text": ("#1b222c", "#e8ecf1"),
    "faint": ("#566170", "#a3aebb"),
    "assets": ("#1769aa", "#6cb6ff"),
    "shots": ("#7d3fa8", "#d2a8ff"),
    "other": ("#57606a", "#a9b4c0"),
    "good": ("#1a7f37", "#57d364"),
    "warn": ("#9a5b00", "#f0b429"),
    "bad": ("#b42318", "#ff8f85"),
    "strong": ("#3f4a57", "#c3ccd6"),
    "weak": ("#6b7684", "#8d99a6"),
    "cast": ("#7d3fa8", "#d2a8ff"),
    "link": ("#b0376f", "#ff9bc9"),
}

#: Below this part of full light sRGB is linear (IEC 61966-2-1).
_LINEAR_BELOW = 0.04045

#: The fonts: whatever the system reads its own menus in.
FONT: Final = "system-ui,-apple-system,'Segoe UI',Roboto,'Noto Sans','DejaVu Sans',sans-serif"
MONO: Final = "ui-monospace,SFMono-Regular,Menlo,Consolas,'DejaVu Sans Mono',monospace"


def variables(place: str) -> str:
    """The colours as custom properties of what the selector `place` names, and the other set for dark screens."""
    light, dark = (";".join(f"--bf-{name}:{pair[side]}" for name, pair in COLORS.items()) for side in (0, 1))
    return f"{place}{{color-scheme:light dark;{light}}}@media(prefers-color-scheme:dark){{{place}{{{dark}}}}}"


def contrast(one: str, other: str) -> float:
    """How well two colours are told apart, 1 to 21 (WCAG 2.2, contrast ratio).

    >>> round(contrast("#000000", "#ffffff"))
    21
    """
    darker, lighter = sorted((_luminance(one), _luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def _luminance(color: str) -> float:
    """Relative luminance (WCAG 2.2)."""
    red, green, blue = (_linear(int(color[start : start + 2], 16) / 255) for start in (1, 3, 5))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _linear(value: float) -> float:
    return value / 12.92 if value <= _LINEAR_BELOW else float(((value + 0.055) / 1.055) ** 2.4)
