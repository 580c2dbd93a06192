"""The plan of an experiment: its runs in chunks, each named by a hash of everything that decides what is in it.

A chunk has consecutive points with their runs, under one policy; policies have the same chunks of points, so that a
policy that is added later finds those of the others done. Titles, notes and paths of files decide nothing.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from importlib.metadata import entry_points
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from marketsim import __version__
from marketsim.ensemble import CHUNK
from marketsim.experiments.design import Point
from marketsim.experiments.experiment import Experiment, Policy
from marketsim.scenario.experiment_file import MAX_RUNS
from marketsim.scenario.parameters import Parameters
from marketsim.scenario.schema import Scenario, Title
from marketsim.scenario.vocabulary import Vocabulary
from marketsim.shakeout.fitted import fitted_facts
from marketsim.shakeout.instrument import Instrument, load_instrument

FORMAT = 1
"""Version of what is in the parts of a store."""

_SAID = {"name", "strategy_reason", "policies", "policy_titles", "reported", "free"}
"""Fields of a scenario that no rule reads."""
_UNREAD = {"commands", "validation", "calibration", "analysis", "interop", "reports"}
"""Folders of the package without which runs come out the same."""


@dataclass(frozen=True)
class Chunk:
    """About 1,024 runs under one policy.

    points: with their runs here; a point with many runs is spread over several chunks.  quarters, vendors: of each
    point, how many of its first runs here have their path kept, [point].  key: 20 hexadecimal digits.
    """

    policy: str
    points: tuple[Point, ...]
    quarters: tuple[int, ...]
    vendors: tuple[int, ...]
    key: str

    @property
    def runs(self) -> int:
        """How many runs it has."""
        return sum(len(point.runs) for point in self.points)


class Plan:
    """Cuts the rounds of an experiment into chunks."""

    def __init__(self, experiment: Experiment) -> None:
        self.experiment = experiment
        common = _identity(experiment)
        self._begun = {policy.name: _hash(common, _levers(policy)) for policy in experiment.policies}

    def chunks(self, points: Sequence[Point], first_round: bool = True) -> Iterator[list[Chunk]]:
        """The chunks of a round: of each cut through its points, one chunk for each policy, the baseline first."""
        spread_over = len(points) if first_round else 0
        for cut in _cuts(points):
            pieces = tuple(piece for _, _, piece in cut)
            quarters, vendors = (
                tuple(
                    min(max(_kept(most, place, spread_over) - begun, 0), len(piece.runs)) for place, begun, piece in cut
                )
                for most in (self.experiment.keep_quarters, self.experiment.keep_vendors)
            )
            content = _content(pieces, quarters, vendors)
            yield [
                Chunk(policy.name, pieces, quarters, vendors, _key(self._begun[policy.name], content))
                for policy in self.experiment.policies
            ]


Cut = list[tuple[int, int, Point]]
"""Pieces of points: the point's place in the round, how many of its runs came before, and the piece."""


def _cuts(points: Sequence[Point]) -> Iterator[Cut]:
    """Consecutive points until they have as many runs as a chunk may have; a point with more runs is cut itself."""
    cut, runs = Cut(), 0
    for place, point in enumerate(points):
        for begun in range(0, len(point.runs), CHUNK):
            piece = replace(point, runs=point.runs[begun : begun + CHUNK])
            if cut and runs + len(piece.runs) > CHUNK:
                yield cut
                cut, runs = Cut(), 0
            cut.append((place, begun, piece))
            runs += len(piece.runs)
    if cut:
        yield cut


def _kept(most: int | None, place: int, points: int) -> int:
    """How many of the first runs of the point at a place are kept, so that `most` in all are spread over the points.

    most: None keeps all.  points: of the first round; 0 in a later one, of which nothing is kept.
    """
    if most is None:
        return MAX_RUNS
    return (place + 1) * most // points - place * most // points if points else 0


