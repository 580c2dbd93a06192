"""The page of a report on an experiment: it needs nothing but itself, and speaks one language."""

from __future__ import annotations

import html
import json
import os
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from marketsim.scenario.vocabulary import Language
from tests.reports.conftest import Made
from tests.tui.browser import CHROMIUM, browser

NAMES = {
    *("marketsim", "small", "price", "capacity", "survivors", "cost", "cards", "share", "Python", "Numpy", "Polars"),
    *(
        "Holm",
        "Cohen",
        "Kaplan",
        "Meier",
        "PRIM",
        "scenario",
        "experiment",
        "yaml",
        "nodes",
        "vendors",
        "purchase_subsidy",
    ),
}
"""What a Chinese page says in Latin letters: names of keys, files, programs and people."""

needs_browser = pytest.mark.skipif(
    CHROMIUM is None and "CI_NEEDS_BROWSER" not in os.environ, reason="no Chromium on the path"
)


def said(page: str) -> str:
    """All that a page says to its readers, to those who hear it too, and to the pointer."""
    bare = re.sub(r"<style>.*?</style>|<script>.*?</script>", " ", page, flags=re.S)
    bare = re.sub(r'<span lang="en" class="quoted">.*?</span>', " ", bare, flags=re.S)
    labels = re.findall(r'(?:aria-label|data-light|data-dark)="([^"]*)"', bare)
    return html.unescape(" ".join([re.sub(r"<[^>]*>", " ", bare), *labels]))


@pytest.mark.parametrize("language", ["en", "zh"])
def test_nothing_is_loaded(language: Language, made: Callable[[Language], Made]) -> None:
    page = made(language).page
    assert not re.findall(r'\b(?:src|srcset|poster|data)\s*=\s*["\']', page)
    assert not re.findall(r"@import|url\(|https?://[^\s\"<]*\.(?:js|css|woff2?)", page)
    assert set(re.findall(r'href="([^"]*)"', page)) == {
        f"#{section.name}" for section in made(language).report.sections
    }
    assert "default-src 'none'" in page


def test_a_chinese_page_is_chinese(made: Callable[[Language], Made]) -> None:
    words = set(
        re.findall(r"[A-Za-z_]{4,}", re.sub(r"\b(?:[0-9a-f]{16,}|[A-Z0-9_]{4,})\b", " ", said(made("zh").page)))
    )
    assert words <= NAMES, words - NAMES


def test_an_english_page_is_english(made: Callable[[Language], Made]) -> None:
    assert not re.findall(r"[\u2e80-\uffee]", said(made("en").page))


@pytest.mark.parametrize("language", ["en", "zh"])
def test_no_value_is_missing_or_unwritten(language: Language, made: Callable[[Language], Made]) -> None:
    text = said(made(language).page)
    assert not re.findall(r"\bnan\b|\binf\b|\bNone\b(?! of)|undefined|\{\w+\}", text)


def test_what_people_wrote_is_escaped(made: Callable[[Language], Made]) -> None:
    assert "<sold>" not in made("en").page and "cards &lt;sold&gt;" in made("en").page


def test_every_part_is_there(made: Callable[[Language], Made]) -> None:
    report = made("en").report
    names = [section.name for section in report.sections]
    assert names == [
        *("part-overview", "part-differences", "part-paths", "part-verdicts", "part-drivers", "part-survival"),
        *(["part-failing"] if "part-failing" in names else []),
        *("part-robustness", "method", "provenance"),
    ]
    assert made("en").page.count("<svg") > sum(
        len(group.panels) for figure in report.figures() for group in figure.groups
    )


@needs_browser
def test_in_a_browser(
    made: Callable[[Language], Made], tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    file = tmp_path / "report.html"
    file.write_text(made("zh").page, encoding="utf-8")
    (tmp_path / "chromium").mkdir()
    with browser(tmp_path / "chromium") as running, running.tab("about:blank", 1200, 900) as tab:
        grounds = []
        for scheme in ("light", "dark"):
            tab.call("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])
            tab.goes_to(file.as_uri())
            tab.becomes("document.readyState == 'complete' && !!document.querySelector('footer')")
            grounds.append(tab.evaluate("getComputedStyle(document.documentElement).backgroundColor"))
        loaded = tab.evaluate("performance.getEntriesByType('navigation')[0].loadEventEnd")
        record_property("milliseconds until the page is open", loaded)
        assert len(set(grounds)) == 2
        tab.evaluate("document.getElementById('theme').click()")
        assert tab.evaluate("getComputedStyle(document.documentElement).backgroundColor") == grounds[0]
        assert any("CJK" in font for font in tab.fonts_of("h1"))
        assert any("CJK" in font for font in tab.fonts_of(".panel text[text-anchor=end]"))
        _chooses(tab)
        _tells(tab)
        for width in (1200, 360):
            tab.resize(width, 800)
            assert tab.evaluate("document.documentElement.scrollWidth") <= width
        assert tab.complaints == []
        assert {url for url in tab.requests if not url.startswith("about:")} == {file.as_uri()}


def _chooses(tab) -> None:
    """One group of a figure is shown, or all."""
    shown = (
        "[...document.querySelectorAll('#paths > .group')].filter(g => g.offsetHeight > 0).map(g => g.dataset.group)"
    )
    first = tab.evaluate(shown)
    assert len(first) == 1
    for value, expected in (("same", ["same"]), ("", sorted([*first, "same"]))):
        tab.evaluate(f"""(() => {{ const it = document.querySelector('select[data-figure=paths]');
            it.value = {json.dumps(value)}; it.dispatchEvent(new Event('change')); }})()""")
        assert sorted(tab.evaluate(shown)) == sorted(expected)


def _tells(tab) -> None:
    """The values under the pointer, and nothing away from marks."""
    mark = "document.querySelector('#paths .group:not(.away) .hit [aria-label]')"
    tab.evaluate(f"{mark}.scrollIntoView({{block: 'center', behavior: 'instant'}})")
    tab.evaluate("new Promise(then => requestAnimationFrame(() => requestAnimationFrame(() => then(1))))")
    x, y = tab.evaluate(
        f"(() => {{ const b = {mark}.getBoundingClientRect(); return [b.x + b.width / 2, b.y + b.height / 2]; }})()"
    )
    tab.call("Input.dispatchMouseEvent", type="mouseMoved", x=x, y=y)
    told = tab.becomes("!document.getElementById('tip').hidden && document.getElementById('tip').textContent")
    assert told == tab.evaluate(f"{mark}.getAttribute('aria-label')") and "2025Q1" in told
    tab.call("Input.dispatchMouseEvent", type="mouseMoved", x=2, y=2)
    assert tab.becomes("document.getElementById('tip').hidden")


@needs_browser
def test_on_paper(made: Callable[[Language], Made], tmp_path: Path) -> None:
    file = tmp_path / "report.html"
    file.write_text(made("en").page, encoding="utf-8")
    (tmp_path / "chromium").mkdir()
    with browser(tmp_path / "chromium") as running, running.tab(file.as_uri(), 1200, 900) as tab:
        tab.becomes("document.readyState == 'complete' && !!document.querySelector('footer')")
        features = [{"name": "prefers-color-scheme", "value": "dark"}]
        tab.call("Emulation.setEmulatedMedia", media="print", features=features)
        assert tab.evaluate("[...document.querySelectorAll('.control')].every(it => it.offsetHeight == 0)")
        assert tab.evaluate("[...document.querySelectorAll('.group')].every(it => it.offsetHeight > 100)")
        assert tab.evaluate("getComputedStyle(document.documentElement).backgroundColor") == "rgb(255, 255, 255)"
