"""What the server refuses, in the language of the person at the keyboard."""

from __future__ import annotations

import re

from agents.workshop.protocol import Refused
from marketsim.errors import printable
from tui.speech import N_, Speech
from tui.workshop.connection import OTHER_VERSION, UNKNOWN, WorkshopError

OF_TEAMS = (
    N_("this is neither the room's code nor a team's"),
    N_("a new team needs a name"),
    N_("another team has this name; to join it, type its code"),
    N_("this seat is not free"),
    N_("all seats are taken; a team's own code lets one more of its members in"),
    N_("this team has as many members as it can have"),
    N_("your team has this seat no longer"),
    N_("the market is over"),
    N_("your company has failed"),
    N_("this quarter is not the one to be decided"),
    N_("the quarter is not open: lobby"),
    N_("the quarter is not open: paused"),
    N_("the quarter is not open: results"),
    N_("nothing was handed in for this quarter"),
    N_("cannot be decided"),
    N_("too often"),
    N_("1 to 24 characters"),
    N_("another name"),
    N_("no seat is free"),
)
"""What a team may hear, so that it is translated: what is wrong, and what is allowed."""
OF_THE_FACILITATOR = (
    N_("this cannot be done now: the room is in phase lobby"),
    N_("this cannot be done now: the room is in phase open"),
    N_("this cannot be done now: the room is in phase paused"),
    N_("this cannot be done now: the room is in phase results"),
    N_("this cannot be done now: the room is in phase debrief"),
    N_("no team has this seat"),
    N_("this team plays itself"),
    N_("there is no such strategy"),
    N_("there is no such policy"),
    N_("there is nothing in this message"),
    N_("the last quarter has been played"),
    N_("so many quarters cannot be kept"),
    N_("cannot be so"),
    N_("books are opened when the market is over"),
    N_("no quarter is open"),
    N_("there is no such export"),
    N_("only the facilitator can do this"),
    N_("is missing"),
    N_("no team is there yet"),
)
"""What else may be heard, above all by the facilitator."""
FIELDS = {
    "code": N_("Code"),
    "name": N_("Name of a new team"),
    "vendor": N_("Company"),
    "quarter": N_("Quarter"),
    "intervention.quarter": N_("Quarter"),
    "kind": "",  # of a command, which is not typed
}
"""Titles of what people type, by the field that the server names; of a plan's fields it names the path."""
ALLOWED = (
    (re.compile(r"from (?P<low>\S+) to (?P<high>\S+)"), N_("{low} to {high}")),
    (re.compile(r"(?P<low>\S+) to (?P<high>\S+)"), N_("{low} to {high}")),
    (re.compile(r"again in (?P<count>\d+) s"), N_("again in {count} s")),
)
"""What the server says with values in it, and how that is said here."""


def refusal(refused: Refused, speech: Speech) -> str:
    """Why something was not done: what is wrong, and below it where and what is allowed."""
    field = FIELDS.get(refused.field, refused.field)
    where = speech.say(": ").join(filter(None, (field and speech.say(field), refused.value if field else "")))
    allowed = refused.allowed and speech.say("allowed: {what}", what=_allowed(refused.allowed, speech))
    below = speech.say("; ").join(filter(None, (where, allowed)))
    return "\n".join(filter(None, (speech.say(printable(refused.message, 400)), below)))


def _allowed(text: str, speech: Speech) -> str:
    """What is allowed, in the language of the reader."""
    for pattern, said in ALLOWED:
        if found := pattern.fullmatch(text):
            return speech.say(said, **found.groupdict())
    return speech.say(text)


def in_words(error: WorkshopError, speech: Speech) -> str:
    """Why there is no talking with the server."""
    if error.status in UNKNOWN:
        return speech.say("This seat is not, or no longer, yours.")
    if error.status == OTHER_VERSION:
        return speech.say("The server and this program need the same release of marketsim.")
    if error.refused is not None:
        return refusal(error.refused, speech)
    if "CERTIFICATE_VERIFY_FAILED" in error.message:
        return speech.say("This machine does not trust the server's certificate; if you do, join with --certificate.")
    return f"{speech.say('The server does not answer.')}\n{error}"
