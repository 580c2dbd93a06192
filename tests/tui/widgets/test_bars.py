"""Bars from a zero line: lengths, sides, totals, limits."""

from __future__ import annotations

import math

import pytest
from textual.geometry import Size

from tests.tui.widgets.drawing import draw, ink_of, styles_at
from tui.palette import NIGHT
from tui.widgets.bars import Bar, Bars


def bars(*rows: Bar, total: Bar | None = None, format: str = "{:+g}") -> Bars:
    shown = Bars()
    shown.show(rows, format.format, total)
    return shown


def test_a_decomposition():
    shown = bars(Bar("价格", 2), Bar("supply", -1), total=Bar("total", 1))
    assert draw(shown, 30, 4) == [
        "价格         │████████████ +2",
        "supply ██████│             -1",
        "──────────────────────────────",
        "total        │██████       +1",
    ]
    assert draw(shown, 30, 4, safe=True) == [
        "价格         |============ +2",
        "supply ======|             -1",
        "------------------------------",
        "total        |======       +1",
    ]


def test_lengths_are_in_proportion_on_both_sides():
    shown = bars(Bar("a", 3), Bar("b", -3), Bar("c", 1.5))
    lines = draw(shown, 30, 3)
    assert lines[0].count("█") == lines[1].count("█") == 2 * lines[2].count("█")


def test_plain_bars_start_at_the_left():
    shown = bars(Bar("a", 8), Bar("b", 4), Bar("c", 0.5), Bar("d", 0), Bar("e", math.nan), format="{:g}")
    assert [line[2:10] for line in draw(shown, 15, 5)] == ["████████", "████    ", "▌       ", "        ", ""]


def test_the_smallest_value_is_still_seen():
    shown = bars(Bar("a", 1000), Bar("b", 1), Bar("c", -1))
    ink = ink_of()
    strips = shown.draw(30, 3, ink)
    assert "▏" in strips[1].text
    # Filled from the right: the rest of a block, reversed.
    column = strips[2].text.index("▉")
    assert styles_at(strips[2])[column] == ink.style(NIGHT.loss, reverse=True)


def test_colours_tell_the_sign_or_the_vendor():
    ink = ink_of()
    gain, loss = bars(Bar("a", 1), Bar("b", -1)).draw(30, 2, ink)
    assert styles_at(gain)[gain.text.index("█")] == ink.style(NIGHT.gain)
    assert styles_at(loss)[loss.text.index("█")] == ink.style(NIGHT.loss)
    rival, own = bars(Bar("a", 1, slot=1), Bar("b", 1, own=True)).draw(30, 2, ink)
    assert styles_at(rival)[rival.text.index("█")] == ink.style(NIGHT.series[1])
    assert styles_at(own)[own.text.index("█")] == ink.style(NIGHT.own)


def test_a_limit_is_a_mark_and_beyond_it_a_sign():
    shown = bars(Bar("a", 9, limit=5), Bar("b", 3, limit=5), format="{:g}")
    assert draw(shown, 16, 2, safe=True) == ["a ======!==== 9!", "b ===-  !     3"]


def test_the_total_stays_when_lines_are_short():
    shown = bars(Bar("a", 1), Bar("b", 1), Bar("c", 1), total=Bar("sum", 3))
    assert [line[:3].strip() for line in draw(shown, 30, 5)] == ["a", "b", "c", "───", "sum"]
    assert [line[:3].strip() for line in draw(shown, 30, 4)] == ["a", "b", "c", "sum"]
    assert [line[:3].strip() for line in draw(shown, 30, 2)] == ["a", "sum"]


def test_a_list_is_as_high_as_it_is_long():
    size = Size(80, 24)
    assert bars(Bar("a", 1), Bar("b", 1)).get_content_height(size, size, 40) == 2
    assert bars(Bar("a", 1), total=Bar("t", 1)).get_content_height(size, size, 40) == 3


@pytest.mark.parametrize("safe", [False, True])
def test_nothing_to_show(safe: bool):
    assert draw(bars(), 30, 2, safe=safe) == ["", ""]
