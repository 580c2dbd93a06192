"""Every screen as it was last looked at, in both languages and two sizes; renew with `pytest --snapshot-update`.

Look at what changed before you renew: `git diff tests/tui/__snapshots__`.
"""

from __future__ import annotations

import pytest
from syrupy.assertion import SnapshotAssertion
from syrupy.extensions.single_file import SingleFileSnapshotExtension, WriteMode

from tests.tui.conftest import application, game, settle
from tests.tui.picture import picture
from tui.app import VIEWS
from tui.speech import Language

SIZES = [(80, 24), (120, 36)]
PLAYED = [name for name in VIEWS if name != "watch"]


class Text(SingleFileSnapshotExtension):
    """One text file a picture."""

    file_extension = "txt"
    _file_extension = "txt"
    _write_mode = WriteMode.TEXT


@pytest.fixture
def looks(snapshot: SnapshotAssertion) -> SnapshotAssertion:
    return snapshot.use_extension(Text)


both = pytest.mark.parametrize("language", ["en", "zh"])
sizes = pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")


@both
@sizes
@pytest.mark.parametrize("view", PLAYED)
async def test_a_screen_of_the_game(view: str, language: Language, size: tuple[int, int], looks: SnapshotAssertion):
    async with game(language, size, quarters=12, played=6, view=view) as pilot:
        await settle(pilot)
        assert picture(pilot) == looks


@both
@sizes
async def test_the_first_page_of_a_game(language: Language, size: tuple[int, int], looks: SnapshotAssertion):
    async with game(language, size, quarters=12, view="briefing") as pilot:
        await settle(pilot)
        assert picture(pilot) == looks


@both
@sizes
async def test_watching(language: Language, size: tuple[int, int], looks: SnapshotAssertion):
    async with game(language, size, vendor=None, view=None) as pilot:
        await pilot.press("space")
        pilot.app.session.go_to(5)
        pilot.app.screen.redraw()
        await pilot.pause()
        assert picture(pilot) == looks


@both
@sizes
@pytest.mark.parametrize("keys", [["down", "enter"], ["down", "down", "down", "enter"]], ids=["new", "saved"])
async def test_pages_of_the_menu(keys: list[str], language: Language, size: tuple[int, int], looks: SnapshotAssertion):
    async with application(language, size) as pilot:
        await pilot.app.engine()
        await pilot.press(*keys)
        await settle(pilot)
        pilot.app.clear_notifications()
        await pilot.pause()
        assert picture(pilot) == looks


@both
@sizes
async def test_help(language: Language, size: tuple[int, int], looks: SnapshotAssertion):
    async with game(language, size, played=1, view="decide") as pilot:
        await settle(pilot)
        await pilot.press("question_mark")
        await pilot.pause()
        assert picture(pilot) == looks
