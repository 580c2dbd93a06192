"""A room as games that `marketsim replay` opens: the market as it was watched, or one vendor as it was played."""

from __future__ import annotations

from collections.abc import Iterator

from agents.game.company import Others
from agents.game.file import given_away, written
from agents.game.game import Game
from agents.game.kept import KeptGame
from agents.workshop.snapshot import Snapshot
from marketsim.scenario.parameters import Parameters


def whole(taken: Snapshot) -> str:
    """The market watched; nobody is played."""
    return written(taken.game, given_away(taken.game.setup))


def own(taken: Snapshot, vendor: str) -> str:
    """The game of a team, up to its failure if it failed: to be looked at on the game's screens, and played on."""
    game = own_game(taken.game, vendor)
    return written(game, given_away(game.setup))


def own_game(game: KeptGame, vendor: str) -> Game:
    """The same market with one of its vendors played, in the company of all others.

    In quarters in which nobody decided for it, it does what the strategy did that played it.
    """
    strategy = game.setup.world().vendors[vendor].strategy
    played = Game(game.setup.model_copy(update={"vendor": vendor}), company=list(_company(game, vendor)))
    for company in game.company:
        if played.over:
            break
        strategy = company.strategies.get(vendor, strategy)
        played.play(company.plans.get(vendor) or played.advised(strategy))
    return played


def _company(game: KeptGame, vendor: str) -> Iterator[Others]:
    """What others did. At first, all have the scenario's strategies: where somebody is played, others are drawn."""
    usual = Parameters(game.setup.world())
    strategies = dict(zip(usual.vendors, usual.strategies, strict=False))
    for company in game.company:
        strategies |= company.strategies
        plans = {name: plan for name, plan in company.plans.items() if name != vendor}
        taken = {name: strategy for name, strategy in strategies.items() if name != vendor}
        yield Others(plans, company.interventions, taken)
        strategies = {}
