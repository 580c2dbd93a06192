"""A market that steps from quarter to quarter: what play, the Mesa model, ensembles and forecasts share."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Protocol

from marketsim.chance import Draws, draw, pad_runs
from marketsim.decisions import Decision
from marketsim.observation import Observation, observe
from marketsim.rules import quarter
from marketsim.rules.start import initial_state
from marketsim.scenario.parameters import Conditions, Parameters
from marketsim.state import Ints, MarketState, Outcome, taken


class Book(Protocol):
    """Writes quarters down as they are played: what held, the market before, what happened, the market after."""

    def add(self, now: Conditions, before: MarketState, outcome: Outcome, after: MarketState) -> None: ...


class Market:
    """Some runs of a scenario, or of several worlds, side by side.

    parameters: the scenario in numbers.  seed: of the luck.  runs: run numbers, which together with the seed decide the
    luck; a lone run is padded with its successor, so arrays are never shorter than two.
    luck: where runs of the arrays share their luck, which of `runs` each of them meets, [r], at least two; none: one
    after the other.
    """

    def __init__(self, parameters: Parameters, seed: int, runs: range, luck: Ints | None = None) -> None:
        self.parameters = parameters
        self.seed = seed
        self.runs = pad_runs(runs)
        self._luck = luck
        self.state: MarketState = initial_state(parameters, len(self.runs if luck is None else luck))
        self.quarter = 0
        self._draws: Draws | None = None

    @property
    def over(self) -> bool:
        """Whether the scenario's last quarter has been played."""
        return self.quarter >= len(self.parameters.conditions)

    @property
    def now(self) -> Conditions:
        """Prices, limits and policy of the quarter to be played."""
        return self.parameters.conditions[self.quarter]

    @property
    def draws(self) -> Draws:
        """The luck of the quarter to be played."""
        if self._draws is None:
            draws = draw(self.parameters, self.seed, self.runs, self.quarter)
            self._draws = draws if self._luck is None else taken(draws, self._luck)
        return self._draws

    def observe(self) -> Observation:
        """What the domestic vendors may know before they decide."""
        return observe(self.state, self.now, self.parameters, self.draws)

    def step(self, decision: Decision) -> Outcome:
        """Play a quarter with the decisions of all vendors (see `marketsim.decisions.stack`)."""
        self.state, outcome = quarter.play(self.parameters, self.now, self.state, decision, self.draws)
        self.quarter += 1
        self._draws = None
        return outcome

    def record(self, decide: Callable[[Observation], Decision], *books: Book, until: str | None = None) -> None:
        """Play to the end, or until a quarter, and have every book write each quarter down as it is played."""
        for now, before, outcome in self.play(decide, until):
            for book in books:
                book.add(now, before, outcome, self.state)

    def play(
        self, decide: Callable[[Observation], Decision], until: str | None = None
    ) -> Iterator[tuple[Conditions, MarketState, Outcome]]:
        """Play quarter after quarter, to the end or until one such as 2026Q4 has been played.

        Gives of each quarter what held, the market before it and what happened; `state` is then the market after it.
        """
        while not self.over and (until is None or self.now.name <= until):
            now, before = self.now, self.state
            yield now, before, self.step(decide(self.observe()))
