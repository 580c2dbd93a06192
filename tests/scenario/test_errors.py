"""Messages about wrong values: file, line, field, the value found, what is allowed, and a hint."""

from __future__ import annotations

from pathlib import Path

import pytest

from marketsim.errors import MAX_SHOWN, Origin, Problem, ScenarioError, did_you_mean, printable
from marketsim.scenario import library
from tests.scenario.conftest import Edit, line_of

WRONG_VALUES = {
    "negative price": ("price: 60", "price: -3", "vendors.cambricon.price", "-3", "a number above 0 and at most", ""),
    "share above 1": (
        "take_or_pay: 0.5",
        "take_or_pay: 1.5",
        "nodes.n7.take_or_pay",
        "1.5",
        "a number from 0 to 1",
        "",
    ),
    "negative capacity": ("{2025Q1: 20,", "{2025Q1: -20,", "nodes.n7.capacity.2025Q1", "-20", "from 0 to", ""),
    "negative constant path": ("climate: 1,", "climate: -1,", "finance.climate", "-1", "a number from 0 to", ""),
    "NaN": ("cash: 4000", "cash: .nan", "vendors.cambricon.cash", "nan", "in rmb_m (cash at the start)", ""),
    "infinity": ("cash: 4000", "cash: .inf", "vendors.cambricon.cash", "inf", "a number from 0", ""),
    "overflow": ("cash: 4000", "cash: 1e999", "vendors.cambricon.cash", "inf", "a number from 0", ""),
    "quoted number": ("cash: 4000", "cash: '4000'", "vendors.cambricon.cash", "'4000' (text)", "a number", "no quotes"),
    "separators": ("cash: 4000", "cash: 4,000", "vendors.cambricon.cash", "'4,000' (text)", "", "no thousands"),
    "percent": ("climate: 1,", "climate: 50%,", "finance.climate", "'50%' (text)", "by quarter", "no percent sign"),
    "boolean": ("cash: 4000", "cash: true", "vendors.cambricon.cash", "true", "a number from 0", ""),
    "number for a boolean": (
        "cash: 4000",
        "cash: 1\n    listed: 1",
        "vendors.cambricon.listed",
        "1",
        "true or false",
        "",
    ),
    "null": ("cash: 4000", "cash: null", "vendors.cambricon.cash", "null (nothing)", "a number", ""),
    "fraction": ("quarters: 12", "quarters: 12.5", "quarters", "12.5", "a whole number from 1 to 200", ""),
    "too long": ("quarters: 12", "quarters: 900", "quarters", "900", "a whole number from 1 to 200, in quarters", ""),
    "list for mapping": ("usage: {qwen: 1}", "usage: [1]", "segments.internet.usage", "a list of 1", "a mapping", ""),
    "number for text": ("strategy: hold", "strategy: 5", "vendors.cambricon.strategy", "5", "text", ""),
    "quarter": ("start: 2025Q1", "start: 2025-Q1", "start", "'2025-Q1' (text)", "a quarter such as 2025Q1", ""),
    "year": ("start: 2025Q1", "start: 2025", "start", "2025", "a quarter such as 2025Q1", ""),
    "quarter of a path": ("2028Q1: 80", "2028q1: 80", "memories.hbm.price.2028q1", "the key '2028q1'", "2025Q1", ""),
    "quarter 5": ("generations: [2025Q3]", "generations: [2025Q5]", "families.qwen.generations.0", "'2025Q5'", "", ""),
    "name": ("name: small", "name: Small World", "name", "'Small World'", "a name of a-z, 0-9 and -", ""),
    "vendor name": ("  biren:", "  Biren Tech:", "vendors.Biren Tech", "the key 'Biren Tech'", "a name of a-z", ""),
    "choice": ("metric: price", "metric: prices", "reported.1.metric", "'prices'", "cards, domestic_share_cards", ""),
    "empty path": ("spend: 6000", "spend: {}", "segments.internet.spend", "an empty mapping", "by quarter", ""),
    "version": ("name: small", "name: small\nschema_version: 2", "schema_version", "2", "1", ""),
}


