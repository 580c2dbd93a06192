"""The instrument on trial: runs whose class is known by construction, one half to set thresholds, one to count errors.

A world stands for a class because the mechanism that makes the class is built into it; everything else in it is drawn
widely from its `free:` ranges. The halves have draws and luck of their own.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from marketsim.ensemble import CHUNK, Decide
from marketsim.processes import each
from marketsim.scenario import library
from marketsim.scenario.parameters import Parameters
from marketsim.scenario.schema import Scenario
from marketsim.scenario.worlds import SideBySide
from marketsim.shakeout.classify import STRUCTURE, Class, Thresholds
from marketsim.shakeout.ensemble import Draws, Part, bundled, latin_hypercube, parts_of, played
from marketsim.shakeout.instrument import ErrorRates, Instrument
from marketsim.shakeout.reference import Reference
from marketsim.state import Floats, Ints

WORLDS: Mapping[str, Class] = {
    "glut": Class.PHOTOVOLTAIC,
    "lock-in": Class.LOCK_IN,
    "commodity": Class.COMMODITY,
    "niche": Class.NICHE,
    "rationed": Class.RATIONED,
    "sheltered": Class.SHELTERED,
    "collapse": Class.COLLAPSE,
    "steady": Class.NONE,
}
"""Scenarios of the library and the class that each stands for."""

CONTROLS: Mapping[str, str] = {
    "glut": "no switching cost, over-capacity",
    "lock-in": "equal costs, strong returns to software",
    "steady": "no entry boom",
    "commodity": "large economies of scale",
}
"""Worlds that the instrument must get right first, and what each of them isolates."""

MOST_FALSE = 0.05
"""Largest share of runs of other classes that may be taken for a photovoltaic shakeout."""
WORTH = 0.005
"""What a change of a threshold must gain in mean share of right verdicts; else the design's value stays."""

CHOICES: Mapping[str, tuple[float, ...]] = {
    "output": (0.0, -0.1, -0.2, -0.3),
    "persistence": (1.0, 0.5, 0.25, 0.0),
    "evidence": (3.0, 1.5, 2.0, 5.0),
    "cost_facts": (5 / 8, 4 / 8, 3 / 8),
    "cost": (0.0, 0.1, -0.1, -0.2),
    "ecosystem": (-0.10, -0.05, -0.20, -0.30),
    "revenue": (0.0, -0.1, -0.2),
    "excess": (1.2, 1.1, 1.3),
}
"""Values that a threshold may take, the design's first."""


@dataclass(frozen=True)
class Trial:
    """Runs of a world, measured: by name, [r] each, and the draw of each run, [r]."""

    world: str
    measured: Mapping[str, Floats]
    draw: Ints

    @property
    def true(self) -> Class:
        """The class of all of them."""
        return WORLDS[self.world]

    def without(self, names: Collection[str]) -> Trial:
        """The same runs, of which some facts and gauges are not known."""
        nothing = {name: np.full(len(self.draw), np.nan) for name in names}
        return replace(self, measured={**self.measured, **nothing})

    def verdicts(self, instrument: Instrument) -> Ints:
        """The class that an instrument sees in each run, [r]."""
        return instrument.judge(self.measured).classes


@dataclass(frozen=True)
class _Worker:
    """Measures runs of a world: parts whose runs follow one another, played side by side."""

    draws: Draws
    decide: Decide
    seed: int
    instrument: Instrument

    def __call__(self, bundle: Sequence[Part]) -> dict[str, Floats]:
        worlds = [Parameters(self.draws.scenario(part.draw)) for part in bundle]
        p = SideBySide.of(worlds, [len(part.runs) for part in bundle])
        runs = range(bundle[0].runs.start, bundle[-1].runs.stop)
        measured = self.instrument.read(played(p, self.decide, self.seed, runs, "merchant")).measured
        return {name: values[: len(runs)] for name, values in measured.items()}


