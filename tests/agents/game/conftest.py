"""A game that has begun, and its file."""

from __future__ import annotations

from pathlib import Path

import pytest

from agents.game import Game, Setup, save


@pytest.fixture(scope="session")
def begun() -> Game:
    """Two of three quarters; not to be played on."""
    game = Game(Setup(vendor="cambricon", quarters=3))
    game.play(game.held().with_value("price", 61.5).with_value("capacity.n7", 0.2))
    game.play(game.held().with_value("start_product", True))
    return game


@pytest.fixture
def file(begun: Game, tmp_path: Path) -> Path:
    """It as a file, with a form that is being filled in."""
    path = tmp_path / "game.json"
    save(begun, path, begun.held().with_value("research", 123.25))
    return path
