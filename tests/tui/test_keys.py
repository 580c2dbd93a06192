"""Keys as they are shown: in the language of the game, each thing once, and Enter where it chooses."""

from __future__ import annotations

import pytest

from agents.game import Setup
from tests.tui.conftest import application, game, text
from tui.speech import Language
from tui.widgets.menu import Menu


def foot(shown: str) -> str:
    return shown.splitlines()[-1]


@pytest.mark.parametrize(
    ("language", "space", "choose"), [("en", "space", "Enter choose"), ("zh", "空格", "Enter 选择")]
)
async def test_keys_are_named_in_the_language(language: Language, space: str, choose: str):
    async with application(language) as pilot:
        assert choose in foot(text(pilot))
    async with game(language) as pilot:
        assert space in foot(text(pilot))


async def test_another_language_leaves_the_keyboard_where_it_was():
    async with application() as pilot:
        await pilot.press("l", "down", "down")
        await pilot.pause()
        menu = pilot.app.screen.query_one(Menu)
        assert menu.has_focus and menu.highlighted


async def test_the_menu_offers_to_go_on_as_soon_as_there_is_a_game():
    async with application() as pilot:
        assert "Continue" not in text(pilot)
        await pilot.app.begin(Setup(vendor="cambricon", quarters=4))
        await pilot.press("space", "q", "q")
        await pilot.pause()
        assert pilot.app.screen.query_one(Menu).has_focus and "Continue" in text(pilot)


async def test_escape_does_not_quit_the_menu():
    async with application() as pilot:
        await pilot.press("escape", "escape")
        await pilot.pause()
        assert pilot.app.is_running and pilot.app.screen.query_one(Menu).has_focus


async def test_the_palette_offers_everything_once_with_its_keys():
    async with game(view="rivals") as pilot:
        commands = {command.title: command.help for command in pilot.app.get_system_commands(pilot.app.screen)}
        listed = [command.title for command in pilot.app.get_system_commands(pilot.app.screen)]
        assert len(listed) == len(set(listed))
        assert commands["Decide"].split() == ["2", "e"]
        assert commands["Dashboard"] == "1"
        assert "Screens" not in commands
