"""How long firms last, and what shortens it: survival analysis of the firms of a simulated industry, with lifelines.

A history knows times to the period. An entry and an exit count as being in its middle: a firm that enters in 2008 and
leaves in 2011 lived three years, one that leaves in the period of its entry lived half a period. Founders, there when
the history begins, count as having entered in the period before the first: their true age is not known. Whoever is
alive at the end of the last period is censored there.

Runs are worlds with one luck each, so firms of one run resemble each other. The Cox models give every run its own
baseline hazard and cluster errors by run; the bands of Kaplan-Meier and of Aalen-Johansen take firms as independent
and are too narrow as far as they are not.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from dataclasses import dataclass, field, fields, replace
from typing import Any

import numpy as np

from marketsim.shakeout.history import Firms, History
from marketsim.state import Bools, Floats, Ints, axes

MOST_RUNS = 200
"""Runs that are used, from the first on: more cost time and tell no more."""
YEARS = (1, 2, 3, 5, 10)
"""Ages at which survival is given."""
COHORTS = ("founder", "early", "late")
"""Firms by when they came: at the start; entrants until the median entry of their run, founders counted; after it."""
CLOSED, ACQUIRED = 1, 2
"""How a firm left; 0: it did not."""
COVARIATES = ("unit_cost", "ecosystem", "late", "size")
"""What a hazard may depend on, see `FirmTable`."""
FEWEST_EXITS = 10
"""Exits for each covariate below which no hazard is estimated. Source: Peduzzi et al. (1995), J Clin Epidemiol 48."""
ENOUGH_RUNS, ENOUGH_EXITS = 100, 2000
"""With so many runs and exits a hazard needs no more. Runs, since what a covariate does differs between them."""
FEWEST_CLUSTERS = 20
"""Runs from which errors are clustered: with few clusters they come out too small. An assumption."""


@dataclass(frozen=True, slots=True)
class FirmTable:
    """Firms, one a row. f: firm. Covariates are of the first period in which a firm sells from start to end."""

    runs: int = field(metadata={"meaning": "of the history"})
    runs_used: int = field(metadata={"meaning": "that the firms are of"})
    run: Ints = axes("f", "", "which run")
    firm: Ints = axes("f", "", "slot + slots * spell: who, as `History.leader` names firms")
    entry: Floats = axes("f", "years", "time of entry")
    exit: Floats = axes("f", "years", "time of exit, or of the end of the history")
    event: Ints = axes("f", "", "0 still there at the end, 1 closed, 2 acquired")
    cohort: Ints = axes("f", "", "of COHORTS")
    seen: Floats = axes("f", "years", "age at the end of the period of the covariates; NaN if there is none")
    unit_cost: Floats = axes("f", "1", "log unit cost less the period's mean over firms that sell")
    ecosystem: Floats = axes("f", "1", "ecosystem less that mean")
    size: Floats = axes("f", "1", "log share of the industry's revenue")

    @property
    def lived(self) -> Floats:
        """Years from entry to exit or censoring, [f]."""
        return self.exit - self.entry

    @property
    def late(self) -> Floats:
        """1 for firms of the late cohort, 0 for others, [f]."""
        return np.where(self.cohort == COHORTS.index("late"), 1.0, 0.0)

    def only(self, chosen: Bools) -> FirmTable:
        """The firms that are chosen, [f]."""
        rows = {one.name: getattr(self, one.name)[chosen] for one in fields(self) if "axes" in one.metadata}
        return replace(self, **rows)


@dataclass(frozen=True)
class Point:
    """A share of firms at an age, with its 95 % band; None where nobody was watched for so long."""

    years: float
    share: float | None
    low: float | None
    high: float | None


@dataclass(frozen=True)
class Survival:
    """Kaplan-Meier survival of a cohort."""

    cohort: str
    firms: int
    exits: int
    points: tuple[Point, ...]
    median: float | None
    """Years that half of the firms survive; None if more than half do."""


@dataclass(frozen=True)
class Incidence:
    """Aalen-Johansen cumulative incidence of one way to leave, the other being a competing risk."""

    cause: str
    exits: int
    points: tuple[Point, ...]


@dataclass(frozen=True)
class HazardRatio:
    """By what a hazard is multiplied, with its 95 % interval, if a covariate is larger by `step`."""

    covariate: str
    ratio: float
    low: float
    high: float
    step: float
    """1 for late entry; the standard deviation within runs for the others."""


@dataclass(frozen=True)
class Hazard:
    """Cox model with age as time, stratified by run. Firms count from the end of the period of their covariates."""

    cause: str
    runs: int
    """That were used: from the first on, until there are enough of them and of exits."""
    firms: int
    exits: int
    ratios: tuple[HazardRatio, ...]
    """Empty if the model could not be estimated."""
    clustered: bool
    """Whether errors are clustered by run."""
    dropped: tuple[str, ...]
    """Covariates without values or without variation within runs."""
    note: str
    """Why there are no ratios; empty if there are."""


@dataclass(frozen=True)
class FirmSurvival:
    """Survival analysis of an industry."""

    runs: int
    runs_used: int
    firms: int
    survival: tuple[Survival, ...]
    """Of all firms, and of each cohort that has any; nothing at all without firms."""
    hazards: tuple[Hazard, ...]
    """Of any exit, of closure (acquired firms censored) and of acquisition (closed firms censored)."""
    incidence: tuple[Incidence, ...]
    """Of closure and of acquisition."""


def firm_survival(history: History, most: int = MOST_RUNS) -> FirmSurvival:
    """Survival analysis of the first `most` runs of a history.

    Raises ValueError if the history does not know its firms one by one.  Needs lifelines.
    """
    table = firm_table(history, most)
    if not len(table.run):
        return FirmSurvival(table.runs, table.runs_used, 0, (), (), ())
    cohorts = [("all", np.ones(len(table.run), dtype=bool))]
    cohorts += [(name, table.cohort == number) for number, name in enumerate(COHORTS)]
    return FirmSurvival(
        table.runs,
        table.runs_used,
        len(table.run),
        tuple(kaplan_meier(name, table.only(chosen)) for name, chosen in cohorts if chosen.any()),
        tuple(cox(table, cause) for cause in CAUSES),
        tuple(aalen_johansen(table, cause) for cause in ("closure", "acquisition")),
    )


CAUSES = {"exit": (CLOSED, ACQUIRED), "closure": (CLOSED,), "acquisition": (ACQUIRED,)}
"""What counts as the event of each hazard."""


def kaplan_meier(cohort: str, table: FirmTable) -> Survival:
    """Survival of the firms of a table, at least one. Bands: Greenwood's variance of log(-log S)."""
    from lifelines import KaplanMeierFitter

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        fit = KaplanMeierFitter().fit(table.lived, table.event > 0)
        bands = fit.confidence_interval_survival_function_.to_numpy()
    curve = np.column_stack([fit.survival_function_.to_numpy()[:, 0], bands])
    points = _points(fit.timeline, curve, table)
    median = float(fit.median_survival_time_)
    return Survival(cohort, len(table.run), int((table.event > 0).sum()), points, _number(median))


