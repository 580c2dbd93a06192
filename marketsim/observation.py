"""What a vendor may know when it decides: its own books in full, rivals' public facts, market totals.

It may not know: rivals' cash, debt, unit costs, contracts, research, products in design or decisions of this quarter,
and nobody's luck of this quarter. Segment sizes and buyers' price sensitivity stand in the scenario: market research.

An observation covers one or more vendors that decide together: first axis vendor, last axis run. One strategy that
plays three vendors in 512 runs sees arrays of shape [3, 512]; a `VendorAgent` sees [1, 2].
"""

from __future__ import annotations

from functools import cached_property
from typing import Any, Generic, TypeVar

import numpy as np

from marketsim.chance import Draws
from marketsim.decisions import Decision
from marketsim.rules import technology
from marketsim.rules.arrays import ratio, share_met, total
from marketsim.rules.products import hardware, on_the_line
from marketsim.scenario.parameters import Conditions, Parameters
from marketsim.state import Bools, Floats, Ints, MarketState

Array = TypeVar("Array", Bools, Floats, Ints)


class PublicFacts:
    """Known to everybody at the end of last quarter, worked out when asked for.

    Vendors: all of them, foreign suppliers last.
    """

    def __init__(self, p: Parameters, now: Conditions, state: MarketState) -> None:
        self._p, self._now, self._state = p, now, state
        self._home = slice(0, p.domestic)

    @property
    def alive(self) -> Bools:
        """[v,r] in business."""
        return self._state.alive

    @property
    def price(self) -> Floats:
        """[v,r] krmb/card."""
        return self._state.price

    @property
    def sold(self) -> Floats:
        """[v,r] k cards."""
        return self._state.sold

    @property
    def revenue(self) -> Floats:
        """[v,r] rmb_m."""
        return self._state.revenue

    @property
    def node(self) -> Ints:
        """[v,r] index of the node of the product on sale."""
        return self._state.node

    @property
    def memory(self) -> Ints:
        """[v,r] index of the memory of the product on sale."""
        return self._state.memory

    @cached_property
    def revenue_share(self) -> Floats:
        """[v,r] of all vendors' revenue."""
        return ratio(self.revenue, total(self.revenue, axis=0))

    @cached_property
    def throughput(self) -> Floats:
        """[v,r] tokens/s of a fully adapted card on the average segment's work."""
        compute, bandwidth, _ = hardware(self._p, self._now, self._state)
        time = technology.tuned_time_per_token(self._p, compute, bandwidth, self._state.reliability)
        return ratio(float(len(self._p.segments)), total(time, axis=1))

    @cached_property
    def market_price(self) -> Floats:
        """[r] krmb/card, all cards sold."""
        return ratio(total(self.revenue, axis=0), total(self.sold, axis=0))

    @cached_property
    def domestic_revenue(self) -> Floats:
        """[r] rmb_m."""
        return total(self.revenue[self._home], axis=0)

    @cached_property
    def domestic_price(self) -> Floats:
        """[r] krmb/card, domestic cards sold."""
        return ratio(self.domestic_revenue, total(self.sold[self._home], axis=0))

    @cached_property
    def domestic_margin(self) -> Floats:
        """[r] gross profit over revenue of domestic vendors: the listed ones publish it."""
        return ratio(total(self._state.gross_profit[self._home], axis=0), self.domestic_revenue)

    @cached_property
    def price_per_throughput(self) -> Floats:
        """[r] krmb per (tokens/s), cards sold."""
        return ratio(total(self.revenue, axis=0), total(self.sold * self.throughput, axis=0))

    @cached_property
    def fill_rate(self) -> Floats:
        """[r] cards sold over cards asked for, some of them of more than one vendor; at most 1."""
        return share_met(total(self.sold, axis=0), total(self._state.orders, axis=0))

    @cached_property
    def free_capacity(self) -> Floats:
        """[n,r] k wafers/quarter that no contract holds."""
        held = total(self._state.contracts, axis=0) + total(total(self._state.arriving, axis=2), axis=0)
        return np.maximum(self._now.wafer_limit - held, 0.0)

    @cached_property
    def memory_short(self) -> Floats:
        """[m,r] 1 where all of a scarce memory was used, else 0."""
        return np.asarray(self._state.memory_stock < 1e-6, dtype=np.float64)

    @cached_property
    def active(self) -> Ints:
        """[r] domestic vendors in business."""
        return np.asarray(self.alive[self._home].sum(axis=0))


class _Own(Generic[Array]):
    """An array of the state, for the vendors that an observation covers."""

    def __init__(self, name: str) -> None:
        self.name = name

    def __get__(self, observation: Observation, owner: type[Observation]) -> Array:
        values: Array = getattr(observation.state, self.name)[observation.vendors]
        return values


