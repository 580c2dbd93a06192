"""The policies and experiments of the library: sources, titles, and that history is what the scenario says it was."""

from __future__ import annotations

import re
from itertools import pairwise

import pytest

from agents.strategies import registry
from marketsim.errors import ExperimentError
from marketsim.experiments.experiment import load_experiment, names
from marketsim.experiments.policies import folder
from marketsim.experiments.policies import names as policy_names
from marketsim.scenario import library
from marketsim.scenario.experiment_file import PolicyFile
from marketsim.scenario.fields import quarter_index
from marketsim.scenario.model_file import read_model
from marketsim.scenario.parameters import Parameters
from marketsim.scenario.provenance import leaves
from marketsim.scenario.schema import Scenario

AHEAD = "2027Q1"
"""First quarter in which a policy may differ from the default scenario."""


@pytest.fixture(scope="module")
def six():  # type: ignore[no-untyped-def]
    return load_experiment("six-policies", registry.names())


def levers(scenario: Scenario, name: str) -> list[float]:
    """A lever by quarter, with policies and events applied."""
    return [float(now.levers[name]) for now in Parameters(scenario).conditions]


@pytest.mark.parametrize("name", names())
def test_experiments_of_the_library_can_be_used(name: str) -> None:
    load_experiment(name, registry.names())


def test_six_policies_are_all_files_in_all_variants(six) -> None:  # type: ignore[no-untyped-def]
    assert len(policy_names()) == 6
    assert [policy.name for policy in six.policies] == [
        "none",
        "electricity-discount-extended",
        "electricity-discount-ended",
        "domestic-content-kept",
        "domestic-content-lifted",
        "guidance-fund-broad",
        "guidance-fund-targeted",
        "foundry-priority-champion",
        "foundry-priority-queue",
        "shared-stack",
        "no-rescue",
    ]
    assert six.file.design.points * six.file.runs_per_point == 2000
    assert six.space.names == list(six.loaded.scenario.free)


@pytest.mark.parametrize("name", policy_names())
def test_each_figure_says_where_it_comes_from(name: str) -> None:
    file, tree, _ = read_model(folder() / f"{name}.yaml", PolicyFile, ExperimentError, "")
    for path, leaf in leaves(tree):
        if "levers" in path:
            assert leaf.provenance is not None, path
            assert leaf.provenance.source and leaf.provenance.note, path
    for title in (file.title, *(variant.title for variant in (file.variants or {}).values())):
        assert re.search("[一-鿿]", title.zh)
        assert not re.search("[一-鿿]", title.en)


def test_addresses_are_those_of_the_scenario() -> None:
    """A policy that cites a source cites one that the scenario's figures rest on."""
    known = (library.folder() / "china-ai-chips.yaml").read_text(encoding="utf-8")
    for name in policy_names():
        text = (folder() / f"{name}.yaml").read_text(encoding="utf-8")
        for address in re.findall(r"https?://[^\s\",;)]+", text):
            assert address in known, (name, address)


def test_policies_change_nothing_before_they_begin_and_something_after(six) -> None:  # type: ignore[no-untyped-def]
    as_it_is = six.loaded.scenario
    begin = quarter_index(AHEAD) - quarter_index(as_it_is.start)
    for policy in six.policies[1:]:
        under = six.world(None, policy)
        moved = []
        for lever in policy.levers:
            before, after = levers(as_it_is, lever), levers(under, lever)
            assert before[:begin] == after[:begin], (policy.name, lever)
            moved.append(before[begin:] != after[begin:])
        assert any(moved) == (policy.name != "domestic-content-kept"), policy.name


def test_ends_mean_what_they_say(six) -> None:  # type: ignore[no-untyped-def]
    last = {policy.name: six.world(None, policy) for policy in six.policies}

    def at_the_end(policy: str, lever: str) -> float:
        return levers(last[policy], lever)[-1]

    assert at_the_end("electricity-discount-ended", "electricity_discount") == 0
    assert at_the_end("electricity-discount-extended", "electricity_discount") == 0.5
    content = [f"domestic_content.{segment}" for segment in six.loaded.scenario.segments]
    assert [at_the_end("domestic-content-lifted", lever) for lever in content] == [0.0] * len(content)
    assert sum(at_the_end("domestic-content-kept", lever) for lever in content) > 1
    assert at_the_end("guidance-fund-broad", "guidance_targeting") < at_the_end(
        "guidance-fund-targeted", "guidance_targeting"
    )
    assert at_the_end("foundry-priority-queue", "foundry_priority") < at_the_end(
        "foundry-priority-champion", "foundry_priority"
    )
    assert at_the_end("no-rescue", "local_support") == 0 < at_the_end("none", "local_support")
    assert at_the_end("shared-stack", "shared_stack") > 0 == at_the_end("none", "shared_stack")


def test_content_kept_is_the_scenario_with_its_events(six) -> None:  # type: ignore[no-untyped-def]
    """All segments, those that the policy does not name as well."""
    kept = next(policy for policy in six.policies if policy.name == "domestic-content-kept")
    for segment in six.loaded.scenario.segments:
        lever = f"domestic_content.{segment}"
        assert levers(six.loaded.scenario, lever) == levers(six.world(None, kept), lever)


def test_paths_are_written_in_order(six) -> None:  # type: ignore[no-untyped-def]
    for policy in six.policies:
        for path in policy.levers.values():
            assert all(first < second for first, second in pairwise(path))
