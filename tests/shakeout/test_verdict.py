"""From tallies to the verdict: answers of each kind, shares, priors, facts beside their ranges, shifts, chance, JSON."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from marketsim.rules.finance import CAUSES
from marketsim.shakeout import distance
from marketsim.shakeout.classify import Class
from marketsim.shakeout.ensemble import Assessed, Kept, Tally
from marketsim.shakeout.facts import FACTS
from marketsim.shakeout.instrument import ErrorRates, Instrument
from marketsim.shakeout.reference import load_reference
from marketsim.shakeout.statistics import share_interval
from marketsim.shakeout.verdict import (
    KINDS,
    SHAKEOUTS,
    WITHOUT,
    Answer,
    Verdict,
    answer,
    fact_lines,
    posteriors,
    shifts,
    verdicts,
)
from marketsim.shakeout.verdict_json import as_json
from tests.shakeout.small import SMALL, job, kept, parameters, tally

REFERENCE = load_reference()
INSTRUMENT = Instrument(REFERENCE)
SIZE = len(Class)
PV, LOCK, COMMODITY, NICHE, UNTOLD, RATIONED, SHELTERED, COLLAPSE, NONE = Class


@pytest.fixture(scope="module", autouse=True)
def few_resamples() -> Iterator[None]:
    """The bootstrap of distances takes most of the time of a verdict, and none of these tests looks at it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(distance, "RESAMPLES", 20)
        yield


def assessed(*tallies: Tally, joint: np.ndarray | None = None, **given: Any) -> Assessed:
    """Tallies written by hand as those of the small scenario."""
    names = (None, "no-discount")[: len(tallies)]
    base = replace(job(SMALL), policies=names, **given)
    nobody = np.zeros((tallies[0].draws, len(tallies) - 1, SIZE, SIZE), dtype=np.int64)
    return Assessed(base, list(tallies), nobody if joint is None else joint)


def verdict(made: Tally, **given: Any) -> Verdict:
    (found,) = verdicts(assessed(made, **given))
    return found


@pytest.mark.parametrize(
    ("counts", "draws", "expected"),
    [
        ({PV: 100}, 1, Answer.YES),
        ({PV: 70, NONE: 30}, 1, Answer.YES),
        ({PV: 55, LOCK: 45}, 1, Answer.KIND_OPEN),  # a majority, but of luck
        ({PV: 7, LOCK: 3}, 32, Answer.YES),
        ({LOCK: 70, PV: 30}, 1, Answer.ANOTHER_KIND),
        ({LOCK: 30, COMMODITY: 30, NICHE: 30, NONE: 10}, 1, Answer.ANOTHER_KIND),
        ({UNTOLD: 90, PV: 10}, 1, Answer.KIND_OPEN),
        ({PV: 40, LOCK: 40, NONE: 20}, 1, Answer.KIND_OPEN),
        ({RATIONED: 90, PV: 10}, 1, Answer.NOT_TESTABLE),
        ({RATIONED: 45, NONE: 45, PV: 10}, 1, Answer.NOT_TESTABLE),
        ({RATIONED: 44, NONE: 46, PV: 10}, 1, Answer.NO_SHAKEOUT),
        ({SHELTERED: 30, COLLAPSE: 30, NONE: 30, PV: 10}, 1, Answer.NO_SHAKEOUT),
        ({NONE: 50, PV: 50}, 1, Answer.CANNOT_TELL),
        ({NONE: 3}, 1, Answer.CANNOT_TELL),  # three runs could be chance
        ({PV: 5}, 2, Answer.CANNOT_TELL),  # ten runs, but two draws
        ({PV: 1}, 1, Answer.YES),  # a single run is what it is
        ({NICHE: 1}, 1, Answer.ANOTHER_KIND),
        ({UNTOLD: 1}, 1, Answer.KIND_OPEN),
        ({RATIONED: 1}, 1, Answer.NOT_TESTABLE),
        ({COLLAPSE: 1}, 1, Answer.NO_SHAKEOUT),
    ],
)
def test_answers(counts: Mapping[Class, int], draws: int, expected: Answer):
    made = tally(counts, draws)
    assert answer(made) is expected is verdict(made).answer


