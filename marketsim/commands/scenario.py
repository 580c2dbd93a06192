"""`marketsim scenario`: list, show, validate and begin scenarios."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from rich.console import Console, RenderableType
    from rich.table import Table

    from marketsim.scenario.library import LoadedScenario
    from marketsim.scenario.schema import Scenario
    from marketsim.scenario.vocabulary import Words

app = typer.Typer(help="List, show, validate and begin scenarios.", no_args_is_help=True, rich_markup_mode=None)

DEFAULT = "china-ai-chips"
_NEW = """\
# A scenario of your own: only what differs from the one that it extends.
#
#   marketsim scenario show {shown} --yaml    all that can be changed
#   marketsim scenario validate {name}.yaml
#   marketsim run {name}.yaml
#
extends: {base}
name: {quoted}
title: {{en: {quoted}, zh: {quoted}}}

# Mappings are merged key by key, and a key set to null is taken out. A list
# and a path over time, such as {{2025Q1: 1, 2027Q1: 2}}, are replaced as a
# whole. Examples, which count once the # before them is gone:
#
# finance:
#   climate:
#     value: {{2025Q1: 1.2, 2027Q1: 0.5}}
#     source: assumption
#     note: investors lose interest in 2027
# policy:
#   electricity_discount: {{2025Q1: 0, 2026Q1: 0.5}}
# policies:
#   subsidy: {{purchase_subsidy: {{2025Q1: 0, 2026Q1: 0.1}}}}
"""

Scenarios = Annotated[list[str], typer.Argument(metavar="SCENARIO", help="Names of the library or paths of files.")]
Name = Annotated[str, typer.Argument(metavar="SCENARIO", help="A name of the library or the path of a file.")]
NewName = Annotated[str, typer.Argument(metavar="NAME", help="Name of the new scenario, such as my-world.")]
Base = Annotated[str, typer.Option("--from", metavar="SCENARIO", help="The scenario that it changes.")]
Overrides = Annotated[list[str] | None, typer.Option("--set", metavar="PATH=VALUE", help="Change a value, repeatable.")]


def load(name: str, overrides: list[str] | None = None) -> LoadedScenario:
    """A scenario whose strategies are known to exist."""
    from agents.strategies import registry
    from marketsim.scenario import library

    return library.load(name, overrides, registry.names())


@app.command("list")
def list_scenarios() -> None:
    """List the scenarios that come with the program."""
    from marketsim.errors import ScenarioError, counted
    from marketsim.scenario import library

    names = library.names()
    for name in names:
        try:
            about = library.load(name).scenario.title.en
        except ScenarioError as error:
            count = counted(len(error.problems), "problem")
            about = f"cannot be used: {count}, see `marketsim scenario validate {name}`"
        typer.echo(f"{name:<{max(map(len, names))}}  {about}")


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
        typer.echo(yaml.safe_dump(plain(loaded.tree), sort_keys=False, allow_unicode=True, width=80), nl=False)
    elif sources:
        from marketsim.commands.sources import lines

        typer.echo("\n".join(lines(loaded.tree)))  # unbroken, so that addresses can be copied
    else:
        from marketsim.commands.layout import console
        from marketsim.commands.layout import show as print_parts

        on = console()
        print_parts(_summary(loaded, on), on)


@app.command()
def validate(names: Scenarios) -> None:
    """Check scenario files and say everything that is wrong with them."""
    from marketsim.errors import ScenarioError, counted, printable
    from marketsim.scenario.vocabulary import Words

    failed = 0
    for name in names:
        try:
            world = load(name).scenario
        except ScenarioError as error:
            typer.echo("\n" * bool(failed) + f"{printable(name, 400)}: {error}", err=True)
            failed += 1
        else:
            parts = (counted(len(world.vendors), "vendor"), counted(len(world.segments), "segment"))
            held = Words(world.vocabulary).text(f"{', '.join(parts)}, {counted(world.quarters, 'quarter')}")
            typer.echo(f"{name}: valid ({held})")
    if failed:
        raise typer.Exit(1)


@app.command()
def new(name: NewName, base: Base = DEFAULT) -> None:
    """Begin a scenario in the file NAME.yaml of this folder."""
    import re
    import shlex

    from marketsim.errors import MarketSimError, printable
    from marketsim.scenario import library

    name = name.removesuffix(".yaml")
    if not re.fullmatch(r"[a-z0-9][a-z0-9-]{0,39}", name):
        raise typer.BadParameter(f"{printable(name)!r} is not a name of a-z, 0-9 and -, at most 40 characters")
    if name in library.names():
        raise typer.BadParameter(f"{name!r} is the name of a scenario of the library, choose another")
    load(base)
    path = Path(f"{name}.yaml")
    text = _NEW.format(name=name, shown=shlex.quote(base), quoted=_as_yaml(name), base=_as_yaml(base))
    try:
        with path.open("x", encoding="utf-8") as stream:
            stream.write(text)
    except FileExistsError:
        raise MarketSimError(f"{path} exists already and is left as it is") from None
    except OSError as error:
        raise MarketSimError(f"{path} cannot be written: {error.strerror}") from None
    typer.echo(f"{path} written; how to go on stands in it")


@app.command()
def schema() -> None:
    """Print the JSON schema of scenario files, for editors."""
    import json

    from marketsim.scenario.json_schema import scenario_json_schema

    typer.echo(json.dumps(scenario_json_schema(), indent=1, ensure_ascii=False))


def _as_yaml(text: str) -> str:
    """The text as YAML that is read as this text: in quotes where they are needed."""
    import json
    import re

    from marketsim.scenario.source import scalar

    simple = re.fullmatch("[A-Za-z0-9._/][A-Za-z0-9._/-]*", text) and scalar(text) == text
    return text if simple else json.dumps(text, ensure_ascii=False)


def _summary(loaded: LoadedScenario, on: Console) -> Iterator[RenderableType]:
    from marketsim.commands.layout import fitting, title
    from marketsim.commands.sources import counts
    from marketsim.errors import counted
    from marketsim.scenario.vocabulary import Words

    world = loaded.scenario
    words = Words(world.vocabulary)
    yield f"{world.name}: {world.title.en}\n{world.description.en.strip()}"
    files = ", which extends ".join(map(str, loaded.files))
    yield f"\n{counted(world.quarters, 'quarter')} from {world.start}, written in {files}"
    yield title(words.text("Domestic vendors at the start" if world.foreign else "Vendors at the start"))
    yield fitting(on, _vendors(world, words))
    yield title("Buyers")
    yield fitting(on, _segments(world, words))
    others: dict[str, Mapping[str, object]] = {
        "foreign suppliers": world.foreign,
        "kinds of entrants": world.entrants,
        "nodes": world.nodes,
        "memories": world.memories,
        "model families": world.families,
        "policies": world.policies,
    }
    yield ""
    yield from (f"{words.text(label)}: {', '.join(keys) or 'none'}" for label, keys in others.items())
    yield f"events: {len(world.events)}"
    yield f"figures: {counts(loaded.tree)}; --sources lists them"


def _vendors(world: Scenario, words: Words) -> Iterator[Callable[[], Table]]:
    vendors = world.vendors.values()
    names = {"name": [vendor.title.en for vendor in vendors]}
    texts = {
        "strategy": [vendor.strategy for vendor in vendors],
        "node": [vendor.product.node for vendor in vendors],
        "memory": [vendor.product.memory for vendor in vendors],
    }
    figures = {
        "price,\nkrmb": [vendor.price for vendor in vendors],
        "cash,\nrmb_m": [vendor.cash for vendor in vendors],
        "installed,\nk cards": [vendor.installed for vendor in vendors],
    }
    return _with_and_without_names(words, {"vendor": list(world.vendors)}, names, texts, figures)


def _segments(world: Scenario, words: Words) -> Iterator[Callable[[], Table]]:
    segments = world.segments.values()
    names = {"name": [segment.title.en for segment in segments]}
    figures = {
        "spend at first,\nrmb_m/quarter": [segment.spend[min(segment.spend)] for segment in segments],
        "training,\nshare": [segment.training for segment in segments],
        "price\nsensitivity": [segment.price_sensitivity for segment in segments],
        "lock-in": [segment.lock_in for segment in segments],
    }
    return _with_and_without_names(words, {"segment": list(world.segments)}, names, {}, figures)


Texts = Mapping[str, Sequence[str]]
Figures = Mapping[str, Sequence[float]]


def _with_and_without_names(
    words: Words, keys: Texts, names: Texts, texts: Texts, figures: Figures
) -> Iterator[Callable[[], Table]]:
    """A table, and for narrow terminals one without the names, which the keys tell as well."""
    yield lambda: _table(words, {**keys, **names, **texts}, figures)
    yield lambda: _table(words, {**keys, **texts}, figures)


def _table(words: Words, texts: Texts, figures: Figures) -> Table:
    """Columns of text and, to their right, columns of figures, by heading."""
    from marketsim.commands.layout import ruled

    table = ruled()
    for heading in texts:
        table.add_column(words.text(heading))
    for heading in figures:
        table.add_column(words.text(heading), justify="right")
    columns = [*texts.values(), *([f"{value:,g}" for value in column] for column in figures.values())]
    for row in zip(*columns, strict=True):
        table.add_row(*row)
    return table
