"""What a plan would bring: the rule book itself, on other luck than the game's, with rivals as an analyst sees them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields
from typing import Literal

import numpy as np

from agents.game.analyst import Analyst
from agents.game.game import Game
from agents.game.plan import Plan
from agents.game.runs import OTHER_LUCK, taken
from agents.game.setup import GameError
from agents.strategies.outlook import Outlook
from marketsim.chance import Draws, draw
from marketsim.decisions import Decision, change, clip, full, stack
from marketsim.market import Market
from marketsim.observation import Observation, observe
from marketsim.outcomes import gross_margins
from marketsim.rules import foundry, products
from marketsim.rules.arrays import ratio, total
from marketsim.rules.supply import Supply, supply
from marketsim.scenario.parameters import Conditions, Parameters
from marketsim.state import Floats, MarketState, Outcome

ONCE = ("capacity", "premium", "start_product", "funds", "bid")
"""Fields that are asked for once: in later quarters a plan that is held has what the rule book's hold has, as in
`Game.held`."""

Reason = Literal["money", "memory", "foundry", "contract", "design", "investors"]


@dataclass(frozen=True, slots=True)
class Band:
    """What a figure will be: between low and high in eight of ten cases, above and below the median in half of them.

    NaN where it has no value in any run, such as the margin of who sells nothing.
    """

    low: float
    median: float
    high: float


@dataclass(frozen=True, slots=True)
class Ahead:
    """One quarter to come. Cards k, prices and costs krmb, money rmb_m.

    orders: what buyers ask for, second choices included.  unit_cost: of the cards sold.  card_cost: of a card started.
    share: of all revenue.  cash: at the end.  runway: quarters that it lasts then, at most 40, 0 for who has failed.
    failure: chance to have failed by the end.
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
class Cut:
    """A part of a plan that is not done in full.

    path: as in `Plan.value`.  asked, done: in its unit, done on average; of a plan cut for two reasons, what is left
    after each.  reason: money is short; memory, foundry or investors give less; a contract binds; a product is in
    design already.  chance: share of runs in which it is cut.
    """

    path: str
    asked: float
    done: float
    reason: Reason
    chance: float


@dataclass(frozen=True, slots=True)
class Forecast:
    """What a plan would bring, the next quarter first, and what of it cannot be done in that quarter."""

    quarters: tuple[Ahead, ...]
    cuts: tuple[Cut, ...]


def forecast(game: Game, plan: Plan, quarters: int = 4, runs: int = 32) -> Forecast:
    """What a plan would bring in the coming quarters, if it is held after the first.

    It knows no more than the player: of rivals what an analyst would (see `agents.game.analyst`), of the scenario the
    paths but no event that is still to come, and nothing of the game's own luck. The same game and plan give the same
    figures; another plan meets the same luck. The game stays as it is.
    quarters: at most; none after the game's last.  runs: at least 2.  Raises GameError for a game that is over.
    """
    ahead, cuts = [], []
    for step in rehearse(game, [plan], quarters, runs):
        if not ahead:
            cuts = list(_cuts(step))
        ahead.append(_of_quarter(step))
    return Forecast(tuple(ahead), tuple(cuts))


@dataclass(frozen=True, slots=True)
class Step:
    """A quarter of a rehearsal; arrays end in a run axis, the runs of the first plan first.

    obs: what the own vendor knew, after: what it knows at the end.  decision: of all vendors.  luck: of the quarter.
    """

    seat: int
    obs: Observation
    decision: Decision
    luck: Draws
    outcome: Outcome
    after: Observation

    def own(self, name: str) -> Floats:
        """A field of the outcome for the own vendor, [r]."""
        values: Floats = getattr(self.outcome, name)[self.seat]
        return values

    @property
    def revenue(self) -> Floats:
        """rmb_m, [r]."""
        return self.own("price") * self.own("sold")

    @property
    def share(self) -> Floats:
        """Own share of all revenue, [r]."""
        return ratio(self.revenue, total(self.outcome.price * self.outcome.sold, axis=0))

    @property
    def runway(self) -> Floats:
        """Quarters that cash lasts, [r]."""
        return np.where(self.after.alive, Outlook(self.after).runway, 0.0)[0]


