"""A real game in a real terminal, killed in the middle: at most the form that is being typed is lost."""

from __future__ import annotations

import os
import signal
import sys
import time
from pathlib import Path

import pytest

from agents.game.saves import entries
from benchmarks.playing import Terminal

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="needs a Unix terminal")


def test_a_killed_game_goes_on_where_it_was(home: Path):
    terminal = Terminal(["play", "--vendor", "cambricon", "--quarters", "8", "--language", "en"], str(home))
    terminal.until("You run Cambricon")
    terminal.key("1")
    for quarter in ("2025Q2", "2025Q3", "2025Q4"):
        os.write(terminal.screen, b" ")
        terminal.until(quarter)
    terminal.key("e")
    terminal.key("4")  # is being typed
    os.kill(terminal.pid, signal.SIGKILL)
    os.waitpid(terminal.pid, 0)
    os.close(terminal.screen)
    (saved,) = [entry.saved for entry in entries()]
    assert saved is not None and saved.reached == "2025Q3"
    game = saved.game()
    assert saved.check(game) is None

    again = Terminal(["play", "--language", "en"], str(home))
    again.until("Continue")
    os.write(again.screen, b"\x1b[B\r")
    again.until("2025Q4")
    again.close()


def test_a_game_whose_window_is_closed_ends(home: Path):
    """Also where nobody tells it: a process behind `make` does not hear of it, and would read the end for ever."""
    terminal = Terminal(["play", "--vendor", "cambricon", "--quarters", "8", "--language", "en"], str(home), deaf=True)
    terminal.until("You run Cambricon")
    os.close(terminal.screen)
    for _ in range(100):
        if os.waitpid(terminal.pid, os.WNOHANG)[0]:
            return
        time.sleep(0.1)
    os.kill(terminal.pid, signal.SIGKILL)
    os.waitpid(terminal.pid, 0)
    pytest.fail("it lives on without a terminal")
