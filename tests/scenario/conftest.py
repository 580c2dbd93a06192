from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

SMALL = Path(__file__).parents[1] / "data" / "small.yaml"

Edit = Callable[..., Path]


@pytest.fixture
def edited(tmp_path: Path) -> Edit:
    """A copy of the small world with pieces of its text replaced: `edited(("price: 60", "price: -3"))`."""

    def edit(*replacements: tuple[str, str], name: str = "world.yaml") -> Path:
        text = SMALL.read_text(encoding="utf-8")
        for old, new in replacements:
            assert text.count(old) >= 1, f"{old!r} is not in the small world"
            text = text.replace(old, new, 1)
        path = tmp_path / name
        path.write_text(text, encoding="utf-8")
        return path

    return edit


def line_of(path: Path, text: str) -> int:
    """Number of the first line that holds the text."""
    return next(n for n, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1) if text in line)
