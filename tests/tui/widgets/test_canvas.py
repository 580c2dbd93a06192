"""Cells, dots and areas of a canvas, and the widget that keeps its lines."""

from __future__ import annotations

import asyncio
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from textual.app import App, ComposeResult
from textual.strip import Strip

from tests.tui.widgets.drawing import ink_of, styles_at, text_of
from tui.palette import THEMES
from tui.widgets.canvas import ASCII_CLASS, Canvas, Chart, Dots, Ink, Pen

THIN = Pen("#56B4E9", "A")
OTHER = Pen("#00A077", "B")


def written(width: int, *texts: tuple[int, str]) -> str:
    canvas = Canvas(width, 1, ink_of())
    for x, text in texts:
        canvas.put(x, 0, text, canvas.ink.base)
    return canvas.strips()[0].text


@pytest.mark.parametrize(
    ("width", "texts", "expected"),
    [
        (6, [(1, "ab")], " ab   "),
        (6, [(-1, "abc")], "bc    "),
        (4, [(2, "abc")], "  ab"),
        (6, [(0, "华为")], "华为  "),
        (5, [(2, "华为")], "  华 "),  # the second does not fit and is not cut in half
        (4, [(-1, "华为")], " 为 "),
        (6, [(0, "华为"), (1, "x")], " x为  "),  # a half that is written over takes the other with it
        (6, [(0, "华为"), (1, "昇")], " 昇   "),
        (6, [(0, "ab"), (1, "昇")], "a昇   "),
        (4, [(0, "e\u0301x")], "e\u0301x  "),
    ],
)
def test_put(width: int, texts: list[tuple[int, str]], expected: str):
    assert written(width, *texts) == expected


@given(st.integers(0, 30), st.lists(st.tuples(st.integers(-5, 35), st.text(st.sampled_from("ab 华为é\u0301…\n")))))
def test_a_line_keeps_its_width(width: int, texts: list[tuple[int, str]]):
    assert cell_len(written(width, *texts)) == width


def test_put_returns_the_column_behind():
    assert Canvas(9, 1, ink_of()).put(1, 0, "a华", ink_of().base) == 4


def test_dots_of_one_cell():
    cases = {
        (0, 0): 0x01,
        (0, 1): 0x02,
        (0, 2): 0x04,
        (0, 3): 0x40,
        (1, 0): 0x08,
        (1, 1): 0x10,
        (1, 2): 0x20,
        (1, 3): 0x80,
    }
    for (x, y), bit in cases.items():
        dots = Dots(1, 1)
        dots.dot(x, y, THIN)
        assert dots.text() == [chr(0x2800 + bit)]


def test_dots_outside_are_lost():
    dots = Dots(1, 1)
    for x, y in ((-1, 0), (2, 0), (0, -1), (0, 4)):
        dots.dot(x, y, THIN)
    assert dots.text() == ["\u2800"]


def test_lines():
    dots = Dots(2, 1)
    dots.line(0, 3, 3, 0, THIN)
    assert dots.text() == ["⡠⠊"]
    dots = Dots(2, 1)
    dots.line(3, 0, 0, 3, THIN)
    assert dots.text() == ["⡠⠊"]
    dots = Dots(2, 1)
    dots.line(0, 1, 3, 1, Pen("#fff", "A", thick=True))
    assert dots.text() == ["⠶⠶"]


def test_a_dash_goes_on_over_a_corner():
    dashed = Pen("#fff", "A", dashed=True)
    dots, straight = Dots(8, 1), Dots(8, 1)
    phase = dots.line(0, 0, 7, 0, dashed)
    dots.line(7, 0, 15, 0, dashed, phase)
    straight.line(0, 0, 15, 0, dashed)
    assert dots.text() == straight.text() == ["⠉⠉⠀⠉⠉⠀⠉⠉"]


def test_a_cell_shows_one_pen_alone():
    dots = Dots(1, 1)
    dots.line(0, 0, 1, 0, OTHER)
    dots.line(0, 3, 1, 3, THIN)
    assert dots.text() == ["⣀"]
    assert dots.pen(0, 0) is THIN


def test_letters_where_braille_is_not_safe():
    dots = Dots(3, 1)
    dots.line(0, 0, 1, 0, THIN)
    dots.line(4, 0, 5, 0, OTHER)
    canvas = Canvas(3, 1, ink_of(safe=True))
    dots.draw(canvas, 0, 0)
    assert text_of(canvas.strips()) == ["A B"]


def filled(parts: list[tuple[int, str | None]], ansi: bool = False) -> Canvas:
    canvas = Canvas(1, 2, ink_of(ansi=ansi))
    canvas.fill(0, 0, 2, parts)
    return canvas


