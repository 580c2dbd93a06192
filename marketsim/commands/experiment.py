"""`marketsim experiment`: list, check and run policy experiments, and print the schemas of their files."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from marketsim.commands import experiment_run
from marketsim.commands.experiment_run import load
from marketsim.commands.run import Workers

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.table import Table

    from marketsim.experiments.estimate import Estimate
    from marketsim.experiments.experiment import Experiment
    from marketsim.scenario.vocabulary import Words

app = typer.Typer(help="List, check and run policy experiments.", no_args_is_help=True, rich_markup_mode=None)
app.command("run")(experiment_run.run)

Name = Annotated[str, typer.Argument(metavar="EXPERIMENT", help="A name of the library or the path of a file.")]


@app.command("list")
def list_experiments() -> None:
    """List the experiments that come with the program."""
    from marketsim.errors import ExperimentError, counted
    from marketsim.experiments import experiment

    names = experiment.names()
    for name in names:
        try:
            about = load(name).file.title.en
        except ExperimentError as error:
            count = counted(len(error.problems), "problem")
            about = f"cannot be used: {count}, see `marketsim experiment check {name}`"
        typer.echo(f"{name:<{max(map(len, names))}}  {about}")


@app.command()
def check(name: Name, workers: Workers = None) -> None:
    """Say what an experiment is, and what it will take on this machine, before anything is run."""
    from marketsim.api import strategies_of
    from marketsim.commands.interrupts import Stoppable, stopping_cleanly
    from marketsim.commands.layout import console, show
    from marketsim.commands.needs import need
    from marketsim.experiments.design import rounds

    experiment = load(name)
    points = next(rounds(experiment))
    show(_about(experiment, len(points), sum(len(point.runs) for point in points)), console())
    need("fsspec", "pyarrow")

    from marketsim.experiments.estimate import estimate

    with stopping_cleanly():
        found = estimate(experiment, Stoppable(strategies_of(experiment.loaded.scenario)), points)
    show(_size(experiment, found, workers or os.cpu_count() or 1), console())


@app.command()
def schema(
    policy: Annotated[bool, typer.Option("--policy", help="That of policy files instead.")] = False,
) -> None:
    """Print the JSON schema of experiment files, for editors."""
    import json

    from marketsim.scenario.json_schema import experiment_json_schema, policy_json_schema

    found = policy_json_schema() if policy else experiment_json_schema()
    typer.echo(json.dumps(found, indent=1, ensure_ascii=False))


def _about(experiment: Experiment, points: int, runs: int) -> Iterator[RenderableType]:
    """What is compared, over what, and what is measured."""
    from marketsim.commands.layout import title
    from marketsim.errors import counted
    from marketsim.experiments.policies import AS_IT_IS
    from marketsim.scenario.vocabulary import Words

    file, world = experiment.file, experiment.loaded.scenario
    words = Words(world.vocabulary)
    yield f"{file.title.en}\n{experiment.path}: valid"
    changed = f", with {counted(len(file.set), 'value')} set" if file.set else ""
    yield f"\nscenario: {world.name}, {counted(world.quarters, 'quarter')} from {world.start}{changed}"
    each = f" of each policy at each of {counted(points, 'point')}" if points > 1 else " of each policy"
    yield f"design: {file.design.kind}, {counted(runs // points, 'run')}{each}, seed {experiment.seed}"
    if file.precision is not None:
        wanted = file.precision
        yield (
            f"precision: until each policy's mean difference in {wanted.outcome} is known to +/- {wanted.half_width:g} "
            f"with {wanted.confidence:.0%} confidence, at most {counted(wanted.at_most, 'run')} of each policy"
        )
    baseline = experiment.policies[0].name
    against = "the scenario as it is" if baseline == AS_IT_IS else baseline
    yield title(f"Policies: {len(experiment.policies)}, set against {against}")
    yield _table({"policy": [each.name for each in experiment.policies], "levers": _levers(experiment)})
    if experiment.space is not None:
        yield title(f"Uncertain parameters: {len(experiment.space.names)}")
        yield _uncertain(experiment)
    else:
        yield "\nuncertain parameters: none, the scenario is as it is written"
    yield title(f"Outcomes: {len(experiment.outcomes)}, and the verdict of the shakeout test")
    yield _outcomes(experiment, words)


def _levers(experiment: Experiment) -> list[str]:
    """What each policy sets, in a line each."""
    from marketsim.scenario.fields import ALWAYS

    def written(path: dict[str, float]) -> str:
        return ", ".join(
            f"{value:g}" if quarter == ALWAYS else f"{quarter}: {value:g}" for quarter, value in path.items()
        )

    return [
        "\n".join(f"{lever}: {written(dict(path))}" for lever, path in policy.levers.items()) or "none"
        for policy in experiment.policies
    ]


def _uncertain(experiment: Experiment) -> Table:
    assert experiment.space is not None
    parameters = experiment.space.parameters.values()
    return _table(
        {"parameter": experiment.space.names},
        {
            "low": [f"{each.low:g}" for each in parameters],
            "as written": [f"{value:.3g}" for value in experiment.space.present],
            "high": [f"{each.high:g}" for each in parameters],
        },
        {
            "of": ["a factor" if each.factor else "a value" for each in parameters],
            "distribution": [each.distribution + (", log" if each.scale == "log" else "") for each in parameters],
        },
    )


def _outcomes(experiment: Experiment, words: Words) -> Table:
    outcomes = experiment.outcomes
    when = [str(each.year) if each.year else f"{each.over} of years" if each.over else "" for each in outcomes.values()]
    enough = [
        "" if each.enough is None else f"{'at least' if each.better == 'higher' else 'at most'} {each.enough:g}"
        for each in outcomes.values()
    ]
    return _table(
        {
            "outcome": list(outcomes),
            "measure": [each.measure for each in outcomes.values()],
            "when": when,
            "unit": [words.text(each.unit) for each in outcomes.values()],
            "better": [each.better or "" for each in outcomes.values()],
            "enough": enough,
        }
    )


def _size(experiment: Experiment, found: Estimate, workers: int) -> Iterator[RenderableType]:
    """Runs, rows, disk, time and memory."""
    from marketsim.commands.layout import note, title
    from marketsim.errors import counted

    first = "" if experiment.file.precision is None else " of the first round"
    yield title(f"Size{first}")
    yield _table(
        {"table": list(found.rows)},
        {
            "rows": [f"{rows:,}" for rows in found.rows.values()],
            "MB": [f"{found.size.get(name, 0) / 1e6:.2g}" for name in found.rows],
        },
    )
    yield f"\nruns: {found.runs * len(experiment.policies):,}, {found.runs:,} of each policy"
    yield f"disk: about {found.megabytes:.2g} MB"
    yield f"time: about {_duration(found.seconds / workers)} with {counted(workers, 'worker')}"
    if found.memory is not None:
        yield f"memory: about {found.memory / 1e6:,.0f} MB a worker, however many runs"
    if experiment.file.precision is not None:
        yield f"with all rounds: at most {max(experiment.file.precision.at_most / found.runs, 1):,.3g} times as much"
    yield note(f"Time, disk and memory from {counted(found.probed, 'run')} that were played to know.")


def _duration(seconds: float) -> str:
    """A time that is not known better than by a few per cent."""
    if seconds < 90:
        return f"{max(seconds, 1):.0f} s"
    minutes = seconds / 60
    return f"{minutes:.0f} min" if minutes < 90 else f"{minutes / 60:.1f} h"


def _table(
    texts: dict[str, Sequence[str]],
    figures: dict[str, Sequence[str]] | None = None,
    more: dict[str, Sequence[str]] | None = None,
) -> Table:
    """Columns of text, of figures to the right, and of text again, by heading."""
    from marketsim.commands.layout import ruled

    table, columns = ruled(), list[Sequence[str]]()
    for headings, justify in ((texts, "left"), (figures or {}, "right"), (more or {}, "left")):
        for heading, cells in headings.items():
            table.add_column(heading, justify=justify)  # type: ignore[arg-type]
            columns.append(cells)
    for row in zip(*columns, strict=True):
        table.add_row(*row)
    return table
