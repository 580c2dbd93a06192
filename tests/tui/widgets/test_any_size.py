"""Every chart at every size, with any numbers and any text: lines are exactly as wide as the widget."""

from __future__ import annotations

import asyncio
import math
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.cells import cell_len
from textual.app import App, ComposeResult

from tests.tui.widgets.drawing import ink_of
from tui.palette import THEMES, default_theme
from tui.widgets.bars import Bar, Bars
from tui.widgets.canvas import ASCII_CLASS, Chart
from tui.widgets.gauge import Gauge, GaugeList
from tui.widgets.line_chart import Limit, LineChart, Series
from tui.widgets.share_chart import Share, ShareChart

NAMES = st.one_of(
    st.sampled_from(["Ours", "华为昇腾", "寒武纪", "Moore Threads 摩尔线程", "", "a\nb", "👩‍👩‍👧 e\u0301 ﷽"]),
    st.text(max_size=12),
)
VALUES = st.one_of(
    st.floats(), st.sampled_from([0.0, 1.0, -1.0, math.nan, math.inf, 1e308, -1e308, 5e-324]), st.floats(-1, 1)
)
SLOTS = st.none() | st.integers(0, 30)
INKS = [ink_of(), ink_of(safe=True), ink_of(no_color=True), ink_of(ansi=True), ink_of(safe=True, no_color=True)]
WIDTHS = st.one_of(st.integers(1, 60), st.integers(60, 160))
HEIGHTS = st.integers(1, 40)


@st.composite
def line_charts(draw: st.DrawFn) -> LineChart:
    count = draw(st.integers(0, 12))
    series = []
    for _ in range(draw(st.integers(0, 5))):
        length = draw(st.integers(0, count))
        values = st.lists(VALUES, min_size=length, max_size=length)
        band = draw(st.none() | st.tuples(values, values))
        series.append(Series(draw(NAMES), draw(values), draw(st.booleans()), band, draw(SLOTS), draw(st.booleans())))
    chart = LineChart()
    limit = draw(st.none() | st.builds(Limit, VALUES, NAMES))
    low, high = draw(st.sampled_from([(None, None), (0.0, None), (None, 1.0), (0.0, 1.0), (2.0, 2.0)]))
    style = draw(st.sampled_from(["{:.0%}", "{:g}", "{:.2f}", "", "{:.1f}亿元"]))
    chart.show(series, draw(st.lists(NAMES, min_size=count, max_size=count)), style.format, limit, low, high)
    return chart


@st.composite
def share_charts(draw: st.DrawFn) -> ShareChart:
    count = draw(st.integers(0, 12))
    shares = [
        Share(draw(NAMES), draw(st.lists(VALUES, max_size=count)), draw(st.booleans()), draw(SLOTS))
        for _ in range(draw(st.integers(0, 10)))
    ]
    chart = ShareChart()
    chart.show(shares, draw(st.lists(NAMES, min_size=count, max_size=count)), draw(NAMES))
    return chart


@st.composite
def gauge_lists(draw: st.DrawFn) -> GaugeList:
    gauge = st.builds(Gauge, NAMES, VALUES, NAMES, VALUES, VALUES, VALUES, VALUES, st.none() | st.booleans(), NAMES)
    chart = GaugeList()
    chart.show(draw(st.lists(gauge, max_size=8)))
    return chart


@st.composite
def bar_lists(draw: st.DrawFn) -> Bars:
    bar = st.builds(Bar, NAMES, VALUES, SLOTS, st.booleans(), VALUES, NAMES)
    chart = Bars()
    chart.show(
        draw(st.lists(bar, max_size=8)), draw(st.sampled_from(["{:+.1%}", "{:g}", ""])).format, draw(st.none() | bar)
    )
    return chart


@pytest.mark.parametrize(
    "charts", [line_charts(), share_charts(), gauge_lists(), bar_lists()], ids=["line", "share", "gauge", "bars"]
)
@settings(deadline=None)
@given(data=st.data(), width=WIDTHS, height=HEIGHTS, ink=st.sampled_from(INKS))
def test_lines_are_as_wide_as_the_widget(
    charts: st.SearchStrategy[Chart], data: st.DataObject, width: int, height: int, ink
):
    strips = data.draw(charts).draw(width, height, ink)
    assert len(strips) == height
    for strip in strips:
        assert strip.cell_length == width
        assert cell_len(strip.text) == width


def full() -> list[Chart]:
    line, share, gauges, bars = LineChart(), ShareChart(), GaugeList(), Bars()
    labels = [f"{2024 + i // 4}Q{i % 4 + 1}" for i in range(12)]
    values = [0.1 + 0.02 * i for i in range(12)]
    line.show(
        [Series("我方", values, own=True), Series("华为昇腾", values[::-1])],
        labels,
        "{:.0%}".format,
        Limit(0.2, "上限"),
    )
    share.show([Share("我方", values, own=True), Share("华为昇腾", values[::-1])], labels, "其他")
    gauges.show([Gauge("高带宽内存", 1.2, "120%", high=1.5, limit=1, note="短缺")])
    bars.show([Bar("价格", 0.02), Bar("软件", -0.01)], "{:+.1%}".format, Bar("合计", 0.01))
    return [line, share, gauges, bars]


class Gallery(App[None]):
    """All charts under each other."""

    def compose(self) -> ComposeResult:
        for theme in THEMES:
            self.register_theme(theme)
        yield from full()


@pytest.mark.parametrize("size", [(20, 12), (38, 16), (80, 24), (120, 36), (150, 60)])
def test_in_an_application(size: tuple[int, int]):
    async def run() -> None:
        app = Gallery()
        async with app.run_test(size=size) as pilot:
            for theme in THEMES:
                app.theme = theme.name
                for safe in (False, True):
                    app.set_class(safe, ASCII_CLASS)
                    await pilot.pause()
                    for chart in app.query(Chart):
                        for y in range(chart.size.height):
                            assert cell_len(chart.render_line(y).text) == chart.size.width
            assert app.query_one(GaugeList).size.height == 1
            assert app.query_one(Bars).size.height == 4

    asyncio.run(run())


def test_no_color_leaves_no_colour_and_all_letters(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("NO_COLOR", "1")

    async def run() -> str:
        app = Gallery(ansi_color=True)
        async with app.run_test(size=(80, 40)) as pilot:
            app.theme = default_theme(app.console.color_system, app.no_color)
            await pilot.pause()
            return app.export_screenshot()

    picture = asyncio.run(run())
    text_colours = set(re.findall(r"-r\d+ { fill: (#\w+)", picture))
    assert text_colours == {"#c5c8c6", "#292929"}  # of the pictured terminal: its text, and reversed its ground
    assert picture.count("BBBB") > 3 and "****" in picture
