"""The table: columns that fit, a cursor that stays, colours that follow the theme."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from rich.cells import cell_len
from textual.app import App, ComposeResult
from textual.color import Color
from textual.widgets import DataTable

from tui.palette import DAY, NIGHT, THEMES
from tui.widgets.table import Cell, Column, Line, Table

COLUMNS = [
    Column("name", "厂商 Vendor", "left"),
    Column("price", "Price"),
    Column("share", "Share", rank=1),
    Column("cards", "Cards sold", rank=2),
    Column("note", "A long note that can go", rank=3),
]
ROWS = [("华为昇腾", 0), ("Alibaba T-Head", 1), ("Cambricon", 2)]


def lines(names: Sequence[tuple[str, int]] = ROWS) -> list[Line]:
    return [
        Line(name, [Cell(name, slot=slot), Cell("RMB 86.6k"), Cell("56.3%", "gain"), Cell("332k"), Cell("nothing")])
        for name, slot in names
    ]


class Page(App[None]):
    def __init__(self, chooses: bool = True) -> None:
        super().__init__()
        self.chooses = chooses
        self.told: list[str] = []
        for theme in THEMES:
            self.register_theme(theme)
        self.theme = "night"

    def compose(self) -> ComposeResult:
        yield Table(chooses=self.chooses)

    def on_data_table_row_highlighted(self, event: DataTable.RowHighlighted) -> None:
        self.told.append(str(event.row_key.value))


def shown(table: Table) -> list[str]:
    return [str(column.key.value) for column in table.ordered_columns]


def widths(table: Table) -> int:
    return sum(column.get_render_width(table) for column in table.ordered_columns)


@pytest.mark.parametrize(
    ("width", "kept"),
    [
        (90, ["name", "price", "share", "cards", "note"]),
        (60, ["name", "price", "share", "cards"]),
        (45, ["name", "price", "share"]),
        (34, ["name", "price"]),
        (16, ["name", "price"]),
    ],
)
async def test_columns_go_by_rank_and_what_stays_fits(width: int, kept: list[str]):
    app = Page()
    async with app.run_test(size=(width, 10)) as pilot:
        table = app.query_one(Table)
        table.show(COLUMNS, lines())
        await pilot.pause()
        assert shown(table) == kept
        assert widths(table) <= max(width, 2 * 8)
        for row in table.rows:
            for column, text in zip(table.ordered_columns, table.get_row(row), strict=True):
                assert cell_len(text.plain) == column.width


async def test_a_wider_window_brings_columns_back():
    app = Page()
    async with app.run_test(size=(34, 10)) as pilot:
        table = app.query_one(Table)
        table.show(COLUMNS, lines())
        await pilot.resize_terminal(90, 10)
        await pilot.pause()
        assert shown(table) == [column.key for column in COLUMNS]


async def test_the_cursor_stays_on_its_row_and_only_people_are_told():
    app = Page()
    async with app.run_test(size=(60, 10)) as pilot:
        table = app.query_one(Table)
        table.show(COLUMNS, lines(), "Cambricon")
        await pilot.pause()
        assert table.chosen == "Cambricon" and app.told == []
        table.show(COLUMNS, lines(ROWS[::-1]))
        await pilot.pause()
        assert (table.chosen, table.cursor_row, app.told) == ("Cambricon", 0, [])
        await pilot.press("down")
        assert table.chosen == "Alibaba T-Head" and app.told == ["Alibaba T-Head"]
        table.show(COLUMNS, lines(ROWS[:1]))
        assert table.chosen == "华为昇腾"
        table.show([], [])
        assert table.chosen == ""


async def test_colours_follow_the_theme():
    app = Page()
    async with app.run_test(size=(90, 10)) as pilot:
        table = app.query_one(Table)
        table.show(COLUMNS, lines())

        def colours() -> list[object]:
            row = table.get_row("Alibaba T-Head")
            return [row[0].style.color, row[2].style.color]

        assert colours() == [Color.parse(c).rich_color for c in (NIGHT.color(1), NIGHT.gain)]
        app.theme = "day"
        await pilot.pause()
        assert colours() == [Color.parse(c).rich_color for c in (DAY.color(1), DAY.gain)]


async def test_a_picture_takes_no_focus_and_keeps_its_gaps():
    app = Page(chooses=False)
    async with app.run_test(size=(22, 10)) as pilot:
        table = app.query_one(Table)
        table.show(COLUMNS[:2], [Line("a", [Cell("A name that is long"), Cell("A value that is long")])])
        await pilot.pause()
        assert app.focused is None and not table.can_focus
        assert "  " in "".join(cell.plain for cell in table.get_row("a"))
        assert widths(table) <= 22
