"""The fields of the decision form: their names and rules, and how they are written, typed and stepped."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from marketsim.decisions import bounds
from marketsim.scenario.schema import Scenario
from tui.speech import N_, Speech

Kind = Literal["price", "money", "share", "wafers", "weight", "count", "flag", "choice"]

Value = float | bool | str


@dataclass(frozen=True, slots=True)
class Field:
    """One field of the form.

    path: as in `agents.game.plan.Plan.value`.  title, rule: marked with N_; the title may name `part`, the part
    of the scenario that the field is about.  detail: shown only when the form is opened up.  choices: (identifier,
    title) of what may be chosen.  low, high: least and largest number that steps lead to, in the units of the plan.
    """

    path: str
    group: str
    title: str
    kind: Kind
    rule: str
    part: str = ""
    detail: bool = False
    choices: Sequence[tuple[str, str]] = ()
    low: float = 0.0
    high: float = math.inf

    @property
    def numeric(self) -> bool:
        """Whether a number is decided, which can be typed."""
        return self.kind not in ("flag", "choice")


UNITS: dict[Kind, str] = {
    "price": N_("k RMB"),
    "money": N_("RMB m"),
    "share": N_("%"),
    "wafers": N_("k wafers/q"),
    "weight": N_("parts"),
    "count": "",
    "flag": "",
    "choice": "",
}
"""Unit of each kind as it is typed."""

PRODUCT, PRICE, CAPACITY = N_("Product"), N_("Price"), N_("Capacity: more (+) or less (-)")
SOFTWARE, RESEARCH, SERVICE, MONEY = N_("Software"), N_("Research"), N_("Service and sales"), N_("Money")

_PLAIN = (
    Field("price", PRICE, N_("Price of a card"), "price", N_(
        "Buyers weigh what a million tokens of work cost them with your card: price, speed, power. Dearer cards sell "
        "less; how much less depends on the buyers. A price below cost loses money on every card.")),
    Field("capacity", CAPACITY, N_("{part}"), "wafers", N_(
        "Asks the foundry for capacity, or gives some up (minus). It arrives after the node's lead time and must be "
        "paid for even when idle (take-or-pay). When all ask for more than there is, past volume and "
        "prepayment decide.")),
    Field("premium", CAPACITY, N_("Prepayment"), "share", N_(
        "Paid on top of the contract fee of what is asked for, for a better place in the queue: 50 %, the most, makes "
        "fee and standing half as large again.")),
    Field("run_share", CAPACITY, N_("Capacity to run"), "share", N_(
        "The share of contracted capacity on which wafers are started. Idle capacity still costs take-or-pay; cards "
        "that nobody buys pile up and lose value with the next product.")),
    Field("start_product", PRODUCT, N_("Start a new product"), "flag", N_(
        "Begins a design for the node and memory below. It takes the node's design time, costs a tape-out now, and "
        "may need a second one. Its architecture is as good as the research since the last tape-out.")),
    Field("product_node", PRODUCT, N_("Node"), "choice", N_(
        "The process of the next product: a newer node computes more per card, yields less at first and is "
        "scarcer.")),
    Field("product_memory", PRODUCT, N_("Memory"), "choice", N_(
        "The memory of the next product: bandwidth decides how fast tokens are written; HBM is fast, dear and "
        "scarce.")),
    Field("adaptation", SOFTWARE, N_("Software adaptation"), "money", N_(
        "Work on the software that runs AI models on your cards. Unadapted models run at a fraction of the speed; new "
        "generations of models take part of the work away again; users of many cards help.")),
    Field("adaptation_split", SOFTWARE, N_("for {part}"), "weight", N_(
        "How adaptation is split between model families; only proportions count."), detail=True),
    Field("research", RESEARCH, N_("Architecture research"), "money", N_(
        "Accumulates until the next tape-out and makes that product faster, with diminishing returns.")),
    Field("service", SERVICE, N_("Customer service"), "money", N_(
        "Keeps cards reliable in the eyes of buyers; the need grows with the cards in the field. Training clusters "
        "suffer most from cards that fail.")),
    Field("focus", SERVICE, N_("effort for {part}"), "weight", N_(
        "How your sales people are split between groups of buyers; only proportions count."), detail=True),
    Field("funds", MONEY, N_("Funds to raise"), "money", N_(
        "Asks investors. A round closes with a chance that grows with your growth and the climate, and sells at most a "
        "limited share of the company: your founders own less afterwards. Large vendors list instead.")),
    Field("bid", MONEY, N_("Bid for failing rival"), "money", N_(
        "The most that you would pay for a vendor that fails this quarter: you would get its cards, software and part "
        "of its base. Nothing is paid if nobody fails.")),
)  # fmt: skip

_PARTS = {"capacity": "nodes", "adaptation_split": "families", "focus": "segments"}
_ORDER = (PRICE, CAPACITY, PRODUCT, SOFTWARE, RESEARCH, SERVICE, MONEY)


def fields_of(world: Scenario, speech: Speech) -> list[Field]:
    """The fields of the form for a scenario, in the order in which they are shown."""

    def spread(field: Field) -> Iterator[Field]:
        if field.path in _PARTS:
            for name, part in getattr(world, _PARTS[field.path]).items():
                yield replace(field, path=f"{field.path}.{name}", part=speech.title(part.title))
        elif field.kind == "choice":
            parts = world.nodes if field.path == "product_node" else world.memories
            yield replace(field, choices=[(name, speech.title(part.title)) for name, part in parts.items()])
        else:
            yield field

    every = sorted((field for plain in _PLAIN for field in spread(plain)), key=lambda field: _ORDER.index(field.group))
    return [_bounded(field) if field.numeric else field for field in every]


def _bounded(field: Field) -> Field:
    low, high = bounds(field.path.partition(".")[0])
    return replace(field, low=low, high=high)


def field_of(path: str, part: str = "") -> Field:
    """The field of a path, where no scenario is at hand.  part: title of the part of the scenario that it names."""
    plain = next(field for field in _PLAIN if field.path == path.partition(".")[0])
    return replace(plain, path=path, part=part)


def written(field: Field, value: Value) -> str:
    """A value as it stands in the form, without its unit."""
    if isinstance(value, bool):
        return "✓" if value else "–"
    if isinstance(value, str):
        return dict(field.choices).get(value, value)
    if not math.isfinite(value):
        return "–"
    if field.kind in ("share", "weight"):
        return f"{100 * value:.4g}"
    if field.kind == "count":
        return f"{value:.0f}"
    if field.kind == "wafers":
        return f"{value:+.2f}" if value else "0"
    if abs(value) < 1:
        return f"{value:.4g}"
    return f"{value:,.2f}" if abs(value) < 99.995 else f"{value:,.1f}" if abs(value) < 999.95 else f"{value:,.0f}"


def typed(field: Field, text: str) -> float | None:
    """The value that was typed, in the units of the plan; None for what is no number."""
    try:
        number = float(text.replace(",", "").replace("，", "").strip().rstrip("%"))
    except ValueError:
        return None
    if not math.isfinite(number):
        return None
    return number / 100 if field.kind in ("share", "weight") else number


def stepped(field: Field, value: Value, direction: int) -> Value:
    """The next value up or down: about a fortieth, on round numbers, within bounds; the next choice; the other flag."""
    if isinstance(value, bool):
        return not value
    if isinstance(value, str):
        names = [name for name, _ in field.choices]
        return names[(names.index(value) + direction) % len(names)] if value in names else names[0]
    step = {"share": 0.05, "weight": 0.05, "count": 1.0}.get(field.kind) or _round_step(
        value, 0.1 if field.kind == "wafers" else 1.0
    )
    moved = round((value + direction * step) / step) * step
    return min(max(float(f"{moved:.10g}"), field.low), field.high)


def _round_step(value: float, least: float) -> float:
    """A step of 1, 2 or 5 times a power of ten, about a fortieth of the value."""
    wanted = max(abs(value) / 40, least)
    power = 10.0 ** math.floor(math.log10(wanted))
    return next(step * power for step in (1, 2, 5, 10) if step * power >= wanted * 0.999)
