"""Experiments: what they name is found, policies and `set` hold against events, and what does not fit is refused."""

from __future__ import annotations

import pickle
import re
from pathlib import Path
from textwrap import dedent
from typing import Any

import numpy as np
import pytest
import yaml

from marketsim.errors import ExperimentError, MarketSimError
from marketsim.experiments.experiment import Experiment, find, load_experiment, names
from marketsim.experiments.policies import NOTHING
from marketsim.scenario import library
from marketsim.scenario.policies import under_policy
from tests.experiments.files import HYPERCUBE, PRICE, SMALL, SUBSIDY, loaded, refused, written


def policy_names(experiment: Experiment) -> list[str]:
    return [policy.name for policy in experiment.policies]


def policy_file(folder: Path, **tree: Any) -> Path:
    path = folder / "idea.yaml"
    path.write_text(
        yaml.safe_dump({"title": {"en": "idea", "zh": "想法"}, **tree}, allow_unicode=True), encoding="utf-8"
    )
    return path


def test_the_baseline_comes_first(tmp_path: Path) -> None:
    assert policy_names(loaded(tmp_path)) == ["none", "no-discount"]
    both: dict[str, Any] = {"policies": ["no-discount", SUBSIDY]}
    assert policy_names(loaded(tmp_path, **both, baseline="subsidy")) == ["subsidy", "no-discount"]
    assert policy_names(loaded(tmp_path, policies=[SUBSIDY, "none", "no-discount"])) == [
        "none",
        "subsidy",
        "no-discount",
    ]
    assert policy_names(loaded(tmp_path, policies=["none", SUBSIDY], baseline="subsidy")) == ["subsidy", "none"]
    assert policy_names(loaded(tmp_path, policies=[])) == ["none"]


def test_policies_are_those_of_the_scenario_of_a_file_and_of_the_experiment(tmp_path: Path) -> None:
    variants = {
        "early": {"title": {"en": "early", "zh": "早"}, "levers": {"import_tariff": {"2025Q1": 0, "2026Q1": 1}}},
        "late": {"title": {"en": "late", "zh": "晚"}, "levers": {"import_tariff": {"2025Q1": 0, "2027Q1": 1}}},
    }
    policy_file(tmp_path, variants=variants)
    mix = {
        "name": "mix",
        "title": {"en": "both", "zh": "两者"},
        "levers": {"import_tariff": {"value": 0.5, "source": "a paper", "note": "reported"}},
    }
    experiment = loaded(tmp_path, policies=["no-discount", "idea.yaml", mix])
    assert policy_names(experiment) == ["none", "no-discount", "idea-early", "idea-late", "mix"]
    of_scenario, early, mixed = (experiment.policies[place] for place in (1, 2, 4))
    assert of_scenario.levers == library.load_scenario(SMALL).policies["no-discount"]
    assert (early.title["zh"], early.levers) == ("早", {"import_tariff": {"2025Q1": 0, "2026Q1": 1}})
    assert (mixed.title["en"], mixed.source, mixed.note) == ("both", "a paper", "reported")


def test_a_file_of_one_policy_has_its_name(tmp_path: Path) -> None:
    policy_file(tmp_path, levers={"import_tariff": 1})
    assert policy_names(loaded(tmp_path, policies=["./idea.yaml"])) == ["none", "idea"]


def test_the_scenarios_policy_goes_before_the_librarys(tmp_path: Path) -> None:
    own = {"extends": str(SMALL), "policies": {"no-rescue": {"import_tariff": 1}}}
    (tmp_path / "world.yaml").write_text(yaml.safe_dump(own, sort_keys=False), encoding="utf-8")
    assert loaded(tmp_path, scenario="world.yaml", policies=["no-rescue"]).policies[1].levers.keys() == {
        "import_tariff"
    }
    assert loaded(tmp_path, policies=["no-rescue"]).policies[1].levers.keys() == {"local_support"}


