"""The registry: built-in names, strategies of installed packages, and what goes wrong with them."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from agents import strategies
from agents.strategies import Strategy, StrategyError, describe, get, names
from marketsim.errors import MarketSimError
from marketsim.observation import Observation

EXAMPLE = Path(__file__).parents[2] / "data" / "example_strategy_package"
MODULES = Path(strategies.__file__).parent
Install = Callable[..., None]


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Install]:
    """Installs a package: its modules on the path, its metadata beside them, as pip would leave them."""
    loaded = set(sys.modules)

    def installer(package: str, entry_points: dict[str, str], source: str = "", path: Path | None = None) -> None:
        site = tmp_path / package
        metadata = site / f"{package.replace('-', '_')}-1.0.dist-info"
        metadata.mkdir(parents=True)
        (metadata / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {package}\nVersion: 1.0\n")
        lines = [f"{name} = {target}" for name, target in entry_points.items()]
        (metadata / "entry_points.txt").write_text("\n".join(["[marketsim.strategies]", *lines]) + "\n")
        if path is None:
            (site / f"{package.replace('-', '_')}.py").write_text(source)
        for place in (site, path or site):
            monkeypatch.syspath_prepend(str(place))

    yield installer
    for module in set(sys.modules) - loaded:
        del sys.modules[module]


@pytest.fixture
def example(install: Install) -> None:
    project = tomllib.loads((EXAMPLE / "pyproject.toml").read_text())["project"]
    install(project["name"], project["entry-points"]["marketsim.strategies"], path=EXAMPLE / "src")


def test_every_strategy_is_found_by_its_own_name() -> None:
    assert len(names()) == len(set(names())) >= 15
    for name in names():
        strategy = get(name)
        assert isinstance(strategy, Strategy)
        assert strategy.name == name
        assert strategy.title["en"]
        assert any("\u4e00" <= letter <= "\u9fff" for letter in strategy.title["zh"])


def test_every_strategy_file_is_in_the_registry() -> None:
    """A file that defines a strategy and is not listed would be dead."""
    shared = {"__init__", "strategy", "registry", "team", "outlook", "planning", "supply"}
    files = {path.stem for path in MODULES.glob("*.py")} - shared
    listed = {type(get(name)).__module__.rpartition(".")[2] for name in names()}
    assert files == listed


def test_descriptions_tell_the_idea() -> None:
    for description in describe():
        assert description.package == "marketsim"
        assert not description.problem
        assert description.summary in description.text
        assert 20 < len(description.summary) <= 120
        body = description.text.partition("\n\n")[2]
        assert any(word in body for word in ("Example:", "Idea:", "Source:", "control")), description.name


def test_strategies_are_imported_when_they_are_asked_for() -> None:
    code = (
        "import sys; from agents.strategies import get, names; names()\n"
        "assert 'agents.strategies.skimmer' not in sys.modules; get('skimmer')\n"
        "assert 'agents.strategies.skimmer' in sys.modules\n"
        "assert 'agents.strategies.flagship' not in sys.modules"
    )
    root = MODULES.parents[1]
    subprocess.run([sys.executable, "-c", code], cwd=root, check=True, timeout=60)


@pytest.mark.parametrize(("wrong", "right"), [("cost-leadr", "cost-leader"), ("Skimmer", "skimmer")])
def test_unknown_name_gets_a_hint(wrong: str, right: str) -> None:
    with pytest.raises(StrategyError, match=f"did you mean '{right}'"):
        get(wrong)


def test_unknown_name_without_likeness_lists_what_there_is() -> None:
    with pytest.raises(MarketSimError, match="cost-leader, flagship"):
        get("xyzzy")


@pytest.mark.usefixtures("example")
def test_strategy_of_an_installed_package_is_found_and_plays(bend: Callable[..., Observation]) -> None:
    assert "penny-pincher" in names()
    obs = bend()
    decision = get("penny-pincher").decide(obs)
    assert np.allclose(decision.price, 1.25 * obs.card_cost)
    (own,) = [description for description in describe() if description.name == "penny-pincher"]
    assert own.package == "example-strategy"
    assert own.title["zh"] == "省钱派"
    assert own.summary == "Spend half of what is normal and sell at a quarter over cost."


GOOD = """
from agents.strategies import Strategy
class Good(Strategy):
    name, title = "good", {"en": "Good", "zh": "好"}
    def decide(self, obs):
        return obs.hold()
class Unfinished(Strategy):
    name, title = "unfinished", {"en": "Unfinished", "zh": "未完"}
"""


@pytest.mark.parametrize(
    ("name", "target", "message"),
    [
        ("no-module", "nowhere:Thing", "ModuleNotFoundError"),
        ("no-class", "broken:Missing", "AttributeError"),
        ("no-strategy", "broken:NUMBER", "not a subclass"),
        ("other-name", "broken:Good", "calls itself 'good'"),
        ("unfinished", "broken:Unfinished", "abstract"),
    ],
)
def test_broken_entry_point_is_named_and_does_not_break_the_others(
    name: str, target: str, message: str, install: Install
) -> None:
    install("broken", {name: target, "good": "broken:Good"}, GOOD + "NUMBER = 1\n")
    with pytest.raises(StrategyError, match=f"strategy '{name}' of package broken .*{message}"):
        get(name)
    assert get("good").name == "good"
    problems = {description.name: description.problem for description in describe() if description.problem}
    assert list(problems) == [name]
    assert "broken" in problems[name]


def test_module_that_fails_on_import_is_reported(install: Install) -> None:
    install("explodes", {"boom": "explodes:Boom"}, "raise RuntimeError('no licence')")
    with pytest.raises(StrategyError, match=r"'boom' of package explodes .*RuntimeError: no licence"):
        get("boom")


def test_two_packages_cannot_share_a_name(install: Install) -> None:
    install("first", {"good": "first:Good"}, GOOD)
    install("second", {"good": "second:Good"}, GOOD)
    with pytest.raises(StrategyError, match=r"(first and second|second and first): uninstall one"):
        get("good")
    assert names().count("good") == 1


def test_built_in_name_cannot_be_taken_over(install: Install) -> None:
    install("usurper", {"skimmer": "usurper:Good"}, GOOD)
    assert type(get("skimmer")).__module__ == "agents.strategies.skimmer"
    assert names().count("skimmer") == 1
