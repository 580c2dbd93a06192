"""Verdicts on many runs: played, measured and counted where they were played, in constant memory.

Runs are played side by side in parts. A part has one draw of the scenario's free parameters, and is played under every
policy with the same luck, so that policies can be compared run by run.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import pairwise

import numpy as np
from pydantic import ValidationError

from marketsim.ensemble import CHUNK, Decide
from marketsim.market import Market
from marketsim.processes import each
from marketsim.scenario.free import FreeSpace, impossible
from marketsim.scenario.library import LoadedScenario
from marketsim.scenario.parameters import Parameters
from marketsim.scenario.policies import held, under_policy
from marketsim.scenario.schema import Scenario
from marketsim.shakeout.classify import Class
from marketsim.shakeout.facts import FACTS
from marketsim.shakeout.history import History
from marketsim.shakeout.instrument import TOLERANCES, Instrument, Reading
from marketsim.shakeout.null import null_history
from marketsim.shakeout.record import Boundary, Recorder, drawn_elsewhere
from marketsim.state import Floats, Ints

DRAWS = 256
"""Draws of free parameters where nobody asks for another number."""
KEPT = 10_000
"""Runs whose facts are kept, the first of every draw; classes are counted over all."""
NULLS = 1_000
"""Runs that are set beside their null histories, the first of every draw."""
FALLS = (0.3, 0.4, 0.5)


@dataclass(frozen=True)
class Part:
    """Some runs with one draw of the free parameters.  first: number of the draw's first run."""

    draw: int
    runs: range
    first: int = 0

    def among(self, most: int) -> int:
        """How many of the runs are among the first `most` of their draw."""
        return min(max(self.first + most - self.runs.start, 0), len(self.runs))


@dataclass(frozen=True)
class Draws:
    """Draws of a scenario's free parameters: places between their bounds, [draw, parameter].

    notes: what the scenario says of each parameter, by name.
    """

    space: FreeSpace
    places: Floats
    notes: Mapping[str, str] = field(default_factory=dict)

    def scenario(self, draw: int) -> Scenario:
        """The scenario of a draw. Raises MarketSimError if a figure leaves what it may be."""
        try:
            return self.space.scenario(self.space.values(self.places[draw]))
        except ValidationError as error:
            raise impossible(error) from None


def latin_hypercube(loaded: LoadedScenario, draws: int, seed: int, by_hand: Sequence[str] = ()) -> Draws | None:
    """Draws of all free parameters of a scenario that cover the range of each evenly; None if it has none.

    by_hand: dotted paths of figures that were set by hand; parameters that would move them are not drawn.
    Source: McKay, Beckman, Conover (1979), Technometrics 21(2); sampled by SciPy.
    """
    from scipy.stats import qmc

    space = FreeSpace.of(loaded.tree, loaded.scenario).without(by_hand)
    if not space.names:
        return None
    notes = {name: loaded.provenance[f"free.{name}.low"].note or "" for name in space.names}
    return Draws(space, qmc.LatinHypercube(len(space.names), rng=seed % 2**32).random(draws), notes)


@dataclass(frozen=True)
class Job:
    """What is assessed: a scenario as written or with drawn parameters, under one or more policies (none: as it is).

    held: levers that were set by hand and that policies leave alone.
    """

    scenario: Scenario
    decide: Decide
    seed: int
    instrument: Instrument
    boundary: Boundary = "merchant"
    draws: Draws | None = None
    policies: tuple[str | None, ...] = (None,)
    held: frozenset[str] = frozenset()

    @cached_property
    def beside(self) -> tuple[Boundary, ...]:
        """The boundaries within which there are other vendors, and of which classes are counted as well."""
        return drawn_elsewhere(Parameters(self.scenario), self.boundary)

    def world(self, draw: int, policy: str | None) -> Scenario:
        """The scenario of a draw under a policy."""
        drawn = self.scenario if self.draws is None else held(self.draws.scenario(draw), self.held)
        return drawn if policy is None else under_policy(drawn, policy, self.held)


def played(p: Parameters, decide: Decide, seed: int, runs: range, boundary: Boundary) -> History:
    """The history of some runs, at least two of them."""
    return recorded(p, decide, seed, runs, boundary).result()


