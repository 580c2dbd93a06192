"""What everybody knows of the market: products, prices, sales, and who came, went, listed or raised money.

Market researchers count who sells how much to which buyers, and ask these why they chose: what weighed for and against
a vendor is known, as they see it. Nobody knows rivals' cash, costs, contracts, research, products in design, cards in
service and how far their software is: none of that is here.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np

from agents.game.view import GameView
from marketsim.observation import PublicFacts
from marketsim.rules.arrays import ratio, total
from marketsim.rules.demand import card_cost_of_ownership
from marketsim.rules.products import hardware
from marketsim.state import Floats
from marketsim.trace import Trace

Status = Literal["foreign", "listed", "private", "entered", "closed", "acquired"]

UNKNOWN = -1
"""In the place of a node or memory that nobody knows."""


@dataclass(frozen=True, slots=True)
class Standing:
    """A vendor at the end of last quarter; NaN where there is nothing to know.

    node, memory: of the product on sale, index or UNKNOWN.  price: krmb.  price_change: share of the price before.
    share: of all vendors' revenue; share_change: since the quarter before.  cards: k sold.
    age: quarters that the product has been on sale.  since: quarter of entry or exit.  buyer: of an acquired vendor.
    """

    vendor: int
    node: int
    memory: int
    price: float
    price_change: float
    share: float
    share_change: float
    cards: float
    age: float
    status: Status
    since: str = ""
    buyer: int = -1


class Public:
    """Public facts of a game as it stands, and their history. Arrays are those of run 0, the game."""

    def __init__(self, game: GameView) -> None:
        self.game = game
        self.p = game.parameters
        self.now = game.now
        self.facts = PublicFacts(self.p, game.now, game.state)

    @cached_property
    def quarters(self) -> list[str]:
        """Names of the quarters that have been played."""
        return [turn.now.name for turn in self.game.turns]

    @cached_property
    def vendors(self) -> list[int]:
        """Rows of who is in business or has been."""
        states = [*(turn.before for turn in self.game.turns), self.game.state]
        return np.flatnonzero(np.any([state.alive[:, 0] for state in states], axis=0)).tolist()

    @cached_property
    def rivals(self) -> list[int]:
        """Rows of who sold a card last quarter, the played vendor left out, the largest by revenue first."""
        own = None if self.game.setup.vendor is None else self.game.seat
        revenue = self.facts.revenue[:, 0]
        selling = [vendor for vendor in self.vendors if revenue[vendor] > 0 and vendor != own]
        return sorted(selling, key=lambda vendor: -revenue[vendor])

    def standing(self, vendor: int) -> Standing:
        """A vendor's row."""
        status, since, buyer = self._status(vendor)
        home, out = vendor < self.p.domestic, status in ("closed", "acquired")
        known = home and not out and bool(self.game.state.has_product[vendor, 0])
        shares, prices = self.shares(vendor)[-2:], self.prices(vendor)[-2:]
        return Standing(
            vendor,
            int(self.facts.node[vendor, 0]) if known else UNKNOWN,
            int(self.facts.memory[vendor, 0]) if known else UNKNOWN,
            np.nan if out or (home and not known) else float(self.facts.price[vendor, 0]),
            prices[1] / prices[0] - 1 if len(prices) == 2 else np.nan,
            np.nan if out or not shares else shares[-1],
            shares[1] - shares[0] if len(shares) == 2 else np.nan,
            np.nan if out or not (home or shares) else float(self.facts.sold[vendor, 0]),
            self._age(vendor) if known else np.nan,
            status,
            since,
            buyer,
        )

    def _status(self, vendor: int) -> tuple[Status, str, int]:
        """What a vendor is, since which quarter, and who bought it."""
        if vendor >= self.p.domestic:
            return "foreign", "", -1
        for turn in reversed(self.game.turns):
            if turn.outcome.entered[vendor, 0]:
                return "listed" if self.game.state.listed[vendor, 0] else "entered", turn.now.name, -1
            if turn.outcome.failed[vendor, 0]:
                buyer = int(turn.outcome.acquired_by[vendor, 0])
                return "acquired" if buyer >= 0 else "closed", turn.now.name, buyer
        return "listed" if self.game.state.listed[vendor, 0] else "private", "", -1

    def _age(self, vendor: int) -> float:
        """Quarters since the product came out; NaN for one that was there before the game."""
        for ago, turn in enumerate(reversed(self.game.turns), start=1):
            first = turn.after.has_product[vendor, 0] and not turn.before.has_product[vendor, 0]
            if first or self._trace.launches[len(self.quarters) - ago, vendor, 0] > 0:
                return float(ago)
        return np.nan

    # -- history, one value for each quarter played ---------------------------------------------------------------

    def prices(self, vendor: int) -> list[float]:
        """Price of a card, krmb; NaN in quarters in which none was sold."""
        return [
            float(turn.outcome.price[vendor, 0]) if turn.outcome.sold[vendor, 0] > 0 else np.nan
            for turn in self.game.turns
        ]

    def cards(self, vendor: int) -> list[float]:
        """Cards sold, k."""
        return [float(turn.outcome.sold[vendor, 0]) for turn in self.game.turns]

    def shares(self, vendor: int) -> list[float]:
        """Share of all vendors' revenue."""
        return self._revenue_shares[:, vendor].tolist() if self.game.turns else []

    def rounds(self, vendor: int) -> list[tuple[str, float]]:
        """Quarter and money (rmb_m) of every round or listing that closed."""
        return [
            (turn.now.name, float(turn.outcome.flows["raised"][vendor, 0]))
            for turn in self.game.turns
            if turn.outcome.funded[vendor, 0]
        ]

    @cached_property
    def _trace(self) -> Trace:
        return self.game.trace

    @cached_property
    def _revenue_shares(self) -> Floats:
        """[q,v]."""
        revenue = self._trace.revenue
        return ratio(revenue, total(revenue, axis=1)[:, None])[:, :, 0]

    # -- buyers; there must have been a quarter -------------------------------------------------------------------

    def holders(self, segment: int) -> Floats:
        """Share of each vendor in what a segment's buyers paid, [q,v]; 0 in quarters in which they bought nothing."""
        bought = np.stack([turn.outcome.bought[:, segment] for turn in self.game.turns])
        return ratio(bought, total(bought, axis=1)[:, None])[:, :, 0]

    def unserved(self) -> Floats:
        """Share of the money that buyers came with last quarter and that bought nothing, [s]."""
        outcome = self.game.turns[-1].outcome
        return 1 - ratio(total(outcome.bought, axis=0), outcome.spend, otherwise=1.0)[:, 0]

    # -- cards on sale, one value for each vendor; NaN for who has none: it may be in design ----------------------

    @cached_property
    def hardware(self) -> tuple[Floats, Floats, Floats]:
        """Compute (TFLOPS), bandwidth (TB/s) and power (W) of every card on sale, [v] each."""
        compute, bandwidth, power = hardware(self.p, self.now, self.game.state)
        return self._on_sale(compute), self._on_sale(bandwidth), self._on_sale(power)

    @cached_property
    def throughput(self) -> Floats:
        """Tokens/s of a fully adapted card on the average buyer's work, [v]."""
        return self._on_sale(self.facts.throughput)

    @cached_property
    def token_cost(self) -> Floats:
        """RMB for a million tokens of that work at last quarter's price, [v]."""
        power = hardware(self.p, self.now, self.game.state)[2]
        ownership = card_cost_of_ownership(self.p, self.now, self.facts.price, power)
        return self._on_sale(ratio(ownership, self.facts.throughput, otherwise=np.nan))

    def _on_sale(self, values: Floats) -> Floats:
        state = self.game.state
        return np.where((state.alive & state.has_product)[:, 0], values[:, 0], np.nan)
