"""The figures of the report on an experiment."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import polars as pl

from marketsim.experiments.analysis.discovery import HALF, Discovery, share_at_points
from marketsim.experiments.analysis.drivers import Driver, Drivers
from marketsim.experiments.analysis.robustness import regrets
from marketsim.experiments.analysis.samples import SHAKEOUT, Points, Sample, outcome_sample, points_of, shakeout_sample
from marketsim.experiments.analysis.survival import PolicySurvival
from marketsim.outcomes import METRICS
from marketsim.reports.charts import Figure, Group, Key, Panel
from marketsim.reports.findings import criterion, failing_outcome
from marketsim.reports.material import BANDS, MEASURES, Material
from marketsim.reports.panels import Row, Side, dots, dumbbells, fan, indices, scatter, stacks, steps
from marketsim.reports.words import NOTHING, Unit, plain
from marketsim.shakeout.classify import Class
from marketsim.shakeout.statistics import Interval
from marketsim.shakeout.words import COLOURS, in_full
from marketsim.state import Floats

STRONGEST = 8
"""Parameters that are shown of an outcome."""
NOISE = 9
"""Digits after the point of what is drawn: below them is rounding."""
ROOM = 7.0
"""per cent: share from which its number fits into a bar"""
LIGHT = (Class.UNTOLD, Class.SHELTERED, Class.NONE)
"""Classes whose colour is light: the number on it is dark."""


def figures(material: Material) -> Iterator[Figure]:
    """All that can be drawn of the results, in the order of the report."""
    makers = (forest, fans, verdicts, drivers, survival, failing)
    yield from (found for found in (make(material) for make in makers) if found is not None)


def forest(material: Material) -> Figure | None:
    """Paired differences from the baseline, a panel an outcome."""
    say = material.speaker.say
    panels = []
    for name in material.results.outcomes:
        found = [each for each in material.analysis.differences if each.outcome == name]
        if not any(np.isfinite(each.difference.value) for each in found):
            continue
        unit = material.unit(name)
        rows = []
        for each in found:
            change = material.speaker.with_interval(each.difference, unit, signed=True)
            better = (
                [] if each.better is None else [say("better-runs", share=material.speaker.share(each.better.value))]
            )
            says = material.speaker.clauses([say("colon", title=material.policy(each.policy), text=change), *better])
            rows.append(_dot(material.policy(each.policy), each.difference, unit, material.standing(each), says))
        title = material.speaker.name(unit.of_change)
        panels.append(Panel(_capital(material.outcome(name)), _said(rows), dots(rows, title, 0.0)))
    keys = [
        Key("circle", "better", say("better")),
        Key("diamond", "worse", say("worse")),
        Key("square", "moved", say("moved")),
        Key("hollow", "base", say("not-told")),
    ]
    title = say("forest", baseline=material.baseline)
    group = Group("all", title, panels)
    return Figure("differences", title, say("forest-note"), [group], keys) if panels else None


def fans(material: Material) -> Figure | None:
    """The market over time, a group a policy, that which moves anything most first."""
    if material.fans is None:
        return None
    say, baseline = material.speaker.say, material.analysis.policies[0]
    groups = []
    for policy in sorted(material.others, key=lambda name: -_largest(material, name)) or [baseline]:
        panels = [panel for name in MEASURES if (panel := _fan(material, policy, name)) is not None]
        if panels:
            groups.append(Group(policy, material.policy(policy), panels))
    if not groups:
        return None
    policy = say("policy") if material.others else material.baseline
    keys = [Key("line", "own", say("median-of", policy=policy)), Key("band", "own", say("band-of", policy=policy))]
    if material.others:
        keys.append(Key("dashed", "base", say("median-of", policy=material.baseline)))
        keys.append(Key("band", "base", say("base-80", policy=material.baseline)))
    note = say("paths-note", n=material.speaker.count(max(material.fans["runs"].to_list())))
    return Figure("paths", say("paths"), note, groups, keys, say("choose-policy"), columns=4)


def _fan(material: Material, policy: str, measure: str) -> Panel | None:
    """A measure under a policy beside the baseline; None if no path is there."""
    assert material.fans is not None
    unit = material.speaker.unit(METRICS[measure], measure)
    own, base = (_path(material, name, measure, unit) for name in (policy, material.analysis.policies[0]))
    if policy == material.analysis.policies[0]:
        base = []
    if not own and not base:
        return None
    highest = material.fans[f"{measure}_{BANDS[-1]}"].drop_nulls().to_list()
    told = _told(material, own, base, unit), _told(material, base, [], unit)
    title = material.speaker.with_unit(material.speaker.say(measure), unit)
    return Panel(title, _said((told[0] or told[1])[-1:]), fan(*told, 0.0, (max(highest) or 1.0) * unit.factor))


def verdicts(material: Material) -> Figure | None:
    """How often there is a shakeout, and which class runs are of."""
    speaker, say = material.speaker, material.speaker.say
    found = material.analysis.verdicts
    if not found:
        return None
    unit, language = speaker.of_runs, speaker.language
    any_kind, stacked = [], []
    for each in found:
        name = material.policy(each.policy)
        says = say("colon", title=name, text=speaker.with_interval(each.shakeout, unit))
        any_kind.append(_dot(name, each.shakeout, unit, "plain", says))
        start = 0.0
        for share in each.classes:
            part, size = in_full(share.which, language), 100 * share.share.value
            told = say("colon", title=f"{name} – {part}", text=speaker.with_interval(share.share, unit))
            stacked.append(
                {
                    **{"name": name, "part": part, "start": start, "end": start + size, "middle": start + size / 2},
                    **{"text": f"{size:.0f}" if size >= ROOM else "", "says": told, "dark": share.which not in LIGHT},
                }
            )
            start += size
    colours = {in_full(share.which, language): COLOURS[share.which] for share in found[0].classes}
    panels = [
        Panel(say("any-shakeout"), _said(any_kind), dots(any_kind, "%", None)),
        Panel(say("classes"), _said(stacked), stacks(stacked, colours)),
    ]
    boundary = material.results.manifest["boundary"]
    note = say("verdicts-note", boundary=say("boundary-all" if boundary == "all" else boundary))
    keys = [Key("circle", "own", say("95-line")), *(Key("bar", colours[name], name) for name in colours)]
    return Figure("verdicts", say("verdicts"), note, [Group("all", say("verdicts"), panels)], keys)


def drivers(material: Material) -> Figure | None:
    """What each outcome hangs on under the baseline, a group an outcome."""
    say, groups, methods = material.speaker.say, [], []
    for name in [SHAKEOUT, *material.results.outcomes]:
        found = material.drivers_of(name)
        if found is None or found.method is None:
            continue
        methods.append(found.method)
        panels = list(_of_drivers(material, name, found))
        groups.append(Group(name, _capital(material.outcome(name)), panels, _explained(material, found)))
    if not groups:
        return None
    keys = [Key("circle", "low", say("param-low")), Key("diamond", "high", say("param-high"))]
    keys.append(Key("circle", "own", say("first-order" if "sobol" in methods else "effect")))
    if "sobol" in methods:
        keys.append(Key("square", "ink", say("total")))
    note = say("drivers-note", baseline=material.baseline)
    return Figure("drivers", say("drivers"), note, groups, keys, say("choose-outcome"))


def _explained(material: Material, found: Drivers) -> str:
    """How much of an outcome's variation is explained; empty if that is not known."""
    if not np.isfinite(found.explained):
        return ""
    share = material.speaker.share
    noise = share(found.noise) if np.isfinite(found.noise) else NOTHING
    return material.speaker.say("explains", explained=share(min(found.explained, 1.0)), noise=noise)