def conduct(
    world: str,
    instrument: Instrument,
    decider: Callable[[Scenario], Decide],
    runs: int,
    draws: int,
    seed: int,
    workers: int,
    progress: Callable[[int], None] | None = None,
) -> Trial:
    """Play and measure runs of a world. The result does not depend on the number of workers.

    seed: of the draws and of the luck.  Raises MarketSimError if a worker process is killed.
    """
    loaded = library.load(world)
    sample = latin_hypercube(loaded, draws, seed)
    if sample is None:
        raise ValueError(f"the scenario {world} has no free parameters to draw")
    worker = _Worker(sample, decider(loaded.scenario), seed, instrument)
    parts, found = parts_of(runs, draws), dict[int, dict[str, Floats]]()
    for bundle, measured in each(bundled(parts, min(CHUNK, -(-runs // (2 * workers)))), worker, workers):
        found[bundle[0].runs.start] = measured
        if progress is not None:
            progress(bundle[-1].runs.stop - bundle[0].runs.start)
    ordered = [found[start] for start in sorted(found)]
    measured = {name: np.concatenate([part[name] for part in ordered]) for name in ordered[0]}
    draw = np.concatenate([np.full(len(part.runs), part.draw) for part in parts])
    return Trial(world, measured, draw)


def confusion(trials: list[Trial], instrument: Instrument) -> ErrorRates:
    """How an instrument classifies them. Worlds of one class count together."""
    verdicts = np.zeros((len(Class), len(Class)), dtype=np.int64)
    worlds: dict[str, str] = {}
    for trial in trials:
        verdicts[trial.true] += np.bincount(trial.verdicts(instrument), minlength=len(Class))
        name = trial.true.name
        worlds[name] = f"{worlds[name]}, {trial.world}" if name in worlds else trial.world
    return ErrorRates(verdicts, worlds)


def overlap(trials: list[Trial]) -> Floats:
    """Correlation of C1-C4 over runs within a world, the mean over worlds with a shakeout, [4,4]."""
    found = []
    for trial in trials:
        facts = np.stack([trial.measured[name] for name in STRUCTURE])
        known = ~np.isnan(facts).any(axis=0)
        if trial.true < Class.UNTOLD and known.sum() > len(STRUCTURE):
            varies = facts[:, known].std(axis=1) > 0
            matrix = np.eye(len(STRUCTURE))
            matrix[np.ix_(varies, varies)] = np.corrcoef(facts[varies][:, known])
            found.append(matrix)
    return np.mean(found, axis=0) if found else np.eye(len(STRUCTURE))


def tuned(trials: list[Trial], reference: Reference) -> Thresholds:
    """Thresholds with the largest mean share of right verdicts over worlds.

    One threshold is moved after another, over and over, until no move is worth it. A move may not bring false
    photovoltaic verdicts above their limit, nor further above it.
    """
    best = replace(Thresholds(), overlap=overlap(trials))
    right, false = _rates(trials, reference, best)
    moved = True
    while moved:
        moved = False
        for name, values in CHOICES.items():
            for value in values:
                change: dict[str, Any] = {name: value}
                candidate = replace(best, **change)
                found, wrong = _rates(trials, reference, candidate)
                if found > right + WORTH and wrong <= max(false, MOST_FALSE):
                    best, right, false, moved = candidate, found, wrong, True
    return best


def _rates(trials: list[Trial], reference: Reference, thresholds: Thresholds) -> tuple[float, float]:
    """Mean over worlds of the share of right verdicts, and over those of other classes of false photovoltaic ones."""
    instrument = Instrument(reference, thresholds)
    verdicts = [(trial.true, trial.verdicts(instrument)) for trial in trials]
    false = [np.mean(found == Class.PHOTOVOLTAIC) for true, found in verdicts if true is not Class.PHOTOVOLTAIC]
    return float(np.mean([np.mean(found == true) for true, found in verdicts])), float(np.mean(false or [0.0]))
