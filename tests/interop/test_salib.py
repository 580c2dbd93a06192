"""SALib: its samples are those of our distributions, and its document runs."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from marketsim.errors import MarketSimError
from marketsim.interop import salib_problem
from tests.experiments.files import CAPACITY, PRICE, UNCERTAIN
from tests.interop.documents import check
from tests.interop.test_evaluation import small

DRAWN = UNCERTAIN | {
    "spend": {"moves": ["segments.internet.spend"], "low": 4000, "high": 9000, "distribution": "triangular", "mode": 6000},
    "stock": {"moves": ["vendors.cambricon.stock"], "low": 5, "high": 20, "distribution": "normal", "mean": 10, "sd": 4},
}  # fmt: skip


def test_the_document(tmp_path: Path):
    check("salib.md", tmp_path)


def test_a_problem_draws_from_the_same_distributions():
    from SALib.util import scale_samples

    asked = small(uncertain=DRAWN, overrides=None)
    problem = salib_problem(asked)
    assert problem["dists"] == ["unif", "logunif", "triang", "truncnorm"]
    places = np.random.default_rng(3).random((200, 4))
    assert scale_samples(places.copy(), problem) == pytest.approx(asked.space.values(places), rel=1e-9)


def test_what_salib_cannot_draw_is_refused():
    mode = {"distribution": "triangular", "mode": 1.0}
    with pytest.raises(MarketSimError, match="capacity: no triangular distribution on a logarithmic scale"):
        salib_problem(small(uncertain={"price": PRICE, "capacity": CAPACITY | mode}))
