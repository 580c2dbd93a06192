"""Many runs: the same on any number of workers and in any order, bounded, paired between policies, one world a draw."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields, replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from marketsim.api import shakeout_job
from marketsim.errors import MarketSimError
from marketsim.scenario import library
from marketsim.scenario.parameters import Parameters
from marketsim.shakeout import ensemble
from marketsim.shakeout.classify import Class
from marketsim.shakeout.ensemble import Assessed, Job, Kept, Part, assess, bundled, latin_hypercube, parts_of, played
from marketsim.shakeout.facts import FACTS
from marketsim.shakeout.instrument import TOLERANCES, Instrument
from marketsim.shakeout.record import Boundary
from marketsim.shakeout.reference import load_reference
from tests.shakeout.small import SMALL, job, split

POLICIES = (None, "nothing", "stack")
RUNS, DRAWS = 13, 4


def same(one: Assessed, other: Assessed) -> None:
    """Every count and everything that was kept."""
    np.testing.assert_array_equal(one.joint, other.joint)
    for left, right in zip(one.tallies, other.tallies, strict=True):
        assert left.runs == right.runs
        for name in ("classes", "by_draw", "falls", "excess", "of_draw"):
            np.testing.assert_array_equal(getattr(left, name), getattr(right, name), err_msg=name)
        np.testing.assert_equal(left.beside, right.beside)
        for field in fields(Kept):
            np.testing.assert_array_equal(getattr(left.facts, field.name), getattr(right.facts, field.name))


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return split(tmp_path_factory.mktemp("world"))


@pytest.fixture(scope="module")
def drawn(world: Path) -> Job:
    return job(world, DRAWS, policies=POLICIES)


@pytest.fixture(scope="module")
def assessed(drawn: Job) -> Assessed:
    return assess(drawn, RUNS)


def test_the_same_on_two_workers(drawn: Job, assessed: Assessed):
    finished: list[int] = []
    same(assess(drawn, RUNS, 2, finished.append), assessed)
    assert sorted(finished) == [3, 3, 3, 4]


def test_the_same_in_any_order_of_parts(drawn: Job, assessed: Assessed, monkeypatch: pytest.MonkeyPatch):
    def shuffled(runs: int, draws: int) -> Sequence[Part]:
        return parts_of(runs, draws)[::-1]

    monkeypatch.setattr(ensemble, "parts_of", shuffled)
    same(assess(drawn, RUNS), assessed)


def test_the_seed_decides(world: Path, assessed: Assessed):
    same(assess(job(world, DRAWS, policies=POLICIES), RUNS), assessed)
    other = assess(job(world, DRAWS, seed=8), RUNS)
    assert not np.array_equal(other.tallies[0].facts.facts, assessed.tallies[0].facts.facts, equal_nan=True)


def test_every_run_is_counted_once(assessed: Assessed):
    assert (assessed.tallies[0].classes[TOLERANCES.index(1.0)] > 0).sum() > 1, "the world has runs of several classes"
    for tally in assessed.tallies:
        assert tally.runs == RUNS
        assert tally.of_draw.tolist() == [3, 3, 3, 4]
        assert (tally.classes.sum(axis=1) == RUNS).all()
        np.testing.assert_array_equal(tally.by_draw.sum(axis=0), tally.classes[TOLERANCES.index(1.0)])
        assert (np.diff(tally.falls, axis=1) <= 0).all() and (tally.falls[:, 0] <= tally.of_draw).all()


def test_what_is_kept_is_what_was_counted(assessed: Assessed):
    for tally in assessed.tallies:
        kept = tally.facts
        np.testing.assert_array_equal(np.bincount(kept.draw), tally.of_draw)
        for draw in range(DRAWS):
            of_draw = np.bincount(kept.classes[kept.draw == draw], minlength=len(Class))
            np.testing.assert_array_equal(of_draw, tally.by_draw[draw])
        fall = kept.facts[list(FACTS).index("S1")]
        np.testing.assert_array_equal([(fall >= deep - 1e-9).sum() for deep in ensemble.FALLS], tally.falls.sum(axis=0))
        assert ((kept.chance >= 0) & (kept.chance < len(Class))).all()


def test_joint_counts_have_the_margins_of_both_policies(assessed: Assessed):
    first, *others = assessed.tallies
    for number, other in enumerate(others):
        np.testing.assert_array_equal(assessed.joint[:, number].sum(axis=2), first.by_draw)
        np.testing.assert_array_equal(assessed.joint[:, number].sum(axis=1), other.by_draw)


def test_a_policy_of_what_holds_anyway_shifts_no_run(assessed: Assessed):
    nothing, stack = assessed.joint[:, 0], assessed.joint[:, 1]
    off = ~np.eye(len(Class), dtype=bool)
    assert not nothing[:, off].any()
    assert stack[:, off].any(), "another policy does"
    np.testing.assert_array_equal(assessed.tallies[0].facts.facts, assessed.tallies[1].facts.facts)


def test_other_boundaries_are_counted_in_the_same_runs(world: Path):
    """Of a market whose newcomers are all captive: the merchant one has too few firms for a shakeout."""

    def within(boundary: Boundary, workers: int = 1) -> Assessed:
        captive = job(world, 2, changes=("entrants.newcomer.strategy=captive",), boundary=boundary, policies=POLICIES)
        return assess(captive, 8, workers)

    merchant, domestic = within("merchant"), within("domestic")
    for narrow, wide in zip(merchant.tallies, domestic.tallies, strict=True):
        np.testing.assert_equal(narrow.beside, {"domestic": wide.by_draw})
        np.testing.assert_equal(wide.beside, {"merchant": narrow.by_draw})
        assert not np.array_equal(narrow.by_draw, wide.by_draw)
    same(within("merchant", workers=2), merchant)


def test_levers_set_by_hand_hold(world: Path):
    """A policy may not set what was set by hand."""
    wanted = job(world, policies=("stack",), held=frozenset({"shared_stack"}))
    with pytest.raises(MarketSimError, match="is set by the policy 'stack' and by --set"):
        assess(wanted, 2)


def test_a_draw_is_a_world_of_its_own(drawn: Job):
    """Its runs are those of the scenario of its places."""
    assert drawn.draws is not None
    worlds = [drawn.world(draw, None) for draw in range(DRAWS)]
    for place, world in zip(drawn.draws.places, worlds, strict=True):
        assert world == drawn.draws.space.scenario(drawn.draws.space.values(place))
    assert all(one != other for one, other in pairwise(worlds))
    alone = replace(drawn, scenario=worlds[2], draws=None, policies=(None,))
    history = played(Parameters(alone.scenario), alone.decide, alone.seed, range(6, 9), "merchant")
    measured = alone.instrument.read(history).measured
    found = assess(drawn, RUNS).tallies[0].facts
    np.testing.assert_array_equal(
        found.facts[:, found.draw == 2], np.stack([measured[name] for name in FACTS]), strict=True
    )


def test_a_latin_hypercube_has_every_parameter_in_every_part_of_its_range():
    loaded = library.load("steady")
    draws = latin_hypercube(loaded, 10, 3)
    assert draws is not None and draws.places.shape == (10, len(loaded.scenario.free))
    np.testing.assert_array_equal(np.sort((10 * draws.places).astype(int), axis=0).T, [range(10)] * len(draws.notes))
    assert draws.notes["debt"] == "half and twice"
    assert latin_hypercube(loaded, 10, 2**40 + 3) is not None, "any seed of the command line"
    assert latin_hypercube(library.load(SMALL), 10, 3) is None


def test_a_draw_that_cannot_be_is_an_error_with_its_figure():
    """Luck may be 5 at most, and is drawn up to twice of what is set by hand."""
    wanted = job("steady", 8, changes=("quarters=4", "market.luck=4.9"))
    with pytest.raises(MarketSimError, match=r"allow a figure that cannot be: market.luck: .*\(found \d"):
        assess(wanted, 8)


def test_a_single_run(world: Path):
    """It is the first of many."""
    one, many = (assess(job(world), runs).tallies[0] for runs in (1, 5))
    assert one.runs == 1 and one.classes.sum(axis=1).tolist() == [1] * len(TOLERANCES)
    np.testing.assert_array_equal(one.facts.facts[:, 0], many.facts.facts[:, 0])
    assert one.facts.facts.shape[1] == 1


def test_chunks_do_not_change_runs(world: Path, monkeypatch: pytest.MonkeyPatch):
    whole = assess(job(world), 7).tallies[0]
    monkeypatch.setattr(ensemble, "CHUNK", 3)
    parts = assess(job(world), 7).tallies[0]
    np.testing.assert_array_equal(parts.facts.facts, whole.facts.facts)
    np.testing.assert_array_equal(parts.classes, whole.classes)


@pytest.mark.parametrize("draws", [0, 4])
def test_memory_is_bounded(world: Path, draws: int, monkeypatch: pytest.MonkeyPatch):
    """Of every draw as many runs are kept, and fewer set beside chance; classes are counted over all."""
    for name, value in (("KEPT", 6), ("NULLS", 4), ("CHUNK", 2)):
        monkeypatch.setattr(ensemble, name, value)
    tally = assess(job(world, draws), 16).tallies[0]
    kept = tally.facts
    assert tally.runs == 16 and tally.of_draw.sum() == 16
    assert np.bincount(kept.draw).tolist() == ([2] * 4 if draws else [6])
    by_chance = kept.chance >= 0
    assert np.bincount(kept.draw[by_chance]).tolist() == ([1] * 4 if draws else [4])
    assert kept.facts.shape[1] == len(kept.draw) == len(kept.classes) == kept.causes.shape[1]


@given(st.integers(1, 400), st.integers(1, 60), st.integers(1, 9))
def test_parts_cover_all_runs_once(runs: int, draws: int, chunk: int):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ensemble, "CHUNK", chunk)
        runs = max(runs, draws)
        parts = parts_of(runs, draws)
    assert [run for part in parts for run in part.runs] == list(range(runs))
    assert all(1 <= len(part.runs) <= chunk for part in parts)
    of_draw = np.bincount([part.draw for part in parts for _ in part.runs], minlength=draws)
    assert len(of_draw) == draws and of_draw.min() >= 1 and np.ptp(of_draw) <= 1
    for part in parts:
        assert part.first == min(other.runs.start for other in parts if other.draw == part.draw)


def test_runs_among_the_first_of_their_draw():
    part = Part(1, range(12, 16), 10)
    assert [part.among(most) for most in (1, 2, 3, 5, 6, 99)] == [0, 0, 1, 3, 4, 4]


def test_events_leave_levers_that_were_set_by_hand_alone_in_draws_too():
    """The figures of a draw come from the file, in which dated events move the lever."""
    changes = ["policy.listing_window=0.3"]
    loaded = library.load("china-ai-chips", changes)
    moved = {lever for event in library.load_scenario("china-ai-chips").events for lever in event.changes}
    lever = "listing_window"
    assert lever in moved
    made = shakeout_job(loaded, 8, 4, 7, [None], "merchant", Instrument(load_reference()), changes)
    assert all(lever not in event.changes for event in made.world(2, None).events)


@given(runs=st.integers(1, 400), draws=st.integers(1, 40), most=st.integers(1, 100))
def test_bundles_hold_all_parts_one_after_another(runs: int, draws: int, most: int):
    parts = parts_of(max(runs, draws), draws)
    bundles = bundled(parts, most)
    assert [part for bundle in bundles for part in bundle] == parts
    for bundle in bundles:
        assert all(part.runs.stop == following.runs.start for part, following in pairwise(bundle))
        assert len(bundle) == 1 or bundle[-1].runs.stop - bundle[0].runs.start <= most


def test_parts_that_do_not_follow_stay_apart():
    parts = parts_of(12, 3)[::-1]
    assert bundled(parts, 100) == [(part,) for part in parts]