def _of_drivers(material: Material, name: str, found: Drivers) -> Iterator[Panel]:
    speaker, say, unit = material.speaker, material.speaker.say, material.unit(name)
    assert found.method is not None
    strongest = found.drivers[:STRONGEST]
    of_effect = unit if found.method == "one-at-a-time" else Unit(most=2)

    def strength(driver: Driver) -> str:
        total = "" if driver.total is None else f"; ST {speaker.with_interval(driver.total, of_effect)}"
        return speaker.with_interval(driver.effect, of_effect, signed=found.method != "sobol") + total

    moved, strong = list[Row](), list[Row]()
    for driver in strongest:
        title = material.parameter(driver.name)
        span = f"{speaker.amount(driver.low, unit)} → {speaker.amount(driver.high, unit)}"
        says = say("colon", title=title, text=speaker.clauses([span, strength(driver)]))
        low, high = driver.low * unit.factor, driver.high * unit.factor
        moved.append({"name": title, "low": low, "high": high, "says": says})
        total = None if driver.total is None else driver.total.value
        strong.append({**_dot(title, driver.effect, of_effect, "plain", says), "total": total})
    axis = speaker.name(unit)
    yield Panel(say("moves-outcome"), _said(moved), dumbbells(moved, axis, found.as_written * unit.factor))
    below = axis if found.method == "one-at-a-time" else ""
    yield Panel(say(f"strength-{found.method}"), _said(strong), indices(strong, below))


