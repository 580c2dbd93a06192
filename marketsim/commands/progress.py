"""The progress bar of commands that compute many runs."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager


@contextmanager
def progress(runs: int, quiet: bool) -> Iterator[Callable[[int], None] | None]:
    """A progress bar on standard error, where that is a terminal."""
    if quiet or sys.stderr is None or not sys.stderr.isatty():
        yield None
        return
    from datetime import timedelta
    from time import monotonic

    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

    columns = ("runs", BarColumn(), MofNCompleteColumn(), TextColumn("{task.fields[pace]}"))
    # Drawn by hand: a thread that draws could hold a lock at the moment when the worker processes are forked.
    bar = Progress(*columns, console=Console(stderr=True), auto_refresh=False)
    start = monotonic()
    with bar:
        task = bar.add_task("runs", total=runs, pace="")
        bar.refresh()

        def advance(finished: int) -> None:
            done = int(bar.tasks[0].completed) + finished
            rate = done / max(monotonic() - start, 1e-9)
            left = timedelta(seconds=round((runs - done) / rate))
            pace = f"{rate:,.0f} runs/s" + (f", {left} left" if done < runs else "")
            bar.update(task, completed=done, pace=pace)
            bar.refresh()

        yield advance
