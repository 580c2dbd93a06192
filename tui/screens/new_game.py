"""New game: which market, which vendor, how hard, how long, which luck."""

from __future__ import annotations

from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from tui.fields import Field, Value
from tui.screens.view import Page
from tui.speech import N_
from tui.widgets.field_row import FieldRow
from tui.widgets.menu import Menu

if TYPE_CHECKING:
    from marketsim.scenario.schema import Scenario
    from tui.app import MarketApp

WATCHED = ""
"""In the place of a vendor: nobody is played."""


class NewGame(Page):
    """Choices with sensible defaults: Enter starts at once."""

    app: MarketApp
    heading = N_("New game")
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "begin", N_("start"), id="new.enter"),
        Binding("ctrl+s,f5", "begin", N_("start"), key_display="F5", id="new.begin"),
        Binding("q,escape", "app.leave", N_("back"), id="new.leave"),
    ]

    def __init__(self, watching: bool = False) -> None:
        super().__init__()
        self.watching = watching
        self.chosen: dict[str, Value] = {"seed": 7.0, "difficulty": "normal"}
        self.scenario = "china-ai-chips"

    def body(self) -> ComposeResult:
        """Scenarios left; what they are about, and the choices, right."""
        from marketsim.scenario.library import names

        first = ["china-ai-chips", "photovoltaics"]
        listed = [*first, *(name for name in names() if name not in first)]
        with Horizontal(id="new"):
            yield Menu(*(Option(self._title(name), id=name) for name in listed), id="scenarios")
            with Vertical(id="chosen"):
                yield VerticalScroll(Static(id="description"), id="about", can_focus=False)
                yield Vertical(id="choices")

    def _title(self, name: str) -> str:
        return self.speech.title(_world(name).title)

    @cached_property
    def _rows(self) -> dict[str, FieldRow]:
        return {}

    @property
    def world(self) -> Scenario:
        return _world(self.scenario)

    @on(OptionList.OptionHighlighted, "#scenarios")
    async def _highlighted(self, event: OptionList.OptionHighlighted) -> None:
        self.scenario = event.option.id or self.scenario
        self.query_one("#description", Static).update(self.speech.title(self.world.description))
        await self._choices()

    @on(OptionList.OptionSelected, "#scenarios")
    async def _selected(self, event: OptionList.OptionSelected) -> None:
        await self.action_begin()

    async def _choices(self) -> None:
        """The rows of choices that this scenario has."""
        from agents.game.difficulty import LEVELS

        vendors = [(name, self.speech.title(own.title)) for name, own in self.world.vendors.items()]
        levels = [(name, self.speech.title(level.title)) for name, level in LEVELS.items()]
        longest = float(self.world.quarters)
        long, luck = N_("How many quarters are played."), N_("The same seed gives the same luck to everybody.")
        fields = [
            Field("quarters", "", N_("Quarters"), "count", long, low=1.0, high=longest),
            Field("seed", "", N_("Seed of luck"), "count", luck, high=float(2**53)),
        ]
        if not self.watching:
            about = N_("Who you are: its products, software, buyers and money are those of the scenario.")
            hard = N_("Changes what rivals do and the money that you start with, never the rules.")
            fields.insert(0, Field("difficulty", "", N_("Difficulty"), "choice", hard, choices=levels))
            fields.insert(0, Field("vendor", "", N_("Vendor"), "choice", about, choices=vendors))
            if self.chosen.get("vendor") not in self.world.vendors:
                default = "cambricon" if "cambricon" in self.world.vendors else vendors[0][0]
                self.chosen["vendor"] = default
        self.chosen["quarters"] = longest if self.watching else min(longest, 20.0)
        self._rows.clear()
        self._rows.update({field.path: FieldRow(field, self.speech, self._decide) for field in fields})
        box = self.query_one("#choices", Vertical)
        await box.remove_children()
        await box.mount_all(self._rows.values())
        self.show()

    def show(self) -> None:
        """The choices in their rows."""
        scenarios, choices = self.query_one("#scenarios"), self.query_one("#choices")
        scenarios.border_title, choices.border_title = self.say("Market"), self.say("Your game")
        self.query_one("#about").border_title = self.speech.title(self.world.title)
        choices.border_subtitle = self.say("Tab: to these; ← → change")
        for name, row in self._rows.items():
            row.show(self.chosen[name], self.chosen[name])

    def _decide(self, field: Field, value: Value) -> None:
        whole = value if isinstance(value, str) else float(min(max(round(value), field.low), field.high))
        self.chosen[field.path] = whole
        self.show()

    async def action_begin(self) -> None:
        """Start with what is chosen."""
        from agents.game import Setup

        numbers = {name: int(float(self.chosen[name])) for name in ("seed", "quarters")}
        mine: dict[str, Value] = {} if self.watching else {name: self.chosen[name] for name in ("vendor", "difficulty")}
        await self.app.begin(Setup.model_validate({"scenario": self.scenario, **numbers, **mine}))


@lru_cache
def _world(name: str) -> Scenario:
    from marketsim.scenario.library import load_scenario

    return load_scenario(name)
