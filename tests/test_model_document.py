"""The model document lists what the code has: its tables are compared with schema, state, decisions and rules."""

from __future__ import annotations

import typing
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import fields
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel
from pydantic_core import PydanticUndefined

from marketsim.chance import Draws
from marketsim.decisions import Decision
from marketsim.market import Market
from marketsim.observation import observe
from marketsim.outcomes import METRICS
from marketsim.rules.demand import TERMS
from marketsim.rules.finance import CAUSES
from marketsim.scenario.fields import ALWAYS
from marketsim.scenario.library import load
from marketsim.scenario.schema import Policy, Scenario
from marketsim.state import MarketState, Outcome
from tests.worlds import plain_world

DOCUMENT = Path(__file__).parent.parent / "docs" / "model.md"
MARKS = ("reported", "estimated", "derived", "conflicting", "assumption")
Row = dict[str, str]


# The document -----------------------------------------------------------------------------------------------------


@cache
def tables() -> dict[str, list[Row]]:
    """The rows of each table by the heading above it, column title -> cell without back-ticks."""
    found: dict[str, list[Row]] = {}
    heading, columns = "", []
    for line in DOCUMENT.read_text(encoding="utf-8").splitlines():
        if line.startswith("#"):
            heading, columns = line.lstrip("# "), []
        if not line.startswith("|"):
            continue
        cells = [cell.strip().replace("`", "") for cell in line.strip("|\n ").split("|")]
        if not columns:
            columns = cells
        elif set(cells[0]) != {"-"}:
            assert len(cells) == len(columns), f"{heading}: this row has not {len(columns)} cells: {line}"
            found.setdefault(heading, []).append(dict(zip(columns, cells, strict=True)))
    return found


def documented(heading: str, key: str) -> dict[str, Row]:
    """The rows below a heading by their first column."""
    assert heading in tables(), f"docs/model.md has no table under the heading {heading!r}"
    rows = {row[key]: row for row in tables()[heading]}
    assert len(rows) == len(tables()[heading]), f"{heading}: something is listed twice"
    return rows


def assert_same_names(where: str, listed: Iterable[str], actual: Iterable[str]) -> None:
    missing = [name for name in actual if name not in set(listed)]
    extra = [name for name in listed if name not in set(actual)]
    assert not missing, f"docs/model.md, {where}: not documented: {', '.join(missing)}"
    assert not extra, f"docs/model.md, {where}: documented, but not in the code: {', '.join(extra)}"


def assert_same_cells(where: str, listed: Mapping[str, Row], actual: Mapping[str, Row]) -> None:
    """Names, and for each the cells that the code decides."""
    assert_same_names(where, listed, actual)
    wrong = [
        f"{name}: {column} should read {value!r}, not {listed[name].get(column)!r}"
        for name, cells in actual.items()
        for column, value in cells.items()
        if listed[name].get(column) != value
    ]
    assert not wrong, f"docs/model.md, {where}:\n" + "\n".join(wrong)


# The scenario schema ----------------------------------------------------------------------------------------------


