"""The first page: what was wanted and found, and the weak points first. All of it follows from numbers."""

from __future__ import annotations

import numpy as np

from marketsim.commands.sources import counts as figures_by_certainty
from marketsim.commands.table_page import answer
from marketsim.markdown import digits_of, listed, number, share, table
from marketsim.results import FALLS
from marketsim.scenario.provenance import CERTAINTY, certainty
from marketsim.shakeout.classify import Class
from marketsim.shakeout.instrument import load_instrument, measurement
from marketsim.shakeout.reference import folder
from marketsim.shakeout.table import load_table
from marketsim.shakeout.table_verdict import assess_table
from marketsim.shakeout.trial import CONTROLS, MOST_FALSE
from marketsim.shakeout.words import in_full
from marketsim.targets import Comparison, of_use
from marketsim.validation import figures
from marketsim.validation.headlines import COMPARED, TEN, largest_fall
from marketsim.validation.ranking import sentence
from marketsim.validation.sensitivity import Screening
from marketsim.validation.shakeout import WANTED
from marketsim.validation.study import Case, Study

WANTED_GROUPS = 4
"""Predicted groups of the default scenario that should be hit."""
VERDICTS = ("active vendors, 2034", "largest fall in active vendors")
"""Outcomes of the screening that the question of a shakeout hangs on."""
HISTORIES = {
    "photovoltaics": in_full(Class.PHOTOVOLTAIC),
    "graphics-chips": "a shakeout, not photovoltaic",
    "us-tyres": "a shakeout",
}
"""What the shakeout test should say of the tables of history."""
WORST = 3
"""Missed figures of a kind that the first page names."""


def page(study: Study) -> str:
    """The section."""
    points = "\n".join(f"{place}. {point}" for place, point in enumerate(_weak(study), 1))
    strong = "\n".join(f"- {point}" for point in _strong(study))
    return f"""\
## 1. In one page

{table(["what", "wanted", "found"], _verdicts(study))}

### Weak points first

{points}

### What holds

{strong}
"""


def _verdicts(study: Study) -> list[list[str]]:
    """What was wanted, and what was found."""
    found = study.default.comparisons
    fitted, predicted = of_use(found, "fit"), of_use(found, "predict")
    free = [comparison for comparison in fitted if not comparison.target.input]
    of_groups = figures.groups(predicted)
    return [
        ["chips: fitted figures inside their tolerance, median run", "all", _part(figures.hits(fitted), fitted)],
        [
            "- of them set by the scenario itself",
            "-",
            _part(figures.hits(figures.inputs(fitted)), figures.inputs(fitted)),
        ],
        ["- of them not set, which the model has to bring about", "all", _part(figures.hits(free), free)],
        [
            "chips: predicted groups with all figures inside, median run",
            f"{WANTED_GROUPS} of {len(of_groups)}",
            f"{sum(group.hit for group in of_groups)} of {len(of_groups)}",
        ],
        ["- single predicted figures inside", "-", _part(figures.hits(predicted), predicted)],
        *_photovoltaics(study.history),
        *_shakeout_test(),
    ]


def _photovoltaics(case: Case | None) -> list[list[str]]:
    if case is None or case.targets is None:
        return [["photovoltaics: history", "-", "no scenario with targets"]]
    past = case.comparisons
    of_fit, of_prediction = of_use(past, "fit"), of_use(past, "predict")
    most = share(figures.MOST_RUNS)
    return [
        ["photovoltaics: fitted figures inside, median run", "all", _part(figures.hits(of_fit), of_fit)],
        [
            "photovoltaics: predicted figures inside, median run",
            "all",
            _part(figures.hits(of_prediction), of_prediction),
        ],
        [f"- and in {most} of runs or more", "all", _part(figures.steady(of_prediction), of_prediction)],
    ]


def _shakeout_test() -> list[list[str]]:
    """How often the shakeout test is right where the class is known, as measured, and what it says of history."""
    instrument, found = load_instrument(), measurement()
    rows = [
        ["shakeout test: controls right, the lowest of them", f"{share(WANTED)} or more", "not measured"],
        ["- runs of other classes taken for photovoltaic", f"{share(MOST_FALSE)} or less", "not measured"],
    ]
    if found and instrument.errors is not None:
        right = {world: found["halves"]["measured_on"][world]["right"]["value"] for world in CONTROLS}
        lowest = min(right, key=lambda world: right[world])
        rows[0][2] = f"{number(right[lowest], '1', 1)} %, `{lowest}`"
        rows[1][2] = f"{number(instrument.errors.false_photovoltaic, '1', 1)} %"
    for name, wanted in HISTORIES.items():
        verdict = assess_table(load_table(folder() / f"{name}.csv"), instrument)
        rows.append([f"- of history: `{name}`", wanted, answer(verdict)])
    return rows


def _part(found: list[Comparison], of: list[Comparison]) -> str:
    return f"{len(found)} of {len(of)}"


