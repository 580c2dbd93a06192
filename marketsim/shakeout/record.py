"""Writes down of a simulated market what the shakeout test looks at."""

from __future__ import annotations

from collections import deque
from typing import Any, Literal

import numpy as np

from marketsim.errors import MarketSimError
from marketsim.outcomes import (
    ACTIVE,
    foundry_use,
    gross_margins,
    herfindahl,
    largest_sellers,
    median_known,
    memory_use,
)
from marketsim.rules.arrays import ratio, total
from marketsim.rules.demand import TERMS
from marketsim.rules.finance import CAUSES, sum_of_flows
from marketsim.rules.technology import cards_per_wafer
from marketsim.scenario.parameters import Conditions, Parameters
from marketsim.shakeout.history import Firms, History, quotient
from marketsim.state import Bools, Floats, Ints, MarketState, Outcome
from marketsim.trace import NOT_INCOME

Boundary = Literal["merchant", "domestic", "all"]
"""Whose market: domestic vendors that sell to whoever buys; captive ones too; or foreign suppliers as well."""

CAPTIVE = "captive"
"""The strategy of vendors that work for their parent first."""

ECOSYSTEM = ("software", "lock_in")
"""Terms of utility that software and installed base bring."""


def members(p: Parameters, boundary: Boundary) -> Ints:
    """Indices of the vendor slots inside a boundary. Raises MarketSimError if there is none."""
    strategies = p.strategies
    inside = {
        "merchant": [slot for slot in range(p.domestic) if strategies[slot] != CAPTIVE],
        "domestic": list(range(p.domestic)),
        "all": list(range(len(p.vendors))),
    }[boundary]
    if not inside:
        raise MarketSimError(f"no vendor of the scenario is in the market {boundary!r}: choose a wider one")
    return np.array(inside)