COUNTS = st.dictionaries(st.sampled_from(list(Class)), st.integers(1, 20), min_size=1)


@settings(max_examples=25, deadline=None)
@given(COUNTS, st.integers(1, 4))
def test_shares_sum_to_1(counts: dict[Class, int], draws: int):
    """The classes that occur and the four kinds, the most frequent first; kinds of shakeouts add up."""
    found = verdict(tally(counts, draws))
    values = [share.runs.value for share in found.shares]
    assert sum(values) == pytest.approx(1) and values == sorted(values, reverse=True)
    assert {share.which for share in found.shares} == set(counts) | set(KINDS)
    assert found.leading is found.shares[0].which
    assert found.shakeout.value == pytest.approx(
        sum(share.runs.value for share in found.shares if share.which in SHAKEOUTS)
    )
    for tolerance in range(3):
        assert sum(share.tolerances[tolerance] for share in found.shares) == pytest.approx(1)
    assert (found.runs, found.draws) == (draws * sum(counts.values()), draws)
    for share in found.shares:
        assert np.isnan(share.equal) and np.isnan(share.sceptical), "errors were not measured"


def test_classes_are_a_shakeout_or_none():
    assert sorted(SHAKEOUTS + WITHOUT) == list(Class)
    assert [which <= UNTOLD for which in Class] == [which in SHAKEOUTS for which in Class]


def test_intervals_are_those_of_the_draws():
    made = tally({PV: 2, NONE: 3}, draws=3)
    made.by_draw[0] = 0
    made.by_draw[0, PV] = 5
    made.falls[:] = [[5, 5, 0], [2, 2, 1], [2, 1, 0]]
    made.excess[:] = [5, 0, 1]
    made.classes[:] = made.by_draw.sum(axis=0)
    found, runs = verdict(made), np.full(3, 5)
    assert found.shares[0].runs == share_interval(np.array([5, 2, 2]), runs) == found.shakeout
    assert [fall for fall, _ in found.falls] == [0.3, 0.4, 0.5]
    assert [interval for _, interval in found.falls] == [share_interval(falls, runs) for falls in made.falls.T]
    assert found.excess == share_interval(made.excess, runs)


SHARES = st.lists(st.floats(0.01, 1), min_size=SIZE, max_size=SIZE).map(lambda values: np.array(values) / sum(values))


@given(SHARES)
def test_probabilities_with_a_perfect_and_with_a_useless_instrument(shares: np.ndarray):
    """Perfect: the shares, whatever the prior. Useless: the prior, of which a sceptic gives half to no shakeout."""
    for found in posteriors(ErrorRates(10**9 * np.eye(SIZE, dtype=int)), shares):
        np.testing.assert_allclose(found, shares, atol=1e-5)
    equal, sceptical = posteriors(ErrorRates(np.full((SIZE, SIZE), 9)), shares)
    np.testing.assert_allclose(equal, [1 / 6] * 5 + [1 / 24] * 4)
    np.testing.assert_allclose(sceptical, [0.1] * 5 + [0.125] * 4)
    assert all(np.isnan(found).all() for found in posteriors(None, shares))


def test_a_sceptic_believes_less_in_a_shakeout():
    """Of a class that no world stands for nothing is said: its part of the prior goes to the others of its group."""
    verdicts_seen = 10 * np.eye(SIZE, dtype=int) + 2
    verdicts_seen[UNTOLD] = 0
    shares = np.zeros(SIZE)
    shares[PV] = 1
    equal, sceptical = posteriors(ErrorRates(verdicts_seen), shares)
    assert equal.sum() == pytest.approx(1) == sceptical.sum() and equal[UNTOLD] == 0 == sceptical[UNTOLD]
    only_two = np.zeros((SIZE, SIZE), dtype=int)
    only_two[[PV, LOCK, NONE]] = [[8] + [0] * 8, [0, 8] + [0] * 7, [2] + [0] * 7 + [6]]
    equal, sceptical = posteriors(ErrorRates(only_two), shares)
    assert sceptical[PV] < equal[PV] and sceptical[NONE] > equal[NONE]


