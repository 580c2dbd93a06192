"""Why buyers choose one vendor rather than another, in plain sentences with the numbers behind each term."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from marketsim.attribution import against_rival
from marketsim.rules.demand import TERMS, card_cost_of_ownership
from tui.public import Public
from tui.speech import N_, Speech

LARGE = 0.1
"""Difference of utility, about ten per cent of sales, from which a term is worth a sentence."""

SENTENCES = {
    "price": (
        N_("Your card costs buyers {percent} less to own, power included."),
        N_("Your card costs buyers {percent} more to own, power included."),
    ),
    "performance": (
        N_("Your card does {percent} more of this work a second."),
        N_("Your card does {percent} less of this work a second."),
    ),
    "software": (
        N_("Your software is ahead of {rival}'s: {own} of this work is adapted."),
        N_("Your software is behind {rival}'s: {own} of this work is adapted."),
    ),
    "lock_in": (
        N_("More of your cards than of {rival}'s are in use here."),
        N_("More of {rival}'s cards than of yours are in use here; moving is work."),
    ),
    "reliability": (
        N_("Buyers trust your cards and deliveries more."),
        N_("Buyers trust {rival}'s cards and deliveries more."),
    ),
    "policy": (
        N_("Subsidies and rules for domestic cards help you."),
        N_("Subsidies and rules for domestic cards help {rival}."),
    ),
    "affinity": (N_("These buyers have old ties to you."), N_("These buyers have old ties to {rival}.")),
    "focus": (N_("Your sales people spend more effort here."), N_("{rival}'s sales people spend more effort here.")),
    "luck": (N_("Tenders happened to go your way."), N_("Tenders happened to go {rival}'s way.")),
}
"""For each term of utility what is said when it is in your favour, and when not."""


@dataclass(frozen=True, slots=True)
class Match:
    """A vendor against its best rival in a segment, last quarter.

    terms: own minus the rival's utility, in the order of `demand.TERMS`; they add up to ln(x_vendor/x_rival), x the
    shares by choice.  ownership, speed: own over the rival's cost of owning a card, and work that a card does a second.
    maturity: of the vendor's own software for this work; nobody knows the rival's.
    """

    vendor: int
    rival: int
    terms: Sequence[float]
    ownership: float
    speed: float
    maturity: float


def match_of(public: Public, segment: int, own: int) -> Match | None:
    """The played vendor against its best rival; without one on sale, the vendor that is chosen most.

    own: row of the played vendor, -1: nobody.  None where fewer than two are on sale.
    """
    turns = public.game.turns
    if not turns:
        return None
    outcome, now = turns[-1].outcome, turns[-1].now
    chosen = outcome.choice[:, segment, 0]
    vendor = own if own >= 0 and chosen[own] > 0 else int(chosen.argmax())
    match = against_rival(outcome, vendor)
    rival, terms = int(match.rival[segment, 0]), match.terms[:, segment, 0]
    if rival < 0 or np.isnan(terms).any():
        return None
    ownership = card_cost_of_ownership(public.p, now, outcome.price, outcome.power)[:, 0]
    time = outcome.time_per_token[:, segment, 0]
    return Match(
        vendor,
        rival,
        terms.tolist(),
        float(ownership[vendor] / ownership[rival]),
        float(time[rival] / time[vendor]),
        float(outcome.maturity[vendor, segment, 0]),
    )


def sentences(match: Match, rival: str, speech: Speech, most: int) -> list[tuple[str, float]]:
    """The price of work first, then the large terms, the largest first; each with the sign of what it does for you."""
    told = [_price_of_work(match, rival, speech)]
    large = sorted(zip(TERMS, match.terms, strict=True), key=lambda term: -abs(term[1]))
    for name, value in large:
        if abs(value) >= LARGE:
            better, worse = SENTENCES[name]
            text = speech.say(better if value > 0 else worse, **_values(name, match, rival, speech))
            told.append((text, value))
    return told[:most]


def _price_of_work(match: Match, rival: str, speech: Speech) -> tuple[str, float]:
    """What a token costs a buyer with adapted software, against the rival's."""
    ratio = match.ownership / match.speed
    percent = speech.share(abs(ratio - 1), 0)
    if ratio > 1:
        return speech.say("Your price per token is {percent} above {rival}'s.", percent=percent, rival=rival), -1.0
    return speech.say("Your price per token is {percent} below {rival}'s.", percent=percent, rival=rival), 1.0


def _values(name: str, match: Match, rival: str, speech: Speech) -> dict[str, str]:
    """The numbers of a term's sentence."""
    ratio = {"price": match.ownership, "performance": match.speed}.get(name, math.nan)
    own = speech.share(match.maturity, 0)
    return {"rival": rival, "percent": speech.share(abs(ratio - 1), 0), "own": own}
