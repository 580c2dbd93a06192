"""Where figures come from: marks beside a figure, and of the mapping around it."""

from __future__ import annotations

import pytest

from marketsim.errors import ScenarioError
from marketsim.scenario import library
from marketsim.scenario.provenance import CERTAINTY, attribute, certainty, leaves, provenance_of
from marketsim.scenario.source import Provenance, parse, plain
from tests.scenario.conftest import SMALL, Edit


def read(text: str) -> tuple[object, dict[str, Provenance], list[str]]:
    problems: list = []
    tree = attribute(parse(text, "text").root, problems)
    return plain(tree), provenance_of(tree), [problem.message for problem in problems]


def test_marks_of_a_file_end_up_beside_the_figures() -> None:
    loaded = library.load(SMALL)
    marks = loaded.provenance
    assert loaded.scenario.nodes["n7"].wafer_price == {"0001Q1": 97}
    assert marks["nodes.n7.wafer_price"] == Provenance("a price list", "2025")
    assert marks["nodes.n7.die_area"] == Provenance("assumption", "measured"), "its own note, the part's source"
    assert marks["nodes.n7.defect_density"] == Provenance("assumption", "a node for tests")
    assert marks["nodes.n7.capacity.2025Q1"] == Provenance("assumption", "a node for tests")
    assert marks["nodes.n7.capacity.2026Q1"] == Provenance("https://example.org/capacity")
    assert marks["memories.hbm.price.2028Q1"] == Provenance("a quote")
    assert marks["events.0.changes.import_ceiling"] == Provenance("a newspaper")
    assert "vendors.biren.price" not in marks


def test_a_reported_value_is_no_sourced_figure() -> None:
    loaded = library.load(SMALL)
    assert [figure.value for figure in loaded.scenario.reported] == [120, 50]
    assert loaded.provenance["reported.0.value"] == Provenance("a survey")
    assert "reported.1.value" not in loaded.provenance


@pytest.mark.parametrize(
    ("text", "values", "marks"),
    [
        ("a: {value: 1}", {"a": 1}, {}),
        ("a: {value: 1, note: n}", {"a": 1}, {"a": Provenance(None, "n")}),
        ("a: {value: 1, other: 2, source: s}", {"a": {"value": 1, "other": 2}}, "a.value a.other"),
        ("source: s\na: {b: {c: 1}}", {"a": {"b": {"c": 1}}}, "a.b.c"),
        ("a: {value: [1, 2], source: s}", {"a": [1, 2]}, "a.0 a.1"),
        ("a: {value: {value: 1, source: s}}", {"a": 1}, "a"),
        ("a: {source: s}", {"a": {}}, {}),
    ],
)
def test_shapes(text: str, values: object, marks: dict[str, Provenance] | str) -> None:
    if isinstance(marks, str):
        marks = {path: Provenance("s") for path in marks.split()}
    assert read(text) == (values, marks, [])


def test_a_source_that_is_not_text_is_a_problem(edited: Edit) -> None:
    for wrong in ("5", "[a]", "{en: a}", "true", "''"):
        with pytest.raises(ScenarioError, match="'source' must be text: it says where") as caught:
            library.load(edited(("source: a price list", f"source: {wrong}")))
        assert len(caught.value.problems) == 1


def test_a_note_may_be_in_both_languages() -> None:
    values, marks, problems = read("a: {value: 1, note: {en: reported, zh: 据报道}}\nb: {note: {en: n, zh: 注}, c: 1}")
    assert (values, problems) == ({"a": 1, "b": {"c": 1}}, [])
    assert marks["a"] == Provenance(None, "reported", "据报道") and certainty(marks["a"]) == "reported"
    assert marks["b.c"].written_note == {"en": "n", "zh": "注"} and Provenance("s", "n").written_note == "n"
    inherited = read("source: s\nnote: {en: n, zh: 注}\na: 1\nb: {note: own, c: 1}")[1]
    assert inherited == {"a": Provenance("s", "n", "注"), "b.c": Provenance("s", "own")}


@pytest.mark.parametrize(
    "wrong", ["{en: a}", "{en: a, zh: ''}", "{en: a, zh: 5}", "{en: a, zh: b, fr: c}", "{}", "[a]"]
)
def test_a_note_in_other_languages_is_a_problem(wrong: str) -> None:
    assert [said.partition(" must be text")[0] for said in read(f"a: {{value: 1, note: {wrong}}}")[2]] == ["'note'"]


@pytest.mark.parametrize(
    ("source", "note", "word"),
    [
        ("https://example.org", "reported: a filing", "reported"),
        ("https://example.org", "reported; day from memory", "reported"),
        ("https://example.org", "derived", "derived"),
        ("https://example.org", "assumption: within the range of the source", "assumption"),
        ("https://example.org", "reportedly", "unmarked"),
        ("https://example.org", None, "unmarked"),
        ("assumption", "derived: what the cards need", "assumption"),
        ("Assumption of the author", None, "assumption"),
        (None, "set with --set", "unmarked"),
    ],
)
def test_how_sure_a_figure_is(source: str | None, note: str | None, word: str) -> None:
    assert certainty(Provenance(source, note)) == word
    assert certainty(None) == "unmarked"


@pytest.mark.parametrize("name", library.names())
def test_every_figure_of_the_library_says_how_sure_it_is(name: str) -> None:
    """And says why: a source without a mark, or an assumption without a reason, does not count as knowledge."""
    of_the_file = ("schema_version", "name", "title", "description", "start", "quarters", "vocabulary", "policy_titles")
    figures = {path: leaf for path, leaf in leaves(library.load(name).tree) if path[0] not in of_the_file}
    unmarked = [path for path, leaf in figures.items() if certainty(leaf.provenance) not in CERTAINTY]
    assert unmarked == []
    assert [path for path, leaf in figures.items() if leaf.provenance is None or not leaf.provenance.note] == []
