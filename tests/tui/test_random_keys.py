"""Random keys: whatever is pressed, wherever, in any size and language, the program stays alive and the game true.

`MARKETSIM_RANDOM_KEYS=20000` presses as many; the default keeps the suite quick.
"""

from __future__ import annotations

import os
import random

import pytest

from agents.game import Game
from tests.tui.conftest import application

KEYS = [
    *"0123456789.-+aceghlnopqrtuxsdbfyv[]<>?",
    *("enter", "escape", "space", "tab", "shift+tab", "up", "down", "left", "right", "backspace", "delete"),
    *("home", "end", "pageup", "pagedown", "ctrl+p", "f1", "f5"),
]
LIKELY = ["space", "e", "enter", "right", "down", *"123456789"]
SIZES = [(120, 36), (80, 24), (40, 10), (160, 48), (100, 30), (20, 6)]
STEPS = int(os.environ.get("MARKETSIM_RANDOM_KEYS", "200"))


@pytest.mark.parametrize("seed", [1, 2])
async def test_random_keys_break_nothing(seed: int, monkeypatch: pytest.MonkeyPatch, tmp_path):
    monkeypatch.chdir(tmp_path)  # where exports go
    chance = random.Random(seed)
    pressed: list[str] = []
    steps = STEPS // 2
    while steps > 0:
        async with application(chance.choice(["en", "zh"]), chance.choice(SIZES)) as pilot:
            while steps > 0 and pilot.app.is_running and pilot.app._exit is False:
                key = chance.choice(LIKELY if chance.random() < 0.3 else KEYS)
                pressed.append(key)
                steps -= 1
                try:
                    await pilot.press(key)
                    if chance.random() < 0.02:
                        await pilot.resize_terminal(*chance.choice(SIZES))
                except Exception as error:
                    raise AssertionError(f"seed {seed}, after {pressed[-30:]}") from error
            session = pilot.app.session
            if session is not None and session.game.turns:
                again = Game(session.game.setup, session.game.plans)
                assert again.turns[-1].digest == session.game.turns[-1].digest, pressed
