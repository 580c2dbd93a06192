"""The list of saved games."""

from __future__ import annotations

from pathlib import Path

from agents.game.saves import folder, keep
from tests.tui.conftest import application, game, text, told


async def test_saves_are_listed_and_a_damaged_one_says_why(home: Path):
    async with game(played=3) as pilot:
        keep(pilot.app.session.game)
    (folder() / "broken.json").write_text("{")
    async with application() as pilot:
        from tui.screens.saved import SavedGames

        pilot.app.push_screen(SavedGames())
        await pilot.pause()
        shown = text(pilot)
        assert "Cambricon" in shown and "2025Q3" in shown and "broken.json" in shown
        await pilot.press("up") if pilot.app.screen.chosen.saved else None
        await pilot.pause()
        assert "problem" in text(pilot)
        await pilot.press("enter")
        await pilot.pause()
        assert pilot.app.session is None


async def test_deleting_asks_first(home: Path):
    async with game(played=1) as pilot:
        path = keep(pilot.app.session.game)
    async with application() as pilot:
        from tui.screens.saved import SavedGames

        pilot.app.push_screen(SavedGames())
        await pilot.pause()
        await pilot.press("x", "n")
        await pilot.pause()
        assert path.exists()
        await pilot.press("x", "y")
        await pilot.pause()
        assert not path.exists()
        assert "Nothing is saved yet" in text(pilot)


async def test_saving_by_hand_says_where(home: Path):
    async with game(played=1) as pilot:
        await pilot.press("s")
        await pilot.pause()
        saved = [path.name for path in folder().glob("2*.json")]
        assert len(saved) == 1 and saved[0] in told(pilot)


async def test_a_folder_that_cannot_be_written_stops_no_game(home: Path, monkeypatch):
    from agents.game import file

    def full(path, content):
        raise file.MarketSimError("no space left on device")

    async with game(played=1) as pilot:
        monkeypatch.setattr(file, "_write", full)
        await pilot.press("space")
        await pilot.pause()
        assert len(pilot.app.session.game.turns) == 2
        assert "no space left" in told(pilot)
