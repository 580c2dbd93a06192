"""Survival analysis of firms whose hazards are known."""

from __future__ import annotations

import json
from dataclasses import asdict, replace

import numpy as np
import pytest

from marketsim.shakeout.history import Firms, History
from marketsim.shakeout.mechanism import late_entry_hazard
from marketsim.shakeout.survival import (
    ACQUIRED,
    CLOSED,
    COHORTS,
    ENOUGH_EXITS,
    ENOUGH_RUNS,
    FirmTable,
    Hazard,
    aalen_johansen,
    cox,
    firm_survival,
    firm_table,
    kaplan_meier,
)
from marketsim.shakeout.window import window
from tests.shakeout.lives import industry, played

pytest.importorskip("lifelines", reason="comes with the extra `experiments`")

YEARLY = np.arange(2000.0, 2006.0)
NEVER = 99


def seven_firms(acquired: tuple[int, ...] = ()) -> History:
    """Exits at ages 1, 2, 2 and 4 years; two firms are watched for 5.5 years, one for 3.5; twice over."""
    came = np.array([0, 0, 0, 0, 0, 0, 2])
    left = np.array([1, 2, 2, 4, NEVER, NEVER, NEVER])
    bought = np.isin(np.arange(7), acquired)
    return industry(YEARLY, *(np.stack([series, series], axis=1) for series in (came, left, bought)))


def one_run(history: History) -> FirmTable:
    table = firm_table(history)
    return table.only(table.run == 0)


