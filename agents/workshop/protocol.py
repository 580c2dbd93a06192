"""What clients and server say to each other: JSON objects, the same over HTTP and over a websocket.

Small things are pushed over the websocket as they change; what is large (the market of a quarter) is fetched. Every
command has an identifier of the client's choice: a command that is sent again, because its answer was lost, is answered
as before and counts once.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any, Literal

from pydantic import Field, TypeAdapter, WrapValidator

from agents.game.company import Intervention
from agents.game.plan import Plan
from marketsim.scenario.fields import Quarter, Section

VERSION = 1
"""Of this protocol; a client of another one is refused with both numbers."""


def _whole(value: object, check: Callable[[object], int]) -> int:
    return check(int(value) if isinstance(value, float) and value.is_integer() else value)


WHOLE = WrapValidator(_whole)
"""Of integers: to JSON, 2.0 is one as good as 2."""
Id = Annotated[str, Field(min_length=8, max_length=64, pattern="^[A-Za-z0-9_-]+$")]
Vendor = Annotated[str, Field(min_length=1, max_length=80)]
Name = Annotated[str, Field(min_length=1, max_length=40)]
Seconds = Annotated[int, Field(ge=1, le=86_400), WHOLE]
Value = bool | float | Annotated[str, Field(max_length=80)]

LONGEST_TEXT = 500
"""Characters of a message."""
WIDEST_TEXT = 2 * LONGEST_TEXT
"""Cells of it: a Chinese character takes two."""

Phase = Literal["lobby", "open", "paused", "results", "debrief"]
"""Before the first quarter; teams decide; the clock stands still; a quarter is over; the market is over."""
Results = Literal["private", "public"]
"""Who sees how teams stand: each team its own figures, or everybody all of them."""
Ranking = Literal["hidden", "anonymous", "named"]
How = Literal["submitted", "draft", "held", "strategy"]
"""Where the plan came from with which a team's quarter was closed: handed in; the last valid state of the form; last
quarter's, held; a strategy that plays for the team."""


# -- Commands of a team ------------------------------------------------------------------------------------------------


class Edit(Section):
    """Change numbers of the team's form; all members see it.  values: by path, as in `agents.game.plan.Plan.value`."""

    kind: Literal["edit"] = "edit"
    id: Id
    quarter: Quarter
    values: Annotated[dict[Annotated[str, Field(max_length=80)], Value], Field(min_length=1, max_length=200)]


class Submit(Section):
    """Hand in a plan for the quarter; a later one takes its place until the quarter is closed."""

    kind: Literal["submit"] = "submit"
    id: Id
    quarter: Quarter
    plan: Plan


class Withdraw(Section):
    """Take back what was handed in for the quarter."""

    kind: Literal["withdraw"] = "withdraw"
    id: Id
    quarter: Quarter


TeamCommand = Edit | Submit | Withdraw


# -- Commands of the facilitator ---------------------------------------------------------------------------------------


class Open(Section):
    """Let teams decide for the next quarter.  seconds: after which it is closed; none: when the facilitator says so."""

    kind: Literal["open"] = "open"
    id: Id
    seconds: Seconds | None = None


class Pause(Section):
    """Stop the clock; teams go on with their forms and cannot hand in."""

    kind: Literal["pause"] = "pause"
    id: Id


class Resume(Section):
    """Let the clock go on."""

    kind: Literal["resume"] = "resume"
    id: Id


class Extend(Section):
    """Give teams more time.  seconds: more."""

    kind: Literal["extend"] = "extend"
    id: Id
    seconds: Seconds


class Close(Section):
    """End the quarter with what was handed in."""

    kind: Literal["close"] = "close"
    id: Id


class Intervene(Section):
    """Let an event or a policy happen: one that is written here, or a policy of the library by its name."""

    kind: Literal["intervene"] = "intervene"
    id: Id
    intervention: Intervention | None = None
    policy: Annotated[str, Field(max_length=80)] | None = None


