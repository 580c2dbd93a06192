"""What may be done in a room: whether a command can be carried out as it stands, or what is wrong with it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from agents.game.company import Intervention
from agents.game.plan import Plan, PlanProblem
from agents.strategies import names
from agents.workshop import protocol as p
from agents.workshop.entries import FACILITATOR
from agents.workshop.library import library_policy
from agents.workshop.names import clean
from marketsim.errors import MarketSimError, listing, printable

if TYPE_CHECKING:
    from agents.workshop.room import Room, Seat


class Refusal(MarketSimError):
    """A command that changes nothing, with what is wrong: field, value and what is allowed, where it is one thing."""

    def __init__(self, message: str, field: str = "", value: object = "", allowed: str = "") -> None:
        super().__init__(message)
        self.message, self.field, self.value, self.allowed = message, field, printable(str(value), 80), allowed


def check(room: Room, who: str, command: p.Command) -> None:
    """Whether a command may be carried out.  who: FACILITATOR or a vendor.  Raises Refusal."""
    if who != FACILITATOR:
        _check_team(room, room.seats[who], command)
        return
    if isinstance(command, p.TeamCommand):
        raise Refusal("only a team can do this", "kind", command.kind)
    wanted = PHASES.get(type(command))
    if wanted is not None and room.phase not in wanted:
        raise Refusal(f"this cannot be done now: the room is in phase {room.phase}", "kind", command.kind)
    CHECKS.get(type(command), _nothing)(room, command)


# -- Teams -------------------------------------------------------------------------------------------------------------


def _check_team(room: Room, seat: Seat, command: p.Command) -> None:
    if not isinstance(command, p.TeamCommand):
        raise Refusal("only the facilitator can do this", "kind", command.kind, "edit, submit or withdraw")
    if seat.name is None:
        raise Refusal("your team has this seat no longer")
    if room.over or room.phase == "debrief":
        raise Refusal("the market is over")
    if not room.alive(seat):
        raise Refusal("your company has failed")
    if command.quarter != room.quarter:
        raise Refusal("this quarter is not the one to be decided", "quarter", command.quarter, room.quarter)
    if isinstance(command, p.Edit):
        edited(seat.plan, command.values)
    elif room.phase != "open":
        raise Refusal(f"the quarter is not open: {room.phase}", "quarter", command.quarter)
    elif isinstance(command, p.Submit):
        for refusal in _of_plan(room, seat, command.plan):
            raise refusal
    elif seat.submitted is None:
        raise Refusal("nothing was handed in for this quarter")


def edited(plan: Plan, values: Mapping[str, p.Value]) -> Plan:
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


def _of_plan(room: Room, seat: Seat, plan: Plan) -> Iterator[Refusal]:
    """What is wrong with a plan; it must have a value for every field of the form."""
    given = dict(plan.values())
    for path, _ in seat.plan.values():
        if path not in given:
            yield Refusal("is missing", path)
    for problem in room.problems(seat, plan):
        yield _of_problem(problem)


def _of_problem(problem: PlanProblem) -> Refusal:
    allowed = listing(problem.choices) if problem.choices else f"from {problem.low:g} to {problem.high:g}"
    return Refusal("cannot be decided", problem.path, problem.value, allowed)


# -- The facilitator ---------------------------------------------------------------------------------------------------


def intervention(room: Room, command: p.Intervene) -> Intervention:
    """What a command lets happen.  Raises Refusal for neither or both, or a policy that there is not."""
    if (command.intervention is None) == (command.policy is None):
        raise Refusal("either an intervention or a policy is needed", "intervention")
    if command.intervention is not None:
        return command.intervention
    assert command.policy is not None
    found = library_policy(command.policy, room.game.world)
    if isinstance(found, Intervention):
        return found
    raise Refusal("there is no such policy", "policy", command.policy, listing(found))


def _nothing(room: Room, command: Any) -> None:
    """Nothing but its phase can be wrong with the command."""


def _check_open(room: Room, command: p.Open) -> None:
    if room.over:
        raise Refusal("the last quarter has been played")


def _check_intervention(room: Room, command: p.Intervene) -> None:
    if room.over:
        raise Refusal("the last quarter has been played")
    for field, allowed in intervention(room, command).problems(room.game.parameters, room.game.now.index):
        raise Refusal("cannot be so", f"intervention.{field}", "", allowed)


def _check_tell(room: Room, command: p.Tell) -> None:
    if not clean(command.text, p.WIDEST_TEXT):
        raise Refusal("there is nothing in this message", "text", command.text)
    if command.vendor is not None:
        _team(room, command.vendor)


def _check_substitute(room: Room, command: p.Substitute) -> None:
    _team(room, command.vendor)
    if command.strategy not in names():
        raise Refusal("there is no such strategy", "strategy", command.strategy, listing(names()))


def _check_hand_back(room: Room, command: p.HandBack) -> None:
    if _team(room, command.vendor).strategy is None:
        raise Refusal("this team plays itself", "vendor", command.vendor)


def _check_release(room: Room, command: p.Release) -> None:
    _team(room, command.vendor)


def _team(room: Room, vendor: str) -> Seat:
    """The seat of a team.  Raises Refusal if no team has it."""
    seat = room.seats.get(vendor)
    if seat is None or seat.name is None:
        taken = [seat.vendor for seat in room.seats.values() if seat.name is not None]
        raise Refusal("no team has this seat", "vendor", vendor, listing(taken) or "no team is there yet")
    return seat


def _check_roll_back(room: Room, command: p.RollBack) -> None:
    most = room.played if room.phase in ("open", "paused") else room.played - 1
    if not room.ahead <= command.played <= most:
        raise Refusal("so many quarters cannot be kept", "played", command.played, f"{room.ahead} to {most}")


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
    p.Open: _check_open,
    p.Intervene: _check_intervention,
    p.Tell: _check_tell,
    p.Substitute: _check_substitute,
    p.HandBack: _check_hand_back,
    p.Release: _check_release,
    p.RollBack: _check_roll_back,
}
