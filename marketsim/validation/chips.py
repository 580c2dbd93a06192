"""The page on the default scenario."""

from __future__ import annotations

from marketsim.markdown import picture
from marketsim.validation import figures, pictures_chips
from marketsim.validation.study import Case

Pictures = dict[str, str]


def page(case: Case) -> tuple[str, Pictures]:
    """The section, and its pictures as SVG by name."""
    drawn = {
        "chips-distances": pictures_chips.distances(case.comparisons),
        "chips-cards": pictures_chips.cards_by_vendor(case),
        "chips-market": pictures_chips.market(case),
        "chips-capacity": pictures_chips.capacity(case),
    }
    return _text(case, case.years[0]), drawn


def _text(case: Case, first: int) -> str:
    return f"""\
## 2. {case.world.title.en}

{figures.counts(case.comparisons)}

{figures.group_table(case.comparisons)}

### Every figure

{picture("chips-distances", "Distance of every target from its reported figure, in tolerances")}

{figures.LEGEND}

{figures.full_table(case)}

### Figures that are missed

{figures.misses(case, case.comparisons)}

### In pictures

{case.words.text("Cards")} of {first} by vendor: most of them were in process when the scenario begins, so this is a
check of inputs more than of the model.

{picture("chips-cards", f"Cards of {first} by vendor, simulated and reported")}

Diamonds are reported figures with their tolerance, hollow where the scenario sets them. What is *wanted* is the
money that buyers came with, orders that waited not counted again; what is *sold* falls short of it where supply
binds.

{picture("chips-market", "Market value, demand and domestic share over the years, with reported figures")}

{picture("chips-capacity", "Capacity, contracts and wafers started, and how far the scarcest inputs are used")}
"""
