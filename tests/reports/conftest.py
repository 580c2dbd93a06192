"""An experiment on the small world that is run and analysed once, and the reports on it."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from marketsim.experiments.analysis.summary import Analysis, analyse
from marketsim.experiments.execute import run
from marketsim.experiments.experiment import load_experiment
from marketsim.experiments.results import open_results
from marketsim.experiments.store import Store
from marketsim.reports.experiment import experiment_report
from marketsim.reports.material import Material
from marketsim.reports.page import Report, render
from marketsim.reports.words import Speaker
from marketsim.scenario.vocabulary import Language
from tests.experiments.files import SUBSIDY
from tests.experiments.playing import over_points

TITLED = {
    **SUBSIDY,
    "title": {"en": "Subsidy", "zh": "购置补贴"},
    "source": "assumption",
    "note": {"en": "a tenth off, to see what it does", "zh": "减价一成，以观其效"},
}
SAME = {"name": "same", "title": {"en": "Nothing new", "zh": "照旧"}, "levers": {"purchase_subsidy": 0}}
OUTCOMES = {
    "cost": {
        **{"measure": "cost_per_million_tokens", "year": 2027, "better": "lower"},
        "title": {"en": "cost per million tokens, 2027", "zh": "每百万词元成本，2027年"},
    },
    "cards": {
        "measure": "cards",
        "year": 2027,
        "better": "higher",
        "title": {"en": "cards <sold>", "zh": "加速卡<销量>"},
    },
    "margin": {
        **{"measure": "gross_margin", "year": 2027, "better": "higher", "enough": 0.5},
        "title": {"en": "margin, 2027", "zh": "毛利率，2027年"},
    },
    "survivors": {"measure": "survivors", "title": {"en": "survivors", "zh": "存续厂商数"}},
}


@dataclass(frozen=True)
class Made:
    """A report and its page."""

    material: Material
    report: Report
    page: str


@pytest.fixture(scope="session")
def computed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Results that tests share; `folder` is a copy of one's own."""
    place = tmp_path_factory.mktemp("experiment")
    changes = {
        "policies": [TITLED, SAME],
        "design": {"kind": "latin-hypercube", "points": 40},
        "runs_per_point": 3,
        "outcomes": OUTCOMES,
        "keep": {"quarters": 30, "vendors": 30},
    }
    run(load_experiment(over_points(place, **changes)), Store(place / "out"))
    return place / "out"


@pytest.fixture
def folder(computed: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(computed, tmp_path / "results"))


@pytest.fixture(scope="session")
def analysis(computed: Path) -> Analysis:
    return analyse(open_results(computed))


@pytest.fixture(scope="session")
def made(computed: Path, analysis: Analysis) -> Callable[[Language], Made]:
    """The report in a language, made once."""
    known: dict[Language, Made] = {}

    def make(language: Language) -> Made:
        if language not in known:
            speaker = Speaker(language)
            material = Material(open_results(computed), analysis, speaker)
            report = experiment_report(material, damaged=False)
            known[language] = Made(material, report, render(report, speaker))
        return known[language]

    return make
