"""What a report was made from, so that an outdated one is noticed.

Files count by their content: a comment or another layout changes nothing. The rules count by what they do: a few runs
of each scenario are summed up, and the sums are compared with a tolerance for last bits that differ between machines.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from marketsim import targets
from marketsim.market import Market
from marketsim.outcomes import METRICS, YearBook
from marketsim.scenario import library
from marketsim.scenario.parameters import Parameters
from marketsim.scenario.source import parse, plain, read_text
from marketsim.shakeout import reference
from marketsim.shakeout.gauges import measure
from marketsim.shakeout.instrument import measurement
from marketsim.shakeout.record import Recorder
from marketsim.shakeout.window import window
from marketsim.validation.study import Decider, Settings, scenarios

PROBE_RUNS, PROBE_QUARTERS, PROBE_SEED = 2, 48, 1
TOLERANCE = 1e-6
FILE = "inputs.json"
NOUNS = {"scenarios": "scenario", "targets": "target", "shakeout": "data of the shakeout test"}

Fingerprint = dict[str, Any]


def fingerprint(settings: Settings, decider: Decider) -> Fingerprint:
    """Settings, hashes of scenario and target files, and what the rules make of the scenarios."""
    names = scenarios()
    probed = {name: probe(name, decider) for name in names}
    return {
        "settings": asdict(settings),
        "scenarios": {name: content_hash(library.folder() / f"{name}.yaml") for name in names},
        "targets": {name: content_hash(targets.folder() / f"{name}.yaml") for name in names if name in targets.names()},
        "shakeout": {path.stem: file_hash(path) for path in sorted(reference.folder().iterdir())},
        "behaviour": {name: sums for name, (sums, _) in probed.items()},
        "facts": {name: facts for name, (_, facts) in probed.items()},
    }


def content_hash(path: Path) -> str:
    """SHA-256 of what a YAML file says, 16 hexadecimal digits."""
    content = json.dumps(plain(parse(read_text(path), str(path)).root), sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(content.encode()).hexdigest()[:16]


def file_hash(path: Path) -> str:
    """SHA-256 of a file of the shakeout test, 16 hexadecimal digits; of a YAML file what it says."""
    if path.suffix == ".yaml":
        return content_hash(path)
    return hashlib.sha256(path.read_bytes()).hexdigest()[:16]


def probe(name: str, decider: Decider) -> tuple[dict[str, float], dict[str, float]]:
    """A few runs of a scenario: yearly outcomes and facts of the shakeout test, summed over runs and years."""
    world = library.load_scenario(name)
    p = Parameters(world.model_copy(update={"quarters": min(world.quarters, PROBE_QUARTERS)}))
    market = Market(p, PROBE_SEED, range(PROBE_RUNS))
    book, recorder = YearBook(p, PROBE_RUNS), Recorder(p, PROBE_RUNS)
    market.record(decider(world), book, recorder)
    outcomes = {name: float(values.sum()) for name, values in zip(METRICS, book.result().metrics, strict=True)}
    history = recorder.result()
    facts = measure(history, window(history))
    return outcomes, {name: float(np.nansum(values)) for name, values in facts.items()}


def written(found: Fingerprint) -> str:
    """The fingerprint as JSON."""
    return json.dumps(found, indent=1) + "\n"


def differences(folder: Path, decider: Decider) -> list[str]:
    """What has changed since the report in a folder was made; empty if it is up to date."""
    path = folder / FILE
    try:
        before = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return [f"{path} is not there or cannot be read"]
    now = fingerprint(Settings(), decider)
    changed = [
        f"{NOUNS[part]} {name} {what}"
        for part in ("scenarios", "targets", "shakeout")
        for name, what in _changed(before.get(part, {}), now[part])
    ]
    for part, what in (
        ("behaviour", "runs come out differently"),
        ("facts", "the shakeout test reads runs differently"),
    ):
        for name, sums in now[part].items():
            moved = _moved(before.get(part, {}).get(name, {}), sums)
            if moved and f"scenario {name} is new" not in changed:
                changed.append(f"rules or scenario {name}: {what} ({', '.join(moved[:3])}, ...)")
    moved = _measured_on_others(now)
    if moved:
        again = "run `marketsim validate --instrument`"
        changed.append(f"the shakeout test was measured on other worlds ({', '.join(moved[:3])}): {again}")
    if before.get("settings") != now["settings"]:
        changed.append(f"it was made with other settings than the usual ones: {before.get('settings')}")
    return changed


def _measured_on_others(now: Fingerprint) -> list[str]:
    """Worlds, or reference values, that are not as they were when the errors of the shakeout test were counted."""
    made_from = measurement().get("made_from", {})
    worlds = [name for name in made_from.get("scenarios", {}) if name in now["scenarios"]]
    others = [
        name
        for name in worlds
        if made_from["scenarios"][name] != now["scenarios"][name]
        or any(_moved(made_from[part][name], now[part][name]) for part in ("behaviour", "facts"))
    ]
    same = made_from.get("reference") in (None, now["shakeout"].get("reference"))
    return others + ([] if same else ["reference values"])


def _changed(before: Mapping[str, str], now: Mapping[str, str]) -> list[tuple[str, str]]:
    new = [(name, "is new") for name in now if name not in before]
    gone = [(name, "is gone") for name in before if name not in now]
    other = [(name, "has changed") for name in now if name in before and before[name] != now[name]]
    return new + gone + other


def _moved(before: Mapping[str, float], now: Mapping[str, float]) -> list[str]:
    return [
        name
        for name, value in now.items()
        if not math.isclose(before.get(name, math.nan), value, rel_tol=TOLERANCE, abs_tol=1e-9)
    ]
