"""Designs: places and values, the layout of each kind, which luck its points meet, and what is refused."""

from __future__ import annotations

import math
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from scipy import stats

from marketsim.experiments.design import Point, rounds, saltelli, size
from marketsim.experiments.uncertain import UncertainSpace
from marketsim.scenario import library
from marketsim.scenario.experiment_file import Design, UncertainParameter
from marketsim.scenario.free import FreeSpace
from marketsim.scenario.source import plain
from tests.experiments.files import CAPACITY, PRICE, SMALL, UNCERTAIN, loaded, refused

LUCK = {"moves": ["market.luck"], "low": 0, "high": 1}
PRECISION = {"outcome": "hhi", "half_width": 0.01, "at_most": 1000}
TREE = plain(library.load(SMALL).tree)

slow = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def space(**parameters: dict[str, Any]) -> UncertainSpace:
    assert isinstance(TREE, dict)
    return UncertainSpace.over(FreeSpace(TREE, {name: UncertainParameter(**one) for name, one in parameters.items()}))


def first(folder: Path, design: dict[str, Any], **changes: Any) -> list[Point]:
    return next(rounds(loaded(folder, design=design, **changes)))


def values_of(points: list[Point]) -> list[list[float]]:
    return [[] if point.values is None else point.values.tolist() for point in points]


@st.composite
def parameters(draw: st.DrawFn) -> UncertainParameter:
    scale = draw(st.sampled_from(["linear", "log"]))
    low = draw(st.floats(0.01 if scale == "log" else -100, 100))
    high = low + draw(st.floats(0.01, 1000))
    middle = min(max(low + draw(st.floats(0, 1)) * (high - low), low), high)
    kind = draw(st.sampled_from(["uniform", "triangular", "normal"]))
    more: dict[str, Any] = {
        "triangular": {"mode": middle},
        "normal": {"mean": middle, "sd": draw(st.floats(0.01, 1e4))},
    }
    return UncertainParameter(
        moves=["market.luck"], low=low, high=high, scale=scale, distribution=kind, **more.get(kind, {})
    )


@given(parameters(), st.lists(st.floats(0, 1), min_size=1, max_size=20))
@slow
def test_values_lie_in_the_range_and_rise_with_places(parameter: UncertainParameter, places: list[float]) -> None:
    one = UncertainSpace.over(FreeSpace({}, {"x": parameter}))
    found = one.values(np.array(sorted([0.0, *places, 1.0]))[:, None])[:, 0]
    rounding = 1e-9 * max(abs(parameter.low), abs(parameter.high), 1)
    assert np.all(np.diff(found) >= -rounding)
    assert parameter.low - rounding <= found[0]
    assert found[-1] <= parameter.high + rounding
    assert (found[0], found[-1]) == pytest.approx((parameter.low, parameter.high), rel=1e-6, abs=1e-6)


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ({}, stats.uniform(20, 60)),
        ({"distribution": "triangular", "mode": 30}, stats.triang(10 / 60, 20, 60)),
        ({"distribution": "triangular", "mode": 20}, stats.triang(0, 20, 60)),
        ({"distribution": "normal", "mean": 40, "sd": 15}, stats.truncnorm(-20 / 15, 40 / 15, 40, 15)),
        ({"scale": "log"}, stats.loguniform(20, 80)),
    ],
)
def test_values_are_quantiles(more: dict[str, Any], expected: Any) -> None:
    places = np.linspace(0, 1, 101)[:, None]
    found = space(x={**PRICE, **more}).values(places)
    assert found[:, 0] == pytest.approx(expected.ppf(places[:, 0]))


def test_on_a_logarithmic_scale_the_logarithm_is_distributed() -> None:
    normal = space(x={**CAPACITY, "distribution": "normal", "mean": 1, "sd": 0.3})
    places = np.linspace(0, 1, 11)[:, None]
    expected = np.exp(stats.truncnorm(-math.log(2) / 0.3, math.log(2) / 0.3, 0, 0.3).ppf(places))
    assert normal.values(places) == pytest.approx(expected)


def test_values_of_many_points_are_those_of_each() -> None:
    both = space(price={**PRICE, "distribution": "triangular", "mode": 30}, capacity=CAPACITY)
    places = np.random.default_rng(1).random((7, 2))
    assert both.values(places).tolist() == [both.values(row).tolist() for row in places]


def test_as_written(tmp_path: Path) -> None:
    (point,) = first(tmp_path, {"kind": "as-written"})
    assert (point.number, point.values, point.runs) == (0, None, range(4))
    (usual,) = next(rounds(loaded(tmp_path, design={"kind": "as-written"}, runs_per_point=None)))
    assert usual.runs == range(1000)


def test_a_grid_is_every_combination(tmp_path: Path) -> None:
    points = first(tmp_path, {"kind": "grid", "levels": 3})
    expected = [[price, capacity] for price in (20, 50, 80) for capacity in (0.5, 1, 2)]
    assert np.array(values_of(points)) == pytest.approx(np.array(expected))
    assert [point.number for point in points] == list(range(9))
    assert {point.runs for point in points} == {range(4)}


