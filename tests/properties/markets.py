"""Random small scenarios and random decisions, sensible or not."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

import numpy as np
from hypothesis import strategies as st

from marketsim.decisions import Decision
from marketsim.scenario.parameters import Parameters
from tests.rules.test_technology import foreign_supplier
from tests.worlds import ENTRANT, PLAIN_FAMILY, PLAIN_MEMORY, PLAIN_NODE, PLAIN_SEGMENT, plain_world

share = st.one_of(st.sampled_from([0.0, 1.0]), st.floats(0.001, 1))
contract = st.one_of(st.just(0.0), st.floats(0.001, 5))


def _changed(base: dict[str, Any], **choices: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries(choices).map(lambda values: {**base, **values})


nodes = _changed(
    PLAIN_NODE,
    capacity=st.one_of(st.floats(0, 20), st.just({"2025Q1": 10, "2026Q1": 2})),
    contract_fee=st.sampled_from([0.0, 10.0, 200.0]),
    contract_life=st.floats(1, 30),
    contract_lead=st.integers(1, 3),
    take_or_pay=share,
    releasable=share,
    newcomer_standing=st.sampled_from([0.0, 0.01]),
    design_time=st.integers(1, 3),
    respin_chance=share,
    respin_cost=st.floats(0, 200),
    defect_floor=st.just(0.05),
    defect_learning=share,
)
memories = _changed(PLAIN_MEMORY, supply=st.sampled_from([None, 0.0, 1.0, 10.0]), stockpile=st.sampled_from([0.0, 5.0]))
families = _changed(PLAIN_FAMILY, generation_chance=share, obsolescence=share)
segments = _changed(
    PLAIN_SEGMENT,
    spend=st.floats(1, 1e5),
    cost_decline=st.floats(0, 0.2),
    training=share,
    prefill=share,
    price_sensitivity=st.floats(0.5, 20),
    demand_elasticity=st.floats(0, 3),
    lock_in=st.floats(0, 3),
    software_weight=st.floats(0, 5),
    usage=st.sampled_from([{"a": 1, "b": 1}, {"b": 0.2}]),
    patience=share,
)
vendors = st.fixed_dictionaries(
    {
        "price": st.floats(1, 500),
        "stock": st.sampled_from([0.0, 3.0, 1e3]),
        "cash": st.sampled_from([0.0, 50.0, 1e4]),
        "debt": st.sampled_from([0.0, 500.0]),
        "overhead": st.sampled_from([0.0, 5.0, 100.0]),
        "rnd_base": st.sampled_from([0.0, 20.0]),
        "installed": st.sampled_from([0.0, 10.0, 1e4]),
        "cost_factor": st.floats(0.5, 2),
        "dies_per_card": st.floats(0.5, 4),
        "contracts": st.fixed_dictionaries({"x": contract, "y": contract}),
        "in_process": st.just([1, 2]),
        "parent_support": st.sampled_from([0.0, 30.0]),
        "foundry_priority": st.floats(0.1, 10),
        "product": st.fixed_dictionaries(
            {"node": st.sampled_from("xy"), "memory": st.sampled_from("mn"), "architecture": st.floats(0.5, 3)}
        ),
        "software": st.fixed_dictionaries({"a": share, "b": share}),
    }
)
policies = st.fixed_dictionaries(
    {
        "purchase_subsidy": st.sampled_from([0.0, 0.3]),
        "export_control": st.sampled_from([0.0, 0.5, 1.0]),
        "foundry_priority": share,
        "capacity_subsidy": share,
        "guidance_fund": st.sampled_from([0.0, 100.0]),
        "guidance_targeting": share,
        "local_support": share,
        "shared_stack": share,
        "joint_procurement": st.sampled_from([0.0, 0.5]),
        "merger_approval": share,
        "import_ceiling": st.sampled_from([0.0, 1.0, 100.0]),
        "domestic_content": st.sampled_from([{}, {"one": 0.6}, {"one": 1.0}]),
    }
)


@st.composite
def markets(draw: st.DrawFn, abroad: bool = True, newcomers: bool = True) -> Parameters:
    """A random world: two nodes, memories, families and segments, one to five vendors, entrants, foreign suppliers."""
    count = draw(st.integers(1, 5))
    changes: dict[str, Any] = {
        "quarters": 8,
        "nodes": {"x": draw(nodes), "y": draw(nodes)},
        "memories": {"m": draw(memories), "n": draw(memories)},
        "families": {"a": draw(families), "b": draw(families)},
        "segments": {"one": draw(segments), "two": draw(segments)},
        "policy": draw(policies),
        "technology__learning_rate": draw(st.floats(0, 0.4)),
        "technology__experience_spillover": draw(share),
        "technology__yield_noise": draw(st.floats(0, 0.3)),
        "technology__obsolete_stock": draw(share),
        "software__community_rate": draw(st.sampled_from([0.0, 0.1])),
        "software__missed_delivery_cost": draw(share),
        "market__luck": draw(st.floats(0, 1)),
        "market__demand_noise": draw(st.floats(0, 0.3)),
        "market__focus_effect": draw(st.floats(0, 1)),
        "market__electricity_price": draw(st.floats(0, 1)),
        "market__card_life": draw(st.floats(4, 30)),
        "finance__debt_share": draw(share),
        "finance__debt_term": draw(st.sampled_from([0.5, 8.0])),
        "finance__lending_multiple": draw(st.floats(0, 3)),
        "finance__collateral_share": draw(share),
        "finance__trade_credit": draw(share),
        "finance__frontier_share": draw(st.sampled_from([0.0, 0.02])),
        "finance__subsidy_limit": draw(st.sampled_from([0.0, 20.0])),
        "finance__climate": draw(st.sampled_from([0.0, 1.0, 2.0])),
    }
    for number in range(count):
        changes |= {f"vendors__maker-{number}__{key}": value for key, value in draw(vendors).items()}
        changes[f"vendors__maker-{number}__installed"] += number * 0.37  # no two are worth the same to a buyer
    if newcomers:
        product = {"node": "x", "memory": "m", "architecture": 1}
        changes["entrants"] = {"new": {**ENTRANT, "product": product, "cost_spread": 0.1}}
        changes["population__entry_rate"] = draw(st.sampled_from([0.0, 1.0]))
    if abroad:
        changes["foreign"] = {"nv": {**foreign_supplier(), "software": {"a": 1, "b": 1}, "installed_split": {"one": 1}}}
    return plain_world(count, **changes)


def wild_decision(p: Parameters, runs: int, rng: np.random.Generator) -> Decision:
    """Anything at all for everybody, dead and foreign vendors included: mostly in bounds, sometimes far out, or NaN."""
    size = {"v": len(p.vendors), "n": len(p.nodes), "f": len(p.families), "s": len(p.segments), "r": runs}
    scales = {"price": 200.0, "capacity": 10.0, "premium": 0.5, "run_share": 1.0, "bid": 1e4}
    values: dict[str, Any] = {}
    for item in fields(Decision):
        shape = tuple(size[axis] for axis in item.metadata["axes"])
        if item.name == "start_product":
            values[item.name] = rng.random(shape) < 0.4
        elif item.name in ("product_node", "product_memory"):
            values[item.name] = rng.integers(-2, 15, shape)
        else:
            low = -0.5 if item.name == "capacity" else 0.0
            number = scales.get(item.name, 100.0) * (low + rng.random(shape) ** 2)
            odd = rng.random(shape)
            number = np.where(odd < 0.02, np.nan, number)
            number = np.where((odd > 0.02) & (odd < 0.04), rng.choice([-np.inf, -1e9, 1e9, np.inf], shape), number)
            values[item.name] = number
    return Decision(**values)
