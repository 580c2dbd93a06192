"""The fitted scenario as a file: it extends the scenario that it was fitted from and holds the moved figures alone."""

from __future__ import annotations

import math
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from marketsim.calibration.fit import Fit
from marketsim.calibration.objective import Objective
from marketsim.calibration.profile import VERDICTS, Profile
from marketsim.scenario import library
from marketsim.scenario.fields import is_quarter
from marketsim.scenario.free import figures_at, points, value_at
from marketsim.scenario.schema import FreeParameter
from marketsim.scenario.source import Key, Node, Provenance

Moved = Mapping[tuple[Key, ...], Mapping[str, Any]]
"""Figures with source and note by path."""

_HEAD = """\
# {name}, fitted to {targets} by `marketsim calibrate`. How well, and how sure the figures are: {report}.
"""


def write(objective: Objective, fit: Fit, folder: Path, report: str) -> str:
    """The text of the file, for a folder from which it finds the scenario that it extends."""
    scenario, targets = objective.loaded.scenario, objective.targets
    tree: dict[str, Any] = {"extends": _extended(objective.loaded.files[0], folder)}
    title = scenario.title
    tree["title"] = {
        "en": f"{title.en}, fitted to {targets.path.name}",
        "zh": f"{title.zh}，按 {targets.path.name} 校准",
    }
    moved = {path: _marked(objective, fit, path, figure) for path, figure in _changed(objective, fit).items()}
    tree |= _written(objective.loaded.tree, (), moved) or {}
    tree["free"] = {name: _range(objective, fit, index) for index, name in enumerate(objective.space.names)}
    text = yaml.dump(tree, Dumper=_Plain, sort_keys=False, allow_unicode=True, width=110)
    return _HEAD.format(name=scenario.name, targets=targets.path.name, report=report) + text


class _Plain(yaml.SafeDumper):
    """Writes equal parts out again: scenario files know no aliases."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


def _extended(file: Path, folder: Path) -> str:
    """The scenario's name in the library, or the path of its file from the folder, or from the root if far away."""
    if file.parent.resolve() == library.folder().resolve() and file.stem in library.names():
        return file.stem
    shared = len(Path(os.path.commonpath([file.resolve(), folder.resolve()])).parts)
    return Path(os.path.relpath(file.resolve(), folder.resolve())).as_posix() if shared > 1 else str(file.resolve())


def _changed(objective: Objective, fit: Fit) -> dict[tuple[Key, ...], float]:
    """The figures that came out different from those of the scenario."""
    figures = objective.figures(fit.best.place)
    written = objective.figures(objective.start)
    return {path: figure for path, figure in figures.items() if figure != written[path] or not _same(objective, path)}


def _same(objective: Objective, path: tuple[Key, ...]) -> bool:
    """Whether the figure at the start is the written one: a value sets all its figures to the first of them."""
    node: Any = objective.space.tree
    for key in path:
        node = node[key]
    return bool(objective.figures(objective.start)[path] == node)


def _marked(objective: Objective, fit: Fit, path: tuple[Key, ...], figure: float) -> dict[str, Any]:
    """A moved figure with where it comes from."""
    space = objective.space
    values = objective.values(fit.best.place)
    words = []
    for index, (name, free) in enumerate(space.parameters.items()):
        if any(path == point for pattern in free.moves for point, _ in points(figures_at(space.tree, pattern))):
            what = f"{name} times {short(values[index])}" if free.factor else f"{name} {short(values[index])}"
            words.append(f"{what}, {_allowed(objective, fit, index)}")
    return {
        "value": figure,
        "source": _source(objective),
        "note": f"fitted: {'; '.join(words)}",
    }


def _source(objective: Objective) -> str:
    return f"fitted to {objective.targets.path.name}"


def _allowed(objective: Objective, fit: Fit, index: int) -> str:
    """The interval of a parameter in words."""
    if not fit.examined:
        return "how sure was not examined"
    profile = fit.profiles[index]
    if profile.verdict == VERDICTS[0]:
        return "which the data do not pin down"
    low, high = interval(objective, fit, index)
    return f"the data allow {short(low)} to {short(high)}" + ("" if profile.verdict == VERDICTS[2] else " (one-sided)")


