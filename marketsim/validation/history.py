"""The page on a scenario of history: what was fitted, what is predicted, and how it went."""

from __future__ import annotations

from marketsim.markdown import picture
from marketsim.targets import of_use
from marketsim.validation import figures, pictures_worlds
from marketsim.validation.chips import Pictures
from marketsim.validation.pictures_worlds import Panel
from marketsim.validation.study import HISTORY, Case


def page(case: Case | None) -> tuple[str, Pictures]:
    """The section, and its pictures as SVG by name."""
    if case is None:
        return f"## 4. Photovoltaics\n\nThere is no scenario `{HISTORY}` in the library: nothing to compare.\n", {}
    if case.targets is None:
        return f"## 4. {case.world.title.en}\n\nThe scenario has no file of targets: nothing to compare.\n", {}
    drawn, shown = _pictures(case)
    predicted = of_use(case.comparisons, "predict")
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


def panel(case: Case, measure: str) -> Panel:
    """A measure by year, of the vendors that the first figure on it is of, with all figures on it of these vendors."""
    targets = [comparison.target for comparison in case.comparisons if comparison.target.against is None]
    yearly = [target for target in targets if target.measure == measure and target.period.isdigit()]
    troughs = [target for target in targets if target.measure == f"{measure}_trough"]
    of = next((target.of for target in yearly + troughs), None)
    template = targets[0].model_copy(update={"measure": measure, "of": of})
    points = [target for target in yearly if target.of == of and int(target.period) in case.years]
    return Panel(template, points, [target for target in troughs if target.of == of])


def _pictures(case: Case) -> tuple[Pictures, str]:
    price, output, *others = (panel(case, measure) for measure in pictures_worlds.MEASURES)
    drawn = {
        "history-price": pictures_worlds.history(case, [price, output]),
        "history-facts": pictures_worlds.history(case, others),
        "history-experience": pictures_worlds.experience(case, price),
    }
    text = f"""
### In pictures

Diamonds are reported figures with their tolerance: filled ones fitted, hollow ones predicted. A box is the tolerance of
the lowest year in its span: the lowest point of the line there should lie in it.

{picture("history-price", "Price and output by year, simulated and reported, logarithmic scale")}

{picture("history-facts", "Firms, use of capacity, margin and concentration by year, simulated and reported")}

Price over cumulative output; reported prices (diamonds) stand at the simulated output of their year.

{picture("history-experience", "Price over cumulative output on logarithmic scales")}
"""
    return drawn, text