def lifetimes(
    runs: int, firms: int, ratio: float, seed: int, rate: float = 0.3, step: float = 0.25, periods: int = 60
) -> History:
    """Exponential lifetimes: half of the firms come in two years, half in the next two, with `ratio` times the hazard."""
    rng = np.random.default_rng(seed)
    half = round(2 / step)
    came = rng.integers(0, half, (firms, runs))
    came[firms // 2 :] += half
    hazard = np.where(came >= half, ratio * rate, rate)
    left = came + np.rint(rng.exponential(1 / hazard) / step).astype(int)
    return industry(
        2000 + step * np.arange(periods),
        came,
        left,
        rng.random((firms, runs)) < 0.5,
        revenue=rng.lognormal(0, 1, (firms, runs)),
    )


def ratio_of(hazard: Hazard, name: str) -> tuple[float, float, float]:
    found = {one.covariate: one for one in hazard.ratios}[name]
    return found.low, found.ratio, found.high


def test_every_firm_of_a_table_is_there_once():
    table = one_run(seven_firms(acquired=(3,)))
    assert table.lived.tolist() == [1, 2, 2, 4, 5.5, 5.5, 3.5]
    assert table.event.tolist() == [CLOSED, CLOSED, CLOSED, ACQUIRED, 0, 0, 0]
    assert [COHORTS[one] for one in table.cohort] == ["early"] * 6 + ["late"]


def test_a_slot_holds_one_firm_after_another():
    came, left = np.array([[-1, -1]]), np.array([[NEVER, NEVER]])
    history = industry(YEARLY, came, left)
    shape = history.firm.alive.shape
    changes = {"entered": np.zeros(shape, bool), "failed": np.zeros(shape, bool), "spell": np.zeros(shape, int)}
    changes["entered"][[2, 4]], changes["failed"][[2, 3]] = True, True
    changes["spell"][2:], changes["spell"][4:] = 1, 2
    alive = history.firm.alive.copy()
    alive[3] = False
    table = one_run(replace(history, firm=replace(history.firm, alive=alive, active=alive, **changes)))
    assert table.firm.tolist() == [0, 1, 2]
    assert table.entry.tolist() == [1999, 2002, 2004]
    assert table.exit.tolist() == [2002, 2003, 2005.5]
    assert table.event.tolist() == [CLOSED, CLOSED, 0]
    assert np.isnan(table.seen[1]), "in the period of its entry another firm failed, in the next it fails itself"


@pytest.mark.parametrize(
    ("came", "left", "entry", "lived"),
    [(-1, 0, 1999, 1.0), (-1, 3, 1999, 4.0), (1, 1, 2001, 0.5), (5, NEVER, 2005, 0.5), (-1, NEVER, 1999, 6.5)],
)
def test_times_are_known_to_the_period(came, left, entry, lived):
    table = one_run(industry(YEARLY, np.full((1, 2), came), np.full((1, 2), left)))
    assert (table.entry.tolist(), table.lived.tolist()) == ([entry], [lived])


def test_the_table_has_the_exits_of_a_simulation():
    history = played("photovoltaics", 8)
    table = firm_table(history)
    founders = history.firm.alive[0].sum(axis=0) - history.entries[0] + history.exits[0]
    assert len(table.run) == founders.sum() + history.entries.sum()
    assert (table.event > 0).sum() == history.exits.sum()
    assert (table.event == ACQUIRED).sum() == history.exits_acquired.sum() > 0
    for run in range(history.runs):
        assert len(np.unique(table.firm[table.run == run])) == (table.run == run).sum()


def test_covariates_are_relative_to_the_period():
    came, left = np.array([[-1], [-1], [2]]), np.full((3, 1), NEVER)
    cost, worth, sales = (
        np.array(values)[:, None] for values in ([1.0, np.e**2, np.e**4], [1.0, 3.0, 8.0], [3.0, 1.0, 4.0])
    )
    table = firm_table(industry(YEARLY, came, left, None, sales, cost, worth))
    assert table.unit_cost == pytest.approx([-1, 1, 2])
    assert table.ecosystem == pytest.approx([-1, 1, 4])
    assert np.exp(table.size) == pytest.approx([0.75, 0.25, 0.5])
    assert table.seen.tolist() == [1.5, 1.5, 0.5]


def test_kaplan_meier_is_as_computed_by_hand():
    curve = kaplan_meier("all", one_run(seven_firms()))
    shares = [6 / 7, 4 / 7, 4 / 7, 8 / 21, None]
    assert [point.share for point in curve.points] == pytest.approx(shares)
    assert (curve.firms, curve.exits, curve.median) == (7, 4, 4.0)
    # Greenwood: variance of log S is sum d / (n (n - d)); the band is that of log(-log S).
    survival = 4 / 7
    width = 1.959964 * np.sqrt(1 / (7 * 6) + 2 / (6 * 4)) / abs(np.log(survival))
    band = survival ** np.exp(width), survival ** np.exp(-width)
    assert (curve.points[1].low, curve.points[1].high) == pytest.approx(band, rel=1e-5)
    assert curve.points[4].low is None


def test_incidence_of_competing_risks_is_as_computed_by_hand():
    table = one_run(seven_firms(acquired=(2, 3)))
    closure, acquisition = (aalen_johansen(table, cause) for cause in ("closure", "acquisition"))
    assert [point.share for point in closure.points[:4]] == pytest.approx([1 / 7, 2 / 7, 2 / 7, 2 / 7], rel=1e-9)
    assert [point.share for point in acquisition.points[:4]] == pytest.approx([0, 1 / 7, 1 / 7, 1 / 3], rel=1e-9)
    assert closure.points[4].share is acquisition.points[4].share is None
    for point in closure.points[:4]:
        assert point.low < point.share < point.high


def test_all_have_left_or_survive():
    table = firm_table(lifetimes(20, 60, 2.0, seed=5))
    survival = kaplan_meier("all", table).points
    left = [aalen_johansen(table, cause).points for cause in ("closure", "acquisition")]
    for alive, closed, bought in zip(survival, *left, strict=True):
        assert alive.share + closed.share + bought.share == pytest.approx(1, abs=1e-6)


def test_exponential_lifetimes_are_recovered():
    table = firm_table(lifetimes(40, 200, 2.0, seed=3, rate=0.2, step=0.05, periods=300))
    for cohort, rate in (("early", 0.2), ("late", 0.4)):
        curve = kaplan_meier(cohort, table.only(table.cohort == COHORTS.index(cohort)))
        for point in curve.points:
            assert point.share == pytest.approx(np.exp(-rate * point.years), abs=0.02)
            assert point.low < point.share < point.high
        assert curve.median == pytest.approx(np.log(2) / rate, rel=0.05)


@pytest.mark.parametrize("ratio", [0.5, 1.0, 2.0])
def test_cox_and_mantel_haenszel_recover_the_hazard_of_late_entry(ratio):
    history = lifetimes(40, 300, ratio, seed=1)
    low, found, high = ratio_of(cox(firm_table(history)), "late")
    assert found == pytest.approx(ratio, rel=0.08)
    assert low < ratio < high
    by_run = late_entry_hazard(history, window(history))
    assert np.exp(np.log(by_run).mean()) == pytest.approx(ratio, rel=0.08)


def test_causes_share_a_hazard_that_is_split_at_random():
    table = firm_table(lifetimes(40, 300, 2.0, seed=2))
    for cause in ("closure", "acquisition"):
        assert ratio_of(cox(table, cause), "late")[1] == pytest.approx(2.0, rel=0.12)


def test_cox_recovers_what_cost_and_ecosystem_do():
    rng = np.random.default_rng(4)
    runs, firms, step = 40, 200, 0.1
    cost, worth = rng.normal(0, 0.3, (firms, runs)), rng.normal(0, 1.0, (firms, runs))
    hazard = 0.2 * np.exp(2.0 * cost - 0.5 * worth)
    left = np.rint(rng.exponential(1 / hazard) / step).astype(int)
    time = 2000 + step * np.arange(80)
    history = industry(
        time, np.zeros((firms, runs), int), left, None, rng.lognormal(0, 1, (firms, runs)), np.exp(cost), worth
    )
    hazards = cox(firm_table(history))
    assert hazards.dropped == ("late",)
    step_of = {one.covariate: one.step for one in hazards.ratios}
    assert step_of["unit_cost"] == pytest.approx(0.3, rel=0.1)
    for name, effect in (("unit_cost", 2.0), ("ecosystem", -0.5), ("size", 0.0)):
        low, ratio, high = ratio_of(hazards, name)
        assert np.log(ratio) == pytest.approx(effect * step_of[name], abs=0.08)
        assert low < np.exp(effect * step_of[name]) < high


def test_errors_are_clustered_by_run():
    """Four copies of every firm in a run say no more than one: clustered errors know, others would halve."""
    table = firm_table(lifetimes(30, 14, 2.0, seed=6))
    many = table.only(np.repeat(np.arange(len(table.run)), 4))
    once, often = (ratio_of(cox(one), "late") for one in (table, many))
    widths = [np.log(high / low) for low, _, high in (once, often)]
    assert widths[1] == pytest.approx(widths[0], rel=0.1)


def test_few_runs_are_not_clustered():
    table = firm_table(lifetimes(3, 300, 2.0, seed=7))
    hazard = cox(table)
    assert not hazard.clustered
    assert ratio_of(hazard, "late")[0] > 1


def test_acquisitions_alone():
    history = lifetimes(40, 60, 2.0, seed=8)
    firm = replace(history.firm, acquired=history.firm.failed)
    result = firm_survival(replace(history, firm=firm))
    exit_, closure, acquisition = result.hazards
    assert (closure.exits, closure.ratios) == (0, ())
    assert closure.note.startswith("no such exits")
    assert acquisition.ratios == exit_.ratios != ()
    assert {point.share for point in result.incidence[0].points} == {0.0}
    assert result.incidence[1].points[2].share > 0.5


def test_no_exits_at_all():
    result = firm_survival(industry(YEARLY, np.full((12, 30), -1), np.full((12, 30), NEVER)))
    everyone, founders = result.survival
    assert (everyone.exits, founders.cohort, founders.median) == (0, "founder", None)
    assert [point.share for point in founders.points] == [1.0, 1.0, 1.0, 1.0, None]
    assert [hazard.ratios for hazard in result.hazards] == [(), (), ()]
    assert all("no such exits" in hazard.note for hazard in result.hazards)
    assert [point.share for point in result.incidence[0].points] == [0.0, 0.0, 0.0, 0.0, None]


def test_too_few_exits_are_said_to_be_too_few():
    hazard = cox(firm_table(seven_firms()))
    assert hazard.ratios == ()
    assert "too few" in hazard.note


def test_without_firms_there_is_nothing():
    result = firm_survival(industry(YEARLY, np.full((2, 2), NEVER), np.full((2, 2), NEVER)))
    assert (result.firms, result.survival, result.hazards, result.incidence) == (0, (), (), ())


def test_a_covariate_that_does_not_vary_is_dropped():
    hazard = cox(firm_table(lifetimes(40, 60, 2.0, seed=9)))
    assert hazard.dropped == ("unit_cost", "ecosystem")
    assert [one.covariate for one in hazard.ratios] == ["late", "size"]


def test_a_covariate_that_nobody_knows_is_dropped():
    history = lifetimes(40, 60, 2.0, seed=9)
    unknown = np.full_like(history.firm.ecosystem, np.nan)
    hazard = cox(firm_table(replace(history, firm=replace(history.firm, ecosystem=unknown))))
    assert "ecosystem" in hazard.dropped
    assert hazard.ratios


def test_no_convergence_is_said_and_not_thrown():
    """Every late firm leaves, no early one ever does: the hazard ratio has no end."""
    rng = np.random.default_rng(10)
    came = np.repeat([0, 2], 20)[:, None] + np.zeros((40, 30), int)
    left = np.where(came == 2, came + rng.integers(1, 4, came.shape), NEVER)
    hazard = cox(firm_table(industry(YEARLY, came, left)))
    assert hazard.ratios == ()
    assert hazard.note.startswith("did not converge")


def test_two_covariates_that_are_one_are_no_traceback():
    rng = np.random.default_rng(11)
    came, cost = np.zeros((30, 30), int), rng.lognormal(0, 1, (30, 30))
    left = rng.integers(1, 6, came.shape)
    hazard = cox(firm_table(industry(YEARLY, came, left, None, cost, cost)))
    assert hazard.ratios == ()
    assert hazard.note.startswith("did not converge")


def test_the_first_runs_are_used_and_their_number_is_said():
    history = lifetimes(30, 30, 2.0, seed=12)
    result = firm_survival(history, most=20)
    assert (result.runs, result.runs_used) == (30, 20)
    first = Firms(*(getattr(history.firm, name)[:, :, :20] for name in Firms.__slots__))
    alone = firm_survival(replace(history, firms=history.firms[:, :20], firm=first))
    assert replace(alone, runs=30) == result


def test_a_hazard_takes_no_more_runs_than_it_needs():
    table = firm_table(lifetimes(130, 24, 2.0, seed=14), most=130)
    assert cox(table.only(table.event > 0)).runs == ENOUGH_RUNS
    rare = cox(table, "closure")
    assert (rare.runs, rare.exits < ENOUGH_EXITS) == (130, True)


def test_a_history_without_firms_is_refused():
    with pytest.raises(ValueError, match="one by one"):
        firm_survival(replace(seven_firms(), firm=None))


def test_results_are_plain_numbers():
    result = firm_survival(lifetimes(30, 40, 2.0, seed=13, periods=30))
    assert json.loads(json.dumps(asdict(result), allow_nan=False))["firms"] == 1200
