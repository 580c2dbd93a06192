"""A team's client: the screens of the game on a market that comes over the net, and a form that all members share."""

from __future__ import annotations

from functools import partial
from typing import Any

from textual import work
from textual.binding import Binding
from textual.content import Content
from textual.screen import Screen

from agents.workshop import protocol as p
from agents.workshop.team_view import ReceivedGame
from marketsim.errors import printable
from tui.game_app import VIEWS, GameApp
from tui.screens.decide import Decide
from tui.screens.question import Question
from tui.screens.view import View
from tui.settings import Settings
from tui.speech import Speech
from tui.status import status
from tui.workshop import words
from tui.workshop.connection import Connection, Heard, Link, WorkshopError
from tui.workshop.join import Joining
from tui.workshop.lobby import Lobby
from tui.workshop.membership import Membership, Place
from tui.workshop.refusals import in_words, refusal
from tui.workshop.session import TeamSession

PACE = 0.25
"""Seconds between two messages about what is being typed."""
WARNINGS = (60, 15)
"""Seconds left at which one is told so who has not handed in."""
CLOSED = ("shakeout", "watch")
"""Screens of the game that need rivals' books."""
OWN_VIEWS = {"room": "tui.workshop.lobby:Lobby", "debrief": "tui.workshop.debrief:RoomDebriefScreen"}


