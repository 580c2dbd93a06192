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

from marketsim.rules.arrays import ratio
from tui.cells import truncate
from tui.design import (
    STEPS,
    Design,
    contracts_ahead,
    good_dies,
    idle_wafer,
    in_design,
    is_open_for,
    on_offer,
    on_sale,
    open_from,
    speeds,
    started,
    starts_in,
)
from tui.palette import mark
from tui.public import Public
from tui.roster import roster_of
from tui.screens.view import View
from tui.speech import N_, NOTHING
from tui.widgets.gauge import Gauge, GaugeList
from tui.widgets.line_chart import LineChart, Series
from tui.widgets.table import Cell, Column, Line, Table

NODES = (
    ("node", N_("Node"), 0),
    ("who", N_("Products of"), 2),
    ("compute", N_("TFLOPS"), 1),
    ("yield", N_("Yield"), 0),
    ("die", N_("Good die"), 0),
    ("wafer", N_("Wafer"), 5),
    ("free", N_("Free, k wafers"), 0),
    ("lead", N_("Lead"), 3),
    ("design", N_("Design"), 4),
    ("tape_out", N_("Tape-out"), 1),
    ("opens", N_("Open"), 2),
)
MEMORIES = (
    ("memory", N_("Memory"), 0),
    ("who", N_("Products of"), 2),
    ("bandwidth", N_("TB/s"), 0),
    ("size", N_("GB"), 1),
    ("price", N_("a GB"), 2),
    ("cost", N_("of a card"), 0),
    ("supply", N_("TB a quarter"), 3),
    ("used", N_("Used"), 0),
    ("short", N_("Supply"), 0),
)
"""Columns of the tables: key, title, rank."""

AHEAD = 5
"""Quarters of coming capacity that are shown."""

TIGHT = 0.05
"""Share of a node's capacity: what is free is short below it."""

PANELS = ("product", "roofline", "capacity")


