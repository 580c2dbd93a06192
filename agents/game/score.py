"""What a game was worth to the founders: one number of money, and the terms that it is the sum of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields

import numpy as np

from marketsim.rules.arrays import total
from marketsim.state import Bools, Floats, Ints, MarketState
from marketsim.trace import Trace

YEARS_OF_PROFIT = 5.0
"""Assumption of the game: a buyer of the firm wants its price back within five years.

A whole year, so that a price raised or a budget cut in one quarter counts little; before research, so that to end
research in the last year saves what it costs and no more: the buyer decides on research himself. Investors of the rule
book pay several years' revenue; a score by revenue could be had by selling below cost.
"""

IN_A_SENTENCE: Mapping[str, str] = {
    "en": "What the founders' shares are worth: cash less debt, cards at cost, and five times the profit of the last "
    "year before research; nothing for a firm that failed.",
    "zh": "创始人股权的价值：现金减债务，加上按成本计的库存和在制卡，"
    "再加上最近一年扣除研发费用前利润的五倍；企业倒闭则为零。",
}

TERMS: Mapping[str, Mapping[str, str]] = {
    "cash": {"en": "Cash", "zh": "现金"},
    "debt": {"en": "Debt", "zh": "债务"},
    "cards": {"en": "Cards in stock and in process, at cost", "zh": "库存和在制卡（按成本）"},
    "business": {"en": "Five times the last year's profit before research", "zh": "最近一年扣除研发费用前利润的五倍"},
    "creditors": {"en": "Loss that creditors bear", "zh": "债权人承担的损失"},
    "others": {"en": "Shares that others hold", "zh": "其他股东的份额"},
}
"""Terms of a score in the order in which they are added up."""


@dataclass(frozen=True, slots=True)
class Score:
    """The score of a vendor; all arrays have one shape, such as [r] or [strategy,r]. Money rmb_m.

    cards: in stock and in process, at cost.  profit: of the last year before research, below 0 for a loss.
    founders_share: of the firm.  alive: in business at the end.  lasted: quarters in business.
    """

    cash: Floats
    debt: Floats
    cards: Floats
    profit: Floats
    founders_share: Floats
    alive: Bools
    lasted: Ints

    @property
    def business(self) -> Floats:
        """What a buyer would pay for the business as it goes on: a firm without profit is worth what it owns."""
        return YEARS_OF_PROFIT * np.maximum(self.profit, 0.0) * self.alive

    @property
    def terms(self) -> dict[str, Floats]:
        """The terms of TERMS, signed: they add up to the value."""
        owned = {"cash": self.cash, "debt": -self.debt, "cards": self.cards, "business": self.business}
        net = self.cash - self.debt + self.cards + self.business
        others = -(1 - self.founders_share) * np.maximum(net, 0.0)
        return {**owned, "creditors": np.maximum(-net, 0.0), "others": others}

    @property
    def value(self) -> Floats:
        """founders' share * max(cash - debt + cards at cost + years * max(profit, 0), 0); 0 for who failed."""
        net = self.cash - self.debt + self.cards + self.business
        worth: Floats = self.founders_share * np.maximum(net, 0.0)
        return worth

    def beats(self, other: Score) -> Bools:
        """Whether it has more value than the other, or as much and lasted longer, as of two that failed."""
        same = self.value == other.value
        ahead: Bools = (self.value > other.value) | (same & (self.lasted > other.lasted))
        return ahead

    def of(self, place: int | slice | tuple[int | slice, ...]) -> Score:
        """The score at a place of the arrays."""
        return Score(**{item.name: getattr(self, item.name)[place] for item in fields(self)})


def score(trace: Trace, end: MarketState, vendor: int) -> Score:
    """The score of a vendor in every run, [r].

    trace: series up to the end, of which the last year counts; a shorter one counts as if it went on for a year.
    end: the market after the last quarter.  vendor: its row in all arrays.
    Interest is a cost of the year. A failed vendor leaves no cash, debt or cards behind.
    """
    last = slice(max(len(trace.cards) - 4, 0), None)
    income, research = (series[last, vendor] for series in (trace.net_income, trace.research))
    return Score(
        cash=end.cash[vendor],
        debt=end.debt[vendor],
        cards=end.stock_value[vendor] + total(end.pipeline_value[vendor], axis=0),
        profit=total(income + research, axis=0) * (4 / len(income)),
        founders_share=end.founders_share[vendor],
        alive=end.alive[vendor],
        lasted=end.age[vendor],
    )
