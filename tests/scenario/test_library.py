"""Finding scenarios, and files that extend others."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from marketsim.errors import Origin, ScenarioError
from marketsim.scenario import library
from marketsim.scenario.source import Node, Provenance, plain
from tests.scenario.conftest import SMALL, Edit


def write(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def test_every_scenario_of_the_library_can_be_loaded() -> None:
    assert "china-ai-chips" in library.names()
    for name in library.names():
        assert library.load_scenario(name).name == name


def test_a_name_nobody_knows_is_explained() -> None:
    with pytest.raises(ScenarioError, match="there is no scenario 'china-ai-chip'") as caught:
        library.load("china-ai-chip")
    assert "did you mean 'china-ai-chips'?" in str(caught.value)


def test_a_path_is_told_from_a_name() -> None:
    assert library.find(str(SMALL)) == SMALL
    assert library.find(SMALL) == SMALL
    assert library.find("china-ai-chips").parent == library.folder()


def test_extending_merges_mappings_and_replaces_the_rest(edited: Edit) -> None:
    base = edited(name="base.yaml")
    child = write(
        base.parent,
        "child.yaml",
        "extends: base.yaml\nname: child\nvendors:\n  biren: null\n  cambricon: {cash: 1, in_process: [0, 9]}\n"
        "nodes: {n7: {capacity: {2027Q1: 50}, wafer_price: 80}}\npolicy: null\nreported: [{year: 2026, metric: cards, value: 1}]\n",
    )
    old, new = library.load(base).scenario, library.load(child).scenario
    assert new.name == "child"
    assert list(new.vendors) == ["cambricon"]
    assert (new.vendors["cambricon"].cash, new.vendors["cambricon"].in_process) == (1, [0, 9])
    assert new.vendors["cambricon"].price == old.vendors["cambricon"].price
    assert new.nodes["n7"].capacity == {"2027Q1": 50}, "a path over time is one value"
    assert new.nodes["n7"].wafer_price == {"0001Q1": 80}
    assert old.policy.electricity_discount != new.policy.electricity_discount == {"0001Q1": 0}
    assert [figure.year for figure in new.reported] == [2026]


def test_the_reported_figures_of_a_vendor_go_with_it(edited: Edit) -> None:
    base = edited(name="base.yaml")
    child = write(base.parent, "child.yaml", "extends: base.yaml\nvendors: {biren: null}\n")
    assert [figure.vendor for figure in library.load(base).scenario.reported] == [None, "biren"]
    assert [figure.vendor for figure in library.load(child).scenario.reported] == [None]
    assert [figure.vendor for figure in library.load(base, ["vendors.biren=null"]).scenario.reported] == [None]
    assert [figure.vendor for figure in library.load(base, ["vendors.biren.price=7"]).scenario.reported] == [
        None,
        "biren",
    ]
    own = "reported: [{year: 2025, metric: price, vendor: biren, value: 50}]\n"
    write(base.parent, "child.yaml", f"extends: base.yaml\nvendors: {{biren: null}}\n{own}")
    with pytest.raises(ScenarioError, match="there is no vendor 'biren'"):
        library.load(child)


def test_offers_of_a_supplier_merge_quarter_by_quarter(edited: Edit) -> None:
    base = edited(name="base.yaml")
    offers = "{2025Q1: {supply: 7}, 2026Q1: {price: 80, compute: 300, bandwidth: 4, power: 500, supply: 50}}"
    child = write(base.parent, "child.yaml", f"extends: base.yaml\nforeign: {{nvidia: {{offers: {offers}}}}}\n")
    merged = library.load(child).scenario.foreign["nvidia"].offers
    assert (merged["2025Q1"].price, merged["2025Q1"].supply) == (90, 7)
    assert merged["2026Q1"].supply == 50


def test_a_figure_does_not_keep_the_source_of_the_one_it_replaces(edited: Edit) -> None:
    base = edited(name="base.yaml")
    child = write(
        base.parent, "child.yaml", "extends: base.yaml\nnodes: {n7: {wafer_price: 80, power: {value: 1, source: s}}}"
    )
    marks = library.load(child).provenance
    assert "nodes.n7.wafer_price" not in marks
    assert marks["nodes.n7.power"] == Provenance("s")
    assert marks["nodes.n7.compute"] == Provenance("assumption", "a node for tests")


def test_problems_name_the_file_in_which_the_value_stands(edited: Edit) -> None:
    base = edited(("price: 50", "price: -50"), name="base.yaml")
    child = write(base.parent, "child.yaml", "extends: base.yaml\n\nvendors: {cambricon: {price: -1}}\n")
    with pytest.raises(ScenarioError) as caught:
        library.load(child)
    origins = {problem.field: problem.origin for problem in caught.value.problems}
    assert origins["vendors.cambricon.price"] == Origin(str(child), 3)
    assert origins["vendors.biren.price"].source == str(base)


def test_the_library_can_be_extended_from_anywhere(tmp_path: Path) -> None:
    path = write(tmp_path, "mine.yaml", "extends: china-ai-chips\nname: mine\n")
    loaded = library.load(path)
    assert loaded.scenario.name == "mine"
    assert loaded.files == (path, library.folder() / "china-ai-chips.yaml")


def test_circles_and_long_chains_are_refused(tmp_path: Path) -> None:
    write(tmp_path, "a.yaml", "extends: b.yaml")
    write(tmp_path, "b.yaml", "extends: ./a.yaml")
    with pytest.raises(ScenarioError, match=r"goes round in a circle: a\.yaml -> b\.yaml -> a\.yaml"):
        library.load(tmp_path / "a.yaml")
    for number in range(12):
        write(tmp_path, f"{number}.yaml", f"extends: {number + 1}.yaml")
    with pytest.raises(ScenarioError, match="9th file in a row that extends another; at most 8 may"):
        library.load(tmp_path / "0.yaml")


def test_eight_files_in_a_row_are_fine(edited: Edit) -> None:
    folder = edited(name="8.yaml").parent
    for number in range(8):
        write(folder, f"{number}.yaml", f"extends: {number + 1}.yaml")
    assert len(library.load(folder / "0.yaml").files) == 9


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("nowhere.yaml", "line 1: extends: there is no scenario file"),
        ("china-ai-chip", "did you mean 'china-ai-chips'?"),
        ("5", "line 1: extends: is not text"),
        ("[a.yaml]", "line 1: extends: is not text"),
        ('"x\\0.yaml"', "there is no scenario file"),
        ("./" + "x" * 5000 + ".yaml", "there is no scenario file"),
        (".", "there is no scenario '.'"),
        ("../", "line 1: extends: is no scenario file\n      found:   '../' (text)\n      allowed: the name of a"),
        ("/etc/passwd", "line 1: extends: is no scenario file\n      found:   '/etc/passwd' (text)\n"),
        ("other", "the file other.yaml is there: write its name with the ending"),
        ("china-ai-chips.yaml", "the library has it: write china-ai-chips, without the ending"),
        ("othr.yaml", "did you mean 'other.yaml'?"),
    ],
)
def test_extending_what_is_not_there(tmp_path: Path, value: str, message: str) -> None:
    write(tmp_path, "other.yaml", "extends: china-ai-chips")
    path = write(tmp_path, "child.yaml", f"extends: {value}\n")
    with pytest.raises(ScenarioError) as caught:
        library.load(path)
    assert message in str(caught.value)


def test_what_else_is_wrong_with_a_file_is_said_beside_what_it_extends(tmp_path: Path) -> None:
    path = write(tmp_path, "child.yaml", "extends: nowhere\nname: a\nname: b\n")
    with pytest.raises(ScenarioError) as caught:
        library.load(path)
    assert [problem.origin.line for problem in caught.value.problems] == [3, 1]
    path = write(tmp_path, "broken.yaml", "name: [\n")
    path = write(tmp_path, "child.yaml", "extends: broken.yaml\nname: a\nname: b\n")
    with pytest.raises(ScenarioError, match=r"2 problems in the scenario[^$]*child.yaml\n  line 3[^$]*broken.yaml\n"):
        library.load(path)


def test_a_file_and_a_name_of_the_library_are_told_apart(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    write(tmp_path, "my-world.yaml", "extends: china-ai-chips\nname: my-world\n")
    for name, hint in {
        "my-world": "the file my-world.yaml is there: write its name with the ending",
        "china-ai-chips.yaml": "the library has it: write china-ai-chips, without the ending",
        "my-wrold.yaml": "did you mean 'my-world.yaml'?",
        "./zzz.yaml": "YAML files there: my-world.yaml",
    }.items():
        with pytest.raises(ScenarioError) as caught:
            library.load(name)
        assert [problem.hint for problem in caught.value.problems] == [hint]


TREES = st.recursive(
    st.integers(),
    lambda children: st.dictionaries(st.sampled_from("abcd"), children, max_size=4) | st.lists(children, max_size=3),
    max_leaves=12,
)


def node(value: object) -> Node:
    origin = Origin("test")
    if isinstance(value, dict):
        return Node({key: node(child) for key, child in value.items()}, origin)
    return Node([node(child) for child in value] if isinstance(value, list) else value, origin)  # type: ignore[arg-type]


@given(TREES, TREES)
def test_merging_twice_changes_nothing_more(base: object, changes: object) -> None:
    once = library.merge(node(base), node(changes))
    assert plain(library.merge(once, node(changes))) == plain(once)
    assert plain(library.merge(node(base), node({}))) == (base if isinstance(base, dict) else {})
