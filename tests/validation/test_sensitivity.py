"""Morris screening: known effects of a linear model, and sentences that say what the numbers say."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from marketsim.api import strategies_of
from marketsim.errors import MarketSimError
from marketsim.scenario.free import FreeSpace
from marketsim.scenario.schema import FreeParameter
from marketsim.scenario.vocabulary import Vocabulary, Words
from marketsim.state import Floats
from marketsim.validation.headlines import TEN
from marketsim.validation.ranking import nowhere, sentence
from marketsim.validation.sensitivity import Point, Screening, count, screen
from marketsim.validation.study import Study
from tests.validation.conftest import SETTINGS

WORDS = Words(Vocabulary())


class Linear:
    """Stands for a point: every outcome is 3 a - 2 b + 0 c, and the last one a b."""

    seed = 1
    runs = 4
    space = SimpleNamespace(names=["a", "b", "c"], present=np.array([0.5, 0.5, 0.5]))

    def __call__(self, places: Floats) -> Floats:
        return self.at(places).mean(axis=1)

    def at(self, values: Floats) -> Floats:
        a, b, _ = values
        outcomes = np.full((len(TEN), self.runs), 3 * a - 2 * b)
        outcomes[-1] = a * b
        return outcomes


def test_elementary_effects_of_a_linear_model_are_its_coefficients():
    found = screen(Linear(), trajectories=8, workers=1)  # type: ignore[arg-type]
    assert found.mu[0] == pytest.approx([3, -2, 0])
    assert found.mu_star[0] == pytest.approx([3, 2, 0])
    assert found.sigma[0] == pytest.approx([0, 0, 0], abs=1e-12)
    assert found.sigma[-1, 0] > 0.1, "an interaction shows as spread"
    assert found.ranking(0) == [0, 1, 2]
    assert found.relative[0] == pytest.approx([1, 2 / 3, 0])
    assert nowhere(found) == ["c"]
    assert found.middle[0] == pytest.approx(0.5)


def screening(mu: list[float], mu_star: list[float], sigma: list[float]) -> Screening:
    shape = (len(TEN), 1)
    rows = (np.tile(values, shape) for values in (mu, mu_star, sigma, [0.0] * len(mu)))
    means = np.tile(np.linspace(10, 20, 11)[:, None], len(TEN))
    return Screening(["a", "b"], *rows, middle=np.full(len(TEN), 16.8), luck=np.full(len(TEN), 1.5), means=means)


@pytest.mark.parametrize(
    ("mu", "mu_star", "sigma", "said"),
    [
        ([-6.1, 1.0], [6.1, 1.0], [0.0, 0.0], "hangs most on `a`: raising it from the low to the high end of its range "
         "moves it by -6.1 firms on average. Next come `b` (+1.0)."),
        ([1.0, 6.1], [1.0, 6.1], [0.0, 0.0], "hangs most on `b`"),
        ([0.2, 0.0], [4.0, 0.0], [5.0, 0.0], "moves it by ±4.0 firms on average. Next come `b` (0). In which direction "
         "depends on the other parameters."),
        ([4.0, 0.0], [4.0, 0.0], [5.0, 0.0], "How much depends on the other parameters"),
        ([0.0, 0.0], [0.0, 0.0], [0.0, 0.0], "hangs on none of the free parameters."),
    ],
)  # fmt: skip
def test_sentences_follow_from_the_numbers(mu, mu_star, sigma, said: str):
    outcome = [headline.title for headline in TEN].index("active vendors, 2034")
    text = sentence(screening(mu, mu_star, sigma), outcome, WORDS)
    assert text.startswith("The number of active vendors in 2034 ")
    assert ("(16.8 firms on average, luck ±1.5, 11.0 to 19.0 at most points)" in text) == any(mu_star)
    assert said in text


def test_the_screening_of_a_scenario_sees_what_matters_and_what_does_not(study: Study):
    found = study.screening
    assert found is not None
    assert found.names == ["entry", "capacity", "tokens"]
    assert found.points == 9
    assert not found.mu_star[:, 2].any(), "what statistics count moves no outcome of the market"
    cards = [headline.title for headline in TEN].index("cards sold, 2028")
    assert found.ranking(cards)[0] == 1
    assert found.mu[cards, 1] > 0


def test_progress_counts_every_point(study: Study):
    done: list[int] = []
    screen(Linear(), SETTINGS.trajectories, 1, done.append)  # type: ignore[arg-type]
    assert sum(done) == Linear().runs * count(Linear().space, SETTINGS.trajectories)  # type: ignore[arg-type]


def test_a_range_that_leads_out_of_what_can_be_is_named(study: Study):
    moves = {"moves": ["market.utilisation"], "low": 0.1, "high": 9.0, "factor": True}
    tree, world = study.default.loaded.tree, study.default.world
    space = FreeSpace.of(tree, world.model_copy(update={"free": {"use": FreeParameter.model_validate(moves)}}))
    point = Point(space, strategies_of(world), seed=1, runs=2)
    assert point(np.array([0.1])).shape == (len(TEN),)
    with pytest.raises(
        MarketSimError, match=r"cannot be: market\.utilisation: Input should be less than or equal to 1"
    ):
        point(np.array([1.0]))


def test_equal_effects_keep_the_order_of_the_file():
    assert screening([1, 1], [1, 1], [0, 0]).ranking(0) == [0, 1]
