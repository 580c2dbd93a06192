"""Attribution: a change of share in points by term, and a vendor's utility against its best rival's."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy import integrate
from scipy.special import expit

from marketsim.attribution import MIX, PRESENCE, RIVALS, SHARE_TERMS, SUPPLY, against_rival, share_points
from marketsim.rules.demand import TERMS, value_shares
from marketsim.state import Outcome
from tests.test_attribution import WORLD, two_quarters

BASE = two_quarters((60, 60, 60), (60, 60, 60))[0]
RUNS = 2
EVEN = ((0, 0), (0, 0), (0, 0))


def quarter(price=EVEN, spend=(60, 40), met=(1, 1, 1), on_sale=(True, True, True)) -> Outcome:
    """A quarter of three vendors and two segments, in which utility is all price.

    price: term of utility [v,s].  spend: what segments want to spend.  met: share of orders that each vendor serves.
    """
    terms = [np.zeros((3, 2, RUNS)) for _ in TERMS]
    terms[0] = np.repeat(np.array(price, dtype=float)[:, :, None], RUNS, axis=2)
    choice, _ = value_shares(terms[0], np.repeat(np.array(on_sale)[:, None], RUNS, axis=1))
    bought = choice * np.array(spend, dtype=float)[:, None] * np.array(met)[:, None, None]
    return replace(
        BASE,
        terms=tuple(terms),
        choice=choice,
        bought=bought,
        spend=np.repeat(np.array(spend, dtype=float)[:, None], RUNS, axis=1),
    )


def explained(before: Outcome, after: Outcome, vendor: int) -> dict[str, float]:
    """A vendor's points by term in the first run, without the terms that are 0; they add up to its change."""
    points = share_points(before, after)
    assert points.by_term[:, vendor].sum(axis=0) == pytest.approx(points.change[vendor], abs=1e-15)
    terms = dict(zip(SHARE_TERMS, points.by_term[:, vendor, 0], strict=True))
    return {name: value for name, value in terms.items() if abs(value) > 1e-15}


# Known answers ----------------------------------------------------------------------------------------------------


def test_ones_own_price_is_price_to_oneself_and_rivals_to_others():
    before, after = two_quarters((60, 60, 60), (66, 60, 60))
    points = share_points(before, after)
    lost = 1 / 3 - 1.1**-2 / (2 + 1.1**-2)
    by_term = dict(zip(SHARE_TERMS, points.by_term[..., 0], strict=True))
    assert by_term["price"] == pytest.approx(np.array([-lost, 0, 0]))
    assert by_term[RIVALS] == pytest.approx(np.array([0, lost / 2, lost / 2]))
    for name in set(SHARE_TERMS) - {"price", RIVALS}:
        assert np.abs(by_term[name]).max() < 1e-12, name


def test_shares_are_of_all_money():
    before, after = two_quarters((60, 70, 80), (66, 60, 85), **WORLD)
    points = share_points(before, after)
    for share, there in ((points.before, before), (points.after, after)):
        assert share == pytest.approx(there.bought.sum(axis=1) / there.bought.sum(axis=(0, 1)))
    assert points.change == pytest.approx(points.after - points.before)


def test_a_term_weighs_its_mean_along_the_way():
    """Own and rivals' prices change: each is worth what it adds, bit by bit, on the straight way in log odds."""
    found = explained(quarter(), quarter(price=((1, 1), (2, 2), (-1, -1))), 0)
    own, rivals = 1.0, np.log(2) - np.log(np.exp(2) + np.exp(-1))
    start = np.log(1 / 2)
    slope, _ = integrate.quad(lambda t: expit(start + t * (own + rivals)) * expit(-start - t * (own + rivals)), 0, 1)
    assert found == pytest.approx({"price": own * slope, RIVALS: rivals * slope})


def test_terms_that_cancel_keep_their_size():
    """The share stays, to rounding, while all prices rise: no weight may be rounding over rounding."""
    before = quarter(price=((0.1, 0.1), (0.2, 0.2), (0.3, 0.3)))
    after = quarter(price=((0.8, 0.8), (0.9, 0.9), (1.0, 1.0)))
    for vendor, share in enumerate(before.choice[:, 0, 0]):
        slope = share * (1 - share)
        assert explained(before, after, vendor) == pytest.approx({"price": 0.7 * slope, RIVALS: -0.7 * slope})


def test_what_cards_cannot_serve_is_supply():
    found = explained(quarter(), quarter(met=(0.5, 1, 1)), 0)
    assert found == pytest.approx({SUPPLY: 1 / 5 - 1 / 3})
    assert explained(quarter(), quarter(met=(0.5, 1, 1)), 1) == pytest.approx({SUPPLY: 2 / 5 - 1 / 3})


def test_segments_that_grow_at_different_speed_are_mix():
    taste = ((np.log(2), 0), (0, 0), (0, 0))
    before, after = quarter(taste, spend=(60, 40)), quarter(taste, spend=(60, 140))
    assert explained(before, after, 0) == pytest.approx({MIX: (0.3 - 0.6) / 2 + (0.7 - 0.4) / 3})
    assert explained(before, quarter(taste, spend=(600, 400)), 0) == {}


def test_segments_are_told_apart():
    """A price that changes in one segment moves that one, with the mean of the parts it has of all money."""
    before, after = quarter(spend=(60, 40)), quarter(((0, np.log(2)), (0, 0), (0, 0)), spend=(60, 60))
    found = dict(zip(SHARE_TERMS, share_points(before, after).by_segment[:, 0, :, 0], strict=True))
    assert found["price"] == pytest.approx(np.array([0, 0.45 * (1 / 2 - 1 / 3)]))
    assert found[MIX] == pytest.approx(np.array([-0.1 / 3, 0.1 * (1 / 2 + 1 / 3) / 2]))