def scoring(scenario: Scenario) -> Instrument:
    """The instrument of a scenario's verdicts: facts to which the scenario was fitted are not scored."""
    usual = load_instrument()
    return replace(usual, dropped=usual.dropped | fitted_facts(scenario, usual.reference))


def _identity(experiment: Experiment) -> str:
    """What decides the content of every chunk, as text."""
    instrument = scoring(experiment.loaded.scenario)
    space = experiment.space
    outcomes = {name: (each.measure, each.year, each.over, each.unit) for name, each in experiment.outcomes.items()}
    return _text(
        {
            "format": FORMAT,
            "version": __version__,
            "code": source_hash(),
            "strategies": _installed_strategies(experiment.loaded.scenario),
            "scenario": _deciding(experiment.loaded.scenario),
            "uncertain": {} if space is None else {name: (p.moves, p.factor) for name, p in space.parameters.items()},
            "outcomes": list(outcomes.items()),
            "seed": experiment.seed,
            "boundary": experiment.boundary,
            "reference": _deciding(instrument.reference.file),
            "thresholds": {name: _plain(value) for name, value in vars(instrument.thresholds).items()},
            "dropped": sorted(instrument.dropped),
        }
    )


def _levers(policy: Policy) -> str:
    return _text({"policy": policy.name, "levers": {name: dict(path) for name, path in policy.levers.items()}})


def _content(pieces: Sequence[Point], quarters: Sequence[int], vendors: Sequence[int]) -> str:
    points = [
        (p.number, None if p.values is None else p.values.tobytes().hex(), p.runs.start, p.runs.stop) for p in pieces
    ]
    return _text({"points": points, "quarters": quarters, "vendors": vendors})


def _hash(*texts: str) -> Any:
    found = hashlib.sha256()
    for text in texts:
        found.update(text.encode() + b"\n")
    return found


def _key(begun: Any, content: str) -> str:
    found = begun.copy()
    found.update(content.encode())
    return str(found.hexdigest()[:20])


def _text(value: Mapping[str, Any]) -> str:
    return json.dumps(value, ensure_ascii=False)


def _plain(value: Any) -> Any:
    return value.tolist() if hasattr(value, "tolist") else value


def _deciding(value: Any) -> Any:
    """A model as plain values, without what is only said."""
    if isinstance(value, BaseModel):
        fields = {name: getattr(value, name) for name in type(value).model_fields if name not in _SAID}
        return {name: _deciding(it) for name, it in fields.items() if not isinstance(it, (Title, Vocabulary))}
    if isinstance(value, dict):
        return {str(key): _deciding(child) for key, child in value.items()}
    if isinstance(value, (list, tuple)):
        return [_deciding(child) for child in value]
    return value


@cache
def source_hash() -> str:
    """SHA-256 of the source code that decides how runs come out, of `marketsim` and `agents`: 32 hexadecimal digits."""
    package = Path(__file__).resolve().parent.parent
    agents = find_spec("agents")
    assert agents is not None
    assert agents.origin is not None
    files = [path for path in package.rglob("*.py") if not _UNREAD & set(path.relative_to(package).parts)]
    beside = Path(agents.origin).parent
    return _of_files(package, files) + _of_files(beside, beside.rglob("*.py"))


def _of_files(root: Path, paths: Iterable[Path]) -> str:
    found = hashlib.sha256()
    for path in sorted(paths):
        found.update(path.relative_to(root).as_posix().encode() + b"\0" + path.read_bytes() + b"\0")
    return found.hexdigest()[:16]


def _installed_strategies(scenario: Scenario) -> dict[str, str]:
    """Of the scenario's strategies that other packages bring, the hash of the module's source code."""
    used, found = set(Parameters(scenario).strategies), {}
    for point in entry_points(group="marketsim.strategies"):
        module = find_spec(point.module) if point.name in used else None
        if module is not None and module.origin is not None:
            path = Path(module.origin)
            found[point.name] = _of_files(path.parent, [path])
    return found
