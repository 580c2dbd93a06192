"""Everything that the report needs, played and measured: the default, its alternatives, history, other markets."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from marketsim.ensemble import Decide
from marketsim.market import Market
from marketsim.outcomes import YearBook
from marketsim.scenario import library
from marketsim.scenario.free import FreeSpace
from marketsim.scenario.library import LoadedScenario
from marketsim.scenario.parameters import Parameters
from marketsim.scenario.schema import Scenario
from marketsim.scenario.target_file import Target
from marketsim.scenario.vocabulary import Words
from marketsim.shakeout.ensemble import Assessed, Job, assess, latin_hypercube
from marketsim.shakeout.fitted import fitted_facts
from marketsim.shakeout.history import History
from marketsim.shakeout.instrument import Instrument, Reading, load_instrument
from marketsim.shakeout.record import Recorder
from marketsim.shakeout.trial import WORLDS
from marketsim.state import Floats
from marketsim.targets import Comparison, Targets, compare, load_targets, measured
from marketsim.targets import names as with_targets
from marketsim.trace import Trace, Tracer
from marketsim.validation.headlines import Played
from marketsim.validation.sensitivity import Point, Screening, count, screen

DEFAULT = "china-ai-chips"
HISTORY = "photovoltaics"
GENERATORS = (*WORLDS, "tyres")

Decider = Callable[[Scenario], Decide]
"""Who decides in a scenario: brought in from outside, since strategies are none of this package's business."""
Progress = Callable[[int], None]


@dataclass(frozen=True)
class Settings:
    """What a study is made with: runs of each scenario, seed, trajectories and runs of a point of the screening.

    draws, runs_of_draw: of the free parameters of the default scenario, for the verdict of the shakeout test.
    """

    runs: int = 200
    seed: int = 7
    trajectories: int = 16
    runs_of_point: int = 64
    draws: int = 200
    runs_of_draw: int = 8


@dataclass(frozen=True)
class Case:
    """A scenario that was played: yearly outcomes, the quarterly trace, and its figures beside the targets, if any.

    history, reading: what the shakeout test looks at, and what it reads there.
    """

    loaded: LoadedScenario
    played: Played
    trace: Trace
    history: History
    reading: Reading
    targets: Targets | None
    comparisons: list[Comparison]

    @property
    def world(self) -> Scenario:
        """The scenario."""
        return self.loaded.scenario

    @property
    def words(self) -> Words:
        """The words of its industry."""
        return Words(self.world.vocabulary)

    @property
    def years(self) -> list[int]:
        """The years that are played in full."""
        quarters = self.trace.quarters
        return [
            year for year in self.played.outcomes.years if sum(name.startswith(str(year)) for name in quarters) == 4
        ]

    def yearly(self, target: Target) -> Floats:
        """What a target measures, in every year that is played in full, [y,r]."""
        return np.stack([measured(target, str(year), self.trace) for year in self.years])


@dataclass(frozen=True)
class Study:
    """What the report is written from."""

    settings: Settings
    default: Case
    alternatives: dict[str, Case]
    history: Case | None
    generators: dict[str, Case]
    screening: Screening | None
    verdict: Assessed

    @property
    def cases(self) -> dict[str, Case]:
        """All scenarios that were played, by name."""
        history = {HISTORY: self.history} if self.history is not None else {}
        return {DEFAULT: self.default} | self.alternatives | history | self.generators


def scenarios() -> list[str]:
    """Names of the scenarios of the library that a study plays."""
    found = library.names()
    return [
        DEFAULT,
        *(name for name in found if name.startswith(f"{DEFAULT}-")),
        *(name for name in (HISTORY, *GENERATORS) if name in found),
    ]


def conduct(settings: Settings, decider: Decider, workers: int, progress: Progress | None = None) -> Study:
    """Play everything. The result does not depend on the number of workers.

    progress: called with the number of runs just finished, of `runs_of(settings)`.
    """
    cases: dict[str, Case] = {}
    for name in scenarios():
        cases[name] = _case(name, settings, decider, cases.get(DEFAULT))
        if progress is not None:
            progress(settings.runs)
    default = cases[DEFAULT]
    return Study(
        settings,
        default,
        {name: case for name, case in cases.items() if name.startswith(f"{DEFAULT}-")},
        cases.get(HISTORY),
        {name: cases[name] for name in GENERATORS if name in cases},
        _screening(default, settings, decider, workers, progress),
        _verdict(default, settings, decider, workers, progress),
    )


def runs_of(settings: Settings) -> int:
    """Runs of a study, for its progress: scenarios, and points of the screening."""
    loaded = library.load(DEFAULT)
    space = FreeSpace.of(loaded.tree, loaded.scenario)
    points = count(space, settings.trajectories) if space.names else 0
    verdict = settings.draws * settings.runs_of_draw
    return len(scenarios()) * settings.runs + points * settings.runs_of_point + verdict


def _case(name: str, settings: Settings, decider: Decider, default: Case | None) -> Case:
    """A scenario played; alternatives to the default are set beside its targets."""
    loaded = library.load(name)
    world = loaded.scenario
    decide = decider(world)
    market = Market(Parameters(world), settings.seed, range(settings.runs))
    p, book = market.parameters, YearBook(market.parameters, settings.runs)
    tracer, recorder = Tracer(p, market.state), Recorder(p, settings.runs)
    market.record(decide, book, tracer, recorder)
    quarters, past = tracer.result(), recorder.result()
    targets = load_targets(name, world) if name in with_targets() else None
    if targets is None and default is not None and name.startswith(f"{DEFAULT}-"):
        targets = default.targets
    comparisons = compare(quarters, targets) if targets is not None else []
    instrument = instrument_for(world)
    played = Played(book.result(), p.domestic)
    return Case(loaded, played, quarters, past, instrument.read(past), targets, comparisons)


def instrument_for(scenario: Scenario) -> Instrument:
    """The instrument, with facts to which the scenario was fitted left out."""
    instrument = load_instrument()
    return replace(instrument, dropped=fitted_facts(scenario, instrument.reference))


def _verdict(default: Case, settings: Settings, decider: Decider, workers: int, progress: Progress | None) -> Assessed:
    """The shakeout test on the default scenario over the ranges of its free parameters."""
    world = default.world
    draws = latin_hypercube(default.loaded, settings.draws, settings.seed)
    job = Job(world, decider(world), settings.seed, instrument_for(world), draws=draws)
    return assess(job, settings.draws * settings.runs_of_draw, workers, progress)


def _screening(
    default: Case, settings: Settings, decider: Decider, workers: int, progress: Progress | None
) -> Screening | None:
    space = FreeSpace.of(default.loaded.tree, default.world)
    if not space.names:
        return None
    point = Point(space, decider(default.world), settings.seed, settings.runs_of_point)
    return screen(point, settings.trajectories, workers, progress)


def band(values: Floats) -> tuple[Floats, Floats, Floats]:
    """Tenth, fiftieth and ninetieth percentile over runs, the last axis."""
    low, middle, high = np.quantile(values, (0.1, 0.5, 0.9), axis=-1)
    return low, middle, high
