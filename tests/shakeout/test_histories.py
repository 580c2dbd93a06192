"""History through the instrument: the tables that ship, their facts, and what can be said of them; and tables with gaps."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest

from marketsim.shakeout.classify import Class, Structure, Thresholds, judge
from marketsim.shakeout.facts import FACTS
from marketsim.shakeout.gauges import measure
from marketsim.shakeout.history import History
from marketsim.shakeout.reference import folder, load_reference
from marketsim.shakeout.table import load_table
from marketsim.shakeout.window import window

MARKS = ("reported", "estimated", "derived", "conflicting", "assumption")
TABLES = sorted(path.name for path in folder().glob("*.csv"))

# table: t0, t1, facts, and how near they are known
FACTS_OF = {
    "us-tyres.csv": (1922, 1970, {"S1": 1 - 23 / 274}),
    "graphics-chips.csv": (1996, 2015, {"S1": 1 - 3 / 70, "S2": 1, "C3": 0}),
    "photovoltaics.csv": (
        2011,
        2012,
        {
            "S1": 1 - 274 / 624,
            "S2": 1,
            "S3": 34.8 / 30.4 - 1,
            "C3": 4 / 11,
            "P1": 1 - 0.6963 / 2.0448,
            "P4": (0.8764 * 34.8) / (1.6772 * 30.4) - 1,
            "P5": 0.006,
            "P6": 0,
            "U1": 0.70,
            "U2": 52 / 30.1,
        },
    ),
}


def rows_of(name: str) -> list[dict[str, str]]:
    lines = (folder() / name).read_text(encoding="utf-8").splitlines()
    return list(csv.DictReader(line for line in lines if not line.startswith("#")))


def facts_of(history: History) -> dict[str, float]:
    found = window(history)
    return {name: float(fact(history, found)[0]) for name, fact in FACTS.items()}


def test_the_tables_are_these() -> None:
    assert sorted(FACTS_OF) == TABLES


@pytest.mark.parametrize("name", TABLES)
def test_every_row_has_a_source_and_a_mark_for_every_figure(name: str) -> None:
    for row in rows_of(name):
        assert row["source"], row
        assert row["note"].startswith(MARKS), row
        figures = [column for column, cell in row.items() if cell and column not in ("year", "source", "note")]
        assert figures and all(column in row["note"] for column in figures), row


@pytest.mark.parametrize(
    ("name", "t0", "t1", "values"), [(name, *rest) for name, rest in FACTS_OF.items()], ids=FACTS_OF
)
def test_facts_of_history(name: str, t0: float, t1: float, values: dict[str, float]) -> None:
    """And what the table cannot tell is not known: of firms one by one there is nothing."""
    history = load_table(folder() / name).history
    found = window(history)
    assert (found.t0[0], found.t1[0]) == (t0, t1)
    facts = facts_of(history)
    assert {fact: facts[fact] for fact in values} == pytest.approx(values)
    assert all(np.isnan(facts[fact]) for fact in ("C4", "M1", "M3"))


def test_facts_of_history_that_are_unknown() -> None:
    tyres, chips = (facts_of(load_table(folder() / name).history) for name in ("us-tyres.csv", "graphics-chips.csv"))
    assert {fact for fact, value in tyres.items() if not np.isnan(value)} == {"S1"}
    assert {fact for fact, value in chips.items() if not np.isnan(value)} == {"S1", "S2", "C3"}


def test_experience_curve_of_photovoltaics() -> None:
    """As in the evidence (0.226 for 1976 to 2019, swing -0.75 for the year that the table covers), though cells made
    instead of modules installed count in 2010 to 2014."""
    facts = facts_of(load_table(folder() / "photovoltaics.csv").history)
    assert facts["P2"] == pytest.approx(0.226, abs=0.005)
    assert facts["P3"] == pytest.approx(np.log2(0.86 / 1.45), abs=0.06)


@pytest.mark.parametrize(
    ("name", "kind", "structure"),
    [
        ("photovoltaics.csv", Class.PHOTOVOLTAIC, Structure.FRAGMENTED),
        ("graphics-chips.csv", Class.UNTOLD, Structure.CONCENTRATED),
        ("us-tyres.csv", Class.UNTOLD, Structure.OPEN),
    ],
)
def test_what_history_was(name: str, kind: Class, structure: Structure) -> None:
    """Also for the least favourable concentration that the shares allow."""
    history = load_table(folder() / name).history
    verdicts = judge(measure(history, window(history)), load_reference(), Thresholds())
    assert verdicts.shakeout.all()
    assert set(verdicts.classes) == {kind} and set(verdicts.structure) == {structure}


def read(folder: Path, text: str) -> History:
    path = folder / "history.csv"
    path.write_text(text)
    return load_table(path).history


GAPS = {
    "half are gone, but when?": ("year,firms\n2000,100\n2004,80\n2007,30\n", {"S1": 0.7, "S2": np.nan, "S4": np.nan}),
    "counted a year before": ("year,firms\n2000,100\n2006,80\n2007,30\n", {"S2": 7}),
    "years before without a count": ("year,firms\n1990,\n1995,\n2000,100\n2001,30\n2003,95\n", {"S1": 0.7, "S2": 1, "S4": 0.95}),
    "unknown counts between": ("year,firms\n2000,100\n2001,\n2002,50\n2003,\n2004,\n", {"S1": 0.5, "S2": np.nan}),
    "counts that only grow, late": ("year,firms\n1990,\n2000,10\n2001,\n2002,20\n", {"S1": 0, "S2": np.nan}),
    "no price two years after": ("year,firms,price\n1999,,10\n2000,50,9\n2001,20,6\n2003,19,3\n", {"P1": np.nan}),
    "price two years after": ("year,firms,price\n1999,,10\n2000,50,\n2001,20,\n2002,19,3\n", {"P1": 0.7}),
    "no output at the peak": ("year,firms,output\n2000,50,\n2001,20,5\n2002,19,6\n", {"S3": np.nan}),
    "structure near the end": ("year,firms,top2_share\n2000,50,0.1\n2001,20,0.2\n2005,,0.4\n", {"C2": 0.4}),
    "structure of another age": ("year,firms,top2_share\n2000,50,0.1\n2001,20,\n2015,,0.9\n", {"C2": np.nan}),
    "structure before the fall": ("year,firms,top2_share\n2000,50,0.1\n2001,20,\n2003,,\n", {"C2": np.nan}),
    "a quarter is missing": ("quarter,firms,price\n1999Q2,,8\n2000Q2,50,\n2000Q3,40,\n2001Q1,20,\n2002Q2,20,4\n", {"S2": 0.75, "P1": 0.5}),
}  # fmt: skip


@pytest.mark.parametrize(("text", "values"), GAPS.values(), ids=GAPS)
def test_tables_with_gaps(tmp_path: Path, text: str, values: dict[str, float]) -> None:
    facts = facts_of(read(tmp_path, text))
    assert {name: facts[name] for name in values} == pytest.approx(values, nan_ok=True)


def test_cumulative_output_ends_at_a_gap(tmp_path: Path) -> None:
    """Price halves with each doubling of what was made until nobody counted; prices after that say nothing."""
    known = "year,firms,output,price\n2000,10,1,8\n2001,9,1,4\n2002,8,2,2\n2003,5,4,1\n"
    for rest in ("2004,5,,9\n2005,5,1,9\n", "2007,5,1,9\n", ""):
        assert facts_of(read(tmp_path, known + rest))["P2"] == pytest.approx(0.5)
    early = known.replace("2000,10", "1990,,,7\n2000,10")
    assert facts_of(read(tmp_path, early))["P2"] == pytest.approx(0.5)
    assert np.isnan(facts_of(read(tmp_path, known.replace("2003,5,4", "2003,5,")))["P2"])
