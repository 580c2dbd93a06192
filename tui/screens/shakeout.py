"""Shakeout monitor: whether this market goes the way of photovoltaics, and how it may end."""

from __future__ import annotations

from typing import ClassVar

from textual import work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Container, Vertical
from textual.content import Content
from textual.widgets import Static
from textual.worker import get_current_worker

from agents.game.shakeout import Stories, history_of, read, reference_path, since_peak, stories
from marketsim.shakeout.classify import Class
from marketsim.shakeout.instrument import Reading
from tui.findings import Findings
from tui.pattern import (
    MEANINGS,
    QUESTIONS,
    class_title,
    gauges,
    headline,
    path_series,
    speaks_against,
    speaks_for,
)
from tui.screens.view import View
from tui.speech import N_
from tui.widgets.bars import Bar, Bars
from tui.widgets.gauge import GaugeList
from tui.widgets.line_chart import LineChart

FUTURES, AT_ONCE = 64, 16
"""Futures that are played, and how many of them side by side: each lot takes about half a second of forty quarters."""

PANELS = ("facts", "path", "stories")


class Shakeout(View):
    """The shakeout test, read in the middle of the story."""

    heading = N_("Shakeout")
    about = N_(
        "Is it photovoltaics again? Nineteen facts of the market so far, each with a mark where photovoltaics was; its "
        "path beside theirs, both from the peak of firms on; and how it may end if all go on as they do, in futures "
        "with other luck. Photovoltaics is what it is compared with, and no forecast."
    )
    CSS_PATH = "shakeout.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("v", "panel", N_("next picture"), id="shakeout.panel"),
    ]

    def __init__(self) -> None:
        super().__init__()
        self.panel = PANELS[0]

    def body(self) -> ComposeResult:
        """The answer so far above; facts by question, the path, and how it may end below."""
        with Container(id="shakeout"):
            with Vertical(id="answer", classes="panel"):
                yield Static(id="headline", markup=False)
                with Container(id="reasons"):
                    for side in ("for", "against"):
                        yield Static(id=f"{side}-title", markup=False)
                        yield Static(id=side, markup=False)
            with Container(id="facts", classes="panel"):
                for index in range(len(QUESTIONS)):
                    with Vertical(id=f"question-{index}", classes="question"):
                        yield Static(classes="asked", markup=False)
                        yield GaugeList()
            with Container(id="future"):
                yield LineChart(id="path", classes="panel")
                with Vertical(id="stories", classes="panel"):
                    yield Bars()
                    yield Static(id="computing", markup=False)
                    yield Static(id="meanings", markup=False)

    def on_mount(self) -> None:
        """Show what is known, and play on in the background."""
        super().on_mount()
        self._show_panel()

    def show(self) -> None:
        """The game as it is now; the futures follow."""
        reading = read(self.game, self.session.instrument)
        self._show_answer(reading)
        self._show_facts(reading)
        self._show_path()
        self._show_stories(self.session.findings.stories)
        self._play_on(self.session.findings)

    def _show_answer(self, reading: Reading | None) -> None:
        self.query_one("#answer").border_title = self.say("Is it photovoltaics again?")
        self.query_one("#headline", Static).update(Content.styled(headline(reading, self.game, self.speech), "bold"))
        self.query_one("#reasons").display = reading is not None
        if reading is not None:
            instrument, said = self.session.instrument, self.speech
            texts = {
                "#for-title": self.say("For"),
                "#for": speaks_for(reading, instrument, said),
                "#against-title": self.say("Against"),
                "#against": speaks_against(reading, instrument, said),
            }
            for name, text in texts.items():
                self.query_one(name, Static).update(text)

    def _show_facts(self, reading: Reading | None) -> None:
        panel, instrument = self.query_one("#facts"), self.session.instrument
        panel.border_title = self.say("Facts so far")
        marks = self.say("◆ photovoltaics   ! as there")
        fitted = self.say("* fitted to, not counted") if instrument.dropped else ""
        panel.border_subtitle = f"{marks}   {fitted}".rstrip()
        for index, (question, facts) in enumerate(QUESTIONS.items()):
            block = self.query_one(f"#question-{index}")
            block.query_one(Static).update(self.say(question))
            block.query_one(GaugeList).show(gauges(list(facts), reading, instrument, self.speech))

    def _show_path(self) -> None:
        """The path, as soon as it is known; until then that of the quarter before."""
        chart, path = self.query_one("#path", LineChart), self.session.findings.path
        chart.border_title = self.say("Firms and price, peak = 100")
        chart.nothing = self.say("from the first quarter on")
        chart.border_subtitle = self.say("years from peak; PV: photovoltaics")
        if path is not None:
            series, labels = path_series(*path, self.speech)
            chart.show(series, labels, "{:.0f}".format, low=0.0)

    # -- how it may end -------------------------------------------------------------------------------------------

    @work(thread=True, exclusive=True, group="stories", exit_on_error=False)
    def _play_on(self, findings: Findings) -> None:
        """The path, then futures, a lot at a time, beside the keyboard; what is found stays until the next quarter."""
        worker, game, instrument = get_current_worker(), self.game, self.session.instrument
        quarters = history_of(game, per_year=4) if findings.path is None else None
        if quarters is not None:
            findings.path = since_peak(quarters, instrument), reference_path(instrument)
            self.app.call_from_thread(self._found, findings)
        while (done := findings.stories.runs if findings.stories else 0) < FUTURES:
            found = stories(game, instrument, range(done, done + AT_ONCE))
            if worker.is_cancelled:
                return
            findings.stories = found if findings.stories is None else findings.stories + found
            self.app.call_from_thread(self._found, findings)

    def _found(self, findings: Findings) -> None:
        if self.is_current and findings is self.session.findings:
            self._show_path()
            self._show_stories(findings.stories)

    def _show_stories(self, found: Stories | None) -> None:
        panel, done = self.query_one("#stories"), found.runs if found else 0
        panel.border_title = self.say("How it ends, if all go on as they do")
        panel.border_subtitle = self.say("{count} futures", count=done) if done else ""
        note = self.say("computing: {done} of {all} futures", done=done, all=FUTURES) if done < FUTURES else ""
        computing = self.query_one("#computing", Static)
        computing.update(note)
        computing.display = bool(note)
        if found is None:
            self.query_one("#stories Bars", Bars).show([])
            return
        likely = sorted(Class, key=lambda which: -found.counts[which])
        shown = [which for which in likely if which is Class.PHOTOVOLTAIC or found.counts[which]]
        meanings = [
            Content.assemble(class_title(which, self.speech), self.say(": "), (self.say(MEANINGS[which]), "$axis"))
            for which in likely
        ]
        self.query_one("#meanings", Static).update(Content("\n").join(meanings))
        bars = [Bar(class_title(which, self.speech), found.probability(which)) for which in shown]
        self.query_one("#stories Bars", Bars).show(bars, lambda share: self.speech.share(share, 0))

    # -- actions --------------------------------------------------------------------------------------------------

    def _show_panel(self) -> None:
        for name in PANELS:
            self.query_one(f"#{name}").set_class(name == self.panel, "-current")
        self.query_one("#future").set_class(self.panel != "facts", "-current")

    async def respeak(self) -> None:
        """Say everything again, in a language that has changed."""
        await super().respeak()
        self._show_panel()

    def action_panel(self) -> None:
        """The next panel where there is room for one."""
        self.panel = PANELS[(PANELS.index(self.panel) + 1) % len(PANELS)]
        self._show_panel()
