"""Hints for the first quarters: small rules on what is going on, one hint at a time, never in the way.

A hint goes when what it asks for has been done, or when it is dismissed; none comes back in the same game.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from agents.strategies.outlook import Outlook
from tui.speech import N_

if TYPE_CHECKING:
    from tui.sitting import Sitting

QUARTERS = 6
"""Quarters with hints."""

SHORT_RUNWAY = 3.0
"""Quarters of money below which one should think again."""

PILE = 1.0
"""Cards in stock over those sold in the quarter, from which they pile up."""

UNSERVED = 1.25
"""Orders over cards sold, from which many buyers went away empty-handed."""

OUTDATED = 0.6
"""Speed of the own card over that of the best domestic one, below which it is too old."""

AMPLE_RUNWAY = 8.0
"""Quarters of money with which one need not ask for more."""

Condition = Callable[["Sitting", str], bool]
"""Of the session and the name of the screen, a key of `tui.game_app.VIEWS`."""


@dataclass(frozen=True, slots=True)
class Hint:
    """A line of advice; its text is marked with N_.

    when: it fits.  done: what it asks for has been done, whether it was shown or not; without, it is done once it was
    shown and no longer fits.
    """

    name: str
    text: str
    when: Condition
    done: Condition | None = None


def _quarters(session: Sitting) -> int:
    return len(session.game.turns)


def _first(session: Sitting) -> bool:
    return not session.game.turns


def _unchanged(session: Sitting) -> bool:
    return session.draft == session.game.held()


def _price_kept(session: Sitting) -> bool:
    return session.draft is not None and session.draft.price == session.game.held().price


def _runway(session: Sitting) -> float:
    return float(Outlook(session.game.observation).runway[0, 0])


def _designs(session: Sitting) -> bool:
    """A product is in design, or is to be started."""
    asked = session.draft is not None and session.draft.start_product
    return asked or bool(session.game.state.next_quarters[session.game.seat, 0])


def _asked(session: Sitting, path: str) -> bool:
    """Something was asked for in an earlier plan or in the draft.  path: `funds`, or `capacity` of any node."""
    plans = [plan for plan in (*session.game.plans, session.draft) if plan is not None]
    if path == "capacity":
        return any(amount > 0 for plan in plans for amount in plan.capacity.values())
    return any(float(plan.value(path)) > 0 for plan in plans)


def _piling_up(session: Sitting) -> bool:
    state, seat = session.game.state, session.game.seat
    return bool(session.game.turns) and bool(state.stock[seat, 0] > PILE * state.sold[seat, 0])


def _unserved(session: Sitting) -> bool:
    state, seat = session.game.state, session.game.seat
    return bool(session.game.turns) and bool(state.orders[seat, 0] > UNSERVED * state.sold[seat, 0])


def _outdated(session: Sitting) -> bool:
    """The own card is slow beside the best that is sold at home, and nothing better is on its way."""
    game, public = session.game, session.game.observation.public
    home = slice(0, game.parameters.domestic)
    speeds = np.where(public.sold[home, 0] > 0, public.throughput[home, 0], 0.0)
    return not _designs(session) and bool(public.throughput[game.seat, 0] < OUTDATED * speeds.max())


def _visit(screen: str) -> Condition:
    return lambda session, here: here == screen and not session.problems()


STATE = (
    Hint("error", N_("A value cannot be: beside the field stands what is allowed."),
         lambda session, here: bool(session.problems()) and here == "decide"),
    Hint("runway", N_("Money for less than three quarters: raise funds, or cut budgets."),
         lambda session, here: not _first(session) and _runway(session) < SHORT_RUNWAY),
    Hint("piling-up", N_("Cards pile up: lower the price, or run less of your capacity."),
         lambda session, here: _piling_up(session)),
    Hint("unserved", N_("Buyers ordered more than you had: ask for capacity, or raise prices."),
         lambda session, here: _unserved(session)),
    Hint("outdated", N_("Your card is slow beside the best: start a new product, press e."),
         lambda session, here: not _first(session) and _outdated(session)),
)  # fmt: skip
"""What needs attention, the most urgent first."""

GUIDE = (
    Hint("briefing", N_("Read this, then press 1 for the market; a would accept all advice."),
         lambda session, here: _first(session) and here == "briefing" and _unchanged(session),
         lambda session, here: here == "dashboard" or not _first(session)),
    Hint("form", N_("This is your market. Press e to open the form of the quarter."),
         lambda session, here: _first(session) and here == "dashboard" and _unchanged(session),
         lambda session, here: here == "decide" or not _first(session)),
    Hint("price", N_("Change the price with ← and →, and watch what it would bring."),
         lambda session, here: _first(session) and here == "decide" and _price_kept(session),
         lambda session, here: not _first(session) or not _price_kept(session)),
    Hint("end", N_("Satisfied? Space ends the quarter; until then u takes changes back."),
         lambda session, here: _first(session) and not _unchanged(session),
         lambda session, here: not _first(session)),
    Hint("news", N_("A quarter has passed. Press 8 for how it went, 1 for the market."),
         lambda session, here: _quarters(session) == 1 and here not in ("briefing", "decide"),
         lambda session, here: _quarters(session) > 1 or (_quarters(session) == 1 and here == "briefing")),
    Hint("why", N_("Your share has moved. Press 6 to see why, and what to do about it."),
         lambda session, here: _quarters(session) >= 2 and here not in ("why", "decide"),
         lambda session, here: _quarters(session) >= 2 and here == "why"),
    Hint("product", N_("A new product takes quarters: press 5 for what it would be."),
         lambda session, here: _quarters(session) >= 2 and not _designs(session)
         and here not in ("technology", "decide"),
         lambda session, here: _quarters(session) >= 2 and (_designs(session) or here == "technology")),
    Hint("capacity", N_("Capacity takes quarters to come: ask for it early, in the form."),
         lambda session, here: _quarters(session) >= 3 and not _asked(session, "capacity"),
         lambda session, here: _asked(session, "capacity")),
    Hint("funds", N_("Raise funds before you need them: a round may fail."),
         lambda session, here: _quarters(session) >= 4 and _runway(session) < AMPLE_RUNWAY,
         lambda session, here: _asked(session, "funds")),
)  # fmt: skip
"""The way through the first quarters, in order. Digits are typed in the form, so no hint there sends one elsewhere."""

VISITS = (
    Hint("on-why", N_("← → other vendors, [ ] quarters, Tab buyers; Enter acts on a line."),
         _visit("why")),
    Hint("on-rivals", N_("All that is public about rivals. Enter tells more about one of them."), _visit("rivals")),
    Hint("on-market", N_("Who buys, and what they value: find buyers that like what you have."), _visit("market")),
    Hint("on-technology", N_("What could be made, when and at which cost: plan products here."),
         _visit("technology")),
    Hint("on-shakeout", N_("Does this go the way of photovoltaics? The facts, side by side."),
         _visit("shakeout")),
    Hint("passed", N_("A quarter has passed. q goes back to the market; 8 there tells more."),
         lambda session, here: _quarters(session) == 1 and here == "decide" and not session.problems(),
         lambda session, here: _quarters(session) > 1 or (_quarters(session) == 1 and here != "decide")),
    Hint("on-decide", N_("? explains the field you are on; a fills in the adviser's plan."),
         lambda session, here: here == "decide" and _quarters(session) >= 1 and not session.problems()),
)  # fmt: skip
"""The first visit of a screen."""

HINTS = (*STATE, *GUIDE, *VISITS)


def next_hint(session: Sitting, screen: str, seen: Collection[str], hints: Sequence[Hint] = HINTS) -> Hint | None:
    """The hint for now, if there is one: the most important that fits.

    screen: its name in `tui.game_app.VIEWS`.  seen: names of hints that are not to be shown again.
    """
    if not session.plays or _quarters(session) >= QUARTERS:
        return None
    return next((hint for hint in hints if hint.name not in seen and hint.when(session, screen)), None)


@dataclass
class Tutor:
    """Remembers in one game which hints have had their day."""

    hints: Sequence[Hint] = HINTS
    seen: set[str] = field(default_factory=set)
    shown: Hint | None = None

    def hint(self, session: Sitting, screen: str) -> Hint | None:
        """The hint for now; what has been done since the last call is not said again."""
        if session.plays:
            self.seen |= {hint.name for hint in self.hints if hint.done is not None and hint.done(session, screen)}
            if self.shown is not None and self.shown.done is None and not self.shown.when(session, screen):
                self.seen.add(self.shown.name)
        self.shown = next_hint(session, screen, self.seen, self.hints)
        return self.shown

    def dismiss(self) -> None:
        """The hint that is shown has been read."""
        if self.shown is not None:
            self.seen.add(self.shown.name)
