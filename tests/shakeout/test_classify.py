"""From facts to classes: each class by hand, what tells and what does not, facts that are missing."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from marketsim.scenario.reference_file import FURTHEST, Range
from marketsim.shakeout.classify import (
    PRICE,
    STRUCTURE,
    Class,
    Mechanism,
    Structure,
    Thresholds,
    Verdicts,
    concentration_evidence,
    judge,
    log_density,
    tempering,
)
from marketsim.shakeout.facts import FACTS
from marketsim.shakeout.gauges import gauges, sustained_excess
from marketsim.shakeout.history import SERIES, History
from marketsim.shakeout.reference import load_reference
from marketsim.shakeout.structure import settled
from marketsim.shakeout.window import window
from marketsim.state import Floats
from tests.shakeout.hand_made import measured, random_history, without, written

REFERENCE = load_reference()
THRESHOLDS = Thresholds()

PHOTOVOLTAIC: dict[str, float] = {
    **{"S1": 0.6, "S2": 2, "S3": 0.31, "S4": 0.5, "C1": 0.06, "C2": 0.23, "C3": 0.31, "C4": 0.25},
    **{"P1": 0.66, "P2": 0.226, "P3": -0.93, "P4": -0.46, "P5": 0.02, "P6": 0, "U1": 0.58, "U2": 2},
    **{"M1": 0.3, "M2": 0.5, "M3": 2},
}
CONCENTRATED = {"C1": 0.45, "C2": 0.9, "C3": 0.05, "C4": 0.8}
ECOSYSTEM = {"P1": 0.2, "P3": -0.1, "P4": 0.3, "P5": 0.4, "P6": 0.6, "U1": 0.9, "U2": 1.3, "M1": -0.4}
NO_SHAKEOUT = {"S1": 0.1, "S4": 1.0}

SHAKEOUT: dict[str, list[float]] = {
    **{"firms": [20, 30, 12, 12, 12], "idle": [0] * 5, "output": [1, 2, 3, 4, 5]},
    **{"capacity": [1, 4, 5, 6, 7], "demand": [1, 2, 3, 4, 5], "scarcity": [0.5] * 5, "profitable": [1, 1, 0, 1, 1]},
    **{"gross_margin": [0.3, 0.3, 0.02, 0.2, 0.2], "leader_margin": [0.3, 0.3, 0.4, 0.4, 0.4]},
}


def history_of(**changes: Any) -> History:
    """A shakeout in 2001 to 2002 with excess supply, with other series where they are given."""
    return written(2000.0 + np.arange(5), **(SHAKEOUT | changes))


def verdict(
    facts: dict[str, float], history: History | None = None, thresholds: Thresholds = THRESHOLDS, **given: Any
) -> Verdicts:
    """The verdict on a history with these facts; those of photovoltaics where none is given."""
    chosen = {name: np.full(2, value) for name, value in (PHOTOVOLTAIC | facts).items()}
    shown = history_of() if history is None else history
    return judge(chosen | gauges(shown, window(shown)), REFERENCE, thresholds, **given)


def class_of(facts: dict[str, float], history: History | None = None, **given: Any) -> Class:
    first, second = verdict(facts, history, **given).classes
    assert first == second
    return Class(first)


CALM = history_of(firms=[28, 30, 27, 29, 30])
SCARCE = {
    name: np.full((5, 2), value) for name, value in (("scarcity", 0.95), ("utilisation", 0.95), ("gross_margin", 0.3))
}


@pytest.mark.parametrize(
    ("facts", "history", "expected"),
    [
        ({}, history_of(), Class.PHOTOVOLTAIC),
        (CONCENTRATED, history_of(), Class.COMMODITY),
        (CONCENTRATED | ECOSYSTEM, history_of(), Class.LOCK_IN),
        (ECOSYSTEM, history_of(), Class.NICHE),
        # No excess supply: price cannot kill, so that it did not says nothing. The ecosystem needs none.
        ({}, history_of(capacity=SHAKEOUT["demand"]), Class.UNTOLD),
        (CONCENTRATED | ECOSYSTEM, history_of(capacity=SHAKEOUT["demand"]), Class.LOCK_IN),
        # Nothing known of capacity: price facts are heard.
        ({"U1": np.nan, "U2": np.nan}, history_of(capacity=[np.nan] * 5), Class.PHOTOVOLTAIC),
        # As many firms with weak software leave as firms with high cost.
        ({"M1": 0.0}, history_of(), Class.UNTOLD),
        # Structure between the two.
        ({"C1": 0.18, "C2": 0.5, "C3": np.nan, "C4": np.nan}, history_of(), Class.UNTOLD),
        ({name: np.nan for name in STRUCTURE}, history_of(), Class.UNTOLD),
        # Leaders that earn no more than others have no ecosystem.
        (CONCENTRATED | ECOSYSTEM, history_of(leader_margin=SHAKEOUT["gross_margin"]), Class.UNTOLD),
        # Revenue falls, or nobody knows it.
        (CONCENTRATED | ECOSYSTEM | {"P4": -0.1}, history_of(), Class.UNTOLD),
        (CONCENTRATED | ECOSYSTEM | {"P4": np.nan}, history_of(), Class.UNTOLD),
        # No shakeout: firms do not fall, come back, or were too few.
        (NO_SHAKEOUT, CALM, Class.NONE),
        ({"S4": 0.95}, history_of(), Class.NONE),
        ({}, history_of(firms=[5, 9, 3, 3, 3]), Class.NONE),
        # Firms that only stand idle have not left.
        ({}, history_of(idle=[0, 0, 13, 13, 13]), Class.SHELTERED),
        ({}, history_of(idle=[0, 0, 12, 12, 12]), Class.PHOTOVOLTAIC),
        # Output that falls for good is a collapse, a dip is none.
        ({}, history_of(output=[1, 2, 1, 1.5, 1.9]), Class.COLLAPSE),
        ({}, history_of(output=[1, 2, 1, 1.5, 2]), Class.PHOTOVOLTAIC),
        (NO_SHAKEOUT, replace(CALM, **SCARCE), Class.RATIONED),
        # Inputs are nearly taken, but by others: contracts are not in full use.
        (NO_SHAKEOUT, replace(CALM, **SCARCE | {"utilisation": np.full((5, 2), 0.8)}), Class.NONE),
        (NO_SHAKEOUT, replace(CALM, idle=np.full((5, 2), 12.0)), Class.SHELTERED),
        (NO_SHAKEOUT, replace(CALM, profitable=np.full((5, 2), 0.1)), Class.SHELTERED),
        # Rationed vendors whose margins were thin for a year did not keep them.
        (
            NO_SHAKEOUT,
            replace(CALM, **SCARCE | {"gross_margin": np.array([[0.3, 0.3, 0.1, 0.3, 0.3]] * 2).T}),
            Class.NONE,
        ),
    ],
)
def test_classes(facts: dict[str, float], history: History, expected: Class):
    assert class_of(facts, history) is expected


def test_what_a_table_does_not_say_does_not_speak_against_a_shakeout():
    unknown = history_of(output=[np.nan] * 5, idle=[np.nan] * 5)
    assert class_of({"S3": np.nan, "S4": np.nan}, unknown) is Class.PHOTOVOLTAIC


def test_five_of_eight_facts_of_price_are_needed():
    wrong = {"P1": 0.1, "P3": 0.0, "P4": 0.5}
    assert class_of(wrong) is Class.PHOTOVOLTAIC
    assert class_of(wrong | {"P5": 0.5}) is Class.UNTOLD
    assert verdict(wrong).cost_share == pytest.approx([5 / 8] * 2)


def test_a_price_war_worse_than_that_of_photovoltaics_is_one_too():
    """Farther than the range counts, short of it does not."""
    worse = {"P1": 0.95, "P3": -3.0, "P4": -0.9, "P5": -0.5, "P6": 0.0, "U1": 0.1, "U2": 9.0, "M1": 1.0}
    milder = {"P1": 0.4, "P3": -0.4, "P4": -0.1, "P5": 0.1, "P6": 0.3, "U1": 0.8, "U2": 1.4, "M1": 0.05}
    assert verdict(worse).cost_share.tolist() == [1, 1]
    assert verdict(milder).cost_share.tolist() == [0, 0]


def test_three_known_facts_of_price_are_too_few():
    known = ("P5", "P6", "U1", "M1")
    few = {name: np.nan for name in PRICE if name not in known}
    assert class_of(few) is Class.PHOTOVOLTAIC
    fewer = verdict(few | {"P5": np.nan})
    assert np.isnan(fewer.cost_share).all() and (fewer.mechanism == Mechanism.MIXED).all()


@pytest.mark.parametrize("name", FACTS)
def test_a_dropped_fact_does_not_matter(name: str):
    """For the axes: whether there is a shakeout is told by S1 and S4 all the same."""
    if name in ("S1", "S4"):
        return
    values = [{name: value} for value in (-5.0, 0.0, 5.0, np.nan)]
    verdicts = [verdict(facts, dropped=frozenset({name})) for facts in values]
    for other in verdicts[1:]:
        assert (other.classes == verdicts[0].classes).all()
        np.testing.assert_array_equal(other.evidence, verdicts[0].evidence)
        np.testing.assert_array_equal(other.cost_share, verdicts[0].cost_share)


def test_evidence_by_hand():
    """C2 alone: sigma is the half-width over 1.645, the density is Student's with four degrees of freedom."""
    facts = {name: np.full(2, np.nan) for name in FACTS} | {"C2": np.array([0.23, 0.8])}
    pv, eco = (0.26, 0.14 / 1.645), (0.8, 0.2 / 1.645)

    def density(x: float, centre: float, sigma: float) -> float:
        return float((1 + ((x - centre) / sigma) ** 2 / 4) ** -2.5 / sigma)

    expected = [np.log(density(x, *pv) / density(x, *eco)) for x in (0.23, 0.8)]
    assert concentration_evidence(facts, REFERENCE, THRESHOLDS) == pytest.approx(expected)


