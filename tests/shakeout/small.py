"""Small worlds to assess, quick to play, and tallies written by hand."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from marketsim.api import strategies_of
from marketsim.rules.finance import CAUSES
from marketsim.scenario import library
from marketsim.scenario.free import FreeSpace
from marketsim.scenario.schema import FreeParameter
from marketsim.shakeout.classify import Class
from marketsim.shakeout.ensemble import FALLS, Draws, Job, Kept, Tally, latin_hypercube
from marketsim.shakeout.facts import FACTS
from marketsim.shakeout.instrument import TOLERANCES, Instrument
from marketsim.shakeout.reference import load_reference
from marketsim.state import Floats, Ints

SMALL = str(Path(__file__).parents[1] / "data" / "small.yaml")
"""A world of two firms without free parameters, with a policy."""

SPLIT = """\
name: split
extends: lock-in
title: {en: Eight years of lock-in, zh: 锁定的八年}
description: {en: For tests, zh: 测试用}
quarters: 32
policies:
  nothing: {shared_stack: 0}
  stack: {shared_stack: 1, local_support: 1}
"""
"""A world whose runs are of several classes, with a policy that changes nothing and one that changes much."""


def split(folder: Path) -> Path:
    """The file of that world."""
    path = folder / "split.yaml"
    path.write_text(SPLIT, encoding="utf-8")
    return path


def job(name: str | Path, draws: int = 0, seed: int = 7, changes: tuple[str, ...] = (), **given: Any) -> Job:
    """What to assess, with draws of the scenario's free parameters if there shall be any."""
    loaded = library.load(str(name), list(changes))
    sample = latin_hypercube(loaded, draws, seed) if draws else None
    instrument = Instrument(load_reference())
    return Job(loaded.scenario, strategies_of(loaded.scenario), seed, instrument, draws=sample, **given)


def tally(counts: Mapping[Class, int], draws: int = 1, facts: Mapping[str, Floats | float] | None = None) -> Tally:
    """A tally with so many runs of each class in every draw, and facts [r] where they are given, else unknown."""
    made = Tally(draws)
    classes = np.repeat([int(which) for which in counts], list(counts.values()))
    made.runs = draws * len(classes)
    made.by_draw[:] = np.bincount(classes, minlength=len(Class))
    made.classes[:] = made.by_draw.sum(axis=0)
    made.kept[0] = kept(np.tile(classes, draws), np.repeat(np.arange(draws), len(classes)), facts or {})
    assert made.classes.shape[0] == len(TOLERANCES) and made.falls.shape[1] == len(FALLS)
    return made


def kept(classes: Ints, draw: Ints, facts: Mapping[str, Floats | float]) -> Kept:
    """Runs that were kept, with facts where they are given."""
    figures = np.full((len(FACTS), len(classes)), np.nan)
    for name, values in facts.items():
        figures[list(FACTS).index(name)] = values
    return Kept(figures, classes, np.full(len(classes), -1), draw, np.zeros((len(CAUSES), len(classes))))


def parameters(count: int, draws: int, seed: int = 1) -> Draws:
    """Places of so many parameters, p0, p1 ..., by a Latin hypercube."""
    from scipy.stats import qmc

    free = {f"p{number}": FreeParameter(moves=["x"], low=0.0, high=1.0) for number in range(count)}
    return Draws(FreeSpace({}, free), qmc.LatinHypercube(count, rng=seed).random(draws), {"p0": "a guess"})
