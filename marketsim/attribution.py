"""Why a vendor's share changed: an exact decomposition of the change in log odds, term by term.

A vendor's log odds in a segment are u_v - ln sum_{j != v} exp(u_j). Utility is a sum of terms, so the change from one
quarter to the next is the sum of the changes of its own terms plus what rivals did (the change of the second part).
What choice gave and supply took is a term of its own: realised share against choice.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from marketsim.rules.arrays import total
from marketsim.rules.demand import TERMS
from marketsim.state import Bools, Floats, Outcome

RIVALS = "rivals"
SUPPLY = "supply"


@dataclass(frozen=True, slots=True)
class Attribution:
    """Changes of log odds from one quarter to the next. NaN where the vendor was not on sale in both, or alone."""

    terms: dict[str, Floats]  # [v,s,r] own terms in the order of TERMS, then RIVALS; they add up to `change`
    change: Floats  # [v,s,r] change in the log odds of the share by choice
    supply: Floats  # [v,s,r] change in log odds of the realised share beyond `change`


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
    """Sum over all vendors but v, [v,s,r]."""
    result = np.empty(values.shape)
    for v in range(len(values)):
        result[v] = total(np.delete(values, v, axis=0), axis=0)
    return result


def _log_sum_of_others(outcome: Outcome) -> Floats:
    """ln sum of exp(u_j) over the vendors on sale but v, [v,s,r]; -inf for a vendor that is alone."""
    selling = outcome.choice > 0
    utility = np.broadcast_to(outcome.terms[0], outcome.choice.shape).copy()
    for term in outcome.terms[1:]:
        utility += term
    result = np.empty(outcome.choice.shape)
    for v in range(len(result)):
        others = selling.copy()
        others[v] = False
        masked = np.where(others, utility, -np.inf)
        highest = masked.max(axis=0)
        level = np.where(np.isfinite(highest), highest, 0.0)
        with np.errstate(divide="ignore"):
            result[v] = level + np.log(total(np.exp(masked - level), axis=0))
    return result
