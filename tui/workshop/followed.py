"""A room as a client follows it: what the server has told of it last, and what follows from that."""

from __future__ import annotations

from dataclasses import dataclass
from time import monotonic

from agents.workshop.protocol import RoomNow, TeamInfo


@dataclass
class Followed:
    """The room as it was last told; none before.  connected: there is a link to the server."""

    room: RoomNow | None = None
    connected: bool = False
    _told_at: float = 0.0

    def take_room(self, room: RoomNow) -> None:
        """The room as it is now; the clock counts on from here."""
        self.room, self._told_at = room, monotonic()

    @property
    def remaining(self) -> float | None:
        """Seconds on the clock, not below 0; none without a limit."""
        if self.room is None or self.room.remaining is None:
            return None
        gone = monotonic() - self._told_at if self.room.phase == "open" else 0.0
        return max(self.room.remaining - gone, 0.0)

    @property
    def running(self) -> bool:
        """A quarter is being decided, though its clock may stand still."""
        return self.room is not None and self.room.phase in ("open", "paused")

    @property
    def teams(self) -> list[TeamInfo]:
        """Seats that a team has."""
        return [] if self.room is None else [team for team in self.room.teams if team.name is not None]

    @property
    def deciding(self) -> list[TeamInfo]:
        """Teams that decide for themselves."""
        return [team for team in self.teams if team.alive and team.strategy is None]

    @property
    def undecided(self) -> list[TeamInfo]:
        """Teams from which a plan is still to come."""
        return [team for team in self.deciding if not team.decided]

    def team(self, vendor: str) -> TeamInfo | None:
        """Who has a seat."""
        return next((team for team in self.teams if team.vendor == vendor), None)
