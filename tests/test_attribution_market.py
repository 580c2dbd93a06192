"""Attribution: a vendor's terms against those of its rivals."""

from __future__ import annotations

import numpy as np
import pytest

from marketsim.attribution import PAIRED_TERMS, RIVALS, SHARE_TERMS, against_market, share_points
from marketsim.state import Outcome
from tests.test_attribution_points import quarter

LN2 = np.log(2)


def sides(before: Outcome, after: Outcome, vendor: int = 0) -> dict[tuple[str, str], float]:
    """A vendor's points in the first run by term and side, without those that are 0."""
    found = against_market(before, after, vendor)
    points = {
        (name, side): values.sum(axis=0)[0]
        for side, terms in (("own", found.own), ("rivals", found.rivals))
        for name, values in zip(PAIRED_TERMS, terms, strict=True)
    }
    return {place: value for place, value in points.items() if abs(value) > 1e-15}


def test_what_moves_all_alike_cancels_term_by_term():
    """`rivals` as one term is as large as the own one; set against each other nothing is left."""
    uneven = ((0.5, 0.1), (0.2, 1.0), (-0.3, 0.0))
    alike = tuple(tuple(price - 0.7 for price in row) for row in uneven)
    before, after = quarter(uneven), quarter(alike)
    own, rivals = sides(before, after).values()
    assert own < -0.1
    assert own + rivals == pytest.approx(0, abs=1e-15)
    by_term = dict(zip(SHARE_TERMS, share_points(before, after).by_term[:, 0, 0], strict=True))
    assert rivals == pytest.approx(by_term[RIVALS])


def test_a_rivals_price_is_price_on_the_rivals_side():
    """One of two rivals becomes twice as attractive: 1/3 of the market, then 1/4."""
    found = sides(quarter(), quarter(((0, 0), (LN2, LN2), (0, 0))))
    assert found == pytest.approx({("price", "rivals"): 1 / 4 - 1 / 3})


def test_rivals_weigh_by_their_shares():
    """Rivals move against each other so that nothing changes for the vendor: their weighted mean is nothing."""
    before = quarter(((0, 0), (LN2, LN2), (0, 0)))
    after = quarter(((0, 0), (0, 0), (LN2, LN2)))
    assert sides(before, after) == {}


def test_each_terms_sides_are_told_apart():
    after = quarter(((LN2, LN2), (LN2, LN2), (0, 0)))
    change = 2 / 5 - 1 / 3
    slope = change / (np.log(2 / 3) - np.log(1 / 2))
    expected = {("price", "own"): slope * LN2, ("price", "rivals"): change - slope * LN2}
    assert sides(quarter(), after) == pytest.approx(expected)


@pytest.mark.parametrize("entering", [True, False])
def test_a_rival_that_comes_or_goes_is_presence_on_the_rivals_side(entering: bool):
    two, three = quarter(on_sale=(True, True, False)), quarter()
    before, after, sign = (two, three, 1) if entering else (three, two, -1)
    assert sides(before, after) == pytest.approx({("presence", "rivals"): sign * (1 / 3 - 1 / 2)})
    assert sides(before, after, vendor=2) == pytest.approx({("presence", "own"): sign / 3})


def test_rivals_that_all_change_places_are_presence():
    first, second = (
        quarter(on_sale=(True, True, False)),
        quarter(((0, 0), (0, 0), (LN2, LN2)), (60, 40), (1, 1, 1), (True, False, True)),
    )
    assert sides(first, second) == pytest.approx({("presence", "rivals"): 1 / 3 - 1 / 2})


def test_too_few_cards_are_ones_own_supply_and_rivals_supply_to_others():
    """The first vendor serves half: 1/5 instead of 1/3 of what is bought."""
    before, after = quarter(), quarter(met=(0.5, 1, 1))
    assert sides(before, after) == pytest.approx({("supply", "own"): 1 / 5 - 1 / 3})
    assert sides(before, after, vendor=1) == pytest.approx({("supply", "rivals"): 2 / 5 - 1 / 3})


def test_cards_that_all_lack_alike_cancel():
    own, rivals = sides(quarter(), quarter(met=(0.5, 0.5, 0.5))).values()
    assert own < -0.1
    assert own + rivals == pytest.approx(0, abs=1e-15)


def test_money_that_moves_between_segments_is_mix():
    taste = ((LN2, 0), (0, 0), (0, 0))
    found = sides(quarter(taste, spend=(60, 40)), quarter(taste, spend=(60, 140)))
    assert found == pytest.approx({("mix", "own"): -0.3 / 2 + 0.3 / 3})


@pytest.mark.parametrize("vendor", [-1, 3])
def test_there_is_no_such_vendor(vendor: int):
    with pytest.raises(IndexError, match=f"vendor: {vendor} is not allowed, from 0 to 2"):
        against_market(quarter(), quarter(), vendor)
