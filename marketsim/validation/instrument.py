"""Measures the shakeout test on runs of known class, and keeps what was found with the package."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from marketsim.errors import MarketSimError
from marketsim.shakeout import instrument as measured
from marketsim.shakeout import known
from marketsim.shakeout.classify import Class
from marketsim.shakeout.instrument import Instrument, load_instrument
from marketsim.shakeout.reference import folder
from marketsim.shakeout.statistics import share_interval
from marketsim.shakeout.trial import WORLDS, Trial, conduct, confusion, tuned
from marketsim.validation.fingerprint import Fingerprint
from marketsim.validation.study import Decider

PARTS = ("scenarios", "behaviour", "facts")
"""What of a fingerprint says how the worlds come out."""


@dataclass(frozen=True)
class TrialSettings:
    """Runs and draws of each world in each half, and the seeds of the halves."""

    runs: int = 1024
    draws: int = 256
    set_on: int = 101
    measured_on: int = 202


def runs_of(settings: TrialSettings) -> int:
    """Runs of a measurement, for its progress."""
    return 2 * settings.runs * len(WORLDS)


def measure(
    settings: TrialSettings, decider: Decider, workers: int, progress: Callable[[int], None] | None = None
) -> tuple[Instrument, list[Trial], dict[str, Any]]:
    """Set thresholds on one half and count errors on the other.

    Returns the instrument, the runs of the second half, and by world how both halves came out.
    """
    plain = Instrument(load_instrument().reference)

    def half(seed: int) -> list[Trial]:
        arguments = (decider, settings.runs, settings.draws, seed, workers, progress)
        return [conduct(world, plain, *arguments) for world in WORLDS]

    first = half(settings.set_on)
    thresholds = tuned(first, plain.reference)
    second = half(settings.measured_on)
    found = replace(plain, thresholds=thresholds)
    found = replace(found, errors=confusion(second, found))
    return found, second, {"set_on": _by_world(first, found), "measured_on": _by_world(second, found)}


def _by_world(trials: list[Trial], instrument: Instrument) -> dict[str, Any]:
    """Verdicts by class, and the share of right ones with its interval, which counts draws rather than runs."""
    result = {}
    for trial in trials:
        verdicts = trial.verdicts(instrument)
        right = np.bincount(trial.draw, verdicts == trial.true).astype(int)
        interval = share_interval(right, np.bincount(trial.draw))
        counts = np.bincount(verdicts, minlength=len(Class)).tolist()
        result[trial.world] = {"verdicts": counts, "right": asdict(interval)}
    return result


def write(
    found: Instrument, trials: list[Trial], worlds: Mapping[str, Any], settings: TrialSettings, made_from: Fingerprint
) -> list[Path]:
    """Keep the measurement with the package: thresholds and error rates, and the runs of known class.

    Raises MarketSimError where they cannot be written.
    """
    about = {
        "about": "written by `marketsim validate --instrument`: do not edit",
        "settings": asdict(settings),
        "halves": worlds,
        "made_from": inputs(made_from),
    }
    path = folder() / measured.FILE
    try:
        path.write_text(measured.written(found, about), encoding="utf-8", newline="\n")
        return [path, known.write(trials)]
    except OSError as error:
        raise MarketSimError(f"{error.filename or path} cannot be written: {error.strerror}") from None


def inputs(made_from: Fingerprint) -> dict[str, Any]:
    """Of a fingerprint what the measurement hangs on: the worlds, what the rules make of them, the test itself."""
    parts = {part: {name: made_from[part][name] for name in WORLDS} for part in PARTS}
    return parts | {"reference": made_from["shakeout"]["reference"]}