def survival(material: Material) -> Figure | None:
    """How long vendors last, a panel a policy beside the baseline."""
    found = {each.policy: each for each in material.analysis.survival}
    base = found.get(material.analysis.policies[0])
    if base is None:
        return None
    say = material.speaker.say
    panels = []
    for name in [policy for policy in material.others if policy in found] or [base.policy]:
        own = _curve(material, found[name]) if name != base.policy else []
        chart = steps(own, _curve(material, base), say("years"))
        panels.append(Panel(material.policy(name), _said(own or _curve(material, base)), chart))
    keys = [Key("dashed", "base", material.baseline)]
    keys += [Key("line", "own", say("policy"))] if material.others else []
    note = say("survival-note", n=material.speaker.count(base.runs))
    return Figure("survival", say("survival"), note, [Group("all", say("survival"), panels)], keys, columns=4)


def failing(material: Material) -> Figure | None:
    """Where policies fail: the worlds in the two most telling parameters, a panel a box."""
    found = [each for each in material.analysis.discoveries if each.limits]
    say, points, boxes = material.speaker.say, points_of(material.results), dict[str, list[Panel]]()
    for outcome in dict.fromkeys(each.outcome for each in found):
        is_shakeout, results = outcome == SHAKEOUT, material.results
        sample = shakeout_sample(results, points) if is_shakeout else outcome_sample(results, points, outcome)
        for each in (one for one in found if one.outcome == outcome):
            panel = _box(material, points, sample, each)
            if panel is not None:
                boxes.setdefault(each.policy, []).append(panel)
    if not boxes:
        return None
    keys = [
        Key("diamond", "worse", say("world-fails")),
        Key("hollow", "base", say("world-holds")),
        Key("band", "worse", say("the-box")),
    ]
    groups = [Group(name, material.policy(name), boxes[name]) for name in material.analysis.policies if name in boxes]
    return Figure("failing", say("failing"), say("failing-note"), groups, keys, say("choose-policy"), columns=3)


def _box(material: Material, points: Points, sample: Sample, found: Discovery) -> Panel | None:
    """The worlds of a policy; where the box has one limit alone, across from the strongest other parameter."""
    names = [limit.name for limit in found.limits]
    own = (
        driver.name
        for each in material.analysis.drivers
        if each.policy == found.policy and each.outcome == found.outcome and not each.of_difference
        for driver in each.drivers
    )
    names += [name for name in (*own, *points.names) if name not in names]
    if len(names) < 2:
        return None
    fails = _fails(points, sample, found)
    values = points.values[np.searchsorted(points.numbers, sample.numbers)]
    at = [points.names.index(name) for name in names[:2]]
    titles = [material.parameter(name) for name in names[:2]]
    rows: list[Row] = []
    for place in np.flatnonzero(~np.isnan(fails)):
        x, y = (float(values[place, column]) for column in at)
        text = material.speaker.say("world-fails" if fails[place] else "world-holds")
        says = f"{titles[0]} {x:.3g}, {titles[1]} {y:.3g}: {text}"
        rows.append({"x": x, "y": y, "fails": bool(fails[place]), "says": says})
    limits = {limit.name: limit for limit in found.limits}
    sides = []
    for name, title in zip(names, titles, strict=False):
        limit, about = limits.get(name), material.results.manifest["uncertain"][name]
        ends = (None, None) if limit is None else (limit.low, limit.high)
        sides.append(Side(title, about.get("scale", "linear"), *ends))
    failing = failing_outcome(material, found.outcome)
    title = _capital(material.speaker.say("failing-title", outcome=failing, failure=criterion(material, found)))
    return Panel(title, title, scatter(rows, *sides))