def aalen_johansen(table: FirmTable, cause: str) -> Incidence:
    """Share of firms that have left by one cause, closure or acquisition, by age.

    Firms of one age and fate are one weighted row, and of one age those that close come a moment before those that are
    acquired: lifelines would move tied exits at random. The estimate is the same as with exits at one time, since
    S * (1 - d1/n) * d2/(n - d1) = S * d2/n.
    """
    from lifelines import AalenJohansenFitter

    (event,) = CAUSES[cause]
    exits = int((table.event == event).sum())
    if not exits:
        watched = table.lived.max(initial=0.0)
        return Incidence(cause, 0, tuple(Point(at, 0.0 if at <= watched else None, None, None) for at in YEARS))
    rows, firms = np.unique(np.column_stack([table.lived, table.event]), axis=0, return_counts=True)
    moment = 1e-6 * (rows[:, 1] == ACQUIRED)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        fit = AalenJohansenFitter().fit(rows[:, 0] + moment, rows[:, 1].astype(int), event, weights=firms)
    bands = fit.confidence_interval_.to_numpy()
    curve = np.column_stack([fit.cumulative_density_.to_numpy()[:, 0], bands.min(axis=1), bands.max(axis=1)])
    return Incidence(cause, exits, _points(fit.timeline, curve, table))


