"""What is installed works without the checkout: the wheel holds the three packages and the scenarios."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import zipfile
from email.parser import Parser
from pathlib import Path

import pytest

import marketsim

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    return next(folder.glob("chip_market-*.whl"))


@pytest.fixture(scope="module")
def site(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel installed by pip into an empty folder; the packages it needs are those of this environment."""
    folder = tmp_path_factory.mktemp("installed") / "site"
    command = [sys.executable, "-m", "pip", "install", "--no-deps", "--no-index", "--target", str(folder), str(wheel)]
    subprocess.run(command, check=True, capture_output=True)
    return folder


def installed(site: Path, *command: str) -> str:
    """What a command prints that finds the installed packages first, and this checkout nowhere."""
    environment = {**os.environ, "PYTHONPATH": str(site), "PYTHONSAFEPATH": "1"}
    done = subprocess.run(command, cwd=site.parent, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_wheel_holds_packages_and_scenarios_and_nothing_else(wheel: Path):
    names = zipfile.ZipFile(wheel).namelist()
    assert {name.split("/")[0] for name in names if ".dist-info" not in name} == {"marketsim", "agents", "tui"}
    for path in (ROOT / "scenarios").glob("*.yaml"):
        assert f"marketsim/_scenarios/{path.name}" in names
    assert {f"{package}/py.typed" for package in ("marketsim", "agents", "tui")} <= set(names)
    assert any(name.endswith("licenses/LICENSE") for name in names)
    assert not [name for name in names if "__pycache__" in name or "/tests/" in name]


def test_the_wheel_names_what_it_needs(wheel: Path):
    archive = zipfile.ZipFile(wheel)
    text = archive.read(next(name for name in archive.namelist() if name.endswith("METADATA"))).decode()
    about = Parser().parsestr(text)
    assert (about["Name"], about["Version"]) == ("chip-market", marketsim.__version__)
    needed = {re.match("[a-z0-9]+", line)[0] for line in about.get_all("Requires-Dist", []) if "extra ==" not in line}
    assert needed == {
        "jinja2",
        "mesa",
        "networkx",
        "numpy",
        "platformdirs",
        "polars",
        "pydantic",
        "pyyaml",
        "rich",
        "scipy",
        "textual",
        "typer",
    }


def test_an_installed_wheel_finds_its_scenarios_and_runs_them(site: Path):
    where = installed(site, sys.executable, "-c", "from marketsim.scenario.library import folder; print(folder())")
    assert where.strip() == str(site / "marketsim" / "_scenarios")
    command = str(site / "bin" / "marketsim")
    found = json.loads(installed(site, command, "run", "--runs", "2", "--quarters", "2", "--format", "json"))
    assert (found["scenario"]["name"], found["runs"], found["quarters_played"]) == ("china-ai-chips", 2, [2])
    assert len(json.loads(installed(site, command, "strategies", "--format", "json"))) >= 13
    help_text = installed(site, sys.executable, "-m", "marketsim", "--help")
    assert "Usage: marketsim" in help_text


def test_the_lock_pins_versions_and_names_no_registry():
    lines = (ROOT / "requirements.lock").read_text(encoding="utf-8").splitlines()
    pins = [line for line in lines if not line.startswith("#")]
    assert all("==" in pin for pin in pins)
    assert not any("://" in line or line.startswith("-") for line in lines)