class Observation:
    """What the vendors of one strategy know at the start of a quarter."""

    alive = _Own[Bools]("alive")
    """in business"""
    listed = _Own[Bools]("listed")
    age = _Own[Ints]("age")
    """quarters since entry"""
    cash = _Own[Floats]("cash")
    """rmb_m"""
    debt = _Own[Floats]("debt")
    """rmb_m"""
    founders_share = _Own[Floats]("founders_share")
    price = _Own[Floats]("price")
    """krmb/card, last quarter"""
    stock = _Own[Floats]("stock")
    """k cards finished"""
    stock_value = _Own[Floats]("stock_value")
    """rmb_m"""
    pipeline = _Own[Floats]("pipeline")
    """[v,l,r] k cards in process by quarters to go"""
    contracts = _Own[Floats]("contracts")
    """[v,n,r] k wafers/quarter in force"""
    arriving = _Own[Floats]("arriving")
    """[v,n,l,r] k wafers/quarter on their way"""
    has_product = _Own[Bools]("has_product")
    """a newcomer has none until its first design is out"""
    node = _Own[Ints]("node")
    """index of the node of the product on sale"""
    memory = _Own[Ints]("memory")
    """index of the memory of the product on sale"""
    architecture = _Own[Floats]("architecture")
    next_node = _Own[Ints]("next_node")
    next_quarters = _Own[Ints]("next_quarters")
    """quarters until the next product comes out, 0: none in design"""
    research = _Own[Floats]("research")
    """rmb_m since the last tape-out"""
    software = _Own[Floats]("software")
    """[v,f,r] maturity in [0,1]"""
    reliability = _Own[Floats]("reliability")
    delivery = _Own[Floats]("delivery")
    """delivered over ordered, remembered"""
    base = _Own[Floats]("base")
    """[v,s,r] k cards installed"""
    orders = _Own[Floats]("orders")
    """k cards that buyers asked for last quarter, second choices included: some asked elsewhere first"""
    sold = _Own[Floats]("sold")
    """k cards sold last quarter"""
    revenue = _Own[Floats]("revenue")
    """rmb_m last quarter"""
    gross_profit = _Own[Floats]("gross_profit")
    """rmb_m last quarter"""
    growth = _Own[Floats]("growth")
    """extrapolated growth of own orders, per quarter"""

    def __init__(
        self,
        state: MarketState,
        world: Parameters,
        now: Conditions,
        public: PublicFacts,
        card_cost: Floats,
        noise: Floats,
        vendors: Ints | slice,
        workings: dict[str, Any],
    ) -> None:
        self.state = state
        """the market; strategies read it only through this class"""
        self.world = world
        self.now = now
        """prices, limits and policy levers of this quarter"""
        self.public = public
        self.vendors = vendors
        self.workings = workings
        """what strategies have worked out of the quarter, by name, for all views of it: saves work, changes nothing"""
        self._card_cost = card_cost
        self._noise = noise

    def of(self, vendors: Ints | slice) -> Observation:
        """The same observation for other vendors."""
        return self._view(vendors, self.workings)

    def apart(self) -> Observation:
        """The same observation for all vendors, with workings of its own: what keeps it may stand in the workings."""
        return self._view(slice(0, len(self.world.vendors)), {})

    def _view(self, vendors: Ints | slice, workings: dict[str, Any]) -> Observation:
        own = (self._card_cost, self._noise)
        return Observation(self.state, self.world, self.now, self.public, *own, vendors, workings)

    @property
    def card_cost(self) -> Floats:
        """[v,r] krmb, what a card started now would cost."""
        return self._card_cost[self.vendors]

    @property
    def noise(self) -> Floats:
        """[v,4,r] standard normal draws of one's own: a coin to toss that does not disturb anybody else's luck."""
        return self._noise[self.vendors]

    @property
    def stock_cost(self) -> Floats:
        """[v,r] krmb, mean cost of a card in stock; of a new card where there is no stock."""
        return np.where(self.stock > 0, ratio(self.stock_value, self.stock), self.card_cost)

    @property
    def revenue_share(self) -> Floats:
        """[v,r] own share of all revenue last quarter."""
        return self.public.revenue_share[self.vendors]

    @property
    def throughput(self) -> Floats:
        """[v,r] tokens/s of one's fully adapted card on the average segment's work."""
        return self.public.throughput[self.vendors]

    def hold(self) -> Decision:
        """The decision that changes nothing: same price, full use of capacity, research base, no new money.

        Fields that are the same for all vendors and runs have axes of length 1.
        """
        research = self.world.research_base[self.vendors]
        families, segments = len(self.world.families), len(self.world.segments)
        none = np.zeros((1, 1))
        return Decision(
            price=self.price,
            capacity=np.zeros((1, len(self.world.nodes), 1)),
            premium=none,
            run_share=np.ones((1, 1)),
            start_product=np.zeros((1, 1), dtype=bool),
            product_node=self.node,
            product_memory=self.memory,
            research=research,
            adaptation=0.3 * research,
            adaptation_split=np.full((1, families, 1), 1.0 / families),
            service=0.1 * research,
            focus=np.full((1, segments, 1), 1.0 / segments),
            funds=none,
            bid=none,
        )


def observe(state: MarketState, now: Conditions, p: Parameters, draws: Draws) -> Observation:
    """What can be known before the decisions of a quarter, for all domestic vendors; `of` narrows it down."""
    card = on_the_line(p, state, ahead=1)
    dies = np.take_along_axis(technology.cards_per_wafer(p, now, state.wafers_made), card.node, axis=0)
    card_cost = technology.unit_cost(p, now, state, dies, card)
    return Observation(state, p, now, PublicFacts(p, now, state), card_cost, draws.noise, slice(0, p.domestic), {})
