"""`marketsim experiment run`: compute an experiment, or what is missing of it."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from typing import TYPE_CHECKING, Annotated

import typer

from marketsim.commands.interrupts import Stoppable, stopping_cleanly
from marketsim.commands.needs import need
from marketsim.commands.progress import progress
from marketsim.commands.run import Quiet, Workers
from marketsim.errors import MarketSimError, counted

if TYPE_CHECKING:
    from marketsim.experiments.execute import Status
    from marketsim.experiments.experiment import Experiment
    from marketsim.experiments.store import Store

File = Annotated[str, typer.Argument(metavar="FILE", help="An experiment: a name such as six-policies, or a path.")]
Out = Annotated[
    str,
    typer.Option(
        "--out",
        "-o",
        metavar="DIR",
        help="Folder or fsspec address for results: new, empty, or one with results of this experiment to go on with.",
    ),
]
DaskAddress = Annotated[
    str | None,
    typer.Option("--dask", metavar="ADDRESS", help="Scheduler of a running Dask cluster, instead of processes."),
]


def load(name: str) -> Experiment:
    """An experiment on a scenario whose strategies are known to exist."""
    from agents.strategies import registry
    from marketsim.experiments.experiment import load_experiment

    return load_experiment(name, registry.names())


def run(
    file: File,
    out: Out,
    workers: Workers = None,
    dask: DaskAddress = None,
    quiet: Quiet = False,
) -> None:
    """Run an experiment; called again, go on with what is missing."""
    if workers is not None and dask is not None:
        raise typer.BadParameter("the cluster has workers of its own: give one of them", param_hint="'--dask'")
    need("fsspec", "pyarrow", *(["distributed"] if dask else []))
    with stopping_cleanly():
        from marketsim.api import strategies_of
        from marketsim.experiments import execute
        from marketsim.experiments.store import Store

        if dask is not None:
            _silence_dask()
        experiment, store = load(file), Store(out)
        decide = Stoppable(strategies_of(experiment.loaded.scenario))
        with _told(store, quiet) as tell:
            count = workers or ((os.cpu_count() or 1) if store.is_shared else 1)
            status = execute.run(experiment, store, execute.executor_of(count, dask), tell, decide)
    if not quiet:
        policies = "policy" if len(experiment.policies) == 1 else "policies"
        what = f"{counted(status.total, 'run')} of {len(experiment.policies)} {policies} are in {store.name}"
        typer.echo(f"{what}: marketsim.open_results reads them", err=True)


def _silence_dask() -> None:
    """What goes wrong with a cluster is said once, by this command, and not with a traceback by the library as well."""
    import logging

    import distributed  # noqa: F401  on import it sets the levels of its loggers

    for name in ("distributed", "distributed.client"):
        logging.getLogger(name).setLevel(logging.CRITICAL)


@contextmanager
def _told(store: Store, quiet: bool) -> Iterator[Callable[[Status], None]]:
    """Shows how far it is; if it stops before the end, says what is kept and how to go on."""
    last: Status | None = None
    with ExitStack() as shown:
        advance: Callable[[int], None] | None = None

        def tell(status: Status) -> None:
            nonlocal last, advance
            if last is None:
                if not quiet:
                    _say_what_was_there(status, store)
                advance = shown.enter_context(progress(status.total - status.before, quiet))
            elif advance is not None and status.done > last.done:
                advance(status.done - last.done)
            last = status

        try:
            yield tell
        except (MarketSimError, KeyboardInterrupt):
            shown.close()
            if last is not None:
                _say_what_is_kept(store)
            raise


def _say_what_is_kept(store: Store) -> None:
    with suppress(MarketSimError):  # what went wrong may be that the store is gone
        done, total = store.runs_done()
        kept = f"{done:,} of {total:,} runs are kept in {store.name}"
        typer.echo(f"marketsim: {kept}: the same command goes on from there", err=True)


def _say_what_was_there(status: Status, store: Store) -> None:
    if status.before:
        typer.echo(f"{status.before:,} of {status.total:,} runs are in {store.name} already", err=True)
    if status.damaged:
        typer.echo(f"{counted(status.damaged, 'damaged part')} in {store.name}: computed again", err=True)
