"""Why a vendor's share changed: exact decompositions, term by term, of its log odds and of its share of all money.

A vendor's log odds in a segment are u_v - ln sum_{j != v} exp(u_j). Utility is a sum of terms, so the change from one
quarter to the next is the sum of the changes of its own terms plus what rivals did (the change of the second part).
What choice gave and supply took is a term of its own: realised share against choice.

`attribute` gives changes of log odds, `share_points` turns them into points of the share of all money spent,
`against_market` sets each of one vendor's terms against what its rivals did in the same term, and `against_rival`
compares utilities within one quarter.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from marketsim.rules.arrays import ratio, running_total, total
from marketsim.rules.demand import TERMS, sum_of_terms
from marketsim.state import Bools, Floats, Ints, Outcome

RIVALS = "rivals"
SUPPLY = "supply"
PRESENCE = "presence"
MIX = "mix"

SHARE_TERMS = (*TERMS, RIVALS, SUPPLY, PRESENCE, MIX)
"""The terms of a change of share.

Own utility terms; rivals: their utility, their coming and going; supply: who had cards to deliver what was chosen;
presence: the vendor itself came on sale or went; mix: some segments' buyers spend more of all money than before.
"""

PAIRED_TERMS = (*TERMS, SUPPLY, PRESENCE, MIX)
"""The terms of a change of share that have two sides, the vendor's and its rivals': `rivals` is spread over them.

presence: who came on sale or went, the vendor or rivals.  mix: is nobody's doing, and stands on the vendor's side.
"""


@dataclass(frozen=True, slots=True)
class Attribution:
    """Changes of log odds from one quarter to the next. NaN where the vendor was not on sale in both, or alone."""

    terms: dict[str, Floats]  # [v,s,r] own terms in the order of TERMS, then RIVALS; they add up to `change`
    change: Floats  # [v,s,r] change in the log odds of the share by choice
    supply: Floats  # [v,s,r] change in log odds of the realised share beyond `change`


@dataclass(frozen=True, slots=True)
class SharePoints:
    """Changes of every vendor's share of all money spent on cards; 0.01 is a percentage point, nothing is NaN."""

    by_segment: Floats  # [t,v,s,r] in the order of SHARE_TERMS; over t they add up to what the segment changed
    before: Floats  # [v,r] share of all money, foreign suppliers' included; 0 where nobody bought
    after: Floats  # [v,r]

    @property
    def by_term(self) -> Floats:
        """Points of all segments together, [t,v,r]; over t they add up to `change`."""
        return total(self.by_segment, axis=2)

    @property
    def change(self) -> Floats:
        """Change of the share, [v,r]."""
        return self.after - self.before


@dataclass(frozen=True, slots=True)
class AgainstMarket:
    """Why one vendor's share of all money changed, its own doing and its rivals' side by side, in points.

    Both [t,s,r] in the order of PAIRED_TERMS; all together they add up to the vendor's change. What moves a term of the
    vendor and of all its rivals alike cancels between the two.
    """

    own: Floats
    rivals: Floats

    @property
    def net(self) -> Floats:
        """Points of each term relative to the market, [t,s,r]."""
        return self.own + self.rivals


@dataclass(frozen=True, slots=True)
class AgainstRival:
    """A vendor's utility against that of its best rival in each segment."""

    rival: Ints  # [s,r] index of the best rival, -1 where nobody else is on sale
    terms: Floats  # [t,s,r] own minus the rival's, in the order of TERMS; NaN without a rival or own cards on sale


@np.errstate(invalid="ignore")
def attribute(before: Outcome, after: Outcome) -> Attribution:
    """Decompose every vendor's change of share in every segment between two quarters."""
    known = _has_odds(before.choice) & _has_odds(after.choice)
    own = {
        name: np.where(known, new - old, np.nan)
        for name, old, new in zip(TERMS, before.terms, after.terms, strict=True)
    }
    own[RIVALS] = np.where(known, _log_sum_of_others(before) - _log_sum_of_others(after), np.nan)
    change = np.where(known, log_odds(after.choice) - log_odds(before.choice), np.nan)
    taken = log_odds(after.bought) - log_odds(before.bought) - change
    return Attribution(own, change, np.where(np.isfinite(taken), taken, np.nan))


