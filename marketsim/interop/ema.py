"""EMA Workbench: a scenario as one of its models, and an evaluator that plays many of its experiments at once.

Uncertainties are the uncertain parameters, levers the named policies and, where asked for, single policy levers.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from marketsim.errors import ExperimentError, Origin, Problem
from marketsim.experiments.policies import Policy
from marketsim.interop.evaluate import SHAKEOUT, Evaluation
from marketsim.interop.scales import not_on_a_log_scale
from marketsim.scenario.checks import lever_names, lever_violations
from marketsim.scenario.experiment_file import UncertainParameter

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # of libraries that EMA Workbench would like to have for other things
    from ema_workbench import CategoricalParameter, Model, RealParameter, ScalarOutcome
    from ema_workbench.em_framework.evaluators import BaseEvaluator
    from ema_workbench.em_framework.points import experiment_generator

POLICY = "named_policy"
"""The lever whose categories are the names of the policies; `policy` is EMA Workbench's own word."""

Levers = Mapping[str, tuple[float, float]]


def ema_model(evaluation: Evaluation, levers: Levers | None = None) -> Model:
    """The scenario as a model of EMA Workbench, which its evaluators, samplers and optimisers run.

    Outcomes are means over the runs of a point, and the share of runs with a shakeout; MINIMIZE or MAXIMIZE where the
    outcome says which way is better.
    levers: lowest and highest value of single policy levers, each held throughout, such as
    {"electricity_discount": (0, 0.5)}; they hold against a named policy.
    Raises ExperimentError for a lever that there is not or cannot have such values, MarketSimError for a distribution
    that EMA Workbench does not have.
    """
    ranges = dict(levers or {})
    _check(evaluation, ranges)
    model = Model("marketsim", Function(evaluation))
    model.uncertainties = [
        _uncertainty(name, parameter, float(present))
        for (name, parameter), present in zip(
            evaluation.space.parameters.items(), evaluation.space.present, strict=True
        )
    ]
    names = list(evaluation.policies)
    model.levers = [CategoricalParameter(POLICY, names, default=names[0])] if len(names) > 1 else []
    model.levers.extend(RealParameter(name, low, high) for name, (low, high) in ranges.items())
    model.outcomes = [_outcome(evaluation, name) for name in [*evaluation.outcomes, SHAKEOUT]]
    return model


@dataclass(frozen=True)
class Function:
    """The function of the model: parameters and levers by name to outcomes by name."""

    evaluation: Evaluation

    def __call__(self, **chosen: Any) -> dict[str, float]:
        """The outcomes of one experiment. A parameter that is not given is as written."""
        return self.side_by_side([chosen])[0]

    def side_by_side(self, chosen: Sequence[Mapping[str, Any]]) -> list[dict[str, float]]:
        """The outcomes of several, those under one policy side by side."""
        names, present = self.evaluation.names, self.evaluation.space.present
        found: dict[int, dict[str, float]] = {}
        for policy, places in self._by_policy(chosen):
            rows = [
                [chosen[place].get(name, own) for name, own in zip(names, present, strict=True)] for place in places
            ]
            outcomes = self.evaluation.by_run(np.array(rows, dtype=float), policy)
            for row, place in enumerate(places):
                found[place] = {name: float(values[row].mean()) for name, values in outcomes.items()}
        return [found[place] for place in range(len(chosen))]

    def _by_policy(self, chosen: Sequence[Mapping[str, Any]]) -> Iterable[tuple[Policy, list[int]]]:
        """Each policy, and which of the experiments are under it."""
        groups: dict[tuple[tuple[str, Any], ...], list[int]] = {}
        for place, each in enumerate(chosen):
            levers = {name: value for name, value in each.items() if name not in self.evaluation.names}
            groups.setdefault(tuple(sorted(levers.items())), []).append(place)
        return [(self._policy(dict(levers)), places) for levers, places in groups.items()]

    def _policy(self, levers: dict[str, Any]) -> Policy:
        known = self.evaluation.policies
        named = known[levers.pop(POLICY, next(iter(known)))]
        start = self.evaluation.experiment.loaded.scenario.start
        held = {name: {start: float(value)} for name, value in levers.items()}
        return Policy(named.name, named.title, {**named.levers, **held})


class SideBySideEvaluator(BaseEvaluator):
    """An evaluator of EMA Workbench that plays all scenarios of a policy as one market: to the same bits, faster.

    It evaluates models of `ema_model` alone.
    """

    def initialize(self) -> None:
        """Nothing has to be set up."""

    def finalize(self) -> None:
        """Nothing has to be taken down."""

    def evaluate_experiments(
        self, scenarios: Any, policies: Any, callback: Callable[..., None], combine: str = "factorial"
    ) -> None:
        """Used by EMA Workbench."""
        experiments = list(experiment_generator(scenarios, self._msis, policies, combine=combine))
        for model in self._msis:
            own = [experiment for experiment in experiments if experiment.model_name == model.name]
            fixed = {constant.name: constant.value for constant in model.constants}
            chosen = [{**experiment.scenario, **experiment.policy, **fixed} for experiment in own]
            for experiment, found in zip(own, model.function.side_by_side(chosen), strict=True):
                callback(experiment, {each.name: _processed(each, found) for each in model.outcomes})


def _processed(outcome: Any, found: Mapping[str, float]) -> Any:
    return outcome.process([found[name] for name in outcome.variable_name])


def _outcome(evaluation: Evaluation, name: str) -> ScalarOutcome:
    kinds = {"lower": ScalarOutcome.MINIMIZE, "higher": ScalarOutcome.MAXIMIZE}
    known = evaluation.experiment.outcomes.get(name)
    return ScalarOutcome(name, kind=kinds.get(known.better or "" if known else "", ScalarOutcome.INFO))


def _uncertainty(name: str, free: UncertainParameter, present: float) -> RealParameter:
    from scipy import stats

    if free.distribution == "uniform":
        if free.scale == "linear":
            return RealParameter(name, free.low, free.high, default=present)
        return RealParameter.from_dist(name, stats.loguniform(free.low, free.high), default=present)
    not_on_a_log_scale(name, free)
    width = free.high - free.low
    if free.distribution == "triangular":
        assert free.mode is not None
        peaked = stats.triang((free.mode - free.low) / width, loc=free.low, scale=width)
        return RealParameter.from_dist(name, peaked, default=present)
    assert free.mean is not None and free.sd is not None
    ends = [(end - free.mean) / free.sd for end in (free.low, free.high)]
    return RealParameter.from_dist(name, stats.truncnorm(*ends, loc=free.mean, scale=free.sd), default=present)


def _check(evaluation: Evaluation, levers: Levers) -> None:
    known = lever_names(evaluation.experiment.loaded.scenario)
    problems = [
        Problem(Origin("levers of ema_model"), wrong.message, name, f"{end:g}", wrong.allowed, wrong.hint)
        for name, ends in levers.items()
        for end in ends
        for wrong in lever_violations((name,), name, end, known)
    ]
    if problems:
        raise ExperimentError(problems)
