"""The pages on conflicting sources and on worlds that must come out as another kind of market."""

from __future__ import annotations

import numpy as np

from marketsim.markdown import middle_and_range, picture, share, shown_unit, table
from marketsim.results import FALLS
from marketsim.targets import of_use
from marketsim.validation import figures, pictures_worlds
from marketsim.validation.chips import Pictures
from marketsim.validation.headlines import COMPARED, SIGNATURES, Headline, largest_fall
from marketsim.validation.study import DEFAULT, Case, Study


def alternatives(study: Study) -> str:
    """The section on what follows from believing other sources."""
    head = "## 3. Where sources conflict\n\n"
    if not study.alternatives:
        return head + f"There are no scenarios `{DEFAULT}-*` in the library.\n"
    cases = [study.default, *study.alternatives.values()]
    names = ["default", *(name.removeprefix(f"{DEFAULT}-") for name in study.alternatives)]
    words = study.default.words
    rows = [
        [f"{headline.title}, {shown_unit(headline.unit, words)}", *(_cell(case, headline) for case in cases)]
        for headline in COMPARED
    ]
    rows += [
        [f"runs with a fall of {share(fall)} or more, %", *(share(_runs_with_fall(case, fall)) for case in cases)]
        for fall in FALLS[:2]
    ]
    for use, label in (("fit", "fitted"), ("predict", "predicted")):
        rows.append([f"{label} figures inside, number", *(_inside(case, use) for case in cases)])
    about = "\n".join(f"- `{name}`: {case.world.description.en.strip()}" for name, case in study.alternatives.items())
    return f"""{head}\
Houses that follow this market contradict each other on what limits supply, how fast the domestic ramp goes and
whether imports come back. The default takes one side; each of these scenarios takes another, all else equal and
with the same luck:

{about}

Median over {study.settings.runs:,} runs, in brackets the middle 80 %. The last two rows set each scenario beside
the same targets: a scenario that contradicts the figures of the other house by design loses some of them.

{table(["outcome", *names], rows, range(1, len(names) + 1))}
"""


def _cell(case: Case, headline: Headline) -> str:
    return middle_and_range(headline.of(case.played), headline.unit)


def _runs_with_fall(case: Case, fall: float) -> float:
    return float(np.mean(largest_fall(case.played) >= fall - 1e-9))


def _inside(case: Case, use: str) -> str:
    chosen = of_use(case.comparisons, use)
    return f"{len(figures.hits(chosen))} of {len(chosen)}"


def generators(study: Study) -> tuple[str, Pictures]:
    """The section on other kinds of markets, and its picture."""
    head = "## 5. Other kinds of markets\n\n"
    if not study.generators:
        return head + "None of the scenarios of other kinds of markets is in the library.\n", {}
    shown = {name: case for name, case in study.cases.items() if name not in study.alternatives}
    rows = [
        [f"`{name}`", *(middle_and_range(headline.of(case.played), headline.unit) for headline in SIGNATURES)]
        for name, case in shown.items()
    ]
    about = "\n".join(f"- `{name}`: {case.world.description.en.strip()}" for name, case in study.generators.items())
    text = f"""{head}\
If the rules gave a shakeout whatever is put in, a shakeout in the default scenario would mean nothing. These
scenarios use the same rules with numbers that should make another kind of market each:

{about}

Per cent, median over runs and the middle 80 %. Changes are from the year with most active firms to the last year;
margin is that of domestic vendors together, use that of capacity contracts.

{table(["scenario", *(headline.title for headline in SIGNATURES)], rows, range(1, len(SIGNATURES) + 1))}

{picture("worlds-active", "Active firms over time in each scenario, median and middle 80 % of runs")}
"""
    return text, {"worlds-active": pictures_worlds.active_firms(shown)}
