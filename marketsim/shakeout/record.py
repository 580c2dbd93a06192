"""Writes down of a simulated market what the shakeout test looks at."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np

from marketsim.outcomes import ACTIVE, foundry_use, herfindahl, memory_use
from marketsim.rules.arrays import ratio, total
from marketsim.rules.demand import TERMS
from marketsim.rules.finance import CAUSES
from marketsim.rules.technology import cards_per_wafer
from marketsim.scenario.parameters import Conditions, Parameters
from marketsim.shakeout.history import LARGEST, Firms, History
from marketsim.state import Bools, Floats, Ints, MarketState, Outcome
from marketsim.trace import NOT_INCOME

Boundary = Literal["merchant", "domestic", "all"]
"""Whose market: domestic vendors that sell to whoever buys; captive ones too; or foreign suppliers as well."""

CAPTIVE = "captive"
"""The strategy of vendors that work for their parent first."""

ECOSYSTEM = ("software", "lock_in")
"""Terms of utility that software and installed base bring."""


def members(p: Parameters, boundary: Boundary) -> Ints:
    """Indices of the vendor slots inside a boundary. Raises ValueError if there is none."""
    strategies = p.strategies
    inside = {
        "merchant": [slot for slot in range(p.domestic) if strategies[slot] != CAPTIVE],
        "domestic": list(range(p.domestic)),
        "all": list(range(len(p.vendors))),
    }[boundary]
    if not inside:
        raise ValueError(f"no vendor of the scenario is inside the boundary {boundary!r}")
    return np.array(inside)


class Recorder:
    """Adds up quarters to a `History`.

    runs: side by side, at least two.  per_year: periods of the history in a year, 1 or 4.
    """

    def __init__(self, p: Parameters, runs: int, boundary: Boundary = "merchant", per_year: int = 1) -> None:
        self.p, self.runs, self.quarters = p, runs, 4 // per_year
        self.who = members(p, boundary)
        self.rows: list[dict[str, Floats]] = []
        self.firms: list[dict[str, Any]] = []
        self.time: list[float] = []
        self.sums: dict[str, Floats] = {}
        self.spell = np.zeros((len(self.who), runs), dtype=np.int64)
        self.causes = np.zeros((len(CAUSES), runs))

    def add(self, now: Conditions, before: MarketState, outcome: Outcome, after: MarketState) -> None:
        """Count a quarter; a period's figures are finished with its last quarter in the scenario."""
        who = self.who
        self._count(now, before, outcome, after)
        self._sum("events", np.stack([outcome.entered[who], outcome.failed[who], outcome.acquired_by[who] >= 0]))
        if outcome.failed.any():
            self._bury(outcome, after)
        self.spell += outcome.entered[who]
        self._sum("capacity", self._capacity(now, before, after))
        last = now.index + 1 == len(self.p.conditions)
        if last or (now.index + 1 - self._offset) % self.quarters == 0:
            self._close(now, outcome, after)

    @property
    def _offset(self) -> int:
        """Quarters of the first, incomplete period."""
        first = int(self.p.conditions[0].name[-1]) - 1
        return -first % self.quarters

    def _sum(self, name: str, value: Floats) -> None:
        self.sums[name] = self.sums[name] + value if name in self.sums else 1.0 * value

    def _count(self, now: Conditions, before: MarketState, outcome: Outcome, after: MarketState) -> None:
        who = self.who
        flows = [flow for name, flow in outcome.flows.items() if name not in NOT_INCOME]
        flows.append(-total(after.contracts * (now.contract_fee / self.p.of_nodes("contract_life")), axis=1))
        self._sum("cards", outcome.sold[who])
        self._sum("revenue", (outcome.price * outcome.sold)[who])
        self._sum("cost_of_goods", outcome.cost_of_goods[who])
        self._sum("running", total(np.stack(flows), axis=0)[who])
        self._sum("wafers", total(total(outcome.wafers[who], axis=0), axis=0))
        self._sum("scarcity", np.maximum(foundry_use(outcome), memory_use(outcome)))
        self._sum("quarters", np.ones(self.runs))
        wanted = np.maximum(outcome.spend - before.waiting, 0.0)
        first_choice = total(outcome.choice[who] * wanted, axis=1) * ratio(1.0, outcome.price[who])
        self._sum("demand", total(first_choice, axis=0))

    def _bury(self, outcome: Outcome, after: MarketState) -> None:
        """Each dead firm's losses of two years by cause, as shares."""
        slots, runs = np.nonzero(outcome.failed[self.who])
        losses = after.shortfall[self.who[slots], :, runs]
        shares = ratio(losses, losses.sum(axis=1, keepdims=True))
        shares[losses.sum(axis=1) <= 0, CAUSES.index("funding")] = 1.0
        np.add.at(self.causes.T, runs, shares)

    def _capacity(self, now: Conditions, before: MarketState, after: MarketState) -> Floats:
        """Contracts, and the cards that they could make: wafers times good cards per wafer, [2,r]."""
        contracts = after.contracts[self.who]
        dies = cards_per_wafer(self.p, now, before.wafers_made)
        cards = total(contracts * dies, axis=1) / self.p.dies_per_card[self.who]
        return np.stack([total(total(contracts, axis=0), axis=0), total(cards, axis=0)])

    def _close(self, now: Conditions, outcome: Outcome, after: MarketState) -> None:
        who, sums = self.who, self.sums
        self.sums = {}
        self.time.append(int(now.name[:4]) + (0.0 if self.quarters == 4 else (int(now.name[-1]) - 1) / 4))
        wafers, capacity = sums["capacity"]
        speed = self._speed(outcome)
        delivered = speed * self._adapted(outcome)
        performance = total(sums["cards"] * delivered, axis=0)
        revenue = total(sums["revenue"], axis=0)
        entries, exits, acquired = total(sums["events"], axis=1)
        active, alive = outcome.sold[who] > ACTIVE, after.alive[who]
        self.firms.append(
            self._of_firms(sums, outcome, after) | {"unit_cost": _known(sums["cost_of_goods"], sums["cards"] * speed)}
        )
        self.rows.append(
            {
                "firms": total(1.0 * active, axis=0),
                "idle": total(1.0 * (alive & ~active), axis=0),
                "output": total(sums["cards"], axis=0),
                "performance": performance,
                "revenue": revenue,
                "price": _known(revenue, performance),
                "capacity": capacity,
                "demand": sums["demand"],
                "utilisation": np.minimum(_known(sums["wafers"], wafers), 1.0),
                "scarcity": sums["scarcity"] / sums["quarters"],
                "entries": entries,
                "exits": exits,
                "exits_acquired": acquired,
            }
            | of_shares(sums["revenue"], self.spell)
            | of_margins(sums["revenue"], sums["cost_of_goods"], sums["running"])
        )

    def _speed(self, outcome: Outcome) -> Floats:
        """Work that a fully adapted unit of each firm does in the mix of the market, [v,r]."""
        mix = ratio(outcome.spend, total(outcome.spend, axis=0))
        return total(ratio(1.0, outcome.time_per_token[self.who]) * mix, axis=1)

    def _adapted(self, outcome: Outcome) -> Floats:
        """Share of it that the software of each firm delivers in the mix of the market, [v,r]."""
        untuned = -np.log(self.p.technology.untuned_share)
        mix = ratio(outcome.spend, total(outcome.spend, axis=0))
        return np.exp((total(outcome.maturity[self.who] * mix, axis=1) - 1) * untuned)

    def _of_firms(self, sums: dict[str, Floats], outcome: Outcome, after: MarketState) -> dict[str, Any]:
        """The period's row of every series by firm but unit cost."""
        who = self.who
        mix = ratio(outcome.spend, total(outcome.spend, axis=0))
        software, base = (outcome.terms[TERMS.index(name)][who] for name in ECOSYSTEM)
        entered, failed, acquired = sums["events"] > 0
        known = after.alive[who] | failed
        return {
            "revenue": sums["revenue"],
            "active": outcome.sold[who] > ACTIVE,
            "alive": after.alive[who],
            "entered": entered,
            "failed": failed,
            "acquired": acquired,
            "spell": self.spell.copy(),
            "ecosystem": np.where(known, total((software + base) * mix, axis=1), np.nan),
        }

    def result(self) -> History:
        """The history of the quarters so far, at least one period."""
        series, firms = (
            {name: np.stack([row[name] for row in rows]) for name in rows[0]} for rows in (self.rows, self.firms)
        )
        return History(np.array(self.time), **series, causes=self.causes, firm=Firms(**firms))


def _known(numerator: Floats, denominator: Floats) -> Floats:
    """A quotient, NaN where there is nothing to divide by."""
    return ratio(numerator, denominator, otherwise=np.nan)


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
    largest = np.argsort(-revenue, axis=0, kind="stable")[:LARGEST]
    sales, costs, others = (np.take_along_axis(flow, largest, axis=0) for flow in (revenue, cost, running))
    sells = sales > 0
    margins = np.where(sells, 1 - costs / np.where(sells, sales, 1.0), np.nan)
    count = total(1.0 * sells, axis=0)
    profits: Bools = sells & (sales - costs + others > 0)
    return {
        "gross_margin": median(margins, count),
        "leader_margin": margins[0],
        "profitable": _known(total(1.0 * profits, axis=0), count),
    }


def median(values: Floats, count: Floats) -> Floats:
    """Median of the known values over the first axis: those that are not NaN, `count` of them, [r]."""
    ordered = np.sort(values, axis=0)
    number = np.maximum(count.astype(int), 1)
    low, high = (number - 1) // 2, number // 2
    picked = [np.take_along_axis(ordered, place[None], axis=0)[0] for place in (low, high)]
    return (picked[0] + picked[1]) / 2
