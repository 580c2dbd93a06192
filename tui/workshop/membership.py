"""What a member of a team has been told of the room, and the seat that comes of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from agents.workshop.protocol import Form, RoomNow, TeamInfo, Told
from agents.workshop.team_view import ReceivedGame
from tui.workshop.followed import Followed
from tui.workshop.session import TeamSession

Place = tuple[int, str, int]
"""Branch, world and quarters played: of which market somebody speaks."""


@dataclass
class Membership(Followed):
    """Room, form, market and messages as they were last told.

    session: from when room, form and market are known.  market_of: for which the market was fetched.
    result_read: how the last quarter went has been read.  typing: see `TeamSession`.
    """

    form: Form | None = None
    market: ReceivedGame | None = None
    market_of: Place | None = None
    messages: list[Told] = field(default_factory=list)
    session: TeamSession | None = None
    result_read: bool = True
    typing: Callable[[], None] = lambda: None

    @property
    def own(self) -> TeamInfo | None:
        """The own team, as everybody knows it."""
        vendor = None if self.market is None else self.market.setup.vendor
        return None if vendor is None else self.team(vendor)

    @property
    def wanted(self) -> Place | None:
        """For which the market is to be fetched; none where it is there."""
        if self.room is None:
            return None
        place = self.room.branch, self.room.world, self.room.played
        return None if place == self.market_of else place

    def take_room(self, room: RoomNow) -> None:
        """The room as it is now."""
        super().take_room(room)
        if self.session is not None:
            self.session.take_room(room)
        self._begin()

    def take_form(self, form: Form) -> tuple[bool, bool]:
        """The team's form as it is now.  Returns whether the draft is another one by it, and whether it is handed in
        as it was not before.
        """
        before, self.form = self.form, form
        if self.session is None:
            self._begin()
            return False, False
        earlier = before.submitted if before is not None and before.quarter == form.quarter else None
        handed_in = form.submitted is not None and form.submitted != earlier
        return self.session.take_form(form), handed_in

    def take_message(self, told: Told) -> bool:
        """A message of the facilitator; the server repeats all of them to a client that comes back.

        Returns whether it is news: one that is new here, about the quarter that is being decided.
        """
        if any(told.number == known.number for known in self.messages):
            return False
        self.messages.append(told)
        return self.room is not None and told.quarter == self.room.quarter

    def take_market(self, market: ReceivedGame, of: Place) -> bool:
        """The market as it has been fetched.  Returns whether it tells of a quarter that has ended since the last."""
        before, self.market, self.market_of = self.market, market, of
        if self.session is None:
            self._begin()
            return False
        self.session.take_market(market)
        ended = before is not None and before.branch == market.branch and len(market.turns) > len(before.turns)
        self.result_read = self.result_read and not ended
        return ended

    def _begin(self) -> None:
        if self.session is None and self.room is not None and self.form is not None and self.market is not None:
            self.session = TeamSession(self.market, room=self.room, form=self.form, typing=self.typing)
