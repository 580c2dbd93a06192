"""`marketsim play`, `watch` and `replay`: the game in the terminal, or in a browser."""

from __future__ import annotations

import os
import sys
from dataclasses import replace
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from tui.app import Opening
    from tui.settings import Settings

DEFAULT = "china-ai-chips"


class Level(StrEnum):
    """How hard a game is."""

    easy = "easy"
    normal = "normal"
    hard = "hard"


class Spoken(StrEnum):
    """Languages of the game."""

    en = "en"
    zh = "zh"


Scenario = Annotated[str, typer.Argument(help="A scenario of the library or a file, see `marketsim scenario list`.")]
Vendor = Annotated[str | None, typer.Option(help="Start at once as this vendor, such as cambricon.")]
Difficulty = Annotated[Level, typer.Option(help="How strong rivals are, and what one starts with.")]
Quarters = Annotated[
    int | None, typer.Option(min=1, help="How many quarters are played; all of the scenario if not given.")
]
Seed = Annotated[int, typer.Option(min=0, help="Seed of luck: the same for the same luck.")]
Language = Annotated[Spoken | None, typer.Option(help="Language; the last one used, or the system's, if not given.")]
Plain = Annotated[bool, typer.Option("--ascii", help="Draw with plain characters, for terminals that lack others.")]
Web = Annotated[bool, typer.Option("--web", help="Serve the game to a browser on this machine instead.")]
Port = Annotated[int, typer.Option(min=0, max=65535, help="Port for --web.")]


def play(
    scenario: Scenario = DEFAULT,
    vendor: Vendor = None,
    difficulty: Difficulty = Level.normal,
    quarters: Quarters = None,
    seed: Seed = 7,
    language: Language = None,
    plain: Plain = False,
    web: Web = False,
    port: Port = 8000,
) -> None:
    """Play a vendor in the terminal; without --vendor the menu opens."""
    if web:
        from marketsim.commands.web import serve

        given = {"vendor": vendor, "difficulty": difficulty, "quarters": quarters, "seed": seed, "language": language}
        options = [f"--{name}={value}" for name, value in given.items() if value is not None]
        serve(port, [*options, "--", scenario], None if language is None else language.value)
        return
    from tui.app import beginning

    setup: dict[str, Any] = {"scenario": scenario, "quarters": quarters, "seed": seed}
    chosen = vendor is not None
    _open(beginning(**setup, vendor=vendor, difficulty=difficulty.value) if chosen else None, language, plain)


def watch(
    scenario: Scenario = DEFAULT,
    quarters: Quarters = None,
    seed: Seed = 7,
    language: Language = None,
    plain: Plain = False,
) -> None:
    """Watch strategies compete in a market, at any speed."""
    from tui.app import beginning

    _open(beginning(scenario=scenario, quarters=quarters, seed=seed), language, plain)


def replay(
    file: Annotated[Path, typer.Argument(help="A saved game or replay.")],
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on where it was left, instead of from its start.")
    ] = False,
    language: Language = None,
    plain: Plain = False,
) -> None:
    """Show a recorded game again, bit for bit; play on from any quarter."""
    from agents.game.file import load  # a file that cannot be read is told before the screen is taken
    from tui.app import opened

    load(file)
    _open(opened(file, replay=not resume), language, plain)


def _open(opening: Opening | None, language: Spoken | None, plain: bool) -> None:
    settings = terminal(language, plain)
    from tui.app import MarketApp

    MarketApp(settings, opening).run_on()


def terminal(language: Spoken | None, plain: bool) -> Settings:
    """Preferences for an application in this terminal, or for whoever drives it in its place.

    Raises typer.Exit where there is none.
    """
    if "TEXTUAL_DRIVER" not in os.environ and not (sys.stdin.isatty() and sys.stdout.isatty()):
        typer.echo("marketsim: the game needs a terminal; for tables and files use `marketsim run`", err=True)
        raise typer.Exit(1)
    if os.environ.get("TERM_PROGRAM") == "iTerm.app":
        # iTerm2 loses what input methods commit under the kitty keyboard protocol; Textual reads this when imported.
        os.environ.setdefault("TEXTUAL_DISABLE_KITTY_KEY", "1")
    from tui.settings import keep_settings, load_settings

    settings = load_settings()
    if language is not None:
        settings = keep_settings(settings, language=language.value)
    return replace(settings, ascii=plain or settings.ascii)
