"""Writes down of a simulated market what the shakeout test looks at."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, get_args

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
from marketsim.rules.technology import Card, cards_per_wafer, unit_cost
from marketsim.scenario.parameters import Conditions, Parameters
from marketsim.scenario.vocabulary import Words
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
    inside = _inside(p, boundary)
    if not inside:
        words = Words(p.scenario.vocabulary)
        raise MarketSimError(words.text(f"no vendor of the scenario is in the market {boundary!r}: choose a wider one"))
    return np.array(inside)


def _inside(p: Parameters, boundary: Boundary) -> list[int]:
    strategies = p.strategies
    return {
        "merchant": [slot for slot in range(p.domestic) if strategies[slot] != CAPTIVE],
        "domestic": list(range(p.domestic)),
        "all": list(range(len(p.vendors))),
    }[boundary]


def drawn_elsewhere(p: Parameters, boundary: Boundary) -> tuple[Boundary, ...]:
    """The boundaries with other vendors inside than one has, one for each set of vendors, the narrowest first."""
    seen, found = [members(p, boundary).tolist()], list[Boundary]()
    for each in get_args(Boundary):
        inside = _inside(p, each)
        if inside and inside not in seen:
            seen.append(inside)
            found.append(each)
    return tuple(found)


@dataclass(frozen=True)
class _Periods:
    """What is written of the vendors inside a boundary: the row of each period, and that of its firms."""

    who: Ints
    rows: list[dict[str, Floats]] = field(default_factory=list)
    firms: list[dict[str, Any]] = field(default_factory=list)


class Recorder:
    """Adds up quarters to a `History`; to one for each of several boundaries, of which the quarters are counted once.

    runs: side by side, at least two.  per_year: periods of the history in a year.  beside: boundaries beside the first.
    A scenario that begins or ends within a year has a shorter first or last period, whose flows are brought to the rate
    of a whole year.
    """

    def __init__(
        self,
        p: Parameters,
        runs: int,
        boundary: Boundary = "merchant",
        per_year: Literal[1, 4] = 1,
        beside: Sequence[Boundary] = (),
    ) -> None:
        self.p, self.runs, self.quarters, self.boundary = p, runs, 4 // per_year, boundary
        self.periods = {each: _Periods(members(p, each)) for each in (boundary, *beside)}
        self.time: list[float] = []
        self.sums: dict[str, Floats] = {}  # [v,r] of all vendors, but scarcity [r]
        self.counted = 0
        self.line: deque[Floats] = deque()
        self.spell = np.zeros((len(p.vendors), runs), dtype=np.int64)
        self.causes = np.zeros((len(CAUSES), len(p.vendors), runs))

    def add(self, now: Conditions, before: MarketState, outcome: Outcome, after: MarketState) -> None:
        """Count a quarter; a period's figures are finished with its last quarter in the scenario."""
        self._count(now, before, outcome, after)
        self._bury(outcome, after)
        self.spell += outcome.entered
        last = now.index + 1 == len(self.p.conditions)
        if last or (now.index + 1 - self._offset) % self.quarters == 0:
            self._close(now, before, outcome, after)

    @property
    def _offset(self) -> int:
        """Quarters of the first, incomplete period."""
        first = int(self.p.conditions[0].name[-1]) - 1
        return -first % self.quarters

    def _sum(self, name: str, value: Floats | Bools) -> None:
        if name in self.sums:
            self.sums[name] += value
        else:
            self.sums[name] = value.astype(np.float64)

    def _count(self, now: Conditions, before: MarketState, outcome: Outcome, after: MarketState) -> None:
        self.counted += 1
        self._sum("entered", outcome.entered)
        self._sum("failed", outcome.failed)
        self._sum("acquired", outcome.acquired_by >= 0)
        flows = {name: flow for name, flow in outcome.flows.items() if name not in NOT_INCOME}
        flows["contracts"] = -total(after.contracts * (now.contract_fee / self.p.of_nodes("contract_life")), axis=1)
        _, delivered = self._work(outcome)
        self._sum("cards", outcome.sold)
        self._sum("performance", outcome.sold * delivered)
        self._sum("revenue", outcome.price * outcome.sold)
        self._sum("cost_of_goods", outcome.cost_of_goods)
        self._sum("running", sum_of_flows(flows))
        self._sum("wafers", total(outcome.wafers, axis=1))
        self._sum("scarcity", np.maximum(foundry_use(outcome), memory_use(outcome)))
        self._sum("demand", self._demand(now, before, outcome))
        self._sum("wafers_contracted", total(after.contracts, axis=1))
        self._sum("capacity", self._capacity(now, before, after))

    def _work(self, outcome: Outcome) -> tuple[Floats, Floats]:
        """Work that a unit of each firm does in the mix of the market, fully adapted and with its software, [v,r]."""
        mix = ratio(outcome.spend, total(outcome.spend, axis=0))
        work = total(ratio(1.0, outcome.time_per_token) * mix, axis=1)
        untuned = -np.log(self.p.technology.untuned_share)
        return work, work * np.exp((total(outcome.maturity * mix, axis=1) - 1) * untuned)

    def _demand(self, now: Conditions, before: MarketState, outcome: Outcome) -> Floats:
        """Cards that new money would buy by first choice, at the price that buyers pay after a subsidy, [v,r]."""
        paid_share = np.where(self.p.foreign, 1.0, 1 - now.levers["purchase_subsidy"])
        money = total(outcome.choice * np.maximum(outcome.spend - before.waiting, 0.0), axis=1)
        return money * ratio(1.0, outcome.price * paid_share)

    def _bury(self, outcome: Outcome, after: MarketState) -> None:
        """Each dead firm's losses of two years by cause, as shares."""
        slots, runs = np.nonzero(outcome.failed)
        losses = after.shortfall[slots, :, runs]
        lost = losses.sum(axis=1, keepdims=True)
        shares = np.where(lost > 0, ratio(losses, lost), np.arange(len(CAUSES)) == CAUSES.index("funding"))
        self.causes[:, slots, runs] += shares.T

    def _capacity(self, now: Conditions, before: MarketState, after: MarketState) -> Floats:
        """Cards that could have come out this quarter: what contracts could make when their wafers started, [v,r].

        Wafers times good cards per wafer, a production lead ago; capacity of the first quarter where that is before it.
        """
        dies = cards_per_wafer(self.p, now, before.wafers_made)
        self.line.append(total(after.contracts * dies, axis=1) / self.p.dies_per_card)
        return self.line.popleft() if len(self.line) > self.p.technology.production_lead else self.line[0]

    def _close(self, now: Conditions, before: MarketState, outcome: Outcome, after: MarketState) -> None:
        sums, counted = self.sums, self.counted
        self.sums, self.counted = {}, 0
        self.time.append(int(now.name[:4]) + (0.0 if self.quarters == 4 else (int(now.name[-1]) - 1) / 4))
        scarcity = sums.pop("scarcity") / counted
        sums["unit_cost"] = self._unit_cost(now, outcome, after)
        for market in self.periods.values():
            who = market.who
            inside = {name: values[who] for name, values in sums.items()}
            firms = self._of_firms(who, inside, before, outcome, after)
            series = _of_market(inside, self.quarters / counted)
            series |= of_shares(inside["revenue"], firms["spell"])
            series |= of_margins(inside["revenue"], inside["cost_of_goods"], inside["running"])
            active, idle = firms["active"], firms["alive"] & ~firms["active"]
            series |= {"firms": total(1.0 * active, axis=0), "idle": total(1.0 * idle, axis=0), "scarcity": scarcity}
            market.rows.append(series)
            market.firms.append(firms)

    def _of_firms(
        self, who: Ints, sums: dict[str, Floats], before: MarketState, outcome: Outcome, after: MarketState
    ) -> dict[str, Any]:
        """The period's row of every series by firm."""
        active = outcome.sold[who] > ACTIVE
        trades = before.alive[who] & ~outcome.entered[who]  # a slot that is filled anew at once mixes two firms
        return {
            "revenue": sums["revenue"],
            "active": active,
            "alive": after.alive[who],
            "entered": sums["entered"] > 0,
            "failed": sums["failed"] > 0,
            "acquired": sums["acquired"] > 0,
            "spell": self.spell[who],
            "unit_cost": np.where(active & trades, sums["unit_cost"], np.nan),
            "ecosystem": np.where(trades, _ecosystem(who, outcome), np.nan),
        }

    def _unit_cost(self, now: Conditions, outcome: Outcome, after: MarketState) -> Floats:
        """What it costs to make one more of the cards on sale, over the work that one can do, [v,r].

        Not what those that were sold have cost: who sells little still has old stock, which was dear to make, so that
        its books show a want of buyers as a high cost.
        """
        card = Card(after.node, after.memory, after.architecture, after.has_product)
        dies = np.take_along_axis(cards_per_wafer(self.p, now, after.wafers_made), card.node, axis=0)
        work, _ = self._work(outcome)
        return quotient(unit_cost(self.p, now, after, dies, card), work)

    def result(self, boundary: Boundary | None = None) -> History:
        """The history of the quarters so far, at least one period.  boundary: the first one if not given."""
        market = self.periods[boundary or self.boundary]
        series, firms = (
            {name: np.stack([row[name] for row in rows]) for name in rows[0]} for rows in (market.rows, market.firms)
        )
        causes = total(self.causes[:, market.who], axis=1)
        return History(np.array(self.time), **series, causes=causes, firm=Firms(**firms))


