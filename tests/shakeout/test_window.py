"""Where the shakeout is: peaks, plateaus, two falls, recoveries, counts that are missing."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from marketsim.shakeout.window import Window, window
from tests.shakeout.hand_made import written

NO = np.nan


def found(number: list[float], time: list[float] | None = None) -> tuple[float, float]:
    """t0 and t1, in years after 2000."""
    years = list(range(len(number))) if time is None else time
    where = window(written([2000 + year for year in years], firms=number))
    return float(where.t0[0]) - 2000, float(where.t1[0]) - 2000


@pytest.mark.parametrize(
    ("number", "expected"),
    [
        ([10, 30, 20, 10, 12], (1, 3)),
        ([30, 30, 10, 10], (1, 2)),  # the last period of a plateau, the first of the trough
        ([30, 10, 10, 8, 8], (0, 3)),  # not the trough: undercut within three years
        ([30, 15, 15, 15, 15, 8], (0, 1)),  # settled for three years: what follows is another story
        ([30, 15, 14, 16, 9], (0, 4)),  # a rally of a year does not end the fall
        ([20, 10, 30, 10], (2, 3)),  # the deepest fall from its own peak
        ([20, 8, 30, 20], (0, 1)),
        ([6, 1, 30, 18], (2, 3)),  # a deeper fall, but from few firms
        ([6, 1, 5, 5], (0, 1)),  # unless there is no other
        ([30, 25, 28, 26], (0, 1)),  # no shakeout: the lowest point
        ([40, 30, 20, 10], (0, 3)),  # a fall without end
        ([10, 20, 30], (2, 2)),  # no fall
        ([30, 20, 30, 10], (2, 3)),  # as many as ever: the fall begins anew
        ([0, 3, 8, 8], (3, 3)),  # an industry that begins with nobody
        ([0, 20, 0], (1, 2)),
        ([7], (0, 0)),
        ([NO, 20, NO, 8, NO], (1, 3)),
        ([20, NO, NO, 12, 8], (0, 4)),
        ([NO, NO], (1, 1)),
    ],
)
def test_peak_and_trough(number: list[float], expected: tuple[float, float]):
    assert found(number) == expected


def test_sparse_rows():
    """Years between counts count: 10 in 2020 is the next count after 2008, though a decade away."""
    assert found([274, 23], [-78, -30]) == (-78, -30)
    assert found([70, 24, 9, 6, 3], [0, 1.75, 6, 12, 19]) == (0, 19), "each count undercuts the one before"
    assert found([70, 24, 24, 6], [0, 1.75, 6, 12]) == (0, 1.75)


def test_quarters():
    """A quarter's dip is undercut within three years; the window begins a year before the peak."""
    number = [20, 25, 30, 30, 30, 28, 18, 19, 18, 17, 17, 17]
    history = written(2000 + np.arange(12) / 4, firms=number)
    where = window(history)
    assert (where.t0[0], where.t1[0]) == (2001, 2002.25)
    assert history.time[where.inside[:, 0]].tolist() == (2000 + np.arange(10) / 4).tolist()
    assert history.time[where.after[:, 0]].tolist() == (2001.25 + np.arange(5) / 4).tolist()


def test_the_fall_that_counts_can_be_chosen():
    history = written(2000.0 + np.arange(9), firms=[30, 20, 20, 20, 20, 20, 10, 10, 10])
    assert [window(history, fall).t1[0] for fall in (0.3, 0.4)] == [2001, 2006]


@pytest.mark.parametrize(
    ("number", "expected"),
    [
        ([20, 30, 20, 18, 8, 3], 3),  # 40 % less, long before the trough
        ([20, 30, NO, NO, 8, 3], 4),
        ([10, 6, 30, 25, 12], 4),  # an earlier fall from fewer firms does not count
        ([20, 30, 25, 28, 26], 2),  # they never fall so far: the trough
        ([10, 20, 30], 2),
    ],
)
def test_when_firms_are_down(number: list[float], expected: int):
    where = window(written(2000.0 + np.arange(len(number)), firms=number))
    assert where.down[0] == expected


COUNTS = st.lists(st.integers(0, 60) | st.just(NO), min_size=1, max_size=25)


def numbers(where: Window) -> list[list[float]]:
    return [values.tolist() for values in (where.peak, where.down, where.trough, where.t0, where.t1)]


@given(COUNTS)
def test_a_window_is_in_order(number: list[float]):
    history = written(2000.0 + np.arange(len(number)), firms=number)
    where = window(history)
    assert (where.t1 >= where.t0).all()
    known = ~np.isnan(where.fall)
    assert ((where.fall[known] >= 0) & (where.fall[known] <= 1)).all()
    assert known.all() == (np.nan_to_num(number).max() > 0)
    assert not (where.after & ~where.inside).any()
    assert ((where.peak <= where.down) & (where.down <= where.trough)).all()
    if known.all():
        assert np.nan_to_num(number[where.peak[0]]) > 0
        assert number[where.trough[0]] <= number[where.peak[0]]


@given(COUNTS, st.sampled_from([0.125, 2.0, 16.0]))
def test_the_unit_in_which_firms_are_counted_does_not_matter(number: list[float], factor: float):
    history = written(2000.0 + np.arange(len(number)), firms=number)
    other = replace(history, firms=history.firms * factor)
    plain, scaled = window(history, firms=8), window(other, firms=8 * factor)  # type: ignore[arg-type]
    assert numbers(plain) == numbers(scaled)
    np.testing.assert_array_equal(plain.fall, scaled.fall)


@given(COUNTS, st.integers(1, 5))
def test_unknown_periods_at_the_end_do_not_matter(number: list[float], more: int):
    if np.isnan(number).all():
        return
    short = window(written(2000.0 + np.arange(len(number)), firms=number))
    longer = window(written(2000.0 + np.arange(len(number) + more), firms=[*number, *[NO] * more]))
    assert numbers(short) == numbers(longer)
