"""Plans played in the quarters to come, on other luck than the game's and with rivals as an analyst sees them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from agents.game.analyst import Analyst
from agents.game.plan import ONCE, Plan
from agents.game.runs import OTHER_LUCK
from agents.game.setup import GameError
from agents.game.view import GameView
from agents.strategies.outlook import Outlook
from marketsim.chance import Draws
from marketsim.decisions import Decision, change, stack
from marketsim.market import Market
from marketsim.observation import Observation, observe
from marketsim.rules.arrays import ratio, total
from marketsim.scenario.parameters import Parameters
from marketsim.state import Floats, Outcome, taken


@dataclass(frozen=True, slots=True)
class Step:
    """A quarter of a rehearsal; arrays end in a run axis, the runs of the first plan first.

    obs, after: what the own vendor knows before and after the quarter.  decision: of all vendors.
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
        """Quarters that cash lasts at the end, [r]; 0 for who has failed."""
        quarters: Floats = np.where(self.after.alive, Outlook(self.after).runway, 0.0)[0]
        return quarters


def rehearse(game: GameView, plans: Sequence[Plan], quarters: int, runs: int) -> Iterator[Step]:
    """Play each plan in so many runs, first as it is and then held. All plans meet the same luck and rivals' moves.

    Nothing of it is the game's own luck, and events that are still to come do not happen. The game stays as it is.
    quarters: at most, up to the game's last.  runs: at least 2.  Raises GameError for a game that is over.
    """
    if game.over:
        raise GameError("the game is over: there is no quarter left to look at")
    p, first, own = _as_known(game), len(game.turns), slice(game.seat, game.seat + 1)
    run = np.tile(np.arange(runs), len(plans))
    picks = np.random.default_rng((game.setup.seed, first)).random((quarters, runs))[:, run]
    analyst = Analyst(p, [*(turn.before for turn in game.turns), game.state], game.seat, picks)
    market = Market(p, game.setup.seed + OTHER_LUCK, range(runs), run)
    market.state, market.quarter = analyst.assumed(taken(game.state, np.zeros_like(run))), first
    plan = decision_of(p, plans, runs)
    last = len(p.conditions) - 1
    for number in range(min(quarters, last + 1 - first)):
        luck = market.draws
        market.state = analyst.moved(market.state, number)
        obs = market.observe()
        if number == 1:
            hold = obs.of(own).hold()
            plan = change(plan, **{name: getattr(hold, name) for name in ONCE})
        decision = stack([(own, plan)], analyst.decision(obs, number))
        outcome = market.step(decision)
        after = observe(market.state, p.conditions[min(market.quarter, last)], p, luck)
        yield Step(game.seat, obs.of(own), decision, luck, outcome, after.of(own))


def _as_known(game: GameView) -> Parameters:
    """The scenario without the events that are still to come."""
    known = [event for event in game.world.events if event.quarter <= game.now.name]
    return Parameters(game.world.model_copy(update={"events": known}))


def decision_of(p: Parameters, plans: Sequence[Plan], runs: int = 1) -> Decision:
    """Plans as the decision of one vendor, [1,..,r], each for so many runs, those of the first plan first."""
    decisions = [plan.decision(p) for plan in plans]
    return Decision(
        **{
            name: np.repeat(np.concatenate([getattr(each, name) for each in decisions], axis=-1), runs, axis=-1)
            for name in Decision.axes()
        }
    )
