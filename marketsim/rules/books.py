"""Stage 7: every yuan that moves in the quarter, who fails, and what the losses came from."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from marketsim.rules import finance
from marketsim.rules.arrays import ratio, total
from marketsim.rules.products import Progress
from marketsim.rules.sales import Sales
from marketsim.rules.supply import Supply
from marketsim.scenario.parameters import Conditions, Parameters
from marketsim.state import Bools, Floats, MarketState


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
    price = finance.capacity_cost(p, now, supply.granted, premium)
    subsidy = now.levers["capacity_subsidy"] * price
    room = np.maximum(limit - state.debt, 0.0)
    flows["capacity"] = -price
    flows["capacity_subsidy"] = subsidy
    flows["borrowing"] = np.minimum(p.finance.debt_share * (price - subsidy), room)
    flows["repayment"] = -supply.dues["repayment"]
    flows["raised"] = money.raised
    flows["guidance_fund"] = money.guidance
    cash, debt, failed = finance.settle(p, now, state, flows, limit)
    losses = _losses(p, state, supply, sales, progress, asked_funds - money.raised - money.guidance, result)
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
    state: MarketState,
    supply: Supply,
    sales: Sales,
    progress: Progress,
    unfunded: Floats,
    result: Floats,
) -> tuple[Floats, ...]:
    """What the quarter lost to each of finance.CAUSES, [v,r] each, rmb_m, at least 0.

    Orders lost to software are those that mean maturity would have brought, as far as cards were left for them: orders
    * (exp(alpha * ln(1/e_min) * (mean maturity of cards sold - own)) - 1), at the normal margin.
    """
    revenue = sales.price * sales.sold
    normal = p.finance.normal_margin
    gross = revenue - sales.cost_of_goods
    maturity = total(state.software, axis=1) / len(p.families)
    mean = ratio(total(maturity * sales.sold, axis=0), total(sales.sold, axis=0))
    alpha = p.of_segments("price_sensitivity").mean()
    gap = np.clip(alpha * -np.log(p.technology.untuned_share) * (mean - maturity), 0.0, 1.0)
    short = np.maximum(sales.orders - sales.sold, 0.0)
    return (
        np.maximum(normal * revenue - gross, 0.0),
        supply.idle_cost + progress.write_off_value,
        short * np.maximum(sales.price * normal, 0.0),
        normal * sales.price * np.minimum(sales.orders * np.expm1(gap), state.stock),
        supply.dues["interest"] + np.minimum(np.maximum(unfunded, 0.0), np.maximum(-result, 0.0)),
    )
