"""`marketsim strategies`: who can play a vendor."""

from __future__ import annotations

import typer


def strategies() -> None:
    """List the strategies that can play a vendor, those of other packages included."""
    from agents.strategies import registry

    for name, title, about in registry.describe():
        typer.echo(f"{name:<24}{title['en']:<24}{about}")