def _fails(points: Points, sample: Sample, found: Discovery) -> Floats:
    """Whether a policy fails at each point, 0 or 1, [point]; NaN where that is not known."""
    row = sample.policies.index(found.policy)
    if found.failure == "regret":
        regret = regrets(sample)[row]
        fails = np.where(np.isnan(regret), np.nan, regret > (found.threshold or 0.0))
    else:
        share = share_at_points(sample, row)
        fails = np.where(np.isnan(share), np.nan, share >= HALF)
    drawn = points.independent[np.searchsorted(points.numbers, sample.numbers)]
    return np.where(drawn, fails, np.nan)


def _dot(name: str, found: Interval, unit: Unit, standing: str, says: str) -> dict[str, object]:
    value, low, high = (
        None if np.isnan(v) else round(v * unit.factor, NOISE) for v in (found.value, found.low, found.high)
    )
    return {"name": name, "value": value, "low": low, "high": high, "standing": standing, "says": says}


def _path(material: Material, policy: str, measure: str, unit: Unit) -> list[dict[str, float | str]]:
    """Quantiles of a measure by quarter, in the unit of the report."""
    assert material.fans is not None
    columns = [f"{measure}_{q}" for q in BANDS]
    own = material.fans.filter(pl.col("policy") == policy).select("quarter", *columns).drop_nulls()
    return [
        {"x": int(quarter[:4]) + (int(quarter[5:]) - 1) / 4, "when": quarter}
        | {f"p{round(100 * q)}": value * unit.factor for q, value in zip(BANDS, values, strict=True)}
        for quarter, *values in own.iter_rows()
    ]


def _told(
    material: Material, own: list[dict[str, float | str]], base: list[dict[str, float | str]], unit: Unit
) -> list[Row]:
    """The same with what the pointer says: the median and half of the runs, and the median of the baseline."""
    speaker, others = material.speaker, {row["when"]: row for row in base}
    shown = Unit(1.0, unit.before, unit.after, unit.points, unit.most)
    told: list[Row] = []
    for row in own:
        middle, low, high = (float(row[name]) for name in ("p50", "p25", "p75"))
        text = speaker.with_interval(Interval(middle, low, high), shown)
        other = others.get(row["when"])
        says = speaker.say("at-one", when=row["when"], own=text)
        if other is not None:
            base_text = speaker.amount(float(other["p50"]), shown)
            says = speaker.say("at", when=row["when"], own=text, baseline=material.baseline, base=base_text)
        told.append({**{key: value for key, value in row.items() if key != "when"}, "says": says})
    return told


def _largest(material: Material, policy: str) -> float:
    """How far a policy moves what it moves most."""
    return max((material.size(each) for each in material.of_policy(policy) if material.is_told(each)), default=0.0)


def _curve(material: Material, found: PolicySurvival) -> list[Row]:
    speaker = material.speaker
    rows: list[Row] = []
    for point in found.curve:
        share = point.share
        text = speaker.with_interval(share, speaker.unit("1"))
        says = speaker.say("in-business", share=text, years=plain(point.years))
        low, high = (share.value if np.isnan(bound) else bound for bound in (share.low, share.high))
        rows.append({"x": point.years, "value": 100 * share.value, "low": 100 * low, "high": 100 * high, "says": says})
    return rows


def _said(rows: Sequence[Row]) -> str:
    """All that a panel shows, in words."""
    return "\n".join(str(row["says"]) for row in rows)


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
