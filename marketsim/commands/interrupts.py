"""Ctrl-C and termination: the command tidies up and ends at once, and its worker processes without a word."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from types import FrameType
from typing import Generic, TypeVar

Seen = TypeVar("Seen")
Decided = TypeVar("Decided")

_FROM_PARENT = getattr(signal, "SIGUSR1", None)  # systems without it do not fork, so that workers never see it
_stopped: list[int] = []
"""The signals that asked this process to stop."""


class Stoppable(Generic[Seen, Decided]):
    """A decider that ends a chunk of runs at the next decision once its process has been asked to stop."""

    def __init__(self, decide: Callable[[Seen], Decided]) -> None:
        self.decide = decide

    def __call__(self, seen: Seen) -> Decided:
        """What the decider decides."""
        if _stopped:
            raise KeyboardInterrupt
        return self.decide(seen)


@contextmanager
def stopping_cleanly() -> Iterator[None]:
    """Within, an interrupt or a termination ends this process with SystemExit(128 + number of the signal).

    Worker processes that are forked within inherit the handlers. The keyboard interrupts them too: they leave it to
    this process, which tells them to stop (see `Stoppable`); to kill them could leave the pool waiting for half a
    result. By Python's default they would print a traceback each, and after a termination go on for ever.
    """
    if threading.current_thread() is not threading.main_thread():  # where signals do not arrive
        yield
        return
    import polars  # noqa: F401  on import it takes over SIGINT, with a handler that lets whoever waits go on waiting

    here = os.getpid()

    def stop(number: int, frame: FrameType | None) -> None:
        if os.getpid() != here:
            _stop_worker(number)
        elif number != _FROM_PARENT:
            _stopped.append(number)
            _tell_workers()
            raise KeyboardInterrupt  # should compiled code that calls Python lose it, `Stoppable` raises it again

    numbers = [number for number in (signal.SIGINT, signal.SIGTERM, _FROM_PARENT) if number is not None]
    numbers = [number for number in numbers if signal.getsignal(number) != signal.SIG_IGN]  # as under nohup
    before = {number: signal.signal(number, stop) for number in numbers}
    try:
        yield
    except BaseException:  # what was interrupted may have made something else of it, such as an error of the pool
        if _stopped:
            raise SystemExit(128 + _stopped[0]) from None
        raise
    finally:
        _stopped.clear()
        for number, handler in before.items():
            signal.signal(number, handler)


def _stop_worker(number: int) -> None:
    if number == _FROM_PARENT:
        _stopped.append(number)
    elif number != signal.SIGINT:  # somebody means this very process
        os._exit(128 + number)


def _tell_workers() -> None:
    from multiprocessing import active_children

    for worker in active_children():
        with suppress(OSError):  # it has ended by itself
            if worker.pid is not None and _FROM_PARENT is not None:
                os.kill(worker.pid, _FROM_PARENT)
