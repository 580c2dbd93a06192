"""A small AI chip world and a small photovoltaic world, and observations that a test can bend to its case."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from agents.strategies import names
from marketsim.chance import draw
from marketsim.observation import Observation, observe
from marketsim.rules.start import initial_state
from marketsim.scenario.parameters import Parameters
from marketsim.scenario.schema import Scenario

BUILT_IN = names()
Bend = Callable[..., Observation]


def _title(text: str) -> dict[str, str]:
    return {"en": text, "zh": text}


def _node(compute: float, capacity: Any, wafer_price: float, defects: float, **other: Any) -> dict[str, Any]:
    return {
        "title": _title("node"),
        "capacity": capacity,
        "wafer_price": wafer_price,
        "gross_dies": 80,
        "die_area": 6.6,
        "defect_density": defects,
        "defect_floor": defects / 2,
        "defect_learning": 0.3,
        "reference_wafers": 50,
        "packaging_yield": 0.9,
        "compute": compute,
        "power": 350,
        "contract_fee": 20,
        "contract_life": 8,
        "contract_lead": 2,
        "take_or_pay": 0.3,
        "releasable": 0.25,
        "tape_out_cost": 200,
        "design_time": 2,
        "respin_chance": 0.3,
    } | other


def _memory(bandwidth: float, price: float, supply: float | None) -> dict[str, Any]:
    return {"title": _title("memory"), "bandwidth": bandwidth, "per_card": 96, "price": price, "supply": supply}


def _segment(spend: float, training: float) -> dict[str, Any]:
    return {
        "title": _title("segment"),
        "spend": spend,
        "cost_decline": 0.05,
        "training": training,
        "prefill": 0.4,
        "price_sensitivity": 2.0,
        "demand_elasticity": 1.3,
        "software_weight": 2.0,
        "lock_in": 0.5,
        "reliability_weight": 1.0,
        "usage": {"deepseek": 0.7, "qwen": 0.3},
        "patience": 0.5,
    }


def _vendor(strategy: str, node: str, memory: str) -> dict[str, Any]:
    return {
        "title": _title(strategy),
        "strategy": strategy,
        "strategy_reason": "one vendor per strategy",
        "product": {"node": node, "memory": memory, "architecture": 1.0},
        "price": 60,
        "stock": 1.0,
        "in_process": [5, 5, 5],
        "contracts": {node: 1.0},
        "installed": 20,
        "installed_split": {"training": 0.2, "inference": 0.5, "government": 0.3},
        "affinity": {"government": 1.0},
        "software": {"deepseek": 0.6, "qwen": 0.2},
        "reliability": 0.8,
        "cash": 5000,
        "overhead": 60,
        "rnd_base": 100,
    }


def _entrant(strategy: str, node: str, memory: str) -> dict[str, Any]:
    return {
        "title": _title("entrant"),
        "slots": 4,
        "weight": 1,
        "strategy": strategy,
        "product": {"node": node, "memory": memory, "architecture": 0.9},
        "price": 40,
        "cash": 2000,
        "contract": 0.5,
        "software": 0.2,
        "reliability": 0.6,
        "overhead": 30,
        "rnd_base": 50,
    }


RULES: dict[str, Any] = {
    "technology": {
        "prefill_rate": 10, "decode_rate": 500, "training_rate": 5, "cluster_exponent": 1, "untuned_share": 0.25,
        "production_lead": 3, "board_cost": 5, "learning_rate": 0.1, "reference_output": 500,
        "experience_spillover": 0.3, "research_scale": 800, "generation_gain": 0.5, "obsolete_stock": 0.3,
        "yield_noise": 0.05,
    },
    "software": {
        "community_rate": 0.1, "service_scale": 30, "service_per_card": 0.1, "reliability_decay": 0.03,
        "missed_delivery_cost": 0.1, "delivery_memory": 0.3,
    },
    "market": {
        "server_markup": 0.5, "card_life": 16, "utilisation": 0.5, "electricity_price": 0.5, "power_overhead": 1.3,
        "lock_in_floor": 0.02, "focus_effect": 0.2, "luck": 0.1, "demand_noise": 0.05, "growth_memory": 0.3,
    },
    "finance": {
        "interest_rate": 0.05, "debt_term": 16, "debt_share": 0.3, "lending_multiple": 1, "collateral_share": 0.3,
        "trade_credit": 0.3, "frontier_share": 0.0, "round_chance": 0.5, "round_growth_weight": 2,
        "valuation_floor": 500, "valuation_multiple": 6, "largest_dilution": 0.2, "listing_revenue": 400,
        "listing_boost": 1.5, "climate": 1.0, "subsidy_limit": 0, "acquisition_price": 0.3, "base_value": 5,
        "software_value": 500, "normal_margin": 0.4,
    },
    "population": {"entry_rate": 0.5, "largest_population": 30, "entry_margin_weight": 1, "base_retention": 0.5},
}  # fmt: skip

CHIPS: dict[str, Any] = RULES | {
    "name": "chips",
    "title": _title("chips"),
    "description": _title("small"),
    "start": "2025Q1",
    "quarters": 40,
    "nodes": {
        "7nm": _node(300, 60, 70, 0.12),
        "12nm": _node(120, 90, 28, 0.05),
        "5nm": _node(600, {"2025Q1": 0, "2029Q4": 0, "2030Q4": 40}, 120, 0.15),
    },
    "memories": {"hbm": _memory(3.2, 120, 4000), "gddr": _memory(0.8, 50, None), "lpddr": _memory(0.4, 30, None)},
    "families": {
        "deepseek": {"title": _title("d"), "adaptation_scale": 80, "obsolescence": 0.3, "generation_chance": 0.1},
        "qwen": {"title": _title("q"), "adaptation_scale": 80, "obsolescence": 0.3},
    },
    "segments": {"training": _segment(6e3, 0.9), "inference": _segment(8e3, 0.1), "government": _segment(3e3, 0.4)},
    "vendors": {name: _vendor(name, "7nm", "gddr") for name in BUILT_IN},
    "foreign": {
        "abroad": {
            "title": _title("abroad"),
            "offers": {
                "2025Q1": {"price": 90, "compute": 150, "bandwidth": 4, "power": 400, "supply": 200},
            },
            "installed": 2000,
            "installed_split": {"training": 0.5, "inference": 0.5},
            "software": {"deepseek": 0.9, "qwen": 0.9},
            "reliability": 0.95,
        }
    },
    "entrants": {"mature": _entrant("cost-leader", "12nm", "lpddr")},
}

PLANT: dict[str, Any] = CHIPS | {
    "name": "plant",
    "nodes": {"line": _node(100, 1e5, 10, 0.01, contract_life=60, contract_fee=300, releasable=0.0, contract_lead=3)},
    "memories": {"none": _memory(1.0, 0.01, None)},
    "vendors": {f"maker-{i}": _vendor("manufacturer", "line", "none") for i in range(4)},
    "foreign": {},
    "entrants": {"maker": _entrant("manufacturer", "line", "none")},
}


@pytest.fixture(scope="session")
def chips() -> Parameters:
    """AI chips: scarce HBM, 5nm from 2030 on, one vendor for each built-in strategy."""
    return Parameters(Scenario.model_validate(CHIPS))


@pytest.fixture(scope="session")
def plant() -> Parameters:
    """Photovoltaics: other names, one node, one memory, durable capacity on debt."""
    return Parameters(Scenario.model_validate(PLANT))


def observation(world: Parameters, runs: int = 4, quarter: int = 0, **bent: Any) -> Observation:
    """What everybody knows in a quarter after fields of the state were bent, such as `orders=20.0`.

    A number holds for all vendors and runs; an array must have the field's shape but may be a column.
    """
    state = initial_state(world, runs)
    shapes = {name: getattr(state, name) for name in bent}
    state = replace(
        state, **{name: np.broadcast_to(bent[name], old.shape).astype(old.dtype) for name, old in shapes.items()}
    )
    return observe(state, world.conditions[quarter], world, draw(world, 1, range(runs), quarter))


@pytest.fixture
def bend(chips: Parameters) -> Bend:
    """Makes an observation of three vendors of the chip world: `bend(orders=20.0, quarter=3)`."""

    def make(world: Parameters = chips, vendors: slice = slice(0, 3), **bent: Any) -> Observation:
        return observation(world, **bent).of(vendors)

    return make
