"""`marketsim assess`: is it the photovoltaic pattern? Of a scenario, of policies side by side, or of a table."""

from __future__ import annotations

import os
from dataclasses import replace
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from marketsim.commands.interrupts import Stoppable, stopping_cleanly
from marketsim.commands.needs import need
from marketsim.commands.progress import progress
from marketsim.commands.run import Overrides, Quiet, Seed, Workers, option

if TYPE_CHECKING:
    from marketsim.shakeout.ensemble import Job
    from marketsim.shakeout.instrument import Instrument
    from marketsim.shakeout.survival import FirmSurvival

AS_IT_IS = "none"
"""The policy that changes nothing."""


class Format(StrEnum):
    """How the verdict is printed."""

    table = "table"
    json = "json"


class Market(StrEnum):
    """Whose market is looked at."""

    merchant = "merchant"
    domestic = "domestic"
    all = "all"


Scenario = Annotated[
    str | None, typer.Argument(metavar="SCENARIO", help="A name of the library or the path of a file; or use --data.")
]
Runs = Annotated[int, option(1, 100_000_000, "Runs, spread over the draws; 1 looks at a single run.")]
DrawsOption = Annotated[
    int | None,
    option(1, 100_000, "Draws of the scenario's free parameters; 256 if not given, 1: as written.", "--draws"),
]
Policies = Annotated[
    list[str] | None,
    typer.Option(
        "--policy", help="A named policy, or none; repeat it to compare policies run by run with the same luck."
    ),
]
Data = Annotated[Path | None, typer.Option(metavar="FILE", help="A table of history (CSV) instead of a scenario.")]
ReferenceFile = Annotated[
    Path | None, typer.Option("--reference", metavar="FILE", help="Other reference values than the package's.")
]
Tolerance = Annotated[
    float, typer.Option(min=0.1, max=10, metavar="X", help="Reference ranges X times as wide as they are written.")
]
Boundary = Annotated[
    Market,
    typer.Option("--market", help="Domestic vendors that sell to whoever buys; captive ones too; foreign ones too."),
]
Drop = Annotated[
    list[str] | None,
    typer.Option(
        metavar="FACT", help="Do not score a fact, repeatable; those that a scenario was fitted to never are."
    ),
]
Survival = Annotated[bool, typer.Option("--survival", help="Analyse survival firm by firm as well.")]
Form = Annotated[Format, typer.Option("--format", help="What to print.")]


def assess(
    scenario: Scenario = None,
    data: Data = None,
    runs: Runs = 1024,
    draws: DrawsOption = None,
    seed: Seed = 7,
    overrides: Overrides = None,
    policy: Policies = None,
    boundary: Boundary = Market.merchant,
    reference: ReferenceFile = None,
    tolerance: Tolerance = 1.0,
    drop: Drop = None,
    survival: Survival = False,
    workers: Workers = None,
    form: Form = Format.table,
    quiet: Quiet = False,
) -> None:
    """Say whether it is the photovoltaic pattern, how sure that is, and what it hangs on."""
    if (scenario is None) == (data is None):
        raise typer.BadParameter("give a scenario or --data FILE, one of them", param_hint="'SCENARIO'")
    if survival:
        need("lifelines")
    with stopping_cleanly():
        if data is not None:
            _of_table(data, _instrument(reference, tolerance, drop), form)
            return
        assert scenario is not None
        instrument = _instrument(reference, tolerance, drop)
        job = _job(scenario, runs, draws, seed, overrides or [], policy or [], boundary, instrument)
        _of_scenario(job, runs, workers or os.cpu_count() or 1, survival, form, quiet)


def _instrument(reference: Path | None, tolerance: float, drop: list[str] | None) -> Instrument:
    from marketsim.shakeout.facts import FACTS
    from marketsim.shakeout.instrument import load_instrument
    from marketsim.shakeout.known import recounted

    unknown = [fact for fact in drop or () if fact not in FACTS]
    if unknown:
        raise typer.BadParameter(f"{unknown[0]!r} is not one of {', '.join(FACTS)}", param_hint="'--drop'")
    usual = load_instrument(reference)
    if reference is None and tolerance == 1 and not drop:
        return usual
    return recounted(replace(usual, dropped=frozenset(drop or ())).scaled(tolerance))


def _job(
    name: str,
    runs: int,
    draws: int | None,
    seed: int,
    overrides: list[str],
    policies: list[str],
    boundary: Market,
    instrument: Instrument,
) -> Job:
    from marketsim.api import shakeout_job
    from marketsim.commands.scenario import load

    if draws is not None and draws > runs:
        raise typer.BadParameter(f"{draws} draws need at least as many runs: --runs {draws}", param_hint="'--draws'")
    twice = [policy for policy in policies if policies.count(policy) > 1]
    if twice:
        raise typer.BadParameter(f"{twice[0]!r} is given twice: nothing to compare", param_hint="'--policy'")
    loaded = load(name, overrides)
    known = loaded.scenario.policies
    chosen = [None if policy == AS_IT_IS and policy not in known else policy for policy in policies] or [None]
    job = shakeout_job(loaded, runs, draws, seed, chosen, boundary.value, instrument, overrides)
    return replace(job, decide=Stoppable(job.decide))


def _of_scenario(job: Job, runs: int, workers: int, survival: bool, form: Format, quiet: bool) -> None:
    from marketsim.commands.survival_page import print_survival
    from marketsim.commands.verdict_page import print_verdicts
    from marketsim.shakeout.ensemble import assess
    from marketsim.shakeout.verdict import verdicts
    from marketsim.shakeout.verdict_json import as_json

    with progress(runs, quiet) as advance:
        assessed = assess(job, runs, workers, advance)
    found = verdicts(assessed)
    firms = [_firms(job, policy) for policy in job.policies] if survival else []
    if form is Format.json:
        typer.echo(as_json(assessed, found, firms))
        return
    print_verdicts(assessed, found)
    for policy, of_policy in zip(job.policies, firms, strict=False):
        print_survival(job, policy, of_policy)


def _firms(job: Job, policy: str | None) -> FirmSurvival:
    """Survival of the firms of a few hundred runs, parameters as written."""
    from marketsim.scenario.parameters import Parameters
    from marketsim.shakeout.ensemble import played
    from marketsim.shakeout.survival import MOST_RUNS, firm_survival

    world = replace(job, draws=None).world(0, policy)
    return firm_survival(played(Parameters(world), job.decide, job.seed, range(MOST_RUNS), job.boundary))


def _of_table(path: Path, instrument: Instrument, form: Format) -> None:
    from marketsim.commands.table_page import print_table
    from marketsim.shakeout.table import load_table
    from marketsim.shakeout.table_verdict import assess_table
    from marketsim.shakeout.verdict_json import table_as_json

    table = load_table(path)
    verdict = assess_table(table, instrument)
    if form is Format.json:
        typer.echo(table_as_json(table, verdict))
    else:
        print_table(table, verdict)
