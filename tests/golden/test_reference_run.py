"""A reference run: any change of the rules shows here, and a wanted one is written down anew.

`python -m tests.golden.test_reference_run` rewrites the file. Machines differ in last bits, hence the tolerance.
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from marketsim.ensemble import simulate_chunk
from marketsim.outcomes import METRICS
from tests.test_ensemble import JOB, WORLD

FILE = Path(__file__).parent / "reference_run.json"


def computed() -> dict[str, list[list[float]]]:
    """Yearly metrics and vendors' revenue of the first two runs: [year][run] and [vendor][year, run] by name."""
    outcomes = simulate_chunk(WORLD, JOB.decide, JOB.seed, range(2))
    found = {name: values.tolist() for name, values in zip(METRICS, outcomes.metrics, strict=True)}
    return found | {
        f"revenue {name}": values.tolist() for name, values in zip(WORLD.vendors, outcomes.revenue, strict=True)
    }


def test_the_reference_run_is_as_written_down():
    expected = json.loads(FILE.read_text())
    found = computed()
    assert found.keys() == expected.keys()
    for name, values in expected.items():
        assert np.array(found[name]) == pytest.approx(np.array(values), rel=1e-8, abs=1e-9), name


if __name__ == "__main__":
    FILE.write_text(json.dumps(computed(), indent=1) + "\n")
