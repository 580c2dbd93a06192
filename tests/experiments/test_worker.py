"""What a worker makes of a chunk: the runs of the plain ensemble, its verdicts, and the paths that other records show."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

import marketsim as ms
from marketsim.errors import MarketSimError
from marketsim.experiments.design import Point, rounds
from marketsim.experiments.experiment import Experiment, Outcome, load_experiment
from marketsim.experiments.plan import Chunk, Plan, scoring
from marketsim.experiments.worker import Tables, Worker, measured
from marketsim.outcomes import METRICS, Outcomes
from marketsim.scenario.parameters import Parameters
from marketsim.shakeout.classify import Class
from marketsim.shakeout.ensemble import played
from tests.experiments.files import HYPERCUBE, loaded
from tests.experiments.playing import LIVELY, lively, over_points

RUNS = 40
OUTCOMES = {
    "hhi": {"measure": "hhi", "year": 2026},
    "all-revenue": {"measure": "revenue", "over": "sum"},
    "most-cards": {"measure": "vendor.biren.cards", "over": "max"},
    "survivors": {"measure": "survivors"},
    "largest-fall": {"measure": "largest_fall"},
}


def worker(experiment: Experiment) -> Worker:
    return Worker(experiment, ms.strategies_of(experiment.loaded.scenario))


def chunks(experiment: Experiment) -> list[Chunk]:
    return [chunk for cut in Plan(experiment).chunks(next(rounds(experiment))) for chunk in cut]


def made(experiment: Experiment, place: int = 0) -> Tables:
    return worker(experiment)(chunks(experiment)[place])


def frame(table: Any) -> pl.DataFrame:
    found = pl.from_arrow(table)
    assert isinstance(found, pl.DataFrame)
    return found


@pytest.fixture(scope="module")
def trial(tmp_path_factory: pytest.TempPathFactory) -> Experiment:
    keep = {"quarters": 10, "vendors": "all"}
    return lively(tmp_path_factory.mktemp("worker"), runs=RUNS, outcomes=OUTCOMES, keep=keep)


@pytest.fixture(scope="module")
def ensemble(trial: Experiment) -> ms.Ensemble:
    return ms.simulate(trial.world(None, trial.policies[1]), runs=RUNS, seed=7, workers=1)


def test_runs_are_those_of_the_plain_ensemble(trial: Experiment, ensemble: ms.Ensemble) -> None:
    runs, years = frame(made(trial, 1).runs), ensemble.years()
    of_run = years.group_by("run", maintain_order=True)
    vendors = ensemble.vendors().filter(vendor="biren").group_by("run", maintain_order=True)
    assert runs["run"].to_list() == list(range(RUNS))
    assert set(runs["policy"]) == {"no-discount"} and set(runs["point"]) == {0} and set(runs["seed"]) == {7}
    assert runs["hhi"].to_list() == years.filter(year=2026)["hhi"].to_list()
    assert runs["all-revenue"].to_list() == pytest.approx(of_run.agg(pl.sum("revenue_rmb_m"))["revenue_rmb_m"])
    assert runs["most-cards"].to_list() == vendors.agg(pl.max("cards_k"))["cards_k"].to_list()
    left = ensemble.vendors().filter(pl.col("vendor") != "nvidia", year=2027).group_by("run", maintain_order=True)
    assert runs["survivors"].to_list() == left.agg(pl.sum("alive"))["alive"].to_list()
    assert runs["largest-fall"].to_list() == ensemble.outcomes.peak_fall.tolist()
    assert runs["hhi"].n_unique() > 10


def test_verdicts_are_those_of_the_shakeout_test(trial: Experiment) -> None:
    world = trial.world(None, trial.policies[0])
    history = played(Parameters(world), ms.strategies_of(world), 7, range(RUNS), "merchant")
    verdicts = scoring(world).read(history).verdicts
    runs = frame(made(trial).runs)
    assert runs["verdict"].to_list() == [Class(number).name.lower() for number in verdicts.classes]
    assert runs["shakeout"].to_list() == verdicts.shakeout.tolist()


def test_facts_to_which_the_scenario_was_fitted_are_not_scored() -> None:
    from marketsim.api import shakeout_job
    from marketsim.scenario.library import load
    from marketsim.shakeout.instrument import load_instrument

    for name in ("china-ai-chips", "photovoltaics"):
        job = shakeout_job(load(name), 4, 1, 7, (None,), "merchant", load_instrument())
        assert scoring(job.scenario).dropped == job.instrument.dropped


def test_quarters_are_those_of_the_full_record(trial: Experiment, ensemble: ms.Ensemble) -> None:
    found = frame(made(trial, 1).quarters)
    market = ensemble.quarters(10)["market"].sort("run", "quarter")
    assert found["run"].to_list() == market["run"].to_list()
    assert found["quarter"].to_list() == market["quarter"].to_list()
    same = {
        "cards": "cards_k",
        "revenue": "revenue_rmb_m",
        "domestic_share_cards": "domestic_share_cards",
        "active_vendors": "active_vendors",
        "entries": "entries",
        "hhi": "hhi",
        "price": "price_krmb",
        "gross_margin": "gross_margin",
        "cost_per_million_tokens": "cost_per_million_tokens_rmb",
    }
    for ours, theirs in same.items():
        assert found[ours].to_list() == pytest.approx(market[theirs].to_list()), ours
    assert found["entries"].sum() > 0


def test_vendors_are_those_of_the_plain_ensemble(trial: Experiment, ensemble: ms.Ensemble) -> None:
    found = frame(made(trial, 1).vendors).drop("policy", "point")
    there = ensemble.vendors()
    order = ["run", "year", "vendor"]
    assert found.sort(order).equals(there.select(found.columns).sort(order).cast(found.schema))  # type: ignore[arg-type]


def test_every_column_says_its_unit(trial: Experiment) -> None:
    tables = made(trial)
    units = {f.name: (f.metadata or {}).get(b"unit") for table in tables.parts().values() for f in table.schema}
    assert {name: units[name] for name in METRICS} == {name: unit.encode() for name, unit in METRICS.items()}
    assert units["most-cards"] == b"k cards" and units["survivors"] == b"firms" and units["cards_k"] == b"k cards"
    assert units["run"] is None and units["verdict"] is None


@pytest.mark.parametrize("cut", [[6, 6, 8], [1, 19], [20]])
def test_a_run_is_the_same_in_any_chunk(tmp_path: Path, cut: list[int]) -> None:
    """The points of a chunk are played again in other chunks, down to a run on its own."""
    experiment = load_experiment(over_points(tmp_path, runs_per_point=4, keep={"quarters": "all", "vendors": "all"}))
    whole, play = chunks(experiment)[1], worker(experiment)
    rows = [(point, run) for point in whole.points for run in point.runs]
    pieces = []
    for count in cut:
        own, rows = rows[:count], rows[count:]
        points: list[Point] = []
        for point, run in own:
            if points and points[-1].number == point.number:
                points[-1] = replace(points[-1], runs=range(points[-1].runs.start, run + 1))
            else:
                points.append(replace(point, runs=range(run, run + 1)))
        sizes = tuple(len(point.runs) for point in points)
        pieces.append(play(replace(whole, points=tuple(points), quarters=sizes, vendors=sizes)))
    expected = play(whole)
    for name, table in expected.parts().items():
        found = pl.concat([frame(piece.parts()[name]) for piece in pieces])
        assert found.equals(frame(table)), name
    assert frame(expected.runs)["point"].to_list() == np.repeat(range(5), 4).tolist()


def test_only_the_first_runs_of_each_point_have_their_path_kept(tmp_path: Path) -> None:
    experiment = load_experiment(over_points(tmp_path, keep={"quarters": 7, "vendors": 0}))
    chunk = chunks(experiment)[0]
    tables = worker(experiment)(chunk)
    assert tables.vendors is None
    kept = frame(tables.quarters).group_by("point", maintain_order=True).agg(pl.col("run").unique(maintain_order=True))
    of_point = {
        point.number: list(point.runs[:count]) for point, count in zip(chunk.points, chunk.quarters, strict=True)
    }
    assert dict(kept.iter_rows()) == of_point
    assert sorted(chunk.quarters) == [1, 1, 1, 2, 2]


def several_cuts(folder: Path) -> Experiment:
    """3 cuts of 4 points, the last of 2 of them."""
    return load_experiment(over_points(folder, design={**HYPERCUBE, "points": 10}, runs_per_point=256))


def test_points_are_drawn_once_for_all_policies(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    experiment, drawn = several_cuts(tmp_path), list[float]()
    draw = Experiment.drawn

    def noted(self: Experiment, values: Any) -> Any:
        drawn.append(values[0])
        return draw(self, values)

    monkeypatch.setattr(Experiment, "drawn", noted)
    kept, all_chunks = worker(experiment), chunks(experiment)
    found = [kept(chunk) for chunk in all_chunks]
    assert len(all_chunks) == 3 * len(experiment.policies)
    assert len(drawn) == len(set(drawn)) == 10
    assert set(kept._drawn) == {8, 9}, "no more are held than a chunk has"
    for chunk, tables in zip(all_chunks, found, strict=True):
        assert worker(experiment)(chunk).runs.equals(tables.runs)


def test_threads_of_a_worker_take_nothing_from_each_other(tmp_path: Path) -> None:
    experiment = several_cuts(tmp_path)
    shared, all_chunks = worker(experiment), chunks(experiment)
    with ThreadPoolExecutor(4) as threads:
        found = list(threads.map(shared, all_chunks[::2] + all_chunks[1::2]))
    for chunk, tables in zip(all_chunks[::2] + all_chunks[1::2], found, strict=True):
        assert worker(experiment)(chunk).runs.equals(tables.runs)


def test_a_point_that_is_no_scenario_is_named(tmp_path: Path) -> None:
    experiment = loaded(tmp_path, set=LIVELY)
    chunk = replace(chunks(experiment)[1], points=(Point(3, np.array([-5.0, 1.0]), range(2)),))
    with pytest.raises(MarketSimError, match=r"point 3 under the policy 'no-discount': .*price"):
        worker(experiment)(chunk)


# --- measures


def outcomes(runs: int = 2) -> Outcomes:
    """Three years of two domestic vendors and a foreign one with numbers that are easy to add up."""
    metrics = np.zeros((len(METRICS), 3, runs))
    metrics[list(METRICS).index("price")] = [[3.0] * runs, [1.0] * runs, [2.0] * runs]
    metrics[list(METRICS).index("exits_funding"), 1] = 2
    metrics[list(METRICS).index("exits_price_war"), 2] = 1
    metrics[list(METRICS).index("exits_acquired"), 2] = 1
    cards = np.ones((3, 3, runs)) * np.array([1.0, 2.0, 3.0])[:, None, None]
    alive = np.ones((3, 3, runs))
    alive[1, 2] = 0
    active = np.repeat([[4.0], [8.0], [2.0], [6.0]], runs, axis=1)
    return Outcomes([2025, 2026, 2027], metrics, cards, 10 * cards, alive, active)


class World:
    vendors = ["one", "two", "abroad"]  # noqa: RUF012
    domestic = 2


@pytest.mark.parametrize("runs", [1, 2, 5])
@pytest.mark.parametrize(
    ("measure", "when", "value"),
    [
        ("price", 2026, 1),
        ("price", "last", 2),
        ("price", "mean", 2),
        ("price", "sum", 6),
        ("price", "min", 1),
        ("price", "max", 3),
        ("survivors", None, 1),
        ("failures", None, 3),
        ("largest_fall", None, 0.75),
        ("vendor.two.cards", 2025, 2),
        ("vendor.two.share", 2025, 1 / 3),
        ("vendor.two.alive", 2027, 0),
        ("vendor.two.alive", "mean", 2 / 3),
    ],
)
def test_measures(measure: str, when: Any, value: float, runs: int) -> None:
    year, over = (when, None) if isinstance(when, int) else (None, when)
    outcome = Outcome(measure, year, over, None, None, {}, "")
    found = measured(outcome, outcomes(runs), World())  # type: ignore[arg-type]
    assert found.tolist() == pytest.approx([value] * runs)
