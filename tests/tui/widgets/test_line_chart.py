"""Lines: what is drawn where, gaps, bands, limits, and meaning without colour."""

from __future__ import annotations

import math
from typing import Any

import pytest

from tests.tui.widgets.drawing import GROUND, draw, ink_of, styles_at
from tui.palette import ANSI, NIGHT
from tui.widgets.line_chart import Limit, LineChart, Series

nan = math.nan


def chart(series: list[Series], labels: str | list[str], format: Any = lambda value: "", **more: Any) -> LineChart:
    """A chart without texts on its y axis unless a format is given."""
    shown = LineChart()
    shown.show(series, list(labels), format, **more)
    return shown


def test_a_rising_line_over_the_grid():
    assert draw(chart([Series("up", [0, 1])], "ab"), 4, 2) == ["⠁⠁⡠⠊", "⡠⠊⡀⡀"]


def test_the_own_line_is_thick_bold_and_in_its_colour():
    shown = chart([Series("up", [0, 1], own=True)], "ab")
    assert draw(shown, 4, 2) == ["⠁⠁⣠⠟", "⣤⠞⠁⡀"]
    ink = ink_of()
    assert styles_at(shown.draw(4, 2, ink)[0])[-1] == ink.style(NIGHT.own, bold=True)


def test_the_own_line_is_in_front():
    shown = chart([Series("own", [1, 1], own=True), Series("rival", [1, 1])], "ab", low=0, high=2)
    assert draw(shown, 7, 3, safe=True)[1] == "*******"


def test_ticks_labels_and_the_name_beside_the_end():
    lines = draw(chart([Series("华为", [0, 1])], ["2026Q1", "2026Q2"], "{:g}".format, low=0), 40, 6)
    assert [line[:4] for line in lines[:5]] == ["  1 ", "    ", "0.5 ", "    ", "  0 "]
    assert lines[0].endswith("⠉  A 华为 1")
    assert lines[5] == " 2026Q1                   2026Q2"


def test_as_many_labels_as_fit_and_the_last_one_always():
    labels = [f"{2024 + quarter // 4}Q{quarter % 4 + 1}" for quarter in range(11)]
    shown = chart([], labels)
    assert draw(shown, 120, 5)[-1].split() == labels
    assert draw(shown, 60, 5)[-1].split() == ["2024Q1", "2024Q3", "2025Q1", "2025Q3", "2026Q1", "2026Q3"]
    assert draw(shown, 24, 5)[-1].split() == ["2024Q1", "2026Q3"]
    assert draw(shown, 9, 5)[-1].split() == ["2026Q3"]


@pytest.mark.parametrize(
    ("values", "labels", "expected"),
    [
        ([1, 1, nan, 1, 1], "abcde", "⠤⠤   ⠤⠤"),
        ([nan, 1, nan], "abc", "  ⠠⠤⠤"),  # a value between two gaps is seen
        ([1, 1], "abc", "⠤⠤⠤⠤"),  # the third label is still to come
        ([1], "a", "  ⠤⠤⠄"),
        ([math.inf, 1, 1], "abc", "   ⠠⠤⠤⠤"),
        ([nan, nan], "ab", ""),
        ([], "", ""),
    ],
)
def test_missing_values_leave_gaps(values: list[float], labels: str, expected: str):
    assert draw(chart([Series("line", values)], labels, low=0, high=2), 7, 3)[1] == expected


def test_a_reference_is_dashed_and_of_nobodys_colour():
    shown = chart([Series("reference", [1, 1], reference=True)], "ab", low=0, high=2)
    assert draw(shown, 7, 3)[1] == "⠤⠤ ⠤⠤ ⠤"
    ink = ink_of()
    assert styles_at(shown.draw(7, 3, ink)[1])[0] == ink.style(NIGHT.others)
    paired = chart([Series("reference", [1, 1], reference=True, slot=1)], "ab", low=0, high=2)
    assert draw(paired, 7, 3, safe=True)[1] == "bb bb b"


def test_a_limit_is_dashed_named_and_part_of_the_scale():
    shown = chart([Series("flat", [1, 1])], "ab", low=0, high=4, limit=Limit(3, "cap"))
    assert draw(shown, 7, 4) == ["⣀⣀ ⣀⣀ ⣀", " cap", "⠉⠉⠉⠉⠉⠉⠉", "a     b"]
    assert draw(shown, 7, 4, safe=True) == ["-- -- -", " cap", "AAAAAAA", "a     b"]
    above = chart([Series("flat", [1, 1])], "ab", "{:g}".format, low=0, limit=Limit(8))
    assert draw(above, 30, 9)[0].startswith("10 ")


