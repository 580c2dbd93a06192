"""More firms than a scenario has: its largest vendors divided into equal parts, so that many teams can play.

Nothing is invented: what a vendor has of cards, capacity, money, costs and installed cards is shared out, and the
industry as a whole starts as in the scenario. What does not divide (a tape-out costs a small firm what it costs a
large one) is the economics of scale that such a market shows.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from marketsim.scenario.schema import Scenario, Title, Vendor

AMOUNTS = ("stock", "installed", "cash", "debt", "overhead", "rnd_base", "parent_support")
"""Figures of a vendor that its parts share."""


def divided(world: Scenario, firms: int) -> Scenario:
    """The scenario with so many named domestic vendors; unchanged if it has as many.

    The parts of `acme` are `acme` itself and `acme-b`, `acme-c` ... of equal size, side by side in the order of the
    file. The next part is always taken from the vendor whose parts have the most cash: d'Hondt's rule, by which cash is
    as even as it can be.
    """
    parts = dict.fromkeys(world.vendors, 1)
    while sum(parts.values()) < firms:
        largest = max(parts, key=lambda name: world.vendors[name].cash / (parts[name] + 1))
        parts[largest] += 1
    return world.model_copy(update={"vendors": _all_parts(world.vendors, parts)})


def _all_parts(vendors: Mapping[str, Vendor], parts: Mapping[str, int]) -> dict[str, Vendor]:
    found: dict[str, Vendor] = {}
    for name, vendor in vendors.items():
        for number in range(parts[name]):
            found[name if number == 0 else f"{name}-{_letter(number)}"] = _part(vendor, number, parts[name])
    return found


def _part(vendor: Vendor, number: int, parts: int) -> Vendor:
    if parts == 1:
        return vendor
    shares: dict[str, Any] = {name: getattr(vendor, name) / parts for name in AMOUNTS}
    letter = _letter(number).upper()
    return vendor.model_copy(
        update={
            **shares,
            "title": Title(en=f"{vendor.title.en} {letter}", zh=f"{vendor.title.zh}{letter}"),
            "in_process": [cards / parts for cards in vendor.in_process],
            "contracts": {node: wafers / parts for node, wafers in vendor.contracts.items()},
        }
    )


def _letter(number: int) -> str:
    """a, b, ... z, aa, ab ..."""
    letters = ""
    number += 1
    while number:
        number, rest = divmod(number - 1, 26)
        letters = chr(ord("a") + rest) + letters
    return letters