def recorded(
    p: Parameters, decide: Decide, seed: int, runs: range, boundary: Boundary, beside: Sequence[Boundary] = ()
) -> Recorder:
    """Some runs, at least two of them, written down for a boundary and for others beside it."""
    market = Market(p, seed, runs)
    recorder = Recorder(p, len(market.runs), boundary, beside=beside)
    market.record(decide, recorder)
    return recorder


@dataclass
class Tally:
    """Verdicts counted, and the facts of some runs kept. All counts are exact in any order of parts."""

    draws: int
    runs: int = 0
    kept: dict[int, Kept] = field(default_factory=dict)  # by number of the first run
    classes: Ints = field(init=False)  # [tolerance, class]
    by_draw: Ints = field(init=False)  # [draw, class] at the tolerances of the reference
    falls: Ints = field(init=False)  # [draw, fall] runs whose firms fall at least as far, in the order of FALLS
    excess: Ints = field(init=False)  # [draw]
    beside: dict[Boundary, Ints] = field(default_factory=dict)  # [draw, class] within other boundaries

    def __post_init__(self) -> None:
        self.classes = np.zeros((len(TOLERANCES), len(Class)), dtype=np.int64)
        self.by_draw = np.zeros((self.draws, len(Class)), dtype=np.int64)
        self.falls = np.zeros((self.draws, len(FALLS)), dtype=np.int64)
        self.excess = np.zeros(self.draws, dtype=np.int64)

    def add(self, part: Part, counted: Counted) -> None:
        """Count the runs of a part."""
        self.runs += len(part.runs)
        self.classes += counted.classes
        self.by_draw[part.draw] += counted.classes[TOLERANCES.index(1.0)]
        self.falls[part.draw] += counted.falls
        self.excess[part.draw] += counted.excess
        for boundary, classes in counted.beside.items():
            self.beside.setdefault(boundary, np.zeros_like(self.by_draw))[part.draw] += classes
        if counted.kept is not None:
            self.kept[part.runs.start] = counted.kept

    @property
    def of_draw(self) -> Ints:
        """Runs of each draw, [draw]."""
        return np.asarray(self.by_draw.sum(axis=1))

    @cached_property
    def facts(self) -> Kept:
        """What was kept, in the order of runs."""
        parts = [self.kept[start] for start in sorted(self.kept)]
        return Kept(*(np.concatenate([getattr(part, name) for part in parts], axis=-1) for name in Kept.__slots__))


@dataclass(frozen=True, slots=True)
class Kept:
    """Of each kept run: facts [fact,r] in the order of FACTS, class [r], draw [r], exits by cause [c,r].

    chance: class of the run's null history, -1 where there is none, [r].
    """

    facts: Floats
    classes: Ints
    chance: Ints
    draw: Ints
    causes: Floats


@dataclass(frozen=True, slots=True)
class Counted:
    """A part counted under one policy."""

    classes: Ints  # [tolerance, class]
    falls: Ints  # [fall]
    excess: int
    beside: Mapping[Boundary, Ints]  # [class] within other boundaries
    kept: Kept | None


@dataclass(frozen=True, slots=True)
class Compared:
    """What a worker sends: a part counted under each policy, and classes under the first and each other jointly."""

    policies: tuple[Counted, ...]
    joint: Ints | None  # [other policy, class, class]


@dataclass
class Assessed:
    """Tallies by policy, and how runs change class from the first policy to each other one, by draw."""

    job: Job
    tallies: list[Tally]
    joint: Ints  # [draw, other policy, class under the first, class under the other]


