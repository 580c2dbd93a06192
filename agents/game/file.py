"""Game files: a save, a replay and the start of a fork are one format, since a game is its setup and its plans.

Neither reading nor listing files plays anything or imports Mesa; `Saved.game` does. Format: docs/game-files.md.
"""

from __future__ import annotations

import hashlib
import math
import os
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path, PureWindowsPath
from typing import TYPE_CHECKING
from uuid import uuid4

from pydantic import ValidationError

from agents.game.company import Others
from agents.game.decided import changes, company_of, draft_of, plans_of
from agents.game.divided import divided
from agents.game.format import Content, GameFileError, Quarter, Versions, read, text_of
from agents.game.plan import Plan
from agents.game.setup import GameError, Setup
from agents.strategies import StrategyError
from marketsim.errors import FileError, MarketSimError, Origin, Problem, did_you_mean, listing, printable
from marketsim.scenario.fields import quarter_index, quarter_name
from marketsim.scenario.library import SUFFIXES, is_path
from marketsim.scenario.parameters import Parameters
from marketsim.scenario.schema import Scenario

if TYPE_CHECKING:
    from agents.game.game import Game, Turn
    from agents.game.kept import KeptGame

UNFINISHED = ".unfinished"
"""Ending of a file that is being written; whoever is killed leaves one behind."""

TOLERANCE = 1e-6
"""Relative; in money no less than 1e-6 rmb_m. Other machines differ by some 1e-12 in a quarter's cash."""


@dataclass(frozen=True, slots=True)
class Difference:
    """A saved game that comes out in another way when it is played again.

    quarter: the first whose market is not the same to the last bit, such as 2026Q1.
    close: money agrees to 1e-6 in this and all later quarters, as it does on another machine; if not, the rules, the
    scenario or the file are other ones.  scenario_changed: the scenario says something else than when it was saved.
    """

    quarter: str
    close: bool
    scenario_changed: bool


@dataclass(frozen=True)
class Saved:
    """What a game file holds, checked against its scenario and not yet played.

    scenario: what its file says today, vendors divided as in the game.  plans: of the quarters played; None where
    nobody is.  company: what others did in them.  draft: of the form that was being filled in; may hold values out of
    bounds.  digests, cash: of the market after each quarter, see `Quarter`.
    """

    path: Path
    setup: Setup
    scenario: Scenario
    plans: tuple[Plan | None, ...]
    company: tuple[Others, ...]
    draft: Plan | None
    versions: Versions
    digests: tuple[str, ...]
    cash: tuple[float, ...]
    scenario_changed: bool

    @property
    def length(self) -> int:
        """Quarters of the whole game."""
        return self.setup.quarters or self.scenario.quarters

    @property
    def reached(self) -> str:
        """The quarter that was played last, such as 2026Q1; empty before the first."""
        start = quarter_index(self.scenario.start)
        return quarter_name(start + len(self.plans) - 1) if self.plans else ""

    def game(self, progress: Callable[[int], None] | None = None) -> Game:
        """The game, played as far as it was.  progress: told after each quarter how many have been played.

        Raises GameFileError where the rules or the scenario have changed so that a plan can no longer be carried out.
        """
        from agents.game.game import Game

        played = 0

        def plans() -> Iterator[Plan | None]:
            nonlocal played
            for plan in self.plans:
                yield plan
                played += 1  # the game asks for the next plan when it has played this one
                if progress is not None:
                    progress(played)

        try:
            return Game(self.setup, plans(), self.company)
        except (GameError, StrategyError) as error:
            saved = f"marketsim {self.versions.marketsim}, numpy {self.versions.numpy}"
            message = f"cannot be played: {error}"
            hint = f"it was saved with {saved}" + ("; the scenario has changed since" if self.scenario_changed else "")
            raise GameFileError([Problem(Origin(str(self.path)), message, f"quarters.{played}", hint=hint)]) from None

    def check(self, game: Game) -> Difference | None:
        """Whether a game that was played from this file came out as it was saved; None if every bit did."""
        for index, (turn, digest) in enumerate(zip(game.turns, self.digests, strict=False)):
            if turn.digest != digest:
                rest = zip(game.turns[index:], self.cash[index:], strict=False)
                close = all(math.isclose(_cash(game, t), c, rel_tol=TOLERANCE, abs_tol=TOLERANCE) for t, c in rest)
                return Difference(turn.now.name, close, self.scenario_changed)
        return None


def save(game: Game, path: Path, draft: Plan | None = None) -> None:
    """Write a game: afterwards the path has all of it, or what it had before. Folders on the way are made.

    draft: the form that is being filled in; left out where a value of it is no number.
    Raises MarketSimError where the file cannot be written.
    """
    name = game.setup.scenario
    here = game.setup.model_copy(update={"scenario": str(Path(name).resolve()) if is_path(name) else name})
    _write(path, written(game, here, draft))


def given_away(setup: Setup) -> Setup:
    """A setup that tells nothing of this machine: of a scenario's path, the name of the file."""
    name = setup.scenario
    return setup.model_copy(update={"scenario": Path(name).name if is_path(name) else name})


