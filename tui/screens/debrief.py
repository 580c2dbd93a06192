"""Debrief: what the game was worth, the quarters that mattered, and what would have been."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Container, Horizontal, Vertical
from textual.content import Content
from textual.widgets import DataTable, Static
from textual.worker import get_current_worker

from agents.game.debrief import WhatIf, series, suggested_what_ifs, turning_points, what_if
from agents.game.ladder import rank
from agents.game.setup import GameError
from agents.game.shakeout import read
from tui.cells import pad
from tui.facts import own_vendor
from tui.findings import Findings
from tui.lookback import (
    NOTHING,
    difference,
    ladder_bars,
    ladder_of,
    own_score,
    point_line,
    score_bars,
    what_if_text,
    worth,
)
from tui.pattern import headline, speaks_against
from tui.roster import roster_of
from tui.screens.question import Question
from tui.screens.start import Start
from tui.screens.view import View
from tui.speech import N_, Speech, three
from tui.widgets.bars import Bars
from tui.widgets.line_chart import LineChart, Series
from tui.widgets.table import Cell, Column, Line, Table

if TYPE_CHECKING:
    from agents.game.game import Game
    from tui.app import MarketApp
    from tui.session import Session

PANELS = ("score", "timeline", "what-if")
AS_IT_WAS = "as-it-was"
ROOMY = 34
"""Lines of the screen from which a turning point gets two."""


class Debrief(View):
    """Looking back, at the end and on the way."""

    heading = N_("Debrief")
    about = N_(
        "What your founders' shares are worth, term by term, and how the built-in strategies would have done in your "
        "seat on the same luck. The quarters that mattered most are numbered. Each what-if is your game played again "
        "by the rule book with one thing decided otherwise: rivals react, luck stays. Choose one to see both paths."
    )
    CSS_PATH = "debrief.tcss"
    app: MarketApp
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("w", "what_if", N_("what if"), id="debrief.what-if"),
        Binding("x", "export", N_("export"), id="debrief.export"),
        Binding("v", "panel", N_("next picture"), id="debrief.panel"),
        Binding("n", "again", N_("play again"), id="debrief.again"),
        Binding("m", "menu", N_("menu"), id="debrief.menu"),
        Binding("e", "app.view('decide')", N_("decide"), show=False, id="decide"),  # the others need the room
        Binding("h", "app.hold", N_("hold"), show=False, id="hold"),
    ]

    def __init__(self) -> None:
        super().__init__()
        self.panel = PANELS[0]

    @property
    def session(self) -> Session:
        session = self.app.session
        assert session is not None
        return session

    @property
    def game(self) -> Game:
        return self.session.game

    def body(self) -> ComposeResult:
        """The result above; score and rank left; the timeline, turning points and what-ifs right."""
        with Vertical(id="result", classes="panel"):
            yield Static(id="worth", markup=False)
            yield Static(id="verdict", markup=False)
        with Container(id="looking"):
            with Container(id="left"):
                with Vertical(id="score", classes="panel"):
                    yield Bars(id="terms")
                with Vertical(id="rank", classes="panel"):
                    yield Bars(id="ladder")
                    yield Static(id="ranking", markup=False)
            with Vertical(id="right"):
                with Horizontal(id="charts"):
                    yield LineChart(id="share", classes="panel")
                    yield LineChart(id="cash", classes="panel")
                yield Static(id="points", classes="panel", markup=False)
                with Vertical(id="what-ifs", classes="panel"):
                    yield Table(id="list")
                    yield Static(id="replaying", markup=False)

    def on_mount(self) -> None:
        """Show what is known at once, and work out the rest in the background."""
        super().on_mount()
        self._show_panel()

    def on_resize(self) -> None:
        """As many strategies and as much text as there is room for."""
        self._fit()

    def _fit(self) -> None:
        """Fill what hangs on the room that there is, once it is known; the game may have been left by then."""
        if self.is_attached and self.app.session is not None and self.game.turns:
            self._show_rank()
            self._show_points()

    async def respeak(self) -> None:
        """Say everything again, in a language that has changed."""
        await super().respeak()
        self._show_panel()

    # -- what is shown --------------------------------------------------------------------------------------------

    def show(self) -> None:
        """The game as it is now; rank and what-ifs follow."""
        begun = bool(self.game.turns)
        self.query_one("#looking").display = begun
        self.query_one("#result").border_title = self.say("Looking back")
        if not begun:
            self.query_one("#worth", Static).update(self.say("There is nothing to look back on before a quarter ends."))
            self.query_one("#verdict", Static).update("")
            return
        self._show_score()
        self._show_rank()
        self.call_after_refresh(self._fit)
        self._show_points()
        self._show_what_ifs()
        self._work_out(self.session.findings)

    def _show_score(self) -> None:
        own, panel = own_score(self.game), self.query_one("#score")
        panel.border_title = self.say("Score") if self.game.over else self.say("Score so far")
        bars, whole = score_bars(own, self.speech)
        self.query_one("#terms", Bars).show(bars, self.speech.money, whole)
        reading, instrument = read(self.game, self.session.instrument), self.session.instrument
        said = Content(headline(reading, self.game, self.speech))
        if reading is not None:
            against = speaks_against(reading, instrument, self.speech)
            said = Content.assemble(said, "  ", (against, "$axis"))
        self.query_one("#verdict", Static).update(said)

    def _show_rank(self) -> None:
        own, rungs = own_score(self.game), self.session.findings.rungs
        panel, ranking = self.query_one("#rank"), self.query_one("#ranking", Static)
        unit, factor = self.speech.scale("money")
        panel.border_title = self.say("Rank on the same luck, {unit}", unit=unit)
        value = (self.speech.money(float(own.value)), "bold $accent")
        ranking.display = rungs is None
        if rungs is None:
            ranking.update(self.say("computing: every strategy plays your seat"))
            self.query_one("#ladder", Bars).show([])
            self.query_one("#worth", Static).update(Content.assemble(value, " ", self.say("for your founders")))
            return
        name = self.speech.title(own_vendor(self.game).title)
        bars = ladder_bars(own, rungs, name, self.speech, max(self.query_one("#rank").content_size.height, 3))
        self.query_one("#ladder", Bars).show(bars, lambda value: three(factor * value))
        place = self.say(
            "for your founders: rank {rank} of {all} in your seat, on the same luck",
            rank=rank(own, rungs),
            all=len(rungs) + 1,
        )
        self.query_one("#worth", Static).update(Content.assemble(value, " ", place))

    def _show_points(self) -> None:
        panel, roster = self.query_one("#points", Static), roster_of(self.game, self.speech)
        panel.border_title = self.say("Quarters that mattered most")
        lines, points = [], turning_points(self.game)
        told = [point_line(point, self.game, roster, self.speech) for point in points]
        width = max((Content(changed).cell_length for changed, _ in told), default=0)
        for number, (point, (changed, why)) in enumerate(zip(points, told, strict=True), 1):
            head = Content.assemble((str(number), "bold $own"), f" {point.quarter}  ", pad(changed, width))
            between = "\n  " if self.size.height >= ROOMY else "  "
            lines.append(Content.assemble(head, between, (why, "$axis")))
        panel.update(Content("\n").join(lines))

    def _show_charts(self, chosen: WhatIf | None) -> None:
        """Own share and cash, and beside them what would have been."""
        labels, own = [turn.now.name for turn in self.game.turns], series(self.game)
        numbered = [labels.index(point.quarter) for point in turning_points(self.game)]
        unit, factor = self.speech.scale("money")
        for name, title, scale in (
            ("share", self.say("Share of revenue, %"), 100.0),
            ("cash", self.say("Cash, {unit}", unit=unit), factor),
        ):
            lines = [Series(self.say("you"), [scale * value for value in getattr(own, name)], own=True)]
            if chosen is not None:
                other = [scale * value for value in getattr(chosen.other, name)]
                lines.append(Series(self.say("what if"), other, slot=0, mark="?"))
            chart = self.query_one(f"#{name}", LineChart)
            chart.border_title = title
            lowest = min([0.0, *(value for line in lines for value in line.values)])
            chart.show(lines, labels, "{:.3g}".format, low=lowest, numbered=numbered)

    def _show_what_ifs(self, chosen: str = "") -> None:
        panel, speech = self.query_one("#what-ifs"), self.speech
        panel.border_title = self.say("What if: your game played again")
        panel.border_subtitle = self.say("w asks something else")
        own = worth(self.game)
        lines = [Line(AS_IT_WAS, [Cell(self.say("As it was"), "strong"), Cell(speech.money(own)), Cell("")])]
        for index, what in enumerate(self._what_ifs()):
            other = what.other_measure or 0.0
            cells = [Cell(what_if_text(what, self.game, speech)), Cell(speech.money(other)), self._gain(other - own)]
            lines.append(Line(str(index), cells))
        columns = [
            Column("what", self.say("Decided otherwise"), "left"),
            Column("worth", self.say("Worth")),
            Column("change", self.say("Difference")),
        ]
        self.query_one("#list", Table).show(columns, lines, chosen)
        replaying = self.query_one("#replaying", Static)
        replaying.display = not self.session.findings.complete
        replaying.update(self.say("computing: your most consequential decisions, undone"))
        self._chosen()

    def _gain(self, change: float) -> Cell:
        return Cell(difference(change, self.speech), "" if abs(change) < NOTHING else "gain" if change > 0 else "loss")

    def _what_ifs(self) -> list[WhatIf]:
        findings = self.session.findings
        return [*findings.asked, *findings.suggested]

    @on(DataTable.RowHighlighted, "#list")
    def _chosen(self) -> None:
        """Draw what would have been by the what-if under the cursor."""
        key, what_ifs = self.query_one("#list", Table).chosen, self._what_ifs()
        known = key.isdigit() and int(key) < len(what_ifs)  # the list may be about a quarter that is over
        self._show_charts(what_ifs[int(key)] if known else None)

    # -- in the background ----------------------------------------------------------------------------------------

    @work(thread=True, exclusive=True, group="debrief", exit_on_error=False)
    def _work_out(self, findings: Findings) -> None:
        """Rank, then what-ifs; both are kept until the next quarter."""
        worker, game = get_current_worker(), self.game
        if findings.rungs is None:
            findings.rungs = ladder_of(game)
            self._tell(findings, self._show_rank)
        if findings.complete:
            return
        found: list[WhatIf] = []
        for what in suggested_what_ifs(game, worth):
            if worker.is_cancelled:
                return
            found.append(what)
            if len(found) > len(findings.suggested):  # who was here before has got as far
                findings.suggested = [*found]
                self._tell(findings, self._show_what_ifs)
        findings.complete = True
        self._tell(findings, self._show_what_ifs)

    @work(thread=True, exclusive=True, group="what-if", exit_on_error=False)
    def _replay(self, findings: Findings, quarter: str, path: str, value: float | bool | str) -> None:
        """What the player asks for."""
        try:
            findings.asked.insert(0, what_if(self.game, quarter, path, value, worth))
        except GameError as error:
            self.app.call_from_thread(self.notify, str(error), severity="error", markup=False)
        else:
            self._tell(findings, lambda: self._show_what_ifs("0"))

    def _tell(self, findings: Findings, show: Callable[[], object]) -> None:
        """Show, from a worker, what was found, if this is still the screen and the quarter."""

        def shown() -> None:
            if self.is_attached and findings is self.session.findings:
                show()

        if not get_current_worker().is_cancelled:
            self.app.call_from_thread(shown)

    # -- actions --------------------------------------------------------------------------------------------------

    def _show_panel(self) -> None:
        for name in PANELS:
            self.query_one("#looking").set_class(name == self.panel, f"-{name}")
        self.call_after_refresh(self._fit)

    def action_panel(self) -> None:
        """The next panel where there is no room for all."""
        self.panel = PANELS[(PANELS.index(self.panel) + 1) % len(PANELS)]
        self._show_panel()

    def action_what_if(self) -> None:
        """Ask for a quarter, a field and another value, and play the game again with it."""
        from tui.screens.what_if import Asked, AskWhatIf

        def answered(asked: Asked | None) -> None:
            if asked is not None:
                self._replay(self.session.findings, asked.quarter, asked.path, asked.value)

        if self.game.turns:
            self.app.push_screen(AskWhatIf(self.game, self.speech), answered)

    def action_export(self) -> None:
        """Ask for a form and a folder, and write the game there."""
        from tui.screens.export import Export

        if self.game.turns:
            self.app.push_screen(Export(self.session, self.speech))

    def action_again(self) -> None:
        """The same game from its start, with the same luck."""
        setup = self.game.setup

        def answered(yes: bool | None) -> None:
            if yes:
                self.action_menu()
                self.app.call_later(self.app.begin, setup)

        if self.session.finished:
            answered(True)
            return
        text = self.say("Begin this game anew, with the same luck? What you have played is kept among the saved games.")
        self.app.push_screen(Question(self.speech, text), answered)

    def action_menu(self) -> None:
        """Back to the first screen; the game is kept."""
        self.app.try_to(self.session.save)
        while not isinstance(self.app.screen, Start):
            self.app.pop_screen()
        self.app.session, self.app.speech = None, Speech(self.speech.language)
