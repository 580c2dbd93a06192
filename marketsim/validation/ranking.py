"""The page on what the outcomes of the default scenario hang on."""

from __future__ import annotations

import numpy as np

from marketsim.markdown import digits_of, listed, number, picture, shown_unit, table
from marketsim.scenario.free import FreeSpace
from marketsim.scenario.vocabulary import Words
from marketsim.validation import pictures_worlds
from marketsim.validation.chips import Pictures
from marketsim.validation.headlines import TEN
from marketsim.validation.sensitivity import Screening
from marketsim.validation.study import Case, Study, band

TOP = 5
NOWHERE = 0.1
"""Share of an outcome's largest effect below which a parameter does not matter for it."""


def page(study: Study) -> tuple[str, Pictures]:
    """The section, and its picture as SVG by name."""
    screening = study.screening
    head = "## 6. What the outcomes hang on\n\n"
    if screening is None:
        return head + "The default scenario has no free parameters: nothing to screen.\n", {}
    settings, words = study.settings, study.default.words
    outcomes = "\n".join(f"- {headline.title}: {headline.why}" for headline in TEN)
    rankings = "\n".join(_ranking(screening, outcome, words) for outcome in range(len(TEN)))
    text = f"""{head}\
The default scenario has {len(screening.names)} free parameters: figures that no source pins down, each with a range
that is judgement (listed at the end of this section). Screening by the method of Morris moves each of them alone,
from {settings.trajectories} random starting points in the space of all: {screening.points} points, each the mean of
{settings.runs_of_point} runs that meet the same luck everywhere.

**How to read it.** mu\\* is the mean size of an outcome's change when the parameter goes from the low to the high
end of its range, whatever the sign, with its 95 % interval; mu is the mean with the sign. sigma is how much that
change differs from place to place: where it is as large as mu\\*, what the parameter does depends on the others.
Ranges are wide and weighted alike: this ranks what is worth finding out, it is no interval of confidence. Luck is
the standard deviation over runs of the scenario as it is; *at most points* gives the middle 80 % of the points of
the screening, means over runs: what nobody knows, beside what luck does. In sentences, ± before an effect says that
it goes up in some places and down in others.

Ten outcomes, because each answers one question:

{outcomes}

{picture("sensitivity", "Mean size of the effect of every free parameter on every outcome, per cent of the largest")}

Mean size of effect, mu\\*, per cent of the largest on the same outcome. {_nowhere(screening)}

{rankings}
### The free parameters

{_parameters(study.default)}
"""
    return text, {"sensitivity": pictures_worlds.heat_map(screening)}


def sentence(screening: Screening, outcome: int, words: Words) -> str:
    """What an outcome hangs on, in plain language."""
    headline = TEN[outcome]
    subject = words.text(_capital(headline.subject))
    first, *others = screening.ranking(outcome)[:3]
    if screening.mu_star[outcome, first] == 0:
        return f"{subject} hangs on none of the free parameters."
    low, _, high = (float(end) for end in band(screening.means[:, outcome]))
    figures = [float(screening.middle[outcome]), float(screening.luck[outcome]), low, high]
    digits = digits_of(figures, headline.unit)
    middle, luck, low_end, high_end = (number(figure, headline.unit, digits) for figure in figures)
    level, amount = _unit(headline.unit, words), _unit(headline.unit, words, change=True)
    then = listed([f"`{screening.names[index]}` ({_effect(screening, outcome, index)})" for index in others])
    spread = f"{middle}{level} on average, luck ±{luck}, {low_end} to {high_end} at most points"
    effect = f"{_effect(screening, outcome, first)}{amount}"
    return (
        f"{subject} ({spread}) hangs most on `{screening.names[first]}`: raising it from the low to the high end of "
        f"its range moves it by {effect} on average{f'. Next come {then}' if then else ''}."
        f"{_caution(screening, outcome, first)}"
    )


def _effect(screening: Screening, outcome: int, parameter: int) -> str:
    """The mean effect with its sign; without, where it goes either way."""
    unit = TEN[outcome].unit
    size, signed = float(screening.mu_star[outcome, parameter]), float(screening.mu[outcome, parameter])
    digits = digits_of([size], unit)
    if abs(signed) < 0.5 * size:
        return f"±{number(size, unit, digits)}"
    return f"{'+' if signed > 0 else ''}{number(signed, unit, digits)}"


def _caution(screening: Screening, outcome: int, first: int) -> str:
    size = screening.mu_star[outcome, first]
    if abs(screening.mu[outcome, first]) < 0.5 * size:
        return " In which direction depends on the other parameters."
    if screening.sigma[outcome, first] > size:
        return " How much depends on the other parameters: in places hardly anything, in others a multiple."
    return ""


def _unit(unit: str, words: Words, change: bool = False) -> str:
    """A unit behind a number, or behind a change."""
    return {"1": " points" if change else " %", "index": ""}.get(unit, f" {shown_unit(unit, words)}")


def _ranking(screening: Screening, outcome: int, words: Words) -> str:
    """An outcome's sentence and its five most important parameters."""
    headline = TEN[outcome]
    chosen = screening.ranking(outcome)[:TOP]
    digits = digits_of([float(screening.mu_star[outcome, index]) for index in chosen], headline.unit)
    series = (screening.mu_star, screening.confidence, screening.mu, screening.sigma)
    rows = [
        [
            f"`{screening.names[index]}`",
            *(number(float(values[outcome, index]), headline.unit, digits) for values in series),
        ]
        for index in chosen
    ]
    unit = _unit(headline.unit, words, change=True)
    body = table(["parameter", f"mu\\*{',' if unit else ''}{unit}", "± 95 %", "mu", "sigma"], rows, range(1, 5))
    return f"#### {_capital(headline.title)}\n\n{sentence(screening, outcome, words)}\n\n{body}\n"


def nowhere(screening: Screening) -> list[str]:
    """Parameters whose effect is below a tenth of the largest on every outcome, interval included."""
    largest = screening.mu_star.max(axis=1, keepdims=True)
    upper = (screening.mu_star + screening.confidence) / np.where(largest > 0, largest, 1.0)
    return [name for name, most in zip(screening.names, upper.max(axis=0), strict=True) if most < NOWHERE]


def _nowhere(screening: Screening) -> str:
    names = nowhere(screening)
    if not names:
        return "Every parameter matters for one outcome at least."
    listing = listed([f"`{name}`" for name in names])
    return f"Below a tenth of the largest effect on every outcome, the 95 % interval included: {listing}."


def _parameters(case: Case) -> str:
    rows = []
    present = FreeSpace.of(case.loaded.tree, case.world).present
    for (name, free), value in zip(case.world.free.items(), present, strict=True):
        origin = case.loaded.provenance.get(f"free.{name}.low")
        sign = "×" if free.factor else ""
        ends = [f"{sign}{figure:.3g}" for figure in (free.low, value, free.high)]
        moves = ", ".join(f"`{path}`" for path in free.moves)
        rows.append([f"`{name}`", *ends, moves, (origin.note if origin is not None else None) or "-"])
    return table(["parameter", "low", "default", "high", "moves", "why it is free"], rows, (1, 2, 3))


def _capital(text: str) -> str:
    return text[0].upper() + text[1:]