def _of_market(sums: dict[str, Floats], whole: float) -> dict[str, Floats]:
    """A period's sums by firm [v,r] as series of the market, [r] each.  whole: brings flows to the rate of a period."""

    def of(name: str) -> Floats:
        return total(sums[name], axis=0)

    revenue, performance = of("revenue"), of("performance")
    return {
        "output": of("cards") * whole,
        "performance": performance * whole,
        "revenue": revenue * whole,
        "price": quotient(revenue, performance),
        "capacity": of("capacity") * whole,
        "demand": of("demand") * whole,
        "utilisation": np.minimum(quotient(of("wafers"), of("wafers_contracted")), 1.0),
        "entries": of("entered"),
        "exits": of("failed"),
        "exits_acquired": of("acquired"),
    }


def _ecosystem(who: Ints, outcome: Outcome) -> Floats:
    """How much software and base attract buyers: ln sum_s mix_s * exp(u[v,s] - mean of u[s] over sellers), [v,r].

    u: the terms of utility that software and base bring. Who is alone at home in one niche attracts as well as who is
    liked a little everywhere.
    """
    mix = ratio(outcome.spend, total(outcome.spend, axis=0))
    software, base = (outcome.terms[TERMS.index(name)][who] for name in ECOSYSTEM)
    worth = software + base
    sells = 1.0 * (outcome.sold[who] > ACTIVE)[:, None]
    mean = ratio(total(worth * sells, axis=0), total(sells, axis=0))
    return np.log(total(mix * np.exp(worth - mean), axis=1) + 1e-300)


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
