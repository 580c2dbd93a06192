"""The NumPy floor: how long the array passes of a quarter would take if nothing but arithmetic cost time.

Every array of a market is wrapped so that each NumPy call on it is counted by kind with the elements that it writes;
the floor is that count times what one element of that kind costs on this machine, measured on arrays of the same size.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable
from dataclasses import fields
from typing import Any

import numpy as np

from marketsim.chance import Draws
from marketsim.ensemble import Decide
from marketsim.market import Market
from marketsim.outcomes import YearBook
from marketsim.scenario.parameters import Parameters

counted: Counter[str] = Counter()
"""Elements by kind of pass since the last reset."""

EXPENSIVE = {"exp", "expm1", "log", "log1p", "power", "sqrt", "divide"}


class Counted(np.ndarray):
    """An array that counts the passes over it."""

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **kwargs: Any) -> Any:
        """Count the call, then do it on plain arrays."""
        plain = {name: _plain(value) for name, value in kwargs.items()}
        if "out" in plain:
            plain["out"] = tuple(_plain(value) for value in kwargs["out"])
        result = getattr(ufunc, method)(*(_plain(value) for value in inputs), **plain)
        source = max((np.size(value) for value in inputs), default=0)
        kind = ufunc.__name__ if method == "__call__" and ufunc.__name__ in EXPENSIVE else method
        counted[kind] += source if method != "__call__" else np.size(result)
        return _wrapped(result)

    def __array_function__(self, func: Callable[..., Any], types: Any, args: Any, kwargs: Any) -> Any:
        """Count a function that is not a ufunc as one pass of a copy over what it returns."""
        result = func(*_plain_all(args), **{name: _plain_all(value) for name, value in kwargs.items()})
        if isinstance(result, np.ndarray):
            counted["argsort" if func is np.argsort else "copy"] += result.size
        return _wrapped(result)


def _plain(value: Any) -> Any:
    return value.view(np.ndarray) if isinstance(value, Counted) else value


def _plain_all(value: Any) -> Any:
    if isinstance(value, (list, tuple)):
        return type(value)(_plain_all(item) for item in value)
    return _plain(value)


def _wrapped(value: Any) -> Any:
    return value.view(Counted) if isinstance(value, np.ndarray) and type(value) is np.ndarray else value


def _wrap_fields(record: Any) -> Any:
    return type(record)(**{item.name: _wrapped(getattr(record, item.name)) for item in fields(record)})


class _CountedMarket(Market):
    """A market whose luck is counted as its state is."""

    @property
    def draws(self) -> Draws:
        drawn: Draws = _wrap_fields(super().draws)
        return drawn


def count_passes(parameters: Parameters, decide: Decide, runs: int) -> dict[str, int]:
    """Elements written by kind of pass in all quarters of a chunk."""
    market = _CountedMarket(parameters, 0, range(runs))
    book = YearBook(parameters, runs)
    counted.clear()
    while not market.over:
        market.state = _wrap_fields(market.state)
        now, before = market.now, market.state
        outcome = market.step(decide(market.observe()))
        book.add(now, before, outcome, market.state)
    return dict(counted)


def cost_per_element(kind: str, runs: int) -> float:
    """Seconds per element of a kind of pass on [24, 8, runs] arrays, the best of many."""
    rng = np.random.default_rng(0)
    a, b = rng.random((24, 8, runs)) + 0.5, rng.random((24, 8, runs)) + 0.5
    target = np.empty_like(a)
    kinds: dict[str, Callable[[], Any]] = {
        "__call__": lambda: np.multiply(a, b, out=target),
        "reduce": lambda: np.add.reduce(a, axis=0),
        "copy": lambda: np.copyto(target, a),
        "argsort": lambda: np.argsort(a[:, 0], axis=0),
        "exp": lambda: np.exp(a, out=target),
        "expm1": lambda: np.expm1(a, out=target),
        "log": lambda: np.log(a, out=target),
        "log1p": lambda: np.log1p(a, out=target),
        "power": lambda: np.power(a, b, out=target),
        "sqrt": lambda: np.sqrt(a, out=target),
        "divide": lambda: np.divide(a, b, out=target),
    }
    call = kinds.get(kind, kinds["__call__"])
    size = a.size if kind != "argsort" else a[:, 0].size
    return min(_timed(call) for _ in range(30)) / size


def _timed(call: Callable[[], Any]) -> float:
    start = time.perf_counter()
    call()
    return time.perf_counter() - start


def floor_runs_per_second(parameters: Parameters, decide: Decide, runs: int) -> tuple[float, dict[str, float]]:
    """Runs per second if only array passes cost time, and the seconds of each kind of pass for a chunk."""
    seconds = {
        kind: elements * cost_per_element(kind, runs)
        for kind, elements in count_passes(parameters, decide, runs).items()
    }
    return runs / sum(seconds.values()), seconds
