"""SALib: the uncertain parameters as its `problem`; an `Evaluation` is the function that it samples."""

from __future__ import annotations

from typing import Any

from marketsim.interop.evaluate import Evaluation
from marketsim.interop.scales import not_on_a_log_scale
from marketsim.scenario.experiment_file import UncertainParameter


def salib_problem(evaluation: Evaluation) -> dict[str, Any]:
    """The problem of SALib: names, bounds and distributions of the parameters, names of the outcomes.

    Raises MarketSimError for a distribution that SALib does not have.
    """
    drawn = [_drawn(name, parameter) for name, parameter in evaluation.space.parameters.items()]
    return {
        "num_vars": len(drawn),
        "names": evaluation.names,
        "bounds": [bounds for _, bounds in drawn],
        "dists": [distribution for distribution, _ in drawn],
        "outputs": evaluation.outcomes,
    }


def _drawn(name: str, free: UncertainParameter) -> tuple[str, list[float]]:
    """A parameter's distribution in SALib's words, and the figures that it needs."""
    if free.distribution == "uniform":
        return "logunif" if free.scale == "log" else "unif", [free.low, free.high]
    not_on_a_log_scale(name, free)
    if free.distribution == "triangular":
        assert free.mode is not None
        return "triang", [free.low, free.high, (free.mode - free.low) / (free.high - free.low)]
    assert free.mean is not None and free.sd is not None
    return "truncnorm", [free.low, free.high, free.mean, free.sd]
