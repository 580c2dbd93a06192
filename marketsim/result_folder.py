"""A folder of results that is either complete or not there: `--out` of the command line.

metadata.json              what was run, with which versions; the unit of every column
summary.json               the summary, as `--format json` prints it
scenario.yaml              the scenario as it was run, policy and overrides included
yearly-market-*.parquet    yearly outcomes of every run, in parts named by their first run
yearly-vendor-*.parquet    cards, revenue and survival of every vendor by run and year
quarterly-*-*.parquet      every quarter of the first runs: market, segment, vendor, event and attribution tables
"""

from __future__ import annotations

import io
import json
import re
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import polars as pl
import yaml

from marketsim.ensemble import Job, Summary, chunks_of
from marketsim.errors import MarketSimError, listing, printable
from marketsim.outcomes import Outcomes
from marketsim.results import PROGRAM, Question, as_json, metadata, record, run_table, units_of, vendor_table
from marketsim.scenario.parameters import Parameters

METADATA = "metadata.json"
_OWN = re.compile(r"(metadata\.json|summary\.json|scenario\.yaml|(yearly|quarterly)-[a-z]+-\d{9}\.parquet)")
_UNFINISHED = ".unfinished-"
_PART = 64
"""Runs that are recorded in full at once: 64 runs of the default scenario take about 100 MB."""


@contextmanager
def result_folder(path: Path, job: Job) -> Iterator[ResultFolder]:
    """A folder to write results to; they appear in it together at the end, or not at all.

    Results of an earlier run in it are replaced at the end. Hidden files are left alone.
    Raises MarketSimError where the folder cannot be written, or holds anything else than results.
    """
    with _explained(path):
        made = _first_missing(path)
        path.mkdir(parents=True, exist_ok=True)
        _refuse_strangers(path)
        work = Path(tempfile.mkdtemp(prefix=_UNFINISHED, dir=path))
    try:
        yield ResultFolder(work, job)
        with _explained(path):
            _publish(work, path)
    except BaseException:
        shutil.rmtree(work, ignore_errors=True)
        _remove_empty(path, made)
        raise


@dataclass(frozen=True)
class ResultFolder:
    """Where the results of one ensemble are written."""

    path: Path
    job: Job
    _units: dict[str, dict[str, str]] = field(default_factory=dict)

    def write_outcomes(self, part: range, outcomes: Outcomes) -> None:
        """Write the yearly outcomes of some runs as parts of the tables `yearly-market` and `yearly-vendor`."""
        vendors = Parameters(self.job.scenario).vendors
        self._write_table("yearly-market", part.start, run_table(outcomes, part.start))
        self._write_table("yearly-vendor", part.start, vendor_table(outcomes, vendors, part.start))

    def write_in_full(self, runs: int) -> None:
        """Play the first runs again and write every quarter: market, segment, vendor, event and attribution tables."""
        for part in chunks_of(runs, _PART):
            for name, table in record(self.job, part).items():
                self._write_table(f"quarterly-{name}", part.start, table)

    def write_summary(self, summary: Summary, question: Question) -> None:
        """Write the summary, the scenario as it was run, and what the tables hold; call it last."""
        world = yaml.safe_dump(summary.scenario.model_dump(mode="json"), sort_keys=False, allow_unicode=True)
        about = json.dumps(metadata(summary, question, self._units), indent=2)
        texts = {"summary.json": as_json(summary, question), "scenario.yaml": world, METADATA: about}
        for name, text in texts.items():
            self._write(name, (text.rstrip("\n") + "\n").encode())

    def _write_table(self, name: str, first_run: int, table: pl.DataFrame) -> None:
        self._units[name] = units_of(table)
        buffer = io.BytesIO()  # a file that Polars writes itself would report a full disk in words of its own
        table.write_parquet(buffer)
        self._write(f"{name}-{first_run:09d}.parquet", buffer.getvalue())

    def _write(self, name: str, content: bytes) -> None:
        with _explained(self.path.parent / name):
            (self.path / name).write_bytes(content)


def files(path: Path) -> list[Path]:
    """The files of a folder of results, in alphabetical order."""
    return sorted(entry for entry in path.iterdir() if _OWN.fullmatch(entry.name))


def _refuse_strangers(path: Path) -> None:
    strangers = [entry.name for entry in path.iterdir() if not (entry.name.startswith(".") or _is_own(entry))]
    if strangers:
        message = f"{printable(str(path))} holds other files ({listing(sorted(strangers), 3)}) and is left as it is"
        raise MarketSimError(f"{message}: choose a new or empty folder for --out, or one with earlier results")


def _is_own(entry: Path) -> bool:
    """Whether a file may be a result, and the folder says that its results are this program's."""
    about: Any = None
    with suppress(OSError, ValueError):
        about = json.loads((entry.parent / METADATA).read_text(encoding="utf-8"))
    ours = isinstance(about, dict) and about.get("program") == PROGRAM
    return ours and bool(_OWN.fullmatch(entry.name))


def _publish(work: Path, path: Path) -> None:
    """Put the new results in the place of the old. What says that a folder is complete goes first and comes last."""
    (path / METADATA).unlink(missing_ok=True)
    for old in files(path):
        old.unlink()
    for new in sorted(work.iterdir(), key=lambda entry: entry.name == METADATA):
        new.rename(path / new.name)
    for left in path.glob(f"{_UNFINISHED}*"):
        shutil.rmtree(left, ignore_errors=True)


def _first_missing(path: Path) -> Path | None:
    """The uppermost folder that has to be made for the path."""
    missing = [folder for folder in (path, *path.parents) if not folder.exists()]
    return missing[-1] if missing else None


def _remove_empty(path: Path, made: Path | None) -> None:
    """Remove the folders from the path up to the one that was made, as far as they are empty."""
    with suppress(OSError):
        for folder in (path, *path.parents) if made is not None else ():
            folder.rmdir()
            if folder == made:
                return


@contextmanager
def _explained(path: Path) -> Iterator[None]:
    """Says of a file that cannot be written what is wrong with it."""
    try:
        yield
    except FileExistsError:
        raise MarketSimError(f"{printable(str(path))} is not a folder: choose another one for --out") from None
    except OSError as error:
        raise MarketSimError(f"{printable(str(path))} cannot be written: {error.strerror or error}") from None