def test_evidence_of_nothing_is_none():
    facts = {name: np.full(2, np.nan) for name in FACTS}
    assert (concentration_evidence(facts, REFERENCE, THRESHOLDS) == 0).all()
    assert (verdict({name: np.nan for name in STRUCTURE}).structure == Structure.OPEN).all()


def test_log_density_is_symmetric_and_falls():
    values = np.array([0.0, 1, 2, 5, -5])
    density = log_density(values, Range(low=-FURTHEST, high=FURTHEST))
    assert density[3] == density[4] and (np.diff(density[:4]) < 0).all()


@pytest.mark.parametrize(
    ("correlation", "expected"),
    [(np.eye(4), 1.0), (np.ones((4, 4)), 1 / 4), (np.eye(1), 1.0), (np.kron(np.eye(2), np.ones((2, 2))), 1 / 2)],
)
def test_tempering(correlation: Floats, expected: float):
    """Independent facts count fully, identical ones once."""
    assert tempering(correlation) == pytest.approx(expected)


def test_identical_facts_count_once():
    facts = {name: np.full(2, PHOTOVOLTAIC[name]) for name in FACTS}
    one_fact = {name: np.where(np.isin(name, ("C2",)), value, np.nan) for name, value in facts.items()}
    both = {name: value if name in ("C1", "C2") else value * np.nan for name, value in facts.items()}
    alike = np.eye(4)
    alike[0, 1] = alike[1, 0] = 1
    apart = concentration_evidence(both, REFERENCE, THRESHOLDS)
    together = concentration_evidence(both, REFERENCE, replace(THRESHOLDS, overlap=alike))
    assert together == pytest.approx(apart / 2)
    single = concentration_evidence(one_fact, REFERENCE, replace(THRESHOLDS, overlap=alike))
    assert single == pytest.approx(concentration_evidence(one_fact, REFERENCE, THRESHOLDS))


