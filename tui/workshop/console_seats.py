"""The seats of a room as rows of a table."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from agents.workshop.protocol import RoomNow, Row, TeamInfo
from tui.palette import mark
from tui.speech import N_, NOTHING, Speech
from tui.widgets.table import Cell, Column, Line, Tone
from tui.workshop.console_log import HOW
from tui.workshop.console_state import Overview

COLUMNS = (
    ("vendor", N_("Vendor"), "left", 0),
    ("team", N_("Team"), "left", 0),
    ("people", N_("People"), "right", 1),
    ("state", N_("This quarter"), "left", 0),
    ("problems", N_("Errors"), "right", 2),
    ("how", N_("Last quarter"), "left", 3),
    ("cash", N_("Cash"), "right", 2),
    ("value", N_("Value"), "right", 1),
)
"""Columns: key, title, how they are aligned, rank as of `Column`."""

FIGURES = ("cash", "value")
"""Columns that can be hidden: the console may be seen by the class."""

States = Mapping[str, tuple[str, Tone]]
STATES: States = {
    "failed": (N_("failed"), "loss"),
    "decided": (N_("✓ handed in"), "gain"),
    "edited": (N_("editing"), "strong"),
    "nothing": (N_("nothing yet"), "limit"),
    "waiting": (N_("waiting"), "muted"),
}
"""What a team does in a quarter, and how that is shown."""

ATTENTION = ("nothing", "edited", "decided", "strategy", "failed", "free", "waiting")
"""Who comes first while teams decide."""


@dataclass(frozen=True)
class Seats:
    """Makes the rows.  slots: of vendors, for their letters and colours; empty until the market is known."""

    overview: Overview
    speech: Speech
    slots: Mapping[str, int]

    def columns(self, figures: bool) -> list[Column]:
        """All columns, or those without figures."""
        return [
            Column(key, self.speech.say(title), "left" if side == "left" else "right", rank)
            for key, title, side, rank in COLUMNS
            if figures or key not in FIGURES
        ]

    def lines(self, figures: bool) -> list[Line]:
        """A row for every seat: while teams decide, those that have not come first; else by their places."""
        room = self.overview.room
        if room is None:
            return []
        rows = {row.vendor: row for row in self.overview.office.rows} if self.overview.office else {}
        seats = [(team, rows.get(team.vendor), self._state(team, rows.get(team.vendor))) for team in room.teams]
        if self.overview.running:
            seats.sort(key=lambda seat: ATTENTION.index(seat[2]))
        shown = [key for key, *_ in COLUMNS if figures or key not in FIGURES]
        lines = []
        for team, row, state in seats:
            cells = self._cells(room, team, row, state)
            lines.append(Line(team.vendor, [cells[key] for key in shown]))
        return lines

    def _state(self, team: TeamInfo, row: Row | None) -> str:
        """A key of STATES, `strategy` or `free`."""
        if not team.alive:
            return "failed"
        if team.name is None:
            return "free"
        if team.strategy is not None:
            return "strategy"
        if team.decided:
            return "decided"
        if row is not None and row.edited:
            return "edited"
        return "nothing" if self.overview.running else "waiting"

    def _cells(self, room: RoomNow, team: TeamInfo, row: Row | None, state: str) -> dict[str, Cell]:
        """A seat's cells by column."""
        speech, slot = self.speech, self.slots.get(team.vendor)
        taken, how = team.name is not None, room.how.get(team.vendor)
        muted: Tone = "" if taken and team.alive else "muted"
        title = speech.title(team.title)
        problems = row.problems if row is not None and taken and state in ("nothing", "edited", "waiting") else 0
        return {
            "vendor": Cell(title if slot is None else f"{mark(slot)} {title}", muted, None if muted else slot),
            "team": Cell(team.name or NOTHING, "strong" if taken else "muted"),
            "people": Cell(str(team.people) if taken else NOTHING, _tone_of_people(team)),
            "state": self._state_cell(team, state),
            "problems": Cell(str(problems) if problems else NOTHING, "loss" if problems else "muted"),
            "how": Cell(speech.say(HOW[how]) if how else NOTHING, "" if how == "submitted" else "muted"),
            "cash": Cell(speech.money(row.cash) if row else NOTHING, "loss" if row and row.cash < 0 else muted),
            "value": Cell(speech.money(row.value) if row and row.value is not None else NOTHING, muted),
        }

    def _state_cell(self, team: TeamInfo, state: str) -> Cell:
        if state in STATES:
            text, tone = STATES[state]
            return Cell(self.speech.say(text), tone)
        name = self.strategy(team.strategy) if team.strategy else NOTHING
        if state == "free":
            return Cell(self.speech.say("free: {strategy}", strategy=name), "muted")
        return Cell(self.speech.say("plays: {strategy}", strategy=name), "limit")

    def strategy(self, name: str) -> str:
        """The title of a strategy, or its name until titles are known."""
        titles = self.overview.library.strategies.get(name) if self.overview.library else None
        return name if titles is None else self.speech.title(titles)


def _tone_of_people(team: TeamInfo) -> Tone:
    if team.name is None or (team.strategy is not None and not team.people):
        return "muted"
    return "" if team.people else "loss"