class Tell(Section):
    """Send a message.  vendor: to the team that plays it; none: to all."""

    kind: Literal["tell"] = "tell"
    id: Id
    text: Annotated[str, Field(min_length=1, max_length=LONGEST_TEXT)]
    vendor: Vendor | None = None


class Substitute(Section):
    """Let a strategy play for a team, until it is handed back.  strategy: see `marketsim strategies`."""

    kind: Literal["substitute"] = "substitute"
    id: Id
    vendor: Vendor
    strategy: Annotated[str, Field(max_length=80)]


class HandBack(Section):
    """Let a team play on where a strategy has played for it."""

    kind: Literal["hand-back"] = "hand-back"
    id: Id
    vendor: Vendor


class Release(Section):
    """Take a seat from a team: its links and its code end, and another team can take the seat."""

    kind: Literal["release"] = "release"
    id: Id
    vendor: Vendor


class RollBack(Section):
    """Play on from an earlier quarter.  played: quarters that stay; what came after them is kept in the log."""

    kind: Literal["roll-back"] = "roll-back"
    id: Id
    played: Annotated[int, Field(ge=0, le=400), WHOLE]


class Show(Section):
    """What teams see of each other."""

    kind: Literal["show"] = "show"
    id: Id
    results: Results | None = None
    ranking: Ranking | None = None


class Debrief(Section):
    """End the market and open all books."""

    kind: Literal["debrief"] = "debrief"
    id: Id


FacilitatorCommand = (
    Open
    | Pause
    | Resume
    | Extend
    | Close
    | Intervene
    | Tell
    | Substitute
    | HandBack
    | Release
    | RollBack
    | Show
    | Debrief
)
Command = TeamCommand | FacilitatorCommand

COMMANDS: TypeAdapter[Command] = TypeAdapter(Annotated[Command, Field(discriminator="kind")])


# -- Joining -----------------------------------------------------------------------------------------------------------


class Join(Section):
    """Take a seat: with the room's code for a new team, with a team's code for one more of its members.

    name: of the new team.  vendor: which it wants to play; none: the next that is free.  again: a long random text of
    the client's own: who sends the same wish with it again, because the answer was lost, has the same seat.
    """

    code: Annotated[str, Field(min_length=4, max_length=20)]
    name: Name | None = None
    vendor: Vendor | None = None
    again: Annotated[str, Field(min_length=32, max_length=64, pattern="^[A-Za-z0-9_-]+$")] | None = None


class Joined(Section):
    """A seat.  token: opens it from now on, on any device; nobody can ask for it again.  code: for other members."""

    vendor: Vendor
    name: Name
    token: str
    code: str


# -- What the server tells ---------------------------------------------------------------------------------------------


class FreeSeat(Section):
    """A seat that a new team can take.  title: of the vendor, by language."""

    vendor: Vendor
    title: dict[str, str]


class RoomCard(Section):
    """What anybody may know of a room before joining it.  version: of the protocol.  free: in the order of the room."""

    version: int = VERSION
    title: str
    phase: Phase
    free: list[FreeSeat]


class Accepted(Section):
    """A command has been written down.  seq: its number in the log."""

    kind: Literal["accepted"] = "accepted"
    id: Id
    seq: int


class Refused(Section):
    """A command, or what should have been one, changes nothing.

    id: none where it could not be read.  field, value, allowed: what is wrong, where it is one thing.
    """

    kind: Literal["refused"] = "refused"
    id: str | None = None
    message: str
    field: str = ""
    value: str = ""
    allowed: str = ""


class TeamInfo(Section):
    """What everybody knows of a team.  name: none for a seat that is free.  people: connected.  decided: handed in.

    strategy: that plays for it, or in the free seat; none: it plays.  title: of the vendor, by language.
    alive: in business.
    """

    vendor: Vendor
    title: dict[str, str]
    name: Name | None
    people: int
    decided: bool
    strategy: str | None
    alive: bool