class TeamApp(GameApp):
    """The application of a member of a team.

    connection: to the server; without a token one is asked for a code; none: and for an address.
    """

    views = {name: place for name, place in VIEWS.items() if name not in CLOSED} | OWN_VIEWS
    session: TeamSession | None = None

    def __init__(self, connection: Connection | None = None, settings: Settings | None = None) -> None:
        super().__init__(settings)
        self.connection = connection
        self.membership = Membership(typing=self._pace)
        self.lost = ""
        self._fetching = self._pacing = False
        self._facts: tuple[object, list[str | Content]] = (None, [])

    def first_screen(self) -> Screen[Any]:
        """The room, or how to get into it."""
        return Lobby() if self.connection is not None and self.connection.token else Joining(self.connection)

    def on_mount(self) -> None:
        """Look at the clock, and listen where one has a seat."""
        self.set_interval(1.0, self._tick)
        if self.connection is not None and self.connection.token:
            self._follow(self.connection)

    def sit_down(self, connection: Connection) -> None:
        """Come into a room in which one has a seat."""
        self.connection = connection
        self.switch_screen(Lobby())
        self._follow(connection)

    def go_on_as_facilitator(self, connection: Connection) -> None:
        """End this, and open the console."""
        from tui.workshop.console import ConsoleApp

        self.then = ConsoleApp(connection, self.settings)
        self.exit()

    @property
    def address(self) -> str:
        """Where members join."""
        return "" if self.connection is None else self.connection.address

    # -- what is told ---------------------------------------------------------------------------------------------

    @work(exclusive=True, group="follow")
    async def _follow(self, connection: Connection) -> None:
        try:
            await connection.follow(self.heed)
        except WorkshopError as error:
            self._lose_seat(in_words(error, self.speech))

    def heed(self, heard: Heard) -> None:
        """Take note of something that the server told."""
        match heard:
            case Link(up=up):
                self._take_link(up)
            case p.RoomNow():
                self._take_room(heard)
            case p.Form():
                self._take_form(heard)
            case p.Told():
                self._take_message(heard)

    def _take_link(self, up: bool) -> None:
        if self.membership.connected and not up:
            self.notify(self.speech.say("The connection is lost; trying again."), severity="warning")
        self.membership.connected = up
        self.redraw_lines()

    def _take_room(self, room: p.RoomNow) -> None:
        before, left = self.membership.room, self.membership.remaining
        plays = self.session is not None and self.session.plays
        self.membership.take_room(room)
        self._begin()
        if before is not None and self.session is not None:
            more = 0.0 if room.remaining is None else room.remaining - (left or 0.0)
            for text, severity in words.news(before, room, self.session.own.vendor, more, self.speech):
                self.notify(text, severity=severity, timeout=8, markup=False)
            if before.phase != room.phase == "open":
                self.membership.result_read = True
            if before.phase == "lobby" and room.phase == "open":
                self.action_go_in()
        self._leave_closed_screen()
        self._redraw(self.session is not None and self.session.plays is not plays)
        if self.membership.wanted is not None and not self._fetching:
            self._fetch_market()

    def _take_form(self, form: p.Form) -> None:
        other, handed_in = self.membership.take_form(form)
        self._begin()
        if handed_in:
            self.notify(self.speech.say("Handed in for {quarter}.", quarter=form.quarter), timeout=4)
        self._redraw(other)

    def _take_message(self, told: p.Told) -> None:
        if self.membership.take_message(told):
            say = self.speech.say
            title = say("The facilitator to all") if told.to_all else say("The facilitator to your team")
            self.notify(printable(told.text, 500), title=title, timeout=20, markup=False)
        self.redraw_lines()

    @work(group="market")
    async def _fetch_market(self) -> None:
        """Fetch what is new of the market, until nothing is."""
        self._fetching = True
        try:
            await self.engine()
            while (wanted := self.membership.wanted) is not None and self.connection is not None:
                market = await self.connection.grown(self.membership.market, wanted[0])
                self._take_market(market, wanted)
        except WorkshopError:
            return  # who listens is told the same
        finally:
            self._fetching = False

    def _take_market(self, market: ReceivedGame, of: Place) -> None:
        lived = self.session is not None and self.session.game.alive
        ended = self.membership.take_market(market, of)
        self._begin()
        if ended and self.session is not None:
            failed = lived and not market.alive
            told = words.result_line(self.session, self.speech)
            self.notify(told, severity="error" if failed else "information", timeout=10, markup=False)
        self._leave_closed_screen()
        self.redraw()

    # -- coming and going -----------------------------------------------------------------------------------------

    def _begin(self) -> None:
        """Begin with the market as soon as it is there."""
        if self.session is None and self.membership.session is not None:
            self.session = self.membership.session
            self.speech = Speech(self.speech.language, self.session.game.world.vocabulary)
            if self.session.room.phase != "lobby":
                self.action_go_in()
            self.redraw()

    def _leave_closed_screen(self) -> None:
        """The form is of no use to who has nothing to decide."""
        session = self.session
        if session is None or not isinstance(self.screen, Decide):
            return
        if session.own.strategy is not None or session.game.over:
            self.action_view("dashboard")

    def _lose_seat(self, why: str) -> None:
        """The server does not know this seat any more."""
        self._stand_up()
        self.lost = why
        if self.own_machine:
            self._join_again(why)
        else:
            self.redraw_lines()

    def _stand_up(self) -> None:
        """Nothing is known of the room any more, and nothing of it is shown."""
        while len(self.screen_stack) > 2:  # the first is Textual's own
            self.pop_screen()
        self.session, self.membership = None, Membership(typing=self._pace)

    def _join_again(self, why: str = "") -> None:
        connection = None if self.connection is None else Connection(self.connection.address)
        self.switch_screen(Joining(connection, why, back=False))

    # -- what is typed --------------------------------------------------------------------------------------------

    def _pace(self) -> None:
        """Something was typed: it is sent soon, with what is typed until then."""
        if not self._pacing:
            self._pacing = True
            self.set_timer(PACE, self._send_typed)

    def _send_typed(self) -> None:
        self._pacing = False
        command = None if self.session is None else self.session.edit_command()
        if command is not None:
            self._send(command)

    @work(group="commands")
    async def _send(self, command: p.TeamCommand) -> None:
        """Have something done, however long the connection may be lost; what is refused is told."""
        assert self.connection is not None
        answer = await self.connection.do(command)
        if self.session is None:
            return
        self.session.answered(command, answer)
        if isinstance(answer, p.Refused):
            late = command.quarter != self.session.form.quarter
            if not late or isinstance(command, p.Submit):
                self.notify(refusal(answer, self.speech), severity="error", timeout=10, markup=False)
            self.redraw()
        if self.session.typed:
            self._pace()

    # -- screens --------------------------------------------------------------------------------------------------

    def redraw(self) -> None:
        """The screen after something has happened."""
        if (screen := self._told) is not None:
            screen.redraw()

    def _redraw(self, whole: bool) -> None:
        if whole:
            self.redraw()
        else:
            self.redraw_lines()

    def redraw_lines(self) -> None:
        """What is told of the room, where nothing else has changed."""
        match self._told:
            case View() as view:
                view.redraw_lines()
            case Lobby() as lobby:
                lobby.redraw()

    @property
    def _told(self) -> View | Lobby | None:
        """The uppermost screen that tells of the room, if it can be drawn now; the others are when they come back."""
        told = next((screen for screen in reversed(self.screen_stack) if isinstance(screen, View | Lobby)), None)
        return told if told is not None and told.drawable else None

    def _tick(self) -> None:
        """A second has gone by."""
        room, left = self.membership.room, self.membership.remaining
        if room is None or room.phase != "open" or left is None:
            return
        if self.session is not None and self.session.state in ("open", "changed"):
            for seconds in WARNINGS:
                if seconds - 1 < left <= seconds:
                    text = self.speech.say("{seconds} seconds left, and your plan is not handed in.", seconds=seconds)
                    self.notify(text, severity="warning", timeout=8)
        if (screen := self._told) is not None:
            screen.redraw_status()

    def status(self) -> list[str | Content]:
        """The facts of the status line: who, when, how it stands with the plan, the clock, and money."""
        assert self.session is not None
        session, left = self.session, self.membership.remaining
        key = (session.game, session.plays, self.speech)
        if self._facts[0] != key:  # they are asked for every second
            self._facts = key, status(session, self.speech)
        who, when, *money = self._facts[1]
        facts = [who, when, words.state_fact(session, self.speech)]
        if not self.membership.connected:
            facts.insert(0, Content.styled(self.speech.say("offline"), "bold $error"))
        if left is not None and session.room.phase in ("open", "paused"):
            facts.append(words.clock_fact(left))
        return [*facts, *money]

    def line(self, name: str) -> tuple[str, bool]:
        """What is said above the keys: what stands in the way, how a quarter went, whom one waits for, or a hint."""
        assert self.session is not None
        session, speech = self.session, self.speech
        in_the_way = words.warning_line(session, self.membership.connected, speech)
        if in_the_way:
            return in_the_way, False
        if not self.membership.result_read:
            return words.result_line(session, speech), True
        waiting = words.waiting_line(self.membership, session.state, session.own.vendor, speech)
        return (waiting, False) if waiting else super().line(name)

    def dismiss_line(self) -> None:
        """What is said above the keys has been read."""
        if not self.membership.result_read:
            self.membership.result_read = True
        else:
            super().dismiss_line()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Keys that make no sense now are neither shown nor heard."""
        session = self.session
        if action == "another_seat":
            return self.own_machine
        if action in ("view", "go_in", "hand_in", "withdraw", "undo") and session is None:
            return False
        if session is None or not super().check_action(action, parameters):
            return super().check_action(action, parameters)
        if action == "undo" or (action == "view" and parameters[0] == "decide"):
            return session.plays
        if action == "view" and parameters[0] == "debrief":
            return session.room.phase == "debrief"
        if action == "hand_in":
            return session.room.phase == "open" and session.state in ("open", "changed")
        if action == "withdraw":
            return session.room.phase == "open" and session.state in ("in", "changed")
        return True

    def get_key_display(self, binding: Binding) -> str:
        """A key as it is shown."""
        if binding.id != "view.dashboard":
            return super().get_key_display(binding)
        return "0-6 8 9" if self.check_action("view", ("debrief",)) else "0-6 8"

    # -- actions --------------------------------------------------------------------------------------------------

    def action_view(self, name: str) -> None:
        """A screen of the market, which stands before the room, or the room."""
        if name == "room":
            while isinstance(self.screen, View):
                self.pop_screen()
        elif name == "debrief":
            self._look_back()
        elif isinstance(self.screen, View):
            super().action_view(name)
        else:
            self.push_screen(self.kind_of(name)())

    def _look_back(self) -> None:
        from tui.workshop.debrief import RoomDebriefScreen

        if self.connection is not None and self.session is not None:
            fetch = partial(self.connection.fetch, "/api/debrief")
            self.push_screen(RoomDebriefScreen(fetch, self.session.own.vendor))

    def action_go_in(self) -> None:
        """From waiting in the room to the market."""
        if isinstance(self.screen, Lobby) and self.session is not None:
            self.action_view("dashboard" if self.session.game.turns else "briefing")

    def action_another_seat(self) -> None:
        """Join again, as another team."""
        self.workers.cancel_group(self, "follow")
        self._stand_up()
        self._join_again()

    def action_hand_in(self) -> None:
        """Hand in the plan that is on the screen."""
        if self.session is None:
            return
        if self.session.problems():
            self.notify(self.speech.say("The plan has errors: press e to see them."), severity="warning")
            return
        command = self.session.submit_command()
        if command is not None:
            self.membership.result_read = True
            self._send(command)

    def action_withdraw(self) -> None:
        """Take back what was handed in."""
        if self.session is not None:
            self._send(self.session.withdraw_command())

    def action_leave(self) -> None:
        """From a screen to the market, from there to the room, and from there out of the workshop."""
        if isinstance(self.screen, View) and type(self.screen) is not self.kind_of("dashboard"):
            self.switch_screen(self.kind_of("dashboard")())
        elif isinstance(self.screen, Lobby):
            text = self.speech.say("Leave? Your team's form stays as it is, and you can come back to your seat.")
            self.push_screen(Question(self.speech, text), lambda yes: self.exit() if yes else None)
        elif isinstance(self.screen, Joining):
            self.exit()
        else:
            self.pop_screen()
