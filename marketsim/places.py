"""Where the files of the person at the keyboard live: settings, saved games and workshops."""

from __future__ import annotations

import os
from pathlib import Path

from platformdirs import user_config_path, user_data_path

HOME = "MARKETSIM_HOME"
"""Variable of the environment: the folder for everything of the person's, in place of the system's usual ones."""


def settings_file() -> Path:
    """Language, theme and the like; it need not be there."""
    return _place(user_config_path("marketsim", appauthor=False)) / "settings.json"


def games_folder() -> Path:
    """Saved games; it need not be there."""
    return _place(user_data_path("marketsim", appauthor=False)) / "games"


def workshops_folder() -> Path:
    """Files of workshops that were hosted here; it need not be there."""
    return _place(user_data_path("marketsim", appauthor=False)) / "workshops"


def seats_file() -> Path:
    """Seats in workshops that were taken here; it need not be there."""
    return _place(user_data_path("marketsim", appauthor=False)) / "seats.json"


def _place(usual: Path) -> Path:
    home = os.environ.get(HOME)
    return Path(home).expanduser() if home else usual
