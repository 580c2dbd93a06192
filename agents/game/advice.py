"""Advice: what a strategy would do here, beside one's own plan, and what each difference alone would change."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from agents.game.plan import Plan
from agents.game.rehearsal import rehearse
from agents.game.view import GameView
from agents.strategies import get
from marketsim.state import Floats

PRESETS: Mapping[str, str | None] = {"grow": "capacity-hoarder", "survive": "disciplined", "hold": None}
"""Plans for a quick start, and whose they are; None: last quarter's, held.

Measured in twelve seats over ten quarters, the hoarder's share of revenue grows to 1.5 times, more than by any other
strategy; in 26 seats with cash for one quarter, 2 failed within three years by the disciplined strategy, none fewer by
another one, and 10 by holding.
"""

SPLITS = ("adaptation_split", "focus")
"""Fields whose parts mean something only together."""

ALIKE = 1e-3
"""Relative difference of two numbers up to which they count as the same."""

Value = float | bool | str


@dataclass(frozen=True, slots=True)
class Change:
    """One number of a plan that another plan has otherwise.  path: as in `Plan.value`."""

    path: str
    own: Value
    other: Value


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A difference from what is advised, and what it alone would change; of a split, all its parts together.

    cash: at the end of the quarters looked at, rmb_m.  revenue: of all of them, rmb_m.  Expected, advised less own.
    """

    change: Change
    cash: float
    revenue: float

    @property
    def stake(self) -> float:
        """rmb_m that it moves: what suggestions are ordered by."""
        return abs(self.cash) + abs(self.revenue)


@dataclass(frozen=True, slots=True)
class Advice:
    """What a strategy would do.  title: of the strategy by language.  suggestions: the largest stake first."""

    strategy: str
    title: Mapping[str, str]
    plan: Plan
    suggestions: tuple[Suggestion, ...]


def advice(game: GameView, plan: Plan, strategy: str = "disciplined", quarters: int = 4, runs: int = 8) -> Advice:
    """What a strategy would do here, set beside a plan.

    quarters, runs: of the rehearsals, one for each field that differs, all on the same luck.
    Raises StrategyError for a strategy that is not known, GameError for a game that is over.
    """
    advised = game.advised(strategy)
    found = list(differences(plan, advised))
    parts = list(dict.fromkeys(_together(each.path) for each in found))
    changes = dict(zip(parts, _consequences(game, plan, advised, parts, quarters, runs), strict=True))
    suggestions = [Suggestion(each, *changes[_together(each.path)]) for each in found]
    ordered = sorted(suggestions, key=lambda each: each.stake, reverse=True)
    return Advice(strategy, get(strategy).title, advised, tuple(ordered))


def preset(game: GameView, name: str) -> Plan:
    """The plan of one of the presets.  Raises KeyError if there is none of this name."""
    strategy = PRESETS[name]
    return game.held() if strategy is None else game.advised(strategy)


def differences(own: Plan, other: Plan) -> Iterator[Change]:
    """What two plans have otherwise, in the order of the form; of a product, only if one of them starts any."""
    starts = own.start_product or other.start_product
    for path, value in own.values():
        there = other.value(path)
        if not _alike(value, there) and (starts or not path.startswith("product_")):
            yield Change(path, value, there)


def _alike(one: Value, other: Value) -> bool:
    if isinstance(one, str) or isinstance(other, str):
        return one == other
    return abs(one - other) <= ALIKE * max(abs(one), abs(other))


def _together(path: str) -> str:
    """The path whose numbers are changed together: a split as a whole; a product's parts with its start."""
    field = path.partition(".")[0]
    if field in SPLITS:
        return field
    return "start_product" if field.startswith("product_") else path


def _consequences(
    game: GameView, plan: Plan, advised: Plan, parts: list[str], quarters: int, runs: int
) -> Iterator[tuple[float, float]]:
    """Expected change of cash at the end and of all revenue, rmb_m, if one part of the plan were as advised."""
    plans = [plan, *(_with(plan, advised, part) for part in parts)]
    revenue, cash = np.zeros(len(plans)), np.zeros(len(plans))
    for step in rehearse(game, plans, quarters, runs):
        revenue += _means(step.revenue, len(plans))
        cash = _means(step.after.cash[0], len(plans))
    return zip((cash[1:] - cash[0]).tolist(), (revenue[1:] - revenue[0]).tolist(), strict=True)


def _with(plan: Plan, advised: Plan, part: str) -> Plan:
    """The plan with one part as advised."""
    if part in SPLITS:
        return plan.model_copy(update={part: getattr(advised, part)})
    if part == "start_product":
        fields = ("start_product", "product_node", "product_memory")
        return plan.model_copy(update={name: getattr(advised, name) for name in fields})
    return plan.with_value(part, advised.value(part))


def _means(values: Floats, plans: int) -> Floats:
    """Mean of each plan's runs, [plan]."""
    means: Floats = values.reshape(plans, -1).mean(axis=1)
    return means
