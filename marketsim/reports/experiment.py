"""The report on an experiment."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np
import yaml

from marketsim.experiments.analysis.robustness import PolicyRobustness, Robustness
from marketsim.experiments.manifest import SCENARIO
from marketsim.experiments.results import Results
from marketsim.reports.charts import Figure
from marketsim.reports.figures import figures
from marketsim.reports.findings import box, criterion, failing_outcome, findings, headline
from marketsim.reports.material import Material
from marketsim.reports.page import Block, Cell, Drawing, Report, Section, Table, Text
from marketsim.reports.provenance import method, provenance
from marketsim.reports.words import NOTHING
from marketsim.scenario.vocabulary import Vocabulary


def vocabulary_of(results: Results) -> Vocabulary:
    """The words of the industry; those of AI chips if the scenario is missing from the results."""
    text = results.store.read(SCENARIO)
    scenario = {} if text is None else yaml.safe_load(text)
    return Vocabulary.model_validate(scenario.get("vocabulary") or {})


def experiment_report(material: Material, damaged: bool) -> Report:
    """The whole report.  damaged: parts of the results were left out."""
    say, analysis = material.speaker.say, material.analysis
    drawn = {figure.name: figure for figure in figures(material)}
    count = material.speaker.count(sum(analysis.runs.values()))
    warnings = [] if analysis.complete else [say("unfinished", n=count)]
    warnings += [say("damaged")] if damaged else []
    return Report(
        title=material.speaker.title(material.results.manifest["title"]),
        facts=list(_facts(material)),
        headline=headline(material),
        findings=findings(material),
        sections=[*_sections(material, drawn), method(material), provenance(material)],
        warnings=warnings,
    )


def _facts(material: Material) -> Iterator[str]:
    say, speaker, analysis = material.speaker.say, material.speaker, material.analysis
    parameters = len(material.results.manifest["uncertain"])
    pairs = max((each.pairs for each in analysis.verdicts[1:]), default=0)
    if not material.others:
        yield say("runs", n=speaker.count(sum(analysis.runs.values())))
        return
    yield say(
        "facts" if parameters else "facts-certain",
        policies=len(material.others),
        baseline=material.baseline,
        pairs=speaker.count(pairs),
        points=speaker.count(analysis.points),
        parameters=parameters,
    )


def _sections(material: Material, drawn: Mapping[str, Figure]) -> Iterator[Section]:
    """The details: tables and figures, those that there are."""
    say = material.speaker.say
    if any(each.pairs for each in material.analysis.differences):
        yield Section("overview", say("overview"), [_overview(material), Text([_note(material)])])
    for name in ("differences", "paths", "verdicts", "drivers", "survival", "failing"):
        blocks: list[Block] = [Drawing(drawn[name])] if name in drawn else []
        if name == "failing" and any(
            each.failing and each.failure != "regret" for each in material.analysis.discoveries
        ):
            blocks += _failures(material)
        if blocks:
            yield Section(f"part-{name}", drawn[name].title if name in drawn else say(name), blocks)
    if any(each.least_regret or each.most_often_enough for each in material.analysis.robustness):
        yield Section("robustness", say("robustness"), [_robustness(material), Text([say("robustness-note")])])


def _note(material: Material) -> str:
    return material.speaker.say("overview-note", baseline=material.baseline, tests=len(material.analysis.differences))


def _overview(material: Material) -> Table:
    """All differences, a row a policy and a column an outcome."""
    speaker, outcomes = material.speaker, list(material.results.outcomes)
    found = {(each.policy, each.outcome): each for each in material.analysis.differences}
    rows: list[list[Cell | str]] = []
    for policy in material.others:
        row: list[Cell | str] = [material.policy(policy)]
        for outcome in outcomes:
            each = found[policy, outcome]
            unit = material.unit(outcome)
            if each.tied == 1:
                row.append(Cell("0"))
                continue
            digits = speaker.digits(unit, each.difference.value, each.difference.low, each.difference.high)
            known = np.isfinite(each.difference.low)
            span = speaker.span(each.difference, unit, signed=True) if known else ""
            row.append(Cell(speaker.signed(each.difference.value, unit, digits), span, material.standing(each)))
        rows.append(row)
    heads = [Cell(material.outcome(name), speaker.name(material.unit(name).of_change)) for name in outcomes]
    columns: list[Cell | str] = [speaker.say("policy"), *heads]
    return Table(columns, rows, look="matrix")


def _failures(material: Material) -> list[Block]:
    """How often each policy fails, a column for each way of failing, and where."""
    say, speaker = material.speaker.say, material.speaker
    found = {(each.policy, each.outcome): each for each in material.analysis.discoveries if each.failure != "regret"}
    outcomes = list(dict.fromkeys(outcome for _, outcome in found))
    heads: dict[str, Cell] = {}
    for each in found.values():
        if each.failing:
            heads.setdefault(each.outcome, Cell(failing_outcome(material, each.outcome), criterion(material, each)))
    rows: list[list[Cell | str]] = []
    for policy in material.analysis.policies:
        row: list[Cell | str] = [material.policy(policy)]
        for outcome in (outcome for outcome in outcomes if outcome in heads):
            one = found.get((policy, outcome))
            share = NOTHING if one is None or not one.points else speaker.share(one.failing / one.points)
            row.append(Cell(share, box(material, one) if one is not None and one.limits else ""))
        rows.append(row)
    columns: list[Cell | str] = [say("policy"), *(heads[outcome] for outcome in outcomes if outcome in heads)]
    note = Text([say("failures-note", points=speaker.count(max(each.points for each in found.values())))])
    return [Table(columns, rows, title=say("all-failures"), look="matrix"), note]


def _robustness(material: Material) -> Table:
    """The safest policy by each outcome."""
    say, speaker = material.speaker.say, material.speaker
    rows: list[list[Cell | str]] = []
    for found in material.analysis.robustness:
        unit, about = material.unit(found.outcome), material.results.outcomes[found.outcome]
        least, most = _row(found, found.least_regret), _row(found, found.most_often_enough)
        regret = Cell(NOTHING)
        if least is not None and least.regret_max is not None:
            value = speaker.amount(least.regret_max, unit.of_change)
            regret = Cell(material.policy(least.policy), say("largest-regret", value=value))
        enough = Cell(NOTHING)
        if most is not None and most.enough is not None:
            enough = Cell(material.policy(most.policy), speaker.with_interval(most.enough, speaker.of_runs))
        line = NOTHING
        if about.get("enough") is not None:
            key = "at-most" if about["better"] == "lower" else "at-least"
            line = say(key, value=speaker.given(about["enough"], unit))
        rows.append([material.outcome(found.outcome), regret, _far(material, found), line, enough])
    columns = [say(key) for key in ("outcome", "least-regret", "far", "enough-is", "most-enough")]
    return Table(columns, rows, words=5)


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
