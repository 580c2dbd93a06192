"""What a class is shown at the end: one JSON object, in which all books are open.

Money is rmb_m, cards k, capacity k wafers/quarter, prices krmb a card; a figure that there is none of is null. Series
have one value for each quarter that was played.
"""

from __future__ import annotations

from typing import Literal

from agents.game.advice import Value
from agents.game.news import Kind
from agents.workshop.protocol import How, Name, Vendor
from marketsim.scenario.fields import Quarter, Section
from marketsim.scenario.vocabulary import Vocabulary

Figure = Literal["price", "cards", "revenue", "share", "cash", "gross_margin", "contracts", "value"]
"""Of a team: krmb; k cards sold; rmb_m; share of all vendors' revenue; rmb_m at the end; share of revenue; capacity
under contract, k wafers/quarter; value so far, rmb_m, see `agents.game.score`."""
Measure = Literal["active_vendors", "hhi", "price", "capacity_use"]
"""Of the market, domestic vendors together, as in `marketsim.outcomes.METRICS`."""
Simulation = Literal["none", "running", "there", "failed"]
"""Of the rooms that are simulated to compare with."""

Titles = dict[str, str]
"""By language."""


class Decided(Section):
    """A number of a plan that is not as in the quarter before.  path: as in `agents.game.plan.Plan.value`."""

    path: str
    before: Value
    after: Value


class TeamPast(Section):
    """A team and all that was of it.

    figures: by name, null where the vendor is not in business.  how: plans came about; null where nobody decided.
    decided: what mattered of each quarter's plan, the weightiest first.  turning: places of the quarters that mattered
    most.
    """

    vendor: Vendor
    name: Name | None
    figures: dict[Figure, list[float | None]]
    how: list[How | None]
    decided: list[list[Decided]]
    turning: list[int]


class Placed(Section):
    """A team's place.

    value: sum of terms, rmb_m, by the names of `agents.game.score.TERMS`.  share: of all vendors' revenue in the last
    quarter.  alive: in business.  lasted: quarters.
    """

    place: int
    vendor: Vendor
    value: float
    terms: dict[str, float]
    share: float
    alive: bool
    lasted: int


class Happened(Section):
    """A piece of news, as `agents.game.news.News`.

    title: of an event, or of a family of models.  by_facilitator: the facilitator let it happen.
    """

    quarter: Quarter
    kind: Kind
    who: Vendor | None = None
    buyer: Vendor | None = None
    cause: str = ""
    amount: float = 0.0
    title: Titles | None = None
    by_facilitator: bool = False


class Judged(Section):
    """What the shakeout test says of the market, as far as whole years are over.

    which: name of a `marketsim.shakeout.classify.Class`.  measured: facts and gauges by name.  dropped: facts that are
    not scored, as the scenario was fitted to them.
    """

    which: str
    measured: dict[str, float | None]
    dropped: list[str]


class Range(Section):
    """Where a measure was in the simulated rooms, quarter by quarter.

    place: of the room among them: the share of rooms that have less, those that have the same counted half.
    """

    p10: list[float]
    p50: list[float]
    p90: list[float]
    place: list[float]


class Rooms(Section):
    """The same market as often with other luck, strategies in every seat.

    classes: how many rooms the shakeout test takes for each class that occurs; none before a year is over.
    """

    rooms: int
    classes: dict[str, int]
    ranges: dict[Measure, Range]


class RoomDebrief(Section):
    """All of it.

    vocabulary: the words of the scenario's industry.  vendors, parts: titles of all vendors, and of the parts of the
    scenario that plans name, by path.  quarters: that were played; whole: of how many.  teams: in the order of the
    ranking.  market: of the room itself.  judged: none before a year is over.
    """

    title: str
    scenario: Titles
    vocabulary: Vocabulary
    vendors: dict[Vendor, Titles]
    parts: dict[str, Titles]
    quarters: list[Quarter]
    whole: int
    teams: list[TeamPast]
    ranking: list[Placed]
    happened: list[Happened]
    market: dict[Measure, list[float]]
    judged: Judged | None
    simulation: Simulation
    rooms: Rooms | None

    def anonymous(self) -> RoomDebrief:
        """Without the names of teams."""
        return self.model_copy(update={"teams": [team.model_copy(update={"name": None}) for team in self.teams]})
