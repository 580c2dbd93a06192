"""All texts of reports, from texts.yaml beside this file."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from marketsim.shakeout.verdict import Answer

Titles = Mapping[str, str]
"""By language: en, zh."""

_WRITTEN: Any = yaml.load(
    (Path(__file__).parent / "texts.yaml").read_text(encoding="utf-8"),
    getattr(yaml, "CSafeLoader", yaml.SafeLoader),
)

TEXTS: Mapping[str, Titles] = _WRITTEN["texts"]
"""Texts by key; values stand in braces."""

ANSWERS: Mapping[Answer, Titles] = {Answer[name]: titles for name, titles in _WRITTEN["answers"].items()}
"""What can be said to the question whether it is the photovoltaic pattern."""

NOTES: Mapping[str, str] = {note["en"]: note["zh"] for note in _WRITTEN["notes"]}
"""What the analysis says in English, in Chinese."""
