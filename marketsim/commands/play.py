"""`marketsim play`: the game in the terminal."""

from __future__ import annotations

import os
import sys

import typer


def play() -> None:
    """Play a vendor, watch a market or look at a replay, in the terminal."""
    if os.environ.get("TERM_PROGRAM") == "iTerm.app":
        # iTerm2 loses what input methods commit under the kitty keyboard protocol; Textual reads this when imported.
        os.environ.setdefault("TEXTUAL_DISABLE_KITTY_KEY", "1")
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        typer.echo("marketsim: play needs a terminal; for tables and files use `marketsim run`", err=True)
        raise typer.Exit(1)
    from tui.app import MarketApp

    MarketApp().run()