def test_one_policy_of_a_file_of_the_library(tmp_path: Path) -> None:
    one = "electricity-discount-ended"
    assert policy_names(loaded(tmp_path, policies=[one])) == ["none", one]
    said = refused(tmp_path, policies=["electricity-discount-endless"])
    assert "policies.0: there is no policy 'electricity-discount-endless'" in said
    assert "did you mean 'electricity-discount-ended'?" in said


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"policies": ["no-discont"]}, "policies.0: there is no policy 'no-discont'"),
        ({"policies": ["no-discont"]}, "did you mean 'no-discount'?"),
        ({"policies": ["no-discount", "no-discount"]}, "policies.1: the policy 'no-discount' is there already"),
        ({"policies": ["no-discount", {"name": "no-discount", "levers": {}}]}, "policies.1: the policy 'no-discount' is there already"),
        ({"policies": ["away.yaml"]}, "away.yaml there is no such file"),
        ({"policies": ["trial.yaml"]}, "trial.yaml line 6: scenario: is not known here"),
        ({"policies": [{"name": "x", "levers": {"tariff": 1}}]}, "policies.0.levers.tariff: there is no policy lever 'tariff'"),
        ({"policies": [{"name": "x", "levers": {"domestic_content": 1}}]}, "policies.0.levers.domestic_content: there is no policy lever"),
        ({"policies": [{"name": "x", "levers": {"domestic_content.telecom": 1}}]}, "hint: did you mean 'domestic_content.internet'?"),
        ({"policies": [{"name": "x", "levers": {"purchase_subsidy": 1}}]}, "policies.0.levers.purchase_subsidy: is out of bounds for this policy lever"),
        ({"policies": [{"name": "x", "levers": {"import_tariff": {"2026Q1": 0, "2027Q1": 1}}}]}, "policies.0.levers.import_tariff: begins after the scenario does"),
        ({"baseline": "subsidy"}, "baseline: there is no policy 'subsidy' in this experiment found: 'subsidy' (text)"),
        ({"set": {"policy.electricity_discount": 0}}, "policies.0: the lever 'electricity_discount' is set by the policy and by `set`"),
        ({"set": {"policy.electricity_discount.2026Q1": 0}}, "policies.0: the lever 'electricity_discount' is set"),
        ({"set": {"market.luk": 0}}, "set.market.luk: there is no 'luk' in market hint: did you mean 'luck'?"),
        ({"set": {"market.luck": 9}}, "set.market.luck: is out of bounds"),
        ({"set": {"vendors.biren.price": 30}}, "uncertain.price: moves what `set` fixes"),
        ({"scenario": "china-ai-chip"}, "scenario: there is no scenario 'china-ai-chip' hint: did you mean 'china-ai-chips'?"),
        ({"scenario": "away.yaml"}, "away.yaml there is no such file"),
        ({"uncertain": "free"}, "uncertain: the scenario has no free parameters"),
        ({"outcomes": {"h": {"measure": "hhi"}}}, "outcomes.h.measure: hhi is measured by year found: 'hhi' (text) allowed: `year:` from 2025 to 2027, or `over:`"),
        ({"outcomes": {"h": {"measure": "hhi", "year": 2025, "over": "mean"}}}, "outcomes.h.measure: hhi is measured by year"),
        ({"outcomes": {"h": {"measure": "hhi", "year": 2028}}}, "outcomes.h.year: is no year of the scenario found: 2028 allowed: 2025 to 2027"),
        ({"outcomes": {"h": {"measure": "hii", "year": 2025}}}, "outcomes.h.measure: there is no measure 'hii'"),
        ({"outcomes": {"h": {"measure": "survivors", "year": 2025}}}, "outcomes.h.year: survivors is measured over the whole run"),
        ({"outcomes": {"h": {"measure": "vendor.huawei.share", "year": 2025}}}, "outcomes.h.measure: there is no vendor 'huawei'"),
        ({"outcomes": {"h": {"measure": "vendor.biren.margin", "year": 2025}}}, "there is no measure 'margin' of a vendor found: 'vendor.biren.margin' (text) allowed: cards, share, alive"),
        ({"outcomes": {"h": {"measure": "vendor.biren.share"}}}, "is measured by year"),
        ({"outcomes": {"h": {"measure": "hhi", "year": 2025, "enough": 1}}}, "outcomes.h.enough: says nothing without `better`"),
        ({"outcomes": {"verdict": {"measure": "survivors"}}}, "outcomes.verdict: is the name of another column"),
        ({"precision": {"outcome": "hi", "half_width": 1, "at_most": 9}}, "precision.outcome: there is no outcome 'hi' found: 'hi' (text) allowed: an outcome of this experiment hint: did you mean 'hhi'?"),
        ({"precision": {"outcome": "hhi", "half_width": 1, "at_most": 9}, "policies": []}, "precision: is that of a difference"),
    ],
)  # fmt: skip
def test_what_does_not_fit(tmp_path: Path, changes: dict[str, Any], said: str) -> None:
    assert said in refused(tmp_path, **changes)


