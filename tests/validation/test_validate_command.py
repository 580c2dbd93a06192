"""`marketsim validate`: what it writes, what it refuses, and how an outdated document is noticed."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from marketsim.api import strategies_of
from marketsim.commands import needs
from marketsim.scenario import library
from marketsim.shakeout.instrument import measurement
from marketsim.validation import fingerprint
from marketsim.validation.fingerprint import content_hash, differences
from marketsim.validation.study import DEFAULT, Settings
from tests.command import Result, called
from tests.validation.conftest import SETTINGS

DOCS = Path(__file__).parents[2] / "docs"


@pytest.fixture
def marketsim(capsys: pytest.CaptureFixture[str]):
    def call(*arguments: str) -> Result:
        return called(capsys, arguments)

    return call


def test_the_document_of_this_checkout_is_up_to_date():
    """If this fails: `marketsim validate`, and look at what has changed in docs/validation.md."""
    assert differences(DOCS / "validation", strategies_of) == []
    text = (DOCS / "validation.md").read_text(encoding="utf-8")
    assert all((DOCS / where).is_file() for where in re.findall(r"\]\((validation/.+?)\)", text))


def test_the_command_writes_the_same_bytes_on_any_number_of_workers(
    marketsim, small: Path, report: Path, tmp_path: Path
):
    options = ("--runs", "3", "--seed", "5", "--trajectories", "2", "--workers", "2")
    done = marketsim("validate", "--out", str(tmp_path), *options)
    assert (done.code, done.out) == (0, "")
    assert done.err.startswith(f"{tmp_path / 'validation.md'} written, and 9 files that belong to it")
    names = {path.relative_to(report) for path in report.rglob("*") if path.is_file()}
    assert names == {path.relative_to(tmp_path) for path in tmp_path.rglob("*") if path.is_file()}
    for name in names:
        assert (tmp_path / name).read_bytes() == (report / name).read_bytes(), name


def test_an_outdated_document_is_noticed(marketsim, small: Path, report: Path, tmp_path: Path, monkeypatch):
    check = ("validate", "--check", "--out", str(report))
    done = marketsim(*check)
    assert done.code == 1
    assert "it was made with other settings than the usual ones" in done.err
    monkeypatch.setattr(fingerprint, "Settings", lambda: SETTINGS)
    assert marketsim(*check).out == f"{report / 'validation.md'} is up to date\n"
    made_later(small, tmp_path, monkeypatch)
    done = marketsim(*check)
    assert done.code == 1
    assert f"scenario {DEFAULT} has changed" in done.err
    assert "scenario lock-in is new" in done.err
    assert "scenario steady is gone" in done.err


def made_later(small: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another library: a figure of the default scenario changed, a scenario added, one gone."""
    changed = tmp_path / "scenarios"
    shutil.copytree(small, changed)
    path = changed / f"{DEFAULT}.yaml"
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("low: 0.1, high: 0.9", "low: 0.1, high: 0.8"), encoding="utf-8")
    (changed / "lock-in.yaml").write_text(f"extends: {DEFAULT}\nname: lock-in\n", encoding="utf-8")
    (changed / "steady.yaml").unlink()
    monkeypatch.setattr(library, "folder", lambda: changed)


def test_comments_and_layout_change_no_hash_and_figures_and_sources_do(tmp_path: Path):
    path = tmp_path / "a.yaml"
    hashes = []
    for text in (
        "a: 1\nb: {source: x}\n",
        "# why\na:   1\n\nb:\n  source: x\n",
        "a: 2\nb: {source: x}\n",
        "a: 1\nb: {source: y}\n",
    ):
        path.write_text(text, encoding="utf-8")
        hashes.append(content_hash(path))
    assert hashes[0] == hashes[1]
    assert len(set(hashes)) == 3


def test_other_rules_are_noticed(small: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    made = fingerprint.fingerprint(Settings(), strategies_of)
    (tmp_path / "inputs.json").write_text(fingerprint.written(made), encoding="utf-8")
    assert differences(tmp_path, strategies_of) == []
    made["behaviour"]["steady"]["cards"] *= 1 + 1e-9  # the last bits of another machine
    (tmp_path / "inputs.json").write_text(fingerprint.written(made), encoding="utf-8")
    assert differences(tmp_path, strategies_of) == []
    made["behaviour"]["steady"]["cards"] *= 1.001
    (tmp_path / "inputs.json").write_text(fingerprint.written(made), encoding="utf-8")
    assert differences(tmp_path, strategies_of) == ["rules or scenario steady: runs come out differently (cards, ...)"]


def test_a_measurement_on_other_worlds_is_noticed(small: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Error rates of the shakeout test that were counted on what a world no longer is."""
    found = measurement()
    assert "steady" in found["made_from"]["scenarios"]
    found["made_from"]["facts"]["steady"]["C1"] *= 1.001
    monkeypatch.setattr(fingerprint, "measurement", lambda: found)
    made = fingerprint.fingerprint(Settings(), strategies_of)
    (tmp_path / "inputs.json").write_text(fingerprint.written(made), encoding="utf-8")
    (line,) = differences(tmp_path, strategies_of)
    assert line.startswith("the shakeout test was measured on other worlds (steady)")


def test_nothing_to_check_is_an_error_that_says_what_to_do(marketsim, tmp_path: Path):
    done = marketsim("validate", "--check", "--out", str(tmp_path))
    assert (done.code, done.out) == (1, "")
    assert done.err == f"marketsim: there is no {tmp_path / 'validation.md'}: `marketsim validate` writes it\n"


def test_a_missing_library_is_named_with_the_extra_that_brings_it(marketsim, tmp_path: Path, monkeypatch):
    monkeypatch.setattr(needs, "find_spec", lambda name: None)
    done = marketsim("validate", "--out", str(tmp_path))
    assert done.code == 1
    assert done.err == (
        "marketsim: this command needs matplotlib and SALib: pip install 'chip-market[calibration]' brings them\n"
    )


def test_without_a_checkout_a_folder_must_be_named(marketsim, small: Path):
    done = marketsim("validate")
    assert done.code == 1
    assert "name a folder with --out DIR" in done.err


@pytest.mark.parametrize("arguments", [("--runs", "1"), ("--trajectories", "1"), ("--seed", "-1"), ("--workers", "0")])
def test_numbers_out_of_bounds_are_refused(marketsim, arguments: tuple[str, str]):
    done = marketsim("validate", *arguments)
    assert done.code == 2
    assert "is not a whole number from" in done.err


def test_a_folder_that_cannot_be_written_is_named(marketsim, small: Path, tmp_path: Path):
    (tmp_path / "validation").write_text("in the way", encoding="utf-8")
    done = marketsim("validate", "--out", str(tmp_path))
    assert done.code == 1
    assert "cannot be written" in done.err
