"""`marketsim run`: compute an ensemble and say what happened in it."""

from __future__ import annotations

import os
from collections.abc import Callable
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from marketsim.commands.interrupts import Stoppable, stopping_cleanly
from marketsim.commands.progress import progress
from marketsim.errors import printable

if TYPE_CHECKING:
    from marketsim.ensemble import Job, Summary
    from marketsim.results import Question


class Format(StrEnum):
    """How the summary is printed."""

    table = "table"
    json = "json"
    parquet = "parquet"


def _number(low: int, high: int) -> Callable[[str], int]:
    """Reads a whole number in bounds from the command line, and says which are allowed."""

    def read(text: str) -> int:
        try:
            number = int(text)
        except ValueError:
            number = low - 1
        if not low <= number <= high:
            raise typer.BadParameter(f"{printable(str(text), 40)!r} is not a whole number from {low:,} to {high:,}")
        return number

    return read


def option(low: int, high: int, help_text: str, *names: str) -> Any:
    """An option that takes a whole number in bounds."""
    return typer.Option(*names, metavar="N", parser=_number(low, high), help=help_text)


Scenario = Annotated[str, typer.Argument(metavar="SCENARIO", help="A name of the library or the path of a file.")]
Runs = Annotated[int, option(1, 100_000_000, "Runs with different luck.")]
Seed = Annotated[int, option(0, 2**63 - 1, "Seed of the luck: the same seed, the same runs.")]
Quarters = Annotated[int | None, option(1, 200, "Length of a run; the scenario's if not given.")]
Overrides = Annotated[list[str] | None, typer.Option("--set", metavar="PATH=VALUE", help="Change a value, repeatable.")]
Policy = Annotated[str | None, typer.Option(help="A named policy of the scenario.")]
Workers = Annotated[int | None, option(1, 256, "Processes; all cores if not given.")]
Out = Annotated[
    Path | None,
    typer.Option(
        metavar="DIR", help="Folder for results: new, empty, or one with results of an earlier run, which are replaced."
    ),
]
InFull = Annotated[int, option(0, 10_000, "Runs whose every quarter goes into --out.", "--in-full")]
Form = Annotated[
    Format, typer.Option("--format", help="What to print; parquet prints the names of the files in --out.")
]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="The result alone: no progress bar, no word on files.")]


def run(
    scenario: Scenario = "china-ai-chips",
    runs: Runs = 1000,
    seed: Seed = 7,
    quarters: Quarters = None,
    overrides: Overrides = None,
    policy: Policy = None,
    workers: Workers = None,
    out: Out = None,
    in_full: InFull = 10,
    form: Form = Format.table,
    quiet: Quiet = False,
) -> None:
    """Run a scenario many times with different luck and summarise what happened."""
    if form is Format.parquet and out is None:
        raise typer.BadParameter("parquet needs a folder: --out DIR", param_hint="'--format'")
    with stopping_cleanly():
        changes = list(overrides or []) + ([f"quarters={quarters}"] if quarters is not None else [])
        job = _job(scenario, changes, policy, seed)
        question = _question(policy, changes)
        summary = _computed(job, runs, workers or (os.cpu_count() or 1), out, min(runs, in_full), question, quiet)
        _print(summary, question, form, out, quiet)


def _job(scenario: str, changes: list[str], policy: str | None, seed: int) -> Job:
    from marketsim.api import strategies_of
    from marketsim.commands.scenario import load
    from marketsim.ensemble import Job
    from marketsim.scenario.overrides import paths_of
    from marketsim.scenario.policies import levers_set, under_policy

    world = load(scenario, changes).scenario
    if policy is not None:
        world = under_policy(world, policy, levers_set(paths_of(changes)))
    return Job(world, Stoppable(strategies_of(world)), seed)


def _question(policy: str | None, changes: list[str]) -> Question:
    from marketsim.results import Question

    return Question(policy, tuple(changes))


def _computed(
    job: Job, runs: int, workers: int, out: Path | None, in_full: int, question: Question, quiet: bool
) -> Summary:
    """The summary; everything else goes into the folder, if there is one, chunk by chunk."""
    from marketsim.api import compute

    if out is None:
        with progress(runs, quiet) as advance:
            return compute(job, runs, workers, None, advance)

    from marketsim.result_folder import result_folder

    with result_folder(out, job) as folder:
        with progress(runs, quiet) as advance:
            summary = compute(job, runs, workers, folder.write_outcomes, advance)
        folder.write_in_full(in_full)
        folder.write_summary(summary, question)
    return summary


def _print(summary: Summary, question: Question, form: Format, out: Path | None, quiet: bool) -> None:
    from marketsim.commands.tables import print_summary
    from marketsim.result_folder import files
    from marketsim.results import as_json

    if form is Format.parquet and out is not None:
        for path in files(out):
            typer.echo(str(path))
    elif form is Format.json:
        typer.echo(as_json(summary, question))
    else:
        print_summary(summary, question)
    if out is not None and not quiet and form is not Format.parquet:
        typer.echo(f"{len(files(out))} files written to {out}: metadata.json says what they hold", err=True)
