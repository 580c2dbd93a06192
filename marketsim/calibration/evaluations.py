"""Evaluations by processes, each played once: what the journal holds is read, what it does not hold is added to it.

An evaluation depends on its place alone, so neither the number of processes nor an interruption changes a result.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from contextlib import contextmanager

import numpy as np

from marketsim.calibration.journal import DIGITS, Journal, Key, key_of
from marketsim.calibration.loss import Loss, Point
from marketsim.errors import MarketSimError
from marketsim.processes import pool, work
from marketsim.state import Floats

Play = Callable[[Floats], Floats]
"""From a place [parameter] to the distances from the targets [target]. Must be picklable, for processes."""
Evaluate = Callable[[Sequence[Floats]], list[Point]]
"""From places to points, in their order."""
Watch = Callable[[int, int, float], None]
"""Told after each evaluation how many there were, how many of them were played, and the least loss."""

SAME = 1e-6
"""Distances closer than this are the same: computers differ by less, other rules by more."""


class Evaluations:
    """Evaluates places, at most once each.

    count: places that were asked for, whether they were played or read.
    """

    def __init__(self, play: Play, loss: Loss, journal: Journal, watch: Watch | None = None) -> None:
        self.loss, self.journal, self.watch = loss, journal, watch
        self._play = play
        self._pool: ProcessPoolExecutor | None = None
        self._asked: set[Key] = set()
        self._played_here = 0
        self._least = np.inf

    @property
    def count(self) -> int:
        """Different places that were asked for."""
        return len(self._asked)

    @contextmanager
    def with_workers(self, workers: int) -> Iterator[Evaluations]:
        """Within, places are evaluated by so many processes."""
        if workers <= 1:
            yield self
            return
        with pool(workers, self._play) as processes:
            self._pool = processes
            try:
                yield self
            finally:
                self._pool = None

    def check(self) -> None:
        """Play the first place of the journal again. Raises MarketSimError if something else comes out."""
        first = self.journal.first()
        if first is None:
            return
        place, distances = first
        again = self._play(place)
        if again.shape != distances.shape or not np.allclose(again, distances, rtol=SAME, atol=SAME):
            reason = "the model has changed since these evaluations were made"
            hint = "choose another folder for --out, or delete the file to start again"
            raise MarketSimError(f"{self.journal.path}: {reason}: {hint}")

    def __call__(self, places: Sequence[Floats]) -> list[Point]:
        """The points at the places, which are rounded to nine digits."""
        rounded = [np.round(place, DIGITS) for place in places]
        missing = {key_of(place): place for place in rounded if self.journal.get(place) is None}
        for place in rounded:
            if key_of(place) not in missing:
                self._note(place)
        for place, distances in self._played(list(missing.values())):
            self._played_here += 1
            self.journal.add(place, distances, self.loss.point(place, distances).loss)
            self._note(place)
        return [self._point(place) for place in rounded]

    def _point(self, place: Floats) -> Point:
        distances = self.journal.get(place)
        assert distances is not None
        return self.loss.point(place, distances)

    def _note(self, place: Floats) -> None:
        self._asked.add(key_of(place))
        self._least = min(self._least, self._point(place).loss)
        if self.watch is not None:
            self.watch(self.count, self._played_here, self._least)

    def _played(self, places: list[Floats]) -> Iterator[tuple[Floats, Floats]]:
        """Places with their distances, in the order in which they are finished."""
        if self._pool is None:
            yield from ((place, self._play(place)) for place in places)
            return
        running = {self._pool.submit(work, place): place for place in places}
        for done in as_completed(running):
            yield running[done], done.result()
