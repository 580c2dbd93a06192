"""Facts that a scenario was fitted to: they cannot speak for the scenario, and are not scored."""

from __future__ import annotations

from collections import Counter

from marketsim import targets
from marketsim.scenario.schema import Scenario
from marketsim.shakeout.reference import Reference

AT_ONCE = ("_trough", "fall_in_active", "learning_rate", "hhi", "top10_margin")
"""Measures, or ends of their names, that hold a fact by themselves; of others it takes figures of two periods."""


def fitted_facts(scenario: Scenario, reference: Reference) -> frozenset[str]:
    """Facts on whose measures the scenario's targets, if the package has some, are fitted for the whole industry.

    One figure of a price says nothing about its fall; two do, and one of its change since another period.
    """
    if scenario.name not in targets.names():
        return frozenset()
    fitted = targets.load_targets(scenario.name, scenario).of_use("fit").values()
    wholes = [target for target in fitted if target.of in (None, ["domestic"])]
    pairs = {(target.measure, period) for target in wholes for period in (target.period, target.against) if period}
    periods = Counter(measure for measure, _ in pairs)
    enough = {measure for measure, count in periods.items() if count > 1 or measure.endswith(AT_ONCE)}
    return frozenset(name for name, fact in reference.file.facts.items() if enough & set(fact.measures))
