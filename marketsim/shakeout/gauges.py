"""What is read off a history beside the nineteen facts, so that a run can be judged without looking at it again."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from marketsim.shakeout.bounds import structure_bounds
from marketsim.shakeout.facts import FACTS, change
from marketsim.shakeout.history import History, at, highest, lowest, quotient, within
from marketsim.shakeout.window import Window
from marketsim.state import Bools, Floats

SCARCE, BUSY = 0.75, 0.9
"""Use of the scarcest input, and of contracted capacity, from which supply counts as rationed in a period."""
IDLE = 0.25
"""Share of firms that are idle from which a period counts as one of losses ..."""
LOSING = 0.25
"""... or share of the ten largest that earn money, at most."""

Measured = Mapping[str, Floats]
"""The nineteen facts and the gauges by name, [r] each, NaN where they are not known."""


GAUGES: Mapping[str, str] = {
    "firms": "active firms at the peak",
    "excess": "most capacity over demand that lasted half a year within W",
    "output": "change of output from t0 to its best from when firms are down by 40 % to three years after t1",
    "left": "fall in firms in business, idle ones included, from t0 to t1, share",
    "leader": "lowest gross margin of the leader in W",
    "rationed": "share of periods in which contracts are in full use and the scarcest input is nearly taken",
    "losing": "share of periods in which many firms are idle or hardly any of the largest earns money",
    "margin": "lowest median gross margin of the history",
    "C1 low": "least that C1 can be, from what is known of shares",
    "C1 high": "most that C1 can be",
    "C2 low": "least that C2 can be",
    "C2 high": "most that C2 can be",
}
"""What each gauge is."""


def measure(history: History, window: Window) -> dict[str, Floats]:
    """Facts and gauges of every run."""
    facts = {name: fact(history, window) for name, fact in FACTS.items()}
    return facts | gauges(history, window)


def gauges(history: History, window: Window) -> dict[str, Floats]:
    """The gauges of every run: see GAUGES.

    Output is looked at from when firms have fallen far enough for a shakeout on: a dip is no collapse, and what the
    last few make years later does not say whether firms left while output grew.
    """
    in_business = history.firms + history.idle
    rationed = (history.scarcity >= SCARCE) & (history.utilisation >= BUSY)
    everywhere = np.ones(history.firms.shape, dtype=bool)
    idle = quotient(history.idle, in_business)
    losing = (idle >= IDLE) | (history.profitable <= LOSING)
    best = highest(history.output, within(history.time, history.time[window.down], window.t1 + 3))
    bounds = structure_bounds(history, window)
    return {
        "firms": at(history.firms, window.peak),
        "excess": sustained_excess(history, window),
        "output": quotient(best, at(history.output, window.peak)) - 1,
        "left": -change(in_business, window),
        "leader": lowest(history.leader_margin, window.inside),
        "rationed": _share(rationed, ~np.isnan(history.scarcity) & ~np.isnan(history.utilisation)),
        "losing": _share(losing, ~np.isnan(idle) | ~np.isnan(history.profitable)),
        "margin": lowest(history.gross_margin, everywhere),
        **{f"{name} {end}": getattr(found, end) for name, found in bounds.items() for end in ("low", "high")},
    }


def sustained_excess(history: History, window: Window) -> Floats:
    """Most capacity over demand that lasted half a year within W, [r].

    That is two quarters in a row, or one longer period, whose capacity and demand are those of all its quarters.
    """
    ratio = quotient(history.capacity, history.demand)
    inside = window.inside
    if len(history.time) > 1 and np.diff(history.time).min() < 0.4:
        ratio, inside = np.minimum(ratio[1:], ratio[:-1]), inside[1:] & inside[:-1]
    return highest(ratio, inside)


def _share(condition: Bools, known: Bools) -> Floats:
    """Share of the known periods [t,r] in which a condition [t,r] holds, NaN where none is known, [r]."""
    return quotient(1.0 * (condition & known).sum(axis=0), 1.0 * known.sum(axis=0))