def rehearse(game: Game, plans: Sequence[Plan], quarters: int, runs: int) -> Iterator[Step]:
    """Play plans in the quarters to come, each in so many runs; all meet the same luck and the same rivals' moves.

    Raises GameError for a game that is over.
    """
    if game.over:
        raise GameError("the game is over: there is no quarter left to forecast")
    p, seat, first = _as_known(game), game.seat, len(game.turns)
    luck = np.tile(np.arange(runs), len(plans))
    picks = np.random.default_rng((game.setup.seed, first)).random((quarters, runs))[:, luck]
    states = [turn.before for turn in game.turns] + [game.state]
    analyst = Analyst(p, states, seat, picks)
    market = Market(p, game.setup.seed + OTHER_LUCK, range(len(luck)))
    market.state, market.quarter = analyst.assumed(taken(game.state, np.zeros_like(luck))), first
    own = _own_decision(p, plans, runs)
    for number in range(min(quarters, len(p.conditions) - first)):
        drawn = taken(draw(p, market.seed, range(runs), market.quarter), luck)
        market.use_draws(drawn)
        market.state = analyst.moved(market.state, number)
        obs = market.observe()
        if number == 1:
            held = obs.of(slice(seat, seat + 1)).hold()
            own = change(own, **{name: getattr(held, name) for name in ONCE})
        decision = stack([(slice(seat, seat + 1), own)], analyst.decision(obs, number))
        outcome = market.step(decision)
        then = observe(market.state, p.conditions[min(market.quarter, len(p.conditions) - 1)], p, drawn)
        yield Step(seat, obs.of(slice(seat, seat + 1)), decision, drawn, outcome, then.of(slice(seat, seat + 1)))


def _as_known(game: Game) -> Parameters:
    """The scenario without the events that are still to come."""
    known = [event for event in game.world.events if event.quarter <= game.now.name]
    return Parameters(game.world.model_copy(update={"events": known}))


def _own_decision(p: Parameters, plans: Sequence[Plan], runs: int) -> Decision:
    """The plans as one decision of one vendor, the runs of the first plan first."""
    decisions = [plan.decision(p) for plan in plans]
    return Decision(
        **{name: np.repeat(np.concatenate([getattr(d, name) for d in decisions], axis=-1), runs, axis=-1)
           for name in Decision.axes()}
    )


def _of_quarter(step: Step) -> Ahead:
    """The bands of a quarter."""
    sold, cost = step.own("sold"), step.own("cost_of_goods")
    return Ahead(
        quarter=step.obs.now.name,
        price=_band(step.own("price")),
        orders=_band(step.own("orders")),
        sold=_band(sold),
        revenue=_band(step.revenue),
        share=_band(step.share),
        unit_cost=_band(ratio(cost, sold, otherwise=np.nan)),
        card_cost=_band(step.obs.card_cost[0]),
        margin=_band(gross_margins(step.revenue, cost)),
        cash=_band(step.after.cash[0]),
        runway=_band(step.runway),
        failure=float((~step.after.alive[0]).mean()),
    )


def _band(values: Floats) -> Band:
    """The band of a figure over runs.

    Quantiles by Weibull's rule, rank q*(n+1): with it, the next run's figure is inside in 80 % of cases for any number
    of runs of 9 or more, as the band of few runs by another rule is too narrow. Source: Hyndman and Fan (1996), The
    American Statistician 50(4), definition 6.
    """
    known = values[~np.isnan(values)]
    if known.size == 0:
        return Band(np.nan, np.nan, np.nan)
    return Band(*np.quantile(known, (0.1, 0.5, 0.9), method="weibull").tolist())


def _cuts(step: Step) -> Iterator[Cut]:
    """What of a plan is not done in the quarter, in the order of the form."""
    seat, state, flows = step.seat, step.obs.state, step.outcome.flows
    asked = {name: getattr(step.decision, name)[seat] for name in Decision.axes()}
    cash = state.cash.copy()
    cash[seat] = AMPLE
    done, wished = _supplied(step, state), _supplied(step, replace(state, cash=cash))
    given_up = _given_up(step)
    for row, node in enumerate(step.obs.world.nodes):
        capacity = asked["capacity"][row]
        payable, granted = done.budget.capacity[seat, row], done.granted[seat, row]
        yield from _cut(f"capacity.{node}", np.minimum(capacity, 0.0), -given_up[row], "contract")
        yield from _cut(f"capacity.{node}", np.maximum(capacity, 0.0), payable, "money")
        if (granted < payable).any():
            yield from _cut(f"capacity.{node}", np.maximum(capacity, 0.0), granted, "foundry")
    ...
