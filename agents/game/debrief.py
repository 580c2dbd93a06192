"""Looking back: the quarters that mattered most, and what would have been if something had been decided otherwise."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain

import numpy as np

from agents.game.advice import SPLITS, Change, Value, differences
from agents.game.game import Game
from agents.game.news import News, news_of
from agents.game.plan import ONCE, Plan
from agents.game.rehearsal import decision_of
from agents.game.setup import GameError
from agents.game.view import GameView, Turn
from agents.strategies.team import Team
from marketsim.decisions import stack
from marketsim.errors import did_you_mean
from marketsim.market import Market
from marketsim.rules.arrays import ratio, total
from marketsim.state import Floats, taken

Measure = Callable[[Game], float]
"""What a game is worth, such as its score."""

LEAST_CHANGE = 0.02
"""Relative change of a number from which it counts as decided anew and not as drifting."""
MOST_TRIED = 192
"""Changes that are undone to find the most consequential ones: those with the largest relative change."""
OF_RIVALS = ("launched", "failed", "acquired", "entered")
"""News of rivals that belong to a turning point."""


# What happened --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class TurningPoint:
    """A quarter that mattered.

    share: change of the own share of all revenue.  worth: change of cash less debt, rmb_m.  weight: of both, in changes
    of a usual quarter.  decided: what the plan had otherwise than the quarter before.  news: what happened, of rivals
    launches, entries and exits only.
    """

    quarter: str
    share: float
    worth: float
    weight: float
    decided: tuple[Change, ...]
    news: tuple[News, ...]


def turning_points(game: GameView, count: int = 5) -> list[TurningPoint]:
    """The quarters that mattered most, in the order of time: |d share| / its mean + |d worth| / its mean is largest.

    The first quarter, with which nothing can be compared, is left out.  Raises GameError where nobody is played.
    """
    share, worth = np.diff(_shares(game)), np.diff(_worth(game))
    chosen, weight = most_moved(share, worth, count)
    return [
        TurningPoint(
            game.turns[place + 1].now.name,
            float(share[place]),
            float(worth[place]),
            float(weight[place]),
            tuple(differences(_plan(game, place), _plan(game, place + 1))),
            tuple(_concerning(game, game.turns[place + 1])),
        )
        for place in chosen
    ]


def most_moved(share: Floats, worth: Floats, count: int) -> tuple[list[int], Floats]:
    """Where two series of changes moved most, in order, and how much each place moved, in changes of a usual one, [q].

    share: changes of a share of revenue, [q].  worth: of cash less debt, [q] rmb_m.
    """
    if not share.size:
        return [], share
    weight = ratio(abs(share), abs(share).mean()) + ratio(abs(worth), abs(worth).mean())
    return np.sort(np.argsort(-weight, kind="stable")[:count]).tolist(), weight


def weightiest(changes: Iterable[Change]) -> list[Change]:
    """New products and the price first, then what changed most of what it was; splits of money last."""

    def key(change: Change) -> tuple[bool, bool, float]:
        field = change.path.partition(".")[0]
        return field in SPLITS, field not in ("start_product", "price"), -_size(change)

    return sorted((change for change in changes if not change.path.startswith("product_")), key=key)


def _concerning(game: GameView, turn: Turn) -> Iterator[News]:
    for news in news_of(turn, game.parameters):
        if news.vendor in (-1, game.seat) or news.kind in OF_RIVALS:
            yield news


def _shares(game: GameView) -> Floats:
    """Own share of all revenue in each quarter, [q]."""
    return np.array([share_and_revenue(turn, game.seat)[0] for turn in game.turns])


def _worth(game: GameView) -> Floats:
    """Own cash less debt after each quarter, [q] rmb_m."""
    return np.array([float(turn.after.cash[game.seat, 0] - turn.after.debt[game.seat, 0]) for turn in game.turns])


def share_and_revenue(turn: Turn, seat: int) -> tuple[float, float]:
    """A vendor's share of all revenue in a quarter, and its revenue, rmb_m."""
    revenue = turn.outcome.price[:, 0] * turn.outcome.sold[:, 0]
    return float(ratio(revenue[seat], revenue.sum())), float(revenue[seat])


