"""Nearer to photovoltaics or to ecosystem industries: known answers."""

from __future__ import annotations

import numpy as np
import pytest

from marketsim.rules.finance import CAUSES
from marketsim.shakeout.classify import Class
from marketsim.shakeout.distance import FEWEST, distance_difference, shrunk_correlation
from marketsim.shakeout.ensemble import Kept
from marketsim.shakeout.facts import FACTS
from marketsim.shakeout.reference import load_reference

REFERENCE = load_reference()
NOTHING: frozenset[str] = frozenset()


def kept(kind: str, runs: int = 200, draws: int = 1, which: Class = Class.UNTOLD) -> Kept:
    """Runs whose facts scatter about the middle of the ranges of a kind of history."""
    rng = np.random.default_rng(3)
    facts = np.full((len(FACTS), runs), np.nan)
    for row, name in enumerate(FACTS):
        known = REFERENCE.range(name, kind)
        if known is not None and np.isfinite(known.sigma):
            facts[row] = rng.normal(known.centre, 0.3 * known.sigma, runs)
    draw = np.arange(runs) * draws // runs
    return Kept(facts, np.full(runs, int(which)), np.full(runs, -1), draw, np.zeros((len(CAUSES), runs)))


@pytest.mark.parametrize(("kind", "sign"), [("photovoltaic", 1), ("ecosystem", -1)])
@pytest.mark.parametrize("draws", [1, 20])
def test_the_kind_that_runs_are_made_like_is_nearer(kind: str, sign: int, draws: int):
    found = distance_difference(kept(kind, draws=draws), REFERENCE, NOTHING, seed=1)
    assert found is not None
    assert sign * found.value > 0 and found.low <= found.value <= found.high
    assert sign * (found.low if sign > 0 else found.high) > 0, "beyond what the reference leaves open"


def test_the_reference_is_most_of_what_is_not_known():
    """With a thousand alike runs the interval is still wide: there is one photovoltaic industry."""
    found = distance_difference(kept("photovoltaic", runs=1000), REFERENCE, NOTHING, seed=1)
    assert found is not None and found.high - found.low > 1


def test_the_same_seed_gives_the_same():
    first, again = (distance_difference(kept("ecosystem"), REFERENCE, NOTHING, seed=5) for _ in range(2))
    assert first == again


def test_nothing_is_said_of_few_shakeouts_or_no_facts():
    assert distance_difference(kept("ecosystem", runs=FEWEST - 1), REFERENCE, NOTHING, seed=1) is None
    assert distance_difference(kept("ecosystem", which=Class.NONE), REFERENCE, NOTHING, seed=1) is None
    assert distance_difference(kept("ecosystem"), REFERENCE, frozenset(FACTS), seed=1) is None


def test_facts_that_are_not_scored_do_not_matter():
    plain = kept("photovoltaic")
    wild = Kept(plain.facts.copy(), plain.classes, plain.chance, plain.draw, plain.causes)
    wild.facts[list(FACTS).index("C1")] = 99.0
    dropped = frozenset({"C1"})
    assert distance_difference(plain, REFERENCE, dropped, 1) == distance_difference(wild, REFERENCE, dropped, 1)


def test_shrinkage_grows_with_noise():
    """Of a thousand runs a correlation of 0.8 stays; that of independent facts in ten runs goes."""
    rng = np.random.default_rng(0)
    common = rng.normal(size=1000)
    strong = shrunk_correlation(np.stack([common + 0.5 * rng.normal(size=1000) for _ in range(2)]))
    assert strong[0, 1] == pytest.approx(0.8, abs=0.03)
    noise = rng.normal(size=(6, 10))
    plain, shrunk = np.corrcoef(noise), shrunk_correlation(noise)
    off = ~np.eye(6, dtype=bool)
    assert (np.abs(shrunk[off]) <= np.abs(plain[off]) + 1e-12).all()
    assert np.abs(shrunk[off]).mean() < 0.5 * np.abs(plain[off]).mean()
    assert (np.diag(shrunk) == 1).all() and np.linalg.eigvalsh(shrunk).min() > 0
