"""Results of an experiment, read lazily: `open_results`."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from marketsim.errors import MarketSimError, listing
from marketsim.experiments.store import MANIFEST, POINTS, Store, part

if TYPE_CHECKING:
    import polars as pl
    import xarray as xr


@dataclass(frozen=True, repr=False)
class Results:
    """The results of an experiment: tables as lazily read Polars frames, and what the manifest says.

    keys: by policy, the chunks that are there, in the order of the experiment.
    """

    store: Store
    manifest: Mapping[str, Any]
    keys: Mapping[str, tuple[str, ...]]

    def __repr__(self) -> str:
        missing = "" if self.is_complete else ", not finished"
        return f"<Results: {self.manifest['title']['en']}, {len(self.policies)} policies, {self.count:,} runs{missing}>"

    @property
    def policies(self) -> list[str]:
        """Names of the policies, the baseline first."""
        return list(self.manifest["policies"])

    @property
    def outcomes(self) -> Mapping[str, Mapping[str, Any]]:
        """What was measured of each run, by name: measure, unit, which way is better."""
        found: Mapping[str, Mapping[str, Any]] = self.manifest["outcomes"]
        return found

    @property
    def is_complete(self) -> bool:
        """Whether the experiment came to its end; if not, only some of its chunks are there."""
        return bool(self.manifest["complete"])

    @property
    def count(self) -> int:
        """Runs of all policies together."""
        return sum(self.manifest["parts"][policy][key]["runs"] for policy, keys in self.keys.items() for key in keys)

    def points(self) -> pl.LazyFrame:
        """One row a point: its number, and the value of every uncertain parameter."""
        return self._frame([POINTS])

    def runs(self) -> pl.LazyFrame:
        """One row a run: policy, point, run, seed, a column for each outcome, verdict, shakeout."""
        return self._table("runs")

    def quarters(self) -> pl.LazyFrame:
        """One row a quarter of each run whose path is kept: policy, point, run, quarter, and the measures of METRICS.

        Raises MarketSimError if no paths are kept.
        """
        return self._table("quarters")

    def vendors(self) -> pl.LazyFrame:
        """One row a vendor and year of each run whose vendors are kept: cards_k, revenue_rmb_m, alive.

        Raises MarketSimError if no vendors are kept.
        """
        return self._table("vendors")

    def to_xarray(self) -> xr.Dataset:
        """Outcomes, verdict and shakeout of each run by policy and pair, so that differences are paired; with `unit`.

        A pair is a point and a run that all policies have: both are its coordinates, and so are `parameters`, the
        values at the point, [pair, parameter].
        Raises MarketSimError without xarray, which the extra `experiments` brings.
        """
        from marketsim.commands.needs import need

        need("xarray")
        import polars as pl
        import xarray as xr

        key = ["point", "run"]
        whole = pl.len().over(key) == len(self.policies)
        runs = self.runs().filter(whole).sort(key, maintain_order=True).collect()
        by_policy = [runs.filter(policy=policy) for policy in self.policies]
        pairs, points = by_policy[0].select(key), self.points().collect()
        at = pairs.join(points, on="point", how="left", maintain_order="left").drop(key)
        return xr.Dataset(
            {
                name: (("policy", "pair"), [each[name].to_numpy() for each in by_policy], _unit_of(self, name))
                for name in [*self.outcomes, "verdict", "shakeout"]
            },
            {
                "policy": self.policies,
                **{name: ("pair", pairs[name].to_numpy()) for name in key},
                "parameter": at.columns,
                "parameters": (("pair", "parameter"), at.to_numpy()),
            },
            {"title": self.manifest["title"]["en"], "seed": self.manifest["seed"]},
        )

    def units(self, table: str = "runs") -> dict[str, str]:
        """Units of a table's columns: runs, quarters or vendors."""
        return self.store.units(self._parts(table)[0])

    def _table(self, table: str) -> pl.LazyFrame:
        return self._frame(self._parts(table))

    def _parts(self, table: str) -> list[str]:
        planned = self.manifest["parts"]
        found = [
            part(table, key) for policy, keys in self.keys.items() for key in keys if table in planned[policy][key]
        ]
        if not found:
            raise MarketSimError(f"{self.store.name}: `keep: {{{table}: N}}` was 0 in the experiment, there are none")
        return found

    def _frame(self, names: list[str]) -> pl.LazyFrame:
        import polars as pl

        paths = [self.store.path(name) for name in names]
        if self.store.is_local:
            return pl.scan_parquet(paths, glob=False)
        from pyarrow import dataset

        return pl.scan_pyarrow_dataset(dataset.dataset(paths, filesystem=self.store.file_system, format="parquet"))


def _unit_of(results: Results, name: str) -> dict[str, str]:
    return {"unit": results.outcomes[name]["unit"]} if name in results.outcomes else {}


def open_results(address: str | Path, skip_damaged: bool = False) -> Results:
    """The results of an experiment, which need not be finished.

    address: a folder, or what fsspec can reach, such as s3://bucket/folder.  skip_damaged: leave damaged parts out,
    with a warning.
    Raises MarketSimError if there are none, if they are those of another version, or if a part is damaged; running the
    experiment again computes it anew.
    """
    from marketsim.commands.needs import need

    need("fsspec", "pyarrow")
    store = Store(address)
    manifest = store.manifest()
    if manifest is None:
        raise MarketSimError(f"{store.name} holds no results of an experiment: there is no {MANIFEST}")
    keys, damaged = _readable(store, manifest)
    if damaged:
        message = f"{store.name}: {listing(damaged, 3)} {'is' if len(damaged) == 1 else 'are'} damaged"
        if not skip_damaged:
            again = "`marketsim experiment run` computes damaged parts again, skip_damaged=True leaves them out"
            raise MarketSimError(f"{message}: {again}")
        warnings.warn(message, stacklevel=2)
    if not any(keys.values()):
        raise MarketSimError(f"{store.name} holds an experiment of which no run is done yet")
    return Results(store, manifest, keys)


def _readable(store: Store, manifest: Mapping[str, Any]) -> tuple[dict[str, tuple[str, ...]], list[str]]:
    """By policy the chunks that are there, and the parts that are damaged, or missing of a finished experiment."""
    there, damaged, keys = store.keys(), list[str](), dict[str, tuple[str, ...]]()
    for policy, chunks in manifest["parts"].items():
        readable = []
        for key, tables in chunks.items():
            if key not in there and not manifest["complete"]:
                continue
            wrong = [part(table, key) for table in tables if not store.has_footer(part(table, key), key)]
            damaged += wrong
            if not wrong:
                readable.append(key)
        keys[policy] = tuple(readable)
    return keys, damaged