class Worker:
    """A process's share of a job."""

    def __init__(self, job: Job) -> None:
        self.job = job
        self._worlds: dict[str | None, Parameters] = {}

    def _world(self, draw: int, policy: str | None) -> Parameters:
        """The scenario of a draw in numbers; one that is not drawn is kept for the next part."""
        if self.job.draws is not None:
            return Parameters(self.job.world(draw, policy))
        if policy not in self._worlds:
            self._worlds[policy] = Parameters(self.job.world(draw, policy))
        return self._worlds[policy]

    def __call__(self, part: Part) -> Compared:
        counted, classes = [], []
        for policy in self.job.policies:
            found, of_runs = self._count(part, self._recorded(part, policy))
            counted.append(found)
            classes.append(of_runs)
        first, *others = classes
        joint = np.stack([_joint(first, other) for other in others]) if others else None
        return Compared(tuple(counted), joint)

    def _recorded(self, part: Part, policy: str | None) -> Recorder:
        job = self.job
        return recorded(
            self._world(part.draw, policy), job.decide, job.seed, part.runs, job.boundary, beside=job.beside
        )

    def _count(self, part: Part, recorder: Recorder) -> tuple[Counted, Ints]:
        """The part counted, and the class of each of its runs, [r]."""
        instrument, own = self.job.instrument, slice(0, len(part.runs))
        history = recorder.result()
        reading = instrument.read(history)
        measured, verdicts = reading.measured, reading.verdicts
        by_tolerance = [
            verdicts.classes if x == 1 else instrument.scaled(x).judge(measured).classes for x in TOLERANCES
        ]
        beside = {
            boundary: _counts(instrument.read(recorder.result(boundary)).verdicts.classes[own])
            for boundary in self.job.beside
        }
        classes = np.stack([_counts(each[own]) for each in by_tolerance])
        deep = (measured["S1"][own] >= np.array(FALLS)[:, None] - 1e-9).sum(axis=1)
        kept = self._kept(part, history, reading) if part.among(self._of_each(KEPT)) else None
        return Counted(classes, deep, int(verdicts.excess[own].sum()), beside, kept), verdicts.classes[own]

    def _kept(self, part: Part, history: History, reading: Reading) -> Kept:
        count = part.among(self._of_each(KEPT))
        own = slice(0, count)
        assert history.causes is not None
        return Kept(
            facts=np.stack([reading.measured[name][own] for name in FACTS]),
            classes=reading.verdicts.classes[own],
            chance=self._by_chance(part, history)[own],
            draw=np.full(count, part.draw),
            causes=history.causes[:, own],
        )

    def _by_chance(self, part: Part, history: History) -> Ints:
        """Classes of the null histories of the first runs of the draw, -1 for the others."""
        classes, count = np.full(history.runs, -1), part.among(self._of_each(NULLS))
        if count:
            rng = np.random.default_rng((self.job.seed, part.runs.start))
            found = self.job.instrument.read(null_history(history, rng)).verdicts.classes
            classes[:count] = found[:count]
        return classes

    def _of_each(self, most: int) -> int:
        """How many first runs of each draw make `most` in all, or hardly more."""
        return most if self.job.draws is None else -(-most // len(self.job.draws.places))


def _counts(classes: Ints) -> Ints:
    return np.bincount(classes, minlength=len(Class))


def _joint(first: Ints, second: Ints) -> Ints:
    size = len(Class)
    return np.bincount(first * size + second, minlength=size * size).reshape(size, size)


def parts_of(runs: int, draws: int) -> list[Part]:
    """All runs in parts: one for each draw, with runs spread evenly, or chunks where nothing is drawn.

    runs: at least as many as draws.
    """
    edges = np.linspace(0, runs, draws + 1).astype(int)
    return [
        Part(draw, range(start, min(start + CHUNK, int(end))), int(first))
        for draw, (first, end) in enumerate(pairwise(edges))
        for start in range(int(first), int(end), CHUNK)
    ]


def assess(job: Job, runs: int, workers: int = 1, progress: Callable[[int], None] | None = None) -> Assessed:
    """Play and assess runs. The result does not depend on the number of workers.

    runs: at least 1, and at least as many as there are draws.  progress: called with the number of runs just finished.
    Raises MarketSimError if a draw leads out of what a figure may be, or if a worker process is killed.
    """
    draws = 1 if job.draws is None else len(job.draws.places)
    shape = (draws, len(job.policies) - 1, len(Class), len(Class))
    result = Assessed(job, [Tally(draws) for _ in job.policies], np.zeros(shape, dtype=np.int64))
    for part, answer in each(parts_of(runs, draws), Worker(job), workers):
        for tally, counted in zip(result.tallies, answer.policies, strict=True):
            tally.add(part, counted)
        if answer.joint is not None:
            result.joint[part.draw] += answer.joint
        if progress is not None:
            progress(len(part.runs))
    return result
