"""Luck: keyed, independent of company and decisions, of the right distribution."""

from __future__ import annotations

from dataclasses import fields

import numpy as np
import pytest
from scipy import stats

from marketsim.chance import Draws, draw, pad_runs
from marketsim.decisions import change
from marketsim.market import Market
from tests.worlds import ENTRANT, PLAIN_SEGMENT, plain_world

P = plain_world(5, segments={"a": PLAIN_SEGMENT, "b": PLAIN_SEGMENT}, entrants={"new": ENTRANT})
NORMAL = [item.name for item in fields(Draws) if item.metadata["unit"] == "normal"]
UNIFORM = [item.name for item in fields(Draws) if item.metadata["unit"] == "uniform"]


def columns(drawn: Draws, runs: slice) -> list[np.ndarray]:
    return [getattr(drawn, item.name)[..., runs] for item in fields(Draws)]


def same(one: list[np.ndarray], two: list[np.ndarray]) -> bool:
    return all(np.array_equal(a, b) for a, b in zip(one, two, strict=True))


@pytest.mark.parametrize(
    "runs", [range(0, 1), range(0, 2), range(63, 65), range(5, 190), range(128, 256), range(64, 67)]
)
def test_a_run_meets_the_same_luck_in_any_range(runs: range):
    everything = draw(P, 7, range(0, 300), 3)
    assert same(columns(draw(P, 7, runs, 3), slice(None)), columns(everything, slice(runs.start, runs.stop)))


def test_large_run_numbers_and_seeds_work():
    far = draw(P, 2**64 - 1, range(10**9, 10**9 + 3), 199)
    assert same(columns(far, slice(2, 3)), columns(draw(P, 2**64 - 1, range(10**9 + 2, 10**9 + 4), 199), slice(0, 1)))


def test_seeds_quarters_runs_and_vendors_differ():
    here = draw(P, 1, range(0, 200), 0)
    for other in (draw(P, 2, range(0, 200), 0), draw(P, 1, range(0, 200), 1), draw(P, 1, range(200, 400), 0)):
        for item in fields(Draws):
            one, two = getattr(here, item.name), getattr(other, item.name)
            assert np.mean(one == two) < 0.02, item.name
    assert np.mean(here.quality[0] == here.quality[1]) < 0.02


def test_neighbours_are_uncorrelated():
    luck = [draw(P, seed, range(0, 20_000), quarter).quality[0] for seed, quarter in ((1, 0), (1, 1), (2, 0))]
    table = np.corrcoef([*luck, np.roll(luck[0], 1), np.roll(luck[0], 64)])
    assert np.abs(table - np.eye(5)).max() < 4.5 / np.sqrt(20_000)


@pytest.mark.parametrize("name", NORMAL)
def test_normal_draws_are_standard_normal(name: str):
    values = np.concatenate([getattr(draw(P, 11, range(0, 4096), q), name).ravel() for q in range(4)]).astype(float)
    n = values.size
    assert abs(values.mean()) < 4.5 / np.sqrt(n)
    assert abs(values.var() - 1) < 4.5 * np.sqrt(2 / n)
    assert abs(stats.kurtosis(values)) < 4.5 * np.sqrt(24 / n)
    assert stats.kstest(values[:20_000], "norm").pvalue > 1e-5


@pytest.mark.parametrize("name", UNIFORM)
def test_uniform_draws_are_uniform_and_never_0_or_1(name: str):
    values = np.concatenate([getattr(draw(P, 12, range(0, 4096), q), name).ravel() for q in range(4)]).astype(float)
    assert values.min() > 0
    assert values.max() < 1
    assert abs(values.mean() - 0.5) < 4.5 / np.sqrt(12 * values.size)
    assert stats.kstest(values[:20_000], "uniform").pvalue > 1e-5


def test_luck_does_not_depend_on_decisions_or_deaths():
    calm, wild = Market(P, 3, range(0, 8)), Market(P, 3, range(0, 8))
    for _ in range(4):
        assert same(columns(calm.draws, slice(None)), columns(wild.draws, slice(None)))
        calm.step(calm.observe().hold())
        wild.step(change(wild.observe().hold(), price=0.5, research=1e5, start_product=True))


def test_a_lone_run_is_padded_with_its_successor():
    assert pad_runs(range(5, 6)) == range(5, 7)
    assert pad_runs(range(5, 8)) == range(5, 8)
