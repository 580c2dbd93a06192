"""The model document holds the default scenario: its values, sources and tables are compared with the file."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from typing import Any

import numpy as np
import pytest
from pydantic import BaseModel

from marketsim.rules import demand, technology
from marketsim.rules.products import hardware
from marketsim.rules.sales import choice_and_index, shelf
from marketsim.rules.start import initial_state
from marketsim.scenario.fields import ALWAYS
from marketsim.scenario.library import LoadedScenario, load
from marketsim.scenario.parameters import Parameters
from tests.model_document import Row, Rows, assert_same_cells, documented, leaf_fields, parameter_rows

MARKS = ("reported", "estimated", "derived", "conflicting", "assumption")


@cache
def default() -> LoadedScenario:
    return load("china-ai-chips")


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


def cell(value: Any) -> str:
    """A value in full: paths by quarter, tables by name, lists in order."""
    if is_path(value) and value:
        constant = list(value) == [ALWAYS]
        return cell(value[ALWAYS]) if constant else ", ".join(f"{v:g} ({quarter})" for quarter, v in value.items())
    if isinstance(value, dict):
        return ", ".join(f"{name} {cell(part)}" for name, part in value.items()) or "-"
    if isinstance(value, list):
        return " / ".join(cell(part) for part in value)
    return ("yes" if value else "no") if isinstance(value, bool) else f"{value:g}"


def card(product: Any) -> str:
    if product is None:
        return "-"
    soon = f" in {product.ready_in}" if product.ready_in else ""
    return f"{product.node} {product.memory} {product.architecture:g}{soon}"


def mark(source: str | None, note: str | None) -> str:
    """How sure a figure is: the first word of its note, or what its source says of it."""
    if source == "assumption":
        return source
    first = (note or "").split(":")[0].split(";")[0].split(",")[0].strip()
    return first if first in MARKS else "source named"


@cache
def default_cells() -> dict[str, Row]:
    """Value and source cells of each field, from the default scenario."""
    figures: dict[str, list[tuple[str, Any]]] = {name: [] for name in leaf_fields()}
    for name, path, value in values_by_field(default().scenario):
        if value is not None:
            figures[name].append((path, value))
    cells = {}
    for name, found in figures.items():
        marks = {
            mark(provenance.source, provenance.note)
            for path, _ in found
            for place, provenance in default().provenance.items()
            if place == path or place.startswith(f"{path}.")
        }
        value = shown([value for _, value in found])
        unset = leaf_fields()[name].get_default(call_default_factory=True)
        unmarked = "schema default" if all(value == unset for _, value in found) else "none given"
        order = [kind for kind in (*MARKS, "source named") if kind in marks] or [unmarked]
        cells[name] = {"value": value, "source": "-" if value == "-" else ", ".join(order)}
    return cells


def paths_in(value: Any, place: str) -> Iterator[tuple[str, Any]]:
    """(dotted path, path over time) of every path in a value that is one, or a table of them."""
    if is_path(value) and value:
        yield place, value
    elif isinstance(value, dict):
        for name, part in value.items():
            yield from paths_in(part, f"{place}.{name}")


@cache
def default_tables() -> dict[str, tuple[str, Rows]]:
    """By heading: key column and rows of the tables that hold the default scenario in full."""
    world = default().scenario
    vendors = world.vendors.items()
    suppliers = [*vendors, *world.foreign.items()]
    paths = [path for _, place, value in values_by_field(world) for path in paths_in(value, place)]
    sizes = ("price", "compute", "bandwidth", "power", "supply")
    start = ("price", "dies_per_card", "cost_factor", "stock", "in_process", "contracts")
    money = ("cash", "debt", "overhead", "rnd_base", "parent_support", "founders_share", "listed", "foundry_priority")
    tastes = ("training", "prefill", "price_sensitivity", "demand_elasticity", "software_weight", "lock_in",
              "reliability_weight", "cost_decline", "patience")  # fmt: skip
    ties = ("software", "reliability", "installed", "affinity")

    def figures(part: Any, names: Iterable[str]) -> Row:
        return {name.replace("_", " "): cell(getattr(part, name)) for name in names}

    return {
        "Cards and capacity at the start": (
            "vendor",
            {n: {"strategy": v.strategy, "card": card(v.product), "next card": card(v.next_product)}
             | figures(v, start) for n, v in vendors},
        ),
        "Money and standing at the start": ("vendor", {n: figures(v, money) for n, v in vendors}),
        "Software, base and ties at the start": (
            "vendor", {n: figures(v, ties) | {"software": cell([v.software.get(f, 0.0) for f in world.families])} for n, v in suppliers},
        ),
        "Installed base at the start": (
            "vendor", {n: {s: cell(v.installed_split.get(s, 0.0)) for s in world.segments} for n, v in suppliers},
        ),
        "Segments of the default scenario": (
            "segment", {n: figures(s, tastes) | {"usage": cell([s.usage.get(f, 0.0) for f in world.families])} for n, s in world.segments.items()},
        ),
        "Products of entrants": ("type", {n: {"card": card(e.product)} for n, e in world.entrants.items()}),
        "Foreign offers of the default scenario": (
            "offer", {f"{n} {q}": figures(o, sizes) for n, f in world.foreign.items() for q, o in f.offers.items()},
        ),
        "Paths of the default scenario": (
            "path", {p: {"points": cell(v)} for p, v in paths if len(v) > 1 and not p.startswith("policies.")},
        ),
        "Model generations of the default scenario": (
            "family", {n: {"quarters": ", ".join(f.generations) or "-"} for n, f in world.families.items()},
        ),
        "Events that move policy levers": (
            "event", {f"{e.quarter} {lever}": {"value": cell(value)} for e in world.events for lever, value in e.changes.items()},
        ),
        "Named policies": ("lever", {p: {"points": cell(v)} for p, v in paths if p.startswith("policies.")}),
    }  # fmt: skip


def worked_example() -> dict[str, str]:
    """One card at the start of the default scenario, from node to market share."""
    p = Parameters(default().scenario)
    now, state = p.conditions[0], initial_state(p, 2)
    vendor, segment = p.vendors.index("cambricon"), p.segments.index("internet-inference")
    node = state.node[vendor, 0]
    names = ("defect_density", "defect_floor", "reference_wafers", "defect_learning")
    start, floor, reference, learning = (p.of_nodes(name) for name in names)
    density = technology.defect_density(start, floor, state.wafers_made, reference, learning)
    dies = technology.cards_per_wafer(p, now, state.wafers_made)
    chosen = np.take_along_axis(dies, state.node, axis=0)
    line = technology.Card(state.node, state.memory, state.architecture, state.has_product)
    even = np.full((len(p.vendors), len(p.segments), 2), 1 / len(p.segments))
    offers = shelf(p, now, state, state.price, even, 0 * even)
    choice, terms, index = choice_and_index(p, now, offers)
    compute, bandwidth, power = hardware(p, now, state)
    spillover, own = p.technology.experience_spillover, state.cumulative
    owned = demand.card_cost_of_ownership(p, now, offers.price, offers.power)[vendor, 0]
    time, maturity = offers.time_per_token[vendor, segment, 0], offers.maturity[vendor, segment, 0]
    found = {
        "defect density": density[node, 0],
        "yield": dies[node, 0] / (p.of_nodes("gross_dies") * p.of_nodes("packaging_yield"))[node, 0],
        "good dies per wafer": dies[node, 0],
        "experience": (own + spillover * (state.industry_output - own))[vendor, 0],
        "unit cost": technology.unit_cost(p, now, state, chosen, line)[vendor, 0],
        "compute": compute[vendor, 0],
        "bandwidth": bandwidth[vendor, 0],
        "power": power[vendor, 0],
        "time per token": time,
        "maturity": maturity,
        "cost of ownership": owned,
        "cost of work": owned * time * p.technology.untuned_share ** (maturity - 1),
        "utility": demand.sum_of_terms(terms)[vendor, segment, 0],
        "share by choice": choice[vendor, segment, 0],
        "cost index": index[segment, 0],
    }
    return {name: f"{value:.4g}" for name, value in found.items()}


def test_values_and_sources_are_those_of_the_default_scenario():
    assert_same_cells("values of the default scenario", parameter_rows(), default_cells())


@pytest.mark.parametrize("heading", default_tables())
def test_the_default_scenario_is_documented_in_full(heading: str):
    key, rows = default_tables()[heading]
    assert_same_cells(heading, documented(heading, key), rows)


def test_the_card_worked_through_has_the_figures_of_the_code():
    expected = {name: {"value": value} for name, value in worked_example().items()}
    assert_same_cells("worked example", documented("A card worked through", "quantity"), expected)
