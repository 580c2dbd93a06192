"""Libraries that some commands need and that do not come with the package by itself."""

from __future__ import annotations

from importlib.util import find_spec

from marketsim.errors import MarketSimError


def need(*libraries: str) -> None:
    """Raises MarketSimError naming those that are missing, and what brings them."""
    missing = [name for name in libraries if find_spec(name) is None]
    if missing:
        hint = "pip install 'chip-market[calibration]' brings them"
        raise MarketSimError(f"this command needs {' and '.join(missing)}: {hint}")
