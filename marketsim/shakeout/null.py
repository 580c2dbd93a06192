"""Chance in the place of competition: the same industry with entry, exit and shares of revenue at random.

How often would the shakeout test see a pattern where there is none? A null history keeps what happens to the industry
as a whole (output, price, revenue, margins, capacity, demand) and the numbers of firms that come and go, and forgets
when they do, which firm leaves, and which firm sells how much.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from marketsim.shakeout.history import Firms, History
from marketsim.shakeout.record import of_shares
from marketsim.state import Bools, Floats, Ints

ATTEMPTS = 100
"""Random orders of years that are tried before one is turned until it fits."""


@dataclass(frozen=True, slots=True)
class Flows:
    """Firms that come and go. [t,r]; `start`, the firms before the first period, [r]."""

    start: Ints
    entries: Ints
    exits: Ints
    acquired: Ints

    @property
    def alive(self) -> Ints:
        """Firms in business at the end of each period, [t,r]."""
        return np.asarray(self.start + np.cumsum(self.entries - self.exits, axis=0))


@dataclass(frozen=True, slots=True)
class Profile:
    """Firms of a period from the largest to the smallest, those without sales last. [v,r]; counts [r]."""

    share: Floats
    unit_cost: Floats
    ecosystem: Floats
    active: Ints
    alive: Ints


def null_history(history: History, rng: np.random.Generator) -> History:
    """The same runs with chance in the place of competition.

    - Time: each run's periods are put into random order as to their entries, exits and acquisitions; among orders in
      which there is always at least one firm in business (or as many as there were at the fewest) all are as likely.
    - Exit: those who leave are drawn among all in business, entrants of the period included, and so are those among
      them that are acquired.
    - Shares: as large a part of those in business sells as in the history's period. They get its shares of revenue,
      together with the unit cost and the ecosystem that went with each, in random order anew in every period. If they
      are more or fewer than then, they get parts of equal width of that period's Lorenz curve, linear between firms:
      one firm's share is split, or several are put together. In a period in which nobody sold, nobody sells.

    Every firm has a slot of its own. Series of the industry are the very same arrays, but for the numbers of firms and
    what follows from shares.  Raises ValueError if the history does not know its firms one by one.
    """
    if history.firm is None:
        raise ValueError("a null ensemble needs the firms of the history one by one")
    flows = shuffled(flows_of(history), rng)
    firm = _firms(history, flows, rng)
    counts = {
        "firms": 1.0 * firm.active.sum(axis=1),
        "idle": 1.0 * (firm.alive & ~firm.active).sum(axis=1),
        "entries": 1.0 * flows.entries,
        "exits": 1.0 * flows.exits,
        "exits_acquired": 1.0 * flows.acquired,
    }
    rows = [of_shares(revenue, spell) for revenue, spell in zip(firm.revenue, firm.spell, strict=True)]
    concentration = {name: np.stack([row[name] for row in rows]) for name in rows[0]}
    return replace(history, firm=firm, **counts, **concentration)


def flows_of(history: History) -> Flows:
    """Firms that come and go in a history that knows them one by one."""
    assert history.firm is not None
    entries, exits, acquired = (
        np.rint(series).astype(int) for series in (history.entries, history.exits, history.exits_acquired)
    )
    return Flows(history.firm.alive[0].sum(axis=0) - entries[0] + exits[0], entries, exits, acquired)


def shuffled(flows: Flows, rng: np.random.Generator) -> Flows:
    """The same flows with periods in random order, in each run in one in which firms never fall below the fewest.

    Orders are drawn until they fit. Where ATTEMPTS draws did not, the last is turned to begin after its lowest point,
    from where it never falls below both its start and its end (the cycle lemma).
    """
    net = flows.entries - flows.exits
    fewest = np.minimum(1, np.minimum(flows.start, flows.alive.min(axis=0)))
    order = rng.random(net.shape).argsort(axis=0)
    for _ in range(ATTEMPTS):
        wrong = np.flatnonzero(_lowest(flows.start, net, order) < fewest)
        if not wrong.size:
            break
        order[:, wrong] = rng.random((len(net), wrong.size)).argsort(axis=0)
    stuck = _lowest(flows.start, net, order) < fewest
    turn = np.cumsum(np.take_along_axis(net, order, axis=0), axis=0).argmin(axis=0) + 1
    rows = (np.arange(len(net))[:, None] + np.where(stuck, turn, 0)) % len(net)
    order = np.take_along_axis(order, rows, axis=0)
    entries, exits, acquired = (
        np.take_along_axis(flow, order, axis=0) for flow in (flows.entries, flows.exits, flows.acquired)
    )
    return Flows(flows.start, entries, exits, acquired)


def _lowest(start: Ints, net: Ints, order: Ints) -> Ints:
    """Fewest firms at the end of any period, with periods in an order [t,r], [r]."""
    return np.asarray(start + np.cumsum(np.take_along_axis(net, order, axis=0), axis=0).min(axis=0))


def _firms(history: History, flows: Flows, rng: np.random.Generator) -> Firms:
    """Firms one by one: founders in the first slots, then entrants as they come."""
    runs = history.runs
    slots = max(int((flows.start + flows.entries.sum(axis=0)).max()), 1)
    slot = np.arange(slots)[:, None]
    alive = slot < flows.start
    known = flows.start
    periods: list[dict[str, Any]] = []
    for period in range(len(history.time)):
        entered = (slot >= known) & (slot < known + flows.entries[period])
        known = known + flows.entries[period]
        present = alive | entered
        # One random order of those present: the first of it leave, the next sell, from the largest share on.
        place = (
            np.where(present, rng.random((slots, runs), dtype=np.float32), np.float32(2))
            .argsort(axis=0)
            .argsort(axis=0)
        )
        rank = place - flows.exits[period]
        failed, alive = present & (rank < 0), present & (rank >= 0)
        acquired = failed & (place < flows.acquired[period])
        profile = _resized(_profile(history, period), flows.alive[period], slots)
        periods.append(
            _dealt(profile, rank, alive, history.revenue[period])
            | {"alive": alive, "entered": entered, "failed": failed, "acquired": acquired}
            | {"spell": ((slot >= flows.start) & (slot < known)).astype(int)}
        )
    return Firms(**{name: np.stack([row[name] for row in periods]) for name in periods[0]})


def _dealt(profile: Profile, rank: Ints, alive: Bools, revenue: Floats) -> dict[str, Any]:
    """What firms have in a period, by their rank [v,r], and nothing if dead."""
    index = np.clip(rank, 0, len(rank) - 1)
    share, unit_cost, ecosystem = (
        np.take_along_axis(series, index, axis=0) for series in (profile.share, profile.unit_cost, profile.ecosystem)
    )
    active = alive & (rank < profile.active)
    return {
        "revenue": np.where(active, share, 0.0) * revenue,
        "active": active,
        "unit_cost": np.where(active, unit_cost, np.nan),
        "ecosystem": np.where(alive, ecosystem, np.nan),
    }


def _profile(history: History, period: int) -> Profile:
    """The firms in business at the end of a period, by sales; shares are those among them."""
    assert history.firm is not None
    firm = history.firm
    alive = firm.alive[period]
    active = alive & firm.active[period] & (firm.revenue[period] > 0)
    revenue = np.where(active, firm.revenue[period], 0.0)
    order = np.where(alive, -revenue, 1.0).argsort(axis=0, kind="stable")
    ranked, unit_cost, ecosystem = (
        np.take_along_axis(series, order, axis=0)
        for series in (revenue, firm.unit_cost[period], firm.ecosystem[period])
    )
    sales = ranked.sum(axis=0)
    share = ranked / np.where(sales > 0, sales, 1.0)
    return Profile(share, unit_cost, ecosystem, active.sum(axis=0), alive.sum(axis=0))


def _resized(profile: Profile, alive: Ints, slots: int) -> Profile:
    """The same profile for another number of firms [r]: see `null_history`."""
    part = profile.active / np.maximum(profile.alive, 1)
    active = np.clip(np.rint(alive * part).astype(int), np.minimum(profile.active, np.minimum(alive, 1)), alive)
    rank = np.arange(slots)[:, None]
    ends = np.minimum(np.arange(slots + 1)[:, None], active) / np.maximum(active, 1) * profile.active
    share = np.diff(_lorenz(profile.share, ends), axis=0)
    # The firm of the profile in whose part of the curve the middle of a new firm's part lies; idle ones likewise.
    of_active = (rank + 0.5) * (profile.active / np.maximum(active, 1))
    idle, were_idle = alive - active, profile.alive - profile.active
    of_idle = profile.active + (rank - active + 0.5) * (were_idle / np.maximum(idle, 1))
    source = np.where(rank < active, of_active, of_idle)
    index = np.clip(source.astype(int), 0, len(profile.share) - 1)
    unit_cost, ecosystem = (
        np.take_along_axis(series, index, axis=0) for series in (profile.unit_cost, profile.ecosystem)
    )
    return Profile(share, unit_cost, ecosystem, active, alive)


def _lorenz(share: Floats, ends: Floats) -> Floats:
    """Sum of the largest shares [v,r] up to a number of firms that need not be whole, linear between."""
    summed = np.concatenate([np.zeros((1, share.shape[1])), np.cumsum(share, axis=0)])
    whole = np.minimum(ends.astype(int), len(share) - 1)
    below, next_one = np.take_along_axis(summed, whole, axis=0), np.take_along_axis(share, whole, axis=0)
    return np.asarray(below + (ends - whole) * next_one)
