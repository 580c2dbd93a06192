"""The registry: strategies by name. Built-in ones are listed here, others come from installed packages.

A package adds strategies by entry points of the group `marketsim.strategies`, name = "module:Class":

    [project.entry-points."marketsim.strategies"]
    penny-pincher = "example_strategy:PennyPincher"

Modules are imported when a strategy is first asked for. A built-in name cannot be taken over.
"""

from __future__ import annotations

import inspect
from dataclasses import dataclass
from importlib import import_module
from importlib.metadata import EntryPoint, entry_points

from agents.strategies.strategy import Strategy
from marketsim.errors import MarketSimError, did_you_mean, printable

GROUP = "marketsim.strategies"

BUILT_IN = {
    "cost-leader": "cost_leader:CostLeader",
    "flagship": "flagship:Flagship",
    "ecosystem": "ecosystem:Ecosystem",
    "captive": "captive:Captive",
    "fast-follower": "fast_follower:FastFollower",
    "capacity-hoarder": "capacity_hoarder:CapacityHoarder",
    "inference-specialist": "inference_specialist:InferenceSpecialist",
    "mature-node": "mature_node:MatureNode",
    "skimmer": "skimmer:Skimmer",
    "round-chaser": "round_chaser:RoundChaser",
    "disciplined": "disciplined:Disciplined",
    "consolidator": "consolidator:Consolidator",
    "best-response": "best_response:BestResponse",
    "manufacturer": "manufacturer:Manufacturer",
    "leveraged-manufacturer": "leveraged_manufacturer:LeveragedManufacturer",
    "platform": "platform:Platform",
    "random": "random_choice:Random",
    "hold": "hold:Hold",
}


class StrategyError(MarketSimError):
    """A strategy that is not known, or that an installed package fails to provide."""


@dataclass(frozen=True, slots=True)
class Description:
    """A strategy for people. `text` is its docstring, `problem` says why it cannot be used, if so."""

    name: str
    title: dict[str, str]
    text: str
    package: str
    problem: str = ""

    @property
    def summary(self) -> str:
        """First line of the text."""
        return self.text.partition("\n")[0]


def names() -> list[str]:
    """Names of all strategies: the built-in ones, then those of installed packages by alphabet."""
    return [*BUILT_IN, *sorted(_installed())]


def get(name: str) -> Strategy:
    """The strategy of a name, imported now if need be.  Raises StrategyError with a hint if that fails."""
    if name in BUILT_IN:
        module, _, attribute = BUILT_IN[name].partition(":")
        built_in: type[Strategy] = getattr(import_module(f"agents.strategies.{module}"), attribute)
        return built_in()
    points = _installed().get(name)
    if points is None:
        raise StrategyError(f"no strategy is called {printable(name)!r}; {did_you_mean(name, names())}")
    return _load(name, points)


def describe() -> list[Description]:
    """All strategies for people; one that cannot be loaded comes with its problem and does not hide the others."""
    found = []
    for name in names():
        package = "marketsim" if name in BUILT_IN else _package(_installed()[name][0])
        try:
            kind = type(get(name))
        except StrategyError as error:
            found.append(Description(name, {"en": name, "zh": name}, "", package, problem=str(error)))
        else:
            found.append(Description(name, kind.title, inspect.getdoc(kind) or "", package))
    return found


def _installed() -> dict[str, list[EntryPoint]]:
    """Entry points by name; more than one where packages quarrel over it."""
    found: dict[str, list[EntryPoint]] = {}
    for point in entry_points(group=GROUP):
        if point.name not in BUILT_IN and point not in found.setdefault(point.name, []):
            found[point.name].append(point)
    return found


def _load(name: str, points: list[EntryPoint]) -> Strategy:
    if len(points) > 1:
        packages = " and ".join(_package(point) for point in points)
        raise StrategyError(f"strategy {name!r} is offered by {packages}: uninstall one of them")
    where = f"strategy {name!r} of package {_package(points[0])} ({points[0].value})"
    try:
        kind = points[0].load()
    except Exception as error:  # whatever a third party's module does on import
        raise StrategyError(f"{where} cannot be loaded: {type(error).__name__}: {error}") from error
    if not (isinstance(kind, type) and issubclass(kind, Strategy)):
        raise StrategyError(f"{where} is not a subclass of agents.strategies.Strategy")
    if getattr(kind, "name", None) != name:
        raise StrategyError(f"{where} calls itself {getattr(kind, 'name', None)!r}: the two names must be the same")
    try:
        return kind()
    except Exception as error:  # such as an abstract class without decide
        raise StrategyError(f"{where} cannot be made: {type(error).__name__}: {error}") from error


def _package(point: EntryPoint) -> str:
    return point.dist.name if point.dist is not None else "unknown"