class Place(Section):
    """A place of the ranking.  vendor: none where it is anonymous and another team's.  value: rmb_m, see
    `agents.game.score`; share: of all vendors' revenue in the last quarter.
    """

    place: int
    vendor: Vendor | None
    value: float
    share: float
    alive: bool


class RoomNow(Section):
    """The room as it is; sent whenever something of it changes.

    seq: number of the last entry of the log.  quarter: to be played, of the open one while it is open.  played:
    quarters; ahead: of these, by strategies before teams did; branch: how often some were taken back: with another one,
    what was fetched of quarters is void.  world: changes when the scenario does, by an event or a policy.
    announced: titles, by language, of what the facilitator lets happen from this quarter on.  remaining: seconds on the
    clock; none: no limit.  ranking: none where it is hidden or nothing has been played.  how: of the last quarter, by
    vendor.
    """

    kind: Literal["room"] = "room"
    version: int = VERSION
    seq: int
    title: str
    phase: Phase
    quarter: Quarter
    played: int
    ahead: int = 0
    announced: list[dict[str, str]] = Field(default_factory=list)
    quarters: int
    branch: int
    world: str
    remaining: float | None
    results: Results
    ranking: list[Place] | None
    teams: list[TeamInfo]
    how: dict[str, How]


class Row(Section):
    """What the facilitator alone knows of a seat.

    code: lets members in; none for a seat that is free.  edited: the form was changed in this quarter.
    problems: of the form as it is.  cash, value: rmb_m.
    """

    vendor: Vendor
    code: str | None
    edited: bool
    problems: int
    cash: float
    value: float | None


class Office(Section):
    """For the facilitator alone.

    address: for browsers of teams; empty where the server does not know how others reach it.  code: lets new teams in.
    ranking: how teams are shown it.
    """

    kind: Literal["office"] = "office"
    address: str
    code: str
    ranking: Ranking
    rows: list[Row]


class Library(Section):
    """What the facilitator can choose from, by name.

    notes: what the scenario's file says of its own policies, by language.  strategies: their titles, by language.
    """

    policies: dict[str, Intervention]
    notes: dict[str, dict[str, str]]
    strategies: dict[str, dict[str, str]]


class Form(Section):
    """A team's own form.  plan: as it is now.  revision: counts its changes.  submitted: what was handed in, if it was.

    code: for other members.
    """

    kind: Literal["form"] = "form"
    quarter: Quarter
    plan: Plan
    revision: int
    submitted: Plan | None
    code: str


class Told(Section):
    """A message of the facilitator.  number: counts messages.  to_all: or to this team alone."""

    kind: Literal["told"] = "told"
    number: int
    quarter: Quarter
    text: str
    to_all: bool


Pushed = RoomNow | Form | Told | Office
"""What is told without being asked for."""

MESSAGES: TypeAdapter[Pushed | Accepted | Refused] = TypeAdapter(
    Annotated[Pushed | Accepted | Refused, Field(discriminator="kind")]
)
"""All that a client hears over a websocket."""


class Market(Section):
    """Quarters of the market, as a team may know them, or in full for the facilitator.

    setup: scenario, own vendor and length; its seed is not the room's.  world: the scenario as it is now.
    start: the market before the first quarter.  turns: those from `first` on. Arrays are nested lists by field of
    `marketsim.state`, without the run axis.
    """

    branch: int
    world_name: str
    setup: dict[str, Any]
    world: dict[str, Any]
    start: dict[str, Any] | None
    first: int
    turns: list[dict[str, Any]]


class Hello(Section):
    """The first message of a client on a websocket.  token: of a seat or of the facilitator."""

    kind: Literal["hello"] = "hello"
    version: Annotated[int, WHOLE]
    token: Annotated[str, Field(min_length=16, max_length=128)]