def test_the_verdict_allows_for_errors():
    errors = ErrorRates(20 * np.eye(SIZE, dtype=int) + 1)
    found = verdict(tally({PV: 3, NONE: 1}), instrument=replace(INSTRUMENT, errors=errors))
    equal, sceptical = posteriors(errors, np.array([0.75, 0, 0, 0, 0, 0, 0, 0, 0.25]))
    for share in found.shares:
        assert (share.equal, share.sceptical) == (equal[share.which], sceptical[share.which])


def lines(made: Kept, **given: Any) -> dict[str, Any]:
    return {line.name: line for line in fact_lines(made, replace(INSTRUMENT, **given))}


def test_facts_beside_their_ranges():
    """Eight runs with C2 known in seven, of which four lie in the photovoltaic range and two in that of ecosystems."""
    values = np.array([0.05, 0.12, 0.2, 0.3, 0.4, 0.6, 0.9, np.nan])
    found = lines(kept(np.zeros(8, dtype=int), np.zeros(8, dtype=int), {"C2": values}), dropped=frozenset({"P1"}))
    assert list(found) == list(FACTS)
    line = found["C2"]
    assert (line.known, line.median.value) == (7 / 8, 0.3)
    assert (line.inside, line.inside_ecosystem) == (4 / 7, 2 / 7)
    assert (line.low, line.high) == pytest.approx(tuple(np.quantile(values[:7], (0.1, 0.9))))
    assert line.photovoltaic == REFERENCE.range("C2", "photovoltaic") and line.title["zh"] == "前两大份额"
    assert not line.dropped and found["P1"].dropped
    nothing = found["M1"]
    assert nothing.known == 0 and np.isnan([nothing.median.value, nothing.low, nothing.inside, nothing.p_value]).all()


def test_p_values_are_adjusted_for_the_facts_that_are_known():
    """P6 is 0 in all of 40 runs, the very end of its range; U1 lies outside of its own."""
    made = kept(np.zeros(40, dtype=int), np.zeros(40, dtype=int), {"P6": 0.0, "U1": 0.9, "S1": 0.5})
    found = lines(made)
    assert found["P6"].p_value == found["S1"].p_value == pytest.approx(3 * 0.5**40)
    assert found["U1"].p_value == 1 and found["P6"].inside == 1


def test_draws_count_once():
    """Runs of a draw are alike: with three draws nothing can be sure, however many runs there are."""
    classes, draw = np.zeros(90, dtype=int), np.repeat([0, 1, 2], 30)
    found = lines(kept(classes, draw, {"S1": np.repeat([0.4, 0.5, 0.7], 30)}))["S1"]
    assert found.p_value == 0.5**3 and found.median.value == 0.5 and (found.median.low, found.median.high) == (0.4, 0.7)
    partly = np.where(draw == 1, np.nan, 0.5)
    assert lines(kept(classes, draw, {"S1": partly}))["S1"].p_value == 0.5**2


def test_exits_a_run_by_cause():
    made = tally({PV: 4})
    made.kept[0] = replace(made.kept[0], causes=np.arange(4.0 * len(CAUSES)).reshape(len(CAUSES), 4))
    assert verdict(made).exits == tuple((name, 4.0 * number + 1.5) for number, name in enumerate(CAUSES))


def test_shifts_by_hand():
    """Of ten runs three go from lock-in to photovoltaic and one the other way."""
    before, after = tally({PV: 3, LOCK: 7}), tally({PV: 5, LOCK: 5})
    joint = np.zeros((1, 1, SIZE, SIZE), dtype=np.int64)
    joint[0, 0][[PV, PV, LOCK, LOCK], [PV, LOCK, PV, LOCK]] = 2, 1, 3, 4
    gained, lost = shifts(assessed(before, after, joint=joint), 1)
    assert (gained.which, gained.first, gained.second) == (PV, 0.3, 0.5)
    assert gained.shift.value == pytest.approx(0.2) == -lost.shift.value
    assert gained.shift.low == pytest.approx(-lost.shift.high)


