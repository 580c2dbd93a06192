"""The measured instrument: written and read again, damaged files, other reference values; error rates and priors."""

from __future__ import annotations

import json
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from marketsim.errors import MarketSimError, ReferenceValuesError
from marketsim.shakeout import instrument as module
from marketsim.shakeout.classify import Class, Thresholds, judge
from marketsim.shakeout.gauges import measure
from marketsim.shakeout.instrument import FILE, ErrorRates, Instrument, load_instrument, written
from marketsim.shakeout.reference import folder, load_reference
from tests.shakeout.hand_made import random_history
from tests.shakeout.hand_made import written as series

REFERENCE = load_reference()
SIZE = len(Class)


def rates(right: float = 0.9, runs: int = 1000, measured: int = SIZE) -> ErrorRates:
    """Error rates of an instrument that is right so often, and else sees any other class alike."""
    wrong = (1 - right) / (SIZE - 1)
    verdicts = np.rint(runs * np.where(np.eye(SIZE, dtype=bool), right, wrong)).astype(int)
    verdicts[measured:] = 0
    return ErrorRates(verdicts, {"PHOTOVOLTAIC": "glut"})


def example() -> Instrument:
    """An instrument with thresholds and error rates that are no defaults."""
    overlap = np.eye(4)
    overlap[0, 1] = overlap[1, 0] = 0.25
    return Instrument(REFERENCE, Thresholds(fall=0.3, firms=12, evidence=2.0, overlap=overlap), rates())


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the package looks for the measured instrument; reference values are those of the package."""
    monkeypatch.setattr(module, "folder", lambda: tmp_path)
    monkeypatch.setattr(module, "load_reference", lambda path=None: load_reference(path or folder() / "reference.yaml"))
    return tmp_path / FILE


def test_written_and_read_again(place: Path):
    before = example()
    place.write_text(written(before, {"runs": 1000, "seed": 7}), encoding="utf-8")
    after = load_instrument()
    assert before.errors is not None and after.errors is not None
    for field in fields(Thresholds):
        np.testing.assert_array_equal(getattr(after.thresholds, field.name), getattr(before.thresholds, field.name))
    np.testing.assert_array_equal(after.errors.verdicts, before.errors.verdicts)
    assert after.errors.worlds == before.errors.worlds
    assert after.reference == before.reference and not after.dropped
    content = json.loads(place.read_text(encoding="utf-8"))
    assert (content["runs"], content["seed"]) == (1000, 7)


def test_without_the_file_thresholds_are_those_of_the_design(place: Path):
    found = load_instrument()
    assert found.errors is None and found.thresholds.fall == Thresholds().fall


def test_error_rates_hold_for_the_reference_values_they_were_measured_with(place: Path, tmp_path: Path):
    """Thresholds are kept."""
    place.write_text(written(example(), {}), encoding="utf-8")
    other = tmp_path / "other.yaml"
    other.write_bytes((folder() / "reference.yaml").read_bytes())
    found = load_instrument(other)
    assert found.errors is None and found.reference.path == other and found.thresholds.firms == 12


def test_reference_values_that_cannot_be_used(place: Path, tmp_path: Path):
    with pytest.raises(ReferenceValuesError, match="there is no such file"):
        load_instrument(tmp_path / "none.yaml")


def content(**changes: Any) -> str:
    """The file with other entries; None takes one out."""
    whole = json.loads(written(example(), {})) | changes
    return json.dumps({key: value for key, value in whole.items() if value is not None})


DAMAGED: dict[str, str | bytes] = {
    "empty": "",
    "no JSON": "{",
    "cut": content()[:-9],
    "binary": b"\xff\xfe\x00",
    "a list": "[]",
    "null": "null",
    "no thresholds": content(thresholds=None),
    "no verdicts": content(verdicts=None),
    "no classes": content(classes=None),
    "no worlds": content(worlds=None),
    "an unknown threshold": content(thresholds={"overlap": [], "fell": 1}),
    "thresholds without overlap": content(thresholds={"fall": 0.4}),
    "text for numbers": content(verdicts=[["many"]]),
    "ragged": content(verdicts=[[1], [1, 2]]),
    "of fewer classes": content(verdicts=[[1, 0], [0, 1]]),
    "classes in another order": content(classes=[each.name for each in Class][::-1]),
    "worlds as text": content(worlds="glut"),
}


@pytest.mark.parametrize("text", DAMAGED.values(), ids=DAMAGED)
def test_a_damaged_file(place: Path, text: str | bytes):
    place.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(MarketSimError) as caught:
        load_instrument()
    message = str(caught.value)
    assert message.startswith(f"{place} is damaged: `marketsim validate --instrument` writes it anew (")


def test_what_it_reads_is_the_verdict_on_what_it_measures():
    history = random_history(3)
    instrument = replace(example(), dropped=frozenset({"C2"}))
    found = instrument.read(history)
    measured = measure(history, instrument.window(history))
    for name, values in measured.items():
        np.testing.assert_array_equal(found.measured[name], values)
    expected = judge(measured, REFERENCE, instrument.thresholds, frozenset({"C2"}))
    np.testing.assert_array_equal(found.verdicts.classes, expected.classes)
    np.testing.assert_array_equal(found.verdicts.evidence, expected.evidence)


def test_its_thresholds_say_where_the_shakeout_is():
    history = series(2000.0 + np.arange(9), firms=[30, 20, 20, 20, 20, 20, 10, 10, 10])
    ends = [Instrument(REFERENCE, Thresholds(fall=fall)).window(history).t1[0] for fall in (0.3, 0.4)]
    assert ends == [2001, 2006]


def test_wider_tolerances():
    instrument = example()
    assert instrument.scaled(1.0) is instrument
    wide = instrument.scaled(2.0).reference.range("C1", "photovoltaic")
    assert wide is not None and (wide.low, wide.high) == pytest.approx((0.06 - 2 * 0.04, 0.06 + 2 * 0.09))


def test_rates_by_hand():
    """Ten runs of one class, eight of them right; four of another, one taken for photovoltaic; a third never measured."""
    verdicts = np.zeros((SIZE, SIZE), dtype=int)
    verdicts[Class.PHOTOVOLTAIC, [Class.PHOTOVOLTAIC, Class.UNTOLD]] = 8, 2
    verdicts[Class.NONE, [Class.NONE, Class.PHOTOVOLTAIC]] = 3, 1
    found = ErrorRates(verdicts)
    assert np.flatnonzero(found.measured).tolist() == [Class.PHOTOVOLTAIC, Class.NONE]
    assert (found.right[Class.PHOTOVOLTAIC], found.right[Class.NONE]) == (0.8, 0.75)
    assert np.isnan(found.right[Class.LOCK_IN])
    assert found.false_photovoltaic == 1 / 4
    likelihood = found.likelihood
    assert likelihood[Class.NONE, Class.NONE] == pytest.approx(3.5 / (4 + SIZE / 2))
    assert likelihood[[Class.PHOTOVOLTAIC, Class.NONE]].sum(axis=1) == pytest.approx([1, 1])
    assert np.isnan(likelihood[Class.LOCK_IN]).all()


def test_false_photovoltaic_weighs_classes_alike():
    verdicts = np.zeros((SIZE, SIZE), dtype=int)
    verdicts[Class.LOCK_IN, Class.PHOTOVOLTAIC] = 10
    verdicts[Class.NONE, Class.NONE] = 1000
    assert ErrorRates(verdicts).false_photovoltaic == 0.5
    assert np.isnan(ErrorRates(np.eye(1, SIZE, dtype=int).repeat(SIZE, 0) * 0).false_photovoltaic)


shares_of_runs = st.lists(st.floats(0.01, 1), min_size=SIZE, max_size=SIZE).map(lambda v: np.array(v) / sum(v))


@given(shares_of_runs, shares_of_runs)
def test_a_perfect_instrument_returns_the_shares(shares: np.ndarray, prior: np.ndarray):
    """Whatever the prior."""
    perfect = ErrorRates(10**9 * np.eye(SIZE, dtype=int))
    np.testing.assert_allclose(perfect.posterior(shares, prior), shares, atol=1e-5)


@given(shares_of_runs, shares_of_runs)
def test_a_useless_instrument_returns_the_prior(shares: np.ndarray, prior: np.ndarray):
    useless = ErrorRates(np.full((SIZE, SIZE), 50))
    np.testing.assert_allclose(useless.posterior(shares, prior), prior)


@given(shares_of_runs, shares_of_runs, st.integers(1, SIZE))
def test_probabilities_sum_to_1_over_what_was_measured(shares: np.ndarray, prior: np.ndarray, measured: int):
    found = rates(measured=measured).posterior(shares, prior)
    assert found.sum() == pytest.approx(1) and (found >= 0).all() and not found[measured:].any()
