"""Stage 7: every yuan that moves in the quarter, who fails, and what the losses came from."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from marketsim.rules import finance
from marketsim.rules.arrays import ratio, total
from marketsim.rules.demand import TERMS
from marketsim.rules.products import Progress
from marketsim.rules.sales import Sales
from marketsim.rules.supply import Supply
from marketsim.scenario.parameters import Conditions, Parameters
from marketsim.state import Bools, Floats, MarketState

FULL = 0.9
"""Share of a foundry node or of scarce memory that must be taken before it counts as a limit."""


@dataclass(frozen=True, slots=True)
class Books:
    """The books at the end of a quarter. All [v,r], rmb_m unless said."""

    flows: dict[str, Floats]
    cash: Floats
    debt: Floats
    failed: Bools
    funding: finance.Funding
    shortfall: Floats  # [v,c,r]


def books(
    p: Parameters,
    now: Conditions,
    state: MarketState,
    asked_funds: Floats,
    premium: Floats,
    luck: tuple[Floats, Floats],
    progress: Progress,
    supply: Supply,
    sales: Sales,
) -> Books:
    """Enter all flows, let investors decide, settle.

    state: the market after the sales. asked_funds, premium [v,r]; luck: uniform draws for rounds and listings [v,r].
    """
    money = finance.funding(p, now, state, asked_funds, *luck)
    flows = _operating_flows(p, now, state, supply, sales)
    result = finance.sum_of_flows(flows)
    limit = supply.budget.debt_limit
    price = finance.capacity_cost(now, supply.granted, premium)
    subsidy = now.levers["capacity_subsidy"] * price
    room = np.maximum(limit - state.debt, 0.0)
    flows["capacity"] = -price
    flows["capacity_subsidy"] = subsidy
    flows["borrowing"] = np.minimum(p.finance.debt_share * (price - subsidy), room)
    flows["repayment"] = -supply.dues["repayment"]
    flows["raised"] = money.raised
    flows["guidance_fund"] = money.guidance
    cash, debt, failed = finance.settle(p, now, state, flows, limit)
    losses = _losses(p, now, state, supply, sales, progress, asked_funds - money.raised - money.guidance, result)
    return Books(flows, cash, debt, failed, money, finance.shortfall_after(p, state.shortfall, losses))


def _operating_flows(
    p: Parameters, now: Conditions, state: MarketState, supply: Supply, sales: Sales
) -> dict[str, Floats]:
    revenue = sales.price * sales.sold
    paid_by_state = revenue * np.where(p.foreign, 0.0, now.levers["purchase_subsidy"])
    return {
        "sales": revenue - paid_by_state,
        "purchase_subsidy": paid_by_state,
        "production": -supply.cost,
        "take_or_pay": -supply.idle_cost,
        "tape_out": -supply.budget.tape_out,
        "adaptation": -supply.budget.adaptation,
        "service": -supply.budget.service,
        "research": -supply.budget.research,
        **{name: -due for name, due in supply.dues.items() if name != "repayment"},
    }


def _losses(
    p: Parameters,
    now: Conditions,
    state: MarketState,
    supply: Supply,
    sales: Sales,
    progress: Progress,
    unfunded: Floats,
    result: Floats,
) -> tuple[Floats, ...]:
    """What the quarter lost to each of finance.CAUSES, [v,r] each, rmb_m, at least 0.

    A price war takes margin from what is sold, and orders from who does not follow. Orders lost to price and to
    software are those that the mean card sold would have brought in these terms of utility, orders * (exp(gap) - 1), at
    the normal margin; who is short of supply could have served them only from stock. The cost of the frontier belongs
    to software. Funding is what investors would not carry of losses that none of this explains.
    """
    margin = p.finance.normal_margin * sales.price
    limited = _limited(now, state, supply)

    def forgone(term: str, other: str) -> Floats:
        orders = sales.orders * np.expm1(_gap(sales, term, other))
        return margin * np.where(limited, np.minimum(orders, state.stock), orders)

    loss = np.maximum(-result, 0.0)
    frontier = np.minimum(supply.dues["frontier"], loss)
    missing = np.maximum(margin * sales.sold - (sales.price * sales.sold - sales.cost_of_goods), 0.0)
    price_war = missing + forgone("price", "performance")
    idle = supply.idle_cost + progress.write_off_value
    unexplained = np.maximum(loss - frontier - price_war - idle, 0.0)
    return (
        price_war,
        idle,
        np.where(limited, margin * np.maximum(sales.orders - sales.sold, 0.0), 0.0),
        forgone("software", "lock_in") + frontier,
        supply.dues["interest"] + np.minimum(np.maximum(unfunded, 0.0), unexplained),
    )


def _limited(now: Conditions, state: MarketState, supply: Supply) -> Bools:
    """Whether foundry or memory keep more of a vendor's card from being made, [v,r]: nine tenths are taken."""
    full = total(supply.contracts, axis=0) >= FULL * now.wafer_limit
    used_up = supply.memory_used >= FULL * supply.memory_limit
    node, memory = (
        np.take_along_axis(flags, card, axis=0) for flags, card in ((full, state.node), (used_up, state.memory))
    )
    limited: Bools = node | memory
    return limited


def _gap(sales: Sales, term: str, other: str) -> Floats:
    """How far a vendor is behind the mean card sold in two terms of utility, [v,r] in [0,1]; 0 if none is sold."""
    both = sales.terms[TERMS.index(term)] + sales.terms[TERMS.index(other)]
    both *= ratio(sales.spend, total(sales.spend, axis=0))
    own = total(both, axis=1)
    sold = total(sales.sold, axis=0)
    mean = ratio(total(own * sales.sold, axis=0), sold)
    gap: Floats = np.clip(mean - own, 0.0, 1.0) * (sold > 0)
    return gap
