"""What the facilitator has been told of the room so far, and what has happened in it."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from time import strftime

from agents.workshop.names import clean
from agents.workshop.protocol import WIDEST_TEXT, Library, Office, RoomNow, Row, TeamInfo, Told
from marketsim.scenario.fields import quarter_index, quarter_name
from tui.workshop.console_log import RANKING, Sentence, happened, message
from tui.workshop.followed import Followed

KEPT = 200
"""Lines of the log that are kept here; the server has all of it."""


@dataclass
class Sent:
    """A text that is sent to some teams.  teams: to which, in this order.  reached: to which it was, as far as told."""

    text: str
    teams: list[TeamInfo] = field(default_factory=list)
    reached: list[TeamInfo] = field(default_factory=list)


@dataclass
class Overview(Followed):
    """The room as it was last told.  log: time of day and what happened then, the newest last."""

    office: Office | None = None
    library: Library | None = None
    log: deque[tuple[str, Sentence]] = field(default_factory=lambda: deque(maxlen=KEPT))
    _messages: int = 0
    _sent: deque[Sent] = field(default_factory=lambda: deque(maxlen=KEPT))

    def take_room(self, room: RoomNow) -> None:
        """The room as it is now; the clock counts on from here."""
        for sentence in happened(self.room, room) if self.room is not None else ():
            self.note(sentence)
        super().take_room(room)

    def take_office(self, office: Office) -> None:
        """What the facilitator alone is told."""
        if self.office is not None and office.ranking != self.office.ranking:
            self.note(lambda s: s.say(RANKING[office.ranking]))
        self.office = office

    def begin_sending(self, text: str) -> Sent:
        """A text goes to some teams: the server will repeat it for each of them, and not say for which."""
        self._sent.append(Sent(clean(text, WIDEST_TEXT)))
        return self._sent[-1]

    def take_message(self, told: Told, old: bool = False) -> None:
        """A message that was sent; the server repeats them all to a client that comes back.

        old: it may have been sent before this console began, of which no time is told.
        """
        if told.number <= self._messages:
            return
        self._messages = told.number
        for sent in self._sent:
            if not told.to_all and sent.text == told.text and len(sent.reached) < len(sent.teams):
                sent.reached.append(sent.teams[len(sent.reached)])
                if len(sent.reached) == 1:
                    self.note(message(told, sent.reached))  # of which there will be more
                return
        if not old:
            self.note(message(told, []))

    def note(self, sentence: Sentence) -> None:
        """Write a line into the log."""
        self.log.append((strftime("%H:%M:%S"), sentence))

    # -- facts ----------------------------------------------------------------------------------------------------

    @property
    def people(self) -> int:
        """Who is connected, without the facilitator."""
        return 0 if self.room is None else sum(team.people for team in self.room.teams)

    @property
    def quarters(self) -> list[str]:
        """Names of those that have been played."""
        if self.room is None:
            return []
        over = self.room.played == self.room.quarters  # then no quarter is to be played, and the last is named
        first = quarter_index(self.room.quarter) - self.room.played + over
        return [quarter_name(first + number) for number in range(self.room.played)]

    def row(self, vendor: str) -> Row | None:
        """What the facilitator alone knows of a seat."""
        return next((row for row in self.office.rows if row.vendor == vendor), None) if self.office else None
