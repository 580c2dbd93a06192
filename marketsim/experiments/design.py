"""Designs: at which values of the uncertain parameters runs are made, and with which luck."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import count, product
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np

from marketsim.errors import did_you_mean
from marketsim.experiments.design_table import read_table
from marketsim.experiments.uncertain import UncertainSpace
from marketsim.scenario.checks import Violation
from marketsim.scenario.experiment_file import FIELDS, MAX_POINTS, Design, LevelsOfOne
from marketsim.state import Floats

if TYPE_CHECKING:
    from marketsim.experiments.experiment import Experiment

OWN_LUCK = ("latin-hypercube", "table")
"""Designs whose points each have runs of their own; at the points of the others the same runs are played."""

Alike = Literal["point", "run"]

USUAL_RUNS = {"as-written": 1000}
"""Runs per point where neither the file nor its precision says; 8 in the other designs."""


@dataclass(frozen=True)
class Point:
    """A point of a design.

    values: of the uncertain parameters, [parameter]; None: the scenario as written.
    runs: numbers of the runs there; together with the seed they decide the luck.
    """

    number: int
    values: Floats | None
    runs: range


def alike(kind: str, uncertain: bool) -> Alike:
    """What makes runs alike: their point if points are drawn, else the number that gives them their luck.

    kind: of the design.  uncertain: whether anything is. Points of a hypercube are drawn; a single one too, and then
    nothing is known of what others would have brought. Points of other designs are given.
    """
    return "point" if kind == "latin-hypercube" and uncertain else "run"


def runs_per_point(experiment: Experiment) -> int:
    """Runs of each policy at each point, in a round."""
    file = experiment.file
    return file.runs_per_point or USUAL_RUNS.get(file.design.kind, 8)


def rounds(experiment: Experiment) -> Iterator[list[Point]]:
    """The points of the design; with `precision:` further rounds without end.

    A further round is another hypercube, with points and luck of its own; in other designs the same points again, with
    further runs. Raises ExperimentError for a table that cannot be used.
    """
    runs, kind = runs_per_point(experiment), experiment.file.design.kind
    values = _values(experiment, 0)
    for number in count() if experiment.file.precision else range(1):
        if number and kind == "latin-hypercube":
            values = _values(experiment, number)
        again = number * len(values)
        first = again if kind == "latin-hypercube" else 0
        starts = [(again + place if kind in OWN_LUCK else number) * runs for place in range(len(values))]
        yield [
            Point(first + place, row, range(start, start + runs))
            for place, (row, start) in enumerate(zip(values, starts, strict=True))
        ]


def _values(experiment: Experiment, number: int) -> Sequence[Floats | None]:
    """Values at the points of a round, [parameter] each."""
    space, design = experiment.space, experiment.file.design
    if space is None:
        return [None]
    match design.kind:
        case "grid":
            return list(_grid(space, design))
        case "one-at-a-time":
            return list(_one_at_a_time(space, design))
        case "latin-hypercube":
            return list(space.values(_hypercube(space, design, experiment.seed, number)))
        case "sobol":
            return list(space.values(saltelli(space.names, design, experiment.seed)))
        case "table":
            assert design.file is not None
            return list(read_table(experiment.path.parent / design.file, space))
    return [None]


def _levels(space: UncertainSpace, name: str, levels: LevelsOfOne) -> list[float]:
    """Values of a parameter: those that are given, or as many as are asked for, evenly spread over its distribution."""
    if isinstance(levels, list):
        return levels
    column = space.names.index(name)
    places = np.repeat(np.linspace(0.0, 1.0, levels)[:, None], len(space.names), axis=1)
    return [float(value) for value in space.values(places)[:, column]]


def _of_grid(names: Sequence[str], design: Design) -> dict[str, LevelsOfOne]:
    """Levels of the parameters that a grid or a one-at-a-time design varies; the others stay as written."""
    levels = design.levels
    if isinstance(levels, dict):
        return {name: levels[name] for name in names if name in levels}
    return {} if levels is None else dict.fromkeys(names, levels)


def _grid(space: UncertainSpace, design: Design) -> Iterator[Floats]:
    """Every combination of levels, the last parameter changing fastest."""
    varied = {name: _levels(space, name, levels) for name, levels in _of_grid(space.names, design).items()}
    for combination in product(*varied.values()):
        values = space.present.copy()
        values[[space.names.index(name) for name in varied]] = combination
        yield values


def _one_at_a_time(space: UncertainSpace, design: Design) -> Iterator[Floats]:
    """The scenario as written, then each parameter at each of its levels with the others as written."""
    yield space.present.copy()
    for name, levels in _of_grid(space.names, design).items():
        for level in _levels(space, name, levels):
            values = space.present.copy()
            values[space.names.index(name)] = level
            yield values


def _hypercube(space: UncertainSpace, design: Design, seed: int, number: int) -> Floats:
    """Places that cover the range of each parameter evenly, [point, parameter]; another hypercube in each round.

    Source: McKay, Beckman, Conover (1979), Technometrics 21(2); sampled by SciPy.
    """
    from scipy.stats import qmc

    rng = np.random.default_rng((seed, number))
    places: Floats = qmc.LatinHypercube(len(space.names), rng=rng).random(design.points)
    return places


def saltelli(names: Sequence[str], design: Design, seed: int) -> Floats:
    """Places of Saltelli's scheme in the order in which SALib analyses them, [point, parameter].

    Source: Saltelli et al. (2010), Computer Physics Communications 181(2); sampled by SALib.
    """
    from marketsim.commands.needs import need

    need("SALib")
    from SALib.sample import sobol

    problem = {"num_vars": len(names), "names": list(names), "bounds": [[0.0, 1.0]] * len(names)}
    places: Floats = sobol.sample(problem, design.base, calc_second_order=bool(design.second_order), seed=seed % 2**32)
    return places


def size(design: Design, names: Sequence[str]) -> int:
    """Points of a design, in one round; of a table 0, which only its file knows."""
    levels = [len(one) if isinstance(one, list) else one for one in _of_grid(names, design).values()]
    pairs = 2 if design.second_order else 1
    return {
        "as-written": 1,
        "grid": math.prod(levels),
        "one-at-a-time": 1 + sum(levels),
        "latin-hypercube": design.points or 0,
        "sobol": (design.base or 0) * (pairs * len(names) + 2),
        "table": 0,
    }[design.kind]


def design_violations(design: Design, space: UncertainSpace | None) -> Iterator[Violation]:
    """What is wrong with a design for these parameters; paths start at `design`."""
    kind, fields = design.kind, FIELDS[design.kind]
    for field in ("points", "levels", "base", "second_order", "file"):
        given = getattr(design, field) is not None
        if given and field not in fields:
            own = " and ".join(fields) or "no field"
            yield Violation(("design", field), f"means nothing in the design {kind}", f"{own} besides `kind`")
        elif not given and fields.get(field):
            yield Violation(("design", field), f"is required and missing: the design {kind} needs it")
    if kind == "as-written":
        return
    if space is None:
        yield Violation(("design", "kind"), f"the design {kind} needs uncertain parameters", hint="add `uncertain:`")
        return
    yield from _wrong_levels(design, space)
    if kind == "sobol" and design.base and design.base & (design.base - 1):
        below = 2 ** (design.base.bit_length() - 1)
        yield Violation(("design", "base"), "is not a power of 2", hint=f"{below} or {2 * below}")
    points = size(design, space.names)
    if points > MAX_POINTS:
        message = f"has {points:,} points" if points < 1e15 else f"has {float(points):.0e} points"
        hint = f"a latin-hypercube covers {len(space.names)} parameters with a few hundred" if kind == "grid" else ""
        yield Violation(("design",), message, f"at most {MAX_POINTS:,}", hint)


def _wrong_levels(design: Design, space: UncertainSpace) -> Iterator[Violation]:
    if not isinstance(design.levels, dict):
        return
    for name, levels in design.levels.items():
        path, parameter = ("design", "levels", name), space.parameters.get(name)
        if parameter is None:
            hint = did_you_mean(name, space.names, "there are")
            yield Violation(path, f"there is no uncertain parameter {name!r}", hint=hint)
        elif isinstance(levels, list):
            allowed = f"a number from {parameter.low:g} to {parameter.high:g}"
            wrong = [place for place, level in enumerate(levels) if not parameter.low <= level <= parameter.high]
            yield from (Violation((*path, place), "is out of the parameter's range", allowed) for place in wrong)


def table_path(experiment: Path, design: Design) -> Path | None:
    """The file of a design that is a table."""
    return experiment.parent / design.file if design.kind == "table" and design.file else None
