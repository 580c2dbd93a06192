from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from marketsim.api import strategies_of
from marketsim.scenario import library
from marketsim.validation.document import write
from marketsim.validation.fingerprint import fingerprint
from marketsim.validation.study import DEFAULT, Settings, Study, conduct

SCENARIOS = library.folder()
FREE = """
free:
  source: assumption
  note: for tests
  entry: {moves: [population.entry_rate], low: 0.1, high: 0.9, scale: log}
  capacity: {moves: [nodes.n7.capacity], low: 0.6, high: 1.5, factor: true}
  tokens: {moves: [market.counted_tokens], low: 0.5, high: 1, factor: true}
"""
SETTINGS = Settings(runs=3, seed=5, trajectories=2, runs_of_point=3, draws=3)


def small_library(folder: Path) -> Path:
    """A library with the default scenario, three free parameters in it, one alternative and one other market."""
    (folder / "targets").mkdir(parents=True)
    for name in (f"{DEFAULT}-slow-ramp", "steady"):
        shutil.copy(SCENARIOS / f"{name}.yaml", folder)
    shutil.copy(SCENARIOS / "targets" / f"{DEFAULT}.yaml", folder / "targets")
    shutil.copytree(SCENARIOS / "shakeout", folder / "shakeout")
    text = (SCENARIOS / f"{DEFAULT}.yaml").read_text(encoding="utf-8")
    text, found = re.subn(r"\nfree:\n.*?(?=\n\w)", FREE, text, flags=re.DOTALL)
    assert found == 1
    (folder / f"{DEFAULT}.yaml").write_text(text, encoding="utf-8")
    return folder


@pytest.fixture(scope="session")
def _library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return small_library(tmp_path_factory.mktemp("library") / "scenarios")


@pytest.fixture
def small(_library: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The small library in place of the one of the package."""
    monkeypatch.setattr(library, "folder", lambda: _library)
    return _library


@pytest.fixture(scope="session")
def study(_library: Path) -> Study:
    """A study of the small library with few runs."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(library, "folder", lambda: _library)
        return conduct(SETTINGS, strategies_of, workers=1)


@pytest.fixture(scope="session")
def report(study: Study, _library: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder with the report on the study."""
    folder = tmp_path_factory.mktemp("report")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(library, "folder", lambda: _library)
        write(study, fingerprint(SETTINGS, strategies_of), folder)
    return folder


@pytest.fixture(scope="session")
def text(report: Path) -> str:
    """The report."""
    return (report / "validation.md").read_text(encoding="utf-8")
