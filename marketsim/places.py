"""Where the files of the person at the keyboard live: settings and saved games."""

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


def _place(usual: Path) -> Path:
    home = os.environ.get(HOME)
    return Path(home).expanduser() if home else usual
