"""Colours that can be read and told apart, also by colour-blind readers; themes that any terminal can show."""

from __future__ import annotations

from itertools import combinations

import pytest
from textual.app import App
from textual.color import Color
from textual.theme import BUILTIN_THEMES

from tui.palette import PALETTES, THEMES, Palette, contrast, default_theme, mark, palette_of

RGB = [theme for theme in THEMES if not theme.ansi]
# Machado, Oliveira, Fernandes (2009), severity 1, on linear RGB.
VISION = {
    "normal": ((1, 0, 0), (0, 1, 0), (0, 0, 1)),
    "protan": ((0.152286, 1.052583, -0.204868), (0.114503, 0.786281, 0.099216), (-0.003882, -0.048116, 1.051998)),
    "deutan": ((0.367322, 0.860646, -0.227968), (0.280085, 0.672501, 0.047413), (-0.011820, 0.042940, 0.968881)),
    "tritan": ((1.255528, -0.076749, -0.178779), (-0.078411, 0.930809, 0.147602), (0.004733, 0.691367, 0.303900)),
}


def lab(color: str, vision: str) -> tuple[float, float, float]:
    """CIE L*a*b* (D65) of a colour as seen."""
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in Color.parse(color).normalized]
    red, green, blue = (min(max(sum(w * c for w, c in zip(row, linear, strict=True)), 0), 1) for row in VISION[vision])
    x = (0.4124564 * red + 0.3575761 * green + 0.1804375 * blue) / 0.95047
    y = 0.2126729 * red + 0.7151522 * green + 0.0721750 * blue
    z = (0.0193339 * red + 0.1191920 * green + 0.9503041 * blue) / 1.08883
    fx, fy, fz = (t ** (1 / 3) if t > 0.008856 else 7.787 * t + 16 / 116 for t in (x, y, z))
    return 116 * fy - 16, 500 * (fx - fy), 200 * (fy - fz)


def difference(first: str, second: str, vision: str) -> float:
    """CIE 1976 colour difference."""
    return sum((a - b) ** 2 for a, b in zip(lab(first, vision), lab(second, vision), strict=True)) ** 0.5


def text_colors(palette: Palette) -> list[str]:
    """Colours that text or lines are drawn in."""
    others = [palette.own, palette.others, palette.limit, palette.gain, palette.loss, palette.muted]
    return [*palette.series, *palette.shades, *others]


def test_contrast_of_known_pairs():
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#767676", "#ffffff") == pytest.approx(4.54, abs=0.01)  # the usual example of just enough
    assert contrast("#123456", "#123456") == 1


@pytest.mark.parametrize("theme", RGB, ids=lambda theme: theme.name)
def test_text_is_readable_on_every_ground(theme):
    least = 7.0 if theme.name == "high-contrast" else 4.5
    for ground in (theme.background, theme.surface):
        assert contrast(theme.foreground, ground) >= 7
        for color in text_colors(palette_of(theme)):
            assert contrast(color, ground) >= least, color


@pytest.mark.parametrize("theme", RGB, ids=lambda theme: theme.name)
def test_the_grid_is_seen_and_stays_behind(theme):
    palette = palette_of(theme)
    assert 1.25 <= contrast(palette.grid, theme.surface) < contrast(palette.muted, theme.surface) / 2


@pytest.mark.parametrize("vision", VISION)
@pytest.mark.parametrize("theme", RGB, ids=lambda theme: theme.name)
def test_series_are_told_apart(theme, vision: str):
    palette = palette_of(theme)
    for first, second in combinations((palette.own, palette.limit, *palette.series), 2):
        assert difference(first, second, vision) >= 10, (first, second)


def test_letters_go_on_where_colours_repeat():
    palette = palette_of(RGB[0])
    count = len(palette.series) + len(palette.shades)
    assert palette.color(0) == palette.color(count)
    assert len({mark(slot) for slot in range(26)}) == 26
    assert mark(0) == "A" and mark(26) == "A"
    assert mark(3, own=True) == "*" and mark(None) == "+"
    assert palette.color(3, own=True) == palette.own and palette.color(None) == palette.others


def test_every_theme_has_its_palette_and_a_foreign_one_the_nearest():
    assert [theme.name for theme in THEMES] == list(PALETTES)
    assert palette_of(BUILTIN_THEMES["nord"]) is PALETTES["night"]
    assert palette_of(BUILTIN_THEMES["textual-light"]) is PALETTES["day"]
    assert palette_of(BUILTIN_THEMES["ansi-light"]) is PALETTES["ansi"]


def test_style_sheets_know_the_colours():
    app = App[None]()
    for theme in THEMES:
        app.register_theme(theme)
        app.theme = theme.name
        variables = app.get_css_variables()
        assert variables["own"] == palette_of(theme).own
        assert variables["series-5"] == palette_of(theme).series[4]


@pytest.mark.parametrize(
    ("color_system", "no_color", "expected"),
    [("truecolor", False, "night"), ("256", False, "night"), ("standard", False, "ansi"), (None, False, "ansi"),
     ("truecolor", True, "ansi")],
)  # fmt: skip
def test_default_theme(color_system: str | None, no_color: bool, expected: str):
    assert default_theme(color_system, no_color) == expected