def test_uncertain_parameters_need_a_design(tmp_path: Path) -> None:
    assert "design: is required and missing" in refused(tmp_path, without=("design",))
    assert "the design latin-hypercube needs uncertain parameters" in refused(tmp_path, without=("uncertain",))


def test_a_policy_file_without_levers(tmp_path: Path) -> None:
    policy_file(tmp_path)
    assert "idea.yaml line 1: has neither levers nor variants" in refused(tmp_path, policies=["idea.yaml"])
    policy_file(tmp_path, levers={"tariff": 1, "purchase_subsidy": 2})
    said = refused(tmp_path, policies=["idea.yaml"], baseline="x")
    for part in (
        "3 problems in",
        "levers.tariff: there is no policy lever",
        "levers.purchase_subsidy: is out of bounds",
        "baseline:",
    ):
        assert part in said


def test_a_policy_file_may_begin_like_a_scenarios_policies(tmp_path: Path) -> None:
    assert "has neither levers" not in refused(tmp_path, policies=["no-discount", "nothing"])


def test_outcomes(tmp_path: Path) -> None:
    entries = {
        "fall": {
            "measure": "largest_fall",
            "better": "lower",
            "enough": {"value": 0.3, "source": "assumption", "note": "x"},
        },
        "cards": {"measure": "vendor.startup-2.cards", "over": "sum", "title": {"en": "cards", "zh": "出货量"}},
        "tokens": {"measure": "cost_per_million_tokens", "year": 2027},
    }
    outcomes = loaded(tmp_path, outcomes=entries).outcomes
    assert list(outcomes) == ["fall", "cards", "tokens"]
    assert (outcomes["fall"].enough, outcomes["fall"].unit) == (0.3, "1")
    assert (outcomes["cards"].over, outcomes["cards"].unit, outcomes["cards"].title["zh"]) == (
        "sum",
        "k cards",
        "出货量",
    )
    assert (outcomes["tokens"].year, outcomes["tokens"].unit, outcomes["tokens"].title["en"]) == (2027, "RMB", "tokens")
    assert {each.year for each in loaded(tmp_path).outcomes.values()} == {2027, None}


def test_a_world_is_that_of_values_and_policy(tmp_path: Path) -> None:
    experiment = loaded(tmp_path)
    written_world = library.load_scenario(SMALL)
    assert experiment.world(None, NOTHING) == written_world
    assert experiment.world(None, experiment.policies[1]) == under_policy(written_world, "no-discount")
    world = experiment.world(np.array([33.0, 2.0]), experiment.policies[1])
    assert (world.vendors["biren"].price, world.nodes["n7"].capacity["2025Q1"]) == (33.0, 40.0)
    assert world.policy.electricity_discount == {"0001Q1": 0.0}
    with pytest.raises(MarketSimError, match=r"a figure that cannot be: vendors\.cambricon\.price"):
        experiment.world(np.array([-1.0, 1.0]), NOTHING)


