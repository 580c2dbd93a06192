"""The figures that the README speaks of, as they were measured last: benchmarks/results.json."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

RESULTS = Path(__file__).with_name("results.json")


def keep(figures: Mapping[str, Any]) -> None:
    """Print figures and write them in the place of those that were measured before; others stay."""
    width = max(map(len, figures))
    for name, value in figures.items():
        print(f"{name:{width}} {value:,.3f}" if isinstance(value, float) else f"{name:{width}} {value}")
    known = json.loads(RESULTS.read_text()) if RESULTS.exists() else {}
    RESULTS.write_text(json.dumps({**known, **figures}, indent=2) + "\n")