def short(value: float) -> str:
    """A value with four digits and no exponent."""
    return f"{float(f'{value:.4g}'):.10g}"


def interval(objective: Objective, fit: Fit, index: int) -> tuple[float, float]:
    """The values of a parameter that the data allow; a factor's are relative to the figures before the fit."""
    profile, free = fit.profiles[index], list(objective.space.parameters.values())[index]
    return value_at(free, profile.low), value_at(free, profile.high)


def _written(node: Node, path: tuple[Key, ...], moved: Moved) -> Any:
    """The part of a tree that holds moved figures, nothing if there are none; what is replaced as a whole is whole."""
    if path in moved:
        return moved[path]
    if not any(place[: len(path)] == path for place in moved):
        return None
    if isinstance(node.value, list) or all(is_quarter(str(key)) and _is_scalar(at) for key, at in node.children()):
        return _whole(node, path, moved)
    parts = {key: _written(child, (*path, key), moved) for key, child in node.children()}
    return {key: part for key, part in parts.items() if part is not None}


def _is_scalar(node: Node) -> bool:
    return not isinstance(node.value, (dict, list))


def _whole(node: Node, path: tuple[Key, ...], moved: Moved) -> Any:
    """A tree with all its figures and where they come from."""
    if path in moved:
        return moved[path]
    if isinstance(node.value, dict):
        return {key: _whole(child, (*path, key), moved) for key, child in node.children()}
    if isinstance(node.value, list):
        return [_whole(child, (*path, key), moved) for key, child in node.children()]
    return {"value": node.value, **_marks(node.provenance)} if node.provenance is not None else node.value


def _marks(origin: Provenance | None) -> dict[str, str]:
    found = {"source": origin.source, "note": origin.note} if origin is not None else {}
    return {name: text for name, text in found.items() if text is not None}


def _range(objective: Objective, fit: Fit, index: int) -> dict[str, Any]:
    """The range of a free parameter in the fitted scenario, where a factor of 1 means its new figures."""
    space, profile = objective.space, fit.profiles[index]
    name = space.names[index]
    free = space.parameters[name]
    fitted = float(objective.values(fit.best.place)[index])
    low, high = (_end(free, end, fitted, profile) for end in ("low", "high"))
    about = f"{short(fitted)}, {_allowed(objective, fit, index)}; its range was {short(free.low)} to {short(free.high)}"
    if free.factor:
        about += " times the figures before the fit"
    written = objective.loaded.tree.child("free")
    part = written.child(name) if written is not None else None
    before = part.child("low") if part is not None else None
    if fit.examined and profile.verdict != VERDICTS[0]:
        return {"low": low, "high": high, "source": _source(objective), "note": f"fitted: {about}"}
    origin = before.provenance if before is not None else None
    marks = _marks(origin)
    told = f"{marks['note']}; " if "note" in marks else ""
    return {"low": low, "high": high, **marks, "note": f"{told}{name} {about}"}


def _end(free: FreeParameter, end: str, fitted: float, profile: Profile) -> float:
    """An end of the interval that the data allow, rounded outwards so that what was fitted stays inside."""
    place, cut = (profile.low, profile.below) if end == "low" else (profile.high, profile.above)
    written: float = getattr(free, end)
    if not cut and not free.factor:
        return written
    value = value_at(free, place) if cut else written
    value = value / fitted if free.factor else value
    present = 1.0 if free.factor else fitted
    return min(_outwards(value, down=True), present) if end == "low" else max(_outwards(value, down=False), present)


def _outwards(value: float, down: bool, digits: int = 4) -> float:
    """A number to so many digits, never nearer to the middle than it was."""
    if value == 0:
        return 0.0
    unit = 10.0 ** (math.floor(math.log10(abs(value))) - digits + 1)
    found = math.floor(value / unit) if down else math.ceil(value / unit)
    return float(f"{found * unit:.{digits}g}")
