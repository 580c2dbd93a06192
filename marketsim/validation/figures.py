"""A scenario's figures beside its targets: how many are met, which are missed and why, and the table of all of them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import groupby

from marketsim.markdown import (
    Sources,
    digits_of,
    kind,
    listed,
    middle_and_range,
    number,
    reported,
    share,
    shown_unit,
    table,
    tolerances,
    unit_of,
)
from marketsim.scenario.provenance import certainty
from marketsim.scenario.source import Provenance
from marketsim.targets import Comparison, Targets, of_use
from marketsim.validation.study import Case

MOST_RUNS = 0.7
"""Share of runs inside the tolerance from which a hit is no matter of luck."""


@dataclass(frozen=True)
class Group:
    """Figures of one kind that are judged together: hit when all of them are."""

    number: int
    comparisons: list[Comparison]

    @property
    def hit(self) -> bool:
        """Whether every figure of the group is inside its tolerance in the median run."""
        return all(comparison.hit for comparison in self.comparisons)

    @property
    def name(self) -> str:
        """The group by its first figure."""
        more = len(self.comparisons) - 1
        return f"{self.comparisons[0].target.title.en}{f' and {more} more' if more else ''}"


def groups(comparisons: Iterable[Comparison]) -> list[Group]:
    """The comparisons by group, in order of number."""
    ordered = sorted(comparisons, key=lambda comparison: comparison.target.group)
    return [Group(key, list(members)) for key, members in groupby(ordered, lambda found: found.target.group)]


def hits(comparisons: Iterable[Comparison]) -> list[Comparison]:
    """Those inside their tolerance in the median run."""
    return [comparison for comparison in comparisons if comparison.hit]


def inputs(comparisons: Iterable[Comparison]) -> list[Comparison]:
    """Those that the scenario sets, or most of them."""
    return [comparison for comparison in comparisons if comparison.target.input]


def steady(comparisons: Iterable[Comparison]) -> list[Comparison]:
    """Those inside their tolerance in the median run and in most runs."""
    return [comparison for comparison in hits(comparisons) if comparison.share_inside >= MOST_RUNS]


def miss(case: Case, comparison: Comparison) -> str:
    """One missed figure in a sentence, with the remark of the target file on it, if there is one."""
    target = comparison.target
    unit = unit_of(target)
    digits = 0 if unit == "firms" else digits_of([comparison.median], unit)
    said = f"{number(comparison.median, unit, digits)} {shown_unit(unit, case.words)} against {reported(target)}"
    side = "above" if comparison.miss > 0 else "below"
    text = f"{target.title.en}: {said}, {abs(comparison.miss):.2f} tolerances {side}."
    return f"{text} {target.remark.en.strip()}" if target.remark is not None else text


def worst_first(comparisons: Iterable[Comparison]) -> list[Comparison]:
    """Missed figures, the farthest first."""
    missed = [comparison for comparison in comparisons if not comparison.hit]
    return sorted(missed, key=lambda comparison: -abs(comparison.miss))


def misses(case: Case, comparisons: Iterable[Comparison]) -> str:
    """The missed figures as a list, the farthest first, and how many of them nobody has explained."""
    missed = worst_first(comparisons)
    if not missed:
        return "None."
    silent = sum(comparison.target.remark is None for comparison in missed)
    note = f"\n\nOf these {len(missed)}, {silent} have no explanation in the target file." if silent else ""
    return "\n".join(f"- {miss(case, comparison)}" for comparison in missed) + note


def group_table(comparisons: list[Comparison]) -> str:
    """Every group: its figures, how many are inside, and how far the farthest is."""
    rows = []
    for group in groups(comparisons):
        worst = max(group.comparisons, key=lambda comparison: abs(comparison.miss))
        inside = f"{len(hits(group.comparisons))} of {len(group.comparisons)}"
        kinds = " / ".join(dict.fromkeys(kind(comparison.target) for comparison in group.comparisons))
        rows.append([str(group.number), group.name, kinds, inside, tolerances(worst)])
    return table(("group", "figures", "use", "inside", "farthest"), rows, (0, 3, 4))


def counts(comparisons: list[Comparison]) -> str:
    """How many figures are met, in sentences."""
    fitted, predicted = of_use(comparisons, "fit"), of_use(comparisons, "predict")
    parts = []
    if fitted:
        given = len(inputs(fitted))
        said = f" ({given} of them set by the scenario)" if given else ""
        parts.append(
            f"{len(hits(fitted))} of {len(fitted)} fitted figures{said} are inside their tolerance in the median run."
        )
    if predicted:
        found = groups(predicted)
        reached = [str(group.number) for group in found if group.hit]
        which = f" ({listed(reached)})" if reached else ""
        parts.append(
            f"{len(hits(predicted))} of {len(predicted)} predicted figures are, and {len(reached)} of {len(found)} "
            f"predicted groups{which} with all their figures."
        )
    weak = len(hits(comparisons)) - len(steady(comparisons))
    if weak:
        parts.append(f"Luck decides over {weak} of the hits: they hold in fewer than {share(MOST_RUNS)} of runs.")
    return " ".join(parts)


def origin_of(targets: Targets, comparison: Comparison) -> Provenance | None:
    """Where a reported figure comes from."""
    end = "low" if comparison.target.value is None else "value"
    return targets.provenance.get(f"targets.{comparison.name}.{end}")


def full_table(case: Case) -> str:
    """Every target beside what came out, and the list of sources."""
    assert case.targets is not None
    sources = Sources()
    rows = []
    for comparison in sorted(case.comparisons, key=lambda found: found.target.group):
        target = comparison.target
        unit = unit_of(target)
        origin = origin_of(case.targets, comparison)
        period = target.period if target.against is None else f"{target.period} on {target.against}"
        rows.append(
            [
                str(target.group),
                target.title.en,
                period,
                shown_unit(unit, case.words),
                reported(target),
                certainty(origin),
                middle_and_range(comparison.values, unit),
                tolerances(comparison),
                share(comparison.share_inside),
                kind(target),
                sources.cite(origin.source if origin is not None else None),
            ]
        )
    head = (
        "group",
        "figure",
        "period",
        "unit",
        "reported",
        "basis",
        "simulated",
        "distance",
        "inside",
        "use",
        "sources",
    )
    return f"{table(head, rows, (0, 4, 6, 7, 8))}\n\nSources of the figures:\n\n{sources.lines()}"


LEGEND = (
    "Reported: the figure with its tolerance, or a band. Basis: how sure the figure itself is. Simulated: median over "
    "runs and, in brackets, the range of the middle 80 %. Distance: of the median run from the reported figure in "
    "tolerances, in bold beyond ±1; factors count as logarithms. Inside: share of runs within the tolerance. *Fitted*: "
    "calibration may use the figure; *predicted*: it must not; *input*: the scenario sets the figure or most of it."
)
