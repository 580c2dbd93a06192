"""Policy levers in words: what each is called, what it may be, and what it is now."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

from agents.game.view import GameView
from marketsim.scenario.schema import Policy
from tui.speech import N_, Speech

TITLES = {
    "purchase_subsidy": N_("Purchase subsidy, share of the price"),
    "electricity_discount": N_("Electricity discount"),
    "domestic_content": N_("Must buy domestic"),
    "demand_support": N_("Public money for buyers, factor"),
    "import_ceiling": N_("Import ceiling, factor"),
    "import_tariff": N_("Import tariff"),
    "export_control": N_("Export control, loss of capacity and yield"),
    "foundry_priority": N_("Foundry priority"),
    "capacity_subsidy": N_("Capacity subsidy, share of the cost"),
    "guidance_fund": N_("Guidance fund, RMB m a quarter"),
    "guidance_targeting": N_("Guidance fund by market share"),
    "listing_window": N_("Chance to be listed"),
    "local_support": N_("Local support for failing vendors"),
    "shared_stack": N_("Shared software stack"),
    "joint_procurement": N_("Joint procurement"),
    "merger_approval": N_("Chance that a takeover is approved"),
}
"""Titles of the policy levers of `marketsim.scenario.schema.Policy`."""

UNBOUNDED = 1e9
"""What the schema sets as the largest amount of anything."""


@dataclass(frozen=True, slots=True)
class Lever:
    """A policy lever: its name in the rules, its title, the least and most that it may be, and what it is now."""

    name: str
    title: str
    low: float
    high: float
    now: float

    def allowed(self, speech: Speech) -> str:
        """What it may be, in words."""
        if self.high >= UNBOUNDED:
            return speech.say("{low} or more", low=number(self.low))
        return speech.say("{low} to {high}", low=number(self.low), high=number(self.high))


def number(value: float) -> str:
    """As it can be typed."""
    return f"{value:g}"


def levers_of(game: GameView, speech: Speech) -> Iterator[Lever]:
    """All levers of a market, with those that each segment has of its own."""
    for name, now in game.now.levers.items():
        lever, _, segment = name.partition(".")
        title = speech.say(TITLES[lever])
        if segment:
            title = f"{title}: {speech.title(game.world.segments[segment].title)}"
        low, high = _bounds()[lever]
        yield Lever(name, title, low, high, float(now))


@cache
def _bounds() -> dict[str, tuple[float, float]]:
    """The least and the most that each lever may be, as the schema has it."""
    found = {}
    for name, field in Policy.model_json_schema()["properties"].items():
        number: dict[str, Any] = field
        while "minimum" not in number:  # by segment, by quarter
            number = number.get("additionalProperties") or next(iter(number["patternProperties"].values()))
        found[name] = float(number["minimum"]), float(number["maximum"])
    return found