def _plan(game: GameView, quarter: int) -> Plan:
    plan = game.turns[quarter].plan
    if plan is None:
        raise GameError("this market is watched: nobody has decided anything")
    return plan


# What would have been -------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Series:
    """A game quarter by quarter: own share of all revenue; cash at the end and revenue, rmb_m."""

    share: tuple[float, ...]
    cash: tuple[float, ...]
    revenue: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class WhatIf:
    """A game played again with something decided otherwise: same luck, and rivals who react by their strategies.

    quarter: the first in which it differs; quarters: in how many it does.  change: the number that differs, own and
    other; None where a strategy took over.  own, other: the game as it was and as it would have been, which is shorter
    if the vendor fails earlier.  own_measure, other_measure: what the two are worth, if that was asked for.
    """

    quarter: str
    quarters: int
    change: Change | None
    strategy: str | None
    own: Series
    other: Series
    own_measure: float | None
    other_measure: float | None


def what_if(game: Game, quarter: str, path: str, value: Value, measure: Measure | None = None) -> WhatIf:
    """What would have been with another value in the place of the one that was decided in a quarter.

    It takes its place for as long as that one stood: until the quarter in which the number was decided anew; what is
    asked for once, such as capacity, for that quarter alone. So 'had you kept the price in 2026Q3' means: until you
    next changed it. Everything else is decided as it was, but no more capacity is given up than there is.
    quarter: one that was played.  path: as in `Plan.value`.
    Raises GameError for a quarter that was not played and a value that cannot be, KeyError for a path.
    """
    first = _index(game, quarter)
    own = _plan(game, first).value(path)
    last = lasts(game, first, path)
    plans = [
        _plan(game, place).with_value(path, value) if first <= place < last else _plan(game, place)
        for place in range(len(game.turns))
    ]
    other = _played(game, plans)
    return _compared(game, other, quarter, last - first, Change(path, own, value), None, measure)


def takeover(game: Game, quarter: str, strategy: str = "disciplined", measure: Measure | None = None) -> WhatIf:
    """What would have been if a strategy had decided from a quarter on.  quarter: one that was played.

    Raises GameError for a quarter that was not played, StrategyError for a strategy that is not known.
    """
    first = _index(game, quarter)
    other = game.fork(first)
    while len(other.turns) < len(game.turns) and not other.over:
        other.play(other.advised(strategy))
    return _compared(game, other, quarter, len(game.turns) - first, None, strategy, measure)


def lasts(game: GameView, quarter: int, path: str) -> int:
    """The quarter in which a number that was decided in one is decided anew; at the latest, the one to be played."""
    if path.partition(".")[0] in ONCE:
        return quarter + 1
    value = _plan(game, quarter).value(path)
    later = (place for place in range(quarter + 1, len(game.turns)) if _plan(game, place).value(path) != value)
    return next(later, len(game.turns))


def _index(game: GameView, quarter: str) -> int:
    names = [turn.now.name for turn in game.turns]
    if quarter not in names:
        raise GameError(f"quarter {quarter} has not been played; {did_you_mean(quarter, names)}")
    return names.index(quarter)


def _played(game: Game, plans: Sequence[Plan]) -> Game:
    """Another game by the same setup and in the same company, up to the vendor's failure if that comes earlier."""
    other = Game(game.setup, company=game.company)
    for plan in plans:
        if other.over:
            break
        for problem in other.problems(plan):
            if problem.path.startswith("capacity.") and problem.low is not None:
                plan = plan.with_value(problem.path, max(float(problem.value), problem.low))
        other.play(plan)
    return other


def _compared(
    game: Game,
    other: Game,
    quarter: str,
    quarters: int,
    change: Change | None,
    strategy: str | None,
    measure: Measure | None,
) -> WhatIf:
    worth = (None, None) if measure is None else (measure(game), measure(other))
    return WhatIf(quarter, quarters, change, strategy, series(game), series(other), *worth)


