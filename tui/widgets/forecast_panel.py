"""What a plan would bring: the coming quarters side by side, each figure with its band."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from textual.content import Content
from textual.widget import Widget

from tui.cells import fit
from tui.speech import N_, Speech, three

if TYPE_CHECKING:
    from agents.game.forecast import Ahead, Band, Forecast

TITLE = 19
COLUMN = 10


@dataclass(frozen=True)
class _Row:
    title: str
    band: Callable[[Ahead], Band]
    unit: str
    factor: float
    most: float = math.inf

    def text(self, value: float) -> str:
        """A figure in the row's unit, which stands in its title."""
        return f">{self.most:g}" if value >= self.most - 0.05 else three(value * self.factor)


class ForecastPanel(Widget):
    """A small table: median above, band below where there is room.  Nothing while there is no forecast."""

    DEFAULT_CSS = "ForecastPanel { height: auto; }"

    def __init__(self, speech: Speech, id: str | None = None) -> None:
        super().__init__(id=id)
        self.speech = speech
        self.forecast: Forecast | None = None
        self.full = True

    def show(self, forecast: Forecast | None, full: bool = True) -> None:
        """Another forecast.  full: every figure, with a line below it for where it lies in eight of ten cases."""
        before = self._shape
        self.forecast, self.full = forecast, full
        self.refresh(layout=self._shape != before)

    @property
    def _shape(self) -> tuple[bool, ...]:
        """What its height depends on."""
        return self.forecast is not None, self.full, self._risky

    @property
    def _ahead(self) -> tuple[Ahead, ...]:
        """The quarters that fit."""
        if self.forecast is None:
            return ()
        count = max(1, min(len(self.forecast.quarters), (self.size.width - TITLE) // COLUMN))
        return self.forecast.quarters[:count]

    @property
    def _risky(self) -> bool:
        return any(at.failure > 0 for at in self._ahead)

    def _rows(self) -> list[_Row]:
        cards, price, money = (self.speech.scale(kind) for kind in ("cards", "price", "money"))
        return [
            _Row(N_("orders"), lambda at: at.orders, *cards),
            _Row(N_("cards sold"), lambda at: at.sold, *cards),
            _Row(N_("share"), lambda at: at.share, "%", 100.0),
            _Row(N_("gross margin"), lambda at: at.margin, "%", 100.0),
            _Row(N_("cash"), lambda at: at.cash, *money),
            _Row(N_("lasts"), lambda at: at.runway, self.speech.say("quarters"), 1.0, 40.0),
            _Row(N_("unit cost"), lambda at: at.unit_cost, *price),
        ]

    def render(self) -> Content:
        """Quarters as columns, as many as fit."""
        if self.forecast is None:
            return Content(self.speech.say("..."))
        ahead = self._ahead
        head = fit("", TITLE) + "".join(fit(at.quarter, COLUMN, "right") for at in ahead)
        lines = [Content.styled(head, "$axis")]
        for row in self._rows() if self.full else self._rows()[1:]:
            lines += self._of(row, ahead)
        if self._risky:
            risk = "".join(fit(self.speech.share(at.failure), COLUMN, "right") for at in ahead)
            lines.append(Content.styled(fit(self.speech.say("may fail"), TITLE) + risk, "bold $error"))
        return Content("\n").join(lines)

    def _of(self, row: _Row, ahead: tuple[Ahead, ...]) -> list[Content]:
        title = Content.assemble(self.speech.say(row.title), (f" {row.unit}", "$axis"))
        gap = " " * max(TITLE - title.cell_length, 0)
        bands = [row.band(at) for at in ahead]
        figures = "".join(fit(row.text(band.median), COLUMN, "right") for band in bands)
        lines = [Content.assemble(title, gap, (figures, "bold"))]
        if self.full:
            spans = (f"{row.text(band.low)}–{row.text(band.high)}" for band in bands)
            around = "".join(fit(f" {span}", COLUMN, "right") for span in spans)
            lines.append(Content.styled(fit("", TITLE) + around, "$axis"))
        return lines
