"""All domestic vendors at once: each strategy decides once for all vendors that follow it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from agents.strategies.registry import get
from marketsim.decisions import Decision, stack
from marketsim.observation import Observation
from marketsim.state import Ints


class Team:
    """The strategies of the domestic slots, in slot order; foreign suppliers hold.

    names: strategy of each domestic slot, such as `Parameters.strategies`.
    """

    def __init__(self, names: Sequence[str]) -> None:
        self.names = list(names)
        slots = {name: [slot for slot, own in enumerate(self.names) if own == name] for name in self.names}
        self._groups = [(_compact(own), get(name)) for name, own in slots.items()]

    def decide(self, obs: Observation) -> Decision:
        """The decision of all vendors of the world, foreign suppliers included.  obs: of any vendors."""
        everybody = obs.of(slice(0, len(obs.world.vendors))).hold()
        return stack([(slots, strategy.decide(obs.of(slots))) for slots, strategy in self._groups], everybody)


def _compact(slots: list[int]) -> Ints | slice:
    """Slots at equal distances as a slice, which NumPy reads without copying."""
    step = slots[1] - slots[0] if len(slots) > 1 else 1
    if slots == list(range(slots[0], slots[-1] + 1, step)):
        return slice(slots[0], slots[-1] + 1, step)
    return np.array(slots)
