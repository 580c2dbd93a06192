"""What strategies work out from an observation before they decide.

A dozen strategies look at the same quarter. So it is worked out once: `MarketView` from what everybody knows, and
`Books` for all vendors side by side, each row from that vendor's own observation; an `Outlook` shows a strategy its
own vendors' rows.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from marketsim.observation import Observation
from marketsim.rules.arrays import one_hot, pick, ratio, total, total_of_any
from marketsim.rules.technology import cards_per_wafer
from marketsim.state import Bools, Floats, Ints

A_CARD = 1e-3
"""One card, in k: keeps ratios of orders to cards finite."""


@dataclass(frozen=True)
class MarketView:
    """What anybody can work out from public facts: the same for all vendors of a quarter."""

    obs: Observation

    @cached_property
    def dies_per_wafer(self) -> Floats:
        """[n,r] good packaged dies of a wafer."""
        return cards_per_wafer(self.obs.world, self.obs.now, self.obs.state.wafers_made)

    @cached_property
    def open_nodes(self) -> Bools:
        """[n,1] nodes with capacity to speak of: a tenth of the largest."""
        nodes: Bools = self.obs.now.wafer_limit >= 0.1 * self.obs.now.wafer_limit.max(axis=0)
        return nodes

    @cached_property
    def die_cost(self) -> Floats:
        """[n,r] krmb per good die, infinite on nodes that are not open."""
        return np.where(self.open_nodes, self.obs.now.wafer_price / self.dies_per_wafer, np.inf)

    @cached_property
    def cheapest_node(self) -> Ints:
        """[r] node with the cheapest good die: 12nm among AI chips."""
        node: Ints = self.die_cost.argmin(axis=0)
        return node

    @cached_property
    def memory_cost(self) -> Floats:
        """[m,1] krmb, the memory of a card."""
        return self.obs.world.of_memories("per_card") * self.obs.now.memory_price / 1000

    @cached_property
    def bandwidth(self) -> Floats:
        """[m,1] TB/s of a card at architecture level 1."""
        return self.obs.world.of_memories("bandwidth")

    @cached_property
    def fastest_memory(self) -> Ints:
        """[1] memory with most bandwidth, scarce or not: HBM."""
        memory: Ints = self.bandwidth.argmax(axis=0)
        return memory

    @cached_property
    def best_value_memory(self) -> Ints:
        """[r] memory with most bandwidth for the money of a whole card on the cheapest node, if something is left."""
        card = self.memory_cost + self.die_cost.min(axis=0) + self.obs.world.technology.board_cost
        memory: Ints = (self.bandwidth * (1 - self.obs.public.memory_short) / card).argmax(axis=0)
        return memory

    @cached_property
    def cheapest_memory(self) -> Ints:
        """[1] cheapest memory that is plentiful, if any is: LPDDR."""
        scarce = np.isfinite(self.obs.now.memory_supply)
        memory: Ints = (self.memory_cost + np.where(scarce, 1e6, 0.0)).argmin(axis=0)
        return memory

    def of_buyers(self, values: Floats) -> Floats:
        """[1] or [r]: a number of each segment [s,1] or [s,r], averaged with what the segments spend."""
        both = np.stack(np.broadcast_arrays(values * self.obs.now.spend, self.obs.now.spend))
        sums = total_of_any(both, axis=1)
        mean: Floats = sums[0] / sums[1]
        return mean

    @cached_property
    def substitution(self) -> Floats:
        """[1] sigma: elasticity of substitution between vendors, of the average buyer."""
        pooled = 1 + self.obs.now.levers["joint_procurement"]
        return 1 + self.of_buyers(self.obs.world.of_segments("price_sensitivity")) * pooled

    @cached_property
    def demand_elasticity(self) -> Floats:
        """[1] eps: elasticity of all work bought in its cost, of the average buyer."""
        return self.of_buyers(self.obs.world.of_segments("demand_elasticity"))

    @cached_property
    def family_usage(self) -> Floats:
        """[f,1] share of each model family in the work of the average buyer."""
        usage = self.obs.world.usage
        return np.stack([self.of_buyers(usage[:, family]) for family in range(usage.shape[1])])

    @cached_property
    def industry_use(self) -> Floats:
        """[r] use of the industry's capacity: domestic cards sold over what all contracts signed can make, at most 1.

        Idle plant is of no account while buyers get much less than they ask for: from 90 % of orders filled down to
        60 %, use counts for more and more, in the end for 1.
        """
        public = self.obs.public
        capacity = total((self.obs.now.wafer_limit - public.free_capacity) * self.dies_per_wafer, axis=0)
        sold = total(public.sold[: self.obs.world.domestic], axis=0)
        use = np.minimum(ratio(sold, capacity, otherwise=1.0), 1.0)
        unfilled = np.minimum(np.maximum((0.9 - public.fill_rate) / 0.3, 0.0), 1.0)
        shown: Floats = use + (1 - use) * unfilled
        return shown

    @cached_property
    def leading_card(self) -> tuple[Ints, Ints]:
        """Node and memory of the domestic vendor with most revenue last quarter, [r] each."""
        public, domestic = self.obs.public, slice(0, self.obs.world.domestic)
        leader = public.revenue[domestic].argmax(axis=0)[None]
        node = np.take_along_axis(public.node[domestic], leader, axis=0)[0]
        return node, np.take_along_axis(public.memory[domestic], leader, axis=0)[0]


@dataclass(frozen=True)
class Books:
    """What each vendor can work out of its own books, all vendors side by side. Arrays are [v,r] unless said."""

    obs: Observation
    """of all vendors"""
    market: MarketView

    @cached_property
    def lead(self) -> int:
        """Quarters from wafer start to card."""
        return self.obs.world.technology.production_lead

    @cached_property
    def tightness(self) -> Floats:
        """Expected orders over cards on hand: above 1 cards are short, below 1 they pile up."""
        on_hand = self.obs.stock + self.obs.pipeline[:, 0]
        tightness: Floats = (self.obs.orders * np.exp(self.obs.growth) + A_CARD) / (on_hand + A_CARD)
        return tightness

    @cached_property
    def elasticity(self) -> Floats:
        """Price elasticity of the demand for one's own cards, e = sigma*(1-x) + eps*x, x the share of revenue."""
        share = self.obs.revenue_share
        return self.market.substitution * (1 - share) + self.market.demand_elasticity * share

    @cached_property
    def clearing_price(self) -> Floats:
        """Price (krmb) at which expected orders would just take the cards on hand: p * (orders/cards)^(1/e).

        Orders of more than a hundred times the cards, or less than a hundredth, tell of a launch and not of a price.
        """
        tightness = np.minimum(np.maximum(self.tightness, 0.01), 100.0)
        price: Floats = self.obs.price * tightness ** (1 / self.elasticity)
        return price

    @cached_property
    def fixed_cost(self) -> Floats:
        """Money (rmb_m a quarter) due whatever is sold: overhead, a normal team, the frontier, debt service."""
        world, now = self.obs.world, self.obs.now
        team = (world.overhead + 1.4 * world.research_base)[self.obs.vendors]
        frontier = world.finance.frontier_share * self.obs.public.domestic_revenue
        cost: Floats = team + frontier + self.obs.debt * (now.interest + 1 / np.maximum(world.finance.debt_term, 1.0))
        return cost

    @cached_property
    def runway(self) -> Floats:
        """Quarters until cash runs out at last quarter's gross profit, at most 40."""
        cash = self.obs.cash
        quarters: Floats = cash / np.maximum(np.maximum(self.fixed_cost - self.obs.gross_profit, 0.025 * cash), 1e-6)
        return quarters

    @cached_property
    def spare_cash(self) -> Floats:
        """Cash (rmb_m) beyond two quarters' fixed cost."""
        cash: Floats = np.maximum(self.obs.cash - 2 * self.fixed_cost, 0.0)
        return cash

    @cached_property
    def cards_coming(self) -> Floats:
        """Cards (k) in stock and in process."""
        cards: Floats = self.obs.stock + total(self.obs.pipeline, axis=1)
        return cards

    @cached_property
    def fair_share(self) -> Floats:
        """Share of what is scarce that a vendor can hope for: of domestic revenue, at least half of an equal part."""
        public = self.obs.public
        return np.maximum(ratio(self.obs.revenue, public.domestic_revenue), 0.5 / np.maximum(public.active, 1))

    @cached_property
    def node_at_scale(self) -> Ints:
        """Node on which most compute can be delivered: max of compute * min(orders, fair share of the node's cards).

        A small vendor takes the strongest node as soon as it opens, a large one when it is large enough.
        """
        world = self.obs.world
        good_dies = self.market.dies_per_wafer * self.obs.now.wafer_limit
        share = self.fair_share / world.dies_per_card[self.obs.vendors]
        return self._at_scale(good_dies, share, world.of_nodes("compute"))

    @cached_property
    def memory_at_scale(self) -> Ints:
        """Memory with which most bandwidth can be delivered: max of bandwidth * min(orders, fair share of it)."""
        world = self.obs.world
        cards = (self.obs.state.memory_stock + self.obs.now.memory_supply) / world.of_memories("per_card")
        return self._at_scale(cards, self.fair_share, self.market.bandwidth)

    def _at_scale(self, supply: Floats, share: Floats, worth: Floats) -> Ints:
        """Index of the resource of which most `worth` [i,1] can be had.  supply [i,r], share of it in k cards [v,r]."""
        orders = np.maximum(self.obs.orders, A_CARD)
        best, most = np.zeros(orders.shape, dtype=np.int64), np.zeros(orders.shape)
        for index in range(len(worth)):  # a handful; argmax over a middle axis is slower
            had = np.minimum(share * supply[index], orders) * worth[index]
            np.putmask(best, had > most, index)
            most = np.maximum(had, most)
        return best

    @cached_property
    def line_node(self) -> Ints:
        """Node of the wafers that start this quarter: the next product's from its tape-out on."""
        return self._node_within(self.lead + 1)

    @cached_property
    def planned_node(self) -> Ints:
        """Node of the wafers that capacity asked for now will process, once it has arrived."""
        return self._node_within(self.lead + 1 + self.obs.world.contract_lead)

    def _node_within(self, quarters: int) -> Ints:
        node: Ints = np.where(self._taped_out_within(quarters), self.obs.next_node, self.obs.node)
        return node

    def _taped_out_within(self, quarters: int) -> Bools:
        """Whether a product in design comes out within so many quarters."""
        return (self.obs.next_quarters > 0) & (self.obs.next_quarters <= quarters)

    @cached_property
    def planned(self) -> Bools:
        """[v,n,r] flags of `planned_node`."""
        return one_hot(self.planned_node, len(self.obs.world.nodes))

    @cached_property
    def line_capacity(self) -> Floats:
        """Cards (k a quarter) that contracts in force can start."""
        contracts = np.take_along_axis(self.obs.contracts, self.line_node[:, None], axis=1)[:, 0]
        return contracts / self._wafers_per_card(self.line_node)

    @cached_property
    def reach_use(self) -> Floats:
        """Expected orders over the cards within reach; 1 for who has had no order yet.

        Within reach are the cards on hand and, unless memory was short, what contracts could have made instead.
        """
        obs = self.obs
        on_hand = obs.stock + obs.pipeline[:, 0]
        short = np.take_along_axis(obs.public.memory_short, obs.memory, axis=0) > 0
        reach = np.where(short, on_hand, np.maximum(on_hand, obs.stock + self.line_capacity))
        return np.where(obs.orders > 0, (obs.orders * np.exp(obs.growth) + A_CARD) / (reach + A_CARD), 1.0)

    @cached_property
    def wafers_per_card(self) -> Floats:
        """Wafers (k) for a k of one's cards on the planned node."""
        return self._wafers_per_card(self.planned_node)

    def _wafers_per_card(self, node: Ints) -> Floats:
        per_wafer = np.take_along_axis(self.market.dies_per_wafer, node, axis=0)
        return self.obs.world.dies_per_card[self.obs.vendors] / per_wafer

    @cached_property
    def position(self) -> Floats:
        """[v,n,r] k wafers/quarter that contracts will be worth when capacity asked for now arrives."""
        world = self.obs.world
        kept = np.maximum(1 - 1 / world.of_nodes("contract_life"), 0.0) ** world.contract_lead
        capacity: Floats = self.obs.contracts * kept + total(self.obs.arriving, axis=2)
        return capacity

    @cached_property
    def planned_position(self) -> Floats:
        """Capacity (k wafers/quarter) of `position` on the planned node."""
        return np.take_along_axis(self.position, self.planned_node[:, None], axis=1)[:, 0]

    @cached_property
    def unused(self) -> Floats:
        """[v,n,r] k wafers/quarter of `position` on nodes that no product needs: neither on the line nor planned."""
        return self.position * ~(self.planned | one_hot(self.line_node, len(self.obs.world.nodes)))

    @cached_property
    def first_capacity(self) -> Floats:
        """Capacity (k wafers/quarter) for who has had no order yet: what it has, or an entrant's first contract.

        A newcomer signs it so that it begins with the tape-out of its first product: before, it would stand idle.
        """
        contract = self.obs.world.of_vendors(lambda vendor: 0.0, lambda entrant: entrant.contract)
        ready = self.obs.has_product | self._taped_out_within(self.lead + 1 + self.obs.world.contract_lead)
        return np.maximum(self.planned_position, contract[self.obs.vendors] * ready)

    @cached_property
    def capacity_price(self) -> Floats:
        """Own money (rmb_m) for a k wafers/quarter of the planned node: the fee, and a quarter's wafers."""
        world, now = self.obs.world, self.obs.now
        own = (1 - world.finance.debt_share) * (1 - now.levers["capacity_subsidy"])
        return pick(own * now.contract_fee + now.wafer_price, self.planned_node)

    @cached_property
    def plant_price(self) -> Floats:
        """Own money (rmb_m) for a k wafers/quarter of the planned node: the fee, and a quarter's cards made on it."""
        fee = self.capacity_price - pick(self.obs.now.wafer_price, self.planned_node)
        price: Floats = fee + self.obs.card_cost / self.wafers_per_card
        return price

    @cached_property
    def payable_plant(self) -> Floats:
        """Plant (k wafers/quarter of the planned node) for which own money is at hand, its first cards included.

        Spare cash less what a quarter of all contracts signed so far costs to run and trade credit does not cover.
        """
        a_quarter = self.planned_position * self.obs.card_cost / self.wafers_per_card
        tied = np.maximum(a_quarter - self.obs.world.finance.trade_credit * self.obs.revenue, 0.0)
        plant: Floats = np.maximum(self.spare_cash - tied, 0.0) / self.plant_price
        return plant


