"""`marketsim run`: compute an ensemble and say what happened in it."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from marketsim.ensemble import Job, Sink, Summary


class Format(StrEnum):
    """How the summary is printed."""

    table = "table"
    json = "json"
    parquet = "parquet"


Scenario = Annotated[str, typer.Argument(metavar="[SCENARIO]", help="A name of the library or the path of a file.")]
Runs = Annotated[int, typer.Option(min=1, max=100_000_000, help="Runs with different luck.")]
Seed = Annotated[int, typer.Option(min=0, max=2**63 - 1, help="Seed of the luck: the same seed, the same runs.")]
Quarters = Annotated[int | None, typer.Option(min=1, max=200, help="Length of a run; the scenario's if not given.")]
Overrides = Annotated[list[str] | None, typer.Option("--set", metavar="PATH=VALUE", help="Change a value, repeatable.")]
Policy = Annotated[str | None, typer.Option(help="A named policy of the scenario.")]
Workers = Annotated[int | None, typer.Option(min=1, max=256, help="Processes; all cores if not given.")]
Out = Annotated[Path | None, typer.Option(help="Folder for results: summary, every run's outcomes, some runs in full.")]
InFull = Annotated[int, typer.Option("--in-full", min=0, max=10_000, help="Runs whose every quarter goes into --out.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="No progress bar and no notes.")]


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
    form: Annotated[Format, typer.Option("--format", help="What to print; parquet prints file names.")] = Format.table,
    quiet: Quiet = False,
) -> None:
    """Run a scenario many times with different luck and summarise what happened."""
    from marketsim.api import strategies_of
    from marketsim.commands.scenario import load
    from marketsim.ensemble import Job
    from marketsim.ensemble import run as compute
    from marketsim.scenario.policies import under_policy

    if form is Format.parquet and out is None:
        raise typer.BadParameter("--format parquet needs a folder: --out DIR")
    changes = list(overrides or []) + ([f"quarters={quarters}"] if quarters is not None else [])
    world = load(scenario, changes).scenario
    if policy is not None:
        world = under_policy(world, policy)
    job = Job(world, strategies_of(world), seed)
    processes = workers or (os.cpu_count() or 1)
    with _writer(job, out) as sink, _progress(runs, quiet) as advance:
        summary = compute(job, runs, processes, sink, advance)
    written = _write(job, summary, min(runs, in_full), out) if out is not None else []
    _print(summary, form, policy, written, quiet)


@contextmanager
def _progress(runs: int, quiet: bool) -> Iterator[Callable[[int], None] | None]:
    """A progress bar on standard error, where that is a terminal."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TimeRemainingColumn

    console = Console(stderr=True)
    if quiet or not console.is_terminal:
        yield None
        return
    bar = Progress(
        "runs", BarColumn(), MofNCompleteColumn(), TimeRemainingColumn(), console=console, auto_refresh=False
    )
    with bar:
        task = bar.add_task("runs", total=runs)

        def advance(finished: int) -> None:
            bar.update(task, advance=finished)
            bar.refresh()

        bar.refresh()
        yield advance


@contextmanager
def _writer(job: Job, out: Path | None) -> Iterator[Sink | None]:
    """A sink that writes every chunk's outcomes into the folder; none without a folder."""
    if out is None:
        yield None
        return
    from marketsim.results import ResultFolder

    yield ResultFolder.create(out, job.scenario).write_outcomes


def _write(job: Job, summary: Summary, in_full: int, out: Path) -> list[Path]:
    from marketsim.results import ResultFolder

    folder = ResultFolder(out, job.scenario)
    folder.write_summary(summary)
    if in_full:
        folder.write_in_full(job, range(in_full))
    return folder.files()


def _print(summary: Summary, form: Format, policy: str | None, written: list[Path], quiet: bool) -> None:
    from marketsim.commands.tables import print_summary
    from marketsim.results import as_json

    if form is Format.json:
        typer.echo(as_json(summary))
    elif form is Format.table:
        print_summary(summary, policy)
        if written and not quiet:
            typer.echo(f"written to {written[0].parent}: {', '.join(path.name for path in written)}", err=True)
    else:
        for path in written:
            typer.echo(str(path))
