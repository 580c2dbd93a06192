"""`marketsim levels`: what the three levels of the game ask of a player, in games that the strategies play."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields
from enum import StrEnum
from functools import partial
from typing import TYPE_CHECKING, Annotated

import typer

from marketsim.commands.interrupts import Stoppable, stopping_cleanly
from marketsim.commands.progress import progress
from marketsim.commands.run import Quarters, Quiet, Scenario, Seed, Workers, option

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.table import Table

    from agents.game.difficulty import Difficulty, Level
    from agents.game.score import Score
    from marketsim.commands.figures import Cell
    from marketsim.scenario.schema import Scenario as World
    from marketsim.shakeout.statistics import Interval
    from marketsim.state import Bools

CAREFUL, CARELESS = "disciplined", "random"

OFTEN = 0.9
"""Wanted: the careful strategy beats the careless one in at least this share of games."""

MOST = 0.4
"""Wanted: no strategy wins more than this share of seats."""

FORCED = 1.5
"""Wanted: who asks for the most capacity every quarter scores at most so many times what the best strategy does."""

SIDE_BY_SIDE = 32
"""Games that are played together: with all strategies in each, about as many runs as fit the cache."""


class Format(StrEnum):
    """How the figures are printed."""

    table = "table"
    json = "json"


Games = Annotated[int, option(1, 100_000, "Games on each level, spread evenly over the vendors.")]
Form = Annotated[Format, typer.Option("--format", help="What to print.")]


def levels(
    scenario: Scenario = "china-ai-chips",
    games: Games = 200,
    seed: Seed = 7,
    quarters: Quarters = None,
    workers: Workers = None,
    form: Form = Format.table,
    quiet: Quiet = False,
) -> None:
    """Measure the game's levels: every strategy plays each game's seat, against the level's rivals, on its luck."""
    with stopping_cleanly():
        from agents.game.setup import Setup

        world = Setup(scenario=scenario, quarters=quarters).world()
        measured = _played(world, games, seed, workers or os.cpu_count() or 1, quiet)
        if form is Format.json:
            typer.echo(_as_json(world, games, seed, measured))
            return

        from marketsim.commands.layout import console, show

        show(_page(world, games, seed, measured), console())


# Games ----------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Block:
    """Games with the same level, vendor and line-up of rivals, by the numbers of their runs."""

    level: Difficulty
    vendor: str
    line_up: str
    runs: range


class _Play:
    """Plays a block with all strategies, and by force.  world: without a level."""

    def __init__(self, world: World, seed: int) -> None:
        self.world, self.seed = world, seed

    def __call__(self, block: Block) -> Score:
        """Scores [contestant,game], the last rows by force."""
        from agents.game.difficulty import LEVELS, LINE_UPS
        from agents.game.force import FORCES
        from agents.game.ladder import CONTESTANTS, seat_scores

        world = LEVELS[block.level].applied(self.world, block.vendor, LINE_UPS[block.line_up])
        return seat_scores(world, block.vendor, (*CONTESTANTS, *FORCES), self.seed, block.runs)


