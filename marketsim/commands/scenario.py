"""`marketsim scenario`: list, show, validate and begin scenarios."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from rich.table import Table

    from marketsim.scenario.library import LoadedScenario
    from marketsim.scenario.source import Node, Provenance

app = typer.Typer(help="List, show, validate and begin scenarios.", no_args_is_help=True, rich_markup_mode=None)

DEFAULT = "china-ai-chips"
_PIPE_WIDTH = 160
_NEW = """\
# A scenario of your own: only what differs from the one that it extends.
# `marketsim scenario show {base}` says what that one holds, `marketsim scenario schema` gives editors the JSON schema.
extends: {base}
name: {name}
title: {{en: {name}, zh: {name}}}

# For example:
# policy:
#   electricity_discount: {{value: {{2025Q1: 0, 2026Q1: 0.5}}, source: "...", note: "..."}}
# A key set to null is taken out, a list is replaced as a whole.
"""

Scenarios = Annotated[list[str], typer.Argument(metavar="SCENARIO...", help="Names of the library or paths of files.")]
Name = Annotated[str, typer.Argument(metavar="SCENARIO", help="A name of the library or the path of a file.")]
Overrides = Annotated[list[str] | None, typer.Option("--set", metavar="PATH=VALUE", help="Change a value, repeatable.")]


def load(name: str, overrides: list[str] | None = None) -> LoadedScenario:
    """A scenario whose strategies are known to exist."""
    from agents.strategies import registry
    from marketsim.scenario import library

    return library.load(name, overrides, registry.names())


@app.command("list")
def list_scenarios() -> None:
    """List the scenarios that come with the program."""
    from marketsim.errors import ScenarioError
    from marketsim.scenario import library

    for name in library.names():
        try:
            about = library.load(name).scenario.title.en
        except ScenarioError as error:
            about = f"cannot be used: {len(error.problems)} problem(s), see `marketsim scenario validate {name}`"
        typer.echo(f"{name:<28}{about}")


@app.command()
def show(
    name: Name,
    sources: Annotated[bool, typer.Option("--sources", help="Show where each figure comes from.")] = False,
    as_yaml: Annotated[bool, typer.Option("--yaml", help="Show every value, with what it extends filled in.")] = False,
    overrides: Overrides = None,
) -> None:
    """Show what a scenario holds."""
    import yaml

    from marketsim.scenario.source import plain

    if sources and as_yaml:
        raise typer.BadParameter("choose one of --sources and --yaml")
    loaded = load(name, overrides)
    if as_yaml:
        typer.echo(yaml.safe_dump(plain(loaded.tree), sort_keys=False, allow_unicode=True, width=120), nl=False)
        return
    _print(_sources(loaded) if sources else _summary(loaded))


@app.command()
def validate(names: Scenarios) -> None:
    """Check scenario files and say everything that is wrong with them."""
    from marketsim.errors import ScenarioError

    failed = False
    for name in names:
        try:
            world = load(name).scenario
        except ScenarioError as error:
            failed = True
            typer.echo(f"{name}: {error}\n", err=True)
        else:
            parts = f"{len(world.vendors)} vendors, {len(world.segments)} segments, {world.quarters} quarters"
            typer.echo(f"{name}: valid ({parts})")
    if failed:
        raise typer.Exit(1)


@app.command()
def new(
    name: Annotated[str, typer.Argument(help="Name of the new scenario, such as my-world.")],
    base: Annotated[str, typer.Option("--from", metavar="SCENARIO", help="The scenario that it changes.")] = DEFAULT,
) -> None:
    """Begin a scenario in the file NAME.yaml of this folder."""
    import json
    import re

    from marketsim.errors import MarketSimError, printable

    if not re.fullmatch(r"[a-z0-9][a-z0-9-]{0,39}", name):
        raise typer.BadParameter(f"{printable(name)!r} is not a name of a-z, 0-9 and -, at most 40 characters")
    load(base)
    path = Path(f"{name}.yaml")
    try:
        with path.open("x", encoding="utf-8") as stream:
            stream.write(_NEW.format(name=json.dumps(name), base=json.dumps(base, ensure_ascii=False)))
    except FileExistsError:
        raise MarketSimError(f"{path} exists already and is left as it is") from None
    except OSError as error:
        raise MarketSimError(f"{path} cannot be written: {error.strerror}") from None
    typer.echo(f"{path} written; check it with: marketsim scenario validate {path}")


@app.command()
def schema() -> None:
    """Print the JSON schema of scenario files, for editors."""
    import json

    from marketsim.scenario.json_schema import scenario_json_schema

    typer.echo(json.dumps(scenario_json_schema(), indent=2, ensure_ascii=False))


def _print(parts: Iterator[Table | str] | Iterator[str]) -> None:
    from rich.console import Console

    console = Console(highlight=False, markup=False)
    if not console.is_terminal:
        console = Console(width=_PIPE_WIDTH, highlight=False, markup=False)
    for part in parts:  # text is left unbroken, so that addresses can be copied
        console.print(part, soft_wrap=isinstance(part, str))


def _table(*columns: str) -> Table:
    from rich import box
    from rich.table import Table

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for column in columns:
        table.add_column(column, overflow="fold")
    return table


def _summary(loaded: LoadedScenario) -> Iterator[Table | str]:
    world = loaded.scenario
    yield f"{world.name}: {world.title.en}\n{world.description.en.strip()}\n"
    yield f"{world.quarters} quarters from {world.start}; files: {', '.join(map(str, loaded.files))}"
    vendors = _table("vendor", "name", "strategy", "node", "memory", "krmb/card", "cash rmb_m", "installed k")
    for key, vendor in world.vendors.items():
        figures = (f"{vendor.price:,g}", f"{vendor.cash:,g}", f"{vendor.installed:,g}")
        vendors.add_row(key, vendor.title.en, vendor.strategy, vendor.product.node, vendor.product.memory, *figures)
    yield vendors
    segments = _table("segment", "name", "spend at the start rmb_m/quarter", "lock-in", "price sensitivity")
    for key, segment in world.segments.items():
        spend = segment.spend[min(segment.spend)]
        segments.add_row(key, segment.title.en, f"{spend:,g}", f"{segment.lock_in:g}", f"{segment.price_sensitivity:g}")
    yield segments
    others: dict[str, Mapping[str, object]] = {
        "nodes": world.nodes,
        "memories": world.memories,
        "model families": world.families,
        "foreign suppliers": world.foreign,
        "entrant types": world.entrants,
        "policies": world.policies,
    }
    yield "\n".join(f"{label}: {', '.join(keys) or 'none'}" for label, keys in others.items())
    yield f"events: {len(world.events)}; figures with a source or note: {len(loaded.provenance)} (--sources)"


def _sources(loaded: LoadedScenario) -> Iterator[str]:
    from marketsim.scenario.provenance import leaves

    for where, value, origin in _grouped(loaded.tree, ""):
        yield f"{where} = {value}" if value else where
        yield from (f"    {name}: {text}" for name, text in (("source", origin.source), ("note", origin.note)) if text)
    figures = [leaf for _, leaf in leaves(loaded.tree) if isinstance(leaf.value, (int, float))]
    known = [leaf.provenance.source for leaf in figures if leaf.provenance and leaf.provenance.source]
    assumed = sum(source.lower().startswith("assumption") for source in known)
    counts = f"{len(known) - assumed} with a source, {assumed} assumptions, {len(figures) - len(known)} with neither"
    yield f"{len(figures)} figures: {counts}"


def _grouped(node: Node, where: str) -> Iterator[tuple[str, str, Provenance]]:
    """Path, value and provenance; one row for a whole part whose leaves share their provenance."""
    from marketsim.scenario.problems import in_file
    from marketsim.scenario.provenance import leaves

    origins = {leaf.provenance for _, leaf in leaves(node)}
    if len(origins) == 1:
        origin = origins.pop()
        if origin is not None:
            value = "" if isinstance(node.value, (dict, list)) else in_file(node)
            yield where or "all", value, origin
        return
    for key, child in node.children():
        yield from _grouped(child, f"{where}.{key}" if where else str(key))