class Recorder:
    """Adds up quarters to a `History`.

    runs: side by side, at least two.  per_year: periods of the history in a year.  A scenario that begins or ends
    within a year has a shorter first or last period, whose flows are brought to the rate of a whole year.
    """

    def __init__(self, p: Parameters, runs: int, boundary: Boundary = "merchant", per_year: Literal[1, 4] = 1) -> None:
        self.p, self.runs, self.quarters = p, runs, 4 // per_year
        self.who = members(p, boundary)
        self.rows: list[dict[str, Floats]] = []
        self.firms: list[dict[str, Any]] = []
        self.time: list[float] = []
        self.sums: dict[str, Floats] = {}
        self.counted = 0
        self.line: deque[Floats] = deque()
        self.spell = np.zeros((len(self.who), runs), dtype=np.int64)
        self.causes = np.zeros((len(CAUSES), runs))

    def add(self, now: Conditions, before: MarketState, outcome: Outcome, after: MarketState) -> None:
        """Count a quarter; a period's figures are finished with its last quarter in the scenario."""
        who = self.who
        self._count(now, before, outcome, after)
        self._bury(outcome, after)
        self.spell += outcome.entered[who]
        last = now.index + 1 == len(self.p.conditions)
        if last or (now.index + 1 - self._offset) % self.quarters == 0:
            self._close(now, before, outcome, after)

    @property
    def _offset(self) -> int:
        """Quarters of the first, incomplete period."""
        first = int(self.p.conditions[0].name[-1]) - 1
        return -first % self.quarters

    def _sum(self, name: str, value: Floats) -> None:
        if name in self.sums:
            self.sums[name] += value
        else:
            self.sums[name] = 1.0 * value

    def _count(self, now: Conditions, before: MarketState, outcome: Outcome, after: MarketState) -> None:
        who = self.who
        self.counted += 1
        self._sum("events", np.stack([outcome.entered[who], outcome.failed[who], outcome.acquired_by[who] >= 0]))
        flows = {name: flow[who] for name, flow in outcome.flows.items() if name not in NOT_INCOME}
        flows["contracts"] = -total(
            after.contracts[who] * (now.contract_fee / self.p.of_nodes("contract_life")), axis=1
        )
        sold = outcome.sold[who]
        work, delivered = self._work(outcome)
        self._sum("cards", total(sold, axis=0))
        self._sum("work", sold * work)
        self._sum("performance", total(sold * delivered, axis=0))
        self._sum("revenue", outcome.price[who] * sold)
        self._sum("cost_of_goods", outcome.cost_of_goods[who])
        self._sum("running", sum_of_flows(flows))
        self._sum("wafers", total(total(outcome.wafers[who], axis=0), axis=0))
        self._sum("scarcity", np.maximum(foundry_use(outcome), memory_use(outcome)))
        self._sum("demand", self._demand(now, before, outcome))
        self._sum("wafers_contracted", total(total(after.contracts[who], axis=0), axis=0))
        self._sum("capacity", self._capacity(now, before, after))

    def _work(self, outcome: Outcome) -> tuple[Floats, Floats]:
        """Work that a unit of each firm does in the mix of the market, fully adapted and with its software, [v,r]."""
        mix = ratio(outcome.spend, total(outcome.spend, axis=0))
        work = total(ratio(1.0, outcome.time_per_token[self.who]) * mix, axis=1)
        untuned = -np.log(self.p.technology.untuned_share)
        return work, work * np.exp((total(outcome.maturity[self.who] * mix, axis=1) - 1) * untuned)

    def _demand(self, now: Conditions, before: MarketState, outcome: Outcome) -> Floats:
        """Cards that new money would buy by first choice, at the price that buyers pay after a subsidy, [r]."""
        paid_share = np.where(self.p.foreign, 1.0, 1 - now.levers["purchase_subsidy"])
        money = total(outcome.choice[self.who] * np.maximum(outcome.spend - before.waiting, 0.0), axis=1)
        return total(money * ratio(1.0, (outcome.price * paid_share)[self.who]), axis=0)

    def _bury(self, outcome: Outcome, after: MarketState) -> None:
        """Each dead firm's losses of two years by cause, as shares."""
        slots, runs = np.nonzero(outcome.failed[self.who])
        losses = after.shortfall[self.who[slots], :, runs]
        lost = losses.sum(axis=1, keepdims=True)
        shares = np.where(lost > 0, ratio(losses, lost), np.arange(len(CAUSES)) == CAUSES.index("funding"))
        np.add.at(self.causes.T, runs, shares)

    def _capacity(self, now: Conditions, before: MarketState, after: MarketState) -> Floats:
        """Cards that could have come out this quarter: those that contracts could make when their wafers started, [r].

        Wafers times good cards per wafer, a production lead ago; capacity of the first quarter where that is before it.
        """
        dies = cards_per_wafer(self.p, now, before.wafers_made)
        per_vendor = total(after.contracts[self.who] * dies, axis=1) / self.p.dies_per_card[self.who]
        self.line.append(total(per_vendor, axis=0))
        return self.line.popleft() if len(self.line) > self.p.technology.production_lead else self.line[0]

    def _close(self, now: Conditions, before: MarketState, outcome: Outcome, after: MarketState) -> None:
        sums, counted = self.sums, self.counted
        self.sums, self.counted = {}, 0
        self.time.append(int(now.name[:4]) + (0.0 if self.quarters == 4 else (int(now.name[-1]) - 1) / 4))
        revenue = total(sums["revenue"], axis=0)
        whole = self.quarters / counted
        entries, exits, acquired = total(sums["events"], axis=1)
        firms = self._of_firms(sums, before, outcome, after)
        active, alive = firms["active"], firms["alive"]
        self.firms.append(firms)
        self.rows.append(
            {
                "firms": total(1.0 * active, axis=0),
                "idle": total(1.0 * (alive & ~active), axis=0),
                "output": sums["cards"] * whole,
                "performance": sums["performance"] * whole,
                "revenue": revenue * whole,
                "price": quotient(revenue, sums["performance"]),
                "capacity": sums["capacity"] * whole,
                "demand": sums["demand"] * whole,
                "utilisation": np.minimum(quotient(sums["wafers"], sums["wafers_contracted"]), 1.0),
                "scarcity": sums["scarcity"] / counted,
                "entries": entries,
                "exits": exits,
                "exits_acquired": acquired,
            }
            | of_shares(sums["revenue"], self.spell)
            | of_margins(sums["revenue"], sums["cost_of_goods"], sums["running"])
        )

    def _of_firms(
        self, sums: dict[str, Floats], before: MarketState, outcome: Outcome, after: MarketState
    ) -> dict[str, Any]:
        """The period's row of every series by firm."""
        who = self.who
        entered, failed, acquired = sums["events"] > 0
        trades = before.alive[who] & ~outcome.entered[who]  # a slot that is filled anew at once mixes two firms
        return {
            "revenue": sums["revenue"],
            "active": outcome.sold[who] > ACTIVE,
            "alive": after.alive[who],
            "entered": entered,
            "failed": failed,
            "acquired": acquired,
            "spell": self.spell.copy(),
            "unit_cost": quotient(sums["cost_of_goods"], sums["work"]),
            "ecosystem": np.where(trades, self._ecosystem(outcome), np.nan),
        }

    def _ecosystem(self, outcome: Outcome) -> Floats:
        """How much software and base attract buyers: ln sum_s mix_s * exp(u[v,s] - mean of u[s] over sellers), [v,r].

        u: the terms of utility that software and base bring. Who is alone at home in one niche attracts as well as who
        is liked a little everywhere.
        """
        mix = ratio(outcome.spend, total(outcome.spend, axis=0))
        software, base = (outcome.terms[TERMS.index(name)][self.who] for name in ECOSYSTEM)
        worth = software + base
        sells = 1.0 * (outcome.sold[self.who] > ACTIVE)[:, None]
        mean = ratio(total(worth * sells, axis=0), total(sells, axis=0))
        return np.log(total(mix * np.exp(worth - mean), axis=1) + 1e-300)

    def result(self) -> History:
        """The history of the quarters so far, at least one period."""
        series, firms = (
            {name: np.stack([row[name] for row in rows]) for name in rows[0]} for rows in (self.rows, self.firms)
        )
        return History(np.array(self.time), **series, causes=self.causes, firm=Firms(**firms))


