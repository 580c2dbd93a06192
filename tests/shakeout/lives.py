"""Histories made of firms whose lives are given, and histories of scenarios."""

from __future__ import annotations

from typing import Any

import numpy as np

from marketsim.api import strategies_of
from marketsim.market import Market
from marketsim.scenario import library
from marketsim.scenario.parameters import Parameters
from marketsim.shakeout.history import SERIES, Firms, History
from marketsim.shakeout.record import Recorder
from marketsim.state import Bools, Floats, Ints


def industry(
    time: Floats,
    came: Ints,
    left: Ints,
    acquired: Bools | None = None,
    revenue: Floats | float = 1.0,
    unit_cost: Floats | float = 1.0,
    ecosystem: Floats | float = 0.0,
) -> History:
    """An industry whose firms, each with a slot of its own, sell as long as they live.

    came, left: periods of entry (-1: a founder) and exit (`len(time)` and more: never), [v,r].  Others: [v,r].
    """
    period = np.arange(len(time))[:, None, None]
    alive = (period >= came) & (period < left)
    failed = period == left
    bought = failed & (np.zeros(came.shape, dtype=bool) if acquired is None else acquired)
    sales = np.where(alive, revenue, 0.0)
    firm = Firms(
        revenue=sales,
        active=alive,
        alive=alive,
        entered=period == came,
        failed=failed,
        acquired=bought,
        spell=((period >= came) & (came >= 0)).astype(int),
        unit_cost=np.where(alive, unit_cost, np.nan),
        ecosystem=np.where(alive, ecosystem, np.nan),
    )
    series: dict[str, Any] = {name: np.full((len(time), came.shape[1]), np.nan) for name in SERIES}
    series |= {
        "firms": 1.0 * alive.sum(axis=1),
        "idle": np.zeros((len(time), came.shape[1])),
        "revenue": sales.sum(axis=1),
        "entries": 1.0 * firm.entered.sum(axis=1),
        "exits": 1.0 * failed.sum(axis=1),
        "exits_acquired": 1.0 * bought.sum(axis=1),
    }
    return History(time, firm=firm, causes=None, **series)


def played(name: str, runs: int, seed: int = 11) -> History:
    """The history of some runs of a scenario of the package."""
    scenario = library.load(name).scenario
    parameters = Parameters(scenario)
    market = Market(parameters, seed, range(runs))
    recorder = Recorder(parameters, runs)
    for now, before, outcome in market.play(strategies_of(scenario)):
        recorder.add(now, before, outcome, market.state)
    return recorder.result()
