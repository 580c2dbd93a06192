"""Verdicts by policy: shares and shifts by the statistics of the shakeout test."""

from __future__ import annotations

import math

import numpy as np
import pytest

from marketsim.experiments.analysis.verdicts import policy_verdicts
from marketsim.shakeout.classify import Class
from marketsim.shakeout.instrument import load_instrument
from marketsim.shakeout.statistics import difference_interval, share_interval
from marketsim.shakeout.verdict import Answer, posteriors
from tests.experiments.analysis.made import sample_of

PV, NONE, RATIONED = float(Class.PHOTOVOLTAIC), float(Class.NONE), float(Class.RATIONED)


def test_single_runs_are_a_plain_binomial() -> None:
    before, after = [PV] * 30 + [NONE] * 70, [PV] * 20 + [NONE] * 75 + [PV] * 5
    first, second = policy_verdicts(sample_of([[before], [after]], own_luck=False), load_instrument().errors)
    assert [each.which for each in first.classes] == [Class.PHOTOVOLTAIC, Class.NONE]
    assert first.classes[0].share == share_interval(np.array([30]), np.array([100]))
    assert first.classes[0].shift is None and first.shakeout_shift is None
    assert second.classes[0].shift == difference_interval(np.array([5]), np.array([10]), np.array([100]))
    assert second.shakeout == second.classes[0].share and second.shakeout_shift == second.classes[0].shift
    assert (first.answer, second.answer) == (Answer.NO_SHAKEOUT, Answer.NO_SHAKEOUT)


def test_runs_of_a_drawn_point_count_together() -> None:
    classes = np.full((2, 10, 8), NONE)
    classes[0, :4] = PV
    classes[1, :2] = PV
    first, second = policy_verdicts(sample_of(classes), None)
    hits, runs = np.repeat([8, 0], [4, 6]), np.full(10, 8)
    assert first.classes[0].share == share_interval(hits, runs)
    lost = np.repeat([0, 8, 0], [2, 2, 6])
    assert second.classes[0].shift == difference_interval(np.zeros(10, dtype=int), lost, runs)
    assert first.answer is Answer.CANNOT_TELL
    assert math.isnan(first.classes[0].equal)


def test_errors_of_the_instrument_are_allowed_for() -> None:
    errors = load_instrument().errors
    (found,) = policy_verdicts(sample_of([[[PV] * 60 + [RATIONED] * 40]], own_luck=False), errors)
    shares = np.zeros(len(Class))
    shares[[Class.PHOTOVOLTAIC, Class.RATIONED]] = 0.6, 0.4
    equal, sceptical = posteriors(errors, shares)
    assert [(each.equal, each.sceptical) for each in found.classes] == [
        (pytest.approx(equal[each.which]), pytest.approx(sceptical[each.which])) for each in found.classes
    ]
    assert found.classes[0].sceptical <= found.classes[0].equal


def test_one_luck_at_all_points_says_nothing() -> None:
    (found,) = policy_verdicts(sample_of(np.full((1, 5, 1), PV), own_luck=False), None)
    assert found.answer is Answer.CANNOT_TELL
    assert found.shakeout.value == 1 and math.isnan(found.shakeout.low)


def test_a_policy_without_runs_is_left_out_and_others_are_compared_where_both_are() -> None:
    classes = sample_of([[[PV, NONE, NONE, NONE]], [[NONE, NONE, 0, 0]], [[0] * 4]], own_luck=False)
    classes.values[1, 2:] = classes.values[2] = math.nan
    first, second = policy_verdicts(classes, None)
    assert (first.runs, second.runs, second.pairs) == (4, 2, 2)
    assert second.shakeout_shift is not None and second.shakeout_shift.value == -0.5
