"""What of a plan cannot be done, in words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tui.fields import Field, written
from tui.speech import N_, Speech

if TYPE_CHECKING:
    from agents.game.cuts import Cut, Reason

REASONS: dict[Reason, str] = {
    "money": N_("cannot be paid"),
    "memory": N_("memory is short"),
    "foundry": N_("the foundry gives less"),
    "contract": N_("contracts bind"),
    "design": N_("another product is in design"),
    "investors": N_("investors may not close"),
}


def warning(cut: Cut, field: Field, speech: Speech) -> str:
    """Why a field will not be done as it stands, and what is left of it."""
    reason = speech.say(REASONS[cut.reason])
    if cut.reason in ("design", "investors") or field.kind == "flag":
        return speech.say("{reason} ({chance} of cases)", reason=reason, chance=f"{100 * cut.chance:.0f}%")
    return speech.say("{reason}: about {left}", reason=reason, left=written(field, _rounded(cut.done)))


def _rounded(value: float) -> float:
    return float(f"{value:.2g}")