def _weak(study: Study) -> list[str]:
    """What a sceptic should know first, the worst first."""
    default = study.default
    fitted, predicted = (of_use(default.comparisons, use) for use in ("fit", "predict"))
    points = [
        *_missed(default, predicted, "Predictions that fail."),
        *_missed(default, fitted, "Fitted figures that are missed all the same."),
    ]
    if study.history is not None and study.history.targets is not None:
        points += _missed(study.history, study.history.comparisons, "History that is missed: photovoltaics.")
    else:
        points.append(
            "**No history yet.** There is no photovoltaic scenario with targets to set against what happened."
        )
    points += _fit(study, fitted, predicted) + _conflicts(study)
    if study.screening is not None:
        places = [index for index, headline in enumerate(TEN) if headline.title in VERDICTS]
        said = " ".join(sentence(study.screening, index, default.words) for index in places)
        points.append(f"**The answer hangs on figures that nobody has measured.** {said} {_shakeouts(study.screening)}")
    return points + _limits(default)


def _shakeouts(screening: Screening) -> str:
    """How often there is a shakeout over the ranges of the free parameters."""
    place = [headline.title for headline in TEN].index("largest fall in active vendors")
    falls = screening.means[:, place]
    found = [f"{share(fall)} or more at {share(float(np.mean(falls >= fall)))}" for fall in FALLS[:2]]
    return f"Over the {len(falls)} points of the screening, the mean fall is {listed(found)} of them."


def _missed(case: Case, chosen: list[Comparison], title: str) -> list[str]:
    """The missed figures of a kind: how many, and the worst of them."""
    missed = figures.worst_first(chosen)
    if not missed:
        return []
    worst = "".join(f"\n   - {figures.miss(case, found)}" for found in missed[:WORST])
    farthest = f", the {WORST} farthest" if len(missed) > WORST else ""
    return [f"**{title}** {len(missed)} of {len(chosen)} figures are outside their tolerance{farthest}:{worst}"]


def _fit(study: Study, fitted: list[Comparison], predicted: list[Comparison]) -> list[str]:
    """How little the fit shows."""
    given, found = figures.inputs(fitted), figures.hits(predicted)
    points = [
        f"**Much agreement is by construction.** {len(given)} of the {len(fitted)} fitted figures are set by the "
        "scenario: that they agree says that inputs and sources agree, nothing of the model. So are "
        f"{len(figures.inputs(found))} of the {len(found)} predicted figures that are hit."
    ]
    free, left = len(study.default.world.free), len(fitted) - len(given)
    if free > left:
        points.append(
            f"**The fit is underdetermined.** {free} free parameters face {left} fitted figures that the scenario does "
            "not set. Other values would fit as well, and lead elsewhere: see section 6."
        )
    return points


def _limits(case: Case) -> list[str]:
    """What the figures of this report cannot say."""
    assert case.targets is not None
    missed = figures.worst_first(case.comparisons)
    never = sum(comparison.share_inside == 0 for comparison in missed)
    certainties = [certainty(figures.origin_of(case.targets, found)) for found in case.comparisons]
    basis = listed([f"{certainties.count(word)} {word}" for word in (*CERTAINTY, "unmarked") if word in certainties])
    last, end = case.targets.last_quarter(), case.trace.quarters[-1]
    return [
        "**Ranges show luck alone.** Runs differ by luck and not by what nobody knows, so they are far too narrow as "
        f"forecasts: of {len(missed)} missed figures, {never} are missed in every single run.",
        f"**Most figures are assumptions.** The default scenario holds {figures_by_certainty(case.loaded.tree)}; the "
        f"{len(case.comparisons)} figures that it is set against are {basis} themselves.",
        f"**The years after {last} cannot be checked.** No target is later, and runs go on to {end}.",
    ]


def _conflicts(study: Study) -> list[str]:
    """How far the alternative scenarios lie apart."""
    cases = [study.default, *study.alternatives.values()]
    if len(cases) == 1:
        return []
    spans = []
    for headline in COMPARED:
        medians = [float(np.median(headline.of(case.played))) for case in cases]
        digits = 0 if headline.unit == "firms" else digits_of(medians, headline.unit)
        low, high = (number(end, headline.unit, digits) for end in (min(medians), max(medians)))
        if low != high:
            unit = {"1": " %", "rmb_m": " RMB bn"}.get(headline.unit, "")
            spans.append(f"\n   - {headline.title}: {low} to {high}{unit}")
    return [
        f"**Sources conflict, and the answer moves with whom one believes.** Medians of the {len(cases)} scenarios of "
        f"section 3:{''.join(spans)}"
    ]


def _strong(study: Study) -> list[str]:
    """What can be relied on, within the limits named above."""
    default = study.default
    points = [figures.counts(default.comparisons)]
    reached = [group for group in figures.groups(of_use(default.comparisons, "predict")) if group.hit]
    if reached:
        names = "; ".join(f"group {group.number}, {group.name}" for group in reached)
        points.append(f"Predicted and met with all figures: {names}.")
    if study.history is not None and study.history.targets is not None:
        points.append(f"Photovoltaics: {figures.counts(study.history.comparisons)}")
    if study.generators:
        falls = [
            f"{case.world.title.en} {number(float(np.median(largest_fall(case.played))), '1', 0)} %"
            for name, case in study.cases.items()
            if name not in study.alternatives
        ]
        points.append(f"The same rules give shakeouts and none, median largest fall in active firms: {listed(falls)}.")
    return points