class Technology(View):
    """Nodes, memories, products, capacity."""

    heading = N_("Technology and foundry")
    about = N_(
        "Nodes and memories to build cards on. The cursors of the two tables choose a node and a memory: below stands "
        "what a product on them would be, and when. The roofline shows how fast cards are from writing only (bound by "
        "memory) to reading only (bound by compute). Last come your capacity and what is free."
    )
    CSS_PATH = "technology.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("tab", "app.focus_next", N_("other table"), key_display="⇥", id="technology.next"),
        Binding("v", "panel", N_("next picture"), id="technology.panel"),
    ]

    def __init__(self) -> None:
        super().__init__()
        self.panel = PANELS[0]
        self.chose = False

    def body(self) -> ComposeResult:
        """Two tables to choose from, and three panels."""
        with Container(id="technology"):
            with Vertical(id="nodes-panel", classes="panel"):
                yield Table(id="nodes")
            with Vertical(id="memories-panel", classes="panel"):
                yield Table(id="memories")
            with Vertical(id="product", classes="panel"):
                yield Table(id="products", chooses=False)
                yield Static(id="note", markup=False)
            yield LineChart(id="roofline", classes="panel")
            with Vertical(id="capacity", classes="panel"):
                yield GaugeList()
                yield Table(id="contracts", chooses=False)
                yield Static(id="terms", markup=False)

    def show(self) -> None:
        """Everything as it is now; at first the cursors are on the own product."""
        self.public, self.roster = Public(self.game), roster_of(self.game, self.speech)
        world, facts, model = self.game.world, self.public.facts, self.roster.own
        if model < 0:
            model = self.public.rivals[0] if self.public.rivals else 0
        own = {
            "nodes": list(world.nodes)[facts.node[model, 0]],
            "memories": list(world.memories)[facts.memory[model, 0]],
        }
        for name, columns, cells in (("nodes", NODES, self._node), ("memories", MEMORIES, self._memory)):
            lines = []
            for index, key in enumerate(getattr(world, name)):
                found = cells(index)
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
            self.query_one(f"#{name}", Table).show(titles, lines, "" if self.chose else own[name])
        self.chose = True
        self.query_one("#nodes-panel").border_title = self.say("Nodes, and what wafers cost today")
        self.query_one("#memories-panel").border_title = self.say("Memories")
        self._show_capacity()
        self._show_choice()

    # -- the tables -----------------------------------------------------------------------------------------------

    def _node(self, index: int) -> dict[str, Cell]:
        """A node's cells by column."""
        game, speech = self.game, self.speech
        node = list(game.world.nodes.values())[index]
        limit, dies = float(game.now.wafer_limit[index, 0]), float(good_dies(game)[index])
        wafer, opens = float(game.now.wafer_price[index, 0]), open_from(game, index)
        is_open = limit > 0
        free = float(self.public.facts.free_capacity[index, 0])
        return {
            "node": Cell(speech.title(node.title), "" if is_open else "muted"),
            "who": Cell(self._users("node", index)),
            "compute": Cell(speech.count(node.compute)),
            "yield": Cell(f"{dies / node.gross_dies:.0%}"),
            "die": Cell(speech.price(wafer / dies)),
            "wafer": Cell(speech.price(wafer)),
            "free": Cell(
                self.say("{free} of {limit}", free=f"{free:.1f}", limit=f"{limit:.1f}") if is_open else NOTHING,
                "limit" if is_open and free < TIGHT * limit else "",
            ),
            "lead": Cell(self._quarters(node.contract_lead)),
            "design": Cell(self._quarters(node.design_time)),
            "tape_out": Cell(speech.money(node.tape_out_cost)),
            "opens": Cell(self.say("now") if is_open else opens or self.say("never"), "" if is_open else "muted"),
        }

    def _memory(self, index: int) -> dict[str, Cell]:
        """A memory's cells by column."""
        game, speech = self.game, self.speech
        memory = list(game.world.memories.values())[index]
        price, supply = float(game.now.memory_price[index, 0]), float(game.now.memory_supply[index, 0])
        scarce, used = math.isfinite(supply), math.nan
        if scarce and game.turns:
            outcome = game.turns[-1].outcome
            used = float(ratio(outcome.memory_used, outcome.memory_limit)[index, 0])
        short = bool(game.turns) and scarce and self.public.facts.memory_short[index, 0] > 0
        return {
            "memory": Cell(speech.title(memory.title)),
            "who": Cell(self._users("memory", index)),
            "bandwidth": Cell(speech.number(memory.bandwidth)),
            "size": Cell(speech.count(memory.per_card)),
            "price": Cell(speech.small_price(price)),
            "cost": Cell(speech.price(memory.per_card * price / 1000)),
            "supply": Cell(speech.count(supply)),
            "used": Cell(speech.share(used), "limit" if short else ""),
            "short": Cell(
                self.say("short") if short else self.say("enough") if scarce else self.say("plentiful"),
                "limit" if short else "",
            ),
        }

    def _users(self, part: str, index: int) -> str:
        """Letters of those whose product on sale is on a node or memory, the largest first."""
        public, own = self.public, self.roster.own
        every = [*public.rivals, own] if own >= 0 else public.rivals
        users = [v for v in every if getattr(public.standing(v), part) == index]
        letters = [mark(self.roster.slots[v], v == own) for v in users]
        return "".join(sorted(letters, key=lambda letter: letter != "*")) or NOTHING

    def _quarters(self, number: int) -> str:
        return self.say("{number} q", number=number)

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
        panel, speech, note = self.query_one("#product"), self.speech, self.query_one("#note", Static)
        panel.border_title = self.say("Your products, and one on the chosen node and memory")
        columns = [Column("title", "", "left"), *(Column(title, title) for title, _ in products)]
        rows = (
            (N_("Node"), [truncate(self._title("nodes", design.node), 14) for _, design in products]),
            (N_("Memory"), [truncate(self._title("memories", design.memory), 14) for _, design in products]),
            (N_("Compute, TFLOPS"), [speech.count(design.compute) for _, design in products]),
            (N_("Bandwidth, TB/s"), [speech.number(design.bandwidth) for _, design in products]),
            (N_("Tokens a second"), [speech.count(design.throughput) for _, design in products]),
            (N_("Cost of a card"), [speech.price(design.unit_cost) for _, design in products]),
            (N_("Cards out"), [design.out or self.say("now") for _, design in products]),
            (N_("Tape-out to pay"), [speech.money(d.tape_out) if d.tape_out else NOTHING for _, d in products]),
            (N_("Second tape-out"), [f"{design.respin:.0%}" if design.out else NOTHING for _, design in products]),
        )
        last = len(products) - 1
        lines = [
            Line(title, [Cell(self.say(title)), *(Cell(t, "strong" if i == last else "") for i, t in enumerate(texts))])
            for title, texts in rows
        ]
        self.query_one("#products", Table).show(columns, lines if products else [])
        if not products:
            note.update(self.say("You have no vendor here: nothing to design."))
        elif not is_open_for(self.game, self.choice[0]):
            note.update(self.say("The node has no capacity by its tape-out: it would wait."))
        else:
            note.update(
                self.say(
                    "With research of {money} a quarter until tape-out, at today's prices and yield.",
                    money=speech.money(self.research),
                )
            )

    def _title(self, parts: str, index: int) -> str:
        return self.speech.title(list(getattr(self.game.world, parts).values())[index].title)

    def _show_roofline(self, products: list[tuple[str, Design]]) -> None:
        """Speed by the mix of work: own product, the largest rival's, and the one that could be started."""
        public, chart = self.public, self.query_one("#roofline", LineChart)
        compute, bandwidth, _ = public.hardware
        rivals = public.rivals[: 1 if products else 2]
        cards = [(float(compute[rival, 0]), float(bandwidth[rival, 0])) for rival in rivals]
        shown = [products[0], products[-1]] if len(products) > 1 else products
        cards += [(design.compute, design.bandwidth) for _, design in shown]
        curves = speeds(self.game.parameters, *zip(*cards, strict=True)) if cards else np.zeros((0, STEPS + 1))
        series = [self.roster.series(rival, curve.tolist()) for rival, curve in zip(rivals, curves, strict=False)]
        for (title, design), curve in zip(shown, curves[len(rivals) :], strict=True):
            title = title if design.out else self.say("you")
            series.append(Series(title, curve.tolist(), own=not design.out, reference=bool(design.out)))
        chart.border_title = self.say("Tokens a second, by share of reading in the work")
        mixes = [segment.prefill for segment in self.game.world.segments.values()]
        chart.border_subtitle = self.say(
            "0% bound by memory · 100% by compute · buyers {low} to {high}",
            low=f"{min(mixes):.0%}",
            high=f"{max(mixes):.0%}",
        )
        chart.show(series, [f"{step / STEPS:.0%}" for step in range(STEPS + 1)], self.speech.count, low=0)

    # -- capacity -------------------------------------------------------------------------------------------------

    def _show_capacity(self) -> None:
        """How much of each node is taken, what can be had, own contracts and what arrives, and the terms."""
        game, panel = self.game, self.query_one("#capacity")
        played = self.roster.own >= 0 and game.alive
        panel.border_title = self.say("Capacity taken, k wafers a quarter")
        panel.border_subtitle = self.say("◆ yours") if played else ""
        gauges = [self._taken(index, played) for index in range(len(game.world.nodes))]
        panel.query_one(GaugeList).show([gauge for gauge in gauges if gauge.high > 0])
        table, terms = self.query_one("#contracts", Table), self.query_one("#terms", Static)
        if played:
            table.show(*self._contracts())
            terms.update(self._terms())
        else:
            table.show([], [])
            terms.update("")

    def _taken(self, index: int, played: bool) -> Gauge:
        """What contracts hold of a node; its note says what this quarter's asking can get."""
        game = self.game
        limit, free = (float(v[index, 0]) for v in (game.now.wafer_limit, self.public.facts.free_capacity))
        own = float(game.state.contracts[self.roster.own, index, 0]) if played else math.nan
        return Gauge(
            self._title("nodes", index),
            limit - free,
            self.say("{taken} of {limit}", taken=f"{limit - free:.1f}", limit=f"{limit:.1f}"),
            high=limit,
            reference=own,
            over=free < TIGHT * limit,
            note=self.say("{number} to be had", number=f"{on_offer(game)[index]:.1f}"),
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
                plan = Cell(f"{wanted:+.2f}" if wanted else NOTHING)
                lines.append(Line(name, [Cell(self._title("nodes", index)), *cells, plan]))
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
    def _chosen(self) -> None:
        self._show_choice()

    def action_panel(self) -> None:
        """The next panel where there is room for one."""
        self.panel = PANELS[(PANELS.index(self.panel) + 1) % len(PANELS)]
        self._show_choice()
