"""What was worked out in the background about a game as it is now: kept, so that no screen works it out again."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from agents.game.debrief import WhatIf
    from agents.game.ladder import Rung
    from agents.game.shakeout import SincePeak, Stories


@dataclass
class Findings:
    """About a game after a quarter; when the next one ends, a session begins with none.

    Workers fill in the findings that they began with: who finishes too late changes nothing.

    path: of the market by quarters, and that of photovoltaics.  stories: how the game may end, in the futures played so
    far.  rungs: the strategies in the own seat, the best first.  suggested: the what-ifs that matter most; those found
    so far, until they are `complete`.  asked: those that the player asked for, the latest first.
    """

    path: tuple[SincePeak, SincePeak] | None = None
    stories: Stories | None = None
    rungs: list[Rung] | None = None
    suggested: list[WhatIf] = field(default_factory=list)
    complete: bool = False
    asked: list[WhatIf] = field(default_factory=list)
