"""Verdicts on many runs: played, measured and counted where they were played, in constant memory.

Runs come in parts. A part has one draw of the scenario's free parameters, and is played under every policy with the
same luck, so that policies can be compared run by run. Many parts are played side by side, which saves time and changes
nothing else.
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
from marketsim.scenario.worlds import SideBySide
from marketsim.shakeout.classify import Class
from marketsim.shakeout.facts import FACTS
from marketsim.shakeout.history import History
from marketsim.shakeout.instrument import TOLERANCES, Instrument
from marketsim.shakeout.null import null_history
from marketsim.shakeout.record import Boundary, Recorder, drawn_elsewhere
from marketsim.state import Bools, Floats, Ints

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


@dataclass(frozen=True, slots=True)
class _Read:
    """What the instrument reads off runs side by side, [...,r]."""

    history: History
    facts: Floats  # [fact,r]
    classes: Ints  # [tolerance,r]
    falls: Bools  # [fall,r] do firms fall at least as far
    excess: Bools
    beside: Mapping[Boundary, Ints]  # classes within other boundaries


class Worker:
    """A process's share of a job: parts whose runs follow one another, played side by side."""

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

    def __call__(self, bundle: Sequence[Part]) -> list[Compared]:
        """What came of each part."""
        by_policy = [self._counted(bundle, policy) for policy in self.job.policies]
        return [self._compared([of_parts[place] for of_parts in by_policy]) for place in range(len(bundle))]

    def _compared(self, by_policy: Sequence[tuple[Counted, Ints]]) -> Compared:
        """A part under all policies.  by_policy: counted, and the class of each run."""
        first, *others = [classes for _, classes in by_policy]
        joint = np.stack([_joint(first, other) for other in others]) if others else None
        return Compared(tuple(counted for counted, _ in by_policy), joint)

    def _counted(self, bundle: Sequence[Part], policy: str | None) -> list[tuple[Counted, Ints]]:
        """Each part counted, and the class of each of its runs, [r]."""
        read, start = self._read(bundle, policy), bundle[0].runs.start
        usual = read.classes[TOLERANCES.index(1.0)]
        counted = []
        for part in bundle:
            own = slice(part.runs.start - start, part.runs.stop - start)
            found = Counted(
                classes=np.stack([_counts(classes[own]) for classes in read.classes]),
                falls=read.falls[:, own].sum(axis=1),
                excess=int(read.excess[own].sum()),
                beside={boundary: _counts(classes[own]) for boundary, classes in read.beside.items()},
                kept=self._kept(part, own.start, read) if part.among(self._of_each(KEPT)) else None,
            )
            counted.append((found, usual[own]))
        return counted

    def _read(self, bundle: Sequence[Part], policy: str | None) -> _Read:
        job, instrument = self.job, self.job.instrument
        worlds = [self._world(part.draw, policy) for part in bundle]
        p = SideBySide.of(worlds, [len(part.runs) for part in bundle])
        runs = range(bundle[0].runs.start, bundle[-1].runs.stop)
        recorder = recorded(p, job.decide, job.seed, runs, job.boundary, beside=job.beside)
        history = recorder.result()
        reading = instrument.read(history)
        measured, verdicts = reading.measured, reading.verdicts
        by_tolerance = [
            verdicts.classes if x == 1 else instrument.scaled(x).judge(measured).classes for x in TOLERANCES
        ]
        return _Read(
            history=history,
            facts=np.stack([measured[name] for name in FACTS]),
            classes=np.stack(by_tolerance),
            falls=measured["S1"] >= np.array(FALLS)[:, None] - 1e-9,
            excess=verdicts.excess,
            beside={boundary: instrument.read(recorder.result(boundary)).verdicts.classes for boundary in job.beside},
        )

    def _kept(self, part: Part, start: int, read: _Read) -> Kept:
        """The first runs of a part.  start: where its runs begin."""
        count = part.among(self._of_each(KEPT))
        own = slice(start, start + count)
        causes = read.history.causes
        assert causes is not None
        return Kept(
            facts=read.facts[:, own],
            classes=read.classes[TOLERANCES.index(1.0), own],
            chance=self._by_chance(part, start, read.history)[:count],
            draw=np.full(count, part.draw),
            causes=causes[:, own],
        )

    def _by_chance(self, part: Part, start: int, history: History) -> Ints:
        """Classes of the null histories of the first runs of the draw, -1 for the others."""
        classes, count = np.full(len(part.runs), -1), part.among(self._of_each(NULLS))
        if count:
            rng = np.random.default_rng((self.job.seed, part.runs.start))
            own = history.take_runs(start, len(part.runs))
            classes[:count] = self.job.instrument.read(null_history(own, rng)).verdicts.classes[:count]
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


def bundled(parts: Sequence[Part], most: int) -> list[tuple[Part, ...]]:
    """Parts whose runs follow one another, put together up to so many runs; a part is never divided."""
    bundles: list[list[Part]] = []
    for part in parts:
        last = bundles[-1] if bundles else []
        follows = bool(last) and last[-1].runs.stop == part.runs.start
        if follows and part.runs.stop - last[0].runs.start <= most:
            last.append(part)
        else:
            bundles.append([part])
    return [tuple(bundle) for bundle in bundles]


def assess(job: Job, runs: int, workers: int = 1, progress: Callable[[int], None] | None = None) -> Assessed:
    """Play and assess runs. The result does not depend on the number of workers.

    runs: at least 1, and at least as many as there are draws.  progress: called with the number of runs just finished.
    Raises MarketSimError if a draw leads out of what a figure may be, or if a worker process is killed.
    """
    draws = 1 if job.draws is None else len(job.draws.places)
    shape = (draws, len(job.policies) - 1, len(Class), len(Class))
    result = Assessed(job, [Tally(draws) for _ in job.policies], np.zeros(shape, dtype=np.int64))
    bundles = bundled(parts_of(runs, draws), min(CHUNK, -(-runs // (2 * workers))))
    for bundle, answers in each(bundles, Worker(job), workers):
        for part, answer in zip(bundle, answers, strict=True):
            for tally, counted in zip(result.tallies, answer.policies, strict=True):
                tally.add(part, counted)
            if answer.joint is not None:
                result.joint[part.draw] += answer.joint
        if progress is not None:
            progress(sum(len(part.runs) for part in bundle))
    return result
