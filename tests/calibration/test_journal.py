"""The journal: nothing is lost, nothing foreign is used, and everything is played once."""

from __future__ import annotations

import json
import re
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from marketsim.calibration.evaluations import Evaluations
from marketsim.calibration.journal import Journal
from marketsim.errors import MarketSimError
from marketsim.state import Floats
from tests.calibration.toys import Linear

ABOUT = {"version": "1", "runs": 10}


def written(path: Path, *places: float) -> Path:
    journal = Journal(path, ABOUT)
    for place in places:
        journal.add(np.array([place, 0.5]), np.array([place, -place]), place)
    journal.close()
    return path


def test_what_was_written_is_read_to_the_last_bit(tmp_path: Path):
    path = written(tmp_path / "journal.jsonl", 0.1, 1 / 3)
    with closing(Journal(path, ABOUT)) as journal:
        assert len(journal) == 2
        found = journal.get(np.array([round(1 / 3, 9), 0.5]))
        assert found is not None
        assert found.tolist() == [1 / 3, -1 / 3]
        assert journal.get(np.array([0.2, 0.5])) is None
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    assert lines[0] == {"program": "marketsim calibrate", **ABOUT}
    assert lines[1] == {"place": [0.1, 0.5], "loss": 0.1, "distances": [0.1, -0.1]}


@pytest.mark.parametrize("left", range(1, 60, 7))
def test_a_line_that_was_cut_off_is_left_out_and_written_over(tmp_path: Path, left: int):
    path = written(tmp_path / "journal.jsonl", 0.1, 0.2)
    whole = path.read_bytes()
    last = whole.splitlines(keepends=True)[-1]
    path.write_bytes(whole.removesuffix(last) + last[:-1][:left])
    journal = Journal(path, ABOUT)
    assert len(journal) == 1
    journal.add(np.array([0.2, 0.5]), np.array([0.2, -0.2]), 0.2)
    journal.close()
    assert path.read_bytes() == whole


def test_a_first_line_that_was_cut_off_is_a_new_journal(tmp_path: Path):
    path = tmp_path / "journal.jsonl"
    path.write_bytes(b'{"program": "marketsim cal')
    Journal(path, ABOUT).close()
    assert path.read_bytes() == written(tmp_path / "other.jsonl").read_bytes()


@pytest.mark.parametrize("wrong", ["", "{", "[]", '{"place": [1]}', '{"place": ["a"], "distances": [1]}', "\x00\x80"])
def test_damage_within_is_refused_with_its_line(tmp_path: Path, wrong: str):
    path = written(tmp_path / "journal.jsonl", 0.1, 0.2)
    lines = path.read_text().splitlines(keepends=True)
    path.write_text("".join([*lines[:2], wrong + "\n", *lines[2:]]), encoding="latin-1")
    with pytest.raises(MarketSimError, match=r"^line 3 of .*journal.jsonl is no evaluation: delete the line, or"):
        Journal(path, ABOUT)


@pytest.mark.parametrize("first", ["{}", "hello", '{"program": "other"}', "[1]"])
def test_a_file_of_somebody_else_is_refused_and_left_alone(tmp_path: Path, first: str):
    path = tmp_path / "journal.jsonl"
    path.write_text(first + "\n")
    with pytest.raises(MarketSimError, match=r"is no journal of a calibration: choose another folder for --out"):
        Journal(path, ABOUT)
    assert path.read_text() == first + "\n"


def test_the_journal_of_another_calibration_is_refused_with_what_differs(tmp_path: Path):
    path = written(tmp_path / "journal.jsonl", 0.1)
    before = path.read_bytes()
    with pytest.raises(MarketSimError, match=re.escape("another calibration (runs 10 instead of 20)")):
        Journal(path, {**ABOUT, "runs": 20})
    assert path.read_bytes() == before


def test_a_journal_that_cannot_be_written_says_so(tmp_path: Path):
    with pytest.raises(MarketSimError, match=r"journal.jsonl cannot be written: No such file or directory"):
        Journal(tmp_path / "nowhere" / "journal.jsonl", ABOUT)


class Counting(Linear):
    """Counts how often it is played."""

    def __init__(self) -> None:
        super().__init__()
        self.played: list[list[float]] = []

    def play(self, place: Floats) -> Floats:
        self.played.append(place.tolist())
        return self.distances(place)


def test_a_place_is_played_once_and_then_read(tmp_path: Path):
    toy, path = Counting(), tmp_path / "journal.jsonl"
    places = [toy.start, toy.truth, toy.start]
    seen: list[tuple[int, int, float]] = []
    journal = Journal(path, ABOUT)
    evaluations = Evaluations(toy.play, toy.loss, journal, lambda *told: seen.append(told))
    points = evaluations(places)
    assert toy.played == [toy.start.tolist(), toy.truth.tolist()]
    assert [point.loss for point in points] == [point.loss for point in toy(places)]
    assert evaluations(places)[1].loss == points[1].loss
    assert (len(toy.played), evaluations.count) == (2, 2)
    assert seen[-1] == (2, 2, points[1].loss)
    journal.close()

    again = Counting()
    with closing(Journal(path, ABOUT)) as journal:
        resumed = Evaluations(again.play, again.loss, journal, lambda *told: seen.append(told))
        assert [point.distances.tolist() for point in resumed(places)] == [at.distances.tolist() for at in points]
    assert (again.played, resumed.count) == ([], 2)
    assert seen[-1][:2] == (2, 0)


def test_a_journal_of_other_rules_is_refused(tmp_path: Path):
    toy, path = Counting(), tmp_path / "journal.jsonl"
    with closing(Journal(path, ABOUT)) as journal:
        Evaluations(toy.play, toy.loss, journal)([toy.start])
    with closing(Journal(path, ABOUT)) as journal:
        same = Evaluations(toy.play, toy.loss, journal)
        same.check()
        toy.effect = 1.0001 * toy.effect
        with pytest.raises(MarketSimError, match=r"journal.jsonl: the model has changed since these evaluations were"):
            same.check()
