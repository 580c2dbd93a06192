"""A scenario as a function of its uncertain parameters: values in, outcomes out, many points side by side.

It is an experiment without a design: another library says at which points runs are made.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from marketsim.api import strategies_of
from marketsim.ensemble import CHUNK
from marketsim.errors import ExperimentError, MarketSimError, Origin, did_you_mean
from marketsim.experiments.design import Point
from marketsim.experiments.experiment import Experiment, Policy, load_experiment
from marketsim.experiments.plan import Chunk
from marketsim.experiments.uncertain import UncertainSpace
from marketsim.experiments.worker import Worker
from marketsim.processes import each
from marketsim.scenario.library import is_path
from marketsim.state import Floats

SHAKEOUT = "shakeout"
"""Name of what is known of every run besides the outcomes asked for: 1 in a run with a shakeout, else 0."""


@dataclass(frozen=True, repr=False)
class Evaluation:
    """Outcomes of a scenario at points of its uncertain parameters.

    experiment: scenario, uncertain parameters, policies and outcomes; its design is not used.  runs: at each point, the
    same at every point and under every policy, so that differences are paired.  workers: processes.
    Raises MarketSimError for an experiment in which nothing is uncertain.
    """

    experiment: Experiment
    runs: int = 8
    workers: int = 1

    def __post_init__(self) -> None:
        if self.experiment.space is None:
            raise MarketSimError(f"{self.experiment.path}: nothing is uncertain there: `uncertain: free` and a design")

    def __repr__(self) -> str:
        name = self.experiment.loaded.scenario.name
        return f"<Evaluation: {name}, {len(self.names)} parameters, {self.runs} runs at each point>"

    @property
    def space(self) -> UncertainSpace:
        """The uncertain parameters: names, ranges, distributions, values as written."""
        assert self.experiment.space is not None
        return self.experiment.space

    @property
    def names(self) -> list[str]:
        """Names of the uncertain parameters."""
        return self.space.names

    @property
    def outcomes(self) -> list[str]:
        """Names of the outcomes."""
        return list(self.experiment.outcomes)

    @property
    def policies(self) -> dict[str, Policy]:
        """Policies by name, the baseline first."""
        return {policy.name: policy for policy in self.experiment.policies}

    def __call__(self, values: ArrayLike, policy: str | None = None) -> Floats:
        """The mean of each outcome over the runs at each point, [point, outcome]; of one outcome alone [point].

        values: of the parameters, [point, parameter] in the order of `names`.  policy: the baseline if not given.
        Raises ValueError for values of another shape, MarketSimError for a policy that there is not or values that make
        no scenario.
        """
        found = self.by_run(values, policy)
        means = np.stack([found[name].mean(axis=1) for name in self.outcomes], axis=1)
        return means if len(self.outcomes) > 1 else means[:, 0]

    def by_run(self, values: ArrayLike, policy: str | Policy | None = None) -> dict[str, Floats]:
        """Every outcome of every run, and SHAKEOUT, [point, run] by name.

        policy: a name, or one of one's own.  The rest, and errors, as in a call.
        """
        import pyarrow as pa

        rows = np.asarray(values, dtype=float)
        if rows.ndim != 2 or rows.shape[1] != len(self.names) or not len(rows):
            raise ValueError(f"values must be [point, parameter] with {len(self.names)} parameters, not {rows.shape}")
        chosen = policy if isinstance(policy, Policy) else self._policy(policy)
        under = replace(self.experiment, policies=(chosen,))
        worker = Worker(under, strategies_of(under.loaded.scenario))
        chunks = self._chunks(rows, chosen.name)
        parts = {chunk.points[0].number: tables.runs for chunk, tables in each(chunks, worker, self.workers)}
        table = pa.concat_tables([parts[first] for first in sorted(parts)])
        columns = {name: np.asarray(table[name], dtype=float) for name in [*self.outcomes, SHAKEOUT]}
        return {name: column.reshape(len(rows), self.runs) for name, column in columns.items()}

    def _chunks(self, rows: Floats, policy: str) -> list[Chunk]:
        points = [Point(number, row, range(self.runs)) for number, row in enumerate(rows)]
        size = max(CHUNK // self.runs, 1)
        cuts = [tuple(points[first : first + size]) for first in range(0, len(points), size)]
        return [Chunk(policy, cut, (0,) * len(cut), (0,) * len(cut), key="") for cut in cuts]

    def _policy(self, name: str | None) -> Policy:
        known = self.policies
        if name is None:
            return next(iter(known.values()))
        if name not in known:
            raise MarketSimError(f"there is no policy {name!r}: {did_you_mean(name, list(known), 'there are')}")
        return known[name]


def evaluation(
    scenario: str | Path = "china-ai-chips",
    outcomes: Mapping[str, Mapping[str, Any]] | None = None,
    policies: Sequence[str | Mapping[str, Any]] = (),
    uncertain: str | Mapping[str, Any] = "free",
    overrides: Mapping[str, Any] | None = None,
    runs: int = 8,
    seed: int = 7,
    workers: int = 1,
) -> Evaluation:
    """A scenario as a function of its uncertain parameters. Arguments hold what an experiment file holds.

    scenario: a name or path.  outcomes: by name, such as {"hhi": {"measure": "hhi", "year": 2034, "better": "lower"}};
    None: the usual ones.  policies: besides the scenario as it is, names or {"name": ..., "levers": {...}}.
    uncertain: `free`, all free parameters of the scenario, or a mapping of parameters.  overrides: as in `simulate`.
    Raises ExperimentError with everything that is wrong.
    """
    if runs < 1 or workers < 1:
        raise ValueError(f"runs and workers must be at least 1, not {runs} and {workers}")
    file = {
        "title": {"en": str(scenario), "zh": str(scenario)},
        "scenario": _absolute(scenario),
        "set": dict(overrides or {}),
        "policies": [_absolute(policy) if isinstance(policy, str) else policy for policy in policies],
        "uncertain": uncertain,
        "design": {"kind": "latin-hypercube", "points": 1},
        "seed": seed,
        **({} if outcomes is None else {"outcomes": outcomes}),
    }
    return Evaluation(_experiment(file), runs, workers)


def _absolute(name: str | Path) -> str:
    return str(Path(name).resolve()) if isinstance(name, Path) or is_path(name) else name


def _experiment(file: Mapping[str, Any]) -> Experiment:
    """The arguments read by the one reader of experiments, which takes files."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "experiment.yaml"
        path.write_text(json.dumps(file), encoding="utf-8")
        try:
            return load_experiment(path)
        except ExperimentError as error:
            told = Origin("evaluation")
            raise ExperimentError(
                [replace(one, origin=told) if one.origin.source == str(path) else one for one in error.problems]
            ) from None
