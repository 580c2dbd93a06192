"""Ensembles: the same result in any chunks and with any number of workers."""

from __future__ import annotations

import gc
import threading
from functools import cache

import numpy as np
import pytest

from agents.strategies.team import Team
from marketsim.ensemble import Job, Keep, Summary, chunks_of, run, simulate_chunk
from marketsim.outcomes import METRICS, Outcomes
from tests.worlds import lively_world

RUNS = 131
WORLD = lively_world(technology__yield_noise=0.1)
JOB = Job(WORLD.scenario, Team(WORLD.strategies).decide, seed=9)


@cache
def computed(chunk: int, workers: int) -> tuple[Summary, Outcomes]:
    keep = Keep()
    return run(JOB, RUNS, workers, keep, chunk=chunk), keep.joined()


def arrays(outcomes: Outcomes) -> list[np.ndarray]:
    return [outcomes.metrics, outcomes.cards, outcomes.revenue, outcomes.alive, outcomes.active]


@pytest.mark.parametrize(("chunk", "workers"), [(1, 1), (2, 1), (3, 1), (64, 1), (64, 2), (20, 2)])
def test_any_chunks_and_workers_give_the_same_bytes(chunk: int, workers: int):
    summary, kept = computed(1024, 1)
    other_summary, other_kept = computed(chunk, workers)
    for one, two in zip(arrays(kept), arrays(other_kept), strict=True):
        assert one.shape == two.shape
        assert one.tobytes() == two.tobytes()
    assert other_summary.runs == RUNS
    for probability in (0.05, 0.5, 0.95):
        for one, two in zip(summary.quantile(probability), other_summary.quantile(probability), strict=True):
            assert np.array_equal(one, two)
    assert np.array_equal(summary.survivors, other_summary.survivors)
    assert np.array_equal(summary.firms, other_summary.firms)
    assert np.array_equal(summary.falls.quantile(0.5), other_summary.falls.quantile(0.5))


def test_the_runs_differ_and_something_happens():
    _, kept = computed(1024, 1)
    assert len(np.unique(kept.revenue[0, 0])) > RUNS / 2
    assert kept.metrics[list(METRICS).index("entries")].sum() > 0
    assert 0 < kept.alive[:4, -1].mean() < 1


def test_quantiles_are_those_of_the_kept_runs():
    summary, kept = computed(64, 1)
    for probability in (0.1, 0.5, 0.9):
        rank = int(np.ceil(probability * RUNS - 1e-9)) - 1
        exact = np.sort(kept.metrics, axis=-1)[..., rank]
        assert summary.quantile(probability)[0] == pytest.approx(exact, rel=1 / 4095, abs=1e-12)
        exact = np.sort(kept.cards, axis=-1)[..., rank]
        assert summary.quantile(probability)[1] == pytest.approx(exact, rel=1 / 4095, abs=1e-12)
    assert summary.metric("cards") == pytest.approx(summary.quantile(0.5)[0][list(METRICS).index("cards")])
    assert np.array_equal(summary.survivors, kept.alive.sum(axis=-1))


@pytest.mark.parametrize("first", [0, 511, 1023])
def test_a_run_in_a_chunk_of_1024_is_the_same_alone_and_in_the_company_of_few(first: int):
    many = simulate_chunk(WORLD, JOB.decide, JOB.seed, range(1024))
    for company in (range(first, first + 1), range(max(first - 2, 0), first + 1), range(first // 64 * 64, first + 1)):
        few = simulate_chunk(WORLD, JOB.decide, JOB.seed, company)
        place = first - company.start
        for one, two in zip(arrays(few), arrays(many), strict=True):
            assert one[..., place].tobytes() == two[..., first].tobytes()


def test_more_runs_leave_the_first_ones_as_they_are():
    keep = Keep()
    run(JOB, 40, 1, keep)
    for few, many in zip(arrays(keep.joined()), arrays(computed(1024, 1)[1]), strict=True):
        assert np.array_equal(few, many[..., :40])


def test_progress_adds_up_and_chunks_cover_all_runs():
    seen: list[int] = []
    run(JOB, 50, progress=seen.append, chunk=16)
    assert seen == [16, 16, 16, 2]
    assert [number for part in chunks_of(50, 16) for number in part] == list(range(50))


def test_a_summary_in_memory_does_not_grow_with_the_runs():
    keep = Keep()
    run(JOB, 512, 1, keep)
    outcomes = keep.joined()
    summary = Summary(JOB.scenario, JOB.seed, outcomes.years, WORLD.vendors)
    sizes = []
    for _ in range(3):
        for _ in range(33):
            summary.add(outcomes)
        summary.quantile(0.5)
        sizes.append(sum(part[0].nbytes + part[1].nbytes for part in summary.counts._parts))
    assert sizes[0] == sizes[-1]


class Crash(Exception):
    """A decider's own failure."""


def crash(obs):
    raise Crash(threading.current_thread().name)


@pytest.mark.parametrize("workers", [1, 2])
def test_a_failure_in_a_worker_comes_to_the_caller(workers: int):
    with pytest.raises(Crash):
        run(Job(WORLD.scenario, crash, 0), 8, workers, chunk=2)


def test_what_a_quarter_used_is_freed_at_once():
    """Arrays caught in reference cycles would wait for the garbage collector: several times the memory."""
    gc.collect()
    gc.disable()
    try:
        simulate_chunk(WORLD, JOB.decide, JOB.seed, range(2))
        assert gc.collect() == 0
    finally:
        gc.enable()