class Outlook:
    """How the vendors of an observation see the market and their own business: `Books`, their rows only."""

    tightness: Floats
    elasticity: Floats
    clearing_price: Floats
    fixed_cost: Floats
    runway: Floats
    spare_cash: Floats
    cards_coming: Floats
    node_at_scale: Ints
    memory_at_scale: Ints
    planned: Bools
    wafers_per_card: Floats
    line_capacity: Floats
    reach_use: Floats
    planned_position: Floats
    unused: Floats
    first_capacity: Floats
    capacity_price: Floats
    plant_price: Floats
    payable_plant: Floats

    def __init__(self, obs: Observation) -> None:
        self.obs = obs
        self._books = _books_of(obs)
        self.market = self._books.market
        self.lead = self._books.lead

    def __getattr__(self, name: str) -> Floats:
        """The rows of `Books.name`; kept, so that it is asked for once."""
        rows: Floats = getattr(self._books, name)[self.obs.vendors]
        setattr(self, name, rows)
        return rows


def _books_of(obs: Observation) -> Books:
    """The books of all vendors, worked out once a quarter whoever asks first."""
    if "books" not in obs.workings:
        everybody = obs.apart()
        obs.workings["books"] = Books(everybody, MarketView(everybody))
    books: Books = obs.workings["books"]
    return books
