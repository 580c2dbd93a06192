"""Reference values: what is refused, what ranges mean, and that the package's own file says where it has them from."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from marketsim.errors import ReferenceValuesError
from marketsim.scenario.provenance import CERTAINTY, certainty
from marketsim.scenario.reference_file import Range
from marketsim.shakeout.facts import FACTS
from marketsim.shakeout.reference import KINDS, load_reference

TITLE = {"en": "a fact", "zh": "事实"}
RANGE: dict[str, Any] = {"value": 2, "low": 1, "high": 4, "source": "a survey", "note": "reported"}


def refused(folder: Path, text: str) -> str:
    """What is said of a file."""
    path = folder / "values.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ReferenceValuesError) as caught:
        load_reference(path)
    return str(caught.value).replace(str(path), "values.yaml")


def tree(name: str = "S2", kind: str = "photovoltaic", **changes: Any) -> str:
    """A file of one fact with other fields in its range; None takes a field out."""
    chosen = {key: value for key, value in (RANGE | changes).items() if value is not None}
    return json.dumps({"title": TITLE, "facts": {name: {"title": TITLE, kind: chosen}}}, indent=1)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (tree("S9"), r"line \d+: facts.S9: is not one of the nineteen facts\n +found: .*\n +allowed: S1, S2, S3"),
        (tree(kind="photovoltaics"), r"facts.S2.photovoltaics: is not known here\n +hint: +did you mean 'photovoltaic'\?"),
        (tree(low=5), r"line \d+: facts.S2.photovoltaic.high: is not above `low`\n +found: +4\n +allowed: a number above 5"),
        (tree(low=4), r"facts.S2.photovoltaic.high: is not above `low`"),
        (tree(value=7), r"photovoltaic.value: lies outside its own range\n +found: +7\n +allowed: a number from 1 to 4"),
        (tree(value=0, high=None), r"value: lies outside its own range\n +found: +0\n +allowed: a number from 1 to inf"),
        (tree(low=None, high=None, note=None, source=None), r"photovoltaic: is of the wrong type\n +found: +2\n +allowed: a map"),
        (tree(low=None, high=None, value=None), r"facts.S2.photovoltaic: is no range\n.*\n +allowed: a mapping with `low`"),
        (tree(low="one"), r"facts.S2.photovoltaic.low: is of the wrong type\n +found: +'one' \(text\)\n +allowed: a number"),
        (tree(low=True), r"facts.S2.photovoltaic.low: is of the wrong type\n +found: +true"),
        (tree(source=None), r"facts.S2.photovoltaic: lacks a source\n +allowed: `source:` beside the figures"),
        (tree(source=3), r"'source' must be text"),
        (tree(tolerance=1), r"facts.S2.photovoltaic.tolerance: is not known here"),
        (tree().replace(": 4", ": .nan"), r"facts.S2.photovoltaic.high: is not a finite number\n +found: +nan"),
        ("facts: {}\ntitle: {en: a, zh: b}", r"line 1: facts: has too few entries"),
        ("title: {en: a, zh: b}", r"facts: is required and missing"),
        ("- 1", r"line 1: reference values are a mapping with the keys title and facts\n +found: +a list of 1"),
        ("", r"is empty"),
        ("facts: {a", r"line 1: is not valid YAML"),
        ("schema_version: 2\nfacts: 3\ntitle: {en: a, zh: b}", r"schema_version: is not one of the allowed values"),
    ],
)  # fmt: skip
def test_what_is_refused(text: str, said: str, tmp_path: Path):
    message = refused(tmp_path, text)
    assert re.match(r"\d problems? in the reference values\n\nvalues.yaml\n", message)
    assert re.search(said, message), message


def test_everything_is_said_at_once(tmp_path: Path):
    assert refused(tmp_path, tree("S9", low=5, source=None)).startswith("3 problems in the reference values")


def test_a_file_that_is_not_there(tmp_path: Path):
    with pytest.raises(ReferenceValuesError, match="there is no such file"):
        load_reference(tmp_path / "nothing.yaml")


def test_a_source_above_holds_for_all(tmp_path: Path):
    path = tmp_path / "values.yaml"
    path.write_text(json.dumps({"source": "assumption"} | json.loads(tree(source=None))), encoding="utf-8")
    assert load_reference(path).range("S2", "photovoltaic") == Range(value=2, low=1, high=4)


def test_the_file_of_the_package():
    """It has all facts, and says of every figure where it is from and how sure it is."""
    reference = load_reference()
    assert set(reference.file.facts) == set(FACTS)
    for name in FACTS:
        assert reference.range(name, "photovoltaic") is not None, name
        for kind in KINDS:
            known = reference.range(name, kind)
            for field in () if known is None else known.model_fields_set:
                origin = reference.provenance[f"facts.{name}.{kind}.{field}"]
                assert origin.source, (name, kind)
                expected = "expected" if (origin.note or "").startswith("expected") else certainty(origin)
                assert expected in (*CERTAINTY, "expected"), (name, kind, origin)


def test_what_is_not_known_holds_nothing():
    reference = load_reference()
    assert reference.range("P1", "ecosystem") is None and reference.range("X1", "ecosystem") is None
    assert not reference.inside(np.array([0.6, np.nan]), "P1", "ecosystem").any()
    assert reference.inside(np.array([0.5, 0.8, 0.49, np.nan]), "P1", "photovoltaic").tolist() == [True] * 2 + [False] * 2  # fmt: skip


def test_the_range_is_the_middle_nine_tenths():
    known = Range(low=0.12, high=0.40)
    assert (known.centre, known.sigma) == pytest.approx((0.26, 0.14 / 1.645))
    assert np.isnan([Range(low=0.0).centre, Range(low=0.0).sigma, Range(high=0.0).sigma]).all()
    assert Range(low=0.0).contains(np.array([0, 1e300, -0.1, np.nan])).tolist() == [True, True, False, False]


def test_how_far_a_value_goes():
    """Upwards to the lower end and beyond, downwards to the upper end and beyond; an end that is not there is near."""
    values = np.array([0.9, 1.0, 5.0, np.nan])
    assert Range(low=1.0, high=4.0).reached_by(values, 1).tolist() == [False, True, True, False]
    assert Range(low=-1.0, high=1.0).reached_by(values, -1).tolist() == [True, True, False, False]
    assert Range(low=1.0).reached_by(values, -1).tolist() == [True, True, True, False]


def test_ranges_scale_about_their_value():
    assert Range(value=2, low=1, high=4).scaled(1.5) == Range(value=2, low=0.5, high=5)
    assert Range(value=0, low=0, high=0.25).scaled(0.5) == Range(value=0, low=0, high=0.125)
    assert Range(value=3, low=1).scaled(0.5) == Range(value=3, low=2)


def test_a_convention_or_a_sign_is_no_tolerance():
    """M1 of 1, the strongest that can be, speaks for cost however narrow the tolerances."""
    narrow = load_reference().scaled(0.75)
    for name in ("M1", "S4", "M3"):
        assert narrow.range(name, "photovoltaic") == load_reference().range(name, "photovoltaic")
    assert narrow.inside(np.array([1.0, 0.1]), "M1", "photovoltaic").all()


@given(
    st.lists(st.floats(-100, 100), min_size=3, max_size=3, unique=True).map(sorted),
    st.floats(0.1, 1),
    st.floats(1, 10),
    st.floats(-200, 200),
)
def test_wider_ranges_hold_more(ends: list[float], less: float, more: float, value: float):
    low, middle, high = ends
    known, here = Range(value=middle, low=low, high=high), np.array([value])
    assert known.contains(here) or not known.scaled(less).contains(here)
    assert known.scaled(more).contains(here) or not known.contains(here)
    assert known.scaled(1).contains(np.array(ends)).all()
