"""What the log of a workshop holds: accepted commands as they came, and what the server does by itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import Field, TypeAdapter

from agents.game.plan import Plan
from agents.game.setup import Setup
from agents.workshop.protocol import Command, How, Name, Vendor
from marketsim.scenario.fields import Quarter, Section

FACILITATOR = "facilitator"
SERVER = "server"

Hash = Annotated[str, Field(pattern="^[0-9a-f]{64}$")]


class Opened(Section):
    """The first entry.

    vendors: that teams can play, in the order in which they are given away.  secret: of which codes are made, see
    `agents.workshop.secrets`.  marketsim: version.  ahead: quarters that strategies play before teams do.
    """

    kind: Literal["opened"] = "opened"
    setup: Setup
    vendors: list[Vendor]
    title: str
    secret: Hash
    marketsim: str
    ahead: Annotated[int, Field(ge=0, le=400)] = 0


class Admitted(Section):
    """A token of the facilitator."""

    kind: Literal["admitted"] = "admitted"
    token_hash: Hash


class Seated(Section):
    """A member of a team took a seat.  name: of the team, told by the first of its members."""

    kind: Literal["seated"] = "seated"
    vendor: Vendor
    name: Name | None = None
    token_hash: Hash


class Closed(Section):
    """A quarter was played.

    plans, how: of every seat for which people play.  strategies: that played instead of a team, by vendor.
    digest: of the market afterwards, by which a rebuilt one is checked.
    """

    kind: Literal["closed"] = "closed"
    quarter: Quarter
    plans: dict[Vendor, Plan]
    how: dict[Vendor, How]
    strategies: dict[Vendor, str]
    digest: Annotated[str, Field(pattern="^[0-9a-f]{8}$")]


class Restarted(Section):
    """The server was started again on this log."""

    kind: Literal["restarted"] = "restarted"
    marketsim: str


Body = Command | Opened | Admitted | Seated | Closed | Restarted

BODIES: TypeAdapter[Body] = TypeAdapter(Annotated[Body, Field(discriminator="kind")])


@dataclass(frozen=True, slots=True)
class Entry:
    """A line of the log.  seq: from 1, without gaps.  at: seconds since 1970 by the server's clock, for people.

    who: FACILITATOR, SERVER, or the vendor of a team.
    """

    seq: int
    at: float
    who: str
    body: Body
