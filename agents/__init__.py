"""Who acts: strategies, the Mesa model and its agents."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from agents.model import MarketModel
    from agents.vendor import VendorAgent

__all__ = ["MarketModel", "VendorAgent"]


def __getattr__(name: str) -> Any:
    """Import Mesa, the largest part of a cold start, only when it is used."""
    if name == "MarketModel":
        from agents.model import MarketModel

        return MarketModel
    if name == "VendorAgent":
        from agents.vendor import VendorAgent

        return VendorAgent
    raise AttributeError(f"module 'agents' has no attribute '{name}'")
