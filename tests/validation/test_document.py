"""The report: every section, every figure, every picture; the same bytes from the same study."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest

from marketsim.scenario.schema import Title
from marketsim.shakeout.instrument import measurement
from marketsim.validation import figures, history, ranking, summary, worlds
from marketsim.validation.document import unwrapped
from marketsim.validation.study import Study

SECTIONS = [
    "1. In one page", "2. China's AI chips", "3. Where sources conflict", "4. Photovoltaics",
    "5. Other kinds of markets", "6. What the outcomes hang on", "7. The shakeout test",
    "8. What is not validated, and how to do it again",
]  # fmt: skip


def tables(text: str) -> list[list[str]]:
    """The lines of each table."""
    return [block.split("\n") for block in text.split("\n\n") if block.startswith("|")]


def test_all_sections_are_there_in_order(text: str):
    assert re.findall(r"^## (.*)$", text, re.MULTILINE) == SECTIONS


def test_pictures_are_there_and_hold_no_date(report: Path, text: str):
    linked = re.findall(r"!\[(.+?)\]\((.+?)\)", text)
    assert len(linked) == 6
    assert {report / where for _, where in linked} == set((report / "validation").glob("*.svg"))
    for _, where in linked:
        drawn = (report / where).read_text(encoding="utf-8")
        assert ElementTree.fromstring(drawn).tag.endswith("svg")
        assert not re.search(r"<dc:date>|\d{4}-\d\d-\d\dT", drawn)


def test_tables_line_up(text: str):
    assert len(tables(text)) >= 15
    for lines in tables(text):
        assert len({len(line) for line in lines}) == 1
        assert len({line.count(" | ") for line in lines}) == 1


def test_every_target_stands_in_the_table_with_a_source(study: Study, text: str):
    table = next(lines for lines in tables(text) if re.search(r"\| +simulated ", lines[0]))
    titles = [line.split("|")[2].strip() for line in table[2:]]
    assert sorted(titles) == sorted(found.target.title.en for found in study.default.comparisons)
    listed = {number for number, _ in re.findall(r"^(\d+)\. (\S+)", text[text.index("Sources of the figures") :], re.M)}
    cited = {number.strip() for line in table[2:] for number in line.split("|")[-2].split(",")}
    assert cited <= listed


def test_counts_of_the_first_page_follow_from_the_runs(study: Study, text: str):
    found = study.default.comparisons
    inside = [abs(np.median(comparison.distance)) <= 1 for comparison in found]
    fitted = [hit for hit, comparison in zip(inside, found, strict=True) if comparison.target.use == "fit"]
    row = next(line for line in text.splitlines() if line.startswith("| chips: fitted figures"))
    assert row.split("|")[3].strip() == f"{sum(fitted)} of {len(fitted)}"
    by_group: dict[int, list[bool]] = {}
    for hit, comparison in zip(inside, found, strict=True):
        if comparison.target.use == "predict":
            by_group.setdefault(comparison.target.group, []).append(hit)
    row = next(line for line in text.splitlines() if line.startswith("| chips: predicted groups"))
    assert row.split("|")[3].strip() == f"{sum(map(all, by_group.values()))} of {len(by_group)}"


def first_page(text: str) -> dict[str, list[str]]:
    """What was wanted and found, by what."""
    rows = (line.split("|")[1:-1] for line in tables(text)[0][2:])
    return {what.strip(): [cell.strip() for cell in cells] for what, *cells in rows}


def test_the_first_page_says_how_good_the_shakeout_test_is(text: str):
    """The lowest control of the half that counts, false verdicts, and what it says of history."""
    measured = measurement()["halves"]["measured_on"]
    controls = {name: measured[name]["right"]["value"] for name in ("glut", "lock-in", "steady", "commodity")}
    lowest = min(controls, key=lambda name: controls[name])
    false = [found["verdicts"][0] / sum(found["verdicts"]) for world, found in measured.items() if world != "glut"]
    page = first_page(text)
    assert page["shakeout test: controls right, the lowest of them"] == [
        "90 % or more", f"{100 * controls[lowest]:.1f} %, `{lowest}`",
    ]  # fmt: skip
    assert page["- runs of other classes taken for photovoltaic"] == ["5 % or less", f"{100 * np.mean(false):.1f} %"]
    histories = {what: cells for what, cells in page.items() if what.startswith("- of history: ")}
    assert len(histories) == 3
    assert histories["- of history: `photovoltaics`"] == ["photovoltaic shakeout", "Yes: a photovoltaic shakeout."]
    assert histories["- of history: `graphics-chips`"][1].startswith("No: a shakeout that left few firms")


def test_without_a_measurement_the_first_page_says_so(study: Study, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(summary, "measurement", dict)
    page = first_page(summary.page(study))
    assert page["shakeout test: controls right, the lowest of them"] == ["90 % or more", "not measured"]
    assert page["- runs of other classes taken for photovoltaic"] == ["5 % or less", "not measured"]


def test_every_miss_is_named_and_no_hit_is(study: Study, text: str):
    part = text[text.index("### Figures that are missed") : text.index("### In pictures")]
    for comparison in study.default.comparisons:
        named = f"- {comparison.target.title.en}: " in part
        assert named == (not comparison.hit), comparison.name


def test_a_remark_is_shown_where_its_figure_is_missed_only(study: Study):
    missed = next(comparison for comparison in study.default.comparisons if not comparison.hit)
    remark = Title(en="Customs stopped it.", zh="海关叫停。")
    target = missed.target.model_copy(update={"remark": remark})
    shown = figures.misses(study.default, [replace(missed, target=target)])
    assert shown.endswith("Customs stopped it.")
    silent = replace(missed, target=missed.target.model_copy(update={"remark": None}))
    assert "no explanation" in figures.misses(study.default, [silent])
    hit = replace(missed, target=target, distance=np.zeros_like(missed.distance))
    assert figures.misses(study.default, [hit]) == "None."


def test_what_is_missing_is_said_plainly(study: Study):
    assert "no scenario `photovoltaics`" in history.page(None)[0]
    assert "no file of targets" in history.page(study.generators["steady"])[0]
    alone = replace(study, alternatives={}, generators={}, screening=None)
    assert "There are no scenarios" in worlds.alternatives(alone)
    assert worlds.generators(alone) == (
        "## 5. Other kinds of markets\n\nNone of the scenarios of other kinds of markets is in the library.\n", {}
    )  # fmt: skip
    assert "nothing to screen" in ranking.page(alone)[0]


def test_any_scenario_with_targets_can_stand_for_history(study: Study):
    text, drawn = history.page(study.default)
    assert set(drawn) == {"history-facts", "history-price", "history-experience"}
    assert all(f"validation/{name}.svg" in text for name in drawn)
    share = history.panel(study.default, "share_of_value")
    assert [target.period for target in share.points] == ["2026", "2027", "2028"]
    assert share.template.of == ["domestic"]
    assert history.panel(study.default, "top10_share").points == []


def test_alternatives_stand_side_by_side(study: Study, text: str):
    table = next(lines for lines in tables(text) if lines[0].startswith("| outcome "))
    assert [cell.strip() for cell in table[0].split("|")[2:-1]] == ["default", "slow-ramp"]
    assert any(line.startswith("| runs with a fall of 40 % or more") for line in table)


def test_paragraphs_are_unwrapped_and_lists_are_not():
    assert unwrapped("a\nb\n\n- c\n- d\n\n| e |\n| f |\n") == "a b\n\n- c\n- d\n\n| e |\n| f |\n\n"
