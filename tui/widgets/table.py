"""Rows to choose from, in columns that fit the width: `Table`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Literal

from rich.cells import cell_len
from rich.style import Style
from rich.text import Text
from textual import events
from textual.binding import Binding, BindingType
from textual.color import Color
from textual.theme import Theme
from textual.widgets import DataTable

from tui.cells import Align, fit
from tui.palette import palette_of
from tui.speech import N_

Tone = Literal["", "own", "gain", "loss", "limit", "muted", "strong"]
"""What a cell says by colour or weight, beside what its text says."""

_LEAST, _AMPLE = 6, 16
"""Cells to which columns are narrowed when nothing else helps, and before any is left out."""
_MOST_SPARE = 4
_DISPENSABLE = 3
"""Rank from which a column is left out before any is narrowed."""


@dataclass(frozen=True)
class Column:
    """A column.

    rank: where there is no room for all, the columns of the highest rank are left out; 0 is always shown.
    """

    key: str
    title: str
    align: Align = "right"
    rank: int = 0


@dataclass(frozen=True)
class Cell:
    """A cell.  slot: the vendor that it belongs to, for its colour, as in `Series`."""

    text: str
    tone: Tone = ""
    slot: int | None = None


@dataclass(frozen=True)
class Line:
    """A row with one cell for each column.  key: what it is about; it keeps the cursor when the table changes."""

    key: str
    cells: Sequence[Cell]


class Table(DataTable[Text], inherit_bindings=False):
    """A table with one chosen row; it says `DataTable.RowHighlighted` when a person chooses another.

    The first column names the row.

        table.show(
            [Column("vendor", "Vendor", "left"), Column("price", "Price", rank=1)],
            [Line("huawei", [Cell("Huawei", slot=0), Cell("70k")]), Line("own", [Cell("Ours", "own"), Cell("66k")])],
        )
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up", "cursor_up", N_("row above"), show=False, id="table.up"),
        Binding("down", "cursor_down", N_("row below"), show=False, id="table.down"),
        Binding("pageup", "page_up", N_("page up"), show=False, id="table.page-up"),
        Binding("pagedown", "page_down", N_("page down"), show=False, id="table.page-down"),
        Binding("home", "scroll_top", N_("first row"), show=False, id="table.first"),
        Binding("end", "scroll_bottom", N_("last row"), show=False, id="table.last"),
    ]
    DEFAULT_CSS = """
    Table { background: $background; scrollbar-size-vertical: 1; overflow-x: hidden; }
    Table:focus { background-tint: $foreground 0%; }
    Table > .datatable--header, Table:focus > .datatable--header {
        background: $background; background-tint: $foreground 0%; color: $axis; text-style: bold;
    }
    Table > .datatable--even-row, Table:dark > .datatable--even-row { background: $background; }
    Table > .datatable--cursor { background: $panel; text-style: none; }
    Table:focus > .datatable--cursor { background: $primary 35%; text-style: bold; }
    Table > .datatable--hover { background: $panel; }
    Table > .datatable--header-hover { background: $panel; color: $accent; }
    Table:ansi > .datatable--header { background: ansi_default; color: ansi_default; text-style: bold; }
    Table:ansi > .datatable--cursor { background: ansi_default; color: ansi_default; text-style: underline; }
    Table:ansi:focus > .datatable--cursor { background: ansi_default; color: ansi_default; text-style: reverse; }
    """

    def __init__(self, *, id: str | None = None, chooses: bool = True) -> None:
        """chooses: whether a row can be chosen; without, the table is a picture and takes no focus."""
        super().__init__(
            id=id,
            cursor_type="row" if chooses else "none",
            cursor_foreground_priority="renderable",
            show_row_labels=False,
            cell_padding=1 if chooses else 0,
        )
        self.can_focus = chooses
        self._gap = 0 if chooses else 2
        self._columns: Sequence[Column] = ()
        self._lines: Sequence[Line] = ()

    def on_mount(self) -> None:
        """Follow the theme: the colours of cells stand in their texts."""
        self.app.theme_changed_signal.subscribe(self, self._theme_changed)

    def _theme_changed(self, _theme: Theme) -> None:
        self._fill()

    def on_resize(self, _event: events.Resize) -> None:
        """Other columns may fit."""
        self._fill()

    @property
    def chosen(self) -> str:
        """Key of the row under the cursor, empty in an empty table."""
        return self._lines[self.cursor_row].key if 0 <= self.cursor_row < len(self._lines) else ""

    def show(self, columns: Sequence[Column], lines: Sequence[Line], chosen: str = "") -> None:
        """Show these rows.

        chosen: key of the row to put the cursor on; by default it stays on the row where it is.
        """
        before, on = (self._columns, self._lines), chosen or self.chosen
        self._columns, self._lines = tuple(columns), tuple(lines)
        if chosen or before != (self._columns, self._lines):
            self._fill(on)

    def _fill(self, chosen: str = "") -> None:
        """All columns and rows anew; nobody is told, as nobody has chosen."""
        keys = [line.key for line in self._lines]
        chosen = chosen or self.chosen
        with self.prevent(DataTable.RowHighlighted):
            self.clear(columns=True)
            widths = self._widths()
            for index, width in widths.items():
                column = self._columns[index]
                self.add_column(Text(self._fitted(column.title, index, width)), width=width, key=column.key)
            for line in self._lines:
                self.add_row(
                    *(self._text(line.cells[index], index, width) for index, width in widths.items()), key=line.key
                )
            if chosen in keys:
                self.move_cursor(row=keys.index(chosen))

    def _text(self, cell: Cell, index: int, width: int) -> Text:
        palette = palette_of(self.app.current_theme)
        tones = {"gain": palette.gain, "loss": palette.loss, "limit": palette.limit, "muted": palette.muted}
        color = palette.own if cell.tone == "own" else tones.get(cell.tone)
        if color is None and cell.slot is not None:
            color = palette.color(cell.slot)
        style = Style(
            color=Color.parse(color).rich_color if color else None, bold=cell.tone in ("own", "strong") or None
        )
        return Text(self._fitted(cell.text, index, width), style, no_wrap=True, end="")

    def _fitted(self, text: str, index: int, width: int) -> str:
        gap = self._gap if index else 0
        return " " * gap + fit(text, width - gap, self._columns[index].align)

    def _widths(self) -> dict[int, int]:
        """Cells of each column that is shown, without padding; together as wide as the table if that is not far."""
        room = self.scrollable_content_region.width
        room -= 0 if self.show_vertical_scrollbar else self.styles.scrollbar_size_vertical  # it may come
        wanted = {
            index: max([cell_len(column.title), *(cell_len(line.cells[index].text) for line in self._lines)])
            + (self._gap if index else 0)
            for index, column in enumerate(self._columns)
        }

        def spare(widths: dict[int, int]) -> int:
            return room - sum(widths.values()) - 2 * self.cell_padding * len(widths)

        while wanted:
            last = max(wanted, key=lambda index: (self._columns[index].rank, index))
            rank = self._columns[last].rank
            least = 0 if rank >= _DISPENSABLE else _AMPLE if rank else _LEAST + self._gap
            widths = _narrowed(wanted, -spare(wanted), least) if least else wanted
            if spare(widths) >= 0 or not rank:
                each = min(max(spare(widths), 0) // len(widths), _MOST_SPARE)
                return {index: width + each for index, width in widths.items()}
            del wanted[last]
        return wanted


def _narrowed(widths: dict[int, int], missing: int, least: int) -> dict[int, int]:
    """The widest columns narrowed by `missing` cells together, none below `least`."""
    narrowed = dict(widths)
    for _ in range(missing):
        widest = max(narrowed, key=lambda index: narrowed[index])
        if narrowed[widest] <= least:
            break
        narrowed[widest] -= 1
    return narrowed
