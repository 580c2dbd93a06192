"""Rivals: who is in the market, in a table, and one of them beside you."""

from __future__ import annotations

import math
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Container, Vertical
from textual.content import Content
from textual.widgets import DataTable, Static

from marketsim.state import Floats
from tui.cells import shortened
from tui.palette import mark
from tui.public import UNKNOWN, Public, Standing
from tui.roster import roster_of
from tui.screens.view import View
from tui.speech import N_, NOTHING, three
from tui.widgets.gauge import Gauge, GaugeList
from tui.widgets.line_chart import LineChart
from tui.widgets.table import Cell, Column, Line, Table, Tone

COLUMNS = {
    "vendor": N_("Vendor"),
    "node": N_("Node"),
    "memory": N_("Memory"),
    "price": N_("Price"),
    "price_change": N_("change"),
    "share": N_("Share"),
    "share_change": N_("points"),
    "cards": N_("Cards sold"),
    "age": N_("On sale"),
    "status": N_("Status"),
}
"""Columns of the table by what they are sorted by: a field of `Standing`, or the text of the cell."""

TEXTS = ("vendor", "node", "memory", "status")
RANKS = {"memory": 3, "node": 4, "age": 2, "price_change": 1, "status": 1}
"""Columns that go where there is no room, the highest rank first."""

PICTURES = ("shares", "prices", "sales")


