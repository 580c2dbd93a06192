"""`marketsim strategies`: who can play a vendor."""

from __future__ import annotations

import typer


def strategies() -> None:
    """List the strategies that can play a vendor, those of other packages included."""
    from agents.strategies import registry

    for found in registry.describe():
        about = found.problem or found.summary.partition("\n")[0]
        package = "" if found.package == "marketsim" else f" ({found.package})"
        typer.echo(f"{found.name:<22}{found.title['en']:<24}{about}{package}")