def share_points(before: Outcome, after: Outcome) -> SharePoints:
    """Decompose every vendor's change of its share of all money between two quarters of the same market, in points.

    A vendor's share is sum_s m_s*y_vs, with m_s the segment's part of all money and y_vs the vendor's share of that.
    Between segments, midpoint (Marshall-Edgeworth) weights: D(m*y) = mean(m)*Dy + mean(y)*Dm, the second is the mix.
    Within a segment, logarithmic-mean (LMDI) weights: Dy = L * D ln(y/(1-y)), with L = (a-b)/(ln a - ln b) the
    logarithmic mean of a = y'(1-y) and b = y(1-y'); the change of log odds is split into the terms of `attribute`.

    Where log odds are infinite, all of mean(m)*Dy goes to the term that made them so, which is the limit: to `rivals`
    for a vendor that was alone in a quarter, to `supply` for one that was chosen but had no card, or alone had cards.
    A vendor on sale in only one quarter has `presence` for all it won or lost. A segment that buys nothing in a quarter
    is taken to have divided that as in the other one: segments that come or go are `mix`.

    Source: Ang (2005), Energy Policy 33, for the weights; Wood and Lenzen (2006), Energy Policy 34, for limits at zero.
    """
    why = attribute(before, after)
    mix, share = _spending(before)
    new_mix, new_share = _spending(after)
    won, new_won = mix * share, new_mix * new_share
    share, new_share = np.where(mix > 0, share, new_share), np.where(new_mix > 0, new_share, share)
    once = (before.choice > 0) != (after.choice > 0)
    finite = np.isfinite(why.supply)
    slope = _slope(before, after, why)
    moved = {**why.terms, SUPPLY: why.supply}
    points = {name: np.where(finite, slope * change, 0.0) for name, change in moved.items()}
    leap = np.where(finite | once, 0.0, (mix + new_mix) / 2 * (new_share - share))
    by_rivals = np.isnan(why.change) & (share > 0) & (new_share > 0)
    points[RIVALS] += np.where(by_rivals, leap, 0.0)
    points[SUPPLY] += np.where(by_rivals, 0.0, leap)
    points[PRESENCE] = np.where(once, new_won - won, 0.0)
    points[MIX] = np.where(once, 0.0, (share + new_share) / 2 * (new_mix - mix))
    return SharePoints(np.stack(list(points.values())), total(won, axis=1), total(new_won, axis=1))


@np.errstate(invalid="ignore", divide="ignore")
def against_market(before: Outcome, after: Outcome, vendor: int) -> AgainstMarket:
    """Decompose one vendor's change of its share of all money with each term relative to the market, in points.

    `rivals` of `share_points` is spread over what rivals did. Among rivals on sale in both quarters, with w_j their
    shares by choice of one another's sum, D ln sum_j exp(u_j) = sum_j W_j*Du_j, W_j the logarithmic mean of w_j in the
    two quarters scaled to sum 1 (Sato-Vartia); the rest of D ln sum is who came or went (Feenstra). `supply` is the
    vendor's own ratio of bought to chosen against that of all others.
    vendor: index; IndexError if there is no such vendor.
    Source: Sato (1976) and Vartia (1976) for the weights; Feenstra (1994), American Economic Review 84, for who comes.
    """
    _check_vendor(vendor, before)
    why = attribute(before, after)
    points = dict(zip(SHARE_TERMS, share_points(before, after).by_segment[:, vendor], strict=True))
    slope, finite = _slope(before, after, why)[vendor], np.isfinite(why.supply[vendor])
    served = [
        np.log(quarter.bought[vendor]) - np.log(quarter.choice[vendor] * quarter.spend) for quarter in (before, after)
    ]
    delivered = np.where(finite, slope * (served[1] - served[0]), points[SUPPLY])
    own = np.stack([*(points[name] for name in TERMS), delivered, points[PRESENCE], points[MIX]])
    moves = np.where(finite, slope * _rivals_moves(before, after, vendor), 0.0)
    rivals = np.stack([*moves, points[SUPPLY] - delivered, points[RIVALS] - total(moves, axis=0), np.zeros_like(slope)])
    return AgainstMarket(own, rivals)


@np.errstate(invalid="ignore")
def against_rival(outcome: Outcome, vendor: int) -> AgainstRival:
    """A vendor's utility terms minus those of its best rival, by segment and run.

    The best rival is who has the largest share by choice of all others on sale. The terms add up to ln(x_v/x_rival), x
    the shares by choice.  vendor: index; IndexError if there is no such vendor.
    """
    _check_vendor(vendor, outcome)
    others = _rivals_choice(outcome, vendor)
    best = others.argmax(axis=0)
    rivalled = others.max(axis=0) > 0
    utility = np.stack([np.broadcast_to(term, others.shape) for term in outcome.terms])
    difference = utility[:, vendor] - np.take_along_axis(utility, best[None, None], axis=1)[:, 0]
    compared = rivalled & (outcome.choice[vendor] > 0)
    return AgainstRival(np.where(rivalled, best, -1), np.where(compared, difference, np.nan))


