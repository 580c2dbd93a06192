"""Text by cells: wide characters, marks without width, cuts."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from tui.cells import clean, fit, line_starts, pad, truncate


@pytest.mark.parametrize(
    ("text", "width", "align", "expected"),
    [
        ("华为", 6, "left", "华为  "),
        ("华为", 6, "right", "  华为"),
        ("华为", 7, "center", " 华为  "),
        ("华为昇腾", 8, "left", "华为昇腾"),
        ("华为昇腾", 7, "left", "华为昇…"),
        ("华为昇腾", 6, "left", "华为… "),
        ("华为昇腾", 1, "left", "…"),
        ("华为昇腾", 0, "left", ""),
        ("Cambricon", 6, "right", "Cambr…"),
        ("Our own", 5, "left", "Our… "),
        ("two\nlines\tof", 12, "left", "two lines of"),
    ],
)
def test_fit(text: str, width: int, align: str, expected: str):
    assert fit(text, width, align) == expected


def test_ellipsis_of_the_caller():
    assert truncate("寒武纪", 5, "~") == "寒武~"
    assert truncate("寒武纪", 6, "~") == "寒武纪"


def test_pad_leaves_a_longer_text():
    assert pad("寒武纪", 4) == "寒武纪"


@given(st.text(), st.integers(0, 40), st.sampled_from(["left", "right", "center"]))
def test_fit_is_exact_for_any_text(text: str, width: int, align: str):
    assert cell_len(fit(text, width, align)) == width


@given(st.text())
def test_a_clean_text_is_as_wide_as_its_characters(text: str):
    cleaned = clean(text)
    assert sum(map(cell_len, cleaned)) == cell_len(cleaned)
    assert cleaned.isprintable()


def lines(text: str, width: int) -> list[str]:
    starts = [0, *line_starts(text, width), len(text)]
    return [text[start:end].rstrip() for start, end in pairwise(starts)]


@pytest.mark.parametrize(
    ("text", "width", "expected"),
    [
        ("现金减债务，加上库存。", 10, ["现金减债", "务，加上库", "存。"]),
        ("倒闭则为零。", 10, ["倒闭则为", "零。"]),
        ("（照付不议）", 6, ["（照付", "不议）"]),
        ("产能（增）", 6, ["产能", "（增）"]),
        ("采用HBM3内存", 8, ["采用HBM3", "内存"]),
        ("采用HBM3内存", 7, ["采用", "HBM3内", "存"]),
        ("cards sold in a quarter", 10, ["cards sold", "in a", "quarter"]),
        ("", 10, [""]),
    ],
)
def test_lines_break_where_a_reader_would(text: str, width: int, expected: list[str]):
    assert lines(text, width) == expected


@given(st.text("现金，。（HBM 3"), st.integers(8, 40))
def test_lines_hold_all_of_the_text_and_begin_with_no_mark(text: str, width: int):
    starts = line_starts(text, width)
    assert starts == sorted(set(starts)) and all(0 < start < len(text) for start in starts)
    assert all(text[start] not in "，。" or text[start - 1] == " " for start in starts)
