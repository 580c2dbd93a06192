"""Why a share changed, in words: the terms of the exact decomposition as rows of figures, each with one sentence."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from marketsim.attribution import MIX, PAIRED_TERMS, PRESENCE, SUPPLY, against_market
from marketsim.rules.arrays import ratio
from marketsim.state import Floats, Outcome
from tui.speech import N_, Speech

REST = "rest"
LUCK = "luck"
OVERFLOW = "overflow"
HERE = "here"


@dataclass(frozen=True, slots=True)
class Words:
    """How a cause is told, and what can be done about it; all marked with N_.

    own, rivals: what is said if it was mainly the vendor's doing or mainly the rivals', each as (the share rose, it
    fell).  field: path of the form that acts on it, a path ending in a dot for the first of its parts; or the name of a
    screen that shows more.
    """

    title: str
    own: tuple[str, str]
    rivals: tuple[str, str]
    advice: str = ""
    field: str = ""
    view: str = ""


WORDS = {
    "price": Words(
        N_("Price"),
        (N_("{who} became cheaper"), N_("{who} became dearer")),
        (N_("Rivals became dearer"), N_("Rivals became cheaper")),
        N_("Your price is yours to set; the form shows what rivals ask and what a change would bring."),
        field="price",
    ),
    "performance": Words(
        N_("Performance"),
        (N_("{who} offered more speed"), N_("{who} offered less speed")),
        (N_("Rivals offered less speed"), N_("Rivals offered more speed")),
        N_("Start a new product in time: design and production take quarters. Research makes it faster."),
        field="start_product",
    ),
    "software": Words(
        N_("Software"),
        (N_("{who} caught up in software"), N_("{who} fell back in software")),
        (N_("Rivals fell back in software"), N_("Rivals caught up in software")),
        N_("Spend on adaptation; new generations of models set everybody back, and who adapts first gains."),
        field="adaptation",
    ),
    "lock_in": Words(
        N_("Installed base"),
        (N_("{who} gained installed base"), N_("{who} lost installed base")),
        (N_("Rivals lost installed base"), N_("Rivals gained installed base")),
        N_("Buyers stay with cards that they know: whoever sells more today is chosen more tomorrow."),
        view="market",
    ),
    "reliability": Words(
        N_("Reliability"),
        (N_("{who} became more dependable"), N_("{who} became less dependable")),
        (N_("Rivals became less dependable"), N_("Rivals became more dependable")),
        N_("Customer service keeps cards reliable; orders that are delivered in full keep trust."),
        field="service",
    ),
    "policy": Words(
        N_("Policy"),
        (N_("{who} got more from policy"), N_("{who} got less from policy")),
        (N_("Rivals got less from policy"), N_("Rivals got more from policy")),
        N_("Subsidies and rules follow the scenario; the news tell when they change."),
        view="market",
    ),
    "focus": Words(
        N_("Sales effort"),
        (N_("{who} aimed sales effort better"), N_("{who} aimed sales effort worse")),
        (N_("Rivals aimed sales effort worse"), N_("Rivals aimed sales effort better")),
        N_("Split the sales effort towards buyers who spend much and like your card."),
        field="focus.",
    ),
    LUCK: Words(
        N_("Luck"),
        (N_("Luck was kinder to {who} than before"), N_("Luck was less kind to {who} than before")),
        (N_("Luck was less kind to rivals than before"), N_("Luck was kinder to rivals than before")),
        N_("Tenders go one way or another. Nothing can be done, and it evens out."),
    ),
    SUPPLY: Words(
        N_("Deliveries"),
        (N_("{who} had cards for more of the orders"), N_("{who} had too few cards for the orders")),
        (N_("Rivals had cards for fewer orders"), N_("Rivals had cards for more orders")),
        N_("Run all your capacity and ask the foundry for more; a higher price also ends a shortage."),
        field="capacity.",
    ),
    PRESENCE: Words(
        N_("Coming and going"),
        (N_("{who} came on sale"), N_("{who} went off sale")),
        (N_("Rivals went off sale"), N_("New rivals came on sale")),
        N_("See who is there, and what they sell."),
        view="rivals",
    ),
    MIX: Words(
        N_("Who buys"),
        (N_("Buyers who favour {who} spent more"), N_("Buyers who favour {who} spent less")),
        ("", ""),
        N_("Buyers grow at different speeds: the market screen shows where the money goes."),
        view="market",
    ),
}
"""Each cause of a change; `affinity` never changes, and is counted with `focus`."""

SPECIAL = {
    OVERFLOW: (
        N_("{who} took more orders that others could not serve"),
        N_("{who} took fewer orders that others could not serve"),
    ),
    HERE: (N_("These buyers spent a larger part of all money"), N_("These buyers spent a smaller part of all money")),
}
"""Said in the place of the own side: of supply to who served more than its first orders, of the mix in one segment."""

MOVED_ALONG = 0.5
"""The other side is mentioned if it took back at least so much of what the leading side gave."""


@dataclass(frozen=True, slots=True)
class Cause:
    """One row: points of the share that a cause gave or took (0.01 is a percentage point), rounded as shown.

    name: a key of WORDS, or REST.  own, rivals: its two sides, not rounded.
    """

    name: str
    points: float
    own: float
    rivals: float


@dataclass(frozen=True, slots=True)
class Change:
    """Why a vendor's share of all money changed, of all segments together or of one.

    causes: the largest first, the rest of all last; their rounded points add up to `total`, which is `after - before`.
    before, after: shares of all money, rounded alike.  digits: after the point, of per cent.
    served: of the vendor's first orders what it delivered after, more than 1 with those that others could not serve.
    """

    vendor: int
    segment: int | None
    causes: Sequence[Cause]
    before: float
    after: float
    digits: int
    served: float

    @property
    def total(self) -> float:
        """Points, rounded."""
        return round(self.after - self.before, self.digits + 2)


def change_of(before: Outcome, after: Outcome, vendor: int, segment: int | None = None, most: int = 12) -> Change:
    """The decomposition between two quarters, in the first run.

    segment: index of one, whose part of the share is explained; None for all of them.  most: rows at most.
    """
    sides = against_market(before, after, vendor)
    chosen = slice(None) if segment is None else slice(segment, segment + 1)
    own, rivals = (_by_cause(side[:, chosen, 0].sum(axis=1)) for side in (sides.own, sides.rivals))
    shares = [part_of_all_money(quarter)[vendor, chosen].sum() for quarter in (before, after)]
    largest = max(abs(own[name] + rivals[name]) for name in WORDS)
    digits = 1 if largest >= 0.01 else 2
    start, end = (round(float(share), digits + 2) for share in shares)
    causes = _rows(own, rivals, round(end - start, digits + 2), digits, most)
    first = (after.choice * after.spend)[vendor, chosen, 0].sum()
    served = float(ratio(after.bought[vendor, chosen, 0].sum(), first, otherwise=1.0))
    return Change(vendor, segment, causes, start, end, digits, served)


def part_of_all_money(outcome: Outcome) -> Floats:
    """Each vendor's and segment's part of all money that was spent, [v,s], in the first run."""
    bought = outcome.bought[..., 0]
    return ratio(bought, bought.sum())


def _by_cause(points: Floats) -> dict[str, float]:
    named = dict(zip(PAIRED_TERMS, points.tolist(), strict=True))
    named["focus"] += named.pop("affinity")
    return named


def _rows(own: dict[str, float], rivals: dict[str, float], total: float, digits: int, most: int) -> list[Cause]:
    """The causes that show at this rounding, the largest first; what is left of the total, if it shows, is the rest."""
    every = [Cause(name, round(own[name] + rivals[name], digits + 2), own[name], rivals[name]) for name in WORDS]
    shown = sorted((row for row in every if row.points), key=lambda row: -abs(row.own + row.rivals))
    if len(shown) > most:
        shown = shown[: most - 1]
    rest = round(total - sum(row.points for row in shown), digits + 2)
    if not rest:
        return shown
    shown = shown[: most - 1]
    rest = round(total - sum(row.points for row in shown), digits + 2)
    left = {row.name for row in every} - {row.name for row in shown}
    return [*shown, Cause(REST, rest, sum(own[name] for name in left), sum(rivals[name] for name in left))]


def sentence(cause: Cause, change: Change, who: str, speech: Speech) -> str:
    """What happened, in a few words.  who: the vendor as it is spoken of, `you` in the language for the player."""
    if cause.name == REST:
        return speech.say("Smaller effects, and rounding")
    words, leads = WORDS[cause.name], abs(cause.own) >= abs(cause.rivals)
    leading, other = (cause.own, cause.rivals) if leads else (cause.rivals, cause.own)
    pair = words.own if leads else words.rivals
    if leads and cause.name == SUPPLY and change.served > 1:
        pair = SPECIAL[OVERFLOW]
    if leads and cause.name == MIX and change.segment is not None:
        pair = SPECIAL[HERE]
    said = capital(speech.say(pair[leading < 0], who=who))
    if leading * other < 0 and abs(other) >= MOVED_ALONG * abs(leading):
        also = speech.say("rivals") if leads else who
        said = speech.say("{sentence}, {other} less so", sentence=said, other=also)
    return said


def title_of(cause: Cause, speech: Speech) -> str:
    """The cause in a word or two."""
    return speech.say(N_("The rest") if cause.name == REST else WORDS[cause.name].title)


def capital(text: str) -> str:
    """With a capital letter at the start, where there is such a thing."""
    return text[:1].upper() + text[1:]


def vendors_of(before: Outcome, after: Outcome, own: int) -> list[int]:
    """Rows of the vendors that sold in either quarter: the player's first, then by what they sold in the later one."""
    now, was = (part_of_all_money(quarter).sum(axis=1) for quarter in (after, before))
    order = np.argsort(-now, kind="stable").tolist()
    return [v for v in sorted(order, key=lambda v: v != own) if now[v] > 0 or was[v] > 0 or v == own]


def by_segment(before: Outcome, after: Outcome, vendor: int) -> list[tuple[int, float]]:
    """(segment, points that it gave or took), the largest first."""
    points = part_of_all_money(after)[vendor] - part_of_all_money(before)[vendor]
    return [(int(segment), float(points[segment])) for segment in np.argsort(-np.abs(points), kind="stable")]
