"""The tables of the report on an experiment."""

from __future__ import annotations

import numpy as np

from marketsim.experiments.analysis.drivers import Driver
from marketsim.experiments.analysis.robustness import PolicyRobustness, Robustness
from marketsim.reports.findings import NAMED, box, box_lines, criterion, failing_outcome
from marketsim.reports.material import Material, clear_drivers, is_clear
from marketsim.reports.page import Block, Cell, Table, Text
from marketsim.reports.words import NOTHING, Unit, plain
from marketsim.shakeout.statistics import Interval


def overview(material: Material) -> list[Block]:
    """All differences, a row a policy and a column an outcome; nothing if no run can be compared."""
    differences = material.analysis.differences
    if not any(each.pairs for each in differences):
        return []
    say, speaker, outcomes = material.speaker.say, material.speaker, list(material.results.outcomes)
    found = {(each.policy, each.outcome): each for each in differences}
    rows: list[list[Cell | str]] = []
    for policy in material.others:
        row: list[Cell | str] = [material.policy(policy)]
        for outcome in outcomes:
            each, unit = found[policy, outcome], material.unit(outcome)
            if each.tied == 1:
                row.append(Cell("0"))
                continue
            reach = (each.difference.high - each.difference.low) / 2
            digits = speaker.digits(unit, each.difference.value, reach)
            within = f"±{speaker.number(reach, unit, digits)}" if np.isfinite(reach) else ""
            row.append(Cell(speaker.signed(each.difference.value, unit, digits), within, material.standing(each)))
        rows.append(row)
    columns: list[Cell | str] = [say("policy"), *(_head(material, outcome) for outcome in outcomes)]
    note = say("overview-note", baseline=material.baseline, tests=len(differences))
    return [Table(columns, rows, look="matrix"), Text([note])]


def _head(material: Material, outcome: str) -> Cell:
    """An outcome as the head of a column: its title, year and unit below each other."""
    title, year = material.heading(outcome)
    unit = material.speaker.name(material.unit(outcome).of_change)
    return Cell(title, "\n".join(part for part in (year, unit) if part))


def hanging(material: Material) -> list[Block]:
    """What the largest differences of each policy hang on; nothing if there are none, or nothing tells."""
    say, speaker = material.speaker.say, material.speaker
    rows: list[list[Cell | str]] = []
    for policy in material.others:
        for each in [one for one in material.of_policy(policy) if material.is_large(one)][:NAMED]:
            found, unit = material.drivers_of(each.outcome, policy), material.unit(each.outcome)
            strong = [] if found is None else clear_drivers(found)[:NAMED]
            if found is None or not strong:
                continue
            lines = "\n".join(_moved(material, driver, unit) for driver in strong)
            luck = say("luck-of-it", share=speaker.share(found.noise)) if np.isfinite(found.noise) else ""
            explained = speaker.share(min(found.explained, 1.0)) if np.isfinite(found.explained) else NOTHING
            mean = speaker.change(each.difference.value, unit)
            rows.append(
                [material.policy(policy), material.phrase(each.outcome), mean, Cell(lines), Cell(explained, luck)]
            )
    keys = ("policy", "outcome", "mean-difference", "hangs-most-on", "explained")
    table = Table([say(key) for key in keys], rows, words=5, title=say("hanging"))
    return [table, Text([say("hanging-note")])] if rows else []


def _moved(material: Material, driver: Driver, unit: Unit) -> str:
    """A parameter, and the difference where it is low and where it is high."""
    speaker, digits = material.speaker, material.speaker.digits(unit, driver.low, driver.high)
    low, high = (speaker.signed(value, unit, digits) for value in (driver.low, driver.high))
    return speaker.say("colon", title=material.parameter(driver.name), text=f"{low}\u00a0→\u00a0{high}")


def lasting(material: Material) -> list[Block]:
    """How many vendors last under each policy, and whether that is another share than under the baseline."""
    say, speaker, found = material.speaker.say, material.speaker, material.analysis.survival
    if not material.others or not found or found[0].policy != material.analysis.policies[0]:
        return []
    rows: list[list[Cell | str]] = []
    for each in found:
        last = [point.share for point in each.curve if point.years <= each.horizon][-1]
        row: list[Cell | str] = [material.policy(each.policy), _with_span(material, last)]
        if each.shift is None or each.log_rank is None:
            row += [NOTHING, NOTHING]
        else:
            row += [_with_span(material, each.shift, signed=True), speaker.p_value(each.log_rank)]
        rows.append(row)
    years = plain(found[0].horizon)
    shift = Cell(say("shift", baseline=material.baseline), speaker.name(speaker.of_runs.of_change))
    columns: list[Cell | str] = [say("policy"), say("last", years=years), shift, say("log-rank")]
    return [Table(columns, rows, title=say("lasting", years=years)), Text([say("lasting-note", years=years)])]


