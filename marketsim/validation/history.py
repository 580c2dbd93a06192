"""The page on a scenario of history: what was fitted, what is predicted, and how it went."""

from __future__ import annotations

from marketsim.scenario.target_file import Target
from marketsim.validation import figures, pictures_worlds
from marketsim.validation.chips import Pictures
from marketsim.validation.study import HISTORY, Case
from marketsim.validation.text import picture


def page(case: Case | None) -> tuple[str, Pictures]:
    """The section, and its pictures as SVG by name."""
    if case is None:
        return f"## 4. Photovoltaics\n\nThere is no scenario `{HISTORY}` in the library: nothing to compare.\n", {}
    if case.targets is None:
        return f"## 4. {case.world.title.en}\n\nThe scenario has no file of targets: nothing to compare.\n", {}
    drawn, shown = _pictures(case)
    predicted = figures.of_use(case.comparisons, "predict")
    most = f"{100 * figures.MOST_RUNS:.0f} %"
    text = f"""\
## 4. {case.world.title.en}

The same rules with other numbers, from {case.trace.quarters[0]} to {case.trace.quarters[-1]}, and
{len(case.world.free)} free parameters. {figures.counts(case.comparisons)} {len(figures.steady(predicted))} of
{len(predicted)} predicted figures are inside in the median run and in at least {most} of runs.

{figures.LEGEND}

{figures.full_table(case)}

### Figures that are missed

{figures.misses(case, case.comparisons)}
{shown}"""
    return text, drawn


def by_measure(case: Case) -> dict[str, list[Target]]:
    """Targets of whole years by measure, of the vendors that the first of them is of."""
    found: dict[str, list[Target]] = {}
    for comparison in case.comparisons:
        target = comparison.target
        if target.period.isdigit() and target.against is None and int(target.period) in case.years:
            same = found.setdefault(target.measure, [])
            if not same or same[0].of == target.of:
                same.append(target)
    return found


def _pictures(case: Case) -> tuple[Pictures, str]:
    targets = by_measure(case)
    drawn, said = {}, []
    if "price" in targets:
        drawn["history-price"] = pictures_worlds.history(case, {"price": targets["price"]})
        drawn["history-experience"] = pictures_worlds.experience(case, targets["price"])
        said.append(picture("history-price", "Price by year, simulated and reported, logarithmic scale"))
    panels = {measure: targets[measure] for measure in pictures_worlds.MEASURES if measure in targets}
    panels.pop("price", None)
    if panels:
        drawn["history-facts"] = pictures_worlds.history(case, panels)
        said.append(picture("history-facts", "Simulated and reported figures by year, one panel each"))
    if "price" in targets:
        said.append(
            "Price over cumulative output; reported prices (diamonds) stand at the simulated output of their year.\n\n"
            + picture("history-experience", "Price over cumulative output on logarithmic scales")
        )
    if not said:
        return drawn, ""
    key = "Diamonds are reported figures with their tolerance: filled ones fitted, hollow ones predicted."
    return drawn, "\n### In pictures\n\n" + "\n\n".join([key, *said]) + "\n"
