"""Dashboard: the market and one's own business at a glance."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from textual.app import ComposeResult
from textual.containers import Grid, Vertical

from marketsim.outcomes import ACTIVE, largest_fall
from marketsim.rules.arrays import ratio, total
from marketsim.state import Outcome
from tui.facts import scarce
from tui.ladder import SHORT
from tui.news import latest_news
from tui.public import Public
from tui.roster import Roster, roster_of
from tui.screens.view import View
from tui.speech import N_
from tui.widgets.gauge import Gauge, GaugeList
from tui.widgets.line_chart import LineChart, Series
from tui.widgets.lines import Lines
from tui.widgets.share_chart import ShareChart


class Dashboard(View):
    """Home: shares, prices, what is scarce, news."""

    heading = N_("Dashboard")
    about = N_(
        "Shares of all vendors' revenue over time; what tokens, domestic cards and your own cost; how much of foundry "
        "and memory is taken; what has happened. Your own vendor is orange everywhere."
    )

    def body(self) -> ComposeResult:
        """Two charts above, gauges and news below."""
        with Grid(id="dashboard"):
            yield ShareChart(id="shares", classes="panel")
            yield LineChart(id="prices", classes="panel")
            with Vertical(id="scarce", classes="panel"):
                yield GaugeList(id="gauges")
            yield Lines(id="news", classes="panel")

    def roster(self) -> Roster:
        """Who is in the market."""
        return roster_of(self.game, self.speech)

    def show(self) -> None:
        """All panels from the game as it is now."""
        roster = self.roster()
        for panel, title in (
            ("#shares", N_("Share of revenue")),
            ("#prices", N_("Price, first quarter = 100")),
            ("#scarce", N_("What is scarce, and your money") if self.game.setup.vendor else N_("What is scarce")),
            ("#news", N_("News")),
        ):
            self.query_one(panel).border_title = self.say(title)
        news = latest_news(self.game, roster, self.speech) or [self.say("Nothing has happened yet.")]
        self.query_one("#news", Lines).show(news)
        self.query_one(GaugeList).show(self._gauges())
        if self.game.turns:
            self._show_charts(roster)
        else:
            self._show_start(roster)

    def _show_start(self, roster: Roster) -> None:
        """Where everybody stands before the first quarter: what was sold in the one before it."""
        public, labels = Public(self.game).facts, [self.say("start")]
        revenue, home = public.revenue[:, 0], self.game.parameters.domestic
        shares = [roster.share(v, [float(revenue[v])]) for v in range(len(revenue)) if revenue[v] > 0]
        self.query_one(ShareChart).show(shares, labels, self.say("others"))
        order = sorted((v for v in range(home) if revenue[v] > 0), key=lambda v: (v != roster.own, -revenue[v]))
        prices = [roster.series(v, [float(public.price[v, 0])]) for v in order[:6]]
        chart = self.query_one(LineChart)
        chart.border_title = self.say("Price of a card")
        chart.show(prices, labels, self.speech.price)

    def _show_charts(self, roster: Roster) -> None:
        trace = self.game.trace
        labels = trace.quarters
        revenue = trace.revenue[:, :, 0]
        shares = [roster.share(v, revenue[:, v].tolist()) for v in range(revenue.shape[1]) if revenue[:, v].any()]
        self.query_one(ShareChart).show(shares, labels, self.say("others"))
        home = slice(0, self.game.parameters.domestic)
        card = ratio(total(trace.revenue[:, home], axis=1), total(trace.cards[:, home], axis=1))[:, 0]
        lines = [
            Series(self.say("tokens"), _index(trace.cost_per_million_tokens[:, 0]), slot=1, mark="T"),
            Series(self.say("cards"), _index(card), slot=0, mark="C"),
        ]
        if roster.own >= 0:
            own = np.array([turn.outcome.price[roster.own, 0] for turn in self.game.turns])
            mine = self.game.setup.vendor is not None and roster.own == self.game.seat
            name = self.say("own cards") if mine else roster.names[roster.own]
            lines.append(Series(name, _index(own), own=True))
        self.query_one(LineChart).show(lines, labels, "{:.0f}".format)

    def _gauges(self) -> list[Gauge]:
        """Use of foundry and memory last quarter, money, and how far one is from the largest."""
        game, speech = self.game, self.speech
        gauges = self._scarce(game.turns[-1].outcome) if game.turns else scarce(game, speech)
        if game.setup.vendor is not None and game.alive:
            gauges += self._money()
            gauges += self._design()
        if game.turns:
            cards = game.trace.cards[:, : game.parameters.domestic]
            gone = float(largest_fall(total(1.0 * (cards > ACTIVE), axis=1))[0])
            gauges.append(Gauge(speech.say("firms gone"), gone, speech.share(gone), over=False))
        return gauges

    def _scarce(self, outcome: Outcome) -> list[Gauge]:
        """Use of each node and of each scarce memory in a quarter."""
        world, speech = self.game.world, self.speech
        wafers = total(outcome.wafers, axis=0)[:, 0]
        titles = [*(node.title for node in world.nodes.values()), *(kind.title for kind in world.memories.values())]
        used = [*wafers, *outcome.memory_used[:, 0]]
        limits = [*outcome.wafer_limit[:, 0], *outcome.memory_limit[:, 0]]
        gauges = []
        for title, taken, limit in zip(titles, used, limits, strict=True):
            if 0 < limit < np.inf:
                value = float(taken / limit)
                note = self.say("short") if value > SHORT else ""
                gauges.append(
                    Gauge(speech.title(title), value, speech.share(value), limit=1.0, over=bool(note), note=note)
                )
        return gauges

    def _design(self) -> list[Gauge]:
        """How far the next product is, if one is in design."""
        game, seat = self.game, self.game.seat
        left = int(game.state.next_quarters[seat, 0])
        if not left:
            return []
        node = game.world.nodes[game.parameters.nodes[int(game.state.next_node[seat, 0])]]
        whole = float(node.design_time + game.world.technology.production_lead)
        text = self.say("in {count} q", count=left)
        return [Gauge(self.say("next product"), whole - left, text, high=whole, over=False)]

    def _money(self) -> list[Gauge]:
        game, seat, speech = self.game, self.game.seat, self.speech
        cash, debt = float(game.state.cash[seat, 0]), float(game.state.debt[seat, 0])
        most = max([float(turn.after.cash[seat, 0]) for turn in game.turns] + [cash, debt, 1.0])
        gauges = [Gauge(self.say("cash"), cash, speech.money(cash), high=most, over=False)]
        if debt > 0:
            gauges.append(Gauge(self.say("debt"), debt, speech.money(debt), high=most, over=False))
        return gauges


def _index(values: Sequence[float] | np.ndarray[tuple[int], np.dtype[np.float64]]) -> list[float]:
    """Values with the first that is positive as 100; what is not sold has no price."""
    array = np.where(np.asarray(values) > 0, values, np.nan)
    known = array[~np.isnan(array)]
    index: list[float] = (100 * array / known[0] if len(known) else array).tolist()
    return index
