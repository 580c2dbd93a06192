"""Ticks, places on an axis, labels and names that do not touch."""

from __future__ import annotations

import math
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.tui.widgets.drawing import ink_of
from tui.widgets.axes import Scale, Tag, axes_of, by_column, finite, last_of, scale_of, spread, x_of

nan = math.nan
plain = "{:g}".format


@pytest.mark.parametrize(
    ("values", "rows", "low", "high", "expected"),
    [
        ([0.0, 1.0], 5, None, None, (0, 1, (0, 0.5, 1))),
        ([0.06, 0.62], 12, 0.0, None, (0, 0.62, (0, 0.2, 0.4, 0.6))),  # the next tick, 0.8, is far
        ([0.06, 0.72], 12, 0.0, None, (0, 0.8, (0, 0.2, 0.4, 0.6, 0.8))),  # near
        ([3.0, 3.0], 8, None, None, (2.7, 3.3, (2.8, 3.0, 3.2))),
        ([0.0], 4, None, None, (-2, 2, (-2, 0, 2))),
        ([0.0], 5, None, None, (-1, 1, (-1, 0, 1))),
        ([], 4, None, None, (0, 1, (0, 1))),
        ([nan], 4, 0.0, 1.0, (0, 1, (0, 1))),
        ([-5.0], 4, 0.0, None, (0, 1, (0, 1))),
        ([1.0, 9.0], 5, 0.0, 12.0, (0, 12, (0, 10))),
    ],
)
def test_scale(values, rows, low, high, expected):
    scale = scale_of(values, rows, plain, low, high)
    assert (scale.low, scale.high) == pytest.approx(expected[:2])
    assert scale.ticks == pytest.approx(expected[2])


def test_ticks_with_one_text_are_moved_apart():
    ticks = scale_of([0.100, 0.103], 20, "{:.0%}".format, None, None).ticks
    texts = [f"{tick:.0%}" for tick in ticks]
    assert len(set(texts)) == len(texts) >= 2


def test_a_format_that_says_nothing_is_no_endless_loop():
    assert scale_of([0.0, 1.0], 5, lambda value: "", None, None).ticks == (0, 0.5, 1)


@given(st.lists(st.floats(), max_size=8), st.integers(1, 40))
def test_every_value_is_on_the_axis_and_ticks_are_few(values: list[float], rows: int):
    known = finite(values)
    scale = scale_of(known, rows, plain, None, None)
    assert len(scale.ticks) <= 9
    for value in known:
        if not math.isnan(value):
            assert 0 <= scale.place(value, rows * 4) < rows * 4
    steps = [second - first for first, second in pairwise(scale.ticks)]
    assert not steps or max(steps) == pytest.approx(min(steps), rel=1e-6)


def test_places():
    scale = Scale(0, 10, (0, 10))
    assert [scale.place(value, 5) for value in (10, 5, 0, 11, -3, 1e300)] == [0, 2, 4, 0, 5, -1]


def test_finite():
    assert finite([1, -1e308, 1e-300]) == (1, -1e300, 0)
    assert all(map(math.isnan, finite([nan, math.inf, -math.inf])))
    assert last_of([1, 2, nan]) == 2
    assert math.isnan(last_of([nan])) and math.isnan(last_of([]))


def test_x_of():
    assert [x_of(index, 3, 9) for index in range(3)] == [0, 4, 8]
    assert [x_of(index, 4, 9) for index in range(4)] == [0, 3, 5, 8]
    assert x_of(0, 1, 9) == 4


def test_by_column():
    assert by_column([0, 4, 2], 3, 9) == [0, 1, 2, 3, 4, 3.5, 3, 2.5, 2]
    assert by_column([0, 4], 3, 9)[:5] == [0, 1, 2, 3, 4]
    assert all(map(math.isnan, by_column([0, 4], 3, 9)[7:]))


def test_a_value_between_gaps_reaches_half_the_way():
    columns = by_column([nan, 7, nan], 3, 9)
    assert columns[2:7] == [7] * 5
    assert all(map(math.isnan, columns[:2] + columns[7:]))
    assert by_column([7], 1, 5) == [7] * 5


def test_spread():
    assert spread([1, 5, 9], 10) == [1, 5, 9]
    assert spread([4, 4, 4], 10) == [4, 5, 6]
    assert spread([9, 9.5, 3], 10) == [8, 9, 3]
    assert spread([2, 0, 1], 3) == [2, 0, 1]


@given(st.integers(1, 12).flatmap(lambda n: st.tuples(st.lists(st.floats(0, 20), max_size=n), st.integers(n, 30))))
def test_spread_gives_different_lines_in_order(case: tuple[list[float], int]):
    rows, height = case
    rows = [min(row, height - 0.5) for row in rows]
    placed = spread(rows, height)
    assert len(set(placed)) == len(rows) and all(0 <= row < height for row in placed)
    wishes = sorted(range(len(rows)), key=lambda index: rows[index])
    assert [placed[index] for index in wishes] == sorted(placed)


def frame(width: int, height: int, *names: str):
    tags = [Tag("ABCDEFGH"[index], name, "34%", "#56B4E9") for index, name in enumerate(names)]
    scale = Scale(0, 1, (0.0, 1.0))
    return axes_of(width, height, tags, ink_of(), "{:.0%}".format, lambda rows: scale)[0]


def test_names_stand_beside_the_plot_where_there_is_room():
    wide = frame(58, 12, "华为昇腾", "Ours")
    assert wide.tags == ("A 华为昇腾 34%", "B Ours 34%")
    assert not wide.legend and wide.left == 5
    assert wide.width + wide.left + 2 + 14 == 58


def test_values_go_before_names_and_names_before_letters():
    assert frame(38, 9, "华为昇腾", "Ours").tags == ("A 华为昇腾", "B Ours")
    assert frame(30, 4, "华为昇腾", "Ours").tags == ("A 华为…", "B Ours")  # no line for a legend
    narrow = frame(24, 9, "华为昇腾", "Ours")
    assert narrow.tags == ("A", "B")
    assert narrow.legend == (((0, "A 华为昇腾"), (1, "B Ours")),)
    assert narrow.top == 1


def test_more_names_than_lines_go_into_a_legend():
    crowded = frame(70, 5, *("name",) * 8)
    assert crowded.tags == tuple("ABCDEFGH")
    assert [text for _, text in crowded.legend[0]] == [f"{letter} name" for letter in "ABCDEFGH"]
    cut = frame(52, 5, *("华为昇腾",) * 6)
    assert [text for _, text in cut.legend[0]] == [f"{letter} 华为…" for letter in "ABCDEF"]
