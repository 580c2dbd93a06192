"""What the program remembers of a person: language, theme, whether hints are shown."""

from __future__ import annotations

import json
import locale
import os
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from marketsim.places import settings_file
from tui.speech import LANGUAGES, Language


def language_of_the_system() -> Language:
    """Chinese where the system speaks it, else English."""
    names = [os.environ.get(name, "") for name in ("LC_ALL", "LC_MESSAGES", "LANG")]
    spoken = next((name for name in names if name), "") or (locale.getlocale()[0] or "")
    return "zh" if spoken.lower().startswith(("zh", "chinese")) else "en"


@dataclass(frozen=True, slots=True)
class Settings:
    """Preferences of the person at the keyboard.

    theme: one of `tui.palette.THEMES`; empty: what suits the terminal.  ascii: charts and marks without wide or rare
    characters.
    """

    language: Language = field(default_factory=language_of_the_system)
    theme: str = ""
    ascii: bool = False
    hints: bool = True


def load_settings() -> Settings:
    """The settings; what is missing, or is not what it should be, has its default."""
    settings = Settings()
    with suppress(OSError, ValueError):
        written = json.loads(settings_file().read_text(encoding="utf-8"))
        for name, usable in _USABLE.items():
            if isinstance(written, dict) and name in written and usable(written[name]):
                settings = replace(settings, **{name: written[name]})
    return settings


def keep_settings(settings: Settings, **changed: Any) -> Settings:
    """Settings with some changed, written down where that is possible: preferences are worth no error."""
    fresh = replace(settings, **changed)
    with suppress(OSError):
        settings_file().parent.mkdir(parents=True, exist_ok=True)
        settings_file().write_text(json.dumps(asdict(fresh), indent=2) + "\n", encoding="utf-8")
    return fresh


_USABLE: dict[str, Callable[[Any], bool]] = {
    "language": lambda value: isinstance(value, str) and value in LANGUAGES,
    "theme": lambda value: isinstance(value, str),
    "ascii": lambda value: isinstance(value, bool),
    "hints": lambda value: isinstance(value, bool),
}
