"""The picture of docs/shakeout.md: what kinds of industries look like, and where runs fall on the two questions."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from marketsim.shakeout.classify import Class
from marketsim.shakeout.trial import WORLDS
from marketsim.shakeout.words import CLASSES, COLOURS, in_full
from marketsim.state import Floats, Ints
from marketsim.validation.drawing import GREY, INK, figure, svg
from marketsim.validation.study import Case

if TYPE_CHECKING:
    from matplotlib.axes import Axes

HARDLY = 0.2
"""Fall in firms below which a run has no peak to speak of."""
BEFORE, AFTER = 4, 8
"""Years before and after the peak that are shown."""

WORDS: Mapping[str, Mapping[str, str]] = {
    "firms": {"en": "Active firms over those at the peak", "zh": "活跃企业数与峰值之比"},
    "years": {"en": "years after the peak (after mid-run without one)", "zh": "峰值后年数（无峰值者自中段起）"},
    "map": {"en": "Every run with a shakeout", "zh": "每一次有洗牌的运行"},
    "share": {"en": "share of the two largest, three years after", "zh": "三年后前两大份额"},
    "driver": {"en": "exit by ecosystem (-) or by cost (+)", "zh": "退出因生态弱（-）或成本高（+）"},
}


def classes(cases: Mapping[str, Case], language: str) -> str:
    """Firms over time in each world, and its runs by structure and mechanism, as SVG.  language: en or zh."""
    from matplotlib.lines import Line2D

    shown = {world: cases[world] for world in WORLDS if world in cases}
    with warnings.catch_warnings(action="ignore"), figure(3.7, 1, 2) as (drawn, (over_time, by_kind)):
        _firms(over_time, shown, language)
        _map(by_kind, shown, language)
        handles = [Line2D([], [], color=COLOURS[WORLDS[world]], linewidth=2.2) for world in shown]
        names = [in_full(WORLDS[world], language) for world in shown]
        drawn.legend(handles, names, loc="outside lower center", ncols=3, frameon=False, fontsize=8)
        return svg(drawn)


def _firms(axes: Axes, cases: Mapping[str, Case], language: str) -> None:
    """Median over runs of active firms, relative to their peak, by years from it."""
    years = np.arange(-BEFORE, AFTER + 1)
    for world, case in cases.items():
        axes.plot(years, relative_firms(case, years), color=COLOURS[WORLDS[world]], linewidth=1.8)
    axes.axvline(0, color=GREY, linewidth=0.6)
    axes.set_ylim(0, 1.3)
    axes.set_title(WORDS["firms"][language])
    axes.set_xlabel(WORDS["years"][language])


def relative_firms(case: Case, years: Ints) -> Floats:
    """Median over runs of active firms over those at the peak, at years from it, [year]; NaN beyond the history.

    In runs in which firms hardly fall the middle of the history takes the place of the peak.
    """
    history, measured = case.history, case.reading.measured
    middle = np.full(history.runs, len(history.time) // 2)
    peaks = [np.flatnonzero(run == most) for run, most in zip(history.firms.T, measured["firms"], strict=True)]
    start = np.where(measured["S1"] >= HARDLY, [at[-1] if len(at) else 0 for at in peaks], middle)
    place = start + years[:, None]
    inside = (place >= 0) & (place < len(history.time))
    firms = np.take_along_axis(history.firms, np.clip(place, 0, len(history.time) - 1), axis=0)
    first = np.take_along_axis(history.firms, start[None], axis=0)
    share = np.where(inside, firms / np.maximum(first, 1), np.nan)
    enough = inside.mean(axis=1) >= 0.5
    median = np.full(len(years), np.nan)
    median[enough] = np.nanmedian(share[enough], axis=1)
    return median


def _map(axes: Axes, cases: Mapping[str, Case], language: str) -> None:
    """Runs with a shakeout by the share of the two largest and by what decides who leaves."""
    for world, case in cases.items():
        measured, shakeout = case.reading.measured, case.reading.verdicts.shakeout
        if WORLDS[world] > Class.UNTOLD or not shakeout.any():
            continue
        points = measured["C2"][shakeout], measured["M1"][shakeout]
        axes.scatter(*points, s=9, color=COLOURS[WORLDS[world]], alpha=0.45, linewidths=0)
    axes.axhline(0, color=GREY, linewidth=0.6)
    axes.axvline(0.5, color=GREY, linewidth=0.6)
    corners = {
        Class.PHOTOVOLTAIC: (0.02, 0.97, "left", "top"),
        Class.COMMODITY: (0.98, 0.97, "right", "top"),
        Class.NICHE: (0.02, 0.03, "left", "bottom"),
        Class.LOCK_IN: (0.98, 0.03, "right", "bottom"),
    }
    for which, (x, y, across, up) in corners.items():
        name = CLASSES[which][language]
        axes.text(x, y, name, transform=axes.transAxes, ha=across, va=up, fontsize=8, color=INK, weight="bold")
    axes.set_xlim(0, 1)
    axes.set_ylim(-1, 1)
    axes.set_title(WORDS["map"][language])
    axes.set_xlabel(WORDS["share"][language])
    axes.set_ylabel(WORDS["driver"][language])
