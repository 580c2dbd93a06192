"""Stacked shares: who is where, how high, grouped, and in letters without colour."""

from __future__ import annotations

import math

import pytest

from tests.tui.widgets.drawing import draw, ink_of, styles_at
from tui.palette import NIGHT
from tui.widgets.share_chart import Share, ShareChart

nan = math.nan


def chart(shares: list[Share], labels: str) -> ShareChart:
    shown = ShareChart()
    shown.show(shares, list(labels), "others")
    return shown


def letters(shown: ShareChart, column: int, width: int = 30, height: int = 9) -> str:
    """The areas of one column from below, each line a letter."""
    return "".join(line[column] for line in reversed(draw(shown, width, height, safe=True)[: height - 1]))


def test_the_players_area_is_at_the_foot_then_by_size():
    shown = chart([Share("a", [2, 2]), Share("b", [5, 5]), Share("own", [1, 1], own=True)], "12")
    assert letters(shown, 10) == "*BBBBBAA"


def test_the_whole_of_each_label_fills_the_height():
    shown = chart([Share("a", [10, 1]), Share("b", [10, 3])], "12")
    assert letters(shown, 5) == "BBBBAAAA"
    assert letters(shown, 24) == "BBBBBBAA"


def test_edges_are_drawn_to_an_eighth_of_a_cell():
    shown = chart([Share("own", [10, 10], own=True), Share("b", [14, 14], slot=1)], "12")
    ink = ink_of()
    strips = shown.draw(8, 3, ink)
    assert [strip.text[0] for strip in strips] == [" ", "▂", " "]  # 10 of 24 eighths
    rival = ink.tint(NIGHT.series[1], 0.7)
    grounds = [styles_at(strip)[0] for strip in strips]
    assert grounds == [ink.style(None, rival), ink.style(NIGHT.own, rival), ink.style(None, NIGHT.own)]


def test_names_stand_at_the_height_of_their_areas():
    lines = draw(chart([Share("own", [1, 2], own=True), Share("华为", [3, 2])], "12"), 44, 9)
    assert lines[2].endswith("B 华为 50%") and lines[5].endswith("* own 50%")


def test_large_areas_carry_their_letter():
    plot = [line[5:20] for line in draw(chart([Share("a", [1, 1]), Share("b", [30, 30])], "12"), 40, 9)]
    assert any("B" in line for line in plot) and not any("A" in line for line in plot)


def test_the_smallest_are_one_area():
    shares = [Share(f"v{size}", [size, size]) for size in range(1, 11)]
    lines = draw(chart(shares, "12"), 50, 20)
    text = "\n".join(lines)
    assert "v10 18%" in text and "v5 9%" in text and "v4" not in text
    assert "+ others 18%" in text  # 1 + 2 + 3 + 4 of 55


def test_the_player_is_never_among_the_others():
    shares = [Share(f"v{size}", [size, size], own=size == 1) for size in range(1, 11)]
    assert "* v1 2%" in "\n".join(draw(chart(shares, "12"), 50, 20))


@pytest.mark.parametrize("missing", [nan, -1.0, math.inf, 0.0])
def test_what_is_missing_counts_nothing(missing: float):
    shown = chart([Share("a", [1, 1]), Share("b", [missing, missing])], "12")
    assert letters(shown, 10) == "AAAAAAAA"


def test_a_label_without_any_share_is_a_gap():
    shown = chart([Share("a", [1, 1, nan, 1, 1])], "12345")
    row = draw(shown, 24, 4, safe=True)[1]
    assert "A  " in row and "  A" in row


def test_one_label_fills_the_plot():
    assert draw(chart([Share("a", [1])], "1"), 24, 4, no_color=True)[1].count("A") >= 15


def test_no_meaning_by_colour_alone():
    shown = chart([Share("own", [1, 1], own=True), Share("b", [1, 1])], "12")
    ink = ink_of(no_color=True)
    strips = shown.draw(30, 5, ink)
    plot = [strip.text[6:14] for strip in strips]
    assert plot[0] == "B" * 8 and plot[3] == "*" * 8
    assert styles_at(strips[3])[6] == ink.style(NIGHT.own, reverse=True)


def test_too_many_values_are_told():
    with pytest.raises(ValueError, match="share 'x': 3 values for 2 labels"):
        chart([Share("x", [1, 2, 3])], "ab")
