"""Bounds of structure: every industry lies inside, none that is tighter would hold them all."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from marketsim.shakeout.bounds import (
    SHARES,
    Bounds,
    bounded_evidence,
    index_of,
    indices,
    shares_of_two,
    structure_bounds,
    two_of,
)
from marketsim.shakeout.classify import STRUCTURE, Thresholds, concentration_evidence
from marketsim.shakeout.facts import FACTS
from marketsim.shakeout.history import SERIES, History
from marketsim.shakeout.reference import load_reference
from marketsim.shakeout.table import load_table
from marketsim.shakeout.window import window
from marketsim.state import Floats


def figures_of(shares: Floats) -> dict[str, float]:
    """What is counted of an industry with these shares."""
    ranked = -np.sort(-shares)
    tops = {name: float(ranked[:count].sum()) for count, name in SHARES.items()}
    return tops | {"hhi": float((ranked**2).sum()), "firms": float(len(ranked))}


def history_of(time: list[float], **series: list[float]) -> History:
    """A history of two equal runs; what is not given is unknown."""
    rows = {name: np.array([series.get(name, [np.nan] * len(time))] * 2).T for name in SERIES}
    return History(np.array(time), **rows, causes=None, firm=None)


@st.composite
def industries(draw: st.DrawFn) -> Floats:
    """Shares of up to forty firms, some of them alike."""
    sizes = draw(st.lists(st.sampled_from([1.0, 2.0, 50.0]) | st.floats(0.01, 100), min_size=1, max_size=40))
    return np.array(sizes) / np.sum(sizes)


@given(industries(), st.sets(st.sampled_from([*SHARES.values(), "hhi", "firms"])))
def test_every_industry_lies_inside(shares: Floats, known: set[str]) -> None:
    """Of any figures that are known, period by period and as facts three years after the trough."""
    figures = figures_of(shares)
    history = history_of([2000, 2001, 2004], **{name: [np.nan, np.nan, figures[name]] for name in known - {"firms"}},
                         firms=[100.0, 40.0, figures["firms"] if "firms" in known else np.nan])  # fmt: skip
    for (low, high), name in ((shares_of_two(history), "top2_share"), (indices(history), "hhi")):
        if known - {"firms"}:
            assert (low[2] <= figures[name] + 1e-9).all() and (figures[name] <= high[2] + 1e-9).all()
    if "firms" in known and figures["firms"] <= 40:
        bounds = structure_bounds(history, window(history))
        for name, fact in {"C1": figures["hhi"], "C2": figures["top2_share"]}.items():
            assert (bounds[name].low <= fact + 1e-9).all() and (fact <= bounds[name].high + 1e-9).all(), name


def partitions(units: int, parts: int, largest: int | None = None) -> Iterator[tuple[int, ...]]:
    """All ways to divide units among so many firms, largest first."""
    if parts == 1:
        if largest is None or units <= largest:
            yield (units,)
        return
    for first in range(-(-units // parts), min(units, largest or units) + 1):
        for rest in partitions(units - first, parts - 1, first):
            yield (first, *rest)


@pytest.mark.parametrize(("firms", "count"), [(3, 1), (3, 2), (6, 1), (6, 2), (6, 5), (7, 5)])
def test_bounds_are_reached(firms: int, count: int) -> None:
    """Brute force: of all industries of 60 units, those with the same share of the largest come to both ends."""
    units = 60
    found: dict[int, list[tuple[float, float]]] = {}
    for sizes in partitions(units, firms):
        shares = np.array(sizes) / units
        if sum(sizes[count:]) % (firms - count) == 0:  # so that the others can be alike
            found.setdefault(sum(sizes[:count]), []).append((shares[:2].sum(), (shares**2).sum()))
    grain = 2.5 / units
    for top, pairs in found.items():
        share, number = np.array([top / units]), np.array([float(firms)])
        for (low, high), values in zip(
            (two_of(share, count, number), index_of(share, count, number)), zip(*pairs, strict=True), strict=True
        ):
            assert low[0] - 1e-9 <= min(values) <= low[0] + grain
            assert high[0] - grain <= max(values) <= high[0] + 1e-9


def test_known_bounds() -> None:
    """By hand: a half shared by five; a leader with 0.4 of unknown many; two firms."""
    nobody = np.array([np.nan])
    low, high = two_of(np.array([0.5]), 5, nobody)
    assert (low[0], high[0]) == pytest.approx((0.2, 0.5))
    low, high = index_of(np.array([0.5]), 5, nobody)
    assert (low[0], high[0]) == pytest.approx((0.05, 0.25))
    low, high = index_of(np.array([0.4]), 1, nobody)
    assert (low[0], high[0]) == pytest.approx((0.16, 2 * 0.16 + 0.04 - 0.0))
    low, high = index_of(np.array([0.4]), 1, np.array([4.0]))
    assert (low[0], high[0]) == pytest.approx((0.16 + 0.12, 0.36))


def test_period_and_firms() -> None:
    """The period nearest to three years after the trough counts; a firm count alone bounds too; nothing, nothing."""
    time = [2000.0, 2001.0, 2002.0, 2003.0, 2005.0, 2009.0]
    firms = [100.0, 30.0, *[np.nan] * 4]
    near = history_of(time, firms=firms, top10_share=[0.1, 0.9, np.nan, 0.5, 0.6, 0.95])
    bounds = structure_bounds(near, window(near))
    assert [end[0] for end in bounds["C2"]] == pytest.approx([0.1, 0.5])
    late = history_of(time, firms=[100.0, 4.0, *[np.nan] * 4], top10_share=[*[np.nan] * 5, 0.95])
    bounds = structure_bounds(late, window(late))
    assert [end[0] for end in bounds["C2"]] == pytest.approx([0.5, 1.0])
    assert [end[0] for end in bounds["C1"]] == pytest.approx([0.25, 1.0])
    never = history_of(time, firms=[10.0, *[np.nan] * 5])
    assert all(np.isnan(end).all() for pair in structure_bounds(never, window(never)).values() for end in pair)


THRESHOLDS = Thresholds()
reference = cache(load_reference)


def evidence(facts: Mapping[str, Floats]) -> Floats:
    return concentration_evidence(facts, reference(), THRESHOLDS)


@given(st.lists(st.floats(0, 1), min_size=4, max_size=4), st.tuples(st.floats(0, 1), st.floats(0, 1)), st.booleans())
def test_evidence_lies_between_its_ends(ends: list[float], place: tuple[float, float], leaders: bool) -> None:
    facts = {name: np.full(2, np.nan) for name in STRUCTURE}
    if leaders:
        facts["C3"] = np.full(2, 0.31)
    pairs = {"C1": sorted(ends[:2]), "C2": sorted(ends[2:])}
    bounds = {name: Bounds(np.full(2, low), np.full(2, high)) for name, (low, high) in pairs.items()}
    low, high = bounded_evidence(facts, bounds, evidence)
    inside = {name: np.full(2, a + share * (b - a)) for (name, (a, b)), share in zip(pairs.items(), place, strict=True)}
    said = evidence(facts | inside)
    assert (low <= said + 0.05).all() and (said <= high + 0.05).all()


def test_evidence_of_what_is_known_is_a_point() -> None:
    facts = {name: np.full(2, value) for name, value in zip(STRUCTURE, (0.06, 0.23, 0.31, 0.25), strict=True)}
    bounds = {name: Bounds(facts[name], facts[name]) for name in ("C1", "C2")}
    low, high = bounded_evidence(facts, bounds, evidence)
    np.testing.assert_array_equal(low, high)
    np.testing.assert_array_equal(low, evidence(facts))
    left_out = bounded_evidence(facts | {"C1": np.full(2, np.nan)}, {"C2": bounds["C2"]}, evidence)
    np.testing.assert_array_equal(left_out.low, evidence(facts | {"C1": np.full(2, np.nan)}))


@pytest.mark.parametrize(
    ("column", "share", "fragmented", "concentrated"),
    [("top10_share", 0.2, True, False), ("top5_share", 0.95, False, False), ("top1_share", 0.9, False, True)],
)
def test_the_least_favourable_value_decides(
    tmp_path: Path, column: str, share: float, fragmented: bool, concentrated: bool
) -> None:
    """A fifth for ten firms can only be fragmented, 0.95 for five of them both, 0.9 for one only concentrated."""
    path = tmp_path / "table.csv"
    path.write_text(f"year,firms,{column}\n2000,100,\n2001,40,\n2004,,{share}\n")
    history = load_table(path).history
    found = window(history)
    facts = {name: fact(history, found) for name, fact in FACTS.items()}
    low, high = bounded_evidence(facts, structure_bounds(history, found), evidence)
    odds = np.log(THRESHOLDS.evidence)
    assert (low[0] >= odds, high[0] <= -odds) == (fragmented, concentrated)