def test_a_grid_of_some_parameters_leaves_the_others_as_written(tmp_path: Path) -> None:
    points = first(tmp_path, {"kind": "grid", "levels": {"price": [25, 70]}})
    assert values_of(points) == [[25, 1], [70, 1]]
    points = first(tmp_path, {"kind": "grid", "levels": {"capacity": [2], "price": 2}})
    assert values_of(points) == [[20, 2], [80, 2]]


@given(st.lists(st.integers(2, 4), min_size=1, max_size=3))
@slow
def test_a_grid_is_a_product(tmp_path: Path, counts: list[int]) -> None:
    wanted = dict(zip(("price", "capacity", "luck"), counts, strict=False))
    points = first(tmp_path, {"kind": "grid", "levels": wanted}, uncertain={**UNCERTAIN, "luck": LUCK})
    found = values_of(points)
    assert len(found) == len({tuple(row) for row in found}) == math.prod(counts)
    assert [len({row[place] for row in found}) for place in range(len(counts))] == counts


def test_one_at_a_time(tmp_path: Path) -> None:
    points = first(tmp_path, {"kind": "one-at-a-time", "levels": {"price": 2, "capacity": [0.5]}})
    assert values_of(points) == [[60, 1], [20, 1], [80, 1], [60, 0.5]]
    assert {point.runs for point in points} == {range(4)}


@given(st.integers(1, 60), st.integers(0, 2**63 - 1))
@slow
def test_a_hypercube_covers_each_stratum_once(tmp_path: Path, count: int, seed: int) -> None:
    points = first(
        tmp_path, {"kind": "latin-hypercube", "points": count}, uncertain={"luck": LUCK, "price": PRICE}, seed=seed
    )
    places = (np.array(values_of(points)) - [0, 20]) / [1, 60]
    for column in places.T:
        assert sorted(np.floor(column * count).astype(int)) == list(range(count))
    assert [point.runs for point in points] == [range(4 * number, 4 * number + 4) for number in range(count)]


def test_the_seed_decides_the_hypercube(tmp_path: Path) -> None:
    design = {"kind": "latin-hypercube", "points": 5}
    assert values_of(first(tmp_path, design)) == values_of(first(tmp_path, design))
    assert values_of(first(tmp_path, design)) != values_of(first(tmp_path, design, seed=8))


@given(st.sampled_from([1, 2, 8, 16]), st.integers(1, 5), st.booleans(), st.integers(0, 2**32 - 1))
@slow
def test_saltellis_layout(base: int, count: int, second_order: bool, seed: int) -> None:
    """A, A with one column of B each, (B with one column of A each), B: that is how SALib reads it."""
    from SALib.sample import sobol

    names = [f"p{number}" for number in range(count)]
    design = Design(kind="sobol", base=base, second_order=second_order)
    found = saltelli(names, design, seed)
    block = (2 if second_order else 1) * count + 2
    assert len(found) == size(design, names) == base * block
    blocks = found.reshape(base, block, count)
    for crossed in range(count):
        own = np.arange(count) == crossed
        assert np.array_equal(blocks[:, 1 + crossed], np.where(own, blocks[:, -1], blocks[:, 0]))
    problem = {"num_vars": count, "names": names, "bounds": [[0, 1]] * count}
    assert np.array_equal(found, sobol.sample(problem, base, calc_second_order=second_order, seed=seed))


def test_sobol_is_saltellis_scheme_through_the_distributions(tmp_path: Path) -> None:
    design = {"kind": "sobol", "base": 4}
    points = first(tmp_path, design, uncertain={"luck": LUCK, "price": PRICE})
    places = saltelli(["luck", "price"], Design(kind="sobol", base=4), 7)
    assert np.array(values_of(points)) == pytest.approx(places * [1, 60] + [0, 20])
    assert {point.runs for point in points} == {range(4)}


def test_further_rounds_of_a_hypercube_are_other_points(tmp_path: Path) -> None:
    experiment = loaded(tmp_path, precision=PRECISION)
    one, two, three = islice(rounds(experiment), 3)
    numbers = [point.number for point in (*one, *two, *three)]
    runs = [run for point in (*one, *two, *three) for run in point.runs]
    assert numbers == list(range(15))
    assert runs == list(range(60))
    assert len({tuple(row) for row in values_of([*one, *two, *three])}) == 15
    assert values_of(one) == values_of(next(rounds(loaded(tmp_path))))


