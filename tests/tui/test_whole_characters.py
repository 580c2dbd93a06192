"""Messages in Chinese stand whole in front of whatever is behind them, when drawn at first and when drawn again."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partialmethod
from typing import Any

import pytest
from rich.cells import cell_len
from textual import screen as screens
from textual._compositor import Compositor
from textual.app import App, ComposeResult
from textual.containers import Horizontal
from textual.geometry import Region
from textual.pilot import Pilot
from textual.widgets import Static
from textual.widgets._toast import Toast

from tests.tui.conftest import game, settle, text
from tui.screens.question import Question
from tui.whole_characters import WholeCharacters, keep_characters_whole, seen_edges

MESSAGE = "教师宣布：第2季度延长两分钟，请各队核对晶圆与封装的订单，再提交计划；未提交的队伍沿用上季度方案。"
SIZES = pytest.mark.parametrize("size", [(80, 24), (120, 36)], ids=["80x24", "120x36"])
OUTPUT = re.compile(r"\x1b\[(\d+);(\d+)H|\x1b\[[\d;]*m|([^\x1b])")


@pytest.fixture(autouse=True)
def _messages(monkeypatch: pytest.MonkeyPatch) -> None:
    """Messages are shown, which are not in tests that do not ask for it."""
    monkeypatch.setattr(App, "run_test", partialmethod(App.run_test, notifications=True))


class Terminal:
    """What a terminal shows after all that was written to it; half a wide character that is left becomes a blank."""

    def __init__(self, size: tuple[int, int]) -> None:
        self.cells = [[" "] * size[0] for _ in range(size[1])]
        self.x = self.y = 0

    def write(self, output: str) -> None:
        for y, x, character in OUTPUT.findall(output):
            if y:
                self.y, self.x = int(y) - 1, int(x) - 1
            elif character == "\n":
                self.y, self.x = self.y + 1, 0
            elif character:
                self._put(character)

    def _put(self, character: str) -> None:
        line, width = self.cells[self.y], cell_len(character)
        for x in range(self.x, self.x + width):
            if line[x] == "":  # the second half of one
                line[x - 1 : x + 1] = "  "
            elif x + 1 < len(line) and line[x + 1] == "":
                line[x : x + 2] = "  "
        line[self.x : self.x + width] = [character, ""][:width]
        self.x += width

    @property
    def text(self) -> str:
        return "\n".join("".join(line).rstrip() for line in self.cells)


@contextmanager
def terminal_of(pilot: Pilot[None], monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Terminal, list[str]]]:
    """A terminal with the screen as it is, and then with what is written; also the kinds of all that was."""
    app, terminal, kinds = pilot.app, Terminal(pilot.app.size), list[str]()

    def display(_screen: object, update: Any) -> None:
        if update is not None and not app._batch_count:
            kinds.append(type(update).__name__)
            terminal.write(update.render_segments(app.console))

    with monkeypatch.context() as patch:
        patch.setattr(app, "_display", display)
        app.screen.refresh()
        yield terminal, kinds


def toast(pilot: Pilot[None], shown: str) -> str:
    """What is seen in the place of the message."""
    (region,) = (toast.content_region for toast in pilot.app.screen.query(Toast))
    lines = shown.splitlines()[region.y : region.bottom]
    return "".join(cut(line, region) for line in lines)


def cut(line: str, region: Region) -> str:
    """The part of a line in some columns."""
    cells = [cell for character in line for cell in [character, ""][: cell_len(character)]]
    return "".join(cells[region.x : region.right]).strip()


async def tell(pilot: Pilot[None]) -> None:
    pilot.app.notify(MESSAGE, timeout=60, markup=False)
    for _ in range(100):
        await pilot.pause()
        if pilot.app.screen.query(Toast):
            break
    await pilot.pause()


@SIZES
async def test_a_message_stands_whole_over_the_form(size: tuple[int, int]):
    async with game("zh", size, view="decide") as pilot:
        await settle(pilot)
        await tell(pilot)
        assert toast(pilot, text(pilot)) == MESSAGE


@SIZES
async def test_it_stays_whole_while_what_is_behind_it_changes(size: tuple[int, int], monkeypatch: pytest.MonkeyPatch):
    async with game("zh", size, view="decide") as pilot:
        await settle(pilot)
        with terminal_of(pilot, monkeypatch) as (terminal, kinds):
            await tell(pilot)
            assert toast(pilot, terminal.text) == MESSAGE
            before = terminal.text
            for key in (*["down"] * 6, "right", "7", "enter", *["down"] * 12, "end", "pageup", "home"):
                await pilot.press(key)
                await pilot.pause()
                assert toast(pilot, terminal.text) == MESSAGE, key
                assert terminal.text == text(pilot), key
            assert terminal.text != before and kinds.count("ChopsUpdate") > 10, "most of it was drawn in part"
            pilot.app.clear_notifications()
            await pilot.pause()
            assert terminal.text == text(pilot) and not pilot.app.screen.query(Toast)


@SIZES
async def test_it_stands_whole_over_a_small_window(size: tuple[int, int], monkeypatch: pytest.MonkeyPatch):
    async with game("zh", size, view="decide") as pilot:
        await settle(pilot)
        pilot.app.push_screen(Question(pilot.app.speech, "离开游戏？" * 30))
        await pilot.pause()
        with terminal_of(pilot, monkeypatch) as (terminal, _):
            await tell(pilot)
            pilot.app.screen_stack[-2].refresh()  # what is behind the window
            await pilot.pause()
            assert toast(pilot, terminal.text) == MESSAGE
            assert terminal.text == text(pilot)


class Columns(App[None]):
    """Something begins and ends at every column of the screen."""

    CSS = "Static { width: 1; height: 1fr; }"

    def compose(self) -> ComposeResult:
        with Horizontal():
            yield from (Static("|") for _ in range(self.size.width))


@SIZES
async def test_it_stands_whole_over_whatever_there_is(size: tuple[int, int], monkeypatch: pytest.MonkeyPatch):
    keep_characters_whole()
    async with Columns().run_test(size=size) as pilot:
        with terminal_of(pilot, monkeypatch) as (terminal, kinds):
            await tell(pilot)
            columns = list(pilot.app.screen.query(Static).exclude("Toast"))
            for static in columns[::4]:
                static.update("/\n" * 40)
                await pilot.pause()
                assert toast(pilot, terminal.text) == MESSAGE
                assert terminal.text == text(pilot)
            assert kinds.count("ChopsUpdate") >= size[0] // 4


async def test_a_change_in_the_middle_of_a_line_spares_the_characters_around_it(monkeypatch: pytest.MonkeyPatch):
    async with game("zh", (80, 24), view="decide") as pilot:
        await settle(pilot)
        await tell(pilot)
        with terminal_of(pilot, monkeypatch) as (terminal, kinds):
            await pilot.pause()
            for column in range(30, 80):
                pilot.app.screen.refresh(Region(column, 0, 1, 24), Region(column - 25, 0, 3, 24))
                await pilot.pause()
                assert terminal.text == text(pilot), column
            assert "ChopsUpdate" in kinds


def test_lines_are_cut_where_something_is_seen_to_begin_or_end():
    assert seen_edges(((40, 70), (0, 50), (50, 80), (0, 80)), 80) == [0, 40, 70, 80]
    assert seen_edges(((10, 20), (20, 30), (0, 30)), 40) == [0, 10, 20, 30, 40]
    assert seen_edges((), 40) == [0, 40]


# -- Textual's own -----------------------------------------------------------------------------------------------------


@SIZES
async def test_textual_still_cuts_them(size: tuple[int, int], monkeypatch: pytest.MonkeyPatch):
    """Once this fails, the module that is tested here can go."""
    monkeypatch.setattr(screens, "Compositor", Compositor)
    async with Columns().run_test(size=size) as pilot:
        await tell(pilot)
        assert toast(pilot, text(pilot)) != MESSAGE


def test_it_stays_as_it_is_where_it_works_otherwise(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(screens, "Compositor", Compositor)
    with monkeypatch.context() as patch:
        patch.delattr(Compositor, "_render_chops")
        keep_characters_whole()
        assert type(App().get_default_screen()._compositor) is Compositor
    keep_characters_whole()
    assert type(App().get_default_screen()._compositor) is WholeCharacters
