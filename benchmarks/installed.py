"""How large the core is when installed: chip-market and everything that it requires without extras."""

from __future__ import annotations

from importlib.metadata import distribution
from pathlib import Path

from packaging.requirements import Requirement


def required(name: str, seen: set[str]) -> set[str]:
    """Names of a distribution and of all that it requires on this machine, extras left out."""
    if name in seen:
        return seen
    seen.add(name)
    for text in distribution(name).requires or []:
        requirement = Requirement(text)
        if requirement.marker is None or requirement.marker.evaluate({"extra": ""}):
            required(requirement.name.lower().replace("_", "-"), seen)
    return seen


def size_in_mb(name: str = "chip-market") -> float:
    """Size of all installed files in MB (2^20 bytes), without compiled bytecode."""
    files = [file for package in required(name, set()) for file in distribution(package).files or []]
    paths = {Path(file.locate()).resolve() for file in files if "__pycache__" not in file.parts}
    return sum(path.stat().st_size for path in paths if path.is_file()) / 2**20