def cox(table: FirmTable, cause: str = "exit") -> Hazard:
    """Hazard ratios of the covariates, by partial likelihood with Efron's ties.  cause: of CAUSES.

    Firms enter the risk set late, at the end of the period of their covariates: before it they could not have been seen
    to fail. Firms that never sell are left out. Sources: Cox (1972); Prentice et al. (1978) for hazards by cause.
    """
    names = [name for name in COVARIATES if not np.isnan(getattr(table, name)).all()]
    known = (table.seen < table.lived) & ~np.isnan([getattr(table, name) for name in names]).any(axis=0)
    exits = np.bincount(table.run, known & np.isin(table.event, CAUSES[cause]), table.runs_used)
    runs = min(max(int(np.searchsorted(np.cumsum(exits), ENOUGH_EXITS)) + 1, ENOUGH_RUNS), table.runs_used)
    used = table.only(known & (table.run < runs))
    event = np.isin(used.event, CAUSES[cause])
    within = {name: _within_runs(getattr(used, name), used.run) for name in names}
    steps = {name: float(values.std()) for name, values in within.items() if values.size and values.std() > 1e-9}
    dropped = tuple(name for name in COVARIATES if name not in steps)
    clustered = len(np.unique(used.run)) >= FEWEST_CLUSTERS
    ratios, note = _fit(used, event, steps, clustered)
    return Hazard(cause, runs, len(used.run), int(event.sum()), ratios, clustered, dropped, note)


def _fit(
    used: FirmTable, event: Bools, steps: dict[str, float], clustered: bool
) -> tuple[tuple[HazardRatio, ...], str]:
    """Hazard ratios, or why there are none."""
    if not event.any():
        return (), "no such exits among the firms whose covariates are known"
    if not steps:
        return (), "no covariate varies within runs"
    if event.sum() < FEWEST_EXITS * len(steps):
        return (), f"{event.sum()} exits are too few for {len(steps)} covariates: {FEWEST_EXITS} each are needed"
    import pandas as pd
    from lifelines import CoxPHFitter
    from lifelines.exceptions import ConvergenceError, ConvergenceWarning

    steps = steps | ({"late": 1.0} if "late" in steps else {})
    columns = {name: getattr(used, name) / step for name, step in steps.items()}
    frame = pd.DataFrame({"age": used.lived, "seen": used.seen, "event": event, "run": used.run, **columns})
    # A column cannot be both stratum and cluster.
    cluster = "cluster" if clustered else None
    frame = frame.assign(cluster=used.run) if clustered else frame
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            fit = CoxPHFitter().fit(frame, "age", "event", entry_col="seen", strata="run", cluster_col=cluster)
        except ConvergenceError as error:
            return (), f"did not converge: {_first_sentence(error)}"
    for warning in caught:
        if issubclass(warning.category, ConvergenceWarning):
            return (), f"did not converge: {_first_sentence(warning.message)}"
    summary = fit.summary.loc[list(steps), ["exp(coef)", "exp(coef) lower 95%", "exp(coef) upper 95%"]].to_numpy()
    if not np.isfinite(summary).all():
        return (), "did not converge: an interval without end"
    rows = zip(steps.items(), summary.tolist(), strict=True)
    return tuple(HazardRatio(name, ratio, low, high, step) for (name, step), (ratio, low, high) in rows), ""


def firm_table(history: History, most: int = MOST_RUNS) -> FirmTable:
    """The firms of the first `most` runs of a history.

    Raises ValueError if the history does not know them one by one.
    """
    if history.firm is None:
        raise ValueError("survival analysis needs the firms of the history one by one")
    used = min(history.runs, most)
    firm = Firms(*(getattr(history.firm, one.name)[:, :, :used] for one in fields(Firms)))
    parts = list(_spells(firm, history.time))
    rows = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
    return FirmTable(history.runs, used, **rows, cohort=_cohort(rows["run"], rows["entry"], history.time[0]))