def of_shares(revenue: Floats, spell: Ints) -> dict[str, Floats]:
    """Concentration by revenue [v,r], and who leads, [r] each; NaN where nothing is sold."""
    sales = total(revenue, axis=0)
    shares = ratio(revenue, sales)
    ranked = -np.sort(-shares, axis=0)
    sold = sales > 0
    first = revenue.argmax(axis=0)
    names = first + len(revenue) * np.take_along_axis(spell, first[None], axis=0)[0]
    figures = {f"top{count}_share": total(ranked[:count], axis=0) for count in (1, 2, 5, 10)}
    figures |= {"hhi": herfindahl(shares), "leader": 1.0 * names}
    return {name: np.where(sold, figure, np.nan) for name, figure in figures.items()}


def of_margins(revenue: Floats, cost: Floats, running: Floats) -> dict[str, Floats]:
    """Margins and profits of the largest firms by revenue, from [v,r], [r] each; NaN where nobody sells."""
    largest = largest_sellers(revenue)
    sales, costs, others = (np.take_along_axis(flow, largest, axis=0) for flow in (revenue, cost, running))
    margins = gross_margins(sales, costs)
    profits: Bools = (sales > 0) & (sales - costs + others > 0)
    return {
        "gross_margin": median_known(margins),
        "leader_margin": margins[0],
        "profitable": quotient(total(1.0 * profits, axis=0), total(1.0 * (sales > 0), axis=0)),
    }