def written(game: Game | KeptGame, setup: Setup, draft: Plan | None = None) -> str:
    """A game as the text of its file.  setup: of the game, as it stands there.  draft: as of `save`."""
    quarters, last, seen = [], None, dict[str, Plan]()
    for turn, company in zip(game.turns, game.company, strict=True):
        quarters.append(
            Quarter(
                plan=None if turn.plan is None else changes(turn.plan, last),
                others={vendor: changes(plan, seen.get(vendor)) for vendor, plan in company.plans.items()} or None,
                interventions=list(company.interventions) or None,
                strategies=dict(company.strategies) or None,
                digest=turn.digest,
                cash=float(f"{_cash(game, turn):.9g}"),
            )
        )
        last = turn.plan
        seen |= company.plans
    unfinished = None
    if draft is not None:
        with suppress(ValidationError):
            unfinished = changes(draft, last)
    content = Content(
        versions=Versions.here(),
        scenario_hash=scenario_hash(game.scenario),
        setup=setup,
        quarters=quarters,
        draft=unfinished,
    )
    return text_of(content)


def read_scenario(name: str) -> Scenario:
    """A scenario as its file says it.  Raises ScenarioError."""
    return Setup(scenario=name).world()


def load(path: Path, reader: Callable[[str], Scenario] = read_scenario) -> Saved:
    """What a game file holds; nothing is played, and the file is left alone.

    reader: gives a scenario by its name or path; who loads many files may keep scenarios in between.
    Raises GameFileError with everything that is wrong.
    """
    origin, content = Origin(str(path)), read(path)
    setup = _found_scenario(content.setup, path)
    says = _scenario(setup, origin, reader)
    world = says if setup.firms is None else divided(says, setup.firms)
    _check_setup(setup, world, len(content.quarters), origin)
    played = Parameters(world.model_copy(update={"quarters": setup.quarters or world.quarters}))
    plans = plans_of(content, setup, played, origin)
    return Saved(
        path=path,
        setup=setup,
        scenario=world,
        plans=tuple(plans),
        company=tuple(company_of(content, setup, played, origin)),
        draft=draft_of(content, plans, played, origin),
        versions=content.versions,
        digests=tuple(quarter.digest for quarter in content.quarters),
        cash=tuple(quarter.cash for quarter in content.quarters),
        scenario_changed=content.scenario_hash != scenario_hash(says),
    )


def scenario_hash(scenario: Scenario) -> str:
    """16 hexadecimal digits of what a scenario says; a field that a later version adds does not change them."""
    return hashlib.sha256(scenario.model_dump_json(exclude_defaults=True).encode()).hexdigest()[:16]


def _cash(game: Game | KeptGame, turn: Turn) -> float:
    """Cash after a quarter, rmb_m: the own vendor's, all vendors' together where nobody is played."""
    cash = turn.after.cash[:, 0]
    return float(cash.sum() if game.setup.vendor is None else cash[game.seat])


def _write(path: Path, text: str) -> None:
    work = path.parent / f".{uuid4().hex}{UNFINISHED}"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            with work.open("x", encoding="utf-8", newline="\n") as stream:
                stream.write(text)
                stream.flush()
                os.fsync(stream.fileno())
            os.replace(work, path)
        finally:
            with suppress(OSError):
                work.unlink(missing_ok=True)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise MarketSimError(f"{printable(str(path), 400)} cannot be written: {reason}") from None
    _sync_folder(path.parent)


def _sync_folder(folder: Path) -> None:
    """Make the new name last through a power cut, on systems that can."""
    with suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def _found_scenario(setup: Setup, path: Path) -> Setup:
    """The setup with a scenario's file where it was or, if it is there no longer, beside the game file."""
    name = setup.scenario
    if not is_path(name):
        return setup
    if not name.endswith(SUFFIXES):  # no other file is opened, and quoted in a message, because a game file names it
        allowed = "the name of a scenario, or the path of a .yaml or .yml file"
        found = f"{printable(name)!r}"
        raise GameFileError([Problem(Origin(str(path)), "is no scenario file", "setup.scenario", found, allowed)])
    beside = path.parent / PureWindowsPath(name).name
    if os.path.exists(name) or not os.path.exists(beside):
        return setup
    return setup.model_copy(update={"scenario": str(beside.resolve())})


def _scenario(setup: Setup, origin: Origin, reader: Callable[[str], Scenario]) -> Scenario:
    try:
        return reader(setup.scenario)
    except FileError as error:
        first, found = error.problems[0], f"{printable(setup.scenario)!r}"
        more = f" (and {len(error.problems) - 1} more)" if len(error.problems) > 1 else ""
        said = f"cannot be used: {f'{first.field}: ' if first.field else ''}{first.message}{more}"
        raise GameFileError([Problem(origin, said, "setup.scenario", found, hint=first.hint)]) from None


def _check_setup(setup: Setup, scenario: Scenario, played: int, origin: Origin) -> None:
    wrong = []
    if setup.vendor is not None and setup.vendor not in scenario.vendors:
        said, vendors = f"{scenario.name} has no such vendor", list(scenario.vendors)
        hint = did_you_mean(setup.vendor, vendors)
        wrong.append(Problem(origin, said, "setup.vendor", f"{printable(setup.vendor)!r}", listing(vendors), hint))
    if setup.quarters is not None and setup.quarters > scenario.quarters:
        allowed = f"at most {scenario.quarters}, which {scenario.name} has"
        wrong.append(Problem(origin, "are too many", "setup.quarters", str(setup.quarters), allowed))
    length = min(setup.quarters or scenario.quarters, scenario.quarters)
    if played > length:
        wrong.append(Problem(origin, "are more than the game has", "quarters", f"{played}", f"at most {length}"))
    if wrong:
        raise GameFileError(wrong)