class Rivals(View):
    """Public facts of every vendor, and head to head with one."""

    heading = N_("Rivals")
    about = N_(
        "What everybody knows of each vendor: product, price, sales, money raised. Choose one to see its history and "
        "how it compares with you; the arrow points to who is ahead. Cash, costs and plans of rivals stay unknown."
    )
    CSS_PATH = "rivals.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "open", N_("open"), id="rivals.open"),
        Binding("o", "sort", N_("sort"), id="rivals.sort"),
        Binding("r", "reverse", N_("other way round"), id="rivals.reverse"),
        Binding("v", "picture", N_("next picture"), id="rivals.picture"),
        Binding("up", "step(-1)", N_("vendor above"), show=False, id="rivals.up"),
        Binding("down", "step(1)", N_("vendor below"), show=False, id="rivals.down"),
        Binding("q,escape", "back", N_("back"), id="leave"),
    ]

    def __init__(self) -> None:
        super().__init__()
        self.sorted_by = "share"
        self.reversed = False
        self.picture = PICTURES[0]
        self.chosen = ""
        self.opened = False

    def body(self) -> ComposeResult:
        """The table, and below it history, buyers and comparison of the vendor under its cursor."""
        with Container(id="rivals"):
            with Vertical(id="list", classes="panel"):
                yield Table(id="vendors")
            with Container(id="detail"):
                for name in PICTURES:
                    yield LineChart(id=name, classes="panel picture")
                with Vertical(id="buyers", classes="panel"):
                    yield GaugeList()
                with Vertical(id="versus", classes="panel"):
                    yield Static(id="facts")
                    yield Table(id="compared", chooses=False)

    # -- the table ------------------------------------------------------------------------------------------------

    def show(self) -> None:
        """The table as it is sorted, and the vendor under its cursor."""
        self.public, self.roster = Public(self.game), roster_of(self.game, self.speech)
        self.query_one("#rivals").set_class(self.opened, "-open")
        self._show_table()
        self._show_detail()

    def _show_table(self) -> None:
        rows = [(standing, self._cells(standing)) for standing in map(self.public.standing, self.public.vendors)]
        downwards = (self.sorted_by not in TEXTS) != self.reversed
        rows.sort(key=lambda row: self._place(row[0], row[1], downwards))
        arrow = " ▼" if downwards else " ▲"
        columns = [
            Column(
                key,
                self.say(title) + (arrow if key == self.sorted_by else ""),
                "left" if key in TEXTS else "right",
                RANKS.get(key, 0),
            )
            for key, title in COLUMNS.items()
        ]
        lines = [Line(str(standing.vendor), list(cells.values())) for standing, cells in rows]
        self.query_one("#vendors", Table).show(columns, lines, self.chosen)
        done = self.public.quarters
        title = self.say("Vendors after {quarter}", quarter=done[-1]) if done else self.say("Vendors at the start")
        self.query_one("#list").border_title = title

    def _place(self, standing: Standing, cells: dict[str, Cell], downwards: bool) -> tuple[bool, float | str]:
        """Where a row goes; what is unknown comes last in either direction."""
        if self.sorted_by in ("vendor", "status"):
            text = cells[self.sorted_by].text
            return False, "".join(chr(0x10FFFF - ord(char)) for char in text) if downwards else text
        value = float(getattr(standing, self.sorted_by))
        missing = math.isnan(value) or (self.sorted_by in ("node", "memory") and value == UNKNOWN)
        return missing, 0.0 if missing else -value if downwards else value

    def _cells(self, standing: Standing) -> dict[str, Cell]:
        """A vendor's cells by column."""
        speech, own = self.speech, standing.vendor == self.roster.own
        slot = self.roster.slots[standing.vendor]
        out = standing.status in ("closed", "acquired")
        tone: Tone = "own" if own else "muted" if out else ""
        texts = {
            "vendor": f"{mark(slot, own)} {self.roster.names[standing.vendor]}",
            "node": self._part("nodes", standing.node),
            "memory": self._part("memories", standing.memory),
            "price": speech.price(standing.price),
            "price_change": _percent(standing.price_change),
            "share": speech.share(standing.share),
            "share_change": speech.points(standing.share_change),
            "cards": speech.cards(standing.cards),
            "age": self._age(standing),
            "status": self._status(standing),
        }
        cells = {key: Cell(text, tone) for key, text in texts.items()}
        cells["vendor"] = Cell(texts["vendor"], tone, None if out else slot)
        moved = standing.share_change
        if not own and abs(moved) >= 0.0005:
            cells["share_change"] = Cell(texts["share_change"], "gain" if moved > 0 else "loss")
        return cells

    def _part(self, parts: str, index: int) -> str:
        """Title of a node or memory."""
        if index == UNKNOWN:
            return NOTHING
        return self.speech.title(list(getattr(self.game.world, parts).values())[index].title)

    def _age(self, standing: Standing) -> str:
        """Quarters on sale; at least as many as were played for what was there before."""
        played = len(self.public.quarters)
        if standing.node == UNKNOWN or not played:
            return NOTHING
        age = f">{played}" if math.isnan(standing.age) else f"{standing.age:.0f}"
        return self.say("{number} q", number=age)

    def _status(self, standing: Standing) -> str:
        match standing.status:
            case "foreign":
                return self.say("foreign")
            case "listed":
                return self.say("listed")
            case "private":
                return self.say("private")
            case "entered":
                return self.say("since {quarter}", quarter=standing.since)
            case "closed":
                return self.say("closed {quarter}", quarter=standing.since)
            case "acquired":
                return self.say("bought {quarter}", quarter=standing.since)

    # -- one vendor -----------------------------------------------------------------------------------------------

    @property
    def vendor(self) -> int:
        """Row of the vendor under the cursor."""
        return int(self.query_one("#vendors", Table).chosen)

    @property
    def other(self) -> int:
        """Row of who it is compared with: you, or your largest rival; who is watched is compared with the next."""
        if self.roster.own >= 0 and self.vendor != self.roster.own:
            return self.roster.own
        return next((rival for rival in self.public.rivals if rival != self.vendor), self.vendor)

    def _show_detail(self) -> None:
        public, roster, pair = self.public, self.roster, dict.fromkeys((self.vendor, self.other))
        for name, title, history, format in (
            ("shares", N_("Share of revenue"), public.shares, self.speech.share),
            ("prices", N_("Price of a card"), public.prices, self.speech.price),
            ("sales", N_("Cards sold"), public.cards, self.speech.cards),
        ):
            chart = self.query_one(f"#{name}", LineChart)
            chart.border_title, chart.nothing = self.say(title), self.say("from the first quarter on")
            chart.set_class(name == self.picture, "-current")
            lines = [roster.series(vendor, history(vendor)) for vendor in pair]
            chart.show(lines, public.quarters, format, low=0 if name != "prices" else None)
        self._show_buyers()
        self._show_comparison()

    def _show_buyers(self) -> None:
        """Its share in each segment; a mark where the other one is."""
        panel, public = self.query_one("#buyers"), self.public
        panel.border_title = self.say("Share by buyers")
        panel.border_subtitle = f"◆ {self._who(self.other)}" if self.other != self.vendor else ""
        gauges = []
        for index, segment in enumerate(self.game.world.segments.values()):
            held = public.holders(index)[-1] if public.quarters else [math.nan] * len(self.roster.names)
            value, other = float(held[self.vendor]), float(held[self.other])
            text = self.speech.share(value)
            gauges.append(Gauge(shortened(self.speech.title(segment.title)), value, text, reference=other, over=False))
        self.query_one(GaugeList).show(gauges)

    def _who(self, vendor: int) -> str:
        return self.say("you") if vendor == self.roster.own else self.roster.names[vendor]

    def _show_comparison(self) -> None:
        left, right = (self.other, self.vendor) if self.vendor != self.roster.own else (self.vendor, self.other)
        panel = self.query_one("#versus")
        if left == self.roster.own:
            panel.border_title = self.say("You and {other}", other=self._who(right))
        else:
            panel.border_title = self.say("{one} and {other}", one=self._who(left), other=self._who(right))
        self.query_one("#facts", Static).update(Content("\n").join(self._facts(self.vendor)))
        names = [Column("title", "", "left"), Column("left", self._who(left)), Column("ahead", "")]
        names += [Column("right", self._who(right)), Column("gap", "", rank=1)]
        self.query_one("#compared", Table).show(names, self._compared(left, right))

    def _facts(self, vendor: int) -> list[Content]:
        """What it sells, and what it raised."""
        standing, speech = self.public.standing(vendor), self.speech
        parts = [self._status(standing)]
        if standing.buyer >= 0:
            parts = [self.say("bought by {buyer}", buyer=self.roster.names[standing.buyer])]
        if standing.node != UNKNOWN:
            parts += [self._part("nodes", standing.node), self._part("memories", standing.memory)]
        facts = [Content(" · ".join(parts))]
        rounds = self.public.rounds(vendor)
        if rounds:
            told = ", ".join(f"{quarter} {speech.money(money)}" for quarter, money in rounds[-3:])
            facts.append(Content.assemble((self.say("raised: {rounds}", rounds=told), "$text-muted")))
        return facts

    def _compared(self, left: int, right: int) -> list[Line]:
        """Line by line what the cards of two vendors are like; the arrow points to who is ahead."""
        public, speech = self.public, self.speech
        compute, bandwidth, power = public.hardware
        one, other = public.standing(left), public.standing(right)
        rows = (
            (N_("Price"), one.price, other.price, speech.price, -1),
            (N_("Tokens/s"), *_both(public.throughput, left, right), three, 1),
            (N_("Token cost"), *_both(public.token_cost, left, right), speech.small_price, -1),
            (N_("TFLOPS"), *_both(compute, left, right), three, 1),
            (N_("TB/s"), *_both(bandwidth, left, right), three, 1),
            (N_("Power, W"), *_both(power, left, right), three, -1),
            (N_("Cards sold"), one.cards, other.cards, speech.cards, 1),
            (N_("Share"), one.share, other.share, speech.share, 1),
        )
        lines = []
        for title, mine, theirs, format, wanted in rows:
            known = not math.isnan(mine + theirs) and mine > 0
            ahead = (mine - theirs) * wanted if known else 0.0
            arrow = "" if not ahead else "◀" if ahead > 0 else "▶"
            cells = [Cell(self.say(title)), Cell(format(mine), "strong" if ahead > 0 else ""), Cell(arrow)]
            cells += [Cell(format(theirs), "strong" if ahead < 0 else "")]
            cells += [Cell(_gap(theirs / mine) if known else NOTHING, "muted")]
            lines.append(Line(title, cells))
        return lines

    # -- actions --------------------------------------------------------------------------------------------------

    @on(DataTable.RowHighlighted, "#vendors")
    def _highlighted(self) -> None:
        self.chosen = self.query_one("#vendors", Table).chosen
        self._show_detail()

    @on(DataTable.RowSelected, "#vendors")
    def _clicked(self) -> None:
        self.action_open()

    @on(DataTable.HeaderSelected, "#vendors")
    def _header(self, event: DataTable.HeaderSelected) -> None:
        self._sort(str(event.column_key.value))

    def _sort(self, key: str) -> None:
        """Sort by a column, or the other way round by the one that it is sorted by."""
        self.reversed = not self.reversed if key == self.sorted_by else False
        self.sorted_by = key
        self._show_table()

    def action_sort(self) -> None:
        """Sort by the next column that is shown."""
        shown = [str(column.key.value) for column in self.query_one("#vendors", Table).ordered_columns]
        here = shown.index(self.sorted_by) if self.sorted_by in shown else -1
        self._sort(shown[(here + 1) % len(shown)])

    def action_reverse(self) -> None:
        """Sort the other way round."""
        self._sort(self.sorted_by)

    def action_picture(self) -> None:
        """The next history where there is room for one."""
        self.picture = PICTURES[(PICTURES.index(self.picture) + 1) % len(PICTURES)]
        self._show_detail()

    def action_open(self) -> None:
        """The vendor under the cursor on the whole screen."""
        self._open(True)

    def _open(self, opened: bool) -> None:
        self.opened = opened
        self.query_one("#rivals").set_class(opened, "-open")

    def action_step(self, rows: int) -> None:
        """The vendor above or below in the table."""
        table = self.query_one("#vendors", Table)
        table.move_cursor(row=table.cursor_row + rows)

    def action_back(self) -> None:
        """Back to the table, and from there to where one came from."""
        if self.opened:
            self._open(False)
            self.query_one("#vendors").focus()
        else:
            self.app.action_leave()


def _percent(change: float) -> str:
    return f"{round(100 * change) + 0:+d}%" if math.isfinite(change) else NOTHING


def _gap(ratio: float) -> str:
    """How much more or less, or how many times as much."""
    return _percent(ratio - 1) if ratio < 3 else f"×{three(ratio)}"


def _both(values: Floats, left: int, right: int) -> tuple[float, float]:
    return float(values[left]), float(values[right])
