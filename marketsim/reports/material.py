"""What a report on an experiment is made of: results, their analysis, and how both are called and written."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import polars as pl

from marketsim.experiments.analysis.drivers import Driver, Drivers
from marketsim.experiments.analysis.paired import Difference
from marketsim.experiments.analysis.samples import SHAKEOUT
from marketsim.experiments.analysis.summary import Analysis
from marketsim.experiments.results import Results
from marketsim.reports.words import Speaker, Unit
from marketsim.shakeout.statistics import Interval

Standing = Literal["better", "worse", "moved", "not-told"]

LITTLE = 0.2
"""Standard deviations of the baseline's runs below which a difference is called little. Source: Cohen (1988), small."""
LEVEL = 0.05
"""Adjusted p-value above which a difference is not told from zero."""
MEASURES = ("active_vendors", "cost_per_million_tokens", "hhi", "capacity_use")
"""What is drawn over time."""
BANDS = (0.1, 0.25, 0.5, 0.75, 0.9)
"""Quantiles of runs that a fan is made of."""


def is_clear(found: Interval) -> bool:
    """Whether an interval leaves zero out."""
    return found.low > 0 or found.high < 0


def clear_drivers(found: Drivers) -> list[Driver]:
    """Parameters whose effect is told from zero, the strongest first."""
    return [driver for driver in found.drivers if is_clear(driver.effect if driver.total is None else driver.total)]


@dataclass(frozen=True)
class Material:
    """Results, their analysis, and the language of the report."""

    results: Results
    analysis: Analysis
    speaker: Speaker

    @property
    def baseline(self) -> str:
        """Title of the policy that the others are set against."""
        return self.policy(self.analysis.policies[0])

    @property
    def others(self) -> list[str]:
        """Names of the policies but the baseline."""
        return list(self.analysis.policies[1:])

    def policy(self, name: str) -> str:
        """Title of a policy."""
        return self.speaker.title(self.results.manifest["policies"][name]["title"])

    def outcome(self, name: str) -> str:
        """Title of an outcome."""
        if name == SHAKEOUT:
            return self.speaker.say("share-of-shakeouts")
        return self.speaker.title(self.results.outcomes[name]["title"])

    def heading(self, name: str) -> tuple[str, str]:
        """Title of an outcome without the year at its end, and that year; empty if its title ends in none."""
        title, zh = self.outcome(name), self.speaker.language == "zh"
        year = None if name == SHAKEOUT else self.results.outcomes[name].get("year")
        bare = title.removesuffix(f"，{year}年" if zh else f", {year}")
        return bare, "" if bare == title else f"{year}年" if zh else str(year)

    def phrase(self, name: str) -> str:
        """An outcome inside a sentence, where a year behind a comma would disturb."""
        bare, year = self.heading(name)
        if not year:
            return bare
        return f"{year}{bare}" if self.speaker.language == "zh" else f"{bare} in {year}"

    def parameter(self, name: str) -> str:
        """An uncertain parameter, for people."""
        title = self.results.manifest["uncertain"].get(name, {}).get("title")
        return str(title[self.speaker.language]) if title else name

    def unit(self, outcome: str) -> Unit:
        """How an outcome is written."""
        if outcome == SHAKEOUT:
            return self.speaker.unit("1")
        about = self.results.outcomes[outcome]
        found = [each for each in self.analysis.differences if each.outcome == outcome]
        largest = max((abs(each.baseline) for each in found), default=0.0)
        return self.speaker.unit(about["unit"], about["measure"], largest)

    @cached_property
    def spread(self) -> Mapping[str, float]:
        """Standard deviation of each outcome over the baseline's runs."""
        names = list(self.results.outcomes)
        own = self.results.runs().filter(pl.col("policy") == self.analysis.policies[0])
        found = own.select(pl.col(name).fill_nan(None).std() for name in names).collect()
        return {name: found[name][0] or 0.0 for name in names}

    def size(self, found: Difference) -> float:
        """A mean difference in standard deviations of the baseline's runs, without its sign."""
        spread = self.spread[found.outcome]
        return abs(found.difference.value) / spread if spread > 0 else float("inf") if found.difference.value else 0.0

    def is_told(self, found: Difference) -> bool:
        """Whether a difference is told from zero after correction for all comparisons."""
        return found.adjusted < LEVEL

    def is_large(self, found: Difference) -> bool:
        """Whether a difference is told from zero and more than little."""
        return self.is_told(found) and self.size(found) >= LITTLE

    def standing(self, found: Difference) -> Standing:
        """What a difference means."""
        better = self.results.outcomes[found.outcome].get("better")
        if not self.is_told(found):
            return "not-told"
        if better is None:
            return "moved"
        return "better" if (found.difference.value > 0) == (better == "higher") else "worse"

    def of_policy(self, name: str) -> list[Difference]:
        """The differences that a policy makes, the largest first."""
        own = [each for each in self.analysis.differences if each.policy == name]
        return sorted(own, key=self.size, reverse=True)

    def drivers_of(self, outcome: str, policy: str | None = None) -> Drivers | None:
        """What an outcome hangs on under the baseline; None if nothing is known of it.

        policy: what the difference that it makes to the outcome hangs on, instead.
        """
        asked = (outcome, policy or self.analysis.policies[0], policy is not None)
        found = (each for each in self.analysis.drivers if (each.outcome, each.policy, each.of_difference) == asked)
        return next(found, None)

    @cached_property
    def fans(self) -> pl.DataFrame | None:
        """Quantiles of `MEASURES` by policy and quarter, columns such as hhi_0.5, and runs; None if no path is kept."""
        if not any("quarters" in part for parts in self.results.manifest["parts"].values() for part in parts.values()):
            return None
        quantiles = [
            pl.col(name).fill_nan(None).quantile(q, "linear").alias(f"{name}_{q}") for name in MEASURES for q in BANDS
        ]
        runs = pl.struct("point", "run").n_unique().alias("runs")
        found = self.results.quarters().group_by("policy", "quarter").agg(runs, *quantiles)
        return found.sort("quarter").collect()
