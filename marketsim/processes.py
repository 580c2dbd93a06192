"""Worker processes: one way to start them and to end them, for ensembles, calibration and screening."""

from __future__ import annotations

import multiprocessing
import os
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from threading import Thread
from typing import Any

from marketsim.errors import MarketSimError

Task = Callable[[Any], Any]
"""What a worker does with each item. Must be picklable, where processes are not forked."""


@contextmanager
def pool(workers: int, task: Task) -> Iterator[ProcessPoolExecutor]:
    """Processes that hold a task, to which items are submitted as `submit(work, item)`.

    Whatever happens, no work that has not begun is begun when the context is left, and no process outlives the one that
    started it, even if that is killed.
    Raises MarketSimError if a worker is killed.
    """
    context = multiprocessing.get_context("fork" if sys.platform == "linux" else "spawn")
    executor = ProcessPoolExecutor(workers, context, initializer=_begin, initargs=(task,))
    try:
        yield executor
    except BrokenProcessPool:
        reason = "a worker process was killed before its work was done, perhaps for want of memory"
        raise MarketSimError(f"{reason}: try fewer workers than {workers}") from None
    finally:
        executor.shutdown(cancel_futures=True)


_task: Task | None = None


def _begin(task: Task) -> None:
    global _task
    _task = task
    Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    """End this process once the one that started it has gone: killed, it could not say that there is no more work."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def work(item: Any) -> Any:
    """In a worker: its task on an item."""
    assert _task is not None
    return _task(item)
