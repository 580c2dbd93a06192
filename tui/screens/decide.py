"""Decide: one form, and beside it what the plan would bring."""

from __future__ import annotations

from time import sleep
from typing import ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.widgets import Static
from textual.worker import get_current_worker

from agents.game.forecast import Forecast, forecast
from agents.game.plan import Plan
from tui.cuts import warning
from tui.fields import UNITS, Field, Value, written
from tui.rivals import rivals_of
from tui.screens.advisers import Advisers
from tui.screens.view import View
from tui.speech import N_, three
from tui.widgets.field_row import FieldRow, form_of
from tui.widgets.forecast_panel import ForecastPanel
from tui.widgets.line_chart import LineChart, Series
from tui.widgets.prose import Prose

PAUSE = 0.1
"""Seconds without another change after which one looks ahead: not for each step of a key that is held down."""


class Decide(View):
    """The form of the quarter."""

    heading = N_("Decide")
    about = N_(
        "Set what you want for the coming quarter. The arrows move and change; digits type over. Beside each field "
        "stands what it was and what rivals do; the forecast shows what the plan would bring."
    )
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("a", "advise", N_("advice"), id="decide.advise"),
        Binding("c", "copy", N_("as last quarter"), id="decide.copy"),
        Binding("d", "details", N_("details"), id="decide.details"),
        Binding("u", "app.undo", N_("undo"), id="undo"),
        Binding("e", "app.view('decide')", N_("decide"), show=False, id="decide"),  # one is there
    ]

    def body(self) -> ComposeResult:
        """The form left, the forecast right; below each other where there is no room."""
        with Horizontal(id="decide"):
            with Vertical(id="plan"):
                with VerticalScroll(id="form", can_focus=False):
                    yield from form_of(self.game.world, self.speech, self._decide)
                yield Static(id="remark", markup=False)
            with VerticalScroll(id="beside", can_focus=False):
                yield ForecastPanel(self.speech, id="forecast")
                yield Prose(id="rule")
                yield LineChart(id="cash-path", classes="panel")

    def show(self) -> None:
        """The draft in the form."""
        draft, game = self.session.draft, self.game
        if draft is None:
            return
        was, rivals = game.held(), rivals_of(game, draft, self.speech)
        wrong = {problem.path: problem for problem in self.session.problems()}
        for row in self.query(FieldRow):
            path = row.field.path
            problem = wrong.get(path)
            text = "" if problem is None else self._allowed(row.field, problem.low, problem.high)
            row.show(draft.value(path), was.value(path), rivals.get(path, ""), text)
        self._remark()

        self.entitle("#plan", self.say("Your plan for {quarter}", quarter=game.now.name))
        self.entitle("#beside", self.say("What it would bring"))
        self._look_ahead(draft)

    @work(thread=True, exclusive=True, group="forecast", exit_on_error=False)
    def _look_ahead(self, plan: Plan) -> None:
        """Rehearse the plan beside the keyboard; a plan that cannot be played has no forecast."""
        worker, game = get_current_worker(), self.game
        sleep(PAUSE)
        if worker.is_cancelled:
            return
        ahead = None if game.problems(plan) else forecast(game, plan)
        if not worker.is_cancelled and self.is_attached:
            self.app.call_from_thread(self._foreseen, plan, ahead)

    def _foreseen(self, plan: Plan, ahead: Forecast | None) -> None:
        if self.session.draft is not plan:
            return
        self.query_one(ForecastPanel).show(ahead, full=not self.has_class("-narrow"))
        self._draw_cash(ahead)
        cuts = {} if ahead is None else {cut.path: cut for cut in reversed(ahead.cuts)}
        for row in self.query(FieldRow):
            cut = cuts.get(row.field.path)
            row.warn("" if cut is None else warning(cut, row.field, self.speech))
        self._remark()

    def _remark(self) -> None:
        """What is wrong with the field under the cursor, in full."""
        row = self.app.focused
        problem, doubt = (row.problem, row.warning) if isinstance(row, FieldRow) else ("", "")
        remark = self.query_one("#remark", Static)
        remark.set_class(bool(problem), "-problem")
        text = f"✗ {problem}" if problem else f"! {doubt}" if doubt else ""
        if remark.content != text:
            remark.update(text)

    def _draw_cash(self, ahead: Forecast | None) -> None:
        """Cash of the last year and of the quarters to come, with its band."""
        game, (unit, factor) = self.game, self.speech.scale("money")
        chart, past = self.query_one("#cash-path", LineChart), game.turns[-4:]
        chart.border_title = self.say("Cash, {unit}", unit=unit)
        was = [float(turn.after.cash[game.seat, 0]) for turn in past]
        if not past:
            was = [float(game.state.cash[game.seat, 0])]
        labels = [turn.now.name for turn in past] or [self.say("start")]
        bands = [] if ahead is None else [(at.quarter, at.cash) for at in ahead.quarters]
        low, middle, high = (
            [factor * value for value in was + [getattr(band, name) for _, band in bands]]
            for name in ("low", "median", "high")
        )
        own = Series(self.say("cash"), middle, own=True, band=(low, high))
        chart.show([own], labels + [name for name, _ in bands], format=three, low=min(0.0, *low))

    def _allowed(self, field: Field, low: float | None, high: float | None) -> str:
        if low is None or high is None:
            return self.say("choose one of them")
        return self.say("allowed: {low} to {high}", low=written(field, low), high=written(field, high))

    # -- what the rows tell ---------------------------------------------------------------------------------------

    def _decide(self, field: Field, value: Value) -> None:
        self.session.edit(field.path, value)
        if self.drawable:  # not where one leaves it while typing
            self.redraw()

    @on(FieldRow.Focused)
    def _focused(self, event: FieldRow.Focused) -> None:
        field = event.row.field
        title = f"[bold]{event.row.title}[/]"
        if UNITS[field.kind]:
            title = self.say("{fact} ({sure})", fact=title, sure=self.say(UNITS[field.kind]))
        self._remark()
        self.query_one("#rule", Prose).update(f"{title}\n{self.say(field.rule)}")

    # -- actions --------------------------------------------------------------------------------------------------

    def action_advise(self) -> None:
        """Ask who is to advise, and put that plan in the place of the draft."""

        def answered(name: str | None) -> None:
            if name is not None:
                self.session.adviser = name
                self.session.replace(self.session.advice())
                self.redraw()

        self.app.push_screen(Advisers(self.session, self.speech), answered)

    def action_copy(self) -> None:
        """As last quarter."""
        self.session.replace(self.game.held())
        self.redraw()

    def action_details(self) -> None:
        """Show or hide how adaptation and sales effort are split."""
        for row in self.query(FieldRow):
            if row.field.detail:
                row.toggle_class("-detail")
