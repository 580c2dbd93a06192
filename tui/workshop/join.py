"""Join a workshop: where it is, a code, and for a new team its name and whom it plays."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.widgets import Input, Label, Static
from textual.widgets.option_list import Option

from agents.workshop.protocol import VERSION, Join, RoomCard
from tui.screens.view import Page
from tui.speech import N_
from tui.widgets.menu import Menu
from tui.workshop.connection import UNKNOWN, Connection, WorkshopError, whole_address
from tui.workshop.refusals import in_words
from tui.workshop.seats import remember, seat_in

if TYPE_CHECKING:
    from tui.workshop.team import TeamApp

LONGEST_CODE = 20
"""What is longer is no code but a token: the facilitator's, or that of a seat."""
NEXT = ""
"""In the place of a vendor: the next that is free."""


class Joining(Page):
    """Asks for what one needs to take a seat.

    connection: to the server; none: its address is asked for too.  why: one is here; empty if by one's own wish.
    back: to the seat that was last taken on this machine, without being asked.
    """

    app: TeamApp
    heading = N_("Join a workshop")
    about = N_(
        "The facilitator shows the address and the room's code. With that code you begin a new team, which needs a "
        "name; with a team's own code you join it. The facilitator types what stands behind the # of the own link."
    )
    CSS_PATH = "join.tcss"
    AUTO_FOCUS = "Input"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "join", N_("join"), id="join.enter"),
        Binding("ctrl+s,f5", "join", N_("join"), key_display="F5", id="join.join"),
        Binding("tab", "app.focus_next", N_("next"), key_display="Tab", id="join.next", priority=True),  # fast typists
        Binding("down", "app.focus_next", N_("next"), show=False, id="join.down"),
        Binding("up", "app.focus_previous", N_("before"), show=False, id="join.before"),
        Binding("escape", "app.leave", N_("back"), id="join.leave"),
    ]

    def __init__(self, connection: Connection | None, why: str = "", back: bool = True) -> None:
        super().__init__()
        self.connection, self.why, self.back = connection, why, back
        self.card: RoomCard | None = None
        self.asks_address = connection is None

    def body(self) -> ComposeResult:
        """Lines to type, vendors to choose from, and what is wrong."""
        with Vertical(id="joining", classes="panel"):
            yield Static(id="room", markup=False)
            if self.asks_address:
                yield Label(id="address-label")
                yield Input(id="address", placeholder="192.168.1.20:8000", max_length=200)
            yield Label(id="code-label")
            yield Input(id="code", placeholder="KMQ7-XU3P", max_length=128)
            yield Label(id="name-label")
            yield Input(id="name", max_length=24)
            yield Label(id="vendor-label")
            yield Menu(id="vendors")
        yield Static(id="wrong", markup=False)

    def on_mount(self) -> None:
        """Ask the server what it is."""
        if self.connection is not None:
            self._look()

    def show(self) -> None:
        """Everything in the language of now."""
        self.query_one("#joining").border_title = self.say(self.heading)
        for name, text in (
            ("#address-label", N_("Address")),
            ("#code-label", N_("The room's code for a new team, or your team's own code to join it.")),
            ("#name-label", N_("Name of a new team")),
            ("#vendor-label", N_("Company")),
        ):
            for label in self.query(name).results(Label):
                label.update(self.say(text))
        where = "" if self.connection is None else self.connection.address
        title = where if self.card is None else f"{self.card.title}  {where}"
        self.query_one("#room", Static).update(title)
        self.query_one("#room").display = bool(title)
        self._show_vendors()
        self.query_one("#wrong", Static).update(self.why)

    def _show_vendors(self) -> None:
        """Whom a new team can play."""
        menu, free = self.query_one(Menu), self.card.free if self.card else []
        here = menu.highlighted or 0
        options = [Option(self.say("the next that is free"), id=NEXT)] if free else []
        menu.set_options([*options, *(Option(self.speech.title(seat.title), id=seat.vendor) for seat in free)])
        menu.highlighted = min(here, menu.option_count - 1) if menu.option_count else None

    def tell(self, why: str, field: str = "") -> None:
        """Say what is wrong.  field: where."""
        self.why = why
        self.query_one("#wrong", Static).update(why)
        for box in self.query(Input):
            if box.id == field:
                box.focus()

    # -- the server -----------------------------------------------------------------------------------------------

    @work(exclusive=True)
    async def _look(self) -> None:
        """What room it is; whoever has a seat in it on this machine goes there."""
        assert self.connection is not None
        try:
            self.card = await self.connection.card()
        except WorkshopError as error:
            self.tell("\n".join(said for said in (self.why, in_words(error, self.speech)) if said))
            return
        if self.card.version != VERSION:
            self.tell(self.say("The server and this program need the same release of marketsim."))
            return
        known = seat_in(self.connection.address, self.card.title) if self.back and self.app.own_machine else ""
        if known and not self.why:
            await self._sit(known)
            return
        self.show()

    async def _sit(self, token: str) -> None:
        """Take the seat that a token opens: a team's, or the facilitator's, who has another application."""
        assert self.connection is not None and self.card is not None
        connection = Connection(self.connection.address, token)
        try:
            facilitates = await connection.facilitates()
        except WorkshopError as error:
            if error.status in UNKNOWN:
                remember(connection.address, self.card.title, "")
            self.tell(in_words(error, self.speech), "code")
            return
        if self.app.own_machine:
            remember(connection.address, self.card.title, token)
        if facilitates:
            self.app.go_on_as_facilitator(connection)
        else:
            self.app.sit_down(connection)

    # -- what is typed --------------------------------------------------------------------------------------------

    @on(Input.Submitted, "#address")
    def _to_address(self) -> None:
        """The address is known: on to the code."""
        try:
            self.connection = Connection(whole_address(self.query_one("#address", Input).value))
        except WorkshopError:
            self.tell(self.say("An address has the form 192.168.1.20:8000 or http://192.168.1.20:8000."), "address")
            return
        self.tell("")
        self._look()
        self.query_one("#code", Input).focus()

    @on(Input.Changed, "#code")
    def _hide_token(self, typed: Input.Changed) -> None:
        """Others may look on: a code may be seen, a token opens what it opens to whoever has read it."""
        typed.input.password = len(_token(typed.value)) > LONGEST_CODE

    @on(Input.Submitted, "#code,#name")
    def action_join(self) -> None:
        """Take a seat with what was typed."""
        if self.connection is None:
            self._to_address()
        else:
            self._join()

    @work(exclusive=True)
    async def _join(self) -> None:
        assert self.connection is not None
        code, name = (self.query_one(field, Input).value.strip() for field in ("#code", "#name"))
        token = _token(code)
        try:
            self.card = self.card or await self.connection.card()
            if len(token) > LONGEST_CODE:
                await self._sit(token)
                return
            wish = {"code": code, "name": name or None, "vendor": self._vendor() if name else None}
            await self._sit((await self.connection.join(Join.model_validate(wish))).token)
        except ValueError:
            self.tell(self.say("A code has the form KMQ7-XU3P."), "code")
        except WorkshopError as error:
            field = error.refused.field if error.refused is not None else ""
            self.tell(in_words(error, self.speech), field)

    def _vendor(self) -> str | None:
        """Whom a new team wants to play; none: the next that is free."""
        menu = self.query_one(Menu)
        chosen = None if menu.highlighted is None else menu.get_option_at_index(menu.highlighted).id
        return chosen or None


def _token(typed: str) -> str:
    """What was typed, or what stands behind the # of a link."""
    return typed.strip().rpartition("#")[2]