# Where log odds are infinite --------------------------------------------------------------------------------------


@pytest.mark.parametrize("entering", [True, False])
def test_who_is_on_sale_in_one_quarter_only_is_there_by_presence(entering: bool):
    alone, both = quarter(on_sale=(False, True, True), spend=(60, 40)), quarter(spend=(60, 140))
    before, after, sign = (alone, both, 1) if entering else (both, alone, -1)
    assert explained(before, after, 0) == pytest.approx({PRESENCE: sign / 3})
    assert explained(before, after, 1) == pytest.approx({RIVALS: -sign / 6})


@pytest.mark.parametrize("restocked", [True, False])
def test_who_is_chosen_but_has_no_card_lacks_supply(restocked: bool):
    out, there = quarter(((1, 1), (0, 0), (0, 0)), met=(0, 1, 1)), quarter()
    before, after, sign = (out, there, 1) if restocked else (there, out, -1)
    assert explained(before, after, 0) == pytest.approx({SUPPLY: sign / 3})


def test_sold_out_is_the_limit_of_almost_sold_out():
    there, cheap = quarter(), ((1, 1), (0, 0), (0, 0))
    prices = [explained(there, quarter(cheap, met=(left, 1, 1)), 0)["price"] for left in (1e-30, 1e-100, 1e-300)]
    assert prices == pytest.approx([1 / 3 / np.log(1 / left) for left in (1e-30, 1e-100, 1e-300)], rel=0.02)


@pytest.mark.parametrize("left_alone", [True, False])
def test_whose_last_rivals_go_or_first_rivals_come_owes_it_to_rivals(left_alone: bool):
    alone, both = quarter(((1, 1), (0, 0), (0, 0)), on_sale=(True, False, False)), quarter()
    before, after, sign = (both, alone, 1) if left_alone else (alone, both, -1)
    assert explained(before, after, 0) == pytest.approx({RIVALS: sign * 2 / 3})
    assert explained(before, after, 1) == pytest.approx({PRESENCE: -sign / 3})


def test_who_alone_has_cards_owes_it_to_supply():
    assert explained(quarter(), quarter(met=(1, 0, 0)), 0) == pytest.approx({SUPPLY: 2 / 3})


def test_who_sells_out_as_the_first_rival_comes_lacks_supply():
    found = explained(quarter(on_sale=(True, False, False)), quarter(met=(0, 1, 0), on_sale=(True, True, False)), 0)
    assert found == pytest.approx({SUPPLY: -1})


def test_who_stays_alone_changes_nothing():
    alone = {"on_sale": (True, False, False)}
    assert explained(quarter(**alone), quarter(((5, 5), (0, 0), (0, 0)), met=(0.1, 1, 1), **alone), 0) == {}


@pytest.mark.parametrize("opening", [True, False])
def test_a_segment_that_buys_nothing_in_a_quarter_is_mix(opening: bool):
    taste = ((np.log(2), 0), (0, 0), (0, 0))
    closed, opened = quarter(taste, spend=(0, 40)), quarter(taste, spend=(40, 40))
    before, after, sign = (closed, opened, 1) if opening else (opened, closed, -1)
    assert explained(before, after, 0) == pytest.approx({MIX: sign * (5 / 12 - 1 / 3)})


def test_a_market_that_buys_nothing_has_no_shares():
    nothing = quarter(spend=(0, 0))
    assert explained(nothing, nothing, 0) == {}
    assert explained(quarter(), nothing, 0) == pytest.approx({MIX: -1 / 3})
    assert explained(quarter(on_sale=(False, False, False)), quarter(), 0) == pytest.approx({PRESENCE: 1 / 3})


# Against the best rival -------------------------------------------------------------------------------------------


def test_terms_against_the_best_rival_add_up_to_the_log_ratio_of_shares():
    outcome = two_quarters((60, 70, 80), (60, 60, 60), **WORLD)[0]
    for vendor in range(3):
        found = against_rival(outcome, vendor)
        others = np.delete(outcome.choice, vendor, axis=0)
        assert found.rival.shape == others.shape[1:]
        assert (found.rival != vendor).all()
        theirs = np.take_along_axis(outcome.choice, found.rival[None], axis=0)[0]
        assert np.array_equal(theirs, others.max(axis=0))
        assert found.terms.sum(axis=0) == pytest.approx(np.log(outcome.choice[vendor] / theirs))


def test_each_segment_has_its_own_best_rival_by_choice_and_not_by_sales():
    outcome = quarter(((0, 0), (1, 2), (3, 1)), met=(1, 1, 0))
    found = against_rival(outcome, 0)
    assert found.rival.tolist() == [[2, 2], [1, 1]]
    by_term = dict(zip(TERMS, found.terms[..., 0], strict=True))
    assert by_term.pop("price").tolist() == [-3, -2]
    assert not np.any(list(by_term.values()))


def test_without_a_rival_or_a_card_on_sale_there_is_no_comparison():
    outcome = quarter(on_sale=(True, False, False))
    alone, absent = against_rival(outcome, 0), against_rival(outcome, 1)
    assert (alone.rival == -1).all()
    assert (absent.rival == 0).all()
    assert np.isnan(alone.terms).all()
    assert np.isnan(absent.terms).all()


@pytest.mark.parametrize("vendor", [-1, 3])
def test_there_is_no_such_vendor(vendor: int):
    with pytest.raises(IndexError, match=f"vendor: {vendor} is not allowed, from 0 to 2"):
        against_rival(quarter(), vendor)