def sections_in(annotation: Any) -> Iterator[type[BaseModel]]:
    """The parts of a scenario that a field's type is made of."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for part in typing.get_args(annotation):
        yield from sections_in(part)


def leaf_fields(section: type[BaseModel] = Scenario, name: str = "scenario") -> dict[str, Any]:
    """Every field of the schema that holds figures or text, as `section.field`; each kind of section once."""
    found: dict[str, Any] = {}
    seen: set[type[BaseModel]] = set()

    def visit(section: type[BaseModel], name: str) -> None:
        seen.add(section)
        for field, info in section.model_fields.items():
            parts = list(sections_in(info.annotation))
            for part in parts:
                if part not in seen:
                    visit(part, field)
            if not parts:
                found[f"{name}.{field}"] = info

    visit(section, name)
    return found


def schema_unit(info: Any) -> str:
    return str((info.json_schema_extra or {}).get("unit", "-"))


def values_by_field(section: BaseModel, name: str = "scenario", path: str = "") -> Iterator[tuple[str, str, Any]]:
    """(`section.field`, dotted path in the file, value) of every figure of a scenario, defaults included."""
    known = leaf_fields()
    for field in type(section).model_fields:
        value, place = getattr(section, field), f"{path}{field}"
        if isinstance(value, BaseModel):
            children, parent = {"": value}, place
        elif isinstance(value, Mapping) and any(isinstance(child, BaseModel) for child in value.values()):
            children, parent = dict(value), place
        elif isinstance(value, list) and any(isinstance(child, BaseModel) for child in value):
            children, parent = {str(number): child for number, child in enumerate(value)}, place
        elif f"{name}.{field}" in known:
            yield f"{name}.{field}", place, value
            continue
        else:
            continue
        for key, child in children.items():
            prefix = f"{parent}.{key}." if key else f"{parent}."
            yield from values_by_field(child, "product" if field == "next_product" else field, prefix)


def shown(values: list[Any]) -> str:
    """The default scenario's values of a field: up to four numbers in file order, else their range, else the kind."""
    if all(isinstance(value, dict) and list(value) == [ALWAYS] for value in values):
        values = [value[ALWAYS] for value in values]
    if all(isinstance(value, (int, float)) and not isinstance(value, bool) for value in values) and values:
        distinct = list(dict.fromkeys(f"{value:g}" for value in values))
        return " / ".join(distinct) if len(distinct) <= 4 else f"{min(values):g} to {max(values):g}"
    compound = [value for value in values if isinstance(value, (dict, list))]
    kinds = {"path" if is_path(v) else "table" if isinstance(v, dict) else "list" for v in compound if v}
    return ", ".join(sorted(kinds)) or ("empty" if compound else "-")


def is_path(value: Any) -> bool:
    return isinstance(value, dict) and all(str(key)[4:5] == "Q" for key in value)


def mark(source: str | None, note: str | None) -> str:
    """How sure a figure is: the first word of its note, or what its source says of it."""
    if source == "assumption":
        return source
    first = (note or "").split(":")[0].split(";")[0].split(",")[0].strip()
    return first if first in MARKS else "source named"


@cache
def default_scenario() -> dict[str, Row]:
    """Value and source cells of each field, from the default scenario."""
    loaded = load("china-ai-chips")
    figures: dict[str, list[tuple[str, Any]]] = {name: [] for name in leaf_fields()}
    for name, path, value in values_by_field(loaded.scenario):
        if value is not None:
            figures[name].append((path, value))
    cells = {}
    for name, found in figures.items():
        marks = {
            mark(provenance.source, provenance.note)
            for path, _ in found
            for place, provenance in loaded.provenance.items()
            if place == path or place.startswith(f"{path}.")
        }
        value = shown([value for _, value in found])
        default = leaf_fields()[name].get_default(call_default_factory=True)
        unmarked = "schema default" if all(value == default for _, value in found) else "none given"
        order = [kind for kind in (*MARKS, "source named") if kind in marks] or [unmarked]
        cells[name] = {"value": value, "source": "-" if value == "-" else ", ".join(order)}
    return cells


def parameter_rows() -> dict[str, Row]:
    """The documented parameters, from every table with a `parameter` column."""
    rows = [row for table in tables().values() for row in table if "parameter" in row]
    by_name = {row["parameter"]: row for row in rows}
    twice = sorted(name for name in by_name if sum(row["parameter"] == name for row in rows) > 1)
    assert not twice, f"docs/model.md: parameters listed twice: {', '.join(twice)}"
    return by_name


def test_every_parameter_is_documented_with_its_unit():
    expected = {name: {"unit": schema_unit(info)} for name, info in leaf_fields().items()}
    assert_same_cells("parameters", parameter_rows(), expected)


def test_every_parameter_has_a_meaning():
    empty = [name for name, row in parameter_rows().items() if len(row["meaning"]) < 4]
    assert not empty, f"docs/model.md: parameters without a meaning: {', '.join(empty)}"


