"""The facilitator's console: the application around it, and its link to the room."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from textual import work
from textual.binding import Binding
from textual.content import Content
from textual.screen import Screen

from agents.workshop import protocol as p
from agents.workshop.team_view import ReceivedGame
from tui.game_app import VIEWS, GameApp
from tui.roster import roster_of
from tui.screens.question import Question
from tui.screens.view import View
from tui.settings import Settings
from tui.speech import Speech
from tui.workshop.connection import Connection, Heard, Link, WorkshopError
from tui.workshop.console_log import Sentence, announced
from tui.workshop.console_market import Film
from tui.workshop.console_room import Console
from tui.workshop.console_state import Overview
from tui.workshop.debrief import RoomDebriefScreen
from tui.workshop.refusals import in_words, refusal

MINUTES = "5"
"""For a quarter, until other ones are typed."""
MAKING = 600.0
"""Seconds that an export may take: it waits for the rooms that are simulated to compare with."""
SHOWN = {"dashboard": VIEWS["watch"], **{name: VIEWS[name] for name in ("rivals", "market", "shakeout")}}
"""Screens of the market, which need nobody's books; the dashboard can be run through like a film."""


class ConsoleApp(GameApp):
    """The facilitator's application.

    connection: to the server, with the facilitator's token.  minutes: for a quarter, as they were typed last.
    barred: why the server will have nothing to do with this token.  market: all of it, as it was last fetched.
    """

    views = SHOWN
    session: Film | None = None

    def __init__(self, connection: Connection, settings: Settings | None = None) -> None:
        super().__init__(settings)
        self.connection = connection
        self.overview = Overview()
        self.minutes = MINUTES
        self.barred = ""
        self.market: ReceivedGame | None = None
        self._market_of: tuple[int, str, int] | None = None

    def first_screen(self) -> Screen[Any]:
        """The room."""
        return Console()

    def on_mount(self) -> None:
        """Begin to listen."""
        self._follow()
        self._fetch_library()

    # -- what is told ---------------------------------------------------------------------------------------------

    @work(exit_on_error=False)
    async def _follow(self) -> None:
        """Listen for as long as the server wants to have to do with this token."""
        try:
            await self.connection.follow(self.heed)
        except WorkshopError as error:
            self.barred = in_words(error, self.speech)
            self._changed()

    def heed(self, heard: Heard) -> None:
        """Take note of something that the server told."""
        match heard:
            case Link(up=up):
                self._linked(up)
            case p.RoomNow():
                self._linked(True)
                self.overview.take_room(heard)
                self._want_market(heard)
            case p.Office():
                self.overview.take_office(heard)
            case p.Told():
                self.overview.take_message(heard, old=self.market is None)
        self._changed()

    def _linked(self, up: bool) -> None:
        if up != self.overview.connected:
            self.overview.connected = up
            self.note((lambda s: s.say("connected")) if up else (lambda s: s.say("the connection is cut")))

    def note(self, sentence: Sentence) -> None:
        """Write into the log on the screen."""
        self.overview.note(sentence)
        self._changed()

    def _changed(self) -> None:
        for screen in self.screen_stack:
            if isinstance(screen, Console):
                screen.changed = True

    @property
    def address(self) -> str:
        """Where people join: as the server tells it, which may know more than one address of itself."""
        office = self.overview.office
        return (office.address if office else "") or self.connection.address

    # -- commands -------------------------------------------------------------------------------------------------

    async def do(self, command: p.FacilitatorCommand) -> str:
        """Have something done.  Gives what is wrong, empty if it was done."""
        answer = await self.connection.do(command)
        return refusal(answer, self.speech) if isinstance(answer, p.Refused) else ""

    @work
    async def do_now(self, command: p.FacilitatorCommand) -> None:
        """Have something done about which nothing is to be asked; what is wrong is told."""
        wrong = await self.do(command)
        if wrong:
            self.notify(wrong, severity="error", timeout=12, markup=False)

    def ask_then(self, text: str, command: Callable[[], p.FacilitatorCommand]) -> None:
        """Have something done if the answer is yes."""

        def answered(yes: bool | None) -> None:
            if yes:
                self.do_now(command())

        self.push_screen(Question(self.speech, text), answered)

    async def fetch_export(self, name: str, anonymous: bool) -> tuple[bytes, str]:
        """An export, or what is wrong with it.  anonymous: without names of teams."""
        try:
            path = f"/api/exports/{name}?language={self.speech.language}&anonymous={str(anonymous).lower()}"
            return await self.connection.fetch(path, patience=MAKING), ""
        except WorkshopError as error:
            return b"", in_words(error, self.speech)

    # -- the market -----------------------------------------------------------------------------------------------

    @work(exit_on_error=False)
    async def _fetch_library(self) -> None:
        self.overview.library = p.Library.model_validate_json(await self.connection.fetched("/api/library"))
        self._changed()

    def _want_market(self, room: p.RoomNow) -> None:
        """Fetch what is new of the market."""
        wanted = (room.branch, room.world, room.played)
        if wanted != self._market_of:
            self._market_of = wanted
            self._fetch_market()

    @work(exclusive=True, group="market", exit_on_error=False)
    async def _fetch_market(self) -> None:
        await self.engine()
        branch = self._market_of[0] if self._market_of else 0
        self._take_market(await self.connection.grown(self.market, branch))

    def _take_market(self, market: ReceivedGame) -> None:
        if self.market is not None and market.branch == self.market.branch:
            for sentence in announced(self.market.world, market.world):
                self.note(sentence)
        self.market = market
        if self.session is not None:
            self.session.replace_whole(market)
        else:
            self.session = Film.of(market)
            self.speech = Speech(self.speech.language, market.world.vocabulary)
        self.redraw()
        self._changed()

    def slots(self) -> dict[str, int]:
        """Place of each vendor for its letter and colour, as on the screens of the market."""
        if self.market is None:
            return {}
        roster = roster_of(self.market, self.speech)
        return dict(zip(self.market.parameters.vendors, roster.slots, strict=False))

    # -- screens --------------------------------------------------------------------------------------------------

    def status(self) -> list[str | Content]:
        """The facts of the status line of a screen of the market: which market, after which quarter."""
        assert self.session is not None
        game, say = self.session.game, self.speech.say
        when = say("after {quarter}", quarter=game.turns[-1].now.name) if game.turns else say("at the start")
        return [Content.styled(self.speech.title(game.world.title), "bold"), when]

    def line(self, name: str) -> tuple[str, bool]:
        """Nothing is said above the keys."""
        return "", False

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """What a facilitator cannot do is not among the keys."""
        if action == "view" and parameters[0] == "debrief":
            return self.overview.room is not None and self.overview.room.phase == "debrief"
        if action == "undo" or (action == "view" and self.session is None):
            return False
        return super().check_action(action, parameters)

    def action_view(self, name: str) -> None:
        """A screen of the market, or the debrief, in front of the room."""
        if name == "debrief":
            self.push_screen(RoomDebriefScreen(partial(self.connection.fetch, "/api/debrief")))
        elif isinstance(self.screen, View):
            super().action_view(name)
        else:
            self.push_screen(self.kind_of(name)())

    def action_leave(self) -> None:
        """Back to the room."""
        if not isinstance(self.screen, Console):
            self.pop_screen()

    def get_key_display(self, binding: Binding) -> str:
        """A key as it is shown: of the keys from screen to screen, those that there are."""
        if binding.id != "view.dashboard" or binding.key_display is None:
            return super().get_key_display(binding)
        return "1 3 4 7 9" if self.check_action("view", ("debrief",)) else "1 3 4 7"
