"""Luck: the same draws for a run whatever is decided in it, and whichever runs are computed with it.

Each draw is keyed by seed, run and quarter, with a fixed place and count, so that no decision, policy or death shifts
anybody's luck: two policies with the same seed meet the same luck (common random numbers). Runs come in tiles of 64: a
tile's draws of a quarter are one block of a Philox counter, run i being its column i mod 64. So a run is the same alone
and in any chunk, and the run axis is last without a transposition. A draw is 16 bits: uniform draws are (bits + 1/2) /
65536, normal draws their quantiles, which keeps the count fixed and costs a fifth of a ziggurat.

Source: Salmon, Moraes, Dror, Shaw (2011), Parallel random numbers: as easy as 1, 2, 3.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, fields
from functools import cache
from statistics import NormalDist
from typing import Any

import numpy as np
from numpy.typing import NDArray

from marketsim.scenario.parameters import Parameters
from marketsim.state import axes

TILE = 64
NOISE = 4
"""Normal draws that each vendor gets for its own decisions in a quarter."""

LEVELS = 1 << 16


@dataclass(frozen=True, slots=True)
class Draws:
    """One quarter's luck; k is the entrant type. `noise` belongs to the vendors, the rest to the world."""

    luck: Any = axes("vsr", "normal", "a vendor's fortune with a segment's buyers")
    demand: Any = axes("sr", "normal", "spend of a segment")
    quality: Any = axes("vr", "normal", "yield of a vendor's wafers")
    heritage: Any = axes("vr", "normal", "unit cost of a firm that enters in this slot")
    noise: Any = axes("v4r", "normal", "for the vendor's own decisions")
    respin: Any = axes("vr", "uniform", "does a tape-out need a second turn")
    round: Any = axes("vr", "uniform", "does a funding round close")
    listing: Any = axes("vr", "uniform", "does a listing go through")
    merger: Any = axes("vr", "uniform", "is the sale of the vendor approved")
    generation: Any = axes("fr", "uniform", "does a new generation of a model family appear")
    entry: Any = axes("kr", "uniform", "how many firms of an entrant type appear")


def draw(p: Parameters, seed: int, runs: range, quarter: int) -> Draws:
    """The luck of the given runs in a quarter.

    runs: consecutive run numbers, any start, step 1.  seed: 0 to 2^64 - 1.
    """
    layout = _layout(p)
    rows = sum(math.prod(shape) for _, shape in layout.values())
    bits = np.concatenate([_tile(seed, tile, quarter, rows, runs) for tile in _tiles(runs)], axis=1)
    drawn: dict[str, Any] = {}
    row = 0
    for name, (distribution, shape) in layout.items():
        block = bits[row : row + math.prod(shape)]
        row += len(block)
        values = _normal_quantiles().take(block) if distribution == "normal" else (block + np.float32(0.5)) / LEVELS
        drawn[name] = values.reshape(*shape, len(runs))
    return Draws(**drawn)


def _tiles(runs: range) -> range:
    return range(runs.start // TILE, (runs.stop - 1) // TILE + 1)


def _tile(seed: int, tile: int, quarter: int, rows: int, runs: range) -> NDArray[np.uint16]:
    """The columns of a tile that belong to `runs`, [rows, columns]."""
    words = rows * TILE // 4
    stream = np.random.Philox(key=np.array([seed, tile], dtype=np.uint64), counter=[0, 0, 0, quarter]).random_raw(words)
    columns = slice(max(runs.start - tile * TILE, 0), min(runs.stop - tile * TILE, TILE))
    return stream.astype("<u8").view("<u2").reshape(rows, TILE)[:, columns]


@cache
def _normal_quantiles() -> NDArray[np.float32]:
    """Standard normal quantiles of the middle of each of the levels."""
    quantile = NormalDist().inv_cdf
    upper = np.array([quantile((level + 0.5) / LEVELS) for level in range(LEVELS // 2, LEVELS)], dtype=np.float32)
    return np.concatenate([-upper[::-1], upper])


def _layout(p: Parameters) -> dict[str, tuple[str, tuple[int, ...]]]:
    """Distribution and shape (without run axis) of each draw in the order of the stream: never reorder, only append."""
    size = {"v": len(p.vendors), "s": len(p.segments), "f": len(p.families), "k": len(p.scenario.entrants), "4": NOISE}
    return {
        field.name: (field.metadata["unit"], tuple(size[axis] for axis in field.metadata["axes"][:-1]))
        for field in fields(Draws)
    }


def pad_runs(runs: range) -> range:
    """At least two runs: NumPy sums in another order when the last axis has length 1, which changes last bits."""
    return runs if len(runs) > 1 else range(runs.start, runs.start + 2)
