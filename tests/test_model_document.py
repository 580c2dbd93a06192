"""The model document lists what the code has: its tables are compared with schema, state, decisions and rules."""

from __future__ import annotations

import html
import inspect
import pkgutil
import re
from collections.abc import Iterable, Iterator
from dataclasses import fields
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from typing import Annotated, Any

import pytest
from markdown_it import MarkdownIt
from pydantic import BaseModel, Field
from pydantic_core import PydanticUndefined

from agents.strategies.registry import BUILT_IN
from marketsim import rules
from marketsim.chance import Draws
from marketsim.decisions import Decision
from marketsim.market import Market
from marketsim.observation import Observation, PublicFacts
from marketsim.outcomes import METRICS
from marketsim.rules.demand import TERMS
from marketsim.rules.finance import CAUSES
from marketsim.scenario.fields import Amount, AmountPath, Positive, Share, SharePath
from marketsim.scenario.schema import Policy
from marketsim.state import MarketState, Outcome
from tests.model_document import (
    DOCUMENT,
    assert_same_cells,
    assert_same_names,
    documented,
    leaf_fields,
    parameter_rows,
    schema_bounds,
    schema_unit,
    text,
)
from tests.worlds import plain_world

# The scenario schema ----------------------------------------------------------------------------------------------


def test_every_parameter_is_documented_with_unit_and_bounds():
    expected = {n: {"unit": schema_unit(info), "bounds": schema_bounds(info)} for n, info in leaf_fields().items()}
    assert_same_cells("parameters", parameter_rows(), expected)


def test_every_parameter_has_a_meaning():
    empty = [name for name, row in parameter_rows().items() if len(row["meaning"]) < 4]
    assert not empty, f"docs/model.md: parameters without a meaning: {', '.join(empty)}"


def test_the_schema_is_walked_to_the_end():
    names = set(leaf_fields())
    assert {"nodes.gross_dies", "offers.supply", "product.node", "title.zh", "finance.climate"} <= names
    assert not {"vendors.product", "scenario.nodes"} & names
    assert leaf_fields()["vendors.price"].default is PydanticUndefined


class Bounded(BaseModel):
    """Fields of all kinds that the schema has."""

    amount: Amount
    size: Positive
    share: Share = 0.5
    weight: Annotated[float, Field(ge=-20, le=20)]
    part: Annotated[float, Field(ge=0, lt=0.9)]
    lead: Annotated[int, Field(ge=1, le=8)]
    path: SharePath
    maybe: AmountPath | None = None
    several: list[Annotated[float, Field(gt=0, le=50)]]
    by_name: dict[Annotated[str, Field(pattern="a")], Share]
    name: Annotated[str, Field(max_length=4)]
    flag: bool


def test_bounds_are_read_from_the_schema():
    assert {name: schema_bounds(info) for name, info in Bounded.model_fields.items()} == {
        "amount": "0 or more",
        "size": "above 0",
        "share": "0 to 1",
        "weight": "-20 to 20",
        "part": "0 to below 0.9",
        "lead": "1 to 8, whole",
        "path": "0 to 1",
        "maybe": "0 or more",
        "several": "above 0 to 50",
        "by_name": "0 to 1",
        "name": "-",
        "flag": "-",
    }


# What the code names ----------------------------------------------------------------------------------------------


@cache
def flow_names() -> list[str]:
    market = Market(plain_world(2), 0, range(2))
    return list(market.step(market.observe().of(slice(None)).hold()).flows)


def shown_by(view: type) -> list[str]:
    """What an instance of a class lets one read: its properties and other descriptors."""
    public = {name: value for name, value in vars(view).items() if not name.startswith("_")}
    return [name for name, value in public.items() if hasattr(value, "__get__") and not inspect.isfunction(value)]


def rule_functions() -> Iterator[str]:
    """Every public function of the rule book but the helpers that know nothing of markets."""
    for info in pkgutil.iter_modules(rules.__path__):
        module = import_module(f"{rules.__name__}.{info.name}")
        for name, value in vars(module).items():
            own = inspect.isfunction(value) and value.__module__ == module.__name__ and not name.startswith("_")
            if own and info.name != "arrays" and name != "changed_at":
                yield f"rules.{info.name}.{name}"


@pytest.mark.parametrize(
    ("heading", "key", "record", "columns"),
    [
        ("State of the market", "variable", MarketState, ("axes", "unit")),
        ("Outcome of a quarter", "variable", Outcome, ("axes", "unit")),
        ("What a vendor decides", "decision", Decision, ("axes", "unit", "low", "high")),
        ("Luck", "draw", Draws, ("axes", "unit")),
    ],
)
def test_arrays_are_documented(heading: str, key: str, record: type, columns: tuple[str, ...]):
    def told(value: Any) -> str:
        return (value or "-") if isinstance(value, str) else f"{value:g}"

    expected = {item.name: {column: told(item.metadata[column]) for column in columns} for item in fields(record)}
    assert_same_cells(heading, documented(heading, key), expected)


