"""Luck of a game's possible futures."""

OTHER_LUCK = 1 << 63
"""Added to a game's seed it gives luck that no game has: seeds of games are below it."""
