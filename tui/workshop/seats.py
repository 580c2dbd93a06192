"""Seats in workshops that were taken on this machine, so that one comes back to them: for their owner's eyes alone."""

from __future__ import annotations

import json
import os
from contextlib import suppress
from pathlib import Path

from marketsim.places import seats_file

MOST = 50
"""Seats that are remembered, the latest of them."""


def seat_in(address: str, room: str) -> str:
    """The token of the seat that was last taken in a room; empty if none was.  room: its title."""
    return _seats().get(_key(address, room), "")


def remember(address: str, room: str, token: str) -> None:
    """Keep a token; an empty one forgets it. Where nothing can be kept, one types a code again."""
    seats = _seats()
    seats.pop(_key(address, room), None)
    if token:
        seats[_key(address, room)] = token
    with suppress(OSError):
        _write(seats_file(), json.dumps(dict(list(seats.items())[-MOST:]), indent=2))


def _key(address: str, room: str) -> str:
    return f"{address} {room}"


def _seats() -> dict[str, str]:
    """All seats; of a file that cannot be read, none."""
    with suppress(OSError, ValueError):
        found = json.loads(seats_file().read_text(encoding="utf-8"))
        if isinstance(found, dict):
            return {key: token for key, token in found.items() if isinstance(token, str)}
    return {}


def _write(path: Path, text: str) -> None:
    """Write a file as a whole, which nobody else can read at any time."""
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_suffix(".new")
    beside.unlink(missing_ok=True)
    with os.fdopen(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        file.write(text)
    beside.replace(path)
