"""What the README shows works: its Python runs, its commands run."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from agents.game import Game, Setup, save
from marketsim.cli import main

ROOT = Path(__file__).parents[1]
READMES = ["README.md", "README.zh-CN.md"]
SMALL = {
    "run": ["--runs", "2", "--quarters", "2", "--workers", "1"],
    "levels": ["--games", "1", "--quarters", "2", "--workers", "1"],
    "assess": ["--runs", "4", "--draws", "2", "--set", "quarters=8", "--workers", "1"],
}
"""What makes a command quick that is shown as it is meant."""
EXPERIMENT = """
title: {en: two policies, zh: 两项政策}
scenario: china-ai-chips
set: {quarters: 8}
policies: [no-electricity-discount]
uncertain: free
design: {kind: latin-hypercube, points: 4}
runs_per_point: 2
outcomes: {hhi: {measure: hhi, year: 2026}}
keep: {quarters: 4, vendors: 4}
"""
"""In the place of the experiment that is shown, which takes a minute."""


def blocks(readme: str, language: str) -> list[str]:
    text = (ROOT / readme).read_text(encoding="utf-8")
    return re.findall(rf"```{language}\n(.*?)```", text, re.DOTALL)


def commands(readme: str) -> list[list[str]]:
    """The `marketsim` commands of the shell examples, without comments and redirections."""
    lines = [line for block in blocks(readme, "sh") for line in block.splitlines()]
    words = [shlex.split(line.partition(" > ")[0], comments=True) for line in lines]
    return [line[1:] for line in words if line and line[0] == "marketsim"]


@pytest.mark.parametrize("readme", READMES)
def test_python_examples_run(readme: str, capsys: pytest.CaptureFixture[str]):
    examples = [code for code in blocks(readme, "python") if "VendorAgent" not in code]  # that one: tests/agents
    assert examples
    for code in examples:
        exec(compile(re.sub(r"runs=\d+", "runs=3", code), readme, "exec"), {})
    assert "2034" in capsys.readouterr().out


@pytest.mark.parametrize("readme", READMES)
def test_commands_run(readme: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "history.csv").write_text("year,firms\n2011,624\n2012,274\n")
    (tmp_path / "small.yaml").write_text(EXPERIMENT)
    save(Game(Setup(vendor="cambricon")), tmp_path / "game.json")
    began: list[Setup] = []  # games need a terminal: here what they would begin with is looked at
    monkeypatch.setattr("tui.app.beginning", lambda **setup: began.append(Setup.model_validate(setup)))
    monkeypatch.setattr("marketsim.commands.play._open", lambda *arguments: None)
    monkeypatch.setattr("marketsim.commands.web.serve", lambda *arguments, **options: None)
    shown = commands(readme)
    assert len(shown) >= 5
    for arguments in shown:
        small = SMALL.get(arguments[0], []) if "--data" not in arguments else []
        with pytest.raises(SystemExit) as caught:
            main([*("small.yaml" if word == "six-policies" else word for word in arguments), *small])
        assert caught.value.code == 0, arguments
    assert began
    for setup in began:
        setup.world()


def test_both_languages_show_the_same_examples():
    for language in ("python", "sh"):
        english, chinese = ([strip(code) for code in blocks(readme, language)] for readme in READMES)
        assert english == chinese


def strip(code: str) -> str:
    """Code without what is told in a language: comments, docstrings, alignment."""
    return " ".join(re.sub(r'#.*|""".*?"""', "", code).split())
