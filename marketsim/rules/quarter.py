"""The order of one quarter. Every driver (play, Mesa, ensemble, workshop) calls `play`; nothing else changes a market.

1 news (the conditions) - 2 decisions - 3 foundry and memory - 4 production - 5 market - 6 software, reliability,
technology - 7 books - 8 exit, acquisition, entry - 9 records (the outcome).
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from marketsim.chance import Draws
from marketsim.decisions import Decision, clip, full
from marketsim.rules import finance, population, products, software
from marketsim.rules.arrays import total
from marketsim.rules.books import Books, books
from marketsim.rules.sales import Sales, shelf, trade
from marketsim.rules.supply import Supply, supply
from marketsim.scenario.parameters import Conditions, Parameters
from marketsim.state import Bools, Floats, Ints, MarketState, Outcome

OF_SALES = (
    *(
        "price",
        "choice",
        "terms",
        "bought",
        "spend",
        "lost",
        "cost_index",
        "orders",
        "sold",
        "sold_in",
        "cost_of_goods",
    ),
    *("compute", "bandwidth", "power", "time_per_token", "maturity"),
)
"""What is recorded of a quarter's sales as it is."""

DUST = 1e-9
"""k cards: what rounding leaves of a stock that is sold out, a millionth of a card, is nothing."""


def play(
    p: Parameters, now: Conditions, state: MarketState, decision: Decision, draws: Draws
) -> tuple[MarketState, Outcome]:
    """One quarter of the market: what was decided meets what was drawn.

    decision: all vendors', in anything that broadcasts to full shape; what foreign suppliers and dead vendors decide is
    ignored.
    Returns the market after the quarter and what happened in it.
    """
    decision, clipped = clip(full(decision, *state.cash.shape))
    state, progress = products.progress(p, state, draws.respin)
    made = supply(p, now, state, decision, draws, progress)
    stocked = _stocked(state, made)
    offers = shelf(p, now, stocked, decision.price, decision.focus, draws.luck)
    sales = trade(p, now, stocked, offers, draws.demand)
    advanced = _advanced(p, now, stocked, decision, draws, made, sales)
    money = books(
        p, now, advanced, decision.funds, decision.premium, (draws.round, draws.listing), progress, made, sales
    )
    settled = _settled(advanced, money)
    after, buyer, paid = _exits(p, now, settled, decision.bid, money.failed, draws)
    after = replace(after, age=after.age + after.alive)
    entering = population.entries(p, now, after, draws.entry)
    after = population.founded(p, now, after, entering, draws.heritage)
    money.flows["acquisition"] = -paid
    lost_cards = (stocked.stock - sales.sold + total(made.pipeline, axis=1)) * money.failed
    return after, _outcome(now, made, sales, money, entering, buyer, clipped, progress.written_off + lost_cards)


def _stocked(state: MarketState, made: Supply) -> MarketState:
    """The market with this quarter's cards on the shelf and this quarter's wafers in the line."""
    return replace(
        state,
        stock=state.stock + made.finished,
        stock_value=state.stock_value + made.finished_value,
        pipeline=made.pipeline,
        pipeline_value=made.pipeline_value,
        contracts=made.contracts,
        arriving=made.arriving,
        cumulative=state.cumulative + made.finished,
        industry_output=state.industry_output + total(made.finished, axis=0),
        wafers_made=state.wafers_made + total(made.wafers, axis=0),
        memory_stock=made.memory_limit - made.memory_used,
    )


def _advanced(
    p: Parameters, now: Conditions, state: MarketState, decision: Decision, draws: Draws, made: Supply, sales: Sales
) -> MarketState:
    """Stage 6: cards go into service, software and reliability move, designs begin, growth is extrapolated."""
    budget = made.budget
    spread = budget.adaptation[:, None] * decision.adaptation_split
    reach = software.effective_adaptation(p, now, spread, state.base)
    known = software.adapted(state.software, reach, p.of_families("adaptation_scale"))
    known = np.where((state.alive & ~p.foreign)[:, None], known, state.software)
    appeared = software.new_generations(p, now, draws.generation)
    aged = np.where(p.foreign[:, None], known, software.aged(p, known, appeared))
    base = state.base * (1 - 1 / p.market.card_life) + sales.sold_in
    reliability = software.reliability_after(p, state.reliability, budget.service, total(base, axis=1), 1 - sales.met)
    revenue = sales.price * sales.sold
    kept = (state.stock - sales.sold > DUST) & ~p.foreign
    begun = products.begun(p, state, budget.starts_product, decision.product_node, decision.product_memory)
    return replace(
        begun,
        price=sales.price,
        stock=np.where(kept, state.stock - sales.sold, 0.0),
        stock_value=np.where(kept, np.maximum(state.stock_value - sales.cost_of_goods, 0.0), 0.0),
        base=base,
        software=aged,
        reliability=np.where(p.foreign, state.reliability, reliability),
        delivery=software.delivery_after(p, state.delivery, sales.met),
        research=state.research + budget.research,
        growth=finance.growth_after(p, state.growth, sales.orders, state.orders),
        orders=sales.orders,
        sold=sales.sold,
        revenue=revenue,
        gross_profit=revenue - sales.cost_of_goods,
        waiting=sales.waiting,
    )


def _settled(state: MarketState, money: Books) -> MarketState:
    return replace(
        state,
        cash=money.cash,
        debt=money.debt,
        founders_share=money.funding.founders_share,
        listed=money.funding.listed,
        shortfall=money.shortfall,
    )


def _exits(
    p: Parameters, now: Conditions, state: MarketState, bid: Floats, failed: Bools, draws: Draws
) -> tuple[MarketState, Ints, Floats]:
    """Failing vendors are sold or closed.  Returns the market, the buyer of each [v,r] (-1) and what buyers paid."""
    paid = np.zeros_like(state.cash)
    if not failed.any():
        return state, np.full(failed.shape, -1), paid
    buyer, price = population.buyers(p, now, state, bid, failed, draws.merger < now.levers["merger_approval"])
    targets, runs = np.nonzero(buyer >= 0)
    paid[buyer[targets, runs], runs] = price[targets, runs]
    merged = population.merged(p, state, buyer)
    return population.buried(replace(merged, cash=merged.cash - paid), failed), buyer, paid


def _outcome(
    now: Conditions,
    made: Supply,
    sales: Sales,
    money: Books,
    entering: Bools,
    buyer: Ints,
    clipped: Ints,
    written_off: Floats,
) -> Outcome:
    """Stage 9: what is recorded."""
    return Outcome(
        **{name: getattr(sales, name) for name in OF_SALES},
        made=made.finished,
        started=made.cards,
        written_off=written_off,
        wafers=made.wafers,
        wafer_limit=now.wafer_limit,
        granted=made.granted,
        memory_used=made.memory_used,
        memory_limit=made.memory_limit,
        flows=money.flows,
        clipped=clipped,
        failed=money.failed,
        acquired_by=buyer,
        cause=np.where(money.failed, finance.main_cause(money.shortfall), -1),
        entered=entering,
        funded=money.funding.raised > 0,
    )
