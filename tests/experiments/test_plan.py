"""Plans: every run in one chunk, and names of chunks that change with what decides their content and nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice, pairwise
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from marketsim.ensemble import CHUNK
from marketsim.experiments import plan
from marketsim.experiments.design import Point, rounds
from marketsim.experiments.experiment import Experiment, load_experiment
from marketsim.experiments.plan import Chunk, Plan
from tests.experiments.files import HYPERCUBE, SMALL, SUBSIDY, UNCERTAIN, loaded
from tests.experiments.playing import LIVELY, lively


def chunks(experiment: Experiment, points: Sequence[Point] | None = None) -> list[Chunk]:
    found = Plan(experiment).chunks(next(rounds(experiment)) if points is None else points)
    return [chunk for cut in found for chunk in cut]


def keys(experiment: Experiment) -> set[str]:
    return {chunk.key for chunk in chunks(experiment)}


@pytest.fixture(scope="module")
def some(tmp_path_factory: pytest.TempPathFactory) -> Experiment:
    return loaded(tmp_path_factory.mktemp("plan"), keep={"quarters": 7, "vendors": "all"})


@settings(deadline=None, max_examples=60)
@given(st.lists(st.integers(1, 3000), min_size=1, max_size=30))
def test_every_run_is_in_one_chunk_of_each_policy(some: Experiment, counts: list[int]) -> None:
    points = [Point(number, None, range(10 * number, 10 * number + count)) for number, count in enumerate(counts)]
    found = chunks(some, points)
    for policy in some.policies:
        own = [chunk for chunk in found if chunk.policy == policy.name]
        played = [(piece.number, run) for chunk in own for piece in chunk.points for run in piece.runs]
        assert played == [(point.number, run) for point in points for run in point.runs]
        assert all(chunk.runs <= CHUNK for chunk in own)
        assert all(one.runs + len(after.points[0].runs) > CHUNK for one, after in pairwise(own))
        assert sum(sum(chunk.quarters) for chunk in own) <= 7
        assert sum(sum(chunk.vendors) for chunk in own) == sum(counts)
    assert len({chunk.key for chunk in found}) == len(found)


@pytest.mark.parametrize(("points", "runs", "most"), [(1, 4000, 1500), (7, 9, 20), (250, 8, 200), (5, 4, 3), (3, 2, 6)])
def test_as_many_paths_are_kept_as_asked_spread_over_the_points(tmp_path: Path, points: int, runs: int, most: int):
    experiment = loaded(tmp_path, keep={"quarters": most, "vendors": 0})
    asked = [Point(number, None, range(runs)) for number in range(points)]
    of_points = [0] * points
    for chunk in chunks(experiment, asked)[::2]:
        for piece, kept in zip(chunk.points, chunk.quarters, strict=True):
            assert kept <= len(piece.runs)
            of_points[piece.number] += kept
        assert not any(chunk.vendors)
    assert sum(of_points) == most
    assert max(of_points) - min(of_points) <= 1


def test_further_rounds_keep_no_paths_unless_all_are_kept(some: Experiment) -> None:
    later = next(Plan(some).chunks(next(rounds(some)), first_round=False))[0]
    assert (sum(later.quarters), sum(later.vendors)) == (0, later.runs)


SAME: list[dict[str, Any]] = [
    {"title": {"en": "another", "zh": "别的"}},
    {"policies": ["no-discount", {**SUBSIDY, "title": {"en": "much", "zh": "多"}, "note": "why"}]},
    {"uncertain": {name: one | {"source": "a book", "note": "read"} for name, one in UNCERTAIN.items()}},
    {"policies": [SUBSIDY, "no-discount"]},
    {"set": {"policy.import_tariff": 0.0}},  # as it is
]
OTHER: list[dict[str, Any]] = [
    {"seed": 8},
    {"set": {"market.luck": 0.1}},
    {"set": {"policy.import_ceiling": 1.0}},  # an event sets it as well
    {"boundary": "domestic"},
    {"runs_per_point": 5},
    {"design": HYPERCUBE | {"points": 6}},
    {"keep": {"quarters": 3}},
    {"outcomes": {"price": {"measure": "cost_per_million_tokens", "year": 2026}}},
    {"uncertain": UNCERTAIN | {"price": UNCERTAIN["price"] | {"high": 81}}},
]
USUAL: dict[str, Any] = {"policies": ["no-discount", SUBSIDY], "seed": 7}


@pytest.mark.parametrize("changes", SAME)
def test_what_is_only_said_changes_no_names(tmp_path: Path, changes: dict[str, Any]) -> None:
    (tmp_path / "moved").mkdir()
    assert keys(loaded(tmp_path / "moved", **USUAL | changes)) == keys(loaded(tmp_path, **USUAL))


@pytest.mark.parametrize("changes", OTHER)
def test_what_decides_the_content_changes_all_names(tmp_path: Path, changes: dict[str, Any]) -> None:
    assert not keys(loaded(tmp_path, **USUAL | changes)) & keys(loaded(tmp_path, **USUAL))


def test_policies_have_their_own_names_and_leave_those_of_others_alone(tmp_path: Path) -> None:
    two, three = (keys(loaded(tmp_path, policies=policies)) for policies in (["no-discount"], USUAL["policies"]))
    assert two < three
    more = keys(loaded(tmp_path, policies=["no-discount", {"name": "subsidy", "levers": {"purchase_subsidy": 0.2}}]))
    assert three & more == two


def test_runs_that_are_added_leave_full_chunks_alone(tmp_path: Path) -> None:
    some, more = (keys(lively(tmp_path, runs=runs, keep={"quarters": 9})) for runs in (2 * CHUNK, 3 * CHUNK))
    assert some < more


def test_titles_of_the_scenario_are_only_said_and_the_order_of_vendors_is_not(tmp_path: Path) -> None:
    world = yaml.safe_load(SMALL.read_text())

    def with_world(changed: dict[str, Any]) -> set[str]:
        (tmp_path / "world.yaml").write_text(yaml.safe_dump(changed, sort_keys=False))
        return keys(loaded(tmp_path, scenario="world.yaml"))

    usual = with_world(world)
    assert usual == keys(loaded(tmp_path))
    assert usual == with_world({**world, "title": {"en": "A", "zh": "甲"}, "reported": []})
    assert not usual & with_world({**world, "vendors": dict(reversed(world["vendors"].items()))})
    assert not usual & with_world({**world, "quarters": 13})


@pytest.mark.parametrize("changed", ["__version__", "FORMAT", "source_hash"])
def test_other_code_has_other_names(some: Experiment, monkeypatch: pytest.MonkeyPatch, changed: str) -> None:
    before = keys(some)
    monkeypatch.setattr(plan, changed, (lambda: "other") if changed == "source_hash" else "other")
    assert not keys(some) & before


def test_the_hash_of_source_code_is_that_of_names_and_content(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("1")
    first = plan._of_files(tmp_path, tmp_path.rglob("*.py"))
    (tmp_path / "a.py").write_text("2")
    second = plan._of_files(tmp_path, tmp_path.rglob("*.py"))
    (tmp_path / "a.py").rename(tmp_path / "b.py")
    assert len({first, second, plan._of_files(tmp_path, tmp_path.rglob("*.py"))}) == 3


def test_further_rounds_have_further_chunks(tmp_path: Path) -> None:
    precision = {"outcome": "hhi", "half_width": 0.01, "at_most": 1000}
    for file in (lively(tmp_path, runs=200, precision=precision), loaded(tmp_path, precision=precision)):
        found = [chunk.key for points in islice(rounds(file), 3) for cut in Plan(file).chunks(points) for chunk in cut]
        assert len(set(found)) == len(found) == 3 * len(file.policies)


def test_what_is_written_beside_results_is_the_same_experiment(tmp_path: Path) -> None:
    from marketsim.experiments.manifest import texts

    (tmp_path / "points.csv").write_text("price,capacity\n30,1\n40,1.5\n")
    written, table = tmp_path / "written", {"kind": "table", "file": "points.csv"}
    written.mkdir()
    trials = [
        loaded(tmp_path, set=LIVELY, keep={"quarters": "all"}),
        loaded(tmp_path, **USUAL, set={"policy.import_tariff": 0.1}, baseline="subsidy", boundary="all"),
        loaded(tmp_path, design=table, policies=["none", SUBSIDY], baseline="subsidy"),
        lively(
            tmp_path,
            outcomes={"sold": {"measure": "vendor.biren.cards", "over": "max", "enough": 3, "better": "higher"}},
        ),
    ]
    for trial in trials:
        for name, text in texts(trial).items():
            (written / name).write_bytes(text)
        again = load_experiment(written / "experiment.yaml")
        assert keys(again) == keys(trial)
        assert again.outcomes == trial.outcomes
