"""Tables of the report on an experiment: what stands in them is what the analysis found."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from marketsim.experiments.analysis.discovery import Limit
from marketsim.experiments.experiment import load_experiment
from marketsim.reports.findings import box_lines
from marketsim.reports.page import Block, Cell, Report, Section, Table, render
from marketsim.reports.provenance import provenance
from marketsim.reports.tables import hanging, lasting, overview
from marketsim.reports.words import Speaker
from marketsim.scenario.vocabulary import Language
from marketsim.shakeout.statistics import Interval
from tests.reports.conftest import Made
from tests.reports.test_findings import with_differences
from tests.tui.browser import CHROMIUM, Page, browser

Make = Callable[[Language], Made]


def texts(blocks: list[Block]) -> Iterator[list[str]]:
    """Cells of the table, a list a row: text and what stands below it."""
    table = next(block for block in blocks if isinstance(block, Table))
    for row in table.rows:
        yield [cell if isinstance(cell, str) else f"{cell.text}|{cell.small}".removesuffix("|") for cell in row]


def test_each_difference_stands_with_half_of_its_interval(made: Make) -> None:
    changes = {"margin": Interval(-0.25, -0.30, -0.20), "survivors": Interval(1.5, 1.25, 1.75)}
    material = with_differences(made("en").material, **changes)
    rows = {row[0]: row[1:] for row in texts(overview(material))}
    assert rows["Subsidy"][2:] == ["−25.0|±5.0", "+1.50|±0.25"]
    table = overview(material)[0]
    assert isinstance(table, Table)
    assert [(cell.text, cell.small) for cell in table.columns if isinstance(cell, Cell)][2] == (
        *("margin", "2027\npoints"),
    )


def test_a_difference_hangs_on_what_drives_it(made: Make) -> None:
    """Of the differences that are more than little alone, and with parameters whose effect is told from zero."""
    material = made("en").material
    size = 2 * material.spread["cost"]
    found = material.drivers_of("cost", "subsidy")
    assert found is not None and found.of_difference
    clear = replace(found.drivers[0], effect=Interval(0.5, 0.4, 0.6), low=-0.25, high=0.5)
    unclear = replace(found.drivers[1], effect=Interval(0.3, -0.1, 0.7))
    drivers = replace(found, drivers=(clear, unclear), explained=0.64, noise=0.25)
    analysis = replace(
        with_differences(material, cost=Interval(size, 0.9 * size, 1.1 * size)).analysis,
        drivers=tuple(drivers if each is found else each for each in material.analysis.drivers),
    )
    ((policy, outcome, _, parameters, explained),) = texts(hanging(replace(material, analysis=analysis)))
    assert (policy, outcome, explained) == ("Subsidy", "cost per million tokens in 2027", "64%|luck 25%")
    assert parameters == f"{material.parameter(clear.name)}: −0.25\u00a0→\u00a0+0.50"
    assert hanging(with_differences(material)) == []


def test_who_lasts_is_what_the_analysis_found(made: Make) -> None:
    material = made("en").material
    rows = list(texts(lasting(material)))
    assert [row[0] for row in rows] == [material.policy(name) for name in material.analysis.policies]
    assert rows[0][2:] == ["–", "–"]
    for row, each in zip(rows[1:], material.analysis.survival[1:], strict=True):
        assert each.shift is not None and each.log_rank is not None
        assert row[3] == material.speaker.p_value(each.log_rank)
        last = [point.share.value for point in each.curve if point.years <= each.horizon][-1]
        assert float(row[1].partition("%")[0]) == pytest.approx(100 * last, abs=0.051)
        shift = float(row[2].partition("|")[0].replace("−", "-"))
        assert shift == pytest.approx(100 * each.shift.value, abs=0.051)


def test_a_shift_that_leaves_zero_out_stands_out(made: Make) -> None:
    material = made("en").material
    survival = material.analysis.survival
    for shift, kind in ((Interval(0.05, 0.01, 0.09), "moved"), (Interval(0.05, -0.01, 0.09), "not-told")):
        changed = (survival[0], replace(survival[1], shift=shift), *survival[2:])
        table = lasting(replace(material, analysis=replace(material.analysis, survival=changed)))[0]
        assert isinstance(table, Table)
        cell = table.rows[1][2]
        assert isinstance(cell, Cell) and cell.kind == kind


def test_a_box_is_written_in_signs(made: Make) -> None:
    material = made("en").material
    limits = (
        Limit("price", 0.5, None, 0.0, None),
        Limit("price", None, 2.0, None, 0.0),
        Limit("capacity", 1.0, 3.0, 0.0, 0.0),
    )
    found = replace(material.analysis.discoveries[0], limits=limits)
    price, capacity = material.parameter("price"), material.parameter("capacity")
    lines = box_lines(material, found).replace("\u00a0", " ").split("\n")
    assert lines == [f"{price} > 0.5", f"{price} < 2", f"1 < {capacity} < 3"]


@pytest.mark.parametrize(
    ("language", "reason"), [("en", "a tenth off, to see what it does"), ("zh", "减价一成，以观其效")]
)
def test_a_reason_in_both_languages_is_in_the_readers(language: Language, reason: str, made: Make) -> None:
    table = next(block for block in provenance(made(language).material).blocks if isinstance(block, Table))
    cell = table.rows[1][2]
    assert isinstance(cell, Cell) and (cell.text, cell.quoted) == (reason, False)
    assert reason in made(language).page


def six(language: Language) -> Report:
    """A page with the headings of the six policies and their outcomes around cells of usual length, and boxes."""
    experiment = load_experiment("six-policies")
    outcomes = [outcome.title[language].partition("2034")[0].rstrip(", ，") for outcome in experiment.outcomes.values()]
    policies = [policy.title[language] for policy in experiment.policies]
    cells = (
        Cell("−0.037", "±0.006", "better"),
        Cell("−13.0", "±0.7", "moved"),
        Cell("0.000", "±0.001", "not-told"),
    ) * 4
    below = {"en": "2034\npoints", "zh": "2034年\n个百分点"}[language]
    heads = [Cell(outcome, below) for outcome in outcomes]
    matrix = Table(["Policy", *heads], [[policy, *cells] for policy in policies], look="matrix")
    limits = "funding climate < 0.707\ncost of staying at the frontier > 0.00142\nbuyers' price sensitivity > 0.858"
    boxes = [[policy, *[Cell("17%", limits)] * 3] for policy in policies]
    failing = Table(["Policy", *[Cell("shakeouts", "come to most runs")] * 3], boxes, words=4, look="boxes")
    return Report("t", [], "h", [], [Section("a", "a", [matrix]), Section("b", "b", [failing])])


@pytest.mark.skipif(CHROMIUM is None and "CI_NEEDS_BROWSER" not in os.environ, reason="no Chromium on the path")
@pytest.mark.parametrize("language", ["en", "zh"])
def test_tables_fit_the_page(language: Language, tmp_path: Path) -> None:
    file = tmp_path / "report.html"
    file.write_text(render(six(language), Speaker(language)), encoding="utf-8")
    (tmp_path / "chromium").mkdir()
    with browser(tmp_path / "chromium") as running, running.tab(file.as_uri(), 1280, 900) as tab:
        tab.becomes("document.readyState == 'complete' && !!document.querySelector('footer')")
        for width in (1280, 1024):
            tab.resize(width, 900)
            assert beyond(tab) == {"matrix": 0, "boxes listed": 0}, width
        columns = tab.evaluate("document.querySelector('.boxes td:nth-child(2)').getBoundingClientRect().width")
        assert columns < 400
        tab.resize(390, 800)
        assert beyond(tab)["boxes listed"] == 0
        assert tab.evaluate("document.documentElement.scrollWidth") <= 390
        assert tab.evaluate("document.querySelector('.boxes td:nth-child(2)').getBoundingClientRect().width") > 350
        heads = "getComputedStyle(document.querySelector('.boxes td:nth-child(2)'), '::before').content"
        assert "shakeouts come to most runs" in tab.evaluate(heads)


def beyond(tab: Page) -> dict[str, int]:
    """By how many pixels each table is wider than its place."""
    found = tab.evaluate(
        "[...document.querySelectorAll('.scroll')].map(e => [e.firstElementChild.className, e.scrollWidth - e.clientWidth])"
    )
    return dict(found)