def _with_span(material: Material, found: Interval, signed: bool = False) -> Cell:
    """A share with its interval below, if it has one.  signed: a difference, which stands out if told from zero."""
    speaker, share = material.speaker, material.speaker.of_runs
    form = speaker.signed if signed else speaker.amount
    value = form(found.value, share, speaker.digits(share, found.value, found.low, found.high))
    span = speaker.span(found, share, signed) if np.isfinite(found.low) else ""
    return Cell(value, span, ("moved" if is_clear(found) else "not-told") if signed else "")


def failures(material: Material) -> list[Block]:
    """How often each policy fails, a column for each way of failing, and where; nothing if none ever fails."""
    say, speaker = material.speaker.say, material.speaker
    found = {(each.policy, each.outcome): each for each in material.analysis.discoveries if each.failure != "regret"}
    heads: dict[str, Cell] = {}
    for each in found.values():
        if each.failing:
            heads.setdefault(each.outcome, Cell(failing_outcome(material, each.outcome), criterion(material, each)))
    if not heads:
        return []
    rows: list[list[Cell | str]] = []
    for policy in material.analysis.policies:
        row: list[Cell | str] = [material.policy(policy)]
        for outcome in heads:
            one = found.get((policy, outcome))
            share = NOTHING if one is None or not one.points else speaker.share(one.failing / one.points)
            row.append(Cell(share, box_lines(material, one) if one is not None else ""))
        rows.append(row)
    columns: list[Cell | str] = [say("policy"), *heads.values()]
    note = say("failures-note", points=speaker.count(max(each.points for each in found.values())))
    return [Table(columns, rows, words=len(columns), title=say("all-failures"), look="boxes"), Text([note])]


def robustness(material: Material) -> list[Block]:
    """The safest policy by each outcome; nothing if no outcome says what is safe."""
    say, speaker, found = material.speaker.say, material.speaker, material.analysis.robustness
    if not any(each.least_regret or each.most_often_enough for each in found):
        return []
    rows: list[list[Cell | str]] = []
    for each in found:
        unit, about = material.unit(each.outcome), material.results.outcomes[each.outcome]
        least, most = _row(each, each.least_regret), _row(each, each.most_often_enough)
        enough = Cell(NOTHING)
        if most is not None and most.enough is not None:
            enough = Cell(material.policy(most.policy), speaker.with_interval(most.enough, speaker.of_runs))
        line = NOTHING
        if about.get("enough") is not None:
            key = "at-most" if about["better"] == "lower" else "at-least"
            line = say(key, value=speaker.given(about["enough"], unit))
        rows.append(
            [material.outcome(each.outcome), _regret(material, least, unit), _far(material, each), line, enough]
        )
    columns = [say(key) for key in ("outcome", "least-regret", "far", "enough-is", "most-enough")]
    return [Table(columns, rows, words=5), Text([say("robustness-note")])]


def _regret(material: Material, least: PolicyRobustness | None, unit: Unit) -> Cell:
    """The policy of the smallest largest regret."""
    if least is None or least.regret_max is None:
        return Cell(NOTHING)
    value = material.speaker.amount(least.regret_max, unit.of_change)
    return Cell(material.policy(least.policy), material.speaker.say("largest-regret", value=value))


def _far(material: Material, found: Robustness) -> Cell | str:
    """In how many worlds even the safest policy is far from the best, and where."""
    speaker = material.speaker
    looked = [
        each for each in material.analysis.discoveries if (each.outcome, each.failure) == (found.outcome, "regret")
    ]
    if not looked:
        return NOTHING
    share = speaker.share(looked[0].failing / max(looked[0].points, 1))
    where = [box(material, looked[0])] if looked[0].limits else []
    return Cell(share, speaker.clauses([criterion(material, looked[0]), *where]))


def _row(found: Robustness, policy: str | None) -> PolicyRobustness | None:
    return next((each for each in found.policies if each.policy == policy), None)