def test_no_limit():
    line = [Series("flat", [1, 1])]
    assert draw(chart(line, "ab", limit=Limit(nan, "cap")), 20, 6) == draw(chart(line, "ab"), 20, 6)


def test_the_name_of_a_limit_gives_way_to_lines():
    shown = chart([Series("line", [1, 9, 9, 9])], "abcd", low=0, high=10, limit=Limit(3, "limit"))
    lines = draw(shown, 20, 10, safe=True)
    assert sum(line.count("A") for line in lines) == sum(
        line.count("A")
        for line in draw(chart([Series("line", [1, 9, 9, 9])], "abcd", low=0, high=10), 20, 10, safe=True)
    )
    assert any("limit" in line for line in lines)


def test_a_band_is_shaded_to_an_eighth_of_a_cell():
    shown = chart([Series("band", [2, 2], band=([1, 1], [3, 3]))], "ab", low=0, high=4)
    assert draw(shown, 7, 4) == ["▂▂▂▂▂▂▂", "⠤⠤⠤⠤⠤⠤⠤", "▆▆▆▆▆▆▆", "a     b"]
    ink = ink_of()
    shade = ink.tint(NIGHT.series[0], 0.22)
    styles = [styles_at(strip)[3] for strip in shown.draw(7, 4, ink)]
    assert styles[0] == ink.style(shade)
    assert styles[1] == ink.style(NIGHT.series[0], shade)
    assert styles[2] == ink.style(GROUND, shade)


def test_a_band_covers_only_labels_that_have_one():
    shown = chart([Series("band", [2, 2, 2], band=([nan, 1, 1], [nan, 3, 3]))], "abc", low=0, high=4)
    assert draw(shown, 7, 4)[0] == "   ▂▂▂▂"


@pytest.mark.parametrize("ink", [{"safe": True}, {"no_color": True}, {"ansi": True}])
def test_a_band_is_seen_where_colours_cannot_be_mixed(ink: dict[str, bool]):
    band = chart([Series("line", [2, 2], band=([1, 1], [3, 3]))], "ab", low=0, high=4)
    line = chart([Series("line", [2, 2])], "ab", low=0, high=4)
    drawn, without = draw(band, 7, 4, **ink), draw(line, 7, 4, **ink)
    assert drawn[1] == without[1] and drawn[0] != without[0] and drawn[2] != without[2]


def test_no_meaning_by_colour_alone():
    shown = chart([Series("one", [1, 1]), Series("two", [3, 3])], "ab", low=0, high=4)
    lines = draw(shown, 24, 4, no_color=True)
    assert "B" in lines[0][:18] and "A" in lines[2][:18]  # on the lines
    assert lines[0].endswith("B two") and lines[2].endswith("A one")
    assert not any("A" in line[:18] or "B" in line[:18] for line in draw(shown, 24, 4)[:3])


def test_a_letter_of_its_own():
    shown = chart([Series("tokens", [1, 1], mark="T", slot=4)], "ab", low=0, high=2)
    assert draw(shown, 30, 3)[1].endswith("T tokens")


def test_safe_glyphs_are_ascii():
    shown = chart(
        [Series("line", [1, 2, 3], own=True, band=([0, 1, 2], [2, 3, 4])), Series("r", [3, 2, 1], reference=True)],
        "abc",
        "{:g}".format,
        limit=Limit(2.5, "a name that is cut"),
    )
    for width in (10, 20, 40, 80):
        assert all(line.isascii() for line in draw(shown, width, 12, safe=True))


def test_own_line_of_a_sixteen_colour_terminal():
    shown = chart([Series("own", [1, 1], own=True)], "ab", low=0, high=2)
    ink = ink_of(ansi=True)
    assert styles_at(shown.draw(7, 3, ink)[1])[0] == ink.style(ANSI.own, bold=True)


def test_numpy_arrays_are_sequences_too():
    numpy = pytest.importorskip("numpy")
    values = numpy.array([0.0, 1.0])
    line = Series("up", values, band=(values - 1, values + 1))
    assert draw(chart([line], "ab"), 20, 6) == draw(chart([Series("up", [0, 1], band=([-1, 0], [1, 2]))], "ab"), 20, 6)


def test_wrong_lengths_are_told():
    with pytest.raises(ValueError, match="series 'x': 3 values for 2 labels"):
        chart([Series("x", [1, 2, 3])], "ab")
    with pytest.raises(ValueError, match="series 'x': its band must be as long as its 2 values"):
        chart([Series("x", [1, 2], band=([1], [2, 3]))], "ab")