def test_what_would_be_seen_by_chance():
    """Of eight runs beside their null histories, six are photovoltaic, and two of the null ones: five against one."""
    made = tally({PV: 7, NONE: 3})
    chance = np.array([PV, NONE, NONE, NONE, NONE, NONE, -1, NONE, PV, -1])
    made.kept[0] = replace(made.kept[0], chance=chance)
    first = verdict(made).shares[0]
    assert first.which is PV
    assert first.chance == 2 / 8
    assert first.beyond_chance == pytest.approx(stats.binomtest(5, 6, alternative="greater").pvalue)


def test_boundaries_by_hand():
    """Of two draws of four runs: shares, intervals and the most frequent class within each, the narrowest first."""
    made = tally({LOCK: 3, NONE: 1}, 2)
    assert verdict(made).boundaries == ()
    elsewhere = np.zeros((2, SIZE), dtype=np.int64)
    elsewhere[:, PV], elsewhere[0, LOCK], elsewhere[1, RATIONED] = 3, 1, 1
    made.beside["all"] = elsewhere
    merchant, everyone = verdict(made).boundaries
    assert (merchant.boundary, merchant.leading) == ("merchant", LOCK)
    assert (everyone.boundary, everyone.leading) == ("all", PV)
    assert list(merchant.classes) == list(everyone.classes) == [PV, LOCK, RATIONED, NONE]
    runs = np.full(2, 4)
    assert merchant.classes[LOCK] == share_interval(np.array([3, 3]), runs) and merchant.classes[PV].value == 0
    assert everyone.classes[RATIONED] == share_interval(np.array([0, 1]), runs)
    assert [each.boundary for each in verdict(made, boundary="domestic").boundaries] == ["domestic", "all"]


def test_what_it_hangs_on():
    """Of 48 draws those with a high p1 are lock-in."""
    draws = parameters(3, 48)
    made = tally({PV: 8}, 48)
    moved = draws.places[:, 1] > 0.6
    made.by_draw[moved] = 0
    made.by_draw[moved, LOCK] = 8
    made.classes[:] = made.by_draw.sum(axis=0)
    first = verdict(made, draws=draws).assumptions[0]
    assert (first.name, first.low, first.high, first.gaining) == ("p1", 1.0, 0.0, LOCK)
    assert verdict(tally({PV: 8})).assumptions == ()


def test_json_is_what_the_verdicts_are():
    """Without figures that JSON does not know, and with names for what is counted."""
    joint = np.zeros((1, 1, SIZE, SIZE), dtype=np.int64)
    joint[0, 0, NONE, NONE] = 4
    both = assessed(tally({NONE: 4}), tally({NONE: 4}), joint=joint)
    found = verdicts(both)
    text = as_json(both, found)
    assert "NaN" not in text and "Infinity" not in text
    content = json.loads(text)
    assert (content["scenario"], content["seed"], content["market"]) == ("small", 7, "merchant")
    first, second = content["verdicts"]
    assert (first["policy"], second["policy"]) == (None, "no-discount")
    assert (first["answer"], first["leading"], first["runs"]) == (found[0].answer.name.lower(), "none", 4)
    assert first["shares"][0]["runs"] == {"value": 1.0, "low": found[0].shares[0].runs.low, "high": 1.0}
    assert first["shares"][0]["equal"] is None
    assert [line["name"] for line in first["facts"]] == list(FACTS)
    assert first["facts"][0]["photovoltaic"]["low"] == 0.4 and first["facts"][0]["median"]["value"] is None
    (shift,) = content["shifts"]
    assert (shift["from"], shift["to"]) == (None, "no-discount")
    assert shift["classes"][0]["which"] == "none" and shift["classes"][0]["shift"]["value"] == 0
