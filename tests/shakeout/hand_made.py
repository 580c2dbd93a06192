"""Histories written by hand, and random ones, for what is measured on them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from marketsim.shakeout.facts import FACTS
from marketsim.shakeout.history import SERIES, Firms, History
from marketsim.shakeout.record import of_shares
from marketsim.shakeout.window import window
from marketsim.state import Floats
from tests.shakeout.lives import industry

Column = Sequence[float] | Floats


def written(time: Column, **series: Any) -> History:
    """A history of two equal runs from columns [t]; what is not given is not known."""
    shape = (len(time), 2)
    rows = {name: np.full(shape, np.nan) for name in SERIES}
    rows |= {name: np.array([column, column], dtype=float).T for name, column in series.items()}
    return History(np.array(time, dtype=float), **rows, causes=None, firm=None)


def without(history: History, *names: str) -> History:
    """The same history, of which some series are not known."""
    return replace(history, **{name: np.full_like(history.firms, np.nan) for name in names})


def measured(history: History) -> dict[str, Floats]:
    """All facts, [r] each."""
    where = window(history)
    return {name: fact(history, where) for name, fact in FACTS.items()}


def one(history: History, name: str) -> float:
    """A fact of a history whose two runs are alike."""
    first, second = measured(history)[name]
    assert first == second or (np.isnan(first) and np.isnan(second))
    return float(first)


def firms(slots: int, time: Column, **series: Any) -> Firms:
    """Firms one by one in two equal runs, from [t,v]: all in business throughout but for what is given."""
    shape = (len(time), slots)
    still: dict[str, Any] = {
        **{"revenue": np.ones(shape), "active": np.ones(shape, dtype=bool), "alive": np.ones(shape, dtype=bool)},
        **{name: np.zeros(shape, dtype=bool) for name in ("entered", "failed", "acquired")},
        **{"spell": np.zeros(shape, dtype=int), "unit_cost": np.ones(shape), "ecosystem": np.zeros(shape)},
    }
    chosen = {name: np.asarray(series.get(name, value)) for name, value in still.items()}
    return Firms(**{name: np.stack([value, value], axis=-1) for name, value in chosen.items()})


def with_shares(history: History) -> History:
    """The history with concentration and leaders as its firms have them."""
    assert history.firm is not None
    firm = history.firm
    rows = [of_shares(revenue, spell) for revenue, spell in zip(firm.revenue, firm.spell, strict=True)]
    return replace(history, **{name: np.stack([row[name] for row in rows]) for name in rows[0]})


def random_history(seed: int, periods: int = 14, slots: int = 24, runs: int = 3) -> History:
    """Firms that come, go and sell by chance, and everything else by chance."""
    rng = np.random.default_rng(seed)
    came = rng.integers(-1, periods // 2, (slots, runs))
    left = came + rng.integers(1, periods, (slots, runs))
    shape = (periods, runs)
    history = industry(
        2000.0 + np.arange(periods),
        came,
        left,
        rng.random((slots, runs)) < 0.4,
        rng.lognormal(size=(periods, slots, runs)),
        rng.lognormal(size=(periods, slots, runs)),
        rng.normal(size=(periods, slots, runs)),
    )
    ones = ("utilisation", "gross_margin", "leader_margin", "profitable", "scarcity")
    figures = {name: rng.random(shape) for name in ones}
    figures |= {name: rng.lognormal(size=shape) for name in ("output", "performance", "price", "capacity", "demand")}
    return with_shares(replace(history, **figures))
