"""The command line: the composition root, and the only part of `marketsim` that knows of `agents` and `tui`.

Nothing heavy is imported here or at the top of a module of `marketsim.commands`, so that `marketsim --help` is quick.
"""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Sequence
from contextlib import suppress
from typing import Annotated

import typer

from marketsim import __version__
from marketsim.commands import (
    assess,
    calibrate,
    experiment,
    levels,
    play,
    report,
    run,
    scenario,
    strategies,
    validate,
    workshop,
)
from marketsim.errors import MarketSimError

EXIT_CODES = (
    "Exit codes: 0 done; 1 an input such as a scenario is wrong, or something failed on the way; 2 wrong use of the "
    "command; 130 stopped with Ctrl-C."
)

app = typer.Typer(
    name="marketsim",
    help="Simulate China's market for AI chips: vendors, policy, capital and shakeouts.",
    epilog=EXIT_CODES,
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)
app.command(epilog=EXIT_CODES)(play.play)
app.command(epilog=EXIT_CODES)(play.watch)
app.command(epilog=EXIT_CODES)(play.replay)
app.command(epilog=EXIT_CODES)(run.run)
app.command(epilog=EXIT_CODES)(assess.assess)
app.command(epilog=EXIT_CODES)(report.report)
app.command(epilog=EXIT_CODES)(strategies.strategies)
app.command(epilog=EXIT_CODES)(levels.levels)
app.command(epilog=EXIT_CODES)(calibrate.calibrate)
app.command(epilog=EXIT_CODES)(validate.validate)
app.add_typer(scenario.app, name="scenario", epilog=EXIT_CODES)
app.add_typer(experiment.app, name="experiment", epilog=EXIT_CODES)
app.add_typer(workshop.app, name="workshop", epilog=EXIT_CODES)


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"marketsim {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Show the version and exit.")
    ] = False,
) -> None:
    """Options that hold for every command."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line and exit; arguments of the process where none are given.

    Raises SystemExit with the exit code. Errors of input and of the system are printed to standard error as their
    message alone; a reader of standard output who has left is not an error to speak of.
    """
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # an old terminal need not know every character
    try:
        app(args=arguments, prog_name="marketsim")
    except MarketSimError as error:
        typer.echo(f"marketsim: {error}", err=True)
        sys.exit(error.exit_code)
    except OSError as error:  # such as a full disk behind standard output, or no room for another process
        where = f": {error.filename}" if error.filename else ""
        typer.echo(f"marketsim: stopped by the system: {error.strerror or error}{where}", err=True)
        _let_go_of_output()
        sys.exit(MarketSimError.exit_code)


def _let_go_of_output() -> None:
    """What standard output still holds goes nowhere: written at the very end, it would fail again and be told again."""
    with suppress(OSError, ValueError, AttributeError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
