"""Gauges: length of the bar, marks, aligned columns."""

from __future__ import annotations

import math
from typing import Any

import pytest
from textual.geometry import Size

from tests.tui.widgets.drawing import draw, ink_of, styles_at
from tui.palette import NIGHT
from tui.widgets.gauge import Gauge, GaugeList


def gauges(*rows: Gauge) -> GaugeList:
    shown = GaugeList()
    shown.show(rows)
    return shown


def bar(width: int = 10, **fields: Any) -> str:
    """The bar alone, of `width` cells."""
    return draw(gauges(Gauge("", text="", **fields)), width + 2, 1, safe=True)[0]


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"value": 0.0}, ".........."),
        ({"value": 0.5}, "=====....."),
        ({"value": 0.55}, "=====-...."),
        ({"value": 1.0}, "=========="),
        ({"value": 7.0}, "=========="),
        ({"value": -7.0}, ".........."),
        ({"value": math.nan}, ".........."),
        ({"value": 1e-9}, "-........."),
        ({"value": 15.0, "low": 10.0, "high": 20.0}, "=====....."),
        ({"value": 0.2, "limit": 0.8}, "==......!."),
        ({"value": 0.2, "reference": 0.5}, "==...^...."),
        ({"value": 0.2, "reference": 0.5, "limit": 0.5}, "==...!...."),
        ({"value": 0.2, "limit": 5.0}, "==.......!"),
        ({"value": 0.9, "limit": 0.5, "over": False}, "=====!===."),
        ({"value": 1.0, "low": 1.0, "high": 1.0}, "=========="),
    ],
)
def test_bar(fields: dict[str, float], expected: str):
    assert bar(**fields) == expected


def test_titles_bars_and_values_are_aligned():
    lines = draw(gauges(Gauge("7nm", 0.5, "50%"), Gauge("高带宽内存", 0.1, "9.5%", note="短缺")), 40, 2, safe=True)
    assert lines == ["7nm        =========.........  50%", "高带宽内存 ==................ 9.5%  短缺"]


def test_beyond_the_limit_is_a_sign_and_a_colour():
    shown = gauges(Gauge("a", 0.9, "90%", limit=0.8), Gauge("b", 0.7, "70%", limit=0.8))
    first, second = draw(shown, 30, 2)
    assert first.endswith("90%!") and second.endswith("70%")
    ink = ink_of()
    over, within = (styles_at(strip)[3] for strip in shown.draw(30, 2, ink))
    assert over == ink.style(NIGHT.limit) and within == ink.style(NIGHT.gain)


def test_a_low_value_can_be_what_is_over_the_limit():
    lines = draw(gauges(Gauge("cash", 1.0, "1.0 q", high=8.0, limit=2.0, over=True)), 30, 1)
    assert lines[0].endswith("1.0 q!")


def test_filled_and_empty_differ_without_colour():
    assert "━" in draw(gauges(Gauge("a", 0.5, "50%")), 30, 1, no_color=True)[0]
    assert "─" in draw(gauges(Gauge("a", 0.5, "50%")), 30, 1, no_color=True)[0]


def test_narrow_lists_give_up_notes_then_titles_then_the_bar():
    shown = gauges(Gauge("packaging", 0.5, "64%", note="tight"))
    assert "tight" in draw(shown, 40, 1)[0]
    narrow = draw(shown, 24, 1, safe=True)[0]
    assert narrow.startswith("packaging ") and "tight" not in narrow and "=" in narrow
    narrower = draw(shown, 14, 1, safe=True)[0]
    assert narrower.startswith("pac~") and "64%" in narrower
    assert "64%" in draw(shown, 9, 1)[0]


def test_a_list_is_as_high_as_it_is_long():
    shown = gauges(*[Gauge("a", 0.5, "")] * 5)
    assert shown.get_content_height(Size(80, 24), Size(80, 24), 40) == 5