@given(st.sampled_from(sorted(PRICE)), st.floats(-3, 3), st.floats(0.1, 3), st.floats(0.1, 3))
def test_wider_tolerances_hold_more(name: str, value: float, one: float, other: float):
    narrow, wide = (REFERENCE.scaled(factor) for factor in sorted((one, other)))
    facts = {name: np.full(2, value)}
    inside = narrow.inside(facts[name], name, "photovoltaic")
    assert (wide.inside(facts[name], name, "photovoltaic") | ~inside).all()
    ranges = [reference.range(name, "photovoltaic") for reference in (narrow, wide)]
    less, more = (known.reached_by(facts[name], PRICE[name]) for known in ranges if known is not None)
    assert (more | ~less).all()


@pytest.mark.parametrize(
    ("step", "capacity", "expected"),
    [
        (1.0, [1, 1, 1.3, 1, 1, 1], True),  # a year is four quarters
        (0.25, [1, 1, 1.3, 1, 1, 1], False),  # a quarter is not two
        (0.25, [1, 1, 1.3, 1.2, 1, 1], True),
        (0.25, [1, 1.3, 1, 1.3, 1, 1], False),
        (0.25, [1, 1, 1, 1, 1.3, 1.3], False),  # after the trough
        (1.0, [np.nan] * 6, False),
    ],
)
def test_excess_supply_lasts_half_a_year(step: float, capacity: list[float], expected: bool):
    history = written(2000 + step * np.arange(6), firms=[20, 20, 30, 12, 12, 12], capacity=capacity, demand=[1] * 6)
    found = sustained_excess(history, window(history)) >= THRESHOLDS.excess
    assert found.tolist() == [expected] * 2


