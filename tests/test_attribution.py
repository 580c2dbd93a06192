"""Attribution: changes of log odds by term."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from marketsim.attribution import RIVALS, attribute, log_odds
from marketsim.decisions import change
from marketsim.market import Market
from marketsim.rules.demand import TERMS
from marketsim.state import Outcome
from tests.worlds import PLAIN_SEGMENT, plain_world, rows

WORLD = {
    "market__luck": 0.3,
    "market__focus_effect": 0.4,
    "segments": {
        "a": {**PLAIN_SEGMENT, "lock_in": 0.7, "software_weight": 1, "reliability_weight": 2},
        "b": PLAIN_SEGMENT,
    },
}


def two_quarters(prices_before, prices_after, vendors=3, **changes) -> tuple[Outcome, Outcome]:
    market = Market(plain_world(vendors, **changes), 5, range(4))
    before = market.step(change(market.observe().hold(), price=rows(*prices_before, runs=4)))
    return before, market.step(change(market.observe().hold(), price=rows(*prices_after, runs=4)))


def test_terms_add_up_to_the_change_of_log_odds():
    found = attribute(*two_quarters((60, 70, 80), (66, 60, 85), **WORLD))
    summed = sum(found.terms[name] for name in (*TERMS, RIVALS))
    assert np.abs(summed - found.change).max() < 1e-9
    assert np.abs(found.change).min() > 1e-4


def test_change_is_the_change_of_log_odds_of_choice():
    before, after = two_quarters((60, 70, 80), (66, 60, 85), **WORLD)
    odds = [x.choice / (1 - x.choice) for x in (before, after)]
    assert attribute(before, after).change == pytest.approx(np.log(odds[1] / odds[0]))


def test_ones_own_price_goes_to_price_and_rivals_prices_to_rivals():
    found = attribute(*two_quarters((60, 60, 60), (66, 60, 60)))
    assert found.terms["price"][:, 0, 0] == pytest.approx([-2 * np.log(1.1), 0, 0])
    assert found.terms[RIVALS][0, 0, 0] == pytest.approx(0)
    others = np.log(2) - np.log(1 + 1.1**-2)
    assert found.terms[RIVALS][1:, 0, 0] == pytest.approx([others, others])
    for name in set(TERMS) - {"price"}:
        assert np.abs(found.terms[name]).max() < 1e-12


def test_supply_stands_apart():
    ample = attribute(*two_quarters((60, 60, 60), (66, 60, 60)))
    assert np.abs(ample.supply).max() < 1e-9
    short = {"vendors__maker-0__stock": 5, "vendors__maker-0__in_process": [0, 1]}
    before, after = two_quarters((60, 60, 60), (66, 60, 60), **short)
    found = attribute(before, after)
    realised = [log_odds(x.bought / x.bought.sum(axis=0)) for x in (before, after)]
    assert found.supply + found.change == pytest.approx(realised[1] - realised[0])
    assert found.change == pytest.approx(ample.change)
    assert np.abs(found.supply).max() > 0.1


def test_who_was_not_on_sale_has_no_attribution():
    before, after = two_quarters((60, 60, 60), (66, 60, 60))
    gone = after.choice.copy()
    gone[2] = 0
    found = attribute(before, replace(after, choice=gone / gone.sum(axis=0)))
    assert np.isnan(found.change[2]).all()
    assert np.isnan(found.terms["price"][2]).all()
    assert np.isfinite(found.change[:2]).all()
    summed = sum(found.terms[name] for name in (*TERMS, RIVALS))
    assert np.abs(summed - found.change)[:2].max() < 1e-9
    assert (found.terms[RIVALS][:2] > 0).all()


def test_a_monopolist_has_no_finite_odds_and_no_warning():
    found = attribute(*two_quarters((60,), (66,), vendors=1))
    assert np.isnan(found.change).all()
    assert np.isnan(found.terms[RIVALS]).all()
    assert np.isnan(found.supply).all()