def _blocks(world: World, games: int) -> Iterator[Block]:
    """Every level's games; a game has the same vendor and luck on all of them, and line-ups come as their odds say."""
    from agents.game.difficulty import LEVELS

    vendors = list(world.vendors)
    shares = [range(i * games // len(vendors), (i + 1) * games // len(vendors)) for i in range(len(vendors))]
    for name, level in LEVELS.items():
        for vendor, runs in zip(vendors, shares, strict=True):
            rivals = sorted(level.deck[i % len(level.deck)] for i in runs)
            for line_up in dict.fromkeys(rivals):
                first = runs.start + rivals.index(line_up)
                last = first + rivals.count(line_up)
                for start in range(first, last, SIDE_BY_SIDE):
                    yield Block(name, vendor, line_up, range(start, min(start + SIDE_BY_SIDE, last)))


def _played(world: World, games: int, seed: int, workers: int, quiet: bool) -> list[Measured]:
    """Each level, measured."""
    from agents.game.difficulty import LEVELS
    from marketsim.processes import each

    blocks = list(_blocks(world, games))
    scores: dict[Block, Score] = {}
    with progress(len(LEVELS) * games, quiet) as advance:
        for block, found in each(blocks, Stoppable(_Play(world, seed)), workers):
            scores[block] = found
            if advance is not None:
                advance(len(block.runs))
    return [_measured(level, [scores[block] for block in blocks if block.level == level]) for level in LEVELS]


# Figures --------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Standing:
    """How a strategy does on a level.

    won: share of seats in which none does better.  ahead: share of games in which it beats the careless strategy.
    survived: share of games.  score: median, rmb_m.
    """

    strategy: str
    won: Interval
    ahead: Interval
    survived: Interval
    score: Interval


@dataclass(frozen=True, slots=True)
class Measured:
    """A level, measured.

    by_score: share of games in which the careful strategy has the higher score; not where both failed.
    forced: score by force over that of the best strategy, median; of the force that does best, which goes by the
    strategy `forced_from` otherwise.
    standings: of all strategies, the one that wins most seats first.
    """

    level: Difficulty
    by_score: Interval
    forced: Interval
    forced_from: str
    standings: list[Standing]

    @property
    def careful(self) -> Interval:
        """Share of games in which the careful strategy beats the careless one."""
        return next(one.ahead for one in self.standings if one.strategy == CAREFUL)

    @property
    def first(self) -> Standing:
        """The strategy that wins most seats."""
        return self.standings[0]


def _measured(level: Difficulty, blocks: Sequence[Score]) -> Measured:
    """A level's figures.  blocks: scores [contestant,game], the last rows by force."""
    import numpy as np

    from agents.game.force import FORCES
    from agents.game.ladder import CONTESTANTS
    from agents.game.score import Score
    from marketsim.shakeout.statistics import median_interval

    found = Score(
        **{item.name: np.concatenate([getattr(one, item.name) for one in blocks], 1) for item in fields(Score)}
    )
    value, careless = found.value, CONTESTANTS.index(CARELESS)
    ahead = found.beats(found.of(slice(careless, careless + 1)))
    best = value[: len(CONTESTANTS)].max(axis=0)
    won = (value == best) & (value > 0)
    standings = [
        Standing(name, _share(won[i]), _share(ahead[i]), _share(found.alive[i]), median_interval(value[i]))
        for i, name in enumerate(CONTESTANTS)
    ]
    standings.sort(key=lambda one: (one.won.value, one.score.value), reverse=True)
    by_score = _share(value[CONTESTANTS.index(CAREFUL)] > value[careless])
    ratios = value[len(CONTESTANTS) :] / np.maximum(best, 1e-9)  # where nobody has anything: nothing, or very much
    forced = {force.base: median_interval(ratio) for force, ratio in zip(FORCES, ratios, strict=True)}
    forced_from = max(forced, key=lambda base: forced[base].value)
    return Measured(level, by_score, forced[forced_from], forced_from, standings)


def _share(games: Bools) -> Interval:
    import numpy as np

    from marketsim.shakeout.statistics import share_interval

    return share_interval(np.array([games.sum()]), np.array([len(games)]))


# Page -----------------------------------------------------------------------------------------------------------------


def _page(world: World, games: int, seed: int, measured: Sequence[Measured]) -> Iterator[RenderableType]:
    from rich.text import Text

    from agents.game.difficulty import LEVELS
    from agents.game.score import IN_A_SENTENCE
    from marketsim.commands.layout import console, fitting, note, title
    from marketsim.errors import counted

    heading = (
        f"{world.title.en}: {counted(games, 'game')} on each level, {counted(world.quarters, 'quarter')}, seed {seed}"
    )
    yield Text(heading, style="bold")
    yield note(
        f"A game is a seat, its rivals and its luck; every strategy plays it. Seats are spread evenly over "
        f"{counted(len(world.vendors), 'vendor')}."
    )
    for one in measured:
        level = LEVELS[one.level]
        yield title(level.title["en"])
        yield Text(level.about["en"])
        yield note(f"Rivals: {_odds(level)}.")
        yield from (Text(line) for line in _verdicts(one))
        yield Text()
        yield fitting(console(), (partial(_table, one, ranges) for ranges in (True, False)))
    yield Text()
    yield note(f"Score. {IN_A_SENTENCE['en']}")
    yield note(
        f"Ahead of {CARELESS} by rank, the measure: a higher score, or of two that failed longer in business. By score "
        "alone: a higher score."
    )
    yield note("In brackets: 95 % confidence, of medians 90 %.")
    yield Text(_force(measured))


def _verdicts(one: Measured) -> Iterator[str]:
    """Whether the level is as wanted, in two lines."""
    from marketsim.commands.verdict_page import in_percent, percent

    careful, won = one.careful, one.first.won
    yield (
        f"{CAREFUL} is ahead of {CARELESS} by rank in {percent(careful.value)} of games ({in_percent(careful)}), "
        f"by score alone in {percent(one.by_score.value)}; wanted by rank at least {percent(OFTEN)}: "
        f"{_word(careful.value >= OFTEN)}."
    )
    yield (
        f"{one.first.strategy} wins most seats, {percent(won.value)} ({in_percent(won)}); wanted at most "
        f"{percent(MOST)}: {_word(won.value <= MOST)}."
    )


def _odds(level: Level) -> str:
    """The line-ups and how often they come."""
    counts = ", ".join(f"{name} {level.deck.count(name)}" for name in dict.fromkeys(level.deck))
    return f"{counts} of {len(level.deck)}"


def _force(measured: Sequence[Measured]) -> str:
    """What asking for all the capacity there is is worth, in a sentence."""
    from agents.game.difficulty import LEVELS

    factors = ", ".join(
        f"{LEVELS[one.level].title['en'].lower()} {one.forced.value:.2f} (else {one.forced_from})" for one in measured
    )
    most = max(one.forced.value for one in measured)
    return (
        "By force, asking for the most capacity with the largest premium every quarter: median score over that of the "
        f"best strategy: {factors}; wanted at most {FORCED:g}: {_word(most <= FORCED)}."
    )


def _word(reached: bool) -> str:
    return "reached" if reached else "missed"


def _table(one: Measured, ranges: bool) -> Table:
    from marketsim.commands.figures import MONEY, middle_and_range
    from marketsim.commands.figures import fitting as fitting_unit
    from marketsim.commands.layout import figures_table

    unit = fitting_unit(MONEY, [each.score.value for each in one.standings])

    def cells(figures: Iterator[Interval], factor: float, digits: int | None = 0) -> list[Cell]:
        scaled = [[figure.low * factor, figure.value * factor, figure.high * factor] for figure in figures]
        return [middle_and_range(three if ranges else [three[1]] * 3, digits) for three in scaled]

    columns = {
        "seats won,\n%": cells((each.won for each in one.standings), 100),
        f"ahead of\n{CARELESS}, %": cells((each.ahead for each in one.standings), 100),
        "survived,\n%": cells((each.survived for each in one.standings), 100),
        f"median score,\n{unit.name}": cells((each.score for each in one.standings), unit.factor, None),
    }
    return figures_table([each.strategy for each in one.standings], columns)


def _as_json(world: World, games: int, seed: int, measured: Sequence[Measured]) -> str:
    import json

    from agents.game.difficulty import LEVELS
    from marketsim import __version__
    from marketsim.shakeout.verdict_json import plain

    content = {
        "marketsim": __version__,
        "scenario": world.name,
        "vendors": list(world.vendors),
        "games": games,
        "quarters": world.quarters,
        "seed": seed,
        "wanted": {
            "careful": CAREFUL,
            "careless": CARELESS,
            "ahead_at_least": OFTEN,
            "won_at_most": MOST,
            "forced_at_most": FORCED,
        },
        "levels": [
            {
                "level": one.level,
                "about": dict(LEVELS[one.level].about),
                "line_ups": {name: LEVELS[one.level].deck.count(name) for name in LEVELS[one.level].deck},
                "careful_ahead": plain(one.careful),
                "careful_by_score": plain(one.by_score),
                "forced": {"from": one.forced_from, **plain(one.forced)},
                "reached": {
                    "careful": one.careful.value >= OFTEN,
                    "most": one.first.won.value <= MOST,
                    "forced": one.forced.value <= FORCED,
                },
                "strategies": plain(one.standings),
            }
            for one in measured
        ],
    }
    return json.dumps(content, ensure_ascii=False, indent=1)