def test_excess_supply_of_a_single_year():
    history = written([2000], firms=[20], capacity=[2], demand=[1])
    assert (sustained_excess(history, window(history)) == 2).all()


def test_capacity_that_is_known_only_elsewhere_does_not_hide_the_crash():
    elsewhere = history_of(capacity=[np.nan, np.nan, np.nan, 4, 5])
    assert class_of({"U2": np.nan}, elsewhere) is Class.PHOTOVOLTAIC


def test_a_margin_that_is_unknown_in_one_year_does_not_hide_the_leader():
    partly = history_of(firms=[20, 30, 25, 12, 12], leader_margin=[0.3, 0.3, np.nan, 0.4, 0.4])
    assert class_of(CONCENTRATED | ECOSYSTEM, partly) is Class.LOCK_IN


def test_unknown_years_do_not_count_against_sheltered_or_rationed():
    partly = [np.nan, np.nan, np.nan, 0.1, 0.1]
    assert class_of(NO_SHAKEOUT, replace(CALM, idle=CALM.idle * np.nan, profitable=np.array([partly] * 2).T)) is (
        Class.SHELTERED
    )
    scarce = np.array([[np.nan, np.nan, np.nan, 0.95, 0.95]] * 2).T
    assert class_of(NO_SHAKEOUT, replace(CALM, **SCARCE | {"scarcity": scarce})) is Class.RATIONED
    assert class_of(NO_SHAKEOUT, replace(CALM, **SCARCE | {"utilisation": scarce})) is Class.RATIONED


@given(st.integers(0, 10_000), st.sets(st.sampled_from(sorted(set(SERIES) - {"firms"}))), st.booleans())
def test_tables_that_lack_series_get_a_verdict(seed: int, missing: set[str], one_by_one: bool):
    """Without a warning, and never a kind of shakeout where there is none."""
    history = without(random_history(seed), *missing)
    history = history if one_by_one else replace(history, firm=None)
    facts = measured(history)
    found = judge(facts | gauges(history, window(history)), REFERENCE, THRESHOLDS)
    kinds = found.classes <= Class.UNTOLD
    np.testing.assert_array_equal(kinds, found.shakeout)
    assert not (found.excess & np.isnan(facts["U2"])).any()
    shares = {name for name in SERIES if name.endswith("_share") or name in ("hhi", "leader")}
    if shares <= missing and not one_by_one:
        left = settled(history.firms, history, window(history))
        few = (left >= 1) & (left <= 4)  # whatever four firms sell, the largest two have a half: odds of 5
        np.testing.assert_array_equal(found.structure, np.where(few, Structure.CONCENTRATED, Structure.OPEN))


@pytest.mark.parametrize(("history", "expected"), [(history_of(), Class.UNTOLD), (CALM, Class.NONE)])
def test_a_table_of_nothing_but_firms(history: History, expected: Class):
    """A shakeout whose kind cannot be told, or none of which nothing else can be said."""
    bare = without(history, *(set(SERIES) - {"firms"}))
    found = judge(measured(bare) | gauges(bare, window(bare)), REFERENCE, THRESHOLDS)
    assert (found.classes == expected).all()
    assert (found.structure == Structure.OPEN).all() and (found.mechanism == Mechanism.MIXED).all()
