"""What a good analyst would assume of rivals from what everybody knows: a forecast may tell nobody's secrets.

Of rivals, everybody knows what `PublicFacts` has and what buyers see of a vendor: its card, software, reliability,
base, and sales so far. Their private books are replaced by what these facts make likely, see `Analyst.assumed`. What
they will do is not known; one mechanism stands for it, a bootstrap: in each quarter to come, all rivals repeat what one
of the last quarters, drawn by lot, has brought: their changes of price, of the speed of their card, and of cards sold.
A quarter is drawn as a whole, so that what moves rivals together does so in the forecast too. How often a forecast is
right: `python -m benchmarks.forecasts`.

Method: bootstrap of vectors, Efron and Tibshirani (1993), An Introduction to the Bootstrap, ch. 8.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import pairwise
from typing import Any

import numpy as np

from marketsim.decisions import Decision, bounds, change
from marketsim.observation import Observation, PublicFacts
from marketsim.rules.arrays import ratio
from marketsim.rules.technology import cards_per_wafer
from marketsim.scenario.parameters import Parameters
from marketsim.state import Bools, Floats, MarketState

RECENT = 8
"""Quarters whose changes may be repeated (assumption: two years)."""
LEAST = 4
"""Quarters to draw from at least: where fewer have been played, imagined ones fill up."""
IMAGINED_PRICE, IMAGINED_CARDS = 0.1, 0.15
"""Change (log) of an imagined quarter, up in one and down in the next (assumption: before there is any history, list
prices move by a tenth and cards sold by a seventh in a quarter)."""
TREND = 4
"""Quarters over which the growth of contracted capacity is measured."""
FULL = 0.98
"""Share of a node under contract from which rivals are assumed to ask for as much again as they have."""
ADAPTATION, SERVICE = 0.05, 0.03
"""Share of revenue that rivals spend (assumption: about what most built-in strategies do)."""
AMPLE = 1e9
"""rmb_m: whose books are not known is not assumed to run out of money."""
NOTHING = ("debt", "stock", "stock_value", "next_quarters", "next_architecture", "research", "growth", "shortfall")
"""Private books of rivals that are assumed to be empty."""
A_CARD = 1e-6
"""k cards: keeps logarithms finite."""


@dataclass(frozen=True, slots=True)
class Moves:
    """What quarters have brought rivals, in logarithms, [q,v] each; 0 where a vendor did not sell before and after."""

    price: Floats
    speed: Floats
    cards: Floats  # less the mean of all quarters: the trend is in `Analyst.assumed`


class Analyst:
    """The rivals of one vendor in the quarters to come, in runs side by side.

    p: the scenario.  states: the market at the start and after each quarter so far, of which run 0 counts.
    seat: the vendor that has them for rivals.  picks: which quarter is repeated, [quarter to come, run] in [0,1).
    """

    def __init__(self, p: Parameters, states: Sequence[MarketState], seat: int, picks: Floats) -> None:
        self.p = p
        self._conditions = [p.conditions[min(quarter, len(p.conditions) - 1)] for quarter in range(len(states))]
        self._facts = [PublicFacts(p, *known) for known in zip(self._conditions, states, strict=True)][-RECENT - 1 :]
        self._conditions = self._conditions[-RECENT - 1 :]
        self._rivals = np.arange(len(p.vendors)) < p.domestic
        self._rivals[seat] = False
        self._seat, self._last = seat, states[-1]
        self.moves = moves(self._facts, self._rivals)
        self._repeated = (picks * len(self.moves.price)).astype(np.int64)

    # What is --------------------------------------------------------------------------------------------------------

    def assumed(self, state: MarketState) -> MarketState:
        """A market with rivals' private books replaced by what public facts make likely.

        Contracts: see `contracts`; those that end next quarter are on their way anew. Cards in process: evenly (in
        logarithms) from last quarter's sales to what contracts make. Cost and profit: by the industry's margin.
        Nobody lacks money, has cards left over, or designs a product: faster cards come by `moved`.
        """
        p, now = self.p, self._facts[-1]
        sold, price = now.sold[:, 0], now.price[:, 0]
        margin = now.domestic_margin[0]
        lead = p.technology.production_lead
        ahead = np.arange(1, lead + 1) / (lead + 1)
        makes = self.contracts.sum(axis=1) * self._cards_per_wafer
        line = np.exp(np.log(sold + A_CARD)[:, None] * (1 - ahead) + np.log(makes + A_CARD)[:, None] * ahead)
        line *= self._sells[:, None]
        renewed = np.minimum(1 / p.of_nodes("contract_life")[:, 0] + self._growth, 1.0)
        arriving = np.zeros(state.arriving.shape)
        arriving[:, :, 0] = (self.contracts * renewed)[:, :, None]
        guesses = {
            "cash": AMPLE * state.alive,
            "pipeline": line[:, :, None],
            "pipeline_value": (line * ((1 - margin) * price)[:, None])[:, :, None],
            "contracts": (self.contracts * (1 - renewed))[:, :, None],
            "arriving": arriving,
            "cost_factor": 1.0,
            "orders": state.sold,
            "gross_profit": margin * state.revenue,
            **dict.fromkeys(NOTHING, 0),
        }
        return replace(state, **{name: self._of_rivals(state, name, guess) for name, guess in guesses.items()})

    def _of_rivals(self, state: MarketState, name: str, value: Any) -> Any:
        """A field of the state with other values in the rows of rivals."""
        known = getattr(state, name)
        rows = self._rivals.reshape(-1, *(1,) * (known.ndim - 1))
        return np.where(rows, value, known).astype(known.dtype)

    @cached_property
    def _sells(self) -> Bools:
        """[v], rivals in business with a card."""
        sells: Bools = self._rivals & self._last.alive[:, 0] & self._last.has_product[:, 0]
        return sells

    @cached_property
    def _cards_per_wafer(self) -> Floats:
        """[v], of the cards on sale."""
        dies = cards_per_wafer(self.p, self._conditions[-1], self._last.wafers_made)[:, 0]
        cards: Floats = dies[self._facts[-1].node[:, 0]] / self.p.dies_per_card[:, 0]
        return cards

    @cached_property
    def contracts(self) -> Floats:
        """Rivals' contracts [v,n], k wafers/quarter: all that is under contract, split by the wafers that sales took.

        0 in the rows of the own vendor and of those abroad.

        Rivals on a node on which none has sold anything have equal parts.
        """
        last, seat = self._last, self._seat
        own = last.contracts[seat, :, 0] + last.arriving[seat, :, :, 0].sum(axis=1)
        others = np.maximum(self._held(-1) - own, 0.0)
        node = self._facts[-1].node[:, 0]
        on_node = (node[:, None] == np.arange(len(self.p.nodes))) * self._sells[:, None]
        wafers = on_node * (self._facts[-1].sold[:, 0] / self._cards_per_wafer)[:, None]
        by_sales = ratio(wafers, wafers.sum(axis=0))
        equal = ratio(1.0 * on_node, on_node.sum(axis=0))
        contracts: Floats = others * np.where(wafers.sum(axis=0) > 0, by_sales, equal)
        return contracts

    def _held(self, quarter: int) -> Floats:
        """[n] k wafers/quarter under contract, or the limit if that is less.  quarter: index among the known ones."""
        limit = self._conditions[quarter].wafer_limit
        held: Floats = (limit - self._facts[quarter].free_capacity)[:, 0]
        return held

    @cached_property
    def _growth(self) -> Floats:
        """Growth of all that is under contract on each node, share a quarter, at least 0, [n]."""
        quarters = min(TREND, len(self._facts) - 1)
        if quarters == 0:
            return np.zeros(len(self.p.nodes))
        times: Floats = ratio(self._held(-1), self._held(-1 - quarters), otherwise=1.0) ** (1 / quarters)
        return np.maximum(times - 1, 0.0)

    # What rivals do -------------------------------------------------------------------------------------------------

    def moved(self, state: MarketState, quarter: int) -> MarketState:
        """The market with the drawn changes of rivals' cards.  quarter: to come, from 0.

        All cards in process become more or fewer by the change of cards sold, and the architecture better by that of
        speed, which is a little too much where memory limits it.
        """
        picked = self._repeated[quarter]
        cards, speed = np.exp(self.moves.cards[picked].T), np.exp(self.moves.speed[picked].T)
        factors = {"pipeline": cards[:, None], "pipeline_value": cards[:, None], "architecture": speed}
        return replace(
            state,
            **{name: self._of_rivals(state, name, getattr(state, name) * factor) for name, factor in factors.items()},
        )

    def decision(self, obs: Observation, quarter: int) -> Decision:
        """What all vendors decide who are not played: hold, but for the drawn changes of price and what grows.

        Capacity: what ends is renewed, and the growth of all that is under contract goes on; on a node that was full,
        rivals ask for as much again as they have, so that one's standing decides. Budgets grow with revenue. All
        apply for public funds.  obs: of the market as `moved` has it.
        """
        held = obs.of(slice(None)).hold()
        state = obs.state
        price = held.price * np.exp(self.moves.price[self._repeated[quarter]].T)
        asked = np.where(self._full, 1.0, 1 / self.p.of_nodes("contract_life")[:, 0] + self._growth)
        return change(
            held,
            price=np.clip(price, *bounds("price")),
            capacity=np.minimum(state.contracts * asked[:, None], bounds("capacity")[1]),
            adaptation=np.maximum(held.adaptation, ADAPTATION * state.revenue),
            service=np.maximum(held.service, SERVICE * state.revenue),
            funds=1.0,
        )

    @cached_property
    def _full(self) -> Bools:
        """[n] nodes of which last quarter's contracts took all that there was to have."""
        limits = [now.wafer_limit[:, 0] for now in self._conditions[-2:]]
        full: Bools = self._held(-1) >= FULL * np.minimum(limits[0], limits[-1])
        return full


def moves(facts: Sequence[PublicFacts], rivals: Bools) -> Moves:
    """What each known quarter has brought.  facts: at the start of each, the newest last.  rivals: [v]."""
    found: dict[str, list[Floats]] = {"price": [], "speed": [], "cards": []}
    for before, after in pairwise(facts):
        sells = rivals & (before.sold[:, 0] > 0) & (after.sold[:, 0] > 0)
        pairs = {
            "price": (before.price, after.price),
            "speed": (before.throughput, after.throughput),
            "cards": (before.sold, after.sold),
        }
        for name, (old, new) in pairs.items():
            found[name].append(np.log(np.where(sells, ratio(new, old)[:, 0], 1.0)))
    for number in range(LEAST - len(found["price"])):
        sign = 1.0 if number % 2 == 0 else -1.0
        for name, size in (("price", IMAGINED_PRICE), ("speed", 0.0), ("cards", IMAGINED_CARDS)):
            found[name].append(np.where(rivals, sign * size, 0.0))
    price, speed, cards = (np.array(found[name]) for name in ("price", "speed", "cards"))
    return Moves(price, speed, cards - cards.mean(axis=0))
