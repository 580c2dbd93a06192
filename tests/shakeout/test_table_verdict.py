"""What is said of tables that know little: the class, the reasons, and how much it rests on."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from marketsim.commands.table_page import answer, when
from marketsim.shakeout import known
from marketsim.shakeout.classify import Class, Mechanism, Structure
from marketsim.shakeout.instrument import ErrorRates, Instrument, load_instrument
from marketsim.shakeout.reference import folder, load_reference
from marketsim.shakeout.table import load_table
from marketsim.shakeout.table_verdict import Speaks, TableVerdict, assess_table
from marketsim.shakeout.trial import Trial

PLAIN = Instrument(load_reference())


def verdict(path: Path, text: str, instrument: Instrument = PLAIN) -> TableVerdict:
    path = path / "history.csv"
    path.write_text(text)
    return assess_table(load_table(path), instrument)


def test_three_rows_and_two_columns(tmp_path: Path):
    """Firms alone: a shakeout, whose kind they cannot tell, and all that is missing is named."""
    found = verdict(tmp_path, "year,firms\n2010,300\n2011,624\n2012,274\n")
    assert (found.which, found.structure, found.mechanism) == (Class.UNTOLD, Structure.OPEN, Mechanism.MIXED)
    assert (found.t0, found.t1, found.known) == (2011, 2012, 2)
    reasons = " ".join(found.reasons)
    for missing in (
        "Output after the peak",
        "whether they come back",
        "Structure cannot be told",
        "4 are needed",
        "M1",
    ):
        assert missing in reasons


@pytest.mark.parametrize(
    ("rows", "which", "reason"),
    [
        ("2000,12\n2001,13\n2002,12\n", Class.NONE, "fall by 8 % within the table; a shakeout takes 40 %"),
        ("2000,10\n2001,12\n2002,14\n", Class.NONE, "do not fall within the table"),
        ("2000,6\n2001,8\n2002,2\n", Class.NONE, "At most 8 firms are active in the table"),
        ("2000,30\n2001,12\n2002,12\n2003,28\n", Class.NONE, "Firms come back to 93 % of their peak"),
    ],
)
def test_why_there_is_no_shakeout(tmp_path: Path, rows: str, which: Class, reason: str):
    found = verdict(tmp_path, f"year,firms\n{rows}")
    assert found.which is which
    assert reason in " ".join(found.reasons)


def test_output_that_falls_too(tmp_path: Path):
    found = verdict(tmp_path, "year,firms,output\n2000,40,100\n2001,35,80\n2002,20,40\n2003,9,20\n2004,8,15\n")
    assert found.which is Class.COLLAPSE and "by at least 60 % once 40 % of the firms are gone" in found.reasons[0]


def test_a_concentrated_end_excludes_photovoltaics(tmp_path: Path):
    rows = "2000,40,,\n2001,20,0.8,0.4\n2002,9,0.9,0.5\n2005,8,0.95,0.55\n"
    found = verdict(tmp_path, f"year,firms,top2_share,hhi\n{rows}")
    assert found.structure is Structure.CONCENTRATED and found.which is Class.UNTOLD
    assert answer(found).startswith("No: a shakeout that left few firms")


def test_facts_say_for_which_history_they_speak():
    found = assess_table(load_table(folder() / "photovoltaics.csv"), PLAIN)
    speaks = {fact.name: fact.speaks for fact in found.facts}
    assert speaks["P1"] is Speaks.PHOTOVOLTAIC and speaks["S2"] is Speaks.BOTH and speaks["M1"] is Speaks.UNKNOWN
    assert found.known == sum(each is not Speaks.UNKNOWN for each in speaks.values())


def test_probabilities_come_from_runs_that_lack_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Of two worlds that firms cannot tell apart, neither is more probable than the other."""
    usual = load_instrument()
    names = usual.read(load_table(folder() / "us-tyres.csv").history).measured
    alike = {name: np.full(50, 0.8) for name in names} | {"firms": np.full(50, 40.0), "S4": np.full(50, 0.2)}
    trials = [Trial(world, alike, np.arange(50)) for world in ("glut", "lock-in")]
    monkeypatch.setattr(known, "load", lambda path=None: trials)
    errors = ErrorRates(np.diag([50] * len(Class)))
    found = verdict(tmp_path, "year,firms\n2010,300\n2011,624\n2012,274\n", Instrument(PLAIN.reference, errors=errors))
    assert found.errors is not None
    assert found.equal[Class.PHOTOVOLTAIC] == pytest.approx(found.equal[Class.LOCK_IN])
    assert sum(found.equal.values()) == pytest.approx(1)


@pytest.mark.parametrize(
    ("time", "per_year", "written"),
    [(2011.0, 1, "2011"), (2011.0, 4, "2011Q1"), (2011.25, 4, "2011Q2"), (2010.75, 4, "2010Q4")],
)
def test_times_are_written_as_periods(time: float, per_year: int, written: str):
    assert when(time, per_year) == written
