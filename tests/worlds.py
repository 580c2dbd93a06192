"""Small worlds for tests, in which theory says what must come out."""

from __future__ import annotations

import copy
from dataclasses import fields
from typing import Any

import numpy as np

from marketsim.chance import Draws
from marketsim.rules.start import initial_state
from marketsim.scenario.parameters import Conditions, Parameters
from marketsim.scenario.schema import Scenario
from marketsim.state import Floats, MarketState

PLAIN_NODE: dict[str, Any] = {
    "title": {"en": "node", "zh": "工艺"},
    "capacity": 1000,
    "wafer_price": 60,
    "gross_dies": 80,
    "die_area": 6,
    "defect_density": 0.1,
    "defect_floor": 0.1,
    "defect_learning": 0,
    "reference_wafers": 100,
    "packaging_yield": 1,
    "compute": 300,
    "power": 400,
    "contract_fee": 0,
    "contract_life": 8,
    "contract_lead": 1,
    "take_or_pay": 0,
    "releasable": 1,
    "tape_out_cost": 100,
    "design_time": 2,
    "respin_chance": 0,
}
PLAIN_MEMORY: dict[str, Any] = {"title": {"en": "memory", "zh": "内存"}, "bandwidth": 1.6, "per_card": 64, "price": 100}
PLAIN_FAMILY: dict[str, Any] = {"title": {"en": "family", "zh": "模型"}, "adaptation_scale": 500, "obsolescence": 0.3}
PLAIN_SEGMENT: dict[str, Any] = {
    "title": {"en": "buyers", "zh": "客户"},
    "spend": 6000,
    "cost_decline": 0,
    "training": 0.2,
    "prefill": 0.5,
    "price_sensitivity": 2,
    "demand_elasticity": 1,
    "software_weight": 0,
    "lock_in": 0,
    "reliability_weight": 0,
    "usage": {"family": 1},
    "patience": 0,
}
PLAIN_VENDOR: dict[str, Any] = {
    "title": {"en": "maker", "zh": "厂商"},
    "strategy": "hold",
    "strategy_reason": "a world for tests",
    "product": {"node": "node", "memory": "memory", "architecture": 1},
    "price": 60,
    "stock": 1000,
    "in_process": [0, 0],
    "contracts": {"node": 1},
    "installed": 100,
    "installed_split": {},
    "software": {"family": 0.5},
    "reliability": 0.9,
    "cash": 100000,
    "overhead": 0,
    "rnd_base": 0,
}
PLAIN: dict[str, Any] = {
    "name": "plain",
    "title": {"en": "A plain world", "zh": "简单世界"},
    "description": {"en": "For tests", "zh": "测试用"},
    "start": "2025Q1",
    "quarters": 12,
    "nodes": {"node": PLAIN_NODE},
    "memories": {"memory": PLAIN_MEMORY},
    "families": {"family": PLAIN_FAMILY},
    "segments": {"buyers": PLAIN_SEGMENT},
    "vendors": {},
    "technology": {
        "prefill_rate": 8,
        "decode_rate": 600,
        "training_rate": 4,
        "cluster_exponent": 0.5,
        "untuned_share": 0.25,
        "production_lead": 2,
        "board_cost": 5,
        "learning_rate": 0,
        "reference_output": 100,
        "experience_spillover": 0,
        "research_scale": 2000,
        "generation_gain": 1,
        "obsolete_stock": 0.5,
        "yield_noise": 0,
    },
    "software": {
        "community_rate": 0,
        "service_scale": 100,
        "service_per_card": 1,
        "reliability_decay": 0,
        "missed_delivery_cost": 0,
        "delivery_memory": 0.3,
    },
    "market": {
        "server_markup": 0.4,
        "card_life": 16,
        "utilisation": 0.3,
        "electricity_price": 0,
        "power_overhead": 1.3,
        "lock_in_floor": 0.02,
        "focus_effect": 0,
        "luck": 0,
        "demand_noise": 0,
        "growth_memory": 0.3,
    },
    "finance": {
        "interest_rate": 0.05,
        "debt_term": 16,
        "debt_share": 0,
        "lending_multiple": 0,
        "collateral_share": 0,
        "trade_credit": 0,
        "frontier_share": 0,
        "round_chance": 0.5,
        "round_growth_weight": 1,
        "valuation_floor": 2000,
        "valuation_multiple": 10,
        "largest_dilution": 0.2,
        "listing_revenue": 500,
        "listing_boost": 1.5,
        "climate": 1,
        "subsidy_limit": 0,
        "acquisition_price": 0.5,
        "base_value": 10,
        "software_value": 1000,
        "normal_margin": 0.4,
    },
    "population": {
        "entry_rate": 0,
        "largest_population": 1000,
        "entry_margin_weight": 0,
        "base_retention": 0.8,
    },
}


def merged(base: dict[str, Any], changes: dict[str, Any]) -> dict[str, Any]:
    """A copy of `base` with nested changes; a dotted key reaches into sections."""
    result = copy.deepcopy(base)
    for path, value in changes.items():
        *sections, last = path.split(".")
        place = result
        for section in sections:
            place = place[section]
        place[last] = copy.deepcopy(value)
    return result


def plain_world(vendors: int = 3, each: dict[str, Any] | None = None, **changes: Any) -> Parameters:
    """Equal vendors (named maker-0, ...) in a plain world.

    each: changes to every vendor.  changes: by dotted path with __ for the dots, such as segments__buyers__lock_in=1.
    """
    names = [f"maker-{number}" for number in range(vendors)]
    base = merged(PLAIN, {"vendors": {name: merged(PLAIN_VENDOR, each or {}) for name in names}})
    dotted = {path.replace("__", "."): value for path, value in changes.items()}
    return Parameters(Scenario.model_validate(merged(base, dotted)))


ENTRANT = {
    "title": {"en": "newcomer", "zh": "新厂商"},
    "slots": 3,
    "weight": 1,
    "strategy": "hold",
    "product": {"node": "node", "memory": "memory", "architecture": 1},
    "price": 50,
    "cash": 300,
    "contract": 1,
    "software": 0.2,
    "reliability": 0.6,
    "overhead": 1,
    "rnd_base": 0,
}
"""A kind of entrant for a plain world."""


def lively_world(**changes: Any) -> Parameters:
    """Four vendors that decide by dice, with thin books, luck and entrants: firms come and go within ten quarters."""
    vendor = {"strategy": "random", "overhead": 150, "rnd_base": 30, "stock": 10, "contracts": {"node": 2}, "cash": 300}
    lively = {
        "quarters": 10,
        "market__luck": 0.5,
        "market__demand_noise": 0.1,
        "population__entry_rate": 0.5,
        "entrants": {"new": {**ENTRANT, "strategy": "random"}},
    }
    return plain_world(4, each=vendor, **(lively | changes))


def start(p: Parameters, runs: int = 2) -> tuple[Conditions, MarketState]:
    """The first quarter's conditions and the market before it."""
    return p.conditions[0], initial_state(p, runs)


def rows(*values: float, runs: int = 2) -> Floats:
    """[v,r]: one number per vendor, the same in all runs."""
    return np.repeat(np.array(values, dtype=float)[:, None], runs, axis=1)


def neutral(draws: Draws) -> Draws:
    """Luck that changes nothing: normal draws 0, uniform draws just below 1, so that nothing happens by chance."""
    values = {"normal": 0.0, "uniform": 1 - 2.0**-17}
    still = {
        item.name: np.full_like(getattr(draws, item.name), values[item.metadata["unit"]]) for item in fields(Draws)
    }
    return Draws(**still)
