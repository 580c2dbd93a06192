"""A room: the state of a workshop, built from its log line by line. It knows no clock, no network and no file.

`answer` says what a command would write into the log, or refuses it; `apply` does what a line says. The server writes
between the two, so what has been applied can always be built again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from pydantic import ValidationError

from agents.game.company import Intervention
from agents.game.game import Game
from agents.game.plan import Plan, PlanProblem, problems
from agents.game.setup import GameError
from agents.game.view import contracts, held
from agents.strategies import names
from agents.workshop import protocol as p
from agents.workshop.entries import FACILITATOR, Admitted, Body, Closed, Entry, Opened, Restarted, Seated
from agents.workshop.library import library_policy
from agents.workshop.names import clean
from agents.workshop.secrets import code, same_code
from marketsim.errors import MarketSimError, listing, printable


class Refusal(MarketSimError):
    """A command that changes nothing, with what is wrong: field, value and what is allowed, where it is one thing."""

    def __init__(self, message: str, field: str = "", value: object = "", allowed: str = "") -> None:
        super().__init__(message)
        self.message, self.field, self.value, self.allowed = message, field, printable(str(value), 80), allowed


@dataclass
class Seat:
    """A vendor that a team can play.

    name: of the team; none while nobody has taken the seat.  generation: counts the teams that had it.
    strategy: plays for the team; none: it plays itself.  plan, revision: the form; edited: in this quarter.
    """

    vendor: str
    plan: Plan
    name: str | None = None
    generation: int = 0
    strategy: str | None = None
    revision: int = 0
    edited: bool = False
    submitted: Plan | None = None
    how: p.How | None = None


@dataclass
class Room:
    """A workshop as it stands.

    opened: how it began.  seats: by vendor.  tokens: hash -> vendor or FACILITATOR.  done: (who, command) -> seq of its
    line.  branch: how often quarters were taken back.  world: counts changes of the scenario.  messages: of the
    facilitator, with the vendor they are for.  differs: the first quarter that came out otherwise when the room was
    built again, as on another machine.
    """

    opened: Opened
    game: Game
    seats: dict[str, Seat]
    phase: p.Phase = "lobby"
    tokens: dict[str, str] = field(default_factory=dict)
    done: dict[tuple[str, str], int] = field(default_factory=dict)
    branch: int = 0
    world: int = 0
    seq: int = 0
    results: p.Results = "private"
    ranking: p.Ranking = "anonymous"
    messages: list[tuple[p.Told, str | None]] = field(default_factory=list)
    differs: str | None = None

    @classmethod
    def of(cls, opened: Opened) -> Room:
        """An empty room.  Raises MarketSimError for a setup that cannot be played."""
        game = Game(opened.setup)
        seats = {
            vendor: Seat(vendor, held(game, game.parameters.vendors.index(vendor), None)) for vendor in opened.vendors
        }
        return cls(opened, game, seats)

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
        for seat in self.seats.values():
            if seat.name is not None and same_code(wish.code, self.code_of(seat)):
                return seat, None
        if not same_code(wish.code, self.code):
            raise Refusal("this is neither the room's code nor a team's", "code", wish.code)
        name = clean(wish.name or "")
        if not name:
            raise Refusal("a new team needs a name", "name", wish.name or "", "1 to 24 characters")
        if any(seat.name is not None and seat.name.casefold() == name.casefold() for seat in self.seats.values()):
            raise Refusal("another team has this name; to join it, type its code", "name", name, "another name")
        return self._free(wish.vendor), name

    def _free(self, vendor: str | None) -> Seat:
        free = {seat.vendor: seat for seat in self.seats.values() if seat.name is None and self.alive(seat)}
        if vendor is not None and vendor not in free:
            raise Refusal("this seat is not free", "vendor", vendor, listing(list(free)) or "no seat is free")
        if not free:
            raise Refusal("all seats are taken; a team's own code lets one more of its members in")
        return free[vendor] if vendor is not None else next(iter(free.values()))

    def answer(self, who: str, command: p.Command) -> list[Body]:
        """What a command writes into the log.  who: FACILITATOR or a vendor.  Raises Refusal.

        A command that is there already (see `done`) must not be asked again.
        """
        if who == FACILITATOR:
            self._check_facilitator(command)
            return [command]
        self._check_team(self.seats[who], command)
        return [command]

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
            elif seat.edited and not self.problems(seat, seat.plan):
                how[seat.vendor], plans[seat.vendor] = "draft", seat.plan
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

    # -- what may be done -----------------------------------------------------------------------------------------

    def _check_team(self, seat: Seat, command: p.Command) -> None:
        if not isinstance(command, p.Edit | p.Submit | p.Withdraw):
            raise Refusal("only the facilitator can do this", "kind", command.kind, "edit, submit or withdraw")
        if self.phase == "debrief" or self.over:
            raise Refusal("the market is over")
        if not self.alive(seat):
            raise Refusal("your company has failed")
        if command.quarter != self.quarter:
            raise Refusal("this quarter is not the one to be decided", "quarter", command.quarter, self.quarter)
        if isinstance(command, p.Edit):
            _edited(seat.plan, command.values)
            return
        if self.phase != "open":
            raise Refusal(f"the quarter is not open: {self.phase}", "quarter", command.quarter)
        if isinstance(command, p.Submit):
            for problem in self.problems(seat, command.plan):
                raise _of_problem(problem)
        elif seat.submitted is None:
            raise Refusal("nothing was handed in for this quarter")

    def _check_facilitator(self, command: p.Command) -> None:
        wanted = PHASES.get(type(command))
        if wanted is not None and self.phase not in wanted:
            raise Refusal(f"this cannot be done now: the room is in phase {self.phase}", "kind", command.kind)
        check = CHECKS.get(type(command))
        if check is not None:
            check(self, command)
        elif isinstance(command, p.Edit | p.Submit | p.Withdraw):
            raise Refusal("only a team can do this", "kind", command.kind)

    def _check_open(self, command: p.Open) -> None:
        if self.over:
            raise Refusal("the last quarter has been played")

    def _check_seat(self, command: p.Substitute | p.HandBack | p.Release | p.Tell) -> None:
        if command.vendor is None:
            return
        seat = self.seats.get(command.vendor)
        if seat is None or seat.name is None:
            taken = [seat.vendor for seat in self.seats.values() if seat.name is not None]
            raise Refusal("no team has this seat", "vendor", command.vendor, listing(taken) or "no team is there yet")
        if isinstance(command, p.Substitute) and command.strategy not in names():
            raise Refusal("there is no such strategy", "strategy", command.strategy, listing(names()))
        if isinstance(command, p.HandBack) and seat.strategy is None:
            raise Refusal("this team plays itself", "vendor", command.vendor)

    def _check_intervention(self, command: p.Intervene) -> None:
        if self.over:
            raise Refusal("the last quarter has been played")
        for field_, allowed in self.intervention(command).problems(self.game.parameters, self.game.now.index):
            raise Refusal("cannot be so", f"intervention.{field_}", "", allowed)

    def intervention(self, command: p.Intervene) -> Intervention:
        """What a command lets happen.  Raises Refusal for neither or both, or a policy that there is not."""
        if (command.intervention is None) == (command.policy is None):
            raise Refusal("either an intervention or a policy is needed", "intervention")
        if command.intervention is not None:
            return command.intervention
        assert command.policy is not None
        found = library_policy(command.policy, self.game.world)
        if isinstance(found, Intervention):
            return found
        raise Refusal("there is no such policy", "policy", command.policy, listing(found))

    def _check_roll_back(self, command: p.RollBack) -> None:
        if command.played >= self.played and not (command.played == self.played and self.phase in ("open", "paused")):
            most = self.played if self.phase in ("open", "paused") else self.played - 1
            raise Refusal("there are not so many quarters to keep", "played", command.played, f"0 to {most}")

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
            self.done[entry.who, body.id] = entry.seq
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
        for seat in self.seats.values():
            seat.how = body.how.get(seat.vendor)
            self._new_form(seat)
        self.phase = "results"

    def _new_form(self, seat: Seat) -> None:
        seat.submitted, seat.edited = None, False
        if self.alive(seat) and not self.over:
            seat.plan = self.held(seat)
        seat.revision += 1

    def _do_edit(self, seat: Seat, body: p.Edit) -> None:
        seat.plan = _edited(seat.plan, body.values)
        seat.edited, seat.revision = True, seat.revision + 1

    def _do_submit(self, seat: Seat, body: p.Submit) -> None:
        seat.plan = seat.submitted = body.plan
        seat.edited, seat.revision = True, seat.revision + 1

    def _do_withdraw(self, seat: Seat, body: p.Withdraw) -> None:
        seat.submitted, seat.revision = None, seat.revision + 1

    def _do_open(self, seat: None, body: p.Open) -> None:
        self.phase = "open"

    def _do_pause(self, seat: None, body: p.Pause) -> None:
        self.phase = "paused"

    def _do_nothing(self, seat: None, body: Any) -> None:
        """The clock is the server's, and a quarter is closed by what follows in the log."""

    def _do_intervene(self, seat: None, body: p.Intervene) -> None:
        self.game.intervene(self.intervention(body))
        self.world += 1

    def _do_tell(self, seat: None, body: p.Tell) -> None:
        told = p.Told(
            number=len(self.messages) + 1, quarter=self.quarter, text=clean(body.text, 500), to_all=body.vendor is None
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

    def _do_roll_back(self, seat: None, body: p.RollBack) -> None:
        kept = self.game.company[: body.played]
        self.game = Game(self.opened.setup, [None] * body.played, kept)
        self.branch, self.world, self.phase = self.branch + 1, self.world + 1, "results" if body.played else "lobby"
        for each in self.seats.values():
            each.how = None
            self._new_form(each)

    def _do_show(self, seat: None, body: p.Show) -> None:
        self.results = body.results or self.results
        self.ranking = body.ranking or self.ranking

    def _do_debrief(self, seat: None, body: p.Debrief) -> None:
        self.phase = "debrief"


def _edited(plan: Plan, values: Mapping[str, p.Value]) -> Plan:
    """A form with other numbers in it.  Raises Refusal for a field that there is not, or what is no value of it."""
    known = dict(plan.values())
    for path, value in values.items():
        if path not in known:
            raise Refusal("there is no such field", path, value, listing(list(known)))
        plan = plan.with_value(path, value)
    try:
        return Plan.model_validate(dict(plan), strict=True)
    except ValidationError as error:
        wrong = error.errors(include_url=False)[0]
        path = ".".join(map(str, wrong["loc"]))
        raise Refusal("cannot be so", path, wrong["input"], wrong["msg"].removeprefix("Input should be ")) from None


def _of_problem(problem: PlanProblem) -> Refusal:
    allowed = listing(problem.choices) if problem.choices else f"from {problem.low:g} to {problem.high:g}"
    return Refusal("cannot be decided", problem.path, problem.value, allowed)


PHASES: Mapping[type, tuple[p.Phase, ...]] = {
    p.Open: ("lobby", "results"),
    p.Pause: ("open",),
    p.Resume: ("paused",),
    p.Extend: ("open", "paused"),
    p.Close: ("open", "paused"),
    p.Intervene: ("lobby", "open", "paused", "results"),
    p.RollBack: ("open", "paused", "results", "debrief"),
    p.Debrief: ("results",),
}
"""When a facilitator's command makes sense; any time for those that are not here."""

CHECKS: Mapping[type, Callable[[Room, Any], None]] = {
    p.Open: Room._check_open,
    p.Substitute: Room._check_seat,
    p.HandBack: Room._check_seat,
    p.Release: Room._check_seat,
    p.Tell: Room._check_seat,
    p.Intervene: Room._check_intervention,
    p.RollBack: Room._check_roll_back,
}

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
