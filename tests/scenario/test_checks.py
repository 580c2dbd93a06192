"""What must fit together between the parts of a scenario."""

from __future__ import annotations

import pytest

from marketsim.errors import ScenarioError
from marketsim.scenario import library
from marketsim.scenario.checks import lever_names
from tests.scenario.conftest import SMALL, Edit

MISFITS = {
    "product node": ("product: {node: n7", "product: {node: n8", "vendors.cambricon.product.node", "no node 'n8'", "n7"),
    "product memory": ("memory: hbm", "memory: gddr", "vendors.cambricon.product.memory", "no memory 'gddr'", "hbm"),
    "next product": (
        "price: 60",
        "price: 60\n    next_product: {node: x, memory: hbm, architecture: 1, ready_in: 3}",
        "vendors.cambricon.next_product.node",
        "no node 'x'",
        "n7",
    ),
    "next product is ready": (
        "price: 60",
        "price: 60\n    next_product: {node: n7, memory: hbm, architecture: 1}",
        "vendors.cambricon.next_product.ready_in",
        "not ready yet",
        "",
    ),
    "product is not ready": (
        "memory: hbm, ",
        "memory: hbm, ready_in: 2, ",
        "vendors.cambricon.product.ready_in",
        "is on sale",
        "",
    ),
    "contracts": ("contracts: {n7: 1}", "contracts: {n5: 1}", "vendors.cambricon.contracts.n5", "no node 'n5'", "n7"),
    "installed split": ("{internet: 1}", "{internt: 1}", "vendors.cambricon.installed_split.internt", "segment", "internet"),
    "affinity": ("price: 60", "price: 60\n    affinity: {w: 1}", "vendors.cambricon.affinity.w", "no segment", "internet"),
    "software": ("{qwen: 0.5}", "{llama: 0.5}", "vendors.cambricon.software.llama", "no model family 'llama'", "qwen"),
    "foreign software": ("{qwen: 1}\n    rel", "{gpt: 1}\n    rel", "foreign.nvidia.software.gpt", "model family", "qwen"),
    "usage": ("usage: {qwen: 1}", "usage: {qwen: 1, gpt: 0.1}", "segments.internet.usage.gpt", "model family", "qwen"),
    "usage sums to 0": ("usage: {qwen: 1}", "usage: {qwen: 0}", "segments.internet.usage", "all shares are 0", ""),
    "content": ("{internet: 0.2}", "{inter: 0.2}", "policy.domestic_content.inter", "no segment 'inter'", "'internet'"),
    "deliveries": ("[5, 5]", "[5, 5, 5]", "vendors.cambricon.in_process", "has 3 entries, but technology.production", ""),
    "event lever": ("import_ceiling: 0", "import_cap: 0", "events.0.changes.import_cap", "no policy lever", "import"),
    "event segment": ("domestic_content.internet: 0.5", "domestic_content.x: 0.5", "events.0.changes.domestic_content.x", "no policy lever", ""),
    "event bounds": ("domestic_content.internet: 0.5", "export_control: 1.5", "events.0.changes.export_control", "bounds", ""),
    "policy lever": ("electricity_discount: 0}", "electrcity: 0}", "policies.no-discount.electrcity", "lever", ""),
    "policy title": ("policies:\n", "policy_titles: {no-discont: {en: No, zh: 无}}\npolicies:\n", "policy_titles.no-discont", "policy", "did you mean 'no-discount'?"),
    "policy bounds": ("electricity_discount: 0}", "merger_approval: {2026Q1: 2}}", "policies.no-discount.merger_approval", "bounds", ""),
    "same vendor twice": ("  nvidia:", "  biren:", "foreign.biren", "'biren' is already the name of vendors.biren", ""),
    "vendor like a slot": ("  biren:\n", "  startup-2:\n", "entrants.startup", "'startup-2' is already the name", ""),
    "weights": ("weight: 1", "weight: 0", "entrants", "the weights of all entrant types are 0", ""),
    "reported": ("vendor: biren,", "vendor: birem,", "reported.1.vendor", "no vendor 'birem'", "'biren'"),
}  # fmt: skip


@pytest.mark.parametrize(("old", "new", "field", "message", "hint"), MISFITS.values(), ids=MISFITS.keys())
def test_misfit(edited: Edit, old: str, new: str, field: str, message: str, hint: str) -> None:
    path = edited((old, new))
    with pytest.raises(ScenarioError) as caught:
        library.load(path)
    problem = next(problem for problem in caught.value.problems if problem.field == field)
    assert message in problem.message
    assert hint in problem.hint
    assert problem.origin.source == str(path)
    assert problem.origin.line is not None


def test_bounds_of_a_lever_are_said(edited: Edit) -> None:
    with pytest.raises(ScenarioError, match="allowed: a number less than or equal to 1"):
        library.load(edited(("domestic_content.internet: 0.5", "export_control: 1.5")))


def test_strategy_names_are_checked_only_against_a_given_list() -> None:
    assert library.load(SMALL).scenario.vendors["biren"].strategy == "hold"
    with pytest.raises(ScenarioError, match="there is no strategy 'hold'") as caught:
        library.load(SMALL, strategies=["holder", "flagship"])
    assert "did you mean 'holder'?" in str(caught.value)
    assert {problem.field for problem in caught.value.problems} == {
        "vendors.cambricon.strategy",
        "vendors.biren.strategy",
        "entrants.startup.strategy",
    }


def test_domestic_content_is_a_lever_of_each_segment() -> None:
    names = lever_names(library.load_scenario(SMALL))
    assert "domestic_content.internet" in names
    assert "domestic_content" not in names
    assert "import_ceiling" in names
