"""A room: the state of a workshop, built from its log line by line. It knows no clock, no network and no file.

Whether a command may be carried out is looked at in `agents.workshop.allowed`; then the server writes it down, and
`apply` does what the line says. So what has been done can always be built again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from agents.game.game import Game
from agents.game.plan import Plan, PlanProblem, problems
from agents.game.score import Score, score
from agents.game.setup import GameError
from agents.game.view import contracts, held
from agents.workshop import protocol as p
from agents.workshop.allowed import Refusal, edited, intervention
from agents.workshop.entries import FACILITATOR, Admitted, Closed, Entry, Opened, Restarted, Seated
from agents.workshop.names import alike, clean
from agents.workshop.secrets import code, same_code
from marketsim.errors import listing, printable
from marketsim.scenario.schema import Title

NOBODY = ""
"""Whom a message is for, once the team is gone that it was for."""
MEMBERS = 100
"""Tokens of a team at most; each device of a member has one. Whoever knows its code cannot fill the log with them."""


@dataclass
class Seat:
    """A vendor that a team can play.

    name: of the team; none while nobody has taken the seat.  generation: counts the teams that had it.
    strategy: plays for the team; none: it plays itself.  plan, revision: the form; edited: in this quarter; flaws: what
    of it cannot be; draft: its last state in this quarter that can be played.
    """

    vendor: str
    plan: Plan
    name: str | None = None
    generation: int = 0
    strategy: str | None = None
    revision: int = 0
    edited: bool = False
    flaws: int = 0
    draft: Plan | None = None
    submitted: Plan | None = None
    how: p.How | None = None


@dataclass
class Room:
    """A workshop as it stands.

    opened: how it began.  seats: by vendor.  tokens: hash -> vendor or FACILITATOR.  done: (who, id) of a command ->
    seq of its line and hash of what it said.  how: of each quarter that was played, how plans came about, by vendor.
    branch: how often quarters were taken back.  world: counts changes of the scenario.  scripted: events that
    it has by itself.  messages: of the facilitator, with the vendor they are for.  differs: the first quarter that came
    out otherwise when the room was built again, as on another machine.
    """

    opened: Opened
    game: Game
    seats: dict[str, Seat]
    scripted: int
    phase: p.Phase = "lobby"
    tokens: dict[str, str] = field(default_factory=dict)
    done: dict[tuple[str, str], tuple[int, int]] = field(default_factory=dict)
    how: list[Mapping[str, p.How]] = field(default_factory=list)
    branch: int = 0
    world: int = 0
    seq: int = 0
    results: p.Results = "private"
    ranking: p.Ranking = "anonymous"
    messages: list[tuple[p.Told, str | None]] = field(default_factory=list)
    differs: str | None = None
    _scores: tuple[tuple[int, int], dict[str, Score]] = ((0, 0), {})  # of a branch after so many quarters

    @classmethod
    def of(cls, opened: Opened) -> Room:
        """An empty room.  Raises MarketSimError for a setup that cannot be played, or vendors that there are not."""
        if opened.setup.vendor is not None:
            raise GameError("a workshop's game has no vendor of its own: teams play those that it names")
        game = Game(opened.setup)
        unknown = [vendor for vendor in opened.vendors if vendor not in game.world.vendors]
        if unknown or not opened.vendors or len(set(opened.vendors)) < len(opened.vendors):
            said = f"{printable(unknown[0])!r} is none of them" if unknown else "each of them once, and at least one"
            raise GameError(f"vendors: {said}; there are {listing(list(game.world.vendors))}")
        vendors = game.parameters.vendors
        seats = {vendor: Seat(vendor, held(game, vendors.index(vendor), None)) for vendor in opened.vendors}
        return cls(opened, game, seats, len(game.world.events))

    # -- what is asked of it --------------------------------------------------------------------------------------

    @property
    def code(self) -> str:
        """With which a new team takes a seat."""
        return code(self.opened.secret, "room")

    def code_of(self, seat: Seat) -> str:
        """With which one more member of a team takes its seat."""
        return code(self.opened.secret, f"{seat.vendor}/{seat.generation}")

    def join(self, wish: p.Join) -> tuple[Seat, str | None]:
        """The seat that somebody may take, and the name of the new team, or none for one more member.

        Raises Refusal.
        """
        own = self.seat_of(wish.code)
        if own is not None:
            if sum(vendor == own.vendor for vendor in self.tokens.values()) >= MEMBERS:
                raise Refusal("this team has as many members as it can have", "code", wish.code)
            return own, None
        if not self.lets_in(wish.code):
            raise Refusal("this is neither the room's code nor a team's", "code", wish.code)
        name = clean(wish.name or "")
        if not name:
            raise Refusal("a new team needs a name", "name", wish.name or "", "1 to 24 characters")
        if any(seat.name is not None and alike(seat.name, name) for seat in self.seats.values()):
            raise Refusal("another team has this name; to join it, type its code", "name", name, "another name")
        return self._free(wish.vendor), name

    def seat_of(self, typed: str) -> Seat | None:
        """The seat of the team whose code this is."""
        taken = (seat for seat in self.seats.values() if seat.name is not None)
        return next((seat for seat in taken if same_code(typed, self.code_of(seat))), None)

    def lets_in(self, typed: str) -> bool:
        """Whether this is the room's own code, which lets new teams in."""
        return same_code(typed, self.code)

    @property
    def free(self) -> dict[str, Seat]:
        """Seats that a new team can take, by vendor."""
        return {seat.vendor: seat for seat in self.seats.values() if seat.name is None and self.alive(seat)}

    def _free(self, vendor: str | None) -> Seat:
        free = self.free
        if vendor is not None and vendor not in free:
            raise Refusal("this seat is not free", "vendor", vendor, listing(list(free)) or "no seat is free")
        if not free:
            raise Refusal("all seats are taken; a team's own code lets one more of its members in")
        return free[vendor] if vendor is not None else next(iter(free.values()))

    def close(self) -> Closed:
        """Play the quarter with what was handed in; what is to be written of it.  Raises Refusal if none is open."""
        if self.phase not in ("open", "paused"):
            raise Refusal("no quarter is open")
        body = self._decided()
        self._close(body)
        return body.model_copy(update={"digest": self.game.turns[-1].digest})

    def _decided(self) -> Closed:
        """The quarter as it would be closed now; the digest is still to come."""
        plans: dict[str, Plan] = {}
        how: dict[str, p.How] = {}
        strategies = {}
        for seat in self.seats.values():
            if seat.name is None or not self.alive(seat):
                continue
            if seat.strategy is not None:
                how[seat.vendor], strategies[seat.vendor] = "strategy", seat.strategy
            elif seat.submitted is not None:
                how[seat.vendor], plans[seat.vendor] = "submitted", seat.submitted
            elif seat.draft is not None:
                how[seat.vendor], plans[seat.vendor] = "draft", seat.draft
            else:
                how[seat.vendor], plans[seat.vendor] = "held", self.held(seat)
        return Closed(quarter=self.quarter, plans=plans, how=how, strategies=strategies, digest="00000000")

    # -- facts ----------------------------------------------------------------------------------------------------

    @property
    def quarter(self) -> str:
        """The quarter to be played, such as 2026Q1."""
        return self.game.now.name

    @property
    def played(self) -> int:
        return len(self.game.turns)

    @property
    def ahead(self) -> int:
        """Quarters that strategies have played before teams did."""
        return self.opened.ahead

    @property
    def announced(self) -> list[Title]:
        """What the facilitator lets happen from the quarter to be played on."""
        events = self.game.world.events[self.scripted :]
        return [] if self.over else [event.title for event in events if event.quarter == self.quarter]

    @property
    def over(self) -> bool:
        """The last quarter has been played."""
        return self.played >= len(self.game.parameters.conditions)

    def row(self, seat: Seat) -> int:
        """Of the seat's vendor in all arrays."""
        return self.game.parameters.vendors.index(seat.vendor)

    def alive(self, seat: Seat) -> bool:
        """Its vendor is in business."""
        return bool(self.game.state.alive[self.row(seat), 0])

    def held(self, seat: Seat) -> Plan:
        """Last quarter's plan of a seat, held."""
        last = self.game.company[-1].plans.get(seat.vendor) if self.game.company else None
        return held(self.game, self.row(seat), last)

    def problems(self, seat: Seat, plan: Plan) -> list[PlanProblem]:
        """What of a plan cannot be."""
        return problems(plan, self.game.parameters, contracts(self.game, self.row(seat)))

    def seq_of(self, who: str, command: p.Command) -> int | None:
        """The line of a command that has been carried out; none for a new one.

        Raises Refusal for another command than the one that had this id.
        """
        seq, said = self.done.get((who, command.id), (None, 0))
        if seq is not None and said != _hash(command):
            raise Refusal("another command had this id", "id", command.id, "an id that was not used before")
        return seq

    @property
    def scores(self) -> dict[str, Score]:
        """How every seat stands, by vendor; nothing before the first quarter."""
        now = self.branch, self.played
        if self._scores[0] != now and self.played:
            trace, end = self.game.trace, self.game.state
            self._scores = now, {each.vendor: score(trace, end, self.row(each)).of(0) for each in self.seats.values()}
        return self._scores[1] if self.played else {}

    # -- what is done ---------------------------------------------------------------------------------------------

    def apply(self, entry: Entry) -> None:
        """Do what a line of the log says.  Raises MarketSimError if it cannot be, which a log never asks for."""
        body = entry.body
        if isinstance(body, Closed):
            self._close(body)
            if self.differs is None and self.game.turns[-1].digest != body.digest:
                self.differs = body.quarter
        elif isinstance(body, Admitted):
            self.tokens[body.token_hash] = FACILITATOR
        elif isinstance(body, Seated):
            self._seat(body)
        elif isinstance(body, Restarted):
            self.phase = "paused" if self.phase == "open" else self.phase
        elif not isinstance(body, Opened):
            seat = self.seats.get(entry.who)
            DOING[type(body)](self, seat, body)
            self.done[entry.who, body.id] = entry.seq, _hash(body)
        self.seq = entry.seq

    def _seat(self, body: Seated) -> None:
        seat = self.seats[body.vendor]
        if body.name is not None:
            seat.name, seat.generation = body.name, seat.generation + 1
            self._new_form(seat)
        self.tokens[body.token_hash] = body.vendor

    def _close(self, body: Closed) -> None:
        for vendor, strategy in body.strategies.items():
            self.game.take_strategy(vendor, strategy)
        self.game.play(others=body.plans)
        self.how.append(body.how)
        for seat in self.seats.values():
            seat.how = body.how.get(seat.vendor)
            self._new_form(seat)
        self.phase = self._phase_between

    @property
    def _phase_between(self) -> p.Phase:
        """While no quarter is open."""
        return "results" if self.played > self.ahead else "lobby"

    def _new_form(self, seat: Seat) -> None:
        seat.submitted, seat.draft, seat.edited = None, None, False
        self._fill(seat, self.held(seat) if self.alive(seat) and not self.over else seat.plan)

    def _fill(self, seat: Seat, plan: Plan) -> None:
        seat.plan, seat.revision = plan, seat.revision + 1
        seat.flaws = len(self.problems(seat, plan))

    def _do_edit(self, seat: Seat, body: p.Edit) -> None:
        self._fill(seat, edited(seat.plan, body.values))
        seat.edited = True
        seat.draft = seat.draft if seat.flaws else seat.plan

    def _do_submit(self, seat: Seat, body: p.Submit) -> None:
        self._fill(seat, body.plan)
        seat.edited, seat.draft, seat.submitted = True, body.plan, body.plan

    def _do_withdraw(self, seat: Seat, body: p.Withdraw) -> None:
        seat.submitted, seat.revision = None, seat.revision + 1

    def _do_open(self, seat: None, body: p.Open) -> None:
        self.phase = "open"

    def _do_pause(self, seat: None, body: p.Pause) -> None:
        self.phase = "paused"

    def _do_nothing(self, seat: None, body: Any) -> None:
        """The clock is the server's, and a quarter is closed by what follows in the log."""

    def _do_intervene(self, seat: None, body: p.Intervene) -> None:
        self.game.intervene(intervention(self, body))
        self.world += 1

    def _do_tell(self, seat: None, body: p.Tell) -> None:
        told = p.Told(
            number=len(self.messages) + 1,
            quarter=self.quarter,
            text=clean(body.text, p.WIDEST_TEXT),
            to_all=body.vendor is None,
        )
        self.messages.append((told, body.vendor))

    def _do_substitute(self, seat: None, body: p.Substitute) -> None:
        self.seats[body.vendor].strategy = body.strategy

    def _do_hand_back(self, seat: None, body: p.HandBack) -> None:
        self.seats[body.vendor].strategy = None

    def _do_release(self, seat: None, body: p.Release) -> None:
        self.tokens = {hash_: who for hash_, who in self.tokens.items() if who != body.vendor}
        freed = self.seats[body.vendor]
        freed.name = freed.strategy = freed.how = None
        self._new_form(freed)
        self.messages = [(told, NOBODY if vendor == body.vendor else vendor) for told, vendor in self.messages]

    def _do_roll_back(self, seat: None, body: p.RollBack) -> None:
        kept, self.how = self.game.company[: body.played], self.how[: body.played]
        self.game = Game(self.opened.setup, [None] * body.played, kept)
        self.branch, self.world, self.phase = self.branch + 1, self.world + 1, self._phase_between
        for each in self.seats.values():
            each.how = None
            self._new_form(each)

    def _do_show(self, seat: None, body: p.Show) -> None:
        self.results = body.results or self.results
        self.ranking = body.ranking or self.ranking

    def _do_debrief(self, seat: None, body: p.Debrief) -> None:
        self.phase = "debrief"


DOING: Mapping[type, Callable[[Room, Any, Any], None]] = {
    p.Edit: Room._do_edit,
    p.Submit: Room._do_submit,
    p.Withdraw: Room._do_withdraw,
    p.Open: Room._do_open,
    p.Pause: Room._do_pause,
    p.Resume: Room._do_open,
    p.Extend: Room._do_nothing,
    p.Close: Room._do_nothing,
    p.Intervene: Room._do_intervene,
    p.Tell: Room._do_tell,
    p.Substitute: Room._do_substitute,
    p.HandBack: Room._do_hand_back,
    p.Release: Room._do_release,
    p.RollBack: Room._do_roll_back,
    p.Show: Room._do_show,
    p.Debrief: Room._do_debrief,
}


def _hash(command: p.Command) -> int:
    return hash(command.model_dump_json())


def rebuilt(entries: Iterator[Entry]) -> Room:
    """The room that a log tells of.  Raises MarketSimError, also for an empty log."""
    first = next(entries, None)
    if first is None or not isinstance(first.body, Opened):
        raise GameError("the log does not begin with a workshop")
    room = Room.of(first.body)
    room.apply(first)
    for entry in entries:
        room.apply(entry)
    return room
