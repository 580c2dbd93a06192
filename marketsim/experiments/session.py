"""One call that runs an experiment: what is planned, done and still missing, and what the store says about it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import numpy as np

from marketsim.errors import MarketSimError
from marketsim.experiments.design import Point, alike
from marketsim.experiments.experiment import Experiment
from marketsim.experiments.manifest import described, environment, points_table, texts
from marketsim.experiments.plan import Chunk, Plan, source_hash
from marketsim.experiments.precision import Differences
from marketsim.experiments.store import MANIFEST, POINTS, Store


class Session:
    """Keeps the store's files in step with the plan."""

    def __init__(self, experiment: Experiment, store: Store) -> None:
        self.experiment, self.store = experiment, store
        self.runs_of_round = 0
        self._plan, self._texts = Plan(experiment), texts(experiment)
        self._rounds = 0
        self._points: list[Point] = []
        self._chunks: list[Chunk] = []
        self._round: list[list[Chunk]] = []
        self._made_with = [environment()]
        self._differences = {policy.name: Differences() for policy in experiment.policies[1:]}
        self._half_widths: dict[str, float] = {}

    def begin(self) -> None:
        """Make sure that the store may be written."""
        self.store.prepare()
        earlier = self.store.manifest() or {}
        for made_with in earlier.get("made_with", []):
            if made_with.get("code") == source_hash():  # parts that other code made do not belong to this experiment
                self._add(made_with)

    def plan(self, points: Sequence[Point]) -> tuple[list[Chunk], int]:
        """Take up a round. Gives the chunks that are to be computed, and how many of them are there but damaged."""
        self._round = list(self._plan.chunks(points, first_round=self._rounds == 0))
        self._rounds += 1
        chunks = [chunk for cut in self._round for chunk in cut]
        self.runs_of_round = sum(chunk.runs for chunk in chunks)
        self._chunks += chunks
        self._points += points
        self._write(complete=False)
        if self.experiment.file.precision is None:
            self.store.set_aside([chunk.key for chunk in self._chunks])
        there = self.store.keys()
        missing = [chunk for chunk in chunks if chunk.key not in there or not self.store.is_intact(chunk)]
        return missing, sum(chunk.key in there for chunk in missing)

    def note(self, chunk: Chunk, made_with: dict[str, Any]) -> None:
        """A chunk is done. Raises MarketSimError if it was written where this process does not see it."""
        if not self.store.has(chunk):
            reason = "a worker wrote its results where this process does not see them"
            raise MarketSimError(f"{reason}: use an address that all machines share instead of {self.store.name}")
        self._add(made_with)

    def _add(self, made_with: dict[str, Any]) -> None:
        if made_with not in self._made_with:
            self._made_with.append(made_with)

    def is_enough(self) -> bool:
        """Whether no further round is needed: every paired interval is narrow enough, or there are too many runs."""
        precision = self.experiment.file.precision
        if precision is None:
            return True
        for cut in self._round:
            self._compare(cut, precision.outcome)
        self._half_widths = {name: each.half_width(precision.confidence) for name, each in self._differences.items()}
        of_each = self.runs_of_round // len(self.experiment.policies)
        if all(width <= precision.half_width for width in self._half_widths.values()):
            return True
        return (self._rounds + 1) * of_each > precision.at_most

    def _compare(self, cut: Sequence[Chunk], outcome: str) -> None:
        """Add the runs of some chunks, the baseline's first, to the differences between policies."""
        names = [alike(self.experiment.file.design.kind, self.experiment.space is not None), outcome]
        found = []
        for chunk in cut:
            table = self.store.table("runs", chunk.key, names)
            if table is None:
                raise MarketSimError(f"{self.store.name}: the part of chunk {chunk.key} has been damaged meanwhile")
            found.append([column.to_numpy() for column in table.columns])
        (clusters, baseline), *others = found
        for chunk, (_, values) in zip(cut[1:], others, strict=True):
            self._differences[chunk.policy].add(clusters, np.asarray(values - baseline))

    def end(self) -> None:
        """All is done: say so, and put away what does not belong to it."""
        self.store.set_aside([chunk.key for chunk in self._chunks])
        self.store.sweep()
        self._write(complete=True)

    def _write(self, complete: bool) -> None:
        manifest = described(self.experiment, self._texts, self._chunks, self._sorted()) | {"complete": complete}
        if self._half_widths:
            manifest["precision"] = {"half_widths": self._half_widths}
        self.store.write(MANIFEST, (json.dumps(manifest, indent=1, ensure_ascii=False) + "\n").encode())
        if not complete:  # the manifest comes first: it says whose folder it is
            for name, text in self._texts.items():
                self.store.write(name, text)
            self.store.write(POINTS, points_table(self.experiment, self._points))

    def _sorted(self) -> list[dict[str, Any]]:
        return sorted(self._made_with, key=lambda each: json.dumps(each, sort_keys=True))
