"""Technology: roofline, yield, unit cost, experience, architecture."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import integrate, stats

from marketsim.rules import technology
from tests.worlds import plain_world, rows, start


def time_per_token(training: float, prefill: float, compute: float, bandwidth: float, reliability: float = 1.0):
    p = plain_world(1, segments__buyers__training=training, segments__buyers__prefill=prefill)
    return technology.tuned_time_per_token(p, rows(compute), rows(bandwidth), rows(reliability))[0, 0, 0]


def test_decode_is_bound_by_bandwidth_alone():
    assert time_per_token(0, 0, 300, 1.6) == pytest.approx(1 / (600 * 1.6))
    assert time_per_token(0, 0, 900, 1.6) == time_per_token(0, 0, 300, 1.6)


def test_prefill_is_bound_by_compute_alone():
    assert time_per_token(0, 1, 300, 1.6) == pytest.approx(1 / (8 * 300))
    assert time_per_token(0, 1, 300, 3.2) == time_per_token(0, 1, 300, 1.6)


def test_training_suffers_from_failures_by_the_cluster_exponent():
    assert time_per_token(1, 0.5, 300, 1.6, reliability=0.81) == pytest.approx(1 / (4 * 300 * 0.9))
    assert np.isfinite(time_per_token(1, 0.5, 300, 1.6, reliability=0.0))


def test_times_of_mixed_work_add_up():
    expected = 0.75 * (0.4 / (8 * 250) + 0.6 / (600 * 2)) + 0.25 / (4 * 250 * 0.64**0.5)
    assert time_per_token(0.25, 0.4, 250, 2.0, 0.64) == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("defects", [0.01, 0.5, 3.0])
def test_yield_without_clustering_is_poisson(defects: float):
    found = technology.negative_binomial_yield(np.array([[1.0]]), np.array([[defects]]), np.array([[1e7]]))
    assert found[0, 0] == pytest.approx(np.exp(-defects), rel=1e-5)


def test_yield_with_clustering_one_is_seeds():
    found = technology.negative_binomial_yield(np.array([[2.0]]), np.array([[0.7]]), np.array([[1.0]]))
    assert found[0, 0] == pytest.approx(1 / (1 + 1.4), rel=1e-12)


def test_yield_with_clustering_five_is_close_to_murphy():
    murphy = ((1 - np.exp(-1.0)) / 1.0) ** 2
    found = technology.negative_binomial_yield(np.array([[1.0]]), np.array([[1.0]]), np.array([[5.0]]))
    assert found[0, 0] == pytest.approx(murphy, rel=0.01)


@pytest.mark.parametrize("clustering", [0.5, 2.0, 7.0])
def test_yield_is_poisson_mixed_over_gamma_defects(clustering: float):
    area, density = 3.0, 0.4
    mixing = stats.gamma(clustering, scale=density / clustering)
    expected, _ = integrate.quad(lambda d: np.exp(-area * d) * mixing.pdf(d), 0, np.inf)
    found = technology.negative_binomial_yield(np.array([[area]]), np.array([[density]]), np.array([[clustering]]))
    assert found[0, 0] == pytest.approx(expected, rel=1e-6)


def test_defects_fall_with_wafers_to_the_floor():
    one = np.array([[1.0]])
    density = lambda wafers: technology.defect_density(0.5 * one, 0.1 * one, wafers * one, 100 * one, 0.5 * one)[0, 0]  # noqa: E731
    assert density(0) == pytest.approx(0.5)
    assert density(300) == pytest.approx(0.1 + 0.4 / 2)
    assert density(1e12) == pytest.approx(0.1, abs=1e-5)


def test_cards_per_wafer_and_export_control():
    node = {"nodes__node__packaging_yield": 0.9}
    free, controlled = plain_world(1, **node), plain_world(1, policy={"export_control": 0.5}, **node)
    good = technology.cards_per_wafer(free, free.conditions[0], np.zeros((1, 2)))
    assert good[0, 0] == pytest.approx(80 * 0.9 * (1 + 6 * 0.1 / 2) ** -2)
    fewer = technology.cards_per_wafer(controlled, controlled.conditions[0], np.zeros((1, 2)))
    assert fewer[0, 0] == pytest.approx(80 * 0.9 * (1 + 6 * 0.15 / 2) ** -2)
    assert controlled.conditions[0].wafer_limit[0, 0] == pytest.approx(500)


def test_doubling_experience_lowers_cost_by_the_learning_rate():
    p = plain_world(3, technology__learning_rate=0.2)
    assert technology.experience_factor(p, rows(100, 200, 800), np.full(2, 1100.0))[:, 0] == pytest.approx(
        [1, 0.8, 0.8**3]
    )


def test_cost_against_output_has_slope_minus_b():
    p = plain_world(1, technology__learning_rate=0.27)
    output = np.geomspace(50, 5000, 40)[None]
    slope = np.polyfit(np.log(output[0]), np.log(technology.experience_factor(p, output, output[0])[0]), 1)[0]
    assert slope == pytest.approx(np.log2(1 - 0.27), rel=1e-9)


def test_experience_spills_over():
    p = plain_world(2, technology__learning_rate=0.2, technology__experience_spillover=0.25)
    own, others = 100.0, 300.0
    found = technology.experience_factor(p, rows(own, others), np.full(2, own + others))
    b = -np.log2(0.8)
    assert found[0, 0] == pytest.approx(((own + 0.25 * others) / 100) ** -b)
    assert found[1, 0] == pytest.approx(((others + 0.25 * own) / 100) ** -b)


def test_industry_output_is_that_of_domestic_vendors():
    _, state = start(plain_world(2, each={"stock": 20}, foreign={"nv": foreign_supplier()}))
    assert state.industry_output == pytest.approx([240, 240])


def foreign_supplier() -> dict[str, object]:
    offer = {"price": 100, "compute": 300, "bandwidth": 1.6, "power": 400, "supply": 10}
    return {
        "title": {"en": "abroad", "zh": "国外"},
        "offers": {"2025Q1": offer},
        "installed": 100,
        "installed_split": {"buyers": 1},
        "software": {"family": 1},
        "reliability": 1,
    }


def test_experience_never_counts_less_than_a_hundredth():
    p = plain_world(2, technology__learning_rate=0.2)
    factor = technology.experience_factor(p, rows(0, 1), np.ones(2))
    assert factor[0, 0] == factor[1, 0] == pytest.approx(0.01 ** np.log2(0.8))


def card_cost(p, architecture: float = 1.0) -> float:
    now, state = start(p)
    per_wafer = technology.cards_per_wafer(p, now, state.wafers_made)
    card = technology.Card(state.node, state.memory, rows(architecture), state.has_product)
    return technology.unit_cost(p, now, state, per_wafer, card)[0, 0]


def test_unit_cost_adds_dies_memory_and_board():
    good_dies = 80 / 1.3**2
    found = card_cost(plain_world(1, each={"dies_per_card": 2, "cost_factor": 1.1}))
    assert found == pytest.approx(1.1 * (2 * 60 / good_dies + 64 * 100 / 1000 + 5), rel=1e-12)


def test_a_stronger_card_costs_more_by_the_exponent_of_architecture():
    p = plain_world(1, technology__architecture_cost=0.5)
    assert card_cost(p, 4.0) == pytest.approx(2 * card_cost(p, 1.0))
    assert card_cost(plain_world(1, technology__architecture_cost=0), 4.0) == card_cost(p, 1.0)


def test_architecture_scales_compute_fully_and_bandwidth_and_power_by_the_root():
    p = plain_world(1)
    zero = np.zeros((1, 2), dtype=np.int64)
    assert technology.compute(p, zero, rows(4))[0, 0] == pytest.approx(1200)
    assert technology.bandwidth(p, zero, rows(4))[0, 0] == pytest.approx(3.2)
    assert technology.power(p, zero, rows(4))[0, 0] == pytest.approx(800)


def test_research_saturates():
    after = technology.architecture_after(rows(2, 2, 2), rows(0, 500, 1e9), gain=0.6, scale=500)
    assert after[:, 0] == pytest.approx([2, 2 * (1 + 0.6 * (1 - np.exp(-1))), 2 * 1.6])