def _spells(firm: Firms, time: Floats) -> Iterator[dict[str, Any]]:
    """Rows of `FirmTable` but cohort, of the first firms of all slots, then of the second ones, and so on."""
    period = np.arange(len(time))[:, None, None]
    step = float(np.diff(time).min()) if len(time) > 1 else 1.0
    covariates = _covariates(firm)
    for spell in range(int(firm.spell.max()) + 1):
        exists, came = _arrival(firm, spell)
        here = firm.alive & (firm.spell == spell)
        # A firm leaves in the first period at whose end its slot is empty or another's.
        gone = (period >= came) & ~here
        slot, run = np.nonzero(exists)
        left, last = gone.any(axis=0)[slot, run], gone.argmax(axis=0)[slot, run]
        entry = np.where(came < 0, time[0] - step, time[came])[slot, run]
        leaves = np.maximum(time[last], entry + step / 2)
        sells = here & ~np.isnan(covariates["size"])
        sold, first = sells.any(axis=0)[slot, run], sells.argmax(axis=0)[slot, run]
        yield {
            "run": run,
            "firm": slot + firm.spell.shape[1] * spell,
            "entry": entry,
            "exit": np.where(left, leaves, time[-1] + step / 2),
            "event": np.where(left, np.where(firm.acquired[last, slot, run], ACQUIRED, CLOSED), 0),
            "seen": np.where(sold, time[first] + step / 2 - entry, np.nan),
            **{name: np.where(sold, series[first, slot, run], np.nan) for name, series in covariates.items()},
        }


def _arrival(firm: Firms, spell: int) -> tuple[Bools, Ints]:
    """Which slots have ever held a firm of this spell, and the period of its entry, -1 for founders, [v,r]."""
    if spell:
        held = firm.spell >= spell
        return np.asarray(held.any(axis=0)), np.asarray(held.argmax(axis=0))
    # A founder may fail, and another firm take its slot, within the first period.
    follows = firm.entered[0] & firm.failed[0] & firm.alive[0] & (firm.spell[0] == 1)
    founder: Bools = follows | (firm.spell[0] == 0) & (firm.alive[0] | firm.failed[0])
    return founder, np.full(founder.shape, -1)


def _covariates(firm: Firms) -> dict[str, Floats]:
    """Unit cost, ecosystem and size relative to the period, NaN but for firms that sell, [t,v,r].

    A slot in which a firm failed within the period mixes two firms: it is left out.
    """
    sells = firm.active & firm.alive & ~firm.failed & (firm.revenue > 0) & (firm.unit_cost > 0)

    def relative(series: Floats) -> Floats:
        known = sells & ~np.isnan(series)
        values = np.where(known, series, 0.0)
        mean = values.sum(axis=1, keepdims=True) / np.maximum(known.sum(axis=1, keepdims=True), 1)
        return np.where(known, values - mean, np.nan)

    share = firm.revenue / np.maximum(firm.revenue.sum(axis=1, keepdims=True), 1e-300)
    return {
        "unit_cost": relative(np.log(np.where(sells, firm.unit_cost, 1.0))),
        "ecosystem": relative(firm.ecosystem),
        "size": np.where(sells, np.log(np.where(sells, share, 1.0)), np.nan),
    }


def _cohort(run: Ints, entry: Floats, start: float) -> Ints:
    """Index into COHORTS of each firm, [f]. Late is as in M3: after the median entry of the run, founders counted."""
    cohort = np.full(len(run), COHORTS.index("early"))
    for one in np.unique(run):
        mine = run == one
        cohort[mine & (entry > np.median(entry[mine]))] = COHORTS.index("late")
    cohort[entry < start] = COHORTS.index("founder")
    return cohort


def _within_runs(values: Floats, run: Ints) -> Floats:
    """Values less the mean of their run, [f]."""
    _, group = np.unique(run, return_inverse=True)
    return values - (np.bincount(group, values) / np.maximum(np.bincount(group), 1))[group]


def _points(timeline: Floats, curve: Floats, table: FirmTable) -> tuple[Point, ...]:
    """A step function, its lower and its upper band [time,3] at YEARS, as far as somebody was watched."""
    watched = float(table.lived.max())
    rows = np.searchsorted(timeline, np.array(YEARS) + 1e-4, side="right") - 1
    return tuple(
        Point(years, *(_number(value) for value in curve[row])) if years <= watched else Point(years, None, None, None)
        for years, row in zip(YEARS, rows, strict=True)
    )


def _number(value: float) -> float | None:
    """A plain number, None if it is not finite."""
    return float(value) if np.isfinite(value) else None


def _first_sentence(text: object) -> str:
    """What a library complains of, in a line."""
    return " ".join(str(text).split()).split(". ")[0]
