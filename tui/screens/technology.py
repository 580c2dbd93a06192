"""Technology and foundry: nodes and memories to build on, what a new product would be, and the capacity for it."""

from __future__ import annotations

import math
from typing import ClassVar

import numpy as np
from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Container, Vertical
from textual.widgets import DataTable, Static

from tui.design import (
    STEPS,
    Design,
    contracts_ahead,
    idle_wafer,
    in_design,
    is_open_for,
    on_sale,
    speeds,
    started,
    starts_in,
    taken,
)
from tui.ladder import MEMORIES, NODES, TIGHT, memory_cells, node_cells, wafers
from tui.public import UNKNOWN, Public
from tui.roster import roster_of
from tui.screens.view import View
from tui.speech import N_, NOTHING, three
from tui.widgets.gauge import Gauge, GaugeList
from tui.widgets.line_chart import LineChart, Series
from tui.widgets.table import Cell, Column, Line, Table

AHEAD = 5
"""Quarters of coming capacity that are shown."""

LARGEST = 3
"""Vendors whose products are shown where nobody is played."""

PANELS = ("product", "roofline", "capacity")


class Technology(View):
    """Nodes, memories, products, capacity."""

    heading = N_("Technology and foundry")
    about = N_(
        "Nodes and memories to build cards on. The cursors of the two tables choose a node and a memory: below stands "
        "what a product on them would be, and when. The roofline shows how fast cards are from writing only (decode, "
        "bound by memory) to reading only (prefill, bound by compute). Last come your capacity and what is free."
    )
    CSS_PATH = "technology.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("tab", "app.focus_next", N_("other table"), key_display="Tab", id="technology.next"),
        Binding("v", "panel", N_("next picture"), id="technology.panel"),
    ]

    def __init__(self) -> None:
        super().__init__()
        self.panel = PANELS[0]
        self.chosen: dict[str, str] = {}

    def body(self) -> ComposeResult:
        """Two tables to choose from, and three panels."""
        with Container(id="technology"):
            with Vertical(id="nodes-panel", classes="panel"):
                yield Table(id="nodes")
            with Vertical(id="memories-panel", classes="panel"):
                yield Table(id="memories")
            with Vertical(id="product", classes="panel picture"):
                yield Table(id="products", chooses=False)
                yield Static(id="note", markup=False)
            yield LineChart(id="roofline", classes="panel picture")
            with Vertical(id="capacity", classes="panel picture"):
                yield GaugeList()
                yield Table(id="contracts", chooses=False)
                yield Static(id="terms", markup=False)

    def show(self) -> None:
        """Everything as it is now; at first the cursors are on the own product."""
        self.public, self.roster = Public(self.game), roster_of(self.game, self.speech)
        if not self.chosen:
            self.chosen = self._first_choice()
        for name, columns, cells in (("nodes", NODES, node_cells), ("memories", MEMORIES, memory_cells)):
            lines = []
            for index, key in enumerate(getattr(self.game.world, name)):
                found = cells(self.public, self.roster, self.speech, index)
                lines.append(Line(key, [found[column] for column, _, _ in columns]))
            titles = [
                Column(
                    key,
                    self.say(title),
                    "left" if key in ("node", "memory", "who", "short", "opens") else "right",
                    rank,
                )
                for key, title, rank in columns
            ]
            self.query_one(f"#{name}", Table).show(titles, lines, self.chosen[name])
        self.query_one("#nodes-panel").border_title = self.say("Nodes, and what wafers cost today")
        self.query_one("#memories-panel").border_title = self.say("Memories")
        self._show_capacity()
        self._show_choice()

    def _first_choice(self) -> dict[str, str]:
        """Node and memory of the own product, or of the largest vendor's."""
        world, facts, model = self.game.world, self.public.facts, self.roster.own
        if model < 0:
            model = self.public.rivals[0] if self.public.rivals else 0
        node, memory = int(facts.node[model, 0]), int(facts.memory[model, 0])
        return {"nodes": list(world.nodes)[node], "memories": list(world.memories)[memory]}

    # -- what the cursors choose ----------------------------------------------------------------------------------

    @property
    def choice(self) -> tuple[int, int]:
        """Index of the node and of the memory under the cursors."""
        world = self.game.world
        node, memory = (self.query_one(f"#{name}", Table).chosen for name in ("nodes", "memories"))
        return list(world.nodes).index(node), list(world.memories).index(memory)

    @property
    def research(self) -> float:
        """Architecture research of a quarter as planned, rmb_m."""
        draft = self.session.draft
        return (self.game.held() if draft is None else draft).research

    def _show_choice(self) -> None:
        """The products, and the roofline."""
        for name in PANELS:
            self.query_one(f"#{name}").set_class(name == self.panel, "-current")
        played = self.roster.own >= 0 and self.game.alive
        products = self._products() if played else []
        self._show_products(products)
        self._show_roofline(products)

    def _products(self) -> list[tuple[str, Design]]:
        """Own products by what they are: on sale, in design, to be started."""
        game = self.game
        found = [
            (self.say("on sale"), on_sale(game)),
            (self.say("in design"), in_design(game, self.research)),
            (self.say("started {quarter}", quarter=starts_in(game)), started(game, *self.choice, self.research)),
        ]
        return [(title, design) for title, design in found if design is not None]

    def _show_products(self, products: list[tuple[str, Design]]) -> None:
        """Own products side by side; where nobody is played, what the largest vendors sell."""
        panel, table, note = (
            self.query_one("#product"),
            self.query_one("#products", Table),
            self.query_one("#note", Static),
        )
        if products:
            panel.border_title = self.say("Your products, and one on the chosen node and memory")
            table.show(
                [Column("title", "", "left"), *(Column(title, title) for title, _ in products)],
                _lines(self._rows(products), strong=len(products)),
            )
            note.update(self._note())
        else:
            panel.border_title = self.say("Products of the largest vendors")
            names = [self.roster.names[rival] for rival in self.public.rivals[:LARGEST]]
            table.show(
                [Column("title", "", "left"), *(Column(name, name) for name in names)],
                _lines(self._rival_rows(self.public.rivals[:LARGEST])),
            )
            note.update("")

    def _rows(self, products: list[tuple[str, Design]]) -> list[tuple[str, list[str]]]:
        """Titles, and texts for each product."""
        speech, designs = self.speech, [design for _, design in products]
        return [
            (self.say("Node"), [self._title("nodes", design.node) for design in designs]),
            (self.say("Memory"), [self._title("memories", design.memory) for design in designs]),
            (self.say("TFLOPS"), [three(design.compute) for design in designs]),
            (self.say("TB/s"), [three(design.bandwidth) for design in designs]),
            (self.say("Tokens/s"), [three(design.throughput) for design in designs]),
            (self.say("Card cost"), [speech.price(design.unit_cost) for design in designs]),
            (self.say("Cards out"), [design.out or self.say("now") for design in designs]),
            (self.say("Tape-out"), [speech.money(d.tape_out) if d.tape_out else NOTHING for d in designs]),
            (
                self.say("Respin risk"),
                [speech.share(design.respin, 0) if design.out else NOTHING for design in designs],
            ),
        ]

    def _rival_rows(self, rivals: list[int]) -> list[tuple[str, list[str]]]:
        """The same of rivals, as far as it is known."""
        public, standings = self.public, [self.public.standing(rival) for rival in rivals]
        compute, bandwidth, power = public.hardware
        return [
            (self.say("Node"), [self._title("nodes", standing.node) for standing in standings]),
            (self.say("Memory"), [self._title("memories", standing.memory) for standing in standings]),
            (self.say("TFLOPS"), [three(compute[rival]) for rival in rivals]),
            (self.say("TB/s"), [three(bandwidth[rival]) for rival in rivals]),
            (self.say("Power, W"), [three(power[rival]) for rival in rivals]),
            (self.say("Tokens/s"), [three(public.throughput[rival]) for rival in rivals]),
            (self.say("Price"), [self.speech.price(standing.price) for standing in standings]),
            (self.say("Token cost"), [self.speech.small_price(public.token_cost[rival]) for rival in rivals]),
        ]

    def _note(self) -> str:
        """On what the figures of the product to be started rest."""
        if not is_open_for(self.game, self.choice[0]):
            return self.say("The node has no capacity by its tape-out: it would wait.")
        return self.say(
            "With research of {money} a quarter until tape-out, at today's prices and yield.",
            money=self.speech.money(self.research),
        )

    def _title(self, parts: str, index: int) -> str:
        if index == UNKNOWN:
            return NOTHING
        return self.speech.title(list(getattr(self.game.world, parts).values())[index].title)

    def _show_roofline(self, products: list[tuple[str, Design]]) -> None:
        """Speed by the mix of work: own product, the largest rival's, and the one that could be started."""
        public, chart = self.public, self.query_one("#roofline", LineChart)
        compute, bandwidth, _ = public.hardware
        rivals = public.rivals[: 1 if products else 2]
        cards = [(float(compute[rival]), float(bandwidth[rival])) for rival in rivals]
        shown = [products[0], products[-1]] if len(products) > 1 else products
        cards += [(design.compute, design.bandwidth) for _, design in shown]
        curves = speeds(self.game.parameters, *zip(*cards, strict=True)) if cards else np.zeros((0, STEPS + 1))
        series = [self.roster.series(rival, curve.tolist()) for rival, curve in zip(rivals, curves, strict=False)]
        for (title, design), curve in zip(shown, curves[len(rivals) :], strict=True):
            title = title if design.out else self.say("you")
            series.append(Series(title, curve.tolist(), own=not design.out, reference=bool(design.out)))
        chart.border_title = self.say("Tokens a second, by share of prefill")
        mixes = [segment.prefill for segment in self.game.world.segments.values()]
        chart.border_subtitle = self.say(
            "← memory · buyers {low} to {high} · compute →",
            low=self.speech.share(min(mixes), 0),
            high=self.speech.share(max(mixes), 0),
        )
        chart.show(series, [f"{step / STEPS:.0%}" for step in range(STEPS + 1)], _speed, low=0)

    # -- capacity -------------------------------------------------------------------------------------------------

    def _show_capacity(self) -> None:
        """How much of each node is taken, what can be had, own contracts and what arrives, and the terms."""
        game, panel = self.game, self.query_one("#capacity")
        played = self.roster.own >= 0 and game.alive
        panel.border_title = self.say("Capacity taken when yours would come, k wafers")
        panel.border_subtitle = self.say("◆ yours") if played else ""
        held = taken(game)
        gauges = [self._taken(index, float(held[index]), played) for index in range(len(game.world.nodes))]
        panel.query_one(GaugeList).show([gauge for gauge in gauges if gauge.high > 0])
        table, terms = self.query_one("#contracts", Table), self.query_one("#terms", Static)
        if played:
            table.show(*self._contracts())
            terms.update(self._terms())
        else:
            table.show([], [])
            terms.update("")

    def _taken(self, index: int, held: float, played: bool) -> Gauge:
        """What contracts hold of a node."""
        game, limit = self.game, float(self.game.now.wafer_limit[index, 0])
        own = float(game.state.contracts[self.roster.own, index, 0]) if played else math.nan
        return Gauge(
            self._title("nodes", index),
            held,
            self.say("{taken} of {limit}", taken=wafers(held), limit=wafers(limit)),
            high=limit,
            reference=own,
            over=limit - held < TIGHT * limit,
        )

    def _contracts(self) -> tuple[list[Column], list[Line]]:
        """Own capacity by node and quarter if nothing is changed, and what the plan asks for."""
        game, ahead = self.game, contracts_ahead(self.game, AHEAD)
        asked = {} if self.session.draft is None else self.session.draft.capacity
        names = [now.name for now in game.parameters.conditions[game.now.index : game.now.index + AHEAD]]
        columns = [Column("node", self.say("Your contracts"), "left")]
        columns += [Column(name, name, rank=rank) for rank, name in enumerate(names)]
        columns.append(Column("asked", self.say("asked for")))
        lines = []
        for index, name in enumerate(game.world.nodes):
            wanted = asked.get(name, 0.0)
            if ahead[:, index].any() or wanted:
                earlier = [math.inf, *ahead[:-1, index]]
                cells = [
                    Cell(f"{value:.2f}", "gain" if value > before else "")
                    for value, before in zip(ahead[:, index], earlier, strict=True)
                ]
                cells.append(Cell(f"{wanted:+.2f}" if wanted else NOTHING))
                lines.append(Line(name, [Cell(self._title("nodes", index)), *cells]))
        return columns, lines

    def _terms(self) -> str:
        """What idle capacity costs."""
        game, speech = self.game, self.speech
        node = int(game.state.node[game.seat, 0])
        price = speech.price(float(idle_wafer(game)[node]))
        if not game.turns:
            return self.say("Take-or-pay: an idle wafer costs {price}.", price=price)
        paid = -float(game.turns[-1].outcome.flows["take_or_pay"][game.seat, 0])
        return self.say(
            "Take-or-pay: an idle wafer costs {price}; last quarter {paid} in all.",
            price=price,
            paid=speech.money(paid),
        )

    # -- actions --------------------------------------------------------------------------------------------------

    @on(DataTable.RowHighlighted)
    def _highlighted(self) -> None:
        self.chosen = {name: self.query_one(f"#{name}", Table).chosen for name in self.chosen}
        self._show_choice()

    def action_panel(self) -> None:
        """The next panel where there is room for one."""
        self.panel = PANELS[(PANELS.index(self.panel) + 1) % len(PANELS)]
        self._show_choice()


def _lines(rows: list[tuple[str, list[str]]], strong: int = -1) -> list[Line]:
    """Rows of a table; column `strong` stands out."""
    return [
        Line(title, [Cell(title), *(Cell(text, "strong" if i == strong else "") for i, text in enumerate(texts, 1))])
        for title, texts in rows
    ]


def _speed(tokens: float) -> str:
    return three(tokens) if tokens else "0"
