"""More firms than a scenario has: its largest vendors divided into equal parts, so that many teams can play.

Nothing is invented: what a vendor has of cards, capacity, money, costs and installed cards is shared out, and the
industry as a whole starts as in the scenario. What does not divide (a tape-out costs a small firm what it costs a
large one) is the economics of scale that such a market shows.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import count, islice
from typing import Any

from marketsim.scenario.schema import Scenario, Title, Vendor

AMOUNTS = ("stock", "installed", "cash", "debt", "overhead", "rnd_base", "parent_support")
"""Figures of a vendor that its parts share."""
LONGEST = 40
"""Characters of an identifier."""


def divided(world: Scenario, firms: int) -> Scenario:
    """The scenario with so many named domestic vendors; unchanged if it has as many.

    The parts of `acme` are `acme` itself and `acme-b`, `acme-c` ... of equal size, side by side in the order of the
    file; a letter whose name is taken is left out. The next part is always taken from the vendor whose parts have the
    most cash: d'Hondt's rule, by which cash is as even as it can be.
    """
    parts = dict.fromkeys(world.vendors, 1)
    while sum(parts.values()) < firms:
        largest = max(parts, key=lambda name: (world.vendors[name].cash / (parts[name] + 1), -parts[name]))
        parts[largest] += 1
    return world.model_copy(update={"vendors": dict(_all_parts(world, parts))})


def _all_parts(world: Scenario, parts: Mapping[str, int]) -> Iterator[tuple[str, Vendor]]:
    slots = (f"{name}-{number + 1}" for name, entrant in world.entrants.items() for number in range(entrant.slots))
    taken = {*world.vendors, *world.foreign, *slots}
    for name, vendor in world.vendors.items():
        yield name, vendor if parts[name] == 1 else _part(vendor, "A", parts[name])
        named = ((_name(name, letter), letter) for letter in map(_letter, count(1)))
        free = ((own, letter) for own, letter in named if own not in taken)
        for own, letter in islice(free, parts[name] - 1):
            taken.add(own)
            yield own, _part(vendor, letter.upper(), parts[name])


def _part(vendor: Vendor, letter: str, parts: int) -> Vendor:
    shares: dict[str, Any] = {name: getattr(vendor, name) / parts for name in AMOUNTS}
    return vendor.model_copy(
        update={
            **shares,
            "title": Title(en=f"{vendor.title.en} {letter}", zh=f"{vendor.title.zh}{letter}"),
            "in_process": [cards / parts for cards in vendor.in_process],
            "contracts": {node: wafers / parts for node, wafers in vendor.contracts.items()},
        }
    )


def _name(whole: str, letter: str) -> str:
    """Of a part, no longer than an identifier can be."""
    return f"{whole[: LONGEST - 1 - len(letter)]}-{letter}"


def _letter(number: int) -> str:
    """a, b, ... z, aa, ab ..."""
    letters = ""
    number += 1
    while number:
        number, rest = divmod(number - 1, 26)
        letters = chr(ord("a") + rest) + letters
    return letters
