"""The end of the report on an experiment: how it was done, and what it was made of."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from marketsim.reports.material import LITTLE, Material
from marketsim.reports.page import Block, Cell, Section, Table, Text
from marketsim.reports.words import NOTHING, plain
from marketsim.scenario.fields import ALWAYS
from marketsim.shakeout.classify import Class
from marketsim.shakeout.instrument import ErrorRates, load_instrument
from marketsim.shakeout.words import in_full

HASH = 16
"""Digits of a hash that are shown."""


def method(material: Material) -> Section:
    """How runs were compared, and how far to trust it."""
    errors = load_instrument().errors
    blocks: list[Block] = [Text(list(_method(material, errors)))]
    if errors is not None:
        blocks.append(_errors(material, errors))
    return Section("method", material.speaker.say("method"), blocks)


def _method(material: Material, errors: ErrorRates | None) -> Iterator[str]:
    say, speaker, analysis = material.speaker.say, material.speaker, material.analysis
    yield say("method-model")
    if material.others:
        yield say("method-pairs")
        groups = max((each.clusters for each in analysis.differences), default=0)
        if analysis.alike == "point":
            yield say("method-alike", n=speaker.count(groups))
        yield say("method-holm", n=speaker.count(len(analysis.differences)))
        yield say("method-little", least=LITTLE)
    for found in dict.fromkeys(each.method for each in analysis.drivers if each.method):
        yield say(f"method-{found}")
    if errors is not None:
        right = speaker.share(float(errors.right[Class.PHOTOVOLTAIC]))
        yield say("method-errors", right=right, false=speaker.share(errors.false_photovoltaic))
    for skipped in analysis.skipped:
        yield say("colon", title=say("skipped"), text=speaker.note(skipped.reason))


def _errors(material: Material, errors: ErrorRates) -> Table:
    """How often the test finds each class, and what it takes it for otherwise."""
    say, speaker = material.speaker.say, material.speaker
    rows: list[list[Cell | str]] = []
    for which in Class:
        if not errors.measured[which]:
            continue
        others = np.where(np.arange(len(Class)) == which, 0, errors.verdicts[which])
        name = in_full(Class(int(others.argmax())), speaker.language) if others.any() else NOTHING
        rows.append([in_full(which, speaker.language), name, speaker.share(float(errors.right[which]))])
    columns = [say("true-class"), say("taken-for"), say("right")]
    return Table(columns, rows, words=2, title=say("errors"))


def provenance(material: Material) -> Section:
    """Policies and uncertain parameters with their sources, and what the results were computed with."""
    say, manifest = material.speaker.say, material.results.manifest
    blocks: list[Block] = [Text([say("original")]), _policies(material)]
    if manifest["uncertain"]:
        blocks.append(_uncertain(material))
    blocks.append(_made(material))
    return Section("provenance", say("provenance"), blocks)


def _policies(material: Material) -> Table:
    say = material.speaker.say
    rows: list[list[Cell | str]] = []
    for name, about in material.results.manifest["policies"].items():
        levers = "; ".join(f"{lever}: {_path(material, path)}" for lever, path in about["levers"].items())
        rows.append([material.policy(name), levers or say("no-lever"), *_told(material, about)])
    return Table([say(k) for k in ("policy", "levers", "reason", "source")], rows, words=4, title=say("the-policies"))


def _path(material: Material, path: Mapping[str, float]) -> str:
    """Values of a lever by quarter."""
    return ", ".join(plain(value) if when == ALWAYS else f"{when} {plain(value)}" for when, value in path.items())


def _told(material: Material, about: Mapping[str, Any]) -> list[Cell]:
    """The note in the reader's language where it is written in both, and the source as it was written."""
    note, source = about.get("note") or NOTHING, about.get("source") or NOTHING
    reason = Cell(note, quoted=True) if isinstance(note, str) else Cell(material.speaker.title(note))
    assumption = material.speaker.say("assumption")
    if source == "assumption":
        return [reason, Cell(assumption)]
    return [reason, Cell(re.sub("(?<=; )assumption$", assumption, source), quoted=True)]


def _uncertain(material: Material) -> Table:
    say = material.speaker.say
    rows: list[list[Cell | str]] = []
    for name, about in material.results.manifest["uncertain"].items():
        span = say("from-to", low=plain(about["low"]), high=plain(about["high"]))
        scale = say("log") if about.get("scale") == "log" else ""
        kind = say(about.get("distribution", "uniform")) + scale
        reach = say("factor", range=span) if about.get("factor") else span
        rows.append([Cell(material.parameter(name), ", ".join(about["moves"])), reach, kind, *_told(material, about)])
    keys = ("parameter", "range", "distribution", "reason", "source")
    return Table([say(key) for key in keys], rows, words=5, title=say("the-uncertain"))


def _made(material: Material) -> Table:
    """Design, seed, versions and hashes."""
    say, speaker, manifest = material.speaker.say, material.speaker, material.results.manifest
    rows = [
        (say("scenario"), manifest["scenario"]),
        (say("design"), say(manifest["design"]["kind"])),
        (say("worlds"), speaker.count(material.analysis.points)),
        (say("all-runs"), speaker.count(sum(material.analysis.runs.values()))),
        (say("seed"), str(manifest["seed"])),
        (say("version"), f"marketsim {manifest['version']}"),
    ]
    for made in manifest["made_with"]:
        known = [f"{key.capitalize()} {made[key]}" for key in ("python", "numpy", "polars") if key in made]
        features = " ".join(made.get("cpu_features", ()))
        rows.append((say("code"), speaker.clauses([str(made.get("code", NOTHING))[:HASH], *known, features])))
    rows += [(say("hash-of", file=name), digest) for name, digest in manifest["hashes"].items()]
    return Table((), [list(row) for row in rows], words=2, look="facts")
