"""How numbers are written in tables."""

from __future__ import annotations

import pytest

from marketsim.commands.figures import (
    CARDS,
    MONEY,
    PERCENT,
    PRICE,
    aligned,
    chosen_years,
    even_parts,
    fitting,
    middle_and_range,
    note_on_runs,
    spans,
    written,
)


@pytest.mark.parametrize(
    ("value", "digits", "text"),
    [
        (0, None, "0"),
        (1310.4, None, "1,310"),
        (61.34, None, "61.3"),
        (3.967, None, "3.97"),
        (0.4, None, "0.40"),
        (0.0312, None, "0.031"),
        (-0.04, 1, "0.0"),
        (-0.4, 0, "0"),
        (-0.6, 0, "-1"),
        (-12.34, None, "-12.3"),
        (1e6, 0, "1,000,000"),
    ],
)
def test_about_three_digits_and_no_minus_before_nothing(value: float, digits: int | None, text: str):
    assert written(value, digits) == text


@pytest.mark.parametrize(
    ("values", "digits", "cell"),
    [
        ((40, 41, 41), 0, ("41", "(40-41)")),
        ((40.6, 41, 41.4), 0, ("41", "")),
        ((3.94, 3.967, 4.004), None, ("3.97", "(3.94-4.00)")),
        ((919, 962, 1010), None, ("962", "(919-1,010)")),
        ((-12, -5, 3), 0, ("-5", "(-12 to 3)")),
        ((7, 7, 7), None, ("7.00", "")),
    ],
)
def test_a_range_has_the_digits_of_its_median_and_is_left_out_where_it_says_nothing(values, digits, cell):
    assert middle_and_range(values, digits) == cell


def test_medians_end_and_ranges_begin_at_the_same_place():
    column = aligned([("2025", ""), ("41", "(40-41)"), ("1,311", "(1,267-1,347)"), ("-", "")])
    assert column[1].index(" (") == column[2].index(" (") == 5
    assert [text[:5] for text in column] == [" 2025", "   41", "1,311", "    -"]
    assert aligned([("1", ""), ("10", "")]) == [" 1", "10"]


def test_units_grow_with_the_figures():
    assert fitting(CARDS, [83.8, 181]).name == "thousand"
    assert fitting(CARDS, [400, 4000]).name == "million"
    assert fitting(MONEY, [12_000]).name == "RMB bn"
    assert fitting(MONEY, [0.0]).name == "RMB million"
    assert fitting(PRICE, [0.3]).name == "RMB"
    assert fitting(PRICE, [60]).name == "RMB thousand"
    assert fitting(PERCENT, [0.01, 0.0]).name == "%"


def test_a_narrow_table_shows_the_first_the_last_and_the_fourth_year_first():
    assert chosen_years(10, 12) == list(range(10))
    assert chosen_years(10, 1) == [0]
    assert chosen_years(10, 2) == [0, 9]
    assert chosen_years(10, 3) == [0, 3, 9]
    assert chosen_years(10, 4) == [0, 3, 6, 9]
    assert chosen_years(4, 3) == [0, 1, 3]
    for count in range(1, 15):
        for most in range(1, 15):
            years = chosen_years(count, most)
            assert len(set(years)) == min(count, most)
            assert years == sorted(years)
            assert years[-1] < count


def test_years_are_taken_together():
    assert spans([2025, 2026, 2027], 1) == [("2025", slice(0, 1)), ("2026", slice(1, 2)), ("2027", slice(2, 3))]
    assert spans([2025, 2026, 2027], 2) == [("2025-26", slice(0, 2)), ("2027", slice(2, 4))]
    assert spans([1999, 2000], 2) == [("1999-00", slice(0, 2))]


def test_few_runs_are_not_called_a_range_of_many():
    assert "without a range" in note_on_runs(1)
    assert "lowest and the highest" in note_on_runs(2)
    assert "80 %" not in note_on_runs(9)
    assert "middle 80 %" in note_on_runs(10)


def test_parts_of_years_are_of_nearly_the_same_size():
    assert even_parts(10, 3) == [[0, 1, 2, 3], [4, 5, 6], [7, 8, 9]]
    assert even_parts(2, 2) == [[0], [1]]
    assert even_parts(3, 1) == [[0, 1, 2]]
