"""The journal of a calibration: every evaluation as a line of JSON, so that what was stopped goes on where it was.

The first line says what the evaluations are of. A line that was cut off when the program was killed is left out.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import IO, Any

import numpy as np

from marketsim.errors import MarketSimError, printable
from marketsim.state import Floats

NAME = "journal.jsonl"
PROGRAM = "marketsim calibrate"
DIGITS = 9
"""Digits of a place: fewer than machines agree on, and more than any figure is known by."""

Key = tuple[float, ...]


class Journal:
    """The evaluations in a file: distances by place.

    about: what they are of, name by name; a file with evaluations of anything else is refused.
    Raises MarketSimError for such a file, for one that is damaged and for one that cannot be written.
    """

    def __init__(self, path: Path, about: Mapping[str, Any]) -> None:
        self.path = path
        self._known: dict[Key, Floats] = {}
        self._file: IO[bytes] | None = None
        written = self._read(about)
        try:
            self._file = path.open("r+b" if path.exists() else "w+b")
            self._file.truncate(written)
            self._file.seek(written)
        except OSError as error:
            raise _unwritable(path, error) from None
        if not written:
            self._append({"program": PROGRAM, **about})

    def __len__(self) -> int:
        return len(self._known)

    def get(self, place: Floats) -> Floats | None:
        """The distances of a place, none if it was not evaluated."""
        return self._known.get(key_of(place))

    def first(self) -> tuple[Floats, Floats] | None:
        """The place that was evaluated first, and its distances."""
        for place, distances in self._known.items():
            return np.array(place), distances
        return None

    def add(self, place: Floats, distances: Floats, loss: float) -> None:
        """Write an evaluation down. It survives whatever happens to the program from here on."""
        self._known[key_of(place)] = distances
        self._append({"place": list(key_of(place)), "loss": loss, "distances": distances.tolist()})

    def close(self) -> None:
        """Let go of the file."""
        if self._file is not None:
            with suppress(OSError):
                self._file.close()

    def _append(self, line: Mapping[str, Any]) -> None:
        assert self._file is not None
        try:
            self._file.write(json.dumps(line).encode() + b"\n")
            self._file.flush()
        except OSError as error:
            raise _unwritable(self.path, error) from None

    def _read(self, about: Mapping[str, Any]) -> int:
        """Take in the evaluations of the file, and say how many of its bytes are whole lines."""
        try:
            content = self.path.read_bytes() if self.path.exists() else b""
        except OSError as error:
            raise _unwritable(self.path, error) from None
        *lines, _ = content.split(b"\n")
        for number, line in enumerate(lines, 1):
            found = _parsed(line)
            if number == 1:
                self._check(found, about)
            elif not _is_evaluation(found):
                message = f"line {number} of {printable(str(self.path))} is no evaluation"
                raise MarketSimError(f"{message}: delete the line, or the file to start again")
            else:
                self._known[key_of(np.array(found["place"]))] = np.array(found["distances"])
        return sum(len(line) + 1 for line in lines)

    def _check(self, found: Any, about: Mapping[str, Any]) -> None:
        """Refuse a file of another program or of another calibration."""
        path = printable(str(self.path))
        if not isinstance(found, dict) or found.get("program") != PROGRAM:
            raise MarketSimError(f"{path} is no journal of a calibration: choose another folder for --out")
        others = [
            f"{name} {printable(str(found.get(name)), 20)} instead of {printable(str(value), 20)}"
            for name, value in about.items()
            if found.get(name) != value
        ]
        if others:
            hint = "choose another folder for --out, or delete it to start again"
            raise MarketSimError(f"{path} holds evaluations of another calibration ({', '.join(others)}): {hint}")


def key_of(place: Floats) -> Key:
    """A place as a key: numbers to so many digits."""
    return tuple(np.round(place, DIGITS).tolist())


def _parsed(line: bytes) -> Any:
    try:
        return json.loads(line)
    except ValueError:
        return None


def _is_evaluation(found: Any) -> bool:
    return isinstance(found, dict) and all(
        isinstance(found.get(name), list) and all(isinstance(number, (int, float)) for number in found[name])
        for name in ("place", "distances")
    )


def _unwritable(path: Path, error: OSError) -> MarketSimError:
    return MarketSimError(f"{printable(str(path))} cannot be written: {error.strerror or error}")
