"""The progress bar of commands that compute for long: on standard error, where that is a terminal."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from time import monotonic

Show = Callable[[int, str, bool], None]
"""Takes how much is done and a word on it, and whether to draw that now or with what comes next."""


@contextmanager
def progress_bar(what: str, total: int, quiet: bool = False) -> Iterator[Show | None]:
    """A bar that is drawn when it is told to; it grows where more is done than was expected.

    Drawn by hand: a thread that draws could hold a lock at the moment when the worker processes are forked.
    """
    if quiet or sys.stderr is None or not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

    columns = (what, BarColumn(), MofNCompleteColumn(), TextColumn("{task.fields[word]}"))
    bar = Progress(*columns, console=Console(stderr=True), auto_refresh=False)
    with bar:
        task = bar.add_task(what, total=total, word="")
        bar.refresh()

        def show(done: int, word: str, draw: bool) -> None:
            bar.update(task, completed=done, total=max(total, done), word=word)
            if draw:
                bar.refresh()

        yield show


@contextmanager
def progress(runs: int, quiet: bool) -> Iterator[Callable[[int], None] | None]:
    """A bar of runs, with their pace and the time left, that is told of the runs just finished."""
    with progress_bar("runs", runs, quiet) as show:
        if show is None:
            yield None
            return
        start, done = monotonic(), 0

        def advance(finished: int) -> None:
            nonlocal done
            done += finished
            rate = done / max(monotonic() - start, 1e-9)
            left = timedelta(seconds=round((runs - done) / rate))
            show(done, f"{rate:,.0f} runs/s" + (f", {left} left" if done < runs else ""), True)

        yield advance
