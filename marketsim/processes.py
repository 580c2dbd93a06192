"""Worker processes: one way to start them and to end them, for ensembles, calibration and screening."""

from __future__ import annotations

import multiprocessing
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from itertools import islice
from threading import Thread
from typing import Any, TypeVar

import numpy as np

from marketsim.errors import MarketSimError

Item = TypeVar("Item")
Result = TypeVar("Result")
Task = Callable[[Any], Any]
"""What a worker does with each item. Must be picklable, where processes are not forked."""


class WorkerKilled(MarketSimError):
    """A worker process was killed before its work was done."""


@contextmanager
def pool(workers: int, task: Task) -> Iterator[ProcessPoolExecutor]:
    """Processes that hold a task, to which items are submitted as `submit(work, item)`.

    Whatever happens, no work that has not begun is begun when the context is left, and no process outlives the one that
    started it, even if that is killed.
    Raises WorkerKilled if a worker is killed.
    """
    context = multiprocessing.get_context("fork" if sys.platform == "linux" else "spawn")
    executor = ProcessPoolExecutor(workers, context, initializer=_begin, initargs=(task,))
    try:
        yield executor
    except BrokenProcessPool:
        reason = "a worker process was killed before its work was done, perhaps for want of memory"
        raise WorkerKilled(f"{reason}: try fewer workers than {workers}") from None
    finally:
        executor.shutdown(cancel_futures=True)


def each(items: Sequence[Item], task: Callable[[Item], Result], workers: int) -> Iterator[tuple[Item, Result]]:
    """Every item with what the task makes of it, as they are finished, in this process or spread over several.

    task: must be picklable, where processes are not forked.  workers: 1 computes in this process.
    Never more than a few items wait, so memory stays constant.  Raises WorkerKilled if a worker is killed.
    """
    if workers <= 1 or len(items) == 1:
        _keep_freed_memory()
        yield from ((item, task(item)) for item in items)
        return
    with pool(workers, task) as processes:
        waiting = iter(items)
        running = {processes.submit(work, item): item for item in islice(waiting, 2 * workers)}
        while running:
            done, _ = wait(running, return_when=FIRST_COMPLETED)
            for future in done:
                item = running.pop(future)
                running |= {processes.submit(work, following): following for following in islice(waiting, 1)}
                yield item, future.result()


_task: Task | None = None


def _begin(task: Task) -> None:
    global _task
    _task = task
    _keep_freed_memory()
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


def _keep_freed_memory() -> None:
    """Let the C library keep what arrays give back, instead of returning it to the system after each.

    Once a block of almost 32 MB has been freed, glibc takes smaller ones from its own heap and keeps up to twice as
    much of it (mallopt(3), M_MMAP_THRESHOLD): a tenth less time. Elsewhere it does nothing; it is never touched.
    """
    np.empty(31 << 20, dtype=np.uint8)
