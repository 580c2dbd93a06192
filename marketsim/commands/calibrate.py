"""`marketsim calibrate`: fit the free parameters of a scenario to reported figures, and say which they pin down."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING, Annotated

import typer

from marketsim.commands.interrupts import Stoppable, stopping_cleanly
from marketsim.commands.needs import need
from marketsim.commands.progress import progress_bar
from marketsim.commands.run import Workers, option

if TYPE_CHECKING:
    from marketsim.calibration.evaluations import Watch
    from marketsim.calibration.objective import Objective
    from marketsim.calibration.report import Outcome
    from marketsim.targets import Targets

NEEDED = ("cma", "scipy")

Scenario = Annotated[str, typer.Argument(metavar="SCENARIO", help="A name of the library or the path of a file.")]
TargetFile = Annotated[
    str | None,
    typer.Argument(metavar="[TARGETS]", help="A name of the library or the path of a file; that of the scenario."),
]
Out = Annotated[Path | None, typer.Option(metavar="DIR", help="Folder for the results; calibration-NAME if not given.")]
Runs = Annotated[int, option(2, 100_000, "Runs of an evaluation.")]
Seed = Annotated[int, option(0, 2**63 - 1, "Seed of the luck and of the search.")]
Budget = Annotated[int, option(1, 1_000_000, "Most evaluations of the search; the profiles come on top.")]
Examine = Annotated[bool, typer.Option("--profile/--no-profile", help="Find out what the data allow.")]


def calibrate(
    scenario: Scenario,
    targets: TargetFile = None,
    out: Out = None,
    runs: Runs = 100,
    seed: Seed = 7,
    evaluations: Budget = 1500,
    profile: Examine = True,
    workers: Workers = None,
) -> None:
    """Fit the free parameters of a scenario to reported figures, and say which of them the figures pin down.

    The same command goes on where an earlier one was stopped.
    """
    need(*NEEDED)
    with stopping_cleanly():
        objective, all_targets = _objective(scenario, targets, runs, seed)
        folder = out or Path(f"calibration-{objective.loaded.scenario.name}")
        _computed(objective, all_targets, folder, evaluations, profile, workers or os.cpu_count() or 1)


def _objective(scenario: str, targets: str | None, runs: int, seed: int) -> tuple[Objective, Targets]:
    """What is evaluated, and all targets, of which it knows those to fit alone."""
    from marketsim.api import strategies_of
    from marketsim.calibration.objective import Objective
    from marketsim.commands.scenario import load
    from marketsim.targets import load_targets

    loaded = load(scenario)
    found = load_targets(targets or loaded.scenario.name, loaded.scenario)
    decide = Stoppable(strategies_of(loaded.scenario))
    return Objective.of(loaded, found, decide, seed, runs), found


def _computed(objective: Objective, targets: Targets, out: Path, budget: int, examine: bool, workers: int) -> None:
    from marketsim.calibration.evaluations import Evaluations
    from marketsim.calibration.fit import fit
    from marketsim.calibration.folder import calibration_folder
    from marketsim.calibration.loss import Loss
    from marketsim.calibration.report import outcome_of

    with calibration_folder(out, objective) as folder:
        with _progress(budget) as watch:
            evaluations = Evaluations(objective, Loss(objective.start), folder.journal, watch)
            evaluations.check()
            with evaluations.with_workers(workers):
                found = fit(evaluations, objective.seed, budget, examine)
        outcome = outcome_of(objective, targets, found)
        paths = folder.write(outcome)
    _print(outcome)
    typer.echo(f"{', '.join(path.name for path in paths)} written to {out}", err=True)


def _print(outcome: Outcome) -> None:
    fit, before, after = outcome.fit, outcome.before, outcome.after
    typer.echo(f"loss                {outcome.loss(before):.2f} before, {outcome.loss(after):.2f} after")
    for use, label in (("fit", "fitted figures"), ("predict", "predicted figures")):
        typer.echo(f"{label:<18}  {outcome.hits(before, use)} inside before, {outcome.hits(after, use)} after")
    names = outcome.objective.space.names
    for verdict in dict.fromkeys(at.verdict for at in fit.profiles) if fit.examined else ():
        chosen = [name for name, at in zip(names, fit.profiles, strict=True) if at.verdict == verdict]
        typer.echo(f"{verdict:<18}  {', '.join(chosen)}")
    typer.echo(f"evaluations         {fit.evaluations:,}, {fit.ended} after {fit.searched:,}")


@contextmanager
def _progress(budget: int) -> Iterator[Watch | None]:
    """Evaluations, the least loss and the time left of the search."""
    with progress_bar("evaluations", budget) as show:
        if show is None:
            yield None
            return
        start = monotonic()

        def watch(done: int, played: int, least: float) -> None:
            left = timedelta(seconds=round((budget - done) * (monotonic() - start) / max(played, 1)))
            more = f", {left} left of the search" if done < budget else ", steps and profiles"
            drawn = played > 0  # what is read from the journal passes too fast
            show(done, f"loss {least:.2f}{more}", drawn)

        yield watch
