"""`marketsim validate`: how near the scenarios come to what is reported, and what that hangs on, as a document."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from marketsim.commands.interrupts import Stoppable, stopping_cleanly
from marketsim.commands.needs import need
from marketsim.commands.progress import progress
from marketsim.commands.run import Quiet, Seed, Workers, option
from marketsim.errors import MarketSimError

if TYPE_CHECKING:
    from marketsim.ensemble import Decide
    from marketsim.scenario.schema import Scenario
    from marketsim.validation.fingerprint import Fingerprint

NEEDED = ("matplotlib", "SALib")

Runs = Annotated[int, option(2, 10_000, "Runs of each scenario.")]
Trajectories = Annotated[int, option(2, 1_000, "Trajectories of the Morris screening of the free parameters.")]
Out = Annotated[
    Path | None, typer.Option(metavar="DIR", help="Folder for the document; docs/ of a checkout if not given.")
]
MeasureInstrument = Annotated[
    bool,
    typer.Option("--instrument", help="First measure the shakeout test anew: its thresholds and how often it errs."),
]
Check = Annotated[bool, typer.Option("--check", help="Only say whether the document in the folder is up to date.")]


def validate(
    out: Out = None,
    runs: Runs = 200,
    seed: Seed = 7,
    trajectories: Trajectories = 16,
    workers: Workers = None,
    instrument: MeasureInstrument = False,
    check: Check = False,
    quiet: Quiet = False,
) -> None:
    """Set the scenarios beside reported figures and history, and write docs/validation.md with pictures."""
    folder = out or _docs()
    with stopping_cleanly():
        if check:
            _check(folder)
            return
        need(*NEEDED)
        from marketsim.validation.document import prepare, write
        from marketsim.validation.fingerprint import fingerprint
        from marketsim.validation.study import Settings, conduct, runs_of

        prepare(folder)  # before minutes of work that would be lost
        settings = Settings(runs, seed, trajectories, min(runs, Settings.runs_of_point), min(runs, Settings.draws))
        processes = workers or os.cpu_count() or 1
        made_from = fingerprint(settings, _decider)
        if instrument:
            _measure_instrument(made_from, processes, quiet)
            made_from = fingerprint(settings, _decider)
        with progress(runs_of(settings), quiet) as advance:
            study = conduct(settings, _decider, processes, advance)
        paths = write(study, made_from, folder)
    if not quiet:
        typer.echo(f"{paths[0]} written, and {len(paths) - 1} files that belong to it", err=True)


def _measure_instrument(made_from: Fingerprint, workers: int, quiet: bool) -> None:
    """Measure the shakeout test and keep what was found beside its reference values."""
    from marketsim.validation.instrument import TrialSettings, measure, runs_of, write

    settings = TrialSettings()
    with progress(runs_of(settings), quiet) as advance:
        found, trials, worlds = measure(settings, _decider, workers, advance)
    paths = write(found, trials, worlds, settings, made_from)
    if not quiet:
        typer.echo(f"{paths[0].name} and {paths[1].name} written to {paths[0].parent}", err=True)


def _decider(scenario: Scenario) -> Decide:
    from marketsim.api import strategies_of

    return Stoppable(strategies_of(scenario))


def _check(folder: Path) -> None:
    """Say what has changed since the document was made, and fail if anything has."""
    from marketsim.validation.document import FOLDER, NAME
    from marketsim.validation.fingerprint import differences

    document = folder / NAME
    if not document.is_file():
        raise MarketSimError(f"there is no {document}: `marketsim validate` writes it")
    changed = differences(folder / FOLDER, _decider)
    if changed:
        listing = "\n".join(f"  {line}" for line in changed)
        raise MarketSimError(f"{document} is out of date, run `marketsim validate` again:\n{listing}")
    typer.echo(f"{document} is up to date")


def _docs() -> Path:
    """The folder docs/ of a checkout. Raises MarketSimError where the package is installed without one."""
    from marketsim.scenario import library

    docs = library.folder().parent / "docs"
    if not (docs / "model.md").is_file():
        raise MarketSimError("there is no checkout with a folder docs/ here: name a folder with --out DIR")
    return docs
