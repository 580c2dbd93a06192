"""Runs of known class that ship with the package: how often the instrument errs on a table that lacks most facts.

They are the half of `marketsim.shakeout.trial` on which errors are counted, one run of each draw. With what a table
lacks left out of them too, they say how often the verdict on such a table is right.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from marketsim.errors import MarketSimError
from marketsim.shakeout.gauges import Measured
from marketsim.shakeout.instrument import Instrument
from marketsim.shakeout.reference import folder
from marketsim.shakeout.trial import WORLDS, Trial, confusion

FILE = "known-runs.parquet"


def write(trials: Sequence[Trial], path: Path | None = None) -> Path:
    """Write the first run of each draw of each world, and say where."""
    import polars as pl

    chosen = path or folder() / FILE
    frames = []
    for trial in trials:
        first = np.unique(trial.draw, return_index=True)[1]
        columns = {name: values[first].astype(np.float32) for name, values in trial.measured.items()}
        frames.append(pl.DataFrame({"world": [trial.world] * len(first)} | columns))
    pl.concat(frames).write_parquet(chosen, compression="zstd", statistics=False)
    return chosen


def load(path: Path | None = None) -> list[Trial]:
    """The runs of known class, by world; empty if they were never written.

    Raises MarketSimError if the file is damaged.
    """
    import polars as pl

    chosen = path or folder() / FILE
    if not chosen.is_file():
        return []
    try:
        table = pl.read_parquet(chosen)
        parts = table.partition_by("world", maintain_order=True, as_dict=True)
    except (OSError, pl.exceptions.PolarsError) as error:
        raise MarketSimError(
            f"{chosen} is damaged: `marketsim validate --instrument` writes it anew ({error})"
        ) from None
    return [
        Trial(
            str(world), {name: part[name].to_numpy().astype(float) for name in part.columns[1:]}, np.arange(len(part))
        )
        for (world,), part in parts.items()
        if world in WORLDS
    ]


def recounted(instrument: Instrument) -> Instrument:
    """An instrument that was changed, with its errors counted anew on the runs of known class, where there are any.

    Other ranges and dropped facts make it err otherwise than it did when it was measured.
    """
    trials = load()
    return replace(instrument, errors=confusion(trials, instrument)) if trials else instrument


def lacking(trials: Sequence[Trial], measured: Measured) -> list[Trial]:
    """The same runs without what is not known of the first run of a history.

    Where only bounds of C1 and C2 are known, the runs keep the facts themselves.
    """
    bounded = {name for name in ("C1", "C2") if not np.isnan(measured[f"{name} low"][0])}
    missing = {name for name, values in measured.items() if np.isnan(values[0])} - bounded
    return [trial.without(missing) for trial in trials]