def series(game: GameView) -> Series:
    """A game quarter by quarter.  Raises GameError where nobody is played."""
    cash = tuple(float(turn.after.cash[game.seat, 0]) for turn in game.turns)
    pairs = [share_and_revenue(turn, game.seat) for turn in game.turns]
    return Series(tuple(share for share, _ in pairs), cash, tuple(revenue for _, revenue in pairs))


# What to ask ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Undone:
    """A change of the plan, and what it was before: undone, the number stays for `until` - `quarter` quarters."""

    quarter: int
    until: int
    path: str
    before: Value
    size: float  # relative


def suggested_what_ifs(game: Game, measure: Measure | None = None, count: int = 3) -> Iterator[WhatIf]:
    """The most consequential own changes undone, at most `count` of them, and the disciplined strategy at the helm.

    That takes over in the quarter that mattered most; in more of them where fewer than two changes can be undone, so
    that a game of five quarters or more has three answers at least. Each is a replay by the rule book.
    """
    chosen = most_consequential(game, count)
    for each in chosen:
        yield what_if(game, game.turns[each.quarter].now.name, each.path, each.before, measure)
    for point in turning_points(game, count=max(3 - len(chosen), 1)):
        yield takeover(game, point.quarter, measure=measure)


def most_consequential(game: Game, count: int) -> list[Undone]:
    """Own changes that made most of a difference to cash less debt at the end and to the mean share, one of each field.

    All are tried side by side, see `_tried`; a difference counts in units of what it has ranged over in the game.
    """
    changes = sorted(_changes(game), key=lambda each: each.size, reverse=True)[:MOST_TRIED]
    if not changes:
        return []
    share, worth = _tried(game, changes)
    weight = ratio(abs(share[1:] - share[0]), np.ptp(_shares(game)))
    weight += ratio(abs(worth[1:] - worth[0]), np.ptp(_worth(game)))
    by_field: dict[str, Undone] = {}
    for place in np.argsort(-weight, kind="stable").tolist():
        by_field.setdefault(changes[place].path.partition(".")[0], changes[place])
    return list(by_field.values())[:count]


def _changes(game: Game) -> Iterator[Undone]:
    """Every number that was decided anew, and what is asked for once."""
    for quarter in range(len(game.turns)):
        plan = _plan(game, quarter)
        asked = ((path, value) for path, value in plan.values() if path.partition(".")[0] in ONCE and value)
        once = (Undone(quarter, quarter + 1, path, False if value is True else 0.0, 1.0) for path, value in asked)
        before = differences(_plan(game, quarter - 1), plan) if quarter else ()
        anew = (
            Undone(quarter, lasts(game, quarter, each.path), each.path, each.own, _size(each))
            for each in before
            if each.path.partition(".")[0] not in ONCE and not each.path.startswith("product_")
        )
        yield from (each for each in chain(once, anew) if each.size >= LEAST_CHANGE)


def _size(change: Change) -> float:
    """Relative size of a change: 1 from or to nothing."""
    if isinstance(change.own, str) or isinstance(change.other, str):
        return 1.0
    return abs(change.other - change.own) / max(abs(change.own), abs(change.other))


def _tried(game: Game, changes: Sequence[Undone]) -> tuple[Floats, Floats]:
    """The game as it was and with each change undone: mean share, and cash less debt at the end, [1 + change].

    Played side by side as runs of one market that all have the game's luck.
    """
    p, seat, first = game.parameters, game.seat, min(each.quarter for each in changes)
    runs = np.zeros(1 + len(changes), dtype=np.int64)
    market, team = Market(p, game.setup.seed, range(1), runs), Team(p.strategies)
    market.state, market.quarter = taken(game.turns[first].before, runs), first
    share = np.zeros(len(runs))
    for quarter in range(first, len(game.turns)):
        plan = _plan(game, quarter)
        tried = [
            plan.with_value(each.path, each.before) if each.quarter <= quarter < each.until else plan
            for each in changes
        ]
        decision = decision_of(p, [plan, *tried])
        outcome = market.step(stack([(slice(seat, seat + 1), decision)], team.decide(market.observe())))
        revenue = outcome.price * outcome.sold
        share += ratio(revenue[seat], total(revenue, axis=0))
    return share / (len(game.turns) - first), market.state.cash[seat] - market.state.debt[seat]
