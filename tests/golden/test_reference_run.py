"""Reference runs: any change of the rules shows here, and a wanted one is written down anew.

`python -m tests.golden.test_reference_run` rewrites the files. Machines differ in last bits, hence the tolerance.
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from marketsim.api import strategies_of
from marketsim.ensemble import Job, simulate_chunk
from marketsim.outcomes import METRICS
from marketsim.scenario.library import load_scenario
from marketsim.scenario.parameters import Parameters
from tests.test_ensemble import JOB


def default_job() -> Job:
    world = load_scenario("china-ai-chips")
    return Job(world, strategies_of(world), seed=1)


JOBS = {"reference_run": lambda: JOB, "china_ai_chips": default_job}


def computed(job: Job) -> dict[str, list[list[float]]]:
    """Yearly metrics and vendors' revenue of the first two runs: [year][run] by name."""
    world = Parameters(job.scenario)
    outcomes = simulate_chunk(world, job.decide, job.seed, range(2))
    found = {name: values.tolist() for name, values in zip(METRICS, outcomes.metrics, strict=True)}
    return found | {
        f"revenue {name}": values.tolist() for name, values in zip(world.vendors, outcomes.revenue, strict=True)
    }


def file_of(name: str) -> Path:
    return Path(__file__).parent / f"{name}.json"


@pytest.mark.parametrize("name", JOBS)
def test_the_run_is_as_written_down(name: str):
    expected = json.loads(file_of(name).read_text())
    found = computed(JOBS[name]())
    assert found.keys() == expected.keys()
    for key, values in expected.items():
        assert np.array(found[key]) == pytest.approx(np.array(values), rel=1e-8, abs=1e-9), key


if __name__ == "__main__":
    for name, job in JOBS.items():
        file_of(name).write_text(json.dumps(computed(job()), indent=1) + "\n")
