"""What is known of structure after a shakeout where only some shares were counted: bounds of C1 and C2.

Let T be the share of the k largest of N firms, R = 1 - T the rest, and x the smallest share among the k, so that no
other firm is larger: R / (N - k) <= x <= T / k. With N unknown the rest may be any number of firms: x may be near 0.

Share of the two largest, from T:
    k = 1:  T + R / (N - 1)  <=  s1 + s2  <=  min(2 T, 1)             the second may be as small as the rest's mean
    k > 2:  2 T / k          <=  s1 + s2  <=  T - (k - 2) R / (N - k)
    and from the index H:     min(sqrt(H), 2 H)  <=  s1 + s2  <=  min(sqrt(2 H), 1)

Herfindahl-Hirschman index, from T:
    lowest, all equal among the k and among the rest:                 T^2 / k + R^2 / (N - k)
    highest, one large and k - 1 of size x, the rest in firms of size x and a remainder:
        g(x) = (T - (k - 1) x)^2 + (k - 1) x^2 + m x^2 + (R - m x)^2  with m = floor(R / x)
    g is convex between the x at which R / x is whole, and so is g at these as a function of x: the highest is at one of
    x = R / (N - k), T / k, and R / m for the smallest whole m >= k R / T.

A firm count alone says that the N firms have it all: T = 1, k = N. These are exact for one known share; several known
figures each give an interval, of which the common part is taken: it holds what is possible, and may hold more.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

import numpy as np

from marketsim.rules.arrays import ratio
from marketsim.shakeout.history import History
from marketsim.shakeout.structure import concentration, settled, top2_share
from marketsim.shakeout.window import Window
from marketsim.state import Bools, Floats

SHARES = {1: "top1_share", 2: "top2_share", 5: "top5_share", 10: "top10_share"}
"""Series with the share of the k largest firms."""

GRID = 201
"""Values of a fact that are tried between its bounds."""


class Bounds(NamedTuple):
    """Ends of what a figure can be, of any shape; NaN where nothing is known."""

    low: Floats
    high: Floats

    def meet(self, other: Bounds) -> Bounds:
        """What both allow, or the one that is known; what lies between two that contradict each other."""
        low, high = np.fmax(self.low, other.low), np.fmin(self.high, other.high)
        return Bounds(np.minimum(low, high), np.maximum(low, high))

    def where(self, chosen: Bools, other: Bounds) -> Bounds:
        """The ends of these bounds where `chosen`, those of the other elsewhere."""
        return Bounds(np.where(chosen, self.low, other.low), np.where(chosen, self.high, other.high))


Evidence = Callable[[Mapping[str, Floats]], Floats]
"""From facts [r] to their log odds [r], such as `concentration_evidence` with reference values and thresholds."""


def structure_bounds(history: History, window: Window) -> Mapping[str, Bounds]:
    """Between which values C1 and C2 lie, given what is known three years after t1 or near it, [r] each.

    Both ends are the fact itself where that is known; NaN where neither a share nor the number of firms is.
    """
    pairs = shares_of_two(history), indices(history)
    firms = settled(history.firms, history, window)
    all_of_it = np.where(firms > 0, 1.0, np.nan)
    alone = (Bounds(all_of_it * np.minimum(least / np.maximum(firms, 1.0), 1.0), all_of_it) for least in (2, 1))
    two, index = (
        Bounds(*(settled(end, history, window) for end in known)).meet(least)
        for known, least in zip(pairs, alone, strict=True)
    )
    facts = {"C1": (concentration(history, window), index), "C2": (top2_share(history, window), two)}
    return {name: Bounds(value, value).where(~np.isnan(value), interval) for name, (value, interval) in facts.items()}


def bounded_evidence(facts: Mapping[str, Floats], bounds: Mapping[str, Bounds], evidence: Evidence) -> Bounds:
    """Least and most that the evidence on structure can be if bounded facts lie anywhere in their bounds, [r].

    facts: all facts [r], those that are not scored NaN.  bounds: of the facts that are scored, see `structure_bounds`.
    evidence: a weighted sum of a term for each fact, so that each can be taken to its own extreme. Structure is told if
    both ends say the same:

        bounds = structure_bounds(history, window)
        low, high = bounded_evidence(scored, bounds, lambda it: concentration_evidence(it, reference, thresholds))
        fragmented, concentrated = low >= log(odds), high <= -log(odds)

    Each fact goes to its own extreme although the two are tied to each other, so that the interval may be wider than it
    need be. It is a point where C1 and C2 are known.
    """
    least, most = dict(facts), dict(facts)
    for name, interval in bounds.items():
        least[name], most[name] = _extremes(name, interval, facts, evidence)
    return Bounds(evidence(least), evidence(most))


def shares_of_two(history: History) -> Bounds:
    """Bounds of the share of the two largest firms in each period, [t,r], from all shares and the index."""
    index = history.hhi
    known = Bounds(np.minimum(np.sqrt(index), 2 * index), np.minimum(np.sqrt(2 * index), 1.0))
    for count, name in SHARES.items():
        known = known.meet(two_of(getattr(history, name), count, history.firms))
    exact = history.top2_share
    return Bounds(exact, exact).where(~np.isnan(exact), known)


def indices(history: History) -> Bounds:
    """Bounds of the Herfindahl-Hirschman index in each period, [t,r], from all shares."""
    known = Bounds(history.hhi, history.hhi)
    for count, name in SHARES.items():
        known = known.meet(index_of(getattr(history, name), count, history.firms))
    exact = history.hhi
    return Bounds(exact, exact).where(~np.isnan(exact), known)


def two_of(share: Floats, count: int, firms: Floats) -> Bounds:
    """Bounds of the share of the two largest firms, given that of the `count` largest.

    firms: in all, NaN if unknown.
    """
    if count == 1:
        return Bounds(share + _smallest(share, count, firms), np.minimum(2 * share, 1.0))
    return Bounds(2 * share / count, share - (count - 2) * _smallest(share, count, firms))


def index_of(share: Floats, count: int, firms: Floats) -> Bounds:
    """Bounds of the Herfindahl-Hirschman index, given the share of the `count` largest firms.

    firms: in all, NaN if unknown.
    """
    rest, smallest, largest = 1 - share, _smallest(share, count, firms), share / count
    whole = ratio(rest, np.ceil(ratio(rest, largest) - 1e-9))
    candidates = (smallest, largest, np.clip(whole, smallest, largest))
    return Bounds(share**2 / count + rest * smallest, np.maximum.reduce([_index(share, count, x) for x in candidates]))


def _smallest(share: Floats, count: int, firms: Floats) -> Floats:
    """Mean share of the firms beside the `count` largest; 0 if their number is unknown or fits not to their share."""
    mean = ratio(1 - share, firms - count)
    return np.where(mean <= share / count + 1e-9, mean, 0.0 * share)


def _index(share: Floats, count: int, x: Floats) -> Floats:
    """g(x): the highest index in which x is the smallest share among the `count` largest."""
    rest = 1 - share
    number = np.floor(ratio(rest, x) + 1e-9)
    remainder = np.maximum(rest - number * x, 0.0)
    return np.asarray((share - (count - 1) * x) ** 2 + (count - 1 + number) * x**2 + remainder**2 * (x > 0))


def _extremes(name: str, interval: Bounds, facts: Mapping[str, Floats], evidence: Evidence) -> tuple[Floats, Floats]:
    """The values of a fact, within its interval, that speak least and most for what the evidence is about, [r]."""
    low, high = interval
    if not (low < high).any():
        return low, high
    values = np.linspace(low, high, GRID)
    alone = {other: np.full(values.size, np.nan) for other in facts} | {name: values.ravel()}
    said = evidence(alone).reshape(values.shape)
    least, most = (np.take_along_axis(values, place[None], axis=0)[0] for place in (said.argmin(0), said.argmax(0)))
    return least, most