@pytest.mark.parametrize(
    ("old", "new", "field", "found", "allowed", "hint"), WRONG_VALUES.values(), ids=WRONG_VALUES.keys()
)
def test_wrong_value(edited: Edit, old: str, new: str, field: str, found: str, allowed: str, hint: str) -> None:
    path = edited((old, new))
    with pytest.raises(ScenarioError) as caught:
        library.load(path)
    assert len(caught.value.problems) == 1
    problem = caught.value.problems[0]
    assert problem.field == field
    assert found in problem.found
    assert allowed in problem.allowed
    assert hint in problem.hint
    last_line_written = new.splitlines()[-1]
    assert problem.origin == Origin(str(path), line_of(path, last_line_written)) or field.startswith("vendors.Biren")


UNKNOWN = {
    "a vendor's field": ("price: 60", "price: 60\n    pric: 60", "vendors.cambricon.pric", "did you mean 'price'?"),
    "a section": ("policy:", "polcy: {}\npolicy:", "polcy", "did you mean 'policy'?"),
    "nothing alike": ("name: small", "name: small\nzzz: 1", "zzz", "known here: schema_version, name, title"),
}


@pytest.mark.parametrize(("old", "new", "field", "hint"), UNKNOWN.values(), ids=UNKNOWN.keys())
def test_unknown_key(edited: Edit, old: str, new: str, field: str, hint: str) -> None:
    with pytest.raises(ScenarioError) as caught:
        library.load(edited((old, new)))
    (problem,) = caught.value.problems
    assert (problem.field, problem.message) == (field, "is not known here")
    assert hint in problem.hint


def test_missing_fields_name_what_is_needed_and_where(edited: Edit) -> None:
    path = edited(("    cash: 4000\n", ""), ("population: {entry_rate: 0, ", "population: {"))
    with pytest.raises(ScenarioError) as caught:
        library.load(path)
    cash, entry = caught.value.problems
    assert (cash.field, entry.field) == ("vendors.cambricon.cash", "population.entry_rate")
    assert cash.message == "is required and missing"
    assert "in rmb_m (cash at the start)" in cash.allowed
    assert cash.origin.line == line_of(path, "cambricon:")


def test_a_part_that_lacks_many_keys_is_one_problem(edited: Edit) -> None:
    path = edited(("  biren:\n", "  birren: {cash: 1, pric: 2}\n  biren:\n"))
    with pytest.raises(ScenarioError) as caught:
        library.load(path)
    lacking, unknown = caught.value.problems
    assert (unknown.field, unknown.hint) == ("vendors.birren.pric", "did you mean 'price'?")
    assert (lacking.field, lacking.origin.line) == ("vendors.birren", line_of(path, "birren:"))
    assert lacking.message == "lacks 13 required keys"
    assert lacking.allowed.startswith(
        "a mapping that has title, strategy, strategy_reason, product, price, in_process, "
    )
    assert lacking.allowed.endswith(", overhead, rnd_base too")
    assert lacking.found == "a mapping with the keys cash, pric"
    assert lacking.hint == "did you mean 'biren'?"


def test_a_new_offer_is_no_misspelt_one(edited: Edit) -> None:
    with pytest.raises(ScenarioError) as caught:
        library.load(edited(("supply: 100}}", "supply: 100}, 2026Q1: {price: 1}}")))
    (problem,) = caught.value.problems
    assert (problem.field, problem.hint) == ("foreign.nvidia.offers.2026Q1", "")
    assert problem.allowed == "a mapping that has compute, bandwidth, power, supply too"


