"""EMA Workbench: its evaluators, samplers and analysis on our model, and its document."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from marketsim.errors import ExperimentError, MarketSimError
from marketsim.interop import SideBySideEvaluator, ema_model
from tests.experiments.files import CAPACITY
from tests.interop.documents import check
from tests.interop.test_evaluation import small
from tests.interop.test_salib import DRAWN

pytestmark = pytest.mark.filterwarnings(
    "ignore:.*not installed:UserWarning", "ignore:.*not available:UserWarning", "ignore:altair:ImportWarning"
)
LEVERS = {"purchase_subsidy": (0.0, 0.2)}


def test_the_document(tmp_path: Path):
    check("ema-workbench.md", tmp_path)


def test_its_own_evaluator_and_ours_give_the_same_bits():
    from ema_workbench import Samplers, SequentialEvaluator

    asked = small()
    model = ema_model(asked, LEVERS)
    found = []
    for evaluator in (SequentialEvaluator, SideBySideEvaluator):
        np.random.seed(4)
        with evaluator(model) as running:
            found.append(running.perform_experiments(4, 3, uncertainty_sampling=Samplers.LHS))
    (experiments, one), (again, other) = found
    same = [*asked.names, "purchase_subsidy", "named_policy"]
    assert experiments[same].equals(again[same])
    assert set(one) == {"cards", "cheapest", "shakeout"}
    for name, values in one.items():
        assert values.shape == (12,)
        assert np.array_equal(values, other[name])
    assert len(set(one["cards"])) == 12


def test_levers_are_those_of_the_policy_and_the_rest_is_as_written():
    from ema_workbench import Policy

    asked = small()
    model = ema_model(asked, LEVERS)
    present = asked.space.present
    policies = [Policy("a", named_policy="subsidy"), Policy("b", purchase_subsidy=0.1), Policy("c")]
    with SideBySideEvaluator(model) as evaluator:
        found = [evaluator.perform_experiments(policies=[policy])[1]["cards"].item() for policy in policies]
    named, plain = asked([present], "subsidy")[0, 0], asked([present])[0, 0]
    assert found == [named, named, plain]
    assert named != plain


def test_its_optimisers_search_over_levers():
    outcomes = {"cards": {"measure": "cards", "year": 2026, "better": "higher"}}
    model = ema_model(small(2, outcomes=outcomes, policies=[]), LEVERS)
    with SideBySideEvaluator(model) as evaluator:
        best = evaluator.optimize(nfe=12, searchover="levers", epsilons=[0.01], population_size=6)
    assert best["purchase_subsidy"].between(0.0, 0.2).all()
    assert best["cards"].max() > small(2)([small().space.present])[0, 0]


def test_outcomes_say_which_way_is_better():
    from ema_workbench import ScalarOutcome

    outcomes = {
        name: {"measure": "hhi", "year": 2026} | ({"better": name} if name in ("higher", "lower") else {})
        for name in ("higher", "lower", "neither")
    }
    model = ema_model(small(outcomes=outcomes))
    assert {outcome.name: outcome.kind for outcome in model.outcomes} == {
        "higher": ScalarOutcome.MAXIMIZE, "lower": ScalarOutcome.MINIMIZE, "neither": ScalarOutcome.INFO,
        "shakeout": ScalarOutcome.INFO,
    }  # fmt: skip


def test_uncertainties_have_our_distributions():
    asked = small(uncertain=DRAWN, overrides=None)
    places = np.random.default_rng(3).random((200, 4))
    drawn = [each.dist.ppf(column) for each, column in zip(ema_model(asked).uncertainties, places.T, strict=True)]
    assert asked.space.values(places) == pytest.approx(np.array(drawn).T, rel=1e-9)
    normal = CAPACITY | {"distribution": "normal", "mean": 1.0, "sd": 0.2}
    with pytest.raises(MarketSimError, match="capacity: no normal distribution on a logarithmic scale"):
        ema_model(small(uncertain={"capacity": normal}))


@pytest.mark.parametrize(
    ("levers", "message"),
    [({"purchase_subsidi": (0, 1)}, "did you mean 'purchase_subsidy'"), ({"purchase_subsidy": (0, 7)}, "found: 7")],
)
def test_levers_that_cannot_be_are_refused(levers, message: str):
    with pytest.raises(ExperimentError) as caught:
        ema_model(small(), levers)
    assert message in " ".join(str(caught.value).split())
