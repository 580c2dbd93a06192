"""Briefing: who one is, what counts, what is scarce, and what to decide first; later, how the last quarter went."""

from __future__ import annotations

from typing import ClassVar

from rich.cells import cell_len
from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option
from textual.worker import get_current_worker

from agents.game.advice import SPLITS, Advice, Suggestion, advice
from agents.game.plan import Plan
from agents.game.view import GameView
from tui.cells import pad
from tui.changes import REST, change_of, sentence
from tui.facts import (
    Number,
    last_quarter,
    named,
    own_vendor,
    position,
    provenance,
    scarce,
    sentences,
    sources,
)
from tui.fields import UNITS, Field, fields_of, written
from tui.news import latest_news
from tui.roster import Roster, roster_of
from tui.screens.view import View
from tui.speech import N_, three
from tui.widgets.bars import Bar, Bars
from tui.widgets.gauge import GaugeList
from tui.widgets.menu import Menu

ROOMY = 36
"""Lines of a terminal from which panels have empty lines inside."""

WIDE = 100
"""Columns from which a decision's effect stands beside it."""

MOST = 3
"""Decisions that are shown."""


class Questions(Menu):
    """What to decide first; Enter opens the form there."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "select", N_("open"), id="briefing.open"),
    ]


class Briefing(View):
    """The start of a quarter on one page."""

    heading = N_("Briefing")
    about = N_(
        "Who you are and what counts, what is scarce, and what to decide first with the adviser's answer. The adviser "
        "is a simple strategy that knows only what you know. Once the game runs, it shows how last quarter went."
    )
    CSS_PATH = "briefing.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("a", "accept", N_("accept advice"), id="briefing.accept"),
    ]

    def __init__(self) -> None:
        super().__init__()
        self._advice: Advice | None = None
        self._advised_for = ""

    def body(self) -> ComposeResult:
        """Position or last quarter above; goal or news, and what is scarce; decisions below."""
        with Vertical(id="briefing"):
            with Vertical(id="position", classes="panel"):
                with Horizontal(id="numbers"):
                    for _ in range(4):
                        yield Static(classes="number", markup=False)
                yield Static(id="sentences", markup=False)
                yield Static(id="sources", markup=False)
            with Horizontal(id="around"):
                yield Static(id="aim", classes="panel", markup=False)
                with Vertical(id="scarce", classes="panel"):
                    yield GaugeList()
                with Vertical(id="at-home", classes="panel"):
                    yield Bars()
            with Vertical(id="first", classes="panel"):
                yield Questions(id="questions", markup=False)

    def on_resize(self) -> None:
        """Air around the panels, and more about decisions, where there is room."""
        self.set_class(self.size.height >= ROOMY, "-roomy")
        if self.is_mounted:
            self._show_questions()

    def on_mount(self) -> None:
        """Show what is known, and look up in the background where it is from."""
        super().on_mount()
        if not self.game.turns:
            self.run_worker(self._look_up, thread=True, exit_on_error=False)

    def _look_up(self) -> None:
        provenance(self.game.setup.scenario)
        self.app.call_from_thread(self._show_sources)

    def show(self) -> None:
        """The page as of now."""
        game, roster, begun = self.game, roster_of(self.game, self.speech), bool(self.game.turns)
        self.set_class(begun, "-begun")
        self.query_one("#position").border_title = Content(self._heading())
        self._show_numbers(last_quarter(game, self.speech) if begun else position(game, self.speech))
        said = self._causes() if begun else sentences(game, roster, self.session.rivals(self.speech), self.speech)
        self.query_one("#sentences", Static).update("\n".join(said))
        self._show_aim(roster)
        self._show_field(roster)
        panel = self.query_one("#scarce")
        panel.border_title = self.say("What is scarce")
        panel.border_subtitle = self.say("memory: need of a year")
        self.query_one(GaugeList).show(scarce(game, self.speech))
        self._show_questions()

    def _causes(self) -> list[str]:
        """What moved the own share most."""
        turns, speech = self.game.turns, self.speech
        if len(turns) < 2:
            return []
        change = change_of(turns[-2].outcome, turns[-1].outcome, self.game.seat)
        told = [cause for cause in change.causes if cause.name != REST][:3]
        return [
            f"{speech.points(cause.points, change.digits)}  {sentence(cause, change, self.say('you'), speech)}"
            for cause in told
        ]

    def _show_field(self, roster: Roster) -> None:
        """Everybody at home by revenue."""
        public = self.game.observation.public
        revenue = public.revenue[: self.game.parameters.domestic, 0]
        order = sorted((v for v in range(len(revenue)) if revenue[v] > 0), key=lambda v: -revenue[v])
        bars = [Bar(roster.names[v], float(revenue[v]), own=v == roster.own) for v in order]
        unit, factor = self.speech.scale("money")
        self.query_one("#at-home").border_title = self.say("Revenue at home, {unit}", unit=unit)
        self.query_one(Bars).show(bars, lambda value: three(factor * value))

    def _heading(self) -> str:
        name = self.speech.title(own_vendor(self.game).title)
        if self.game.turns:
            return self.say("{vendor} in {quarter}", vendor=name, quarter=self.game.turns[-1].now.name)
        return self.say("You run {vendor} from {quarter}", vendor=name, quarter=self.game.now.name)

    def _show_numbers(self, numbers: list[Number]) -> None:
        boxes = list(self.query(".number").results(Static))
        for box, number in zip(boxes, [*numbers, None], strict=False):
            box.display = number is not None
            if number is not None:
                box.update(
                    Content.assemble((number.value, "bold $accent"), "\n", number.title, "\n", (number.note, "$axis"))
                )

    def _show_sources(self) -> None:
        if not self.is_mounted or self.game.turns:
            return
        known = sources(self.game, provenance(self.game.setup.scenario), self.speech)
        text = self.say("Sources: {list}", list=" · ".join(known)) if known else ""
        self.query_one("#sources", Static).update(text)

    def _show_aim(self, roster: Roster) -> None:
        """At the start what counts, later the news."""
        panel = self.query_one("#aim", Static)
        if self.game.turns:
            panel.border_title = self.say("News")
            panel.update("\n".join(latest_news(self.game, roster, self.speech)))
            return
        panel.border_title = self.say("What counts")
        last = self.game.parameters.conditions[-1].name
        text = self.say(
            "Make your founders' shares worth as much as you can by {quarter}: cash and profit count, failure is worth "
            "nothing.",
            quarter=last,
        )
        panel.update(text)

    # -- decisions ------------------------------------------------------------------------------------------------

    def _show_questions(self) -> None:
        """What the adviser would do otherwise, at once if that is known; else it is found out in the background."""
        panel = self.query_one("#first")
        panel.display = self.session.plays
        draft, advised = self.session.draft, self._advice
        if draft is None or not self.session.plays:
            return
        panel.border_title = self.say("What to decide first, and the adviser's answers")
        if advised is None or self._advised_for != self.game.now.name:
            self._advice, self._advised_for = None, self.game.now.name
            self._consult(self.game, self.game.held())
            return
        accepted = draft == advised.plan.rounded()
        panel.border_subtitle = self.say("Accepted: space ends the quarter") if accepted else self.say("a accepts all")
        listed = self.query_one(Questions)
        kept, rows = listed.highlighted, self._rows(advised, draft)
        listed.clear_options()
        listed.add_options(rows)
        if rows:
            listed.highlighted = min(kept or 0, len(rows) - 1)

    @work(thread=True, exclusive=True, group="advice", exit_on_error=False)
    def _consult(self, game: GameView, held: Plan) -> None:
        found, worker = advice(game, held, self.session.adviser), get_current_worker()
        if not worker.is_cancelled and self.is_attached:
            self.app.call_from_thread(self._consulted, game.now.name, found)

    def _consulted(self, quarter: str, found: Advice) -> None:
        if quarter == self.game.now.name:
            self._advice = found
            self._show_questions()

    def _rows(self, advised: Advice, draft: Plan) -> list[Option]:
        """The decisions on which most money hangs; how effort is split is not among them."""
        fields = {field.path: field for field in fields_of(self.game.world, self.speech)}
        first = [each for each in advised.suggestions if each.change.path.partition(".")[0] not in SPLITS][:MOST]
        titles = max((cell_len(named(fields[each.change.path], self.speech)) for each in first), default=0)
        plan = advised.plan.rounded()
        if not first:
            return [Option(self.say("The adviser would go on as before."), disabled=True)]
        return [
            Option(self._row(fields[each.change.path], titles, draft, plan, each), id=each.change.path)
            for each in first
        ]

    def _row(self, field: Field, titles: int, draft: Plan, plan: Plan, suggestion: Suggestion) -> Content:
        """Field, the plan's value, the adviser's, unit, and what it alone would bring, where there is room."""
        mine, other = draft.value(field.path), plan.value(field.path)
        parts: list[str | tuple[str, str]] = [
            pad(named(field, self.speech), titles),
            (pad(written(field, mine), 11, "right"), "bold"),
            "  ✓  " if mine == other else "  →  ",
            (pad(written(field, other), 8), "bold $accent"),
            (pad(self.say(UNITS[field.kind]) if UNITS[field.kind] else "", 12), "$axis"),
        ]
        if self.size.width >= WIDE:
            effect = self.say(
                "in a year revenue {revenue}, cash {cash}",
                revenue=self.speech.money(suggestion.revenue, "+"),
                cash=self.speech.money(suggestion.cash, "+"),
            )
            parts.append((f" {effect}", "$axis"))
        return Content.assemble(*parts)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Advice is for who has a plan to make."""
        return self.session.plays if action == "accept" else super().check_action(action, parameters)

    def action_accept(self) -> None:
        """The adviser's plan in the place of the draft; can be undone."""
        if self.session.plays:
            self.session.replace(self.session.advice())
            self.redraw()

    @on(OptionList.OptionSelected)
    def _open(self, event: OptionList.OptionSelected) -> None:
        if event.option.id:
            self.open_field(event.option.id)
