"""The instrument: reference values and thresholds with which runs are classified, and how often it errs."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from marketsim.errors import MarketSimError
from marketsim.shakeout.classify import Class, Thresholds, Verdicts, judge
from marketsim.shakeout.gauges import Measured, measure
from marketsim.shakeout.history import History
from marketsim.shakeout.reference import Reference, folder, load_reference
from marketsim.shakeout.window import Window, window
from marketsim.state import Bools, Floats, Ints

TOLERANCES = (0.75, 1.0, 1.5)
"""Factors on all reference ranges with which every verdict is repeated."""

FILE = "instrument.json"
"""Thresholds and error rates as they were measured: written by `marketsim validate --instrument`."""


@dataclass(frozen=True)
class ErrorRates:
    """How the instrument classified runs whose class is known by construction.

    verdicts: number of runs by true class and verdict, [class, class] in the order of `Class`; rows of classes that no
    world stands for are 0.  worlds: what stood for each class.
    """

    verdicts: Ints
    worlds: Mapping[str, str] = field(default_factory=dict)

    @property
    def likelihood(self) -> Floats:
        """P(verdict | true class), [class, class]; rows of classes that were not measured are NaN.

        Half a run is added to every cell, so that what was never seen is unlikely and not impossible (Jeffreys).
        """
        smoothed = self.verdicts + 0.5
        rates = smoothed / smoothed.sum(axis=1, keepdims=True)
        return np.where(self.measured[:, None], rates, np.nan)

    @property
    def measured(self) -> Bools:
        """Which true classes were measured, [class]."""
        return np.asarray(self.verdicts.sum(axis=1) > 0)

    @property
    def right(self) -> Floats:
        """Share of the runs of each true class with the right verdict, [class]; NaN where not measured."""
        total = self.verdicts.sum(axis=1)
        return np.where(total > 0, np.diag(self.verdicts) / np.maximum(total, 1), np.nan)

    @property
    def false_photovoltaic(self) -> float:
        """Share of runs of other classes that are taken for a photovoltaic shakeout, classes weighing the same."""
        others = [c for c in Class if self.measured[c] and c is not Class.PHOTOVOLTAIC]
        shares = [self.verdicts[c, Class.PHOTOVOLTAIC] / self.verdicts[c].sum() for c in others]
        return float(np.mean(shares)) if shares else float("nan")

    def posterior(self, verdict_shares: Floats, prior: Floats) -> Floats:
        """Probability of each class behind verdicts: sum_v share(v) * P(class | v), [class]; 0 where not measured.

        verdict_shares: of runs, [class].  prior: of classes, [class]; those that were not measured are left out.
        """
        weights = np.where(self.measured, prior, 0.0)
        joint = np.nan_to_num(self.likelihood) * (weights / weights.sum())[:, None]
        given_verdict = joint / joint.sum(axis=0)
        return np.asarray(given_verdict @ verdict_shares)


@dataclass(frozen=True)
class Instrument:
    """Everything that a verdict is made with."""

    reference: Reference
    thresholds: Thresholds = field(default_factory=Thresholds)
    errors: ErrorRates | None = None
    dropped: frozenset[str] = frozenset()
    """Facts that are not scored."""

    def scaled(self, factor: float) -> Instrument:
        """The same instrument with reference ranges `factor` times as wide."""
        return self if factor == 1 else replace(self, reference=self.reference.scaled(factor))

    def window(self, history: History) -> Window:
        """Where the shakeout of each run is."""
        return window(history, self.thresholds.fall, self.thresholds.firms)

    def read(self, history: History) -> Reading:
        """Facts, gauges and verdict of each run of a history."""
        measured = measure(history, self.window(history))
        return Reading(measured, self.judge(measured))

    def judge(self, measured: Measured) -> Verdicts:
        """The verdict on each run of which facts and gauges are known."""
        return judge(measured, self.reference, self.thresholds, self.dropped)


@dataclass(frozen=True)
class Reading:
    """What the instrument reads off a history, [r] each."""

    measured: Measured
    verdicts: Verdicts


def load_instrument(reference: Path | None = None) -> Instrument:
    """The measured instrument; its error rates hold only for the package's own reference values.

    Raises ReferenceValuesError for a file of reference values that cannot be used, MarketSimError if the measured file
    is damaged.
    """
    values, found = load_reference(reference), measurement()
    if not found:
        return Instrument(values)
    try:
        thresholds = Thresholds(**(found["thresholds"] | {"overlap": np.array(found["thresholds"]["overlap"])}))
        errors = ErrorRates(np.array(found["verdicts"], dtype=int), dict(found["worlds"]))
        if found["classes"] != [each.name for each in Class] or errors.verdicts.shape != (len(Class), len(Class)):
            raise ValueError("it has other classes")
    except (ValueError, KeyError, TypeError) as error:
        raise _damaged(error) from None
    return Instrument(values, thresholds, errors if reference is None else None)


def measurement() -> dict[str, Any]:
    """The measured file as it is written; empty if there is none. Raises MarketSimError if it cannot be read."""
    path = folder() / FILE
    if not path.is_file():
        return {}
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise _damaged(error) from None
    if not isinstance(found, dict):
        raise _damaged("it is no mapping")
    return found


def _damaged(error: object) -> MarketSimError:
    again = "`marketsim validate --instrument` writes it anew"
    return MarketSimError(f"{folder() / FILE} is damaged: {again} ({error})")


def written(instrument: Instrument, about: Mapping[str, Any]) -> str:
    """The thresholds and error rates as JSON.  about: how they were measured."""
    assert instrument.errors is not None
    thresholds = asdict(instrument.thresholds) | {"overlap": instrument.thresholds.overlap.round(4).tolist()}
    errors = instrument.errors
    content = {
        **about,
        "classes": [each.name for each in Class],
        "thresholds": thresholds,
        "worlds": dict(errors.worlds),
        "verdicts": errors.verdicts.tolist(),
    }
    return json.dumps(content, indent=1) + "\n"
