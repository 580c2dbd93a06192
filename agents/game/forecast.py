"""What a plan would bring: the rule book itself, in a few dozen rehearsals of the quarters to come."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from agents.game.cuts import Cut, cuts_of
from agents.game.plan import Plan
from agents.game.rehearsal import Step, rehearse
from agents.game.view import GameView
from marketsim.outcomes import gross_margins
from marketsim.rules.arrays import ratio
from marketsim.state import Floats

LEVELS = (0.1, 0.5, 0.9)
"""Quantiles of a band."""


@dataclass(frozen=True, slots=True)
class Band:
    """What a figure will be: in eight of ten cases from low to high, in half of them above the median.

    NaN where it has no value in any run, such as the margin of who sells nothing.
    """

    low: float
    median: float
    high: float


@dataclass(frozen=True, slots=True)
class Ahead:
    """A quarter to come. Cards k, prices and costs krmb, money rmb_m.

    orders: what buyers ask for, second choices included.  share: of all revenue.  unit_cost: of the cards sold.
    card_cost: of a card started.  cash: at the end.  runway: quarters that it lasts then, at most 40; 0 for who has
    failed.  failure: chance to have failed by the end.
    """

    quarter: str
    price: Band
    orders: Band
    sold: Band
    revenue: Band
    share: Band
    unit_cost: Band
    card_cost: Band
    margin: Band
    cash: Band
    runway: Band
    failure: float


@dataclass(frozen=True, slots=True)
class Forecast:
    """What a plan would bring, the next quarter first, and what of it cannot be done in that quarter."""

    quarters: tuple[Ahead, ...]
    cuts: tuple[Cut, ...]


def forecast(game: GameView, plan: Plan, quarters: int = 4, runs: int = 32) -> Forecast:
    """What a plan would bring, if it is held after the coming quarter.

    It knows no more than the player: of rivals what an analyst would (see `agents.game.analyst`), of the scenario its
    paths but no event that is still to come, and nothing of the game's own luck. The same game and plan give the same
    figures, and another plan meets the same luck, so that figures can be compared. The game stays as it is.
    quarters: at most, up to the game's last.  runs: at least 2.  Raises GameError for a game that is over.
    """
    steps = list(rehearse(game, [plan], quarters, runs))
    return Forecast(tuple(_of_quarter(step) for step in steps), tuple(cuts_of(steps[0])))


def _of_quarter(step: Step) -> Ahead:
    sold, cost, revenue, after = step.own("sold"), step.own("cost_of_goods"), step.revenue, step.after
    return Ahead(
        quarter=step.obs.now.name,
        price=band(step.own("price")),
        orders=band(step.own("orders")),
        sold=band(sold),
        revenue=band(revenue),
        share=band(step.share),
        unit_cost=band(ratio(cost, sold, otherwise=np.nan)),
        card_cost=band(step.obs.card_cost[0]),
        margin=band(gross_margins(revenue, cost)),
        cash=band(after.cash[0]),
        runway=band(step.runway),
        failure=float((~after.alive[0]).mean()),
    )


def band(values: Floats) -> Band:
    """The band of a figure over runs [r], of which NaN are left out.

    Quantiles by Weibull's rule, of rank q*(n+1): if the runs are right, the next one is inside in 80 % of cases for any
    number of runs from 9 on; other rules make the band of few runs too narrow.
    Source: Hyndman and Fan (1996), The American Statistician 50(4), definition 6.
    """
    known = values[~np.isnan(values)]
    if known.size == 0:
        return Band(np.nan, np.nan, np.nan)
    return Band(*np.quantile(known, LEVELS, method="weibull").tolist())