def test_policies_and_set_hold_against_events(tmp_path: Path) -> None:
    """The event of the small world sets the import ceiling and the domestic content."""
    free_trade = {"name": "trade", "levers": {"import_ceiling": 2}}
    experiment = loaded(tmp_path, policies=[free_trade], set={"policy.domestic_content.internet": 0})
    for values in (None, np.array([33.0, 1.0])):
        as_it_is, trade = (experiment.world(values, policy) for policy in experiment.policies)
        assert as_it_is.events[0].changes == {"import_ceiling": 0}
        assert trade.events[0].changes == {}
        assert trade.policy.import_ceiling == {"0001Q1": 2}
        assert as_it_is.policy.domestic_content == {"internet": {"0001Q1": 0}}


def test_set_takes_free_parameters_out(tmp_path: Path) -> None:
    own = {"extends": str(SMALL), "free": {"price": PRICE, "luck": {"moves": ["market.luck"], "low": 0, "high": 1}}}
    (tmp_path / "world.yaml").write_text(yaml.safe_dump(own, sort_keys=False), encoding="utf-8")

    def names_of(**changes: Any) -> list[str]:
        space = loaded(tmp_path, scenario="world.yaml", uncertain="free", **changes).space
        return [] if space is None else space.names

    assert names_of() == ["price", "luck"]
    assert names_of(set={"market.luck": 0.3}) == ["price"]
    assert names_of(design={"kind": "as-written"}) == []
    fixed = {"market.luck": 0.3, "vendors.biren.price": 40}
    said = refused(tmp_path, scenario="world.yaml", uncertain="free", set=fixed)
    assert "uncertain: `set` fixes all that the free parameters move" in said


def test_a_scenarios_free_parameter_beside_ones_own(tmp_path: Path) -> None:
    own = {"extends": str(SMALL), "free": {"luck": {"moves": ["market.luck"], "low": 0, "high": 1}}}
    (tmp_path / "world.yaml").write_text(yaml.safe_dump(own, sort_keys=False), encoding="utf-8")
    space = loaded(tmp_path, scenario="world.yaml", uncertain={"price": PRICE, "luck": "free"}).space
    assert space is not None
    assert (space.names, space.present.tolist()) == (["price", "luck"], [60, 0])


def test_it_can_be_sent_to_another_process(tmp_path: Path) -> None:
    experiment = loaded(tmp_path, design=HYPERCUBE)
    again = pickle.loads(pickle.dumps(experiment))
    values = np.array([33.0, 2.0])
    assert again.world(values, again.policies[1]) == experiment.world(values, experiment.policies[1])


def test_names_and_paths(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "six-policies" in names()
    assert find("six-policies").is_file()
    assert find("a/b.yaml") == Path("a/b.yaml")
    with pytest.raises(ExperimentError, match="did you mean 'six-policies'"):
        load_experiment("six-policy")
    written(tmp_path)
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ExperimentError, match=r"the file trial\.yaml is there"):
        load_experiment("trial")
    assert load_experiment("trial.yaml").path == Path("trial.yaml")


def test_unknown_strategies_are_found(tmp_path: Path) -> None:
    with pytest.raises(ExperimentError, match="there is no strategy 'hold'"):
        load_experiment(written(tmp_path), ["follow"])


def test_the_files_in_the_readme_can_be_used(tmp_path: Path) -> None:
    text = (library.folder() / "README.md").read_text(encoding="utf-8").partition("## Policies and experiments")[2]
    blocks = [dedent(block) for block in re.findall(r"(?:^    .*\n)+", text, re.MULTILINE)]
    own, policies = (block for block in blocks if block.startswith("title"))
    (tmp_path / "tariff.yaml").write_text(policies, encoding="utf-8")
    (tmp_path / "own.yaml").write_text(
        own.replace("- open-imports", "- open-imports\n  - tariff.yaml"), encoding="utf-8"
    )
    experiment = load_experiment(tmp_path / "own.yaml")
    discounts = ["electricity-discount-extended", "electricity-discount-ended"]
    assert policy_names(experiment) == ["none", *discounts, "open-imports", "tariff-low", "tariff-high", "fund"]
    assert experiment.space is not None
    assert experiment.space.names == ["luck", "late-capacity"]