@pytest.mark.parametrize(
    ("heading", "key", "names"),
    [
        ("Choice", "term", TERMS),
        ("Causes of losses", "cause", CAUSES),
        ("Policy levers", "parameter", [f"policy.{lever}" for lever in Policy.model_fields]),
        ("Cash flows", "flow", flow_names()),
        ("What a vendor knows", "own", shown_by(Observation)),
        ("What a vendor knows", "public", shown_by(PublicFacts)),
        ("How vendors decide", "strategy", list(BUILT_IN)),
    ],
)
def test_names_are_documented_in_the_order_of_the_code(heading: str, key: str, names: Iterable[str]):
    assert_same_names(heading, documented(heading, key), names)
    assert list(documented(heading, key)) == list(names)


def test_every_yearly_outcome_is_documented_with_its_unit():
    expected = {name: {"unit": unit} for name, unit in METRICS.items()}
    assert_same_cells("outcomes", documented("Yearly outcomes", "outcome"), expected)


def test_every_rule_is_named():
    unnamed = [name for name in rule_functions() if f"`{name}`" not in text()]
    assert not unnamed, f"docs/model.md does not name {', '.join(unnamed)}"


PARTS = r"agents|attribution|chance|decisions|observation|outcomes|records|rules|state|scenario\.[a-z_]+"


def test_what_is_named_exists():
    named = re.findall(rf"`((?:{PARTS})\.[\w.]+)`", text())
    lost = [name for name in named if not exists(name if name.startswith("agents.") else f"marketsim.{name}")]
    assert named and not lost, f"docs/model.md: there is no {', '.join(lost)}"


def exists(name: str) -> bool:
    module, _, attribute = name.rpartition(".")
    return find_spec(module) is not None and (hasattr(import_module(module), attribute) or find_spec(name) is not None)


# How it is written ------------------------------------------------------------------------------------------------


def formulas(written: str) -> list[str]:
    """All formulas of a text, displayed ones first."""
    block = re.compile(r"\$\$\n(.*?)\n\$\$", flags=re.DOTALL)
    return block.findall(written) + [
        part for line in block.sub("", written).splitlines() for part in line.split("$")[1::2]
    ]


def as_markdown_shows(written: str) -> str:
    """The text that is left when Markdown, which on GitHub knows nothing of formulas, has had its way with it."""
    shown = MarkdownIt("commonmark").enable("table").render(written)
    return html.unescape(re.sub(r"<[^>]+>", "", shown))


def test_formulas_survive_markdown():
    found = formulas(text())
    assert len(found) > 200
    assert formulas(as_markdown_shows(text())) == found


@pytest.mark.parametrize("formula", [r"$\bar{x}_{v} + \bar{y}_{v}$", r"$\{x\}$", "$[x](y)$", "$a <b> c$"])
def test_formulas_that_do_not_survive_are_seen(formula: str):
    assert formulas(as_markdown_shows(f"so {formula} is")) != formulas(formula)


def beside_formulas(line: str) -> list[str]:
    """The signs before and after each formula within a line."""
    parts = line.split("$")
    return [parts[i - 1][-1:] + parts[i + 1][:1] for i in range(1, len(parts) - 1, 2)]


def test_formulas_are_whole_and_stand_apart():
    """GitHub shows no formula that begins or ends with a space, or is glued to a word, and knows no operatorname."""
    found = formulas(text())
    torn = [formula for formula in found if formula.count("{") != formula.count("}") or "operatorname" in formula]
    loose = [formula for formula in found if formula != formula.strip()]
    lines = [line for line in text().splitlines() if line != "$$"]
    glued = [line for line in lines if re.search(r"[\w-]", "".join(beside_formulas(line)))]
    assert not torn + loose + glued


def test_links_lead_somewhere():
    titles = [line.lstrip("# ").lower() for line in text().splitlines() if line.startswith("#")]
    anchors = {re.sub(r"[^\w -]", "", title).replace(" ", "-") for title in titles}
    targets = re.findall(r"\]\(([^)]+)\)", text())
    lost = [to for to in targets if not (to[1:] in anchors if to.startswith("#") else (DOCUMENT.parent / to).exists())]
    assert targets and not lost


# The comparison itself --------------------------------------------------------------------------------------------


def test_the_message_names_what_is_missing_extra_or_different():
    with pytest.raises(AssertionError, match=r"not documented: nodes\.power"):
        assert_same_names("parameters", ["nodes.compute"], ["nodes.compute", "nodes.power"])
    with pytest.raises(AssertionError, match=r"not in the code: nodes\.colour"):
        assert_same_names("parameters", ["nodes.colour"], [])
    with pytest.raises(AssertionError, match=r"nodes\.power: unit should read 'W', not 'kW'"):
        assert_same_cells("parameters", {"nodes.power": {"unit": "kW"}}, {"nodes.power": {"unit": "W"}})
