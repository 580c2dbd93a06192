"""The shakeout test under each policy: shares of its classes, and how they shift from the baseline."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from marketsim.experiments.analysis.samples import UNKNOWN, Sample, alone, by_cluster, share
from marketsim.shakeout.classify import Class
from marketsim.shakeout.ensemble import Tally
from marketsim.shakeout.instrument import ErrorRates
from marketsim.shakeout.statistics import Interval, difference_interval
from marketsim.shakeout.verdict import SHAKEOUTS, Answer, answer, posteriors
from marketsim.state import Bools, Ints


@dataclass(frozen=True)
class ClassShare:
    """A class under a policy.

    share: of the policy's runs.  shift: of the share from the baseline, over the runs under both; None for the baseline
    itself.  equal, sceptical: probability of the class once the instrument's errors are allowed for, with the same
    prior for each class that was measured, and with half of the prior on no shakeout; NaN where errors are not known.
    """

    which: Class
    share: Interval
    shift: Interval | None
    equal: float
    sceptical: float


@dataclass(frozen=True)
class PolicyVerdict:
    """The verdict on a policy.  classes: those that occur under any policy, in the order of `Class`.

    shakeout, shakeout_shift: share of runs with a shakeout of any kind, and its shift from the baseline.
    pairs: runs that were compared with the baseline.
    """

    policy: str
    runs: int
    answer: Answer
    shakeout: Interval
    shakeout_shift: Interval | None
    classes: tuple[ClassShare, ...]
    pairs: int


def policy_verdicts(classes: Sample, errors: ErrorRates | None) -> list[PolicyVerdict]:
    """The verdict on every policy of which there are runs.

    classes: `samples.class_sample`.  errors: those of the instrument that classified the runs.
    """
    occurring = [which for which in Class if (classes.values == which).any()]
    return [
        _verdict(classes, row, occurring, errors)
        for row in range(len(classes.policies))
        if not np.isnan(classes.values[row]).all()
    ]


def _verdict(classes: Sample, row: int, occurring: list[Class], errors: ErrorRates | None) -> PolicyVerdict:
    known = ~np.isnan(classes.values[row])
    own, clusters = classes.values[row, known].astype(int), classes.cluster[known]
    compared = known & ~np.isnan(classes.values[0])
    before, after = classes.values[0, compared], classes.values[row, compared]

    def shifted(which: tuple[Class, ...]) -> Interval | None:
        return _shift(np.isin(before, which), np.isin(after, which), classes.cluster[compared]) if row else None

    equal, sceptical = posteriors(errors, np.bincount(own, minlength=len(Class)) / len(own))
    return PolicyVerdict(
        policy=classes.policies[row],
        runs=len(own),
        answer=_answer(own, clusters),
        shakeout=share(np.isin(own, SHAKEOUTS), clusters),
        shakeout_shift=shifted(SHAKEOUTS),
        classes=tuple(
            ClassShare(
                which, share(own == which, clusters), shifted((which,)), float(equal[which]), float(sceptical[which])
            )
            for which in occurring
        ),
        pairs=int(compared.sum()),
    )


def _shift(before: Bools, after: Bools, clusters: Ints) -> Interval:
    """How a share shifts, over runs under two policies, [run]."""
    if not len(clusters):
        return UNKNOWN
    if alone(clusters):
        return Interval(_rise(before, after), np.nan, np.nan)
    (gained, lost), runs = by_cluster(clusters, after & ~before, before & ~after)
    return difference_interval(gained, lost, runs)


def _rise(before: Bools, after: Bools) -> float:
    return float(after.mean() - before.mean())


def _answer(own: Ints, clusters: Ints) -> Answer:
    """What can be said of runs of these classes, [run]; nothing where one luck is all there is."""
    if alone(clusters):
        return Answer.CANNOT_TELL
    by_class, runs = by_cluster(clusters, *(own == which for which in Class))
    tally = Tally(len(runs), runs=len(own))
    tally.by_draw = np.stack(by_class, axis=1)
    return answer(tally)
