"""Hypothesis strategies for the tests: valid small scenarios from all corners of the parameter space."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from hypothesis import strategies as st

from marketsim.scenario.fields import quarter_index, quarter_name
from marketsim.scenario.schema import Scenario

Strategy = st.SearchStrategy[Any]

START = "2025Q1"
LABEL = {"en": "a thing", "zh": "某物"}


def numbers(low: float, high: float, *extremes: float) -> Strategy:
    """Numbers in bounds, the bounds themselves and the named extremes more often than chance would have them."""
    return st.sampled_from([low, high, *extremes]) | st.floats(low, high, allow_nan=False)


def shares(*extremes: float) -> Strategy:
    return numbers(0, 1, *extremes)


def table(keys: Sequence[str], values: Strategy) -> Strategy:
    """A number for each of some of the keys."""
    return st.dictionaries(st.sampled_from(list(keys)), values, max_size=len(keys))


def paths(values: Strategy) -> Strategy:
    """A constant, or values at up to three quarters around the scenario."""
    quarters = st.integers(-4, 20).map(lambda n: quarter_name(quarter_index(START) + n))
    return values | st.dictionaries(quarters, values, min_size=1, max_size=3)


def nodes() -> Strategy:
    return st.fixed_dictionaries(
        {
            "title": st.just(LABEL),
            "capacity": paths(numbers(0, 500)),
            "wafer_price": paths(numbers(1, 500)),
            "gross_dies": numbers(1, 500),
            "die_area": numbers(0.5, 10),
            "defect_density": numbers(0, 2),
            "defect_floor": numbers(0, 0.2),
            "defect_learning": shares(),
            "reference_wafers": numbers(0.1, 1000),
            "packaging_yield": numbers(0.01, 1),
            "compute": numbers(10, 3000),
            "power": numbers(20, 1500),
            "contract_fee": paths(numbers(0, 1000)),
            "contract_life": numbers(1, 80),
            "contract_lead": st.integers(1, 4),
            "take_or_pay": shares(),
            "releasable": shares(),
            "tape_out_cost": numbers(0, 2000),
            "design_time": st.integers(1, 6),
            "respin_chance": shares(),
        },
        optional={"defect_clustering": numbers(0.3, 10), "newcomer_standing": shares(), "respin_cost": numbers(0, 200)},
    )


def memories() -> Strategy:
    return st.fixed_dictionaries(
        {
            "title": st.just(LABEL),
            "bandwidth": numbers(0.1, 10),
            "per_card": numbers(8, 300),
            "price": paths(numbers(1, 500)),
        },
        optional={"supply": st.none() | paths(numbers(0, 50_000)), "stockpile": numbers(0, 10_000)},
    )


def families() -> Strategy:
    quarters = st.integers(0, 16).map(lambda n: quarter_name(quarter_index(START) + n))
    return st.fixed_dictionaries(
        {"title": st.just(LABEL), "adaptation_scale": numbers(1, 5000), "obsolescence": shares()},
        optional={"generations": st.lists(quarters, max_size=3), "generation_chance": shares()},
    )


def segments(family_names: Sequence[str]) -> Strategy:
    usage = table(family_names, shares()).filter(lambda shares: sum(shares.values()) > 0)
    return st.fixed_dictionaries(
        {
            "title": st.just(LABEL),
            "spend": paths(numbers(1, 50_000)),
            "cost_decline": numbers(0, 0.5),
            "training": shares(),
            "prefill": shares(),
            "price_sensitivity": numbers(0.1, 20),
            "demand_elasticity": numbers(0, 3, 1),
            "software_weight": numbers(0, 5),
            "lock_in": numbers(0, 3),
            "reliability_weight": numbers(0, 5),
            "usage": usage,
            "patience": shares(),
        }
    )


def products(node_names: Sequence[str], memory_names: Sequence[str]) -> Strategy:
    return st.fixed_dictionaries(
        {
            "node": st.sampled_from(list(node_names)),
            "memory": st.sampled_from(list(memory_names)),
            "architecture": numbers(0.2, 5, 1),
        }
    )


def designs(node_names: Sequence[str], memory_names: Sequence[str]) -> Strategy:
    """Products in design: those that have a time until they are ready."""
    ready = st.integers(1, 4)
    return st.builds(lambda card, when: {**card, "ready_in": when}, products(node_names, memory_names), ready)


def vendors(names: dict[str, list[str]], lead: int, strategies: Sequence[str]) -> Strategy:
    """names: identifiers of the nodes, memories, families and segments.  lead: quarters of production."""
    segments = names["segments"]
    return st.fixed_dictionaries(
        {
            "title": st.just(LABEL),
            "strategy": st.sampled_from(list(strategies)),
            "strategy_reason": st.just("drawn at random"),
            "product": products(names["nodes"], names["memories"]),
            "price": numbers(1, 500),
            "in_process": st.lists(numbers(0, 100), min_size=lead, max_size=lead),
            "contracts": table(names["nodes"], numbers(0, 50)),
            "installed": numbers(0, 1000),
            "installed_split": table(segments, shares()),
            "software": table(names["families"], shares()),
            "reliability": shares(),
            "cash": numbers(0, 100_000),
            "overhead": numbers(0, 1000),
            "rnd_base": numbers(0, 2000),
        },
        optional={
            "next_product": st.none() | designs(names["nodes"], names["memories"]),
            "dies_per_card": numbers(0.5, 8),
            "cost_factor": numbers(0.3, 3),
            "stock": numbers(0, 500),
            "affinity": table(segments, numbers(-5, 5, 0)),
            "debt": numbers(0, 50_000),
            "founders_share": shares(),
            "listed": st.booleans(),
            "parent_support": numbers(0, 5000),
            "foundry_priority": numbers(0.1, 10),
        },
    )


def foreign_suppliers(names: dict[str, list[str]]) -> Strategy:
    offer = st.fixed_dictionaries(
        {
            "price": numbers(1, 500),
            "compute": numbers(10, 5000),
            "bandwidth": numbers(0.1, 20),
            "power": numbers(20, 2000),
            "supply": numbers(0, 1000),
        }
    )
    return st.fixed_dictionaries(
        {
            "title": st.just(LABEL),
            "offers": st.dictionaries(st.sampled_from([START, "2026Q1"]), offer, min_size=1),
            "installed": numbers(0, 5000),
            "installed_split": table(names["segments"], shares()),
            "software": table(names["families"], shares()),
            "reliability": shares(),
        }
    )


def entrant_types(names: dict[str, list[str]], strategies: Sequence[str]) -> Strategy:
    return st.fixed_dictionaries(
        {
            "title": st.just(LABEL),
            "slots": st.integers(1, 3),
            "weight": numbers(0.01, 5),
            "strategy": st.sampled_from(list(strategies)),
            "product": products(names["nodes"], names["memories"]),
            "price": numbers(1, 500),
            "cash": numbers(0, 5000),
            "contract": numbers(0, 10),
            "software": shares(),
            "reliability": shares(),
            "overhead": numbers(0, 500),
            "rnd_base": numbers(0, 500),
        },
        optional={"cost_spread": numbers(0, 0.5), "catch_up": shares()},
    )


SECTIONS: dict[str, dict[str, Strategy]] = {
    "technology": {
        "prefill_rate": numbers(0.1, 50),
        "decode_rate": numbers(50, 2000),
        "training_rate": numbers(0.1, 50),
        "cluster_exponent": numbers(0, 5),
        "untuned_share": numbers(0.01, 1),
        "board_cost": numbers(0, 50),
        "learning_rate": numbers(0, 0.5),
        "reference_output": numbers(0.1, 1000),
        "experience_spillover": shares(),
        "research_scale": numbers(1, 10_000),
        "generation_gain": numbers(0, 3),
        "architecture_cost": shares(),
        "obsolete_stock": shares(),
        "yield_noise": numbers(0, 0.5),
    },
    "software": {
        "community_rate": numbers(0, 10),
        "service_scale": numbers(1, 2000),
        "service_per_card": numbers(0, 20),
        "reliability_decay": shares(),
        "missed_delivery_cost": shares(),
        "delivery_memory": shares(),
    },
    "market": {
        "server_markup": numbers(0, 3),
        "card_life": numbers(1, 40),
        "utilisation": numbers(0.01, 1),
        "counted_tokens": paths(shares()),
        "electricity_price": paths(numbers(0, 3)),
        "power_overhead": numbers(1, 3),
        "lock_in_floor": numbers(0.001, 1),
        "focus_effect": numbers(0, 2),
        "luck": numbers(0, 2),
        "demand_noise": numbers(0, 0.5),
        "growth_memory": shares(),
    },
    "finance": {
        "interest_rate": paths(numbers(0, 0.5)),
        "debt_term": numbers(1, 80),
        "debt_share": shares(),
        "lending_multiple": numbers(0, 10),
        "collateral_share": shares(),
        "trade_credit": shares(),
        "frontier_share": numbers(0, 0.1),
        "round_chance": shares(),
        "round_growth_weight": numbers(0, 5),
        "valuation_floor": numbers(0, 20_000),
        "valuation_multiple": numbers(0, 50),
        "largest_dilution": shares(),
        "listing_revenue": numbers(0, 10_000),
        "listing_boost": numbers(0.5, 5),
        "climate": paths(numbers(0, 3)),
        "subsidy_limit": numbers(0, 5000),
        "acquisition_price": shares(),
        "base_value": numbers(0, 100),
        "software_value": numbers(0, 20_000),
        "plant_value": shares(),
        "normal_margin": shares(),
    },
    "population": {
        "entry_rate": paths(numbers(0, 3)),
        "largest_population": numbers(1, 50),
        "entry_margin_weight": numbers(0, 2),
        "base_retention": shares(),
    },
}

SHARE_LEVERS = [
    "electricity_discount",
    "export_control",
    "foundry_priority",
    "capacity_subsidy",
    "guidance_targeting",
    "listing_window",
    "local_support",
    "shared_stack",
    "merger_approval",
]
OTHER_LEVERS = {
    "purchase_subsidy": 0.9,
    "import_ceiling": 3,
    "import_tariff": 2,
    "guidance_fund": 20_000,
    "joint_procurement": 2,
}


def policies(segment_names: Sequence[str]) -> Strategy:
    levers: dict[str, Strategy] = {lever: paths(shares()) for lever in SHARE_LEVERS}
    levers |= {lever: paths(numbers(0, high)) for lever, high in OTHER_LEVERS.items()}
    content = table(segment_names, paths(shares()))
    support = table(segment_names, paths(numbers(0.01, 100)))
    return st.fixed_dictionaries({}, optional={**levers, "domestic_content": content, "demand_support": support})


def events(segment_names: Sequence[str]) -> Strategy:
    changes: dict[str, Strategy] = {f"domestic_content.{segment}": shares() for segment in segment_names}
    changes |= {f"demand_support.{segment}": numbers(0.01, 100) for segment in segment_names}
    changes |= {lever: shares() for lever in SHARE_LEVERS}
    changes |= {lever: numbers(0, high) for lever, high in OTHER_LEVERS.items()}
    quarters = st.integers(0, 16).map(lambda n: quarter_name(quarter_index(START) + n))
    event = {"quarter": quarters, "title": st.just(LABEL), "changes": st.fixed_dictionaries({}, optional=changes)}
    return st.lists(st.fixed_dictionaries(event), max_size=2)


def _named(prefix: str, draw: st.DrawFn, parts: Strategy, fewest: int, most: int) -> dict[str, Any]:
    count = draw(st.integers(fewest, most))
    return {f"{prefix}-{number}": draw(parts) for number in range(count)}


@st.composite
def scenarios(draw: st.DrawFn, strategies: Sequence[str] = ("hold",)) -> Scenario:
    """Valid small scenarios: 2-6 vendors, 1-3 segments, nodes and families, 4-16 quarters.

    strategies: names from which vendors and entrants get theirs.
    """
    world: dict[str, Any] = {
        "nodes": _named("node", draw, nodes(), 1, 3),
        "memories": _named("memory", draw, memories(), 1, 2),
        "families": _named("family", draw, families(), 1, 3),
    }
    world["segments"] = _named("segment", draw, segments(list(world["families"])), 1, 3)
    names = {section: list(parts) for section, parts in world.items()}
    lead = draw(st.integers(1, 4))
    world["vendors"] = _named("vendor", draw, vendors(names, lead, strategies), 2, 6)
    world["foreign"] = _named("foreign", draw, foreign_suppliers(names), 0, 2)
    world["entrants"] = _named("entrant", draw, entrant_types(names, strategies), 0, 2)
    world |= {section: draw(st.fixed_dictionaries(fields)) for section, fields in SECTIONS.items()}
    world["technology"]["production_lead"] = lead
    world["policy"] = draw(policies(names["segments"]))
    world["events"] = draw(events(names["segments"]))
    world |= {"name": "drawn", "title": LABEL, "description": LABEL, "start": START}
    world["quarters"] = draw(st.integers(4, 16))
    return Scenario.model_validate(world, strict=True)
