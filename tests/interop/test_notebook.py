"""Results in other libraries: the notebook, arrays of xarray, the verdict on an ensemble."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest

import marketsim as ms
from marketsim.outcomes import METRICS
from marketsim.shakeout.verdict import verdicts
from tests.experiments.files import SMALL, written
from tests.interop.documents import check


def test_the_document(tmp_path: Path):
    check("notebook.md", tmp_path)


def test_an_ensemble_in_xarray_has_the_figures_of_its_frames_and_their_units():
    ensemble = ms.simulate(SMALL, 3, overrides={"market.luck": 0.4})
    array, years, vendors = ensemble.to_xarray(), ensemble.years(), ensemble.vendors()
    assert dict(array.sizes) == {"run": 3, "year": 3, "vendor": 5}
    assert {name: array[name].attrs["unit"] for name in METRICS} == METRICS
    one = years.filter(run=1, year=2026)
    assert array.price.sel(run=1, year=2026) == one["price_krmb"].item()
    sold = vendors.filter(run=2, year=2027, vendor="biren")
    assert array.vendor_cards.sel(run=2, year=2027, vendor="biren") == sold["cards_k"].item()
    assert array.vendor_alive.dtype == bool
    assert vendors.to_pandas().groupby("vendor").size().eq(9).all()


def test_an_experiment_in_xarray_is_paired(tmp_path: Path):
    ms.run_experiment(written(tmp_path, outcomes={"price": {"measure": "price", "year": 2026}}), tmp_path / "out")
    results = ms.open_results(tmp_path / "out")
    array, runs = results.to_xarray(), results.runs().collect()
    assert dict(array.sizes) == {"policy": 2, "pair": 20, "parameter": 2}
    pairs = runs.filter(policy="none").join(runs.filter(policy="no-discount"), on=["point", "run"], suffix="-2")
    by_hand = pairs.select(pl.col("price-2") - pl.col("price")).to_series().to_numpy()
    assert np.array_equal((array.price[1] - array.price[0]).to_numpy(), by_hand)
    assert array.price.attrs == {"unit": "krmb/card"}
    at = results.points().collect().filter(point=3)
    here = array.parameters.where(array.point == 3, drop=True)
    assert here.sel(parameter="capacity").to_numpy() == pytest.approx(at["capacity"].item())
    assert "price" in array.parameter


def test_a_verdict_is_that_of_the_same_runs_as_written():
    found = ms.simulate("lock-in", runs=40, seed=3).verdict()
    asked = verdicts(ms.assess_shakeout("lock-in", runs=40, draws=1, seed=3))[0]
    assert (found.answer, found.shares, found.shakeout) == (asked.answer, asked.shares, asked.shakeout)
    assert found.facts == asked.facts or str(found.facts) == str(asked.facts)  # NaN is not equal to itself
    assert found.runs == 40
