"""Everything that a client of a workshop loads, for the process from which they are forked; see `tui.web.nursery`."""

from __future__ import annotations

import gc
import os
from importlib import import_module

from tui.web.tab import TEXTUAL

os.environ.update(TEXTUAL)  # Textual reads it when it is imported
for _module in (
    *("tui.session", "tui.web.driver", "agents.workshop.team_view", "agents.game.forecast"),
    *("tui.workshop.team", "tui.workshop.console"),
    *(f"tui.screens.{name}" for name in ("briefing", "dashboard", "decide", "market", "rivals", "technology", "why")),
):
    import_module(_module)
gc.collect()
gc.freeze()  # or the collector would write to all that is shared
