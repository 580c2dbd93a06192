"""The folder of a calibration: `--out` of the command line.

journal.jsonl           every evaluation, so that what was stopped goes on
NAME-calibrated.yaml    the fitted scenario
fit.json, report.md     the fit for machines and for people
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from marketsim import __version__
from marketsim.calibration import scenario_file
from marketsim.calibration.journal import NAME, Journal
from marketsim.calibration.objective import Objective
from marketsim.calibration.report import Outcome, as_dict, as_markdown
from marketsim.errors import MarketSimError, listing, printable

FIT, REPORT = "fit.json", "report.md"
_UNFINISHED = ".unfinished"


@dataclass(frozen=True)
class CalibrationFolder:
    """Where a calibration is written."""

    path: Path
    journal: Journal

    def write(self, outcome: Outcome) -> list[Path]:
        """Write scenario, fit and report, each complete or not at all."""
        name = f"{outcome.objective.loaded.scenario.name}-calibrated.yaml"
        texts = {
            name: scenario_file.write(outcome.objective, outcome.fit, self.path, REPORT),
            FIT: json.dumps(as_dict(outcome), indent=1) + "\n",
            REPORT: as_markdown(outcome),
        }
        return [self._write(file, text) for file, text in texts.items()]

    def _write(self, name: str, text: str) -> Path:
        path, work = self.path / name, self.path / f"{name}{_UNFINISHED}"
        with _explained(path):
            work.write_text(text, encoding="utf-8")
            os.replace(work, path)
        return path


@contextmanager
def calibration_folder(path: Path, objective: Objective) -> Iterator[CalibrationFolder]:
    """A folder with the journal of a calibration, new or begun by an earlier command.

    Raises MarketSimError if it cannot be written, holds other files, or the journal of another calibration.
    """
    with _explained(path):
        path.mkdir(parents=True, exist_ok=True)
        others = sorted(entry.name for entry in path.iterdir() if not entry.name.startswith("."))
    if others and NAME not in others:
        message = f"{printable(str(path))} holds other files ({listing(others, 3)}) and is left as it is"
        raise MarketSimError(f"{message}: choose a new or empty folder for --out, or that of an earlier calibration")
    about = {"version": __version__, "numpy": np.__version__, **objective.about()}
    journal = Journal(path / NAME, about)
    try:
        yield CalibrationFolder(path, journal)
    finally:
        journal.close()


@contextmanager
def _explained(path: Path) -> Iterator[None]:
    """Says of a file that cannot be written what is wrong with it."""
    try:
        yield
    except (FileExistsError, NotADirectoryError):
        raise MarketSimError(f"{printable(str(path))} is not a folder: choose another one for --out") from None
    except OSError as error:
        raise MarketSimError(f"{printable(str(path))} cannot be written: {error.strerror or error}") from None
