"""What was decided in a game, as its file has it: of each plan what is not as before, checked against the scenario."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from pydantic import ValidationError

from agents.game.company import Intervention, Others
from agents.game.format import Content, GameFileError, from_validation
from agents.game.plan import Plan, PlanProblem, problems
from agents.game.setup import Setup
from agents.strategies import names
from marketsim.errors import Origin, Problem, did_you_mean, listing
from marketsim.scenario.parameters import Parameters
from marketsim.scenario.problems import dotted, in_file
from marketsim.scenario.source import Key, Node


def changes(plan: Plan, before: Plan | None) -> dict[str, Any]:
    """The values of a plan that are not as in another one, all of them if there is none.

    Raises ValidationError for a plan that holds something else than numbers.
    """
    old = {} if before is None else dict(before)
    found: dict[str, Any] = {}
    for field, value in Plan.model_validate(dict(plan)):
        if isinstance(value, dict):
            parts = {part: number for part, number in value.items() if not _same(number, old.get(field, {}).get(part))}
            left_out = sorted(old.get(field, {}).keys() - value.keys())
            parts |= dict.fromkeys(left_out, 0.0)  # which is what it means
            if parts or before is None:
                found[field] = parts
        elif not _same(value, old.get(field)):
            found[field] = value
    return found


def _same(one: object, other: object) -> bool:
    """To the last bit: 0.0 and -0.0 are not the same, nor are 1 and True."""
    return repr(one) == repr(other)


def _merged(before: Plan | None, change: Mapping[str, Any]) -> dict[str, Any]:
    """The inverse of `changes`, not yet checked."""
    merged = {} if before is None else dict(before)
    for field, value in change.items():
        old = merged.get(field)
        merged[field] = {**old, **value} if isinstance(old, dict) and isinstance(value, dict) else value
    return merged


def plans_of(content: Content, setup: Setup, world: Parameters, origin: Origin) -> list[Plan | None]:
    """The plans of all quarters.  Raises GameFileError with what is wrong with the first that cannot be."""
    plans: list[Plan | None] = []
    last: Plan | None = None
    for index, quarter in enumerate(content.quarters):
        where: tuple[Key, ...] = ("quarters", index, "plan")
        if (quarter.plan is None) != (setup.vendor is None):
            said = "is required and missing" if quarter.plan is None else "is not known where nobody is played"
            raise GameFileError([Problem(origin, said, dotted(where))])
        if quarter.plan is not None:
            last = _checked(last, quarter.plan, world, origin, where)
        plans.append(last)
    return plans


def company_of(content: Content, setup: Setup, world: Parameters, origin: Origin) -> Iterator[Others]:
    """What others did in all quarters.  Raises GameFileError with what is wrong with the first that cannot be."""
    last: dict[str, Plan] = {}
    for index, quarter in enumerate(content.quarters):
        others, wanted, taken = quarter.others or {}, quarter.interventions or (), quarter.strategies or {}
        where: tuple[Key, ...] = ("quarters", index)
        wrong = list(_strangers((*where, "others"), others, setup.vendor, world, origin))
        wrong += _strangers((*where, "strategies"), taken, None, world, origin)
        wrong += _impossible((*where, "interventions"), index, wanted, world, origin)
        wrong += _not_strategies((*where, "strategies"), taken, origin)
        if wrong:
            raise GameFileError(wrong)
        for vendor, change in others.items():
            last[vendor] = _checked(last.get(vendor), change, world, origin, (*where, "others", vendor))
        yield Others({vendor: last[vendor] for vendor in others}, tuple(wanted), taken)


def _strangers(
    where: tuple[Key, ...], named: Iterable[str], own: str | None, world: Parameters, origin: Origin
) -> Iterator[Problem]:
    """Names of no domestic vendors, or of the own one.  own: that others cannot play."""
    known = [vendor for vendor in world.vendors[: world.domestic] if vendor != own]
    for vendor in named:
        if vendor not in known:
            said = "is the own vendor" if vendor == own else f"is no domestic vendor of {world.scenario.name}"
            hint = "" if vendor == own else did_you_mean(vendor, known)
            yield Problem(origin, said, dotted((*where, vendor)), "", listing(known), hint)


def _impossible(
    where: tuple[Key, ...], now: int, wanted: Sequence[Intervention], world: Parameters, origin: Origin
) -> Iterator[Problem]:
    """Interventions that cannot come.  now: index of their quarter."""
    for number, what in enumerate(wanted):
        for field, allowed in what.problems(world, now):
            yield Problem(origin, "cannot be so", dotted((*where, number, field)), "", allowed)


def _not_strategies(where: tuple[Key, ...], taken: Mapping[str, str], origin: Origin) -> Iterator[Problem]:
    known = names() if taken else []
    for vendor, strategy in taken.items():
        if strategy not in known:
            found, hint = in_file(Node(strategy, origin)), did_you_mean(strategy, known)
            yield Problem(origin, "there is no such strategy", dotted((*where, vendor)), found, listing(known), hint)


def draft_of(content: Content, plans: list[Plan | None], world: Parameters, origin: Origin) -> Plan | None:
    """The form as it was left: it may hold a figure out of bounds, but names nothing that there is not."""
    if content.draft is None:
        return None
    if content.setup.vendor is None:
        raise GameFileError([Problem(origin, "is not known where nobody is played", "draft")])
    draft = _plan(plans[-1] if plans else None, content.draft, origin, ("draft",))
    wrong = [problem for problem in problems(draft, world, dict.fromkeys(world.nodes, math.inf)) if problem.choices]
    if wrong:
        raise GameFileError([_in_file(problem, origin, ("draft",)) for problem in wrong])
    return draft


def _checked(
    before: Plan | None, change: Mapping[str, Any], world: Parameters, origin: Origin, where: tuple[Key, ...]
) -> Plan:
    """A plan as what of it is not as before; how much capacity there is to give up is known when it is played."""
    plan = _plan(before, change, origin, where)
    wrong = problems(plan, world, dict.fromkeys(world.nodes, math.inf))
    if wrong:
        raise GameFileError([_in_file(problem, origin, where) for problem in wrong])
    return plan


def _plan(before: Plan | None, change: Mapping[str, Any], origin: Origin, where: tuple[Key, ...]) -> Plan:
    try:
        return Plan.model_validate(_merged(before, change), strict=True)
    except ValidationError as error:
        raise GameFileError(from_validation(error, origin, where)) from None


def _in_file(problem: PlanProblem, origin: Origin, where: tuple[Key, ...]) -> Problem:
    allowed = listing(problem.choices) if problem.choices else f"from {problem.low:g} to {problem.high:g}"
    found = in_file(Node(problem.value, origin))
    return Problem(origin, "cannot be decided", dotted((*where, problem.path)), found, allowed)