def log_odds(amounts: Floats) -> Floats:
    """ln(x_v / sum_{j != v} x_j) of shares or amounts [v,s,r]; infinite for a vendor with nothing or everything.

    The others are added up, not taken from the whole: 1 - x has no digits left where x is close to 1.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.log(amounts) - np.log(_of_others(amounts))


def _has_odds(choice: Floats) -> Bools:
    """Where a vendor is on sale and not alone, [v,s,r]."""
    selling = choice > 0
    return selling & (total(1.0 * selling, axis=0) > 1)


def _of_others(values: Floats) -> Floats:
    """Sum over all vendors but v, [v,s,r]: those before it and those after it."""
    result = np.zeros_like(values)
    result[1:] += running_total(values[:-1])
    result[:-1] += running_total(values[:0:-1])[::-1]
    return result


def _log_sum_of_others(outcome: Outcome) -> Floats:
    """ln sum of exp(u_j) over the vendors on sale but v, [v,s,r]; -inf for a vendor that is alone.

    Nobody on sale is so far below the best that exp of the difference would be nothing: see `demand.NOTHING`.
    """
    offered = np.where(outcome.choice > 0, sum_of_terms(outcome.terms), -np.inf)
    highest = offered.max(axis=0)
    level = np.where(np.isfinite(highest), highest, 0.0)
    with np.errstate(divide="ignore"):
        return level + np.log(_of_others(np.exp(offered - level)))


def _spending(outcome: Outcome) -> tuple[Floats, Floats]:
    """Each segment's part of all money spent, [s,r], and each vendor's share of the segment's, [v,s,r]."""
    spent = total(outcome.bought, axis=0)
    return ratio(spent, total(spent, axis=0)), ratio(outcome.bought, spent)


def _slope(before: Outcome, after: Outcome, why: Attribution) -> Floats:
    """Points of all money for a change of 1 in log odds, [v,s,r]; of no use where log odds are infinite."""
    mix, share = _spending(before)
    new_mix, new_share = _spending(after)
    return (mix + new_mix) / 2 * _mean_slope(share, new_share, why.change + why.supply)


def _mean_slope(share: Floats, new_share: Floats, moved: Floats) -> Floats:
    """Mean of y(1-y) along the way in log odds from one share to another, [v,s,r]; moved: change of the log odds.

    It is the logarithmic mean of a = y'(1-y) and b = y(1-y'), as a-b = y'-y and ln(a/b) = moved. Written with the
    larger of the two, max*(1-exp(-|moved|))/|moved|, it is not lost to rounding where the share hardly changed.
    """
    larger = np.maximum(new_share * _of_others(share), share * _of_others(new_share))
    return _logarithmic_mean(larger, moved)


def _logarithmic_mean(larger: Floats, moved: Floats) -> Floats:
    """Logarithmic mean of two amounts, from the larger and ln of their ratio, whichever way."""
    distance = np.abs(moved)
    return larger * ratio(-np.expm1(-distance), distance, otherwise=1.0)


def _rivals_moves(before: Outcome, after: Outcome, vendor: int) -> Floats:
    """What rivals on sale in both quarters did to a vendor's log odds, by term: -sum_j W_j*Du_j, [t,s,r]."""
    old, new = _rivals_choice(before, vendor), _rivals_choice(after, vendor)
    stay = (old > 0) & (new > 0)
    old, new = (ratio(shares, total(shares, axis=0)) for shares in (old * stay, new * stay))
    with np.errstate(divide="ignore", invalid="ignore"):
        weight = np.where(stay, _logarithmic_mean(np.maximum(old, new), np.log(new) - np.log(old)), 0.0)
    weight = ratio(weight, total(weight, axis=0))
    moved = [np.where(stay, then - now, 0.0) for now, then in zip(before.terms, after.terms, strict=True)]
    return np.stack([-total(weight * move, axis=0) for move in moved])


def _rivals_choice(outcome: Outcome, vendor: int) -> Floats:
    """Shares by choice, [v,s,r], with the vendor's own at 0."""
    choice = outcome.choice.copy()
    choice[vendor] = 0.0
    return choice


def _check_vendor(vendor: int, outcome: Outcome) -> None:
    last = len(outcome.choice) - 1
    if not 0 <= vendor <= last:
        raise IndexError(f"vendor: {vendor} is not allowed, from 0 to {last}")