RED, BLUE = "#ff0000", "#0000ff"


@pytest.mark.parametrize(
    ("parts", "expected"),
    [
        ([], [(" ", None, None), (" ", None, None)]),
        ([(16, RED)], [(" ", None, RED), (" ", None, RED)]),
        ([(8, RED), (16, BLUE)], [(" ", None, BLUE), (" ", None, RED)]),
        ([(11, RED), (16, BLUE)], [("▃", RED, BLUE), (" ", None, RED)]),
        ([(3, RED)], [(" ", None, None), ("▃", RED, None)]),
        ([(3, None), (16, RED)], [(" ", None, RED), ("▃", "#12171E", RED)]),
        # Three areas in a cell: the two largest.
        ([(1, BLUE), (5, RED), (16, BLUE)], [(" ", None, BLUE), ("▅", RED, BLUE)]),
    ],
)
def test_fill(parts: list[tuple[int, str | None]], expected: list[tuple[str, str | None, str | None]]):
    canvas = filled(parts)
    for strip, (char, color, ground) in zip(canvas.strips(), expected, strict=True):
        assert strip.text == char
        assert styles_at(strip) == [canvas.ink.style(color, ground)]


def test_areas_of_a_terminals_own_colours_are_text():
    canvas = filled([(16, "ansi_default")], ansi=True)
    assert text_of(canvas.strips()) == ["█", "█"]


def test_a_line_over_an_area_keeps_its_ground():
    canvas = filled([(12, RED)])
    canvas.put_over(0, 0, "x", BLUE)
    canvas.put_over(0, 1, "y", BLUE)
    assert [styles_at(strip)[0] for strip in canvas.strips()] == [canvas.ink.style(BLUE, RED)] * 2
    canvas = filled([(11, RED)])
    canvas.put_over(0, 0, "x", BLUE)
    assert styles_at(canvas.strips()[0]) == [canvas.ink.style(BLUE)]


def test_tint_mixes_with_the_ground_where_it_can():
    assert ink_of().tint("#F5A31A", 0.0).upper() == "#12171E"
    assert ink_of().tint("#F5A31A", 1.0).upper() == "#F5A31A"
    assert ink_of(ansi=True).tint("ansi_cyan", 0.5) == "ansi_cyan"
    assert ink_of(no_color=True).tint("#F5A31A", 0.5) == "#F5A31A"


class Counting(Chart):
    """Writes how often it was drawn."""

    drawn = 0
    inks: list[Ink]

    def draw(self, width: int, height: int, ink: Ink) -> list[Strip]:
        self.drawn += 1
        self.inks = [*getattr(self, "inks", []), ink]
        canvas = Canvas(width, height, ink)
        canvas.put(0, 0, f"draw {self.drawn}", ink.base)
        return canvas.strips()


class Shown(App[None]):
    def compose(self) -> ComposeResult:
        for theme in THEMES:
            self.register_theme(theme)
        self.theme = "night"
        yield Counting()


def test_lines_are_kept_until_something_changes():
    async def run() -> None:
        app = Shown()
        async with app.run_test(size=(40, 10)) as pilot:
            chart = app.query_one(Counting)
            await pilot.pause()
            assert chart.drawn == 1
            kept = chart.render_line(0)
            chart.refresh()
            await pilot.hover(Counting)
            await pilot.pause()
            assert chart.drawn == 1 and chart.render_line(0) is kept
            chart.changed()
            await pilot.pause()
            assert chart.drawn == 2
            await pilot.resize_terminal(60, 12)
            await pilot.pause()
            assert chart.drawn == 3 and chart.render_line(0).cell_length == 60
            app.theme = "day"
            await pilot.pause()
            assert chart.drawn == 4 and not chart.inks[-1].ascii
            app.set_class(True, ASCII_CLASS)
            await pilot.pause()
            assert chart.drawn == 5 and chart.inks[-1].ascii
            assert app.export_screenshot().count("draw&#160;5") == 1

    asyncio.run(run())


def test_no_color_reaches_the_ink(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("NO_COLOR", "1")

    async def run() -> None:
        app = Shown()
        async with app.run_test(size=(40, 10)) as pilot:
            await pilot.pause()
            assert app.query_one(Counting).inks[-1].no_color

    asyncio.run(run())


def test_charts_do_not_wait_for_numpy():
    modules = "line_chart", "share_chart", "gauge", "bars"
    code = (
        "import sys\n" + "".join(f"import tui.widgets.{name}\n" for name in modules) + "print('numpy' in sys.modules)"
    )
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert answer.stdout.strip() == "False"
