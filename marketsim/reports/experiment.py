"""The report on an experiment."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

import yaml

from marketsim.experiments.manifest import SCENARIO
from marketsim.experiments.results import Results
from marketsim.reports.charts import Figure
from marketsim.reports.figures import figures
from marketsim.reports.findings import findings, headline
from marketsim.reports.material import Material
from marketsim.reports.page import Block, Drawing, Report, Section
from marketsim.reports.provenance import method, provenance
from marketsim.reports.tables import failures, hanging, lasting, overview, robustness
from marketsim.scenario.vocabulary import Vocabulary

_TABLES: Mapping[str, Callable[[Material], list[Block]]] = {
    "overview": overview,
    "differences": hanging,
    "survival": lasting,
    "failing": failures,
    "robustness": robustness,
}


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
    """The details: figures with the tables below them, those that there are."""
    for name in ("overview", "differences", "paths", "verdicts", "drivers", "survival", "failing", "robustness"):
        blocks: list[Block] = [Drawing(drawn[name])] if name in drawn else []
        blocks += _TABLES[name](material) if name in _TABLES else []
        if blocks:
            title = drawn[name].title if name in drawn else material.speaker.say(name)
            yield Section(f"part-{name}", title, blocks)
