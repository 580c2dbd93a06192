"""Why: what changed a vendor's share from one quarter to the next, exactly, in bars and in words."""

from __future__ import annotations

from typing import ClassVar

from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from agents.game.view import Turn
from tui.cells import shortened
from tui.changes import (
    WORDS,
    Cause,
    Change,
    by_segment,
    change_of,
    part_of_all_money,
    sentence,
    title_of,
    vendors_of,
)
from tui.facts import named
from tui.fields import fields_of
from tui.roster import Roster, roster_of
from tui.screens.view import View
from tui.speech import N_
from tui.widgets.axes import Format
from tui.widgets.bars import Bar, Bars
from tui.widgets.line_chart import LineChart
from tui.widgets.menu import Menu

FRAME = 5
"""Lines of the upper panel that are no causes: border, headline, rule and total."""

SCREENS = {"market": N_("Market"), "rivals": N_("Rivals")}
"""Screens that show more of a cause."""


class Causes(Menu):
    """The sentences, one to choose with the arrows or the mouse; Enter does something about it."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "select", N_("act on it"), id="why.act"),
        Binding("left", "screen.vendor(-1)", N_("vendor"), key_display="←→", id="why.vendor-before"),
        Binding("right", "screen.vendor(1)", N_("vendor"), show=False, id="why.vendor-after"),
    ]

    def on_click(self, event: events.Click) -> None:
        """A click chooses and does no more."""
        event.prevent_default()
        place = event.style.meta.get("option")
        if place is not None:
            self.highlighted = place


class Why(View):
    """The change of a share, term by term."""

    heading = N_("Why")
    about = N_(
        "What moved a vendor's share of all money that buyers spent since the quarter before. The bars add up to the "
        "change exactly. Each sets what the vendor did against what its rivals did in the same matter, so what moves "
        "all alike, such as a new generation of models, cancels."
    )
    CSS_PATH = "why.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("left_square_bracket", "quarter(-1)", N_("quarter"), key_display="[ ]", id="why.quarter-before"),
        Binding("right_square_bracket", "quarter(1)", N_("quarter"), show=False, id="why.quarter-after"),
        Binding("tab", "segment(1)", N_("buyers"), key_display="Tab", id="why.segment-after"),
        Binding("shift+tab", "segment(-1)", N_("buyers"), show=False, id="why.segment-before"),
    ]

    def __init__(self) -> None:
        super().__init__()
        self.vendor: int | None = None
        self.back = 0
        self.segment: int | None = None
        self.change: Change | None = None

    def body(self) -> ComposeResult:
        """Causes in bars and words; what to do about the chosen one; by buyers; the share so far."""
        with Vertical(id="why"):
            with Vertical(id="causes", classes="panel"):
                yield Static(id="headline", markup=False)
                with Horizontal(id="terms"):
                    yield Bars(id="bars")
                    yield Causes(id="words", markup=False)
            with Horizontal(id="lower"):
                with Vertical(id="left"):
                    yield Static(id="chosen-cause", classes="panel", markup=False)
                    with Vertical(id="everybody", classes="panel"):
                        yield Bars(id="vendors")
                with Vertical(id="buyers", classes="panel"):
                    yield Bars(id="segments")
                yield LineChart(id="history", classes="panel")

    # -- what is shown --------------------------------------------------------------------------------------------

    def pair(self) -> tuple[Turn, Turn] | None:
        """The quarter that is explained and the one before it; None before there are two."""
        turns = self.game.turns
        if len(turns) < 2:
            return None
        self.back = min(max(self.back, 0), len(turns) - 2)
        return turns[-2 - self.back], turns[-1 - self.back]

    def show(self) -> None:
        """Everything, for the vendor, the quarter and the buyers that were chosen."""
        pair, roster = self.pair(), roster_of(self.game, self.speech)
        self.set_class(pair is None, "-waiting")
        self.query_one("#causes").border_title = self.say("Why shares change")
        if pair is None:
            text = self.say("A share can be compared from the second quarter on: end the quarter with space.")
            self.query_one("#headline", Static).update(text)
            return
        before, after = (turn.outcome for turn in pair)
        if self.vendor is None:
            self.vendor = vendors_of(before, after, roster.own)[0]
        most = min(max(self.size.height - 2 - FRAME - 9, 3), len(WORDS) + 1)
        self.change = change_of(before, after, self.vendor, self.segment, most)
        self._show_headline(self.change, roster, pair[1].now.name)
        self._show_causes(self.change, self.who(self.change, roster))
        self._show_segments(pair)
        self._show_vendors(pair, roster)
        self._show_history(roster)

    def who(self, change: Change, roster: Roster) -> str:
        """The vendor as sentences speak of it."""
        return self.say("you") if change.vendor == roster.own else roster.names[change.vendor]

    def _show_headline(self, change: Change, roster: Roster, quarter: str) -> None:
        speech, name = self.speech, roster.names[change.vendor]
        panel = self.query_one("#causes")
        panel.border_title = Content(f"‹ {name} ›   ‹ {quarter} ›   ‹ {self._buyers(change.segment)} ›")
        panel.border_subtitle = Content(self.say("← → vendor   [ ] quarter   Tab buyers"))
        values = {
            "before": speech.share(change.before, change.digits),
            "after": speech.share(change.after, change.digits),
            "points": speech.points(change.total, change.digits),
        }
        if change.segment is None:
            text = self.say("Share of all money spent: {before} → {after}, {points} points", **values)
        else:
            text = self.say("Share of all money, from these buyers: {before} → {after}, {points} points", **values)
        self.query_one("#headline", Static).update(Content.styled(text, "bold"))

    def _buyers(self, segment: int | None) -> str:
        if segment is None:
            return self.say("All buyers")
        return self.speech.title(list(self.game.world.segments.values())[segment].title)

    def _show_causes(self, change: Change, who: str) -> None:
        bars = [Bar(title_of(cause, self.speech), 100 * cause.points) for cause in change.causes]
        together = Bar(self.say("Together"), 100 * change.total)
        self.query_one("#bars", Bars).show(bars, self._points(change.digits), total=together)
        words = self.query_one(Causes)
        kept = words.highlighted_option
        words.clear_options()
        words.add_options([Option(sentence(cause, change, who, self.speech), id=cause.name) for cause in change.causes])
        names = [cause.name for cause in change.causes]
        if names:
            words.highlighted = names.index(kept.id) if kept is not None and kept.id in names else 0
        self._show_detail()

    def _show_segments(self, pair: tuple[Turn, Turn]) -> None:
        assert self.vendor is not None
        before, after = (turn.outcome for turn in pair)
        whole = change_of(before, after, self.vendor)
        bars = [
            Bar(_marked(shortened(self._buyers(segment)), segment == self.segment), 100 * gained)
            for segment, gained in by_segment(before, after, self.vendor)
        ]
        everybody = Bar(_marked(self._buyers(None), self.segment is None), 100 * whole.total)
        self.query_one("#segments", Bars).show(bars, self._points(whole.digits), total=everybody)
        self.query_one("#buyers").border_title = self.say("By buyers, points")

    def _show_vendors(self, pair: tuple[Turn, Turn], roster: Roster) -> None:
        moved = part_of_all_money(pair[1].outcome).sum(axis=1) - part_of_all_money(pair[0].outcome).sum(axis=1)
        order = sorted(vendors_of(pair[0].outcome, pair[1].outcome, roster.own), key=lambda vendor: -abs(moved[vendor]))
        bars = [
            Bar(_marked(roster.names[v], v == self.vendor), 100 * float(moved[v]), own=v == roster.own) for v in order
        ]
        self.query_one("#vendors", Bars).show(bars, self._points(1))
        self.query_one("#everybody").border_title = self.say("Who gained, who lost, points")

    def _points(self, digits: int) -> Format:
        return lambda percent: self.speech.points(percent / 100, digits)

    def _show_history(self, roster: Roster) -> None:
        assert self.vendor is not None
        turns, chart = self.game.turns, self.query_one("#history", LineChart)
        shares = [100 * float(part_of_all_money(turn.outcome)[self.vendor].sum()) for turn in turns]
        chart.border_title = self.say("Share of all money spent, %")
        chart.show([roster.series(self.vendor, shares)], [turn.now.name for turn in turns], "{:.3g}".format, low=0.0)

    @on(OptionList.OptionHighlighted)
    def _show_detail(self) -> None:
        """The chosen cause: its two sides, and what can be done about it."""
        cause, change = self._chosen(), self.change
        panel = self.query_one("#chosen-cause", Static)
        if cause is None or change is None:
            panel.update("")
            return
        panel.border_title = title_of(cause, self.speech)
        roster = roster_of(self.game, self.speech)
        who, mine = self.who(change, roster), change.vendor == roster.own
        figures = self.say(
            "{who} {own}, rivals {rivals}",
            who=who,
            own=self.speech.points(cause.own, change.digits),
            rivals=self.speech.points(cause.rivals, change.digits),
        )
        lines = [
            Content.styled(sentence(cause, change, who, self.speech), "bold"),
            Content.styled(figures, "$axis"),
        ]
        way = self._way(cause, mine)
        if way and mine:
            lines.append(Content(self.say(WORDS[cause.name].advice)))
        if way:
            lines.append(Content.assemble(("Enter ", "bold $accent"), self._named(way)))
        panel.update(Content("\n").join(lines))

    def _way(self, cause: Cause, mine: bool) -> str:
        """Where one can act on a cause: a path of the form, or the name of a screen; empty if nowhere."""
        if cause.name not in WORDS:
            return ""
        words, game = WORDS[cause.name], self.game
        if words.view or not mine:
            return words.view or "rivals"
        if words.field == "capacity.":
            return f"capacity.{game.parameters.nodes[int(game.state.node[game.seat, 0])]}"
        if words.field == "focus.":
            return f"focus.{game.parameters.segments[self.segment or 0]}"
        return words.field

    def _named(self, way: str) -> str:
        """The title of a field of the form or of a screen."""
        if way in SCREENS:
            return self.say(SCREENS[way])
        fields = fields_of(self.game.world, self.speech)
        return named(next(field for field in fields if field.path == way), self.speech)

    def _chosen(self) -> Cause | None:
        place = self.query_one(Causes).highlighted
        if self.change is None or place is None or place >= len(self.change.causes):
            return None
        return self.change.causes[place]

    def on_resize(self) -> None:
        """As many causes as there is room for."""
        if self.is_mounted:
            self.show()

    # -- actions --------------------------------------------------------------------------------------------------

    def action_vendor(self, direction: int) -> None:
        """The next vendor; the player's own is the first, the others follow by size."""
        pair = self.pair()
        if pair is None:
            return
        own = roster_of(self.game, self.speech).own
        order = vendors_of(pair[0].outcome, pair[1].outcome, own)
        here = order.index(self.vendor) if self.vendor in order else 0
        self.vendor = order[(here + direction) % len(order)]
        self.show()

    def action_quarter(self, direction: int) -> None:
        """A quarter earlier or later."""
        self.back -= direction
        self.show()

    def action_segment(self, direction: int) -> None:
        """The next group of buyers in the order of the list; before the first and after the last come all."""
        pair = self.pair()
        if pair is None or self.vendor is None:
            return
        listed = by_segment(pair[0].outcome, pair[1].outcome, self.vendor)
        order: list[int | None] = [None, *(segment for segment, _ in listed)]
        self.segment = order[(order.index(self.segment) + direction) % len(order)]
        self.show()

    @on(OptionList.OptionSelected)
    def _act(self) -> None:
        """To the field of the form that acts on the chosen cause, or to the screen that shows more."""
        cause, change = self._chosen(), self.change
        if cause is None or change is None:
            return
        way = self._way(cause, change.vendor == roster_of(self.game, self.speech).own)
        if way in SCREENS:
            self.app.action_view(way)
        elif way and self.session.plays:
            self.open_field(way)


def _marked(title: str, chosen: bool) -> str:
    return ("▸ " if chosen else "  ") + title