def test_a_file_that_lacks_nearly_everything_is_shown_the_way(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text("name: mine\nquarters: 8\n", encoding="utf-8")
    with pytest.raises(ScenarioError) as caught:
        library.load(path)
    (problem,) = caught.value.problems
    assert (problem.origin.line, problem.field, problem.message) == (1, "", "lacks 13 required keys")
    assert problem.allowed.startswith("a mapping that has title, description, start, nodes, ")
    assert problem.hint == "to change only a part of another scenario, begin with `extends: china-ai-chips`"


def test_no_line_of_a_problem_is_wider_than_a_terminal(edited: Edit) -> None:
    path = edited(
        ("{2025Q1: 20,", "{2025Q1: -20,"), ("power: 400", "power: 400\n    zzz: 1"), ("strategy: hold", "strategy: x")
    )
    with pytest.raises(ScenarioError) as caught:
        library.load(path, strategies=[f"strategy-{n}" for n in range(20)])
    lines = str(caught.value).replace(str(path), "world.yaml").splitlines()
    assert max(map(len, lines)) <= 80
    assert any(line.startswith("               ") for line in lines), "what goes on stands below what it goes on from"


def test_all_problems_come_at_once_in_the_order_of_lines(edited: Edit) -> None:
    path = edited(
        ("quarters: 12", "quarters: 0"),
        ("price: 60", "price: -3"),
        ("cash: 2500", "cash: 2500\n    cash: 2600"),
        ("learning_rate: 0.1", "learning_rate: 0.9"),
    )
    with pytest.raises(ScenarioError) as caught:
        library.load(path)
    text = str(caught.value)
    assert text.startswith("4 problems in the scenario\n\n" + str(path))
    places = [
        text.index(f"line {line_of(path, part)}:") for part in ("quarters: 0", "price: -3", "cash: 2600", "rate: 0.9")
    ]
    assert places == sorted(places)
    assert "allowed: a number at least 0 and below 0.9 (cost fall for each doubling of\n" in text


def test_one_block_reads_well(edited: Edit) -> None:
    path = edited(("price: 60", "price: -3"))
    with pytest.raises(ScenarioError) as caught:
        library.load(path)
    assert str(caught.value) == (
        f"1 problem in the scenario\n\n{path}\n"
        f"  line {line_of(path, 'price: -3')}: vendors.cambricon.price: is out of bounds\n"
        "      found:   -3\n"
        "      allowed: a number above 0 and at most 1,000,000,000, in krmb/card (price\n"
        "               at the start)"
    )


def test_a_file_with_very_many_problems_is_cut() -> None:
    error = ScenarioError(Problem(Origin("a.yaml", n), "is wrong", f"f{n}") for n in range(1, 500))
    assert str(error).count("is wrong") == MAX_SHOWN
    assert str(error).endswith(f"and {499 - MAX_SHOWN} more")


def test_text_from_a_file_cannot_control_the_terminal(edited: Edit) -> None:
    path = edited(("name: small", 'name: "\\e[2Jx"\n"\\e]0;title\\a": 1'))
    with pytest.raises(ScenarioError) as caught:
        library.load(path)
    assert "\x1b" not in str(caught.value)
    assert "\\x1b[2Jx" in str(caught.value)
    assert printable("x" * 500) == "x" * 120 + "..."


def test_did_you_mean_names_the_nearest_or_what_there_is() -> None:
    assert did_you_mean("huawie", ["huawei", "biren"]) == "did you mean 'huawei'?"
    assert did_you_mean("zzz", ["huawei", "biren"], "there are") == "there are: huawei, biren"
    assert did_you_mean("zzz", [str(n) for n in range(30)]).endswith("and 14 more")
    assert did_you_mean("zzz", []) == ""
    assert did_you_mean("yield", ["compute", "packaging_yield"]) == "did you mean 'packaging_yield'?", (
        "a part of a name"
    )
    assert did_you_mean("Huawei", ["biren", "huawei-ascend"]) == "did you mean 'huawei-ascend'?"
