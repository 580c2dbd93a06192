"""A vendor as a Mesa agent: a live view of one vendor in the market, and the place to put one's own decisions."""

from __future__ import annotations

from typing import TYPE_CHECKING

import mesa

from agents.strategies import get
from marketsim.decisions import Decision
from marketsim.observation import Observation

if TYPE_CHECKING:
    from agents.model import MarketModel


class VendorAgent(mesa.Agent):
    """One domestic vendor. Subclass it and override `decide` to write your own.

    index: place of the vendor in the arrays.  vendor: its identifier in the scenario.  strategy: name of the strategy
    that decides for it unless `decide` is overridden.
    """

    model: MarketModel

    def __init__(self, model: MarketModel, index: int, vendor: str, strategy: str) -> None:
        super().__init__(model)
        self.index = index
        self.vendor = vendor
        self.strategy = strategy
        self.decision: Decision | None = None

    def decide(self, obs: Observation) -> Decision:
        """The decision of the quarter from what the vendor knows: arrays in `obs` are [1, 2], the second run a copy."""
        return get(self.strategy).decide(obs)

    def step(self) -> None:
        """Decide; the model plays the quarter when everybody has."""
        self.decision = self.decide(self.model.observation.of(slice(self.index, self.index + 1)))

    def _number(self, name: str) -> float:
        return float(getattr(self.model.market.state, name)[self.index, 0])

    @property
    def alive(self) -> bool:
        """In business."""
        return bool(self._number("alive"))

    @property
    def cash(self) -> float:
        """rmb_m."""
        return self._number("cash")

    @property
    def debt(self) -> float:
        """rmb_m."""
        return self._number("debt")

    @property
    def price(self) -> float:
        """krmb per card, last quarter."""
        return self._number("price")

    @property
    def stock(self) -> float:
        """k cards."""
        return self._number("stock")

    @property
    def sold(self) -> float:
        """k cards, last quarter."""
        return self._number("sold")

    @property
    def revenue(self) -> float:
        """rmb_m, last quarter."""
        return self._number("revenue")

    @property
    def revenue_share(self) -> float:
        """Share of all vendors' revenue last quarter, foreign suppliers included."""
        everybody = float(self.model.market.state.revenue[:, 0].sum())
        return self.revenue / everybody if everybody > 0 else 0.0
