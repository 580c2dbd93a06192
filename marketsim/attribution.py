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
from marketsim.state import Floats, Outcome

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
    known = (before.choice > 0) & (after.choice > 0)
    own = {
        name: np.where(known, new - old, np.nan)
        for name, old, new in zip(TERMS, before.terms, after.terms, strict=True)
    }
    own[RIVALS] = np.where(known, _log_sum_of_others(before) - _log_sum_of_others(after), np.nan)
    change = np.where(known, log_odds(after.choice) - log_odds(before.choice), np.nan)
    taken = log_odds(_realised(after)) - log_odds(_realised(before)) - change
    return Attribution(own, change, np.where(np.isfinite(taken), taken, np.nan))


def log_odds(share: Floats) -> Floats:
    """ln(x / (1 - x)); infinite at 0 and 1."""
    with np.errstate(divide="ignore"):
        return np.log(share) - np.log1p(-share)


def _realised(outcome: Outcome) -> Floats:
    spent = total(outcome.bought, axis=0)
    return outcome.bought / np.where(spent > 0, spent, np.nan)


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
