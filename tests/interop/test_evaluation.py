"""A scenario as a function of its parameters: the bits of the ensemble, and clear words for what cannot be."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import marketsim as ms
from marketsim.errors import ExperimentError, MarketSimError
from marketsim.experiments.experiment import load_experiment
from marketsim.interop import Evaluation, evaluation
from tests.experiments.files import SMALL, SUBSIDY, UNCERTAIN, loaded
from tests.experiments.playing import LIVELY, as_written

OUTCOMES = {"cards": {"measure": "cards", "year": 2026}, "cheapest": {"measure": "price", "over": "min"}}


def small(runs: int = 4, **options) -> Evaluation:
    known = {"outcomes": OUTCOMES, "uncertain": UNCERTAIN, "overrides": LIVELY, "policies": [SUBSIDY, "no-discount"]}
    return evaluation(SMALL, runs=runs, **(known | options))


def test_a_point_has_the_mean_of_the_ensemble_with_its_values():
    found = small()([[40.0, 1.0], [60.0, 1.0]])
    for row, price in enumerate((40.0, 60.0)):
        prices = {f"vendors.{vendor}.price": price for vendor in ("cambricon", "biren")}
        ensemble = ms.simulate(SMALL, 4, overrides=LIVELY | prices).to_xarray()
        assert found[row, 0] == pytest.approx(ensemble.cards.sel(year=2026).mean().item(), rel=1e-12)
        assert found[row, 1] == pytest.approx(ensemble.price.min("year").mean().item(), rel=1e-12)
    assert found.shape == (2, 2)


@pytest.mark.parametrize("policy", ["none", "subsidy"])
def test_side_by_side_alone_and_in_processes_are_the_same_bits(policy: str):
    asked = small(400)
    values = asked.space.values(np.random.default_rng(1).random((3, 2)))
    together = asked.by_run(values, policy)
    spread = small(400, workers=2).by_run(values, asked.policies[policy])
    for name, column in together.items():
        alone = [asked.by_run(row[None], policy)[name][0] for row in values]
        assert np.array_equal(column, alone)
        assert np.array_equal(column, spread[name])


def test_policies_and_luck_make_a_difference():
    asked = small(8)
    values = asked.space.present[None]
    usual, subsidised = asked(values), asked(values, "subsidy")
    assert np.array_equal(usual, asked(values, "none"))
    assert usual[0, 0] != subsidised[0, 0]
    assert usual[0, 0] != small(8, seed=8)(values)[0, 0]
    assert len(set(asked.by_run(values)["cards"][0])) == 8


def test_values_of_another_shape_and_unknown_policies_are_refused():
    asked = small()
    for values in ([1.0, 2.0], [[1.0]], np.zeros((0, 2))):
        with pytest.raises(ValueError, match=r"\[point, parameter\] with 2 parameters"):
            asked(values)
    with pytest.raises(MarketSimError, match="did you mean 'subsidy'"):
        asked([[40.0, 1.0]], "subsidi")
    with pytest.raises(MarketSimError, match=r"vendors\.cambricon\.price"):
        asked([[-1.0, 1.0]])


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"outcomes": {"x": {"measure": "prise", "year": 2026}}}, "there is no measure 'prise'"),
        ({"policies": ["no-discont"]}, "did you mean 'no-discount'"),
        ({"uncertain": {"price": "free"}}, "has no free parameter 'price'"),
        ({"uncertain": "free"}, "has no free parameters"),
        ({"overrides": {"market.lck": 1}}, "did you mean 'luck'"),
    ],
)
def test_what_is_wrong_is_said_as_of_a_file_without_naming_one(options, message: str):
    with pytest.raises(ExperimentError) as caught:
        small(**options)
    assert message in " ".join(str(caught.value).split())
    assert "experiment.yaml" not in str(caught.value)


def test_paths_are_those_of_the_caller(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "own.yaml").write_text(SMALL.read_text(encoding="utf-8"), encoding="utf-8")
    (tmp_path / "cheaper.yaml").write_text("title: {en: a, zh: b}\nlevers: {purchase_subsidy: 0.1}\n")
    asked = evaluation("own.yaml", uncertain=UNCERTAIN, policies=["cheaper.yaml"])
    assert list(asked.policies) == ["none", "cheaper"]
    with pytest.raises(ValueError, match="runs and workers must be at least 1"):
        evaluation("own.yaml", runs=0)


def test_one_outcome_alone_has_one_axis():
    one = small(outcomes={"cards": OUTCOMES["cards"]})([[40.0, 1.0], [60.0, 1.0]])
    assert np.array_equal(one, small()([[40.0, 1.0], [60.0, 1.0]])[:, 0])


def test_an_experiment_of_a_file_can_be_evaluated(tmp_path: Path):
    assert Evaluation(loaded(tmp_path, set=LIVELY), runs=2)([[40.0, 1.0]]).shape == (1, 7)
    with pytest.raises(MarketSimError, match="nothing is uncertain there"):
        Evaluation(load_experiment(as_written(tmp_path)))