@pytest.mark.parametrize("kind", ["grid", "one-at-a-time", "sobol", "table", "as-written"])
def test_further_rounds_elsewhere_are_further_runs_at_the_same_points(tmp_path: Path, kind: str) -> None:
    (tmp_path / "points.csv").write_text("price\n30\n40\n")
    fields = {"sobol": {"base": 2}, "table": {"file": "points.csv"}, "as-written": {}}.get(kind, {"levels": 2})
    one, two = islice(rounds(loaded(tmp_path, design={"kind": kind, **fields}, precision=PRECISION)), 2)
    assert values_of(one) == values_of(two)
    assert [point.number for point in one] == [point.number for point in two] == list(range(len(one)))
    assert not {run for point in one for run in point.runs} & {run for point in two for run in point.runs}


def test_without_precision_there_is_one_round(tmp_path: Path) -> None:
    assert len(list(rounds(loaded(tmp_path)))) == 1


def test_a_table(tmp_path: Path) -> None:
    (tmp_path / "points.csv").write_text("capacity, price\n0.5,30\n\n 2 ,1e1\n".replace("1e1", "4e1"))
    points = first(tmp_path, {"kind": "table", "file": "points.csv"})
    assert values_of(points) == [[30, 0.5], [40, 2]]
    assert [point.runs for point in points] == [range(4), range(4, 8)]
    (tmp_path / "points.csv").write_text("price\n30\n")
    assert values_of(first(tmp_path, {"kind": "table", "file": "points.csv"})) == [[30, 1]]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "points.csv is empty"),
        ("\n\n", "points.csv is empty"),
        ("price\n", "points.csv has no points"),
        ("prize\n30\n", "line 1: prize: is not an uncertain parameter of the experiment hint: did you mean 'price'?"),
        ("price,price\n30,30\n", "line 1: price: stands twice in the header"),
        ("price,\n30,\n", "line 1: column 2: is not an uncertain parameter"),
        ("price\n30\nlots\n", "line 3: price: is not a number found: 'lots' allowed: a number from 20 to 80"),
        ("price,capacity\n30,\n", "line 2: capacity: is not a number found: nothing"),
        ("price\n1_0\n", "line 2: price: is not a number"),
        ("price\nnan\n", "line 2: price: is not a number"),
        ("price\ninf\n", "line 2: price: is out of the parameter's range"),
        ("price\n81\n", "line 2: price: is out of the parameter's range found: '81' allowed: a number from 20 to 80"),
        ("price,capacity\n30\n", "line 2: has 1 cells allowed: 2 cells"),
        ('price\n"30\n', "is not valid CSV"),
    ],
)
def test_wrong_tables(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "points.csv").write_text(text)
    assert said in refused(tmp_path, design={"kind": "table", "file": "points.csv"})


def test_tables_that_are_no_file(tmp_path: Path) -> None:
    assert "away.csv there is no such file" in refused(tmp_path, design={"kind": "table", "file": "away.csv"})
    (tmp_path / "folder.csv").mkdir()
    assert "is a directory, not a table file" in refused(tmp_path, design={"kind": "table", "file": "folder.csv"})
    (tmp_path / "binary.csv").write_bytes(b"price\n\xff\n")
    assert "is not UTF-8 text" in refused(tmp_path, design={"kind": "table", "file": "binary.csv"})


@pytest.mark.parametrize(
    ("design", "said"),
    [
        ({"kind": "sobol", "base": 48}, "design.base: is not a power of 2 found: 48 hint: 32 or 64"),
        ({"kind": "sobol"}, "design.base: is required and missing: the design sobol needs it"),
        ({"kind": "sobol", "base": 65536}, "design: has 262,144 points"),
        ({"kind": "grid"}, "design.levels: is required and missing"),
        ({"kind": "grid", "levels": 1000}, "design: has 1,000,000 points found: a mapping with the keys kind, levels allowed: at most 100,000 hint: a latin-hypercube covers"),
        ({"kind": "grid", "levels": {"prize": 2}}, "design.levels.prize: there is no uncertain parameter 'prize' found: 2 hint: did you mean 'price'?"),
        ({"kind": "grid", "levels": {"price": [30, 90]}}, "design.levels.price.1: is out of the parameter's range found: 90 allowed: a number from 20 to 80"),
        ({"kind": "latin-hypercube", "levels": 3}, "design.levels: means nothing in the design latin-hypercube found: 3 allowed: points besides `kind`"),
        ({"kind": "latin-hypercube"}, "design.points: is required and missing"),
        ({"kind": "table"}, "design.file: is required and missing"),
        ({"kind": "as-written", "points": 3}, "design.points: means nothing in the design as-written found: 3 allowed: no field besides `kind`"),
    ],
)  # fmt: skip
def test_impossible_designs(tmp_path: Path, design: dict[str, Any], said: str) -> None:
    assert said in refused(tmp_path, design=design)


def test_a_grid_over_everything_is_counted_and_not_made(tmp_path: Path) -> None:
    many = {f"p{number}": PRICE for number in range(40)}
    said = refused(tmp_path, uncertain=many, design={"kind": "grid", "levels": 1000})
    assert "design: has 1e+120 points" in said
