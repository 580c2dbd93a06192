"""Dashboard: the market and one's own business at a glance."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from textual.app import ComposeResult
from textual.containers import Grid, Vertical

from marketsim.outcomes import foundry_use, memory_use
from marketsim.rules.arrays import ratio, total
from tui.news import latest_news
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
        "Shares of all vendors' revenue over time; what a million tokens and a card cost; how much of foundry and "
        "memory is taken; what has happened. Your own vendor is orange everywhere."
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
            ("#scarce", N_("What is scarce, and your money")),
            ("#news", N_("News")),
        ):
            self.query_one(panel).border_title = self.say(title)
        self.query_one("#news", Lines).show(latest_news(self.game, roster, self.speech))
        self.query_one(GaugeList).show(self._gauges())
        if self.game.turns:
            self._show_charts(roster)

    def _show_charts(self, roster: Roster) -> None:
        trace = self.game.trace
        labels = trace.quarters
        revenue = trace.revenue[:, :, 0]
        shares = [roster.share(v, revenue[:, v].tolist()) for v in range(revenue.shape[1]) if revenue[:, v].any()]
        self.query_one(ShareChart).show(shares, labels, self.say("others"))
        home = slice(0, self.game.parameters.domestic)
        card = ratio(total(trace.revenue[:, home], axis=1), total(trace.cards[:, home], axis=1))[:, 0]
        lines = [
            Series(self.say("million tokens"), _index(trace.cost_per_million_tokens[:, 0]), slot=1, mark="T"),
            Series(self.say("card, domestic"), _index(card), slot=0, mark="C"),
        ]
        if roster.own >= 0:
            own = np.array([turn.outcome.price[roster.own, 0] for turn in self.game.turns])
            lines.append(Series(self.say("own card"), _index(own), own=True))
        self.query_one(LineChart).show(lines, labels, "{:.0f}".format)

    def _gauges(self) -> list[Gauge]:
        """Use of foundry and memory last quarter, money, and how far one is from the largest."""
        game, speech = self.game, self.speech
        gauges = []
        if game.turns:
            outcome = game.turns[-1].outcome
            for title, used in ((N_("foundry"), foundry_use(outcome)), (N_("memory"), memory_use(outcome))):
                value = float(used[0])
                note = self.say("short") if value > 0.995 else ""
                gauges.append(Gauge(self.say(title), value, speech.share(value), limit=1.0, over=bool(note), note=note))
        if game.setup.vendor is not None and game.alive:
            gauges += self._money()
        return gauges

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
