"""The clock of a quarter: seconds that teams have left, by a time that never jumps."""

from __future__ import annotations

from agents.workshop import protocol as p
from agents.workshop.entries import Body, Closed, Restarted


class Clock:
    """Counts a quarter's seconds down while it runs.

    `heed` follows the log. Times are seconds of any clock; steps backwards, as of a clock that is set, count as none.
    """

    def __init__(self) -> None:
        self._left: float | None = None
        self._running = False
        self._at = 0.0

    def heed(self, body: Body, at: float) -> None:
        """Take note of a line of the log.  at: time."""
        if not isinstance(body, Restarted):  # while there was no server, nobody could decide
            self._left = self.remaining(at)
        self._at = at
        if isinstance(body, p.Open):
            self._left, self._running = None if body.seconds is None else float(body.seconds), True
        elif isinstance(body, p.Extend):
            self._left = body.seconds if self._left is None else self._left + body.seconds
        elif isinstance(body, p.Resume):
            self._running = True
        elif isinstance(body, p.Pause | Restarted):
            self._running = False
        elif isinstance(body, Closed | p.RollBack | p.Debrief):
            self._left, self._running = None, False

    def remaining(self, at: float) -> float | None:
        """Seconds left, below 0 when they are over; none where there is no limit.  at: time."""
        if self._left is None or not self._running:
            return self._left
        return self._left - max(at - self._at, 0.0)

    def continue_from(self, at: float) -> None:
        """Go on with another clock, of which it is so late now."""
        self._at = at
