"""What other people do in a game: the plans of vendors that they play, and what a facilitator makes happen."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any

import numpy as np
from pydantic import Field

from agents.game.plan import Plan
from marketsim.errors import listing
from marketsim.scenario.checks import lever_names, lever_violations
from marketsim.scenario.fields import Quarter, Section, quarter_index, quarter_name
from marketsim.scenario.parameters import Parameters, levers_over_time
from marketsim.scenario.policies import with_levers
from marketsim.scenario.schema import Event, Scenario, Title


class Intervention(Section):
    """An event or a policy that comes into a game from outside, as news with effects.

    quarter: from which it holds; none: from the quarter in which it is announced.  changes: policy levers that have
    another value from then on; dated events of the scenario may move them again, as they would anyway.
    levers: policy levers that follow a path from then on, whatever dated events say.
    """

    title: Title
    quarter: Quarter | None = None
    changes: Annotated[dict[str, Annotated[float, Field(ge=0, le=1e9)]], Field(max_length=60)] = Field(
        default_factory=dict
    )
    levers: Annotated[dict[str, dict[Quarter, float]], Field(max_length=60)] = Field(default_factory=dict)

    def problems(self, p: Parameters, now: int) -> list[tuple[str, str]]:
        """Fields that cannot be and what is allowed; empty if it can come.  now: index of the quarter to be played."""
        found, names = [], [each.name for each in p.conditions]
        if self.quarter is not None and self.quarter not in names[now:]:
            found.append(("quarter", f"from {names[now]} to {names[-1]}"))
        known = lever_names(p.scenario)
        for part, paths in (("changes", self.changes), ("levers", self.levers)):
            for lever, value in paths.items():
                if lever not in known:
                    found.append((f"{part}.{lever}", listing(known)))
                elif wrong := list(lever_violations((part, lever), lever, value, known)):
                    found.append((f"{part}.{lever}", wrong[0].allowed or wrong[0].message))
        return found

    def applied(self, world: Scenario, now: int) -> Scenario:
        """The world in which it happens; what has held before the quarter stays.  now: index of that quarter."""
        first = quarter_index(world.start)
        start = first + now if self.quarter is None else quarter_index(self.quarter)
        world = _with_paths(world, self.levers, start - first) if self.levers else world
        event = Event(quarter=quarter_name(start), title=self.title, changes=dict(self.changes))
        return world.model_copy(update={"events": [*world.events, event]})


@dataclass(frozen=True, slots=True)
class Others:
    """What others did in a quarter.

    plans: of the vendors that people played, by name; all others followed their strategies.  interventions: in order.
    strategies: who took another strategy in this quarter, and which; it stays until another one is taken.
    """

    plans: Mapping[str, Plan] = field(default_factory=dict)
    interventions: tuple[Intervention, ...] = ()
    strategies: Mapping[str, str] = field(default_factory=dict)


NOBODY = Others()


def _with_paths(world: Scenario, levers: Mapping[str, Mapping[str, float]], start: int) -> Scenario:
    """The world in which levers follow paths from a quarter on, and until then what they did.  start: its index."""
    quarters = np.arange(world.quarters) + quarter_index(world.start)
    before = levers_over_time(world, quarters)
    wished = levers_over_time(with_levers(world, levers), quarters)
    joined: dict[str, Any] = {
        lever: {
            quarter_name(int(quarter)): float((before if index < start else wished)[lever][index])
            for index, quarter in enumerate(quarters)
        }
        for lever in levers
    }
    return with_levers(world, joined)