def test_values_and_sources_are_those_of_the_default_scenario():
    assert_same_cells("values of the default scenario", parameter_rows(), default_scenario())


def test_the_schema_is_walked_to_the_end():
    names = set(leaf_fields())
    assert {"nodes.gross_dies", "offers.supply", "product.node", "title.zh", "reported.value", "finance.climate"} <= names
    assert not {"vendors.product", "scenario.nodes"} & names
    assert leaf_fields()["vendors.price"].default is PydanticUndefined


# State, outcome, decision, draws ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("heading", "key", "record"),
    [
        ("State of the market", "variable", MarketState),
        ("Outcome of a quarter", "variable", Outcome),
    ],
)
def test_arrays_are_documented_with_axes_and_unit(heading: str, key: str, record: type):
    expected = {
        item.name: {"axes": item.metadata["axes"], "unit": item.metadata["unit"] or "-"} for item in fields(record)
    }
    assert_same_cells(heading, documented(heading, key), expected)


def test_decisions_are_documented_with_their_bounds():
    expected = {
        item.name: {
            "axes": item.metadata["axes"],
            "unit": item.metadata["unit"] or "-",
            "low": f"{item.metadata['low']:g}",
            "high": f"{item.metadata['high']:g}",
        }
        for item in fields(Decision)
    }
    assert_same_cells("decisions", documented("What a vendor decides", "decision"), expected)


# Names that the rules give ----------------------------------------------------------------------------------------


def flow_names() -> list[str]:
    market = Market(plain_world(2), 0, range(2))
    everybody = observe(market.state, market.now, market.parameters, market.draws)
    return list(market.step(everybody.hold()).flows)


@pytest.mark.parametrize(
    ("heading", "key", "names"),
    [
        ("Choice", "term", TERMS),
        ("Causes of losses", "cause", CAUSES),
        ("Policy levers", "parameter", tuple(f"policy.{lever}" for lever in Policy.model_fields)),
        ("Cash flows", "flow", tuple(flow_names())),
    ],
)
def test_names_are_documented(heading: str, key: str, names: tuple[str, ...]):
    assert_same_names(heading, documented(heading, key), names)


def test_draws_are_named():
    text = DOCUMENT.read_text(encoding="utf-8").partition("**Stochasticity.**")[2].partition("\n\n")[0]
    unnamed = [item.name for item in fields(Draws) if f"`{item.name}`" not in text]
    assert not unnamed, f"docs/model.md, Stochasticity: draws that are not named: {', '.join(unnamed)}"


def test_the_stages_of_a_quarter_name_functions_that_exist():
    named = [name for row in tables()["A quarter"] for name in row["functions"].split(", ")]
    lost = [name for name in named if not exists(f"marketsim.{name}")]
    assert not lost, f"docs/model.md, A quarter: there is no {', '.join(lost)}"


def exists(name: str) -> bool:
    module, _, attribute = name.rpartition(".")
    return find_spec(module) is not None and hasattr(import_module(module), attribute)


def test_terms_and_causes_stand_in_the_order_of_the_code():
    assert tuple(documented("Choice", "term")) == TERMS
    assert tuple(documented("Causes of losses", "cause")) == CAUSES


def test_every_yearly_outcome_is_documented_with_its_unit():
    expected = {name: {"unit": unit} for name, unit in METRICS.items()}
    assert_same_cells("outcomes", documented("Yearly outcomes", "outcome"), expected)


# The comparison itself --------------------------------------------------------------------------------------------


def test_the_message_names_what_is_missing_extra_or_different():
    with pytest.raises(AssertionError, match="not documented: nodes.power"):
        assert_same_names("parameters", ["nodes.compute"], ["nodes.compute", "nodes.power"])
    with pytest.raises(AssertionError, match="not in the code: nodes.colour"):
        assert_same_names("parameters", ["nodes.colour"], [])
    with pytest.raises(AssertionError, match="nodes.power: unit should read 'W', not 'kW'"):
        assert_same_cells("parameters", {"nodes.power": {"unit": "kW"}}, {"nodes.power": {"unit": "W"}})
