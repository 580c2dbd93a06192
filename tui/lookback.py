"""Looking back in words: what the score is made of, the quarters that mattered, and what would have been."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from agents.game.advice import Change, Value
from agents.game.debrief import TurningPoint, WhatIf, weightiest
from agents.game.ladder import Rung, ladder, rank
from agents.game.score import Score, score
from agents.game.view import GameView
from agents.strategies import get
from tui.fields import UNITS, Field, fields_of, written
from tui.news import MARKS, told
from tui.roster import Roster
from tui.speech import N_, Speech
from tui.widgets.bars import Bar

TERMS = {
    "cash": N_("Cash"),
    "debt": N_("Debt"),
    "cards": N_("Cards, at cost"),
    "business": N_("5 × profit"),
    "creditors": N_("Creditors' loss"),
    "others": N_("Others' shares"),
}
"""The terms of a score in a few words; in full they stand in `agents.game.score.TERMS`."""

NAMES = {
    "price": N_("price"),
    "capacity": N_("capacity {part}"),
    "premium": N_("prepayment"),
    "run_share": N_("capacity run"),
    "start_product": N_("new product"),
    "product_node": N_("node of the next product"),
    "product_memory": N_("memory of the next product"),
    "research": N_("research"),
    "adaptation": N_("adaptation"),
    "adaptation_split": N_("adaptation for {part}"),
    "service": N_("service"),
    "focus": N_("effort for {part}"),
    "funds": N_("funds to raise"),
    "bid": N_("bid"),
}
"""Fields of the form within a sentence."""


NOTHING = 0.5
"""rmb_m that are not worth a line."""


# Score ------------------------------------------------------------------------------------------------------------


def own_score(game: GameView) -> Score:
    """The player's score as of now.  There must have been a quarter."""
    return score(game.trace, game.state, game.seat).of(0)


def worth(game: GameView) -> float:
    """What the founders' shares are worth, rmb_m: what what-ifs are measured by."""
    return float(own_score(game).value)


def ladder_of(game: GameView) -> list[Rung]:
    """The strategies in the player's seat over as many quarters as were played; a failed firm lasts to the end."""
    quarters = len(game.turns) if game.alive else game.world.quarters
    return ladder(game.setup.model_copy(update={"quarters": quarters}))


def score_bars(own: Score, speech: Speech) -> tuple[list[Bar], Bar]:
    """The terms that are not 0, rmb_m, and what they add up to."""
    return term_bars({name: float(value) for name, value in own.terms.items()}, float(own.value), speech)


def term_bars(terms: Mapping[str, float], value: float, speech: Speech) -> tuple[list[Bar], Bar]:
    """Terms of a score by name, rmb_m, as `score_bars`.  value: their sum."""
    bars = [Bar(speech.say(TERMS[name]), value) for name, value in terms.items() if abs(value) >= NOTHING]
    return bars, Bar(speech.say("For founders"), value, own=True)


def ladder_bars(own: Score, rungs: Sequence[Rung], name: str, speech: Speech, room: int) -> list[Bar]:
    """The strategies and the player by rank, the best first; where there is no room for all, the player's neighbours.

    name: of the player's vendor.
    """
    place, digits = rank(own, rungs) - 1, len(str(len(rungs) + 1))
    bars = [
        Bar(
            f"{number + 1 + (number >= place):>{digits}} {speech.title(get(rung.strategy).title)}",
            float(rung.score.value),
        )
        for number, rung in enumerate(rungs)
    ]
    bars.insert(place, Bar(f"{place + 1:>{digits}} {name}", float(own.value), own=True))
    if len(bars) <= room:
        return bars
    rest = max(room - 1, 1)  # the best, then those around the player
    first = min(max(place - rest // 2, 1), len(bars) - rest)
    return [bars[0], *bars[first : first + rest]]


# Turning points ---------------------------------------------------------------------------------------------------


def point_line(point: TurningPoint, game: GameView, roster: Roster, speech: Speech) -> tuple[str, str]:
    """A quarter that mattered: what changed; what was decided and what happened, the weightiest first."""
    changed = speech.say(
        "share {points}, net cash {money}", points=speech.points(point.share), money=speech.money(point.worth, "+")
    )
    fields = {field.path: field for field in fields_of(game.world, speech)}
    decided = [decided_text(change, fields[change.path], speech) for change in weightiest(point.decided)]
    news = [item for item in point.news if item.kind != "price"]
    own, others = (
        [
            f"{MARKS[item.kind]} {told(item, game, roster, speech)}"
            for item in news
            if (item.vendor == game.seat) is mine
        ]
        for mine in (True, False)
    )
    return changed, speech.say("; ").join([*own, *decided[:2], *others[:1]])


def decided_text(change: Change, field: Field, speech: Speech) -> str:
    """A change of the plan: what it was, what it became."""
    if isinstance(change.other, bool):
        return speech.say("a new product started") if change.other else speech.say("no new product started")
    if field.path.startswith("capacity"):  # asked for once: what was asked for before is no matter
        return f"{name_of(field, speech)} {amount(field, change.other, speech)}"
    was, became = amount(field, change.own, speech), amount(field, change.other, speech)
    return f"{name_of(field, speech)} {was} → {became}"


def name_of(field: Field, speech: Speech) -> str:
    """A field within a sentence."""
    return speech.say(NAMES[field.path.partition(".")[0]], part=field.part)


def amount(field: Field, value: Value, speech: Speech) -> str:
    """A value with its unit."""
    if isinstance(value, str | bool):
        return written(field, value)
    match field.kind:
        case "price":
            return speech.price(value)
        case "money":
            return speech.money(value)
        case "share" | "weight":
            return speech.share(value, 0)
    return f"{written(field, value)} {speech.say(UNITS[field.kind])}".strip()


# What if ----------------------------------------------------------------------------------------------------------


def what_if_text(what: WhatIf, game: GameView, speech: Speech) -> str:
    """What was decided otherwise, and when."""
    say, names = speech.say, [turn.now.name for turn in game.turns]
    last = names[names.index(what.quarter) + what.quarters - 1]
    when = what.quarter if what.quarters == 1 else f"{what.quarter} – {last}"
    if what.change is None:
        title = speech.title(get(what.strategy or "").title)
        return say("{when}: {strategy} in your seat", when=when, strategy=title)
    change = what.change
    field = next(field for field in fields_of(game.world, speech) if field.path == change.path)
    if isinstance(change.other, bool):
        return say("{when}: a new product", when=when) if change.other else say("{when}: no new product", when=when)
    other = written(field, change.other) if field.kind == "wafers" else amount(field, change.other, speech)
    return say(
        "{when}: {field} {other}, not {own}",
        when=when,
        field=name_of(field, speech),
        other=other,
        own=amount(field, change.own, speech),
    )


def difference(change: float, speech: Speech) -> str:
    """What a what-if would have gained, rmb_m."""
    return speech.money(change, "+") if abs(change) >= NOTHING else speech.say("the same")
