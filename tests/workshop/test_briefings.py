"""Sheets to print: one for each team and the facilitator, with the scenario's figures and nobody else's secrets."""

from __future__ import annotations

import base64
import html
import os
import re
from pathlib import Path

import pytest

from agents.game.setup import Setup
from marketsim.scenario.parameters import Parameters
from tests.command import called
from tests.tui.browser import CHROMIUM, browser
from tests.workshop.rooms import SMALL
from tui.fields import fields_of
from tui.speech import LANGUAGES, Language, Speech, three
from tui.workshop.briefings import CHECKLIST, briefings

LONG = 20
"""Quarters of the longest timetable that still has a line for each."""


def sheets(page: str) -> dict[str, str]:
    """The text of each sheet by its heading."""
    parts = re.findall(r'<article class="sheet">(.*?)</article>', page, re.DOTALL)
    words = [re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]*>", " ", part))) for part in parts]
    titles = [html.unescape(re.findall("<h1>(.*?)</h1>", part)[0]) for part in parts]
    assert len(set(titles)) == len(titles)
    return dict(zip(titles, words, strict=True))


def made(setup: Setup, language: Language = "en", ahead: int = 0, vendors: list[str] | None = None) -> dict[str, str]:
    world = setup.world()
    return sheets(briefings(setup, vendors or list(world.vendors), "A room", ahead, language))


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", ["china-ai-chips", "photovoltaics", "lock-in"])
def test_every_team_has_a_sheet_with_the_scenarios_figures(language: Language, name: str):
    setup = Setup(scenario=name, quarters=6)
    world = setup.world()
    speech, colon = Speech(language, world.vocabulary), {"en": ": ", "zh": "："}[language]
    found = made(setup, language)
    assert list(found) == [
        speech.say("For the facilitator"),
        *(speech.title(each.title) for each in world.vendors.values()),
    ]
    for vendor in world.vendors.values():
        sheet = found[speech.title(vendor.title)]
        assert speech.money(vendor.cash) in sheet
        assert speech.say("no debt") in sheet if vendor.debt == 0 else speech.money(vendor.debt) in sheet
        assert speech.price(vendor.price) in sheet
        assert speech.cards(vendor.stock) in sheet and speech.cards(sum(vendor.in_process)) in sheet
        for node, wafers in vendor.contracts.items():
            assert f"{speech.title(world.nodes[node].title)}{colon}{three(wafers)}" in sheet
        for field in fields_of(world, speech):
            shown = not field.detail and not (field.kind == "choice" and len(field.choices) < 2)
            assert (speech.say(field.rule) in sheet) == shown, field.path


def test_the_facilitators_sheet_has_a_checklist_and_a_line_for_each_quarter():
    setup = Setup(scenario="china-ai-chips", quarters=LONG)
    sheet = made(setup, vendors=["cambricon", "metax"])["For the facilitator"]
    assert all(text in sheet for _, text in CHECKLIST)
    assert all(each.name in sheet for each in Parameters(setup.world()).conditions)


def test_it_begins_where_teams_do_and_without_who_has_failed():
    setup = Setup(scenario="photovoltaics", quarters=32, seed=7)
    found = made(setup, ahead=28, vendors=["sharp", "suntech", "longi"])
    assert list(found) == ["For the facilitator", "Suntech", "LONGi"]  # Sharp failed in 2011
    assert all("2012Q1 to 2012Q4" in sheet for sheet in found.values())


def test_nothing_is_told_of_what_rivals_keep_to_themselves(tmp_path: Path):
    other = tmp_path / "other.yaml"
    hidden = "cash: 7777, debt: 555, overhead: 90, rnd_base: 70"
    other.write_text(f"extends: {SMALL}\nname: other\nvendors:\n  biren: {{{hidden}}}\n")
    before, after = (made(Setup(scenario=name, seed=3)) for name in (SMALL, str(other)))
    assert before["Cambricon"] == after["Cambricon"]
    assert before["Biren"] != after["Biren"] and "RMB 7.78bn" in after["Biren"]
    assert "RMB 7.78bn" not in after["Cambricon"] + after["For the facilitator"]


def test_titles_are_text_and_no_markup():
    page = briefings(Setup(scenario=SMALL), ["biren", "cambricon"], "<b>Ours</b>", 0, "en")
    assert "<b>" not in page and "&lt;b&gt;Ours" in page
    assert not re.search(r"(src|href)\s*=|url\(", page)


def test_the_command_writes_a_file_and_never_over_another(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    out = tmp_path / "sheets.html"
    arguments = ["workshop", "briefings", SMALL, "--teams", "5", "--language", "zh", "-o", str(out)]
    for expected in (out, tmp_path / "sheets-2.html"):
        result = called(capsys, arguments)
        assert (result.code, result.out) == (0, f"{expected}\n")
    assert len(sheets(out.read_text(encoding="utf-8"))) == 6
    assert out.read_text() == expected.read_text()  # of the same room: its secret is in none of them


@pytest.mark.parametrize(
    ("options", "wrong"),
    [
        (["--from", "2025Q3"], "--seed"),
        (["--from", "2031Q1", "--seed", "7"], "from 2025Q1 to 2027Q4"),
        (["--vendors", "biren,nobody"], "'nobody'"),
    ],
)
def test_what_cannot_be_is_said(options: list[str], wrong: str, capsys: pytest.CaptureFixture[str]):
    result = called(capsys, ["workshop", "briefings", SMALL, *options])
    assert result.code == 1 and wrong in result.err and not result.out


@pytest.mark.skipif(CHROMIUM is None and "CI_NEEDS_BROWSER" not in os.environ, reason="no Chromium on the path")
@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(("name", "ahead", "quarters"), [("china-ai-chips", 0, 40), ("photovoltaics", 24, 16)])
def test_each_sheet_is_one_page_of_paper(language: Language, name: str, ahead: int, quarters: int, tmp_path: Path):
    setup = Setup(scenario=name, quarters=ahead + quarters)
    page = briefings(setup, list(setup.world().vendors)[:13], "A room", ahead, language)
    file = tmp_path / "sheets.html"
    file.write_text(page, encoding="utf-8")
    (tmp_path / "chromium").mkdir()
    with browser(tmp_path / "chromium") as running, running.tab(file.as_uri(), 1200, 900) as tab:
        tab.becomes("document.readyState == 'complete'")
        printed = tab.call("Page.printToPDF", preferCSSPageSize=True)["data"]
        assert tab.complaints == []
    assert len(re.findall(rb"/Type /Page\b", base64.b64decode(printed))) == len(sheets(page))
