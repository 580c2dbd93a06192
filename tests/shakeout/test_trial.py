"""The instrument on trial: what is measured, how thresholds are set, how errors are counted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import pytest

from marketsim.api import strategies_of
from marketsim.errors import MarketSimError
from marketsim.scenario import library
from marketsim.shakeout.classify import STRUCTURE, Class, Thresholds
from marketsim.shakeout.facts import FACTS
from marketsim.shakeout.gauges import GAUGES
from marketsim.shakeout.instrument import Instrument
from marketsim.shakeout.reference import load_reference
from marketsim.shakeout.trial import (
    CHOICES,
    CONTROLS,
    MOST_FALSE,
    WORLDS,
    WORTH,
    Trial,
    conduct,
    confusion,
    overlap,
    tuned,
)
from marketsim.state import Floats
from tests.shakeout.small import SMALL
from tests.shakeout.test_classify import CONCENTRATED, ECOSYSTEM, NO_SHAKEOUT, PHOTOVOLTAIC

REFERENCE = load_reference()
INSTRUMENT = Instrument(REFERENCE)

STILL = dict.fromkeys(GAUGES, np.nan) | {
    **{"firms": 30.0, "excess": 2.0, "output": 0.3, "left": 0.5, "leader": 0.4, "rationed": 0.0, "losing": 0.0},
    **{"margin": 0.1},
}
KINDS: Mapping[str, Mapping[str, float]] = {
    "glut": {},
    "commodity": CONCENTRATED,
    "lock-in": CONCENTRATED | ECOSYSTEM,
    "niche": ECOSYSTEM,
    "rationed": NO_SHAKEOUT | {"rationed": 1.0, "margin": 0.4},
    "steady": NO_SHAKEOUT,
}
"""What is measured in a run that is clearly of the class of its world."""


def made(world: str, runs: int = 40, noise: float = 0.0, seed: int = 1, **changes: float) -> Trial:
    """Runs of a world, all alike but for noise on every figure that is relative to it, and what is changed."""
    rng = np.random.default_rng(seed)
    figures = STILL | PHOTOVOLTAIC | dict(KINDS[world]) | changes
    measured = {name: value + noise * rng.normal(size=runs) * max(abs(value), 0.1) for name, value in figures.items()}
    return Trial(world, measured, np.arange(runs))


@pytest.fixture(scope="module")
def conducted() -> Trial:
    return conduct("steady", INSTRUMENT, strategies_of, runs=9, draws=4, seed=3, workers=1)


def test_runs_of_known_class(conducted: Trial):
    assert conducted.true is Class.NONE
    assert conducted.draw.tolist() == [0, 0, 1, 1, 2, 2, 3, 3, 3]
    assert list(conducted.measured) == [*FACTS, *GAUGES]
    assert all(values.shape == (9,) for values in conducted.measured.values())
    np.testing.assert_array_equal(
        conducted.verdicts(INSTRUMENT), INSTRUMENT.judge(conducted.measured).classes, strict=True
    )


def test_the_same_on_two_workers_and_another_with_another_seed(conducted: Trial):
    finished: list[int] = []
    again = conduct("steady", INSTRUMENT, strategies_of, 9, 4, 3, 2, finished.append)
    other = conduct("steady", INSTRUMENT, strategies_of, 9, 4, 4, 1)
    assert sorted(finished) == [2, 2, 2, 3]
    for name, values in conducted.measured.items():
        np.testing.assert_array_equal(again.measured[name], values, err_msg=name)
    assert not np.array_equal(other.measured["P5"], conducted.measured["P5"])


def test_a_world_without_free_parameters_cannot_be_tried():
    with pytest.raises(ValueError, match="has no free parameters to draw"):
        conduct(SMALL, INSTRUMENT, strategies_of, 4, 2, 1, 1)


def test_an_unknown_world():
    with pytest.raises(MarketSimError, match="there is no scenario 'stedy'"):
        conduct("stedy", INSTRUMENT, strategies_of, 4, 2, 1, 1)


@pytest.mark.parametrize("world", WORLDS)
def test_the_worlds_are_in_the_library_with_parameters_to_draw(world: str):
    assert library.load(world).scenario.free


def test_every_class_but_the_untold_has_a_world():
    assert set(WORLDS.values()) == set(Class) - {Class.UNTOLD}
    assert set(CONTROLS) <= set(WORLDS)


def test_choices_begin_with_the_design():
    assert {name: values[0] for name, values in CHOICES.items()} == {
        name: getattr(Thresholds(), name) for name in CHOICES
    }
    assert all(len(set(values)) == len(values) for values in CHOICES.values())


def test_rows_of_the_confusion_sum_to_the_runs():
    """Worlds of one class count together."""
    trials = [made("glut", 30), made("glut", 10, M1=-0.5, P4=0.1), made("steady", 7), made("rationed", 5)]
    found = confusion(trials, INSTRUMENT)
    assert found.verdicts.sum(axis=1).tolist() == [40, 0, 0, 0, 0, 5, 0, 0, 7]
    assert found.verdicts[Class.PHOTOVOLTAIC, Class.PHOTOVOLTAIC] == 30
    assert found.verdicts[Class.PHOTOVOLTAIC, Class.NICHE] == 10
    assert found.worlds == {"PHOTOVOLTAIC": "glut, glut", "NONE": "steady", "RATIONED": "rationed"}


@pytest.mark.parametrize("world", KINDS)
def test_runs_that_are_clear_are_told(world: str):
    assert (made(world).verdicts(INSTRUMENT) == WORLDS[world]).all()


def test_thresholds_of_the_design_stay_where_nothing_is_gained():
    found = tuned([made(world) for world in KINDS], REFERENCE)
    assert all(getattr(found, name) == getattr(Thresholds(), name) for name in CHOICES)


def test_a_threshold_that_is_worth_it_moves():
    """Half of the ecosystem runs have a weaker M1: at -0.05 they are told too."""
    weak = [made("lock-in"), made("lock-in", M1=-0.07), made("glut"), made("steady")]
    found = tuned(weak, REFERENCE)
    assert found.ecosystem == -0.05
    assert confusion(weak, Instrument(REFERENCE, found)).right[Class.LOCK_IN] == 1
    assert confusion(weak, INSTRUMENT).right[Class.LOCK_IN] == 0.5


def score(trials: list[Trial], thresholds: Thresholds) -> float:
    """Mean share of right verdicts over worlds less what false photovoltaic ones exceed their limit by, by hand."""
    instrument = Instrument(REFERENCE, thresholds)
    right = np.mean([np.mean(trial.verdicts(instrument) == trial.true) for trial in trials])
    others = [trial for trial in trials if trial.true is not Class.PHOTOVOLTAIC]
    false = np.mean([np.mean(trial.verdicts(instrument) == Class.PHOTOVOLTAIC) for trial in others])
    return float(right - max(false - MOST_FALSE, 0))


@pytest.mark.parametrize("seed", range(4))
def test_tuned_thresholds_are_never_worse_on_their_half(seed: int):
    """And no threshold can be moved alone for a gain that is worth it."""
    trials = [made(world, 60, 0.6, seed) for world in KINDS]
    found = tuned(trials, REFERENCE)
    design = replace(Thresholds(), overlap=overlap(trials))
    assert score(trials, found) >= score(trials, design)
    for name, values in CHOICES.items():
        for value in values:
            change: dict[str, float] = {name: value}
            assert score(trials, replace(found, **change)) <= score(trials, found) + WORTH  # type: ignore[arg-type]


def test_false_photovoltaic_verdicts_are_held_down():
    """Four of eight facts of price would tell a weak glut, and take as many runs of a niche for one."""
    weak = {"P1": 0.1, "P3": 0.0, "P4": 0.5, "P5": 0.5, "P6": 0.0, "U1": 0.58, "U2": 2.0, "M1": 0.3}
    trials = [made("glut"), made("glut", 40, **weak), made("steady")]
    assert tuned(trials, REFERENCE).cost_facts == 4 / 8
    assert tuned([*trials, made("niche", 40, **weak)], REFERENCE).cost_facts == 5 / 8


def facts_of(world: str, figures: Mapping[str, Floats]) -> Trial:
    runs = len(next(iter(figures.values())))
    return Trial(world, {name: figures.get(name, np.zeros(runs)) for name in STRUCTURE}, np.arange(runs))


def test_overlap_is_the_mean_correlation_over_worlds_with_a_shakeout():
    """C1 and C2 go together in one world and against each other in the other; C3 never varies."""
    line, cross = np.arange(10.0), np.tile([1.0, -1], 5)
    one = facts_of("glut", {"C1": line, "C2": 2 * line, "C4": cross})
    other = facts_of("lock-in", {"C1": line, "C2": -line, "C4": cross})
    ignored = facts_of("steady", {"C1": line, "C2": line, "C4": line})
    expected = np.eye(4)
    expected[0, 3] = expected[3, 0] = np.corrcoef(line, cross)[0, 1]
    np.testing.assert_allclose(overlap([one, other, ignored]), expected, atol=1e-12)
    np.testing.assert_array_equal(overlap([ignored]), np.eye(4))
    np.testing.assert_array_equal(overlap([]), np.eye(4))


def test_overlap_of_runs_in_which_all_four_are_known():
    line = np.arange(10.0)
    partly = {"C1": line, "C2": np.where(line < 7, line, np.nan), "C3": line, "C4": line}
    np.testing.assert_allclose(overlap([facts_of("glut", partly)]), np.ones((4, 4)))
    few = partly | {"C2": np.where(line < 4, line, np.nan)}
    np.testing.assert_array_equal(overlap([facts_of("glut", few)]), np.eye(4))
