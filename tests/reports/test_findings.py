"""The first page: what is said is what the analysis found."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import polars as pl
import pytest

from marketsim.experiments.analysis.paired import Difference
from marketsim.experiments.analysis.summary import Analysis
from marketsim.reports.findings import findings, headline
from marketsim.reports.material import Material
from marketsim.scenario.vocabulary import Language
from marketsim.shakeout.statistics import Interval
from tests.reports.conftest import Made

Make = Callable[[Language], Made]


def with_differences(material: Material, **changes: Interval) -> Material:
    """The material with other mean differences of the subsidy, all of them told from zero; no other differences."""

    def other(found: Difference) -> Difference:
        if found.policy != "subsidy" or found.outcome not in changes:
            nothing = Interval(0.0, -0.1, 0.1)
            return replace(found, difference=nothing, mean=found.baseline, adjusted=1.0, tied=0.5)
        change = changes[found.outcome]
        return replace(found, difference=change, mean=found.baseline + change.value, adjusted=0.001, tied=0.0)

    analysis: Analysis = replace(material.analysis, differences=tuple(map(other, material.analysis.differences)))
    return replace(material, analysis=analysis)


def sentences(material: Material, title: str) -> list[tuple[str, str]]:
    found = next(each for each in findings(material) if each.title == title)
    return [(sentence.about, sentence.text) for sentence in found.sentences]


def test_a_large_difference_is_told_with_its_interval(made: Make) -> None:
    material = with_differences(made("en").material, margin=Interval(-0.251, -0.302, -0.203))
    base = next(each.baseline for each in material.analysis.differences if each.outcome == "margin")
    assert material.spread["margin"] < 1
    about, text = sentences(material, "What the policies change")[0]
    assert about == "Subsidy"
    assert text.startswith("lowers margin in 2027 from ")
    assert f"to {100 * (base - 0.251):.1f}% (−25.1 points, 95% interval −30.2 to −20.3)." in text
    assert headline(material) == "Policies that move the market by more than a little (1 of 2): Subsidy."


def test_in_chinese_too(made: Make) -> None:
    material = with_differences(made("zh").material, margin=Interval(-0.251, -0.302, -0.203))
    about, text = sentences(material, "各项政策改变了什么")[0]
    assert (
        about == "购置补贴"
        and text.startswith("使2027年毛利率由")
        and "−25.1个百分点，95%置信区间 −30.2 至 −20.3" in text
    )
    assert headline(material) == "2项政策中，有1项对市场的影响较为明显：购置补贴。"


def test_a_difference_of_less_than_a_fifth_of_the_spread_is_little(made: Make) -> None:
    material = made("en").material
    least = 0.19 * material.spread["margin"]
    found = with_differences(material, margin=Interval(least, 0.9 * least, 1.1 * least))
    assert headline(found) == "No policy moves the market by more than a little."
    texts = [text for _, text in sentences(found, "What the policies change")]
    assert texts[0].startswith("Subsidy: differences can be shown, but each is below a fifth")
    assert texts[1] == "Nothing new: no difference can be shown."


def test_what_changes_nothing_is_said_to(made: Make) -> None:
    texts = [text for _, text in sentences(made("en").material, "What the policies change")]
    assert "Nothing new: changes nothing, run by run." in texts


def test_the_largest_are_told_first_and_others_counted(made: Make) -> None:
    material, spread = made("en").material, made("en").material.spread
    sizes = {"cost": 0.5, "cards": 2.0, "margin": 1.0, "survivors": 0.3}
    changes = {name: Interval(size * spread[name], 0.1, 9.0) for name, size in sizes.items()}
    _, text = sentences(with_differences(material, **changes), "What the policies change")[0]
    places = [text.index(word) for word in ("raises cards", "raises margin", "raises cost", "other outcomes moved: 1")]
    assert places == sorted(places) and "survivors" not in text


def test_the_verdict_is_that_of_the_runs(made: Make) -> None:
    material = made("en").material
    runs = material.results.runs().filter(pl.col("policy") == "none").collect()
    share = runs["shakeout"].mean()
    assert isinstance(share, float)
    lead = next(each.lead for each in findings(material) if each.title == "Is there a shakeout?")
    assert f"in {material.speaker.share(share)} of runs" in lead


@pytest.mark.parametrize("outcome", ["cost", "margin"])
def test_what_it_hangs_on_is_the_strongest_driver(outcome: str, made: Make) -> None:
    material = made("en").material
    found = material.drivers_of(outcome)
    assert found is not None
    strongest = max(found.drivers, key=lambda each: abs(each.effect.value))
    title = material.phrase(outcome)
    texts = [text for _, text in sentences(material, "What it hangs on") if text.lower().startswith(title)]
    assert all(f"hangs most on {strongest.name} " in text for text in texts)
    assert outcome != "cost" or texts
