"""Lines of the log in words, for people who read it as a table."""

from __future__ import annotations

from collections import Counter

from agents.workshop import protocol as p
from agents.workshop.entries import Body, Closed, Opened, Seated
from marketsim.errors import counted


def in_words(body: Body) -> str:
    """What a line says."""
    match body:
        case Opened():
            return f"begins the workshop: {body.title}"
        case Seated(name=None):
            return "one more member joins"
        case Seated():
            return f"joins as {body.name}"
        case Closed():
            return _closed(body)
        case p.Edit():
            return "changes " + ", ".join(f"{path} to {_value(value)}" for path, value in body.values.items())
        case p.Open():
            return "opens the quarter" + ("" if body.seconds is None else f" for {body.seconds} s")
        case p.Extend():
            return f"gives {body.seconds} s more"
        case p.Intervene():
            what = body.intervention.title.en if body.intervention is not None else f"the policy {body.policy}"
            return f"lets happen: {what}"
        case p.Tell():
            return f"tells {body.vendor or 'all'}: {body.text}"
        case p.Substitute():
            return f"lets the strategy {body.strategy} play {body.vendor}"
        case p.HandBack():
            return f"hands {body.vendor} back to its team"
        case p.Release():
            return f"takes {body.vendor} from its team"
        case p.RollBack():
            return f"goes back to where {counted(body.played, 'quarter')} had been played"
        case p.Show():
            shown = {"results": body.results, "ranking": body.ranking}
            return "shows " + ", ".join(f"{name} {value}" for name, value in shown.items() if value is not None)
    return PLAIN[body.kind]


PLAIN = {
    "admitted": "the facilitator has a new link",
    "restarted": "the server is started again",
    "submit": "hands in a plan",
    "withdraw": "takes the plan back",
    "pause": "stops the clock",
    "resume": "lets the clock go on",
    "close": "closes the quarter",
    "debrief": "ends the market",
}
"""Of what has nothing to tell but its kind."""


def _closed(body: Closed) -> str:
    how = Counter(body.how.values())
    return "the quarter is played" + "".join(f", {kind}: {count}" for kind, count in sorted(how.items()))


def _value(value: p.Value) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)
