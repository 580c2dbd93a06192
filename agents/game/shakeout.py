"""Is it the photovoltaic pattern? The shakeout test's facts of a game so far, and how it may end if play goes on."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from agents.game.runs import OTHER_LUCK
from agents.game.view import GameView
from agents.strategies.team import Team
from marketsim.market import Market
from marketsim.scenario.parameters import Parameters
from marketsim.shakeout.classify import Class
from marketsim.shakeout.fitted import fitted_facts
from marketsim.shakeout.history import History, at
from marketsim.shakeout.instrument import Instrument, Reading, load_instrument
from marketsim.shakeout.record import Recorder
from marketsim.shakeout.reference import folder
from marketsim.shakeout.table import load_table
from marketsim.state import Floats, Ints, taken

HISTORY = "photovoltaics.csv"
"""The table of the shakeout that the test is named after."""


# So far ---------------------------------------------------------------------------------------------------------------


def history_of(game: GameView, per_year: Literal[1, 4] = 1) -> History | None:
    """The market's history so far, whose run 0 is the game; None before its first period is over.

    per_year: 1 is what the test looks at, 4 is for charts.
    """
    recorder = Recorder(game.parameters, game.state.runs, per_year=per_year)
    for turn in game.turns:
        recorder.add(turn.now, turn.before, turn.outcome, turn.after)
    return recorder.result() if recorder.time else None


def instrument_for(game: GameView) -> Instrument:
    """The measured instrument, without the facts that the scenario was fitted to. Some milliseconds: keep it."""
    instrument = load_instrument()
    return replace(instrument, dropped=instrument.dropped | fitted_facts(game.world, instrument.reference))


def read(game: GameView, instrument: Instrument) -> Reading | None:
    """Facts, gauges and the class of the game so far, in run 0 of its arrays; None in its first year."""
    history = history_of(game)
    return None if history is None else instrument.read(history)


@dataclass(frozen=True, slots=True)
class SincePeak:
    """An industry around its peak of active firms: axes on which every one starts at 1, [t] each.

    years: since the peak.  firms: over those at the peak.  price: per unit of delivered performance, over that at the
    peak. NaN where it is not known.
    """

    years: Floats
    firms: Floats
    price: Floats


def since_peak(history: History, instrument: Instrument) -> SincePeak:
    """Run 0 of a history around the peak from which its firms fall farthest; the last count, where they never fall."""
    peak = instrument.window(history).peak
    firms, price = (series / at(series, peak) for series in (history.firms, history.price))
    return SincePeak(history.time - history.time[peak[0]], firms[:, 0], price[:, 0])


def reference_path(instrument: Instrument) -> SincePeak:
    """China's makers of photovoltaic modules, and the price of modules: the path to compare with."""
    return since_peak(load_table(folder() / HISTORY).history, instrument)


# To come --------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Stories:
    """How often a game ended as each class when it was played on.  counts: [class] in the order of `Class`."""

    counts: Ints

    def __add__(self, other: Stories) -> Stories:
        return Stories(self.counts + other.counts)

    @property
    def runs(self) -> int:
        return int(self.counts.sum())

    def probability(self, which: Class) -> float:
        """Share of the runs that ended as a class."""
        return float(self.counts[which]) / self.runs


def stories(game: GameView, instrument: Instrument, runs: range = range(32), strategy: str = "disciplined") -> Stories:
    """Play on to the scenario's end on other luck, and classify history and future together.

    Rivals go on with their strategies, the own vendor, if one is played, with `strategy`.
    runs: numbers of the runs to play; a background worker takes a few at a time and adds the answers up, which are the
    same in any parts. Unlike a forecast it knows rivals' books: what it tells is about the market and not about them.
    Raises StrategyError for a strategy that is not known.
    """
    p = game.parameters
    market = Market(p, game.setup.seed + OTHER_LUCK, runs)
    same = np.zeros(len(market.runs), dtype=np.int64)
    recorder = Recorder(p, len(market.runs))
    for turn in game.turns:
        recorder.add(turn.now, *(taken(turn.before, same), taken(turn.outcome, same), taken(turn.after, same)))
    market.state, market.quarter = taken(game.state, same), len(game.turns)
    market.record(Team(_strategies(game, p, strategy)).decide, recorder)
    classes = instrument.read(recorder.result()).verdicts.classes[: len(runs)]
    return Stories(np.bincount(classes, minlength=len(Class)))


def _strategies(game: GameView, p: Parameters, own: str) -> list[str]:
    """Strategies of all domestic slots."""
    return [own if vendor == game.setup.vendor else name for vendor, name in zip(p.vendors, p.strategies, strict=False)]
