"""Watch: a market, or a recorded game, that runs by itself at any speed."""

from __future__ import annotations

from time import monotonic
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.content import Content

from agents.game import GameError
from tui.roster import Roster, roster_of
from tui.screens.dashboard import Dashboard
from tui.screens.jump import Jump
from tui.sitting import Showing
from tui.speech import N_

SPEEDS = (1, 2, 5, 10, 25, 50)
"""Quarters a second."""

FRAME = 0.1
"""Seconds between two looks at the clock: quarters that are due are played together and drawn once."""


class Watch(Dashboard):
    """The dashboard of a market that nobody has to decide in."""

    heading = N_("Watch")
    about = N_(
        "The market runs by itself. Space stops and starts it, the angle brackets change its speed, f follows a "
        "vendor, g goes to a quarter. From a recorded game you can play on with p."
    )
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("space", "pause", N_("run / stop"), id="watch.pause"),
        Binding("n,full_stop", "step(1)", N_("step"), key_display="n", id="watch.step"),
        Binding("b,comma", "step(-1)", N_("back"), key_display="b", id="watch.back"),
        Binding("less_than_sign,minus", "speed(-1)", N_("slower"), key_display="<", id="watch.slower"),
        Binding("greater_than_sign,plus", "speed(1)", N_("faster"), key_display=">", id="watch.faster"),
        Binding("f", "follow", N_("follow"), id="watch.follow"),
        Binding("g", "jump", N_("go to"), id="watch.jump"),
        Binding("p", "app.play_on", N_("play on"), id="watch.play-on"),
    ]

    @property
    def session(self) -> Showing:
        session = self.app.session
        assert isinstance(session, Showing)
        return session

    def __init__(self) -> None:
        super().__init__()
        self.running = False
        self.speed = 1
        self.followed = -1
        self._due = 0.0
        self._seen = 0.0

    def on_mount(self) -> None:
        """Begin to run."""
        super().on_mount()
        self.set_interval(FRAME, self._tick)
        self.action_pause()

    def roster(self) -> Roster:
        """Everybody; who is followed stands out as a player would."""
        return roster_of(self.game, self.speech, self.followed if self.followed >= 0 else None)

    def facts(self) -> list[str | Content]:
        """Whether it runs, and how fast, behind the market's name and the quarter."""
        if self.session.ended:
            state = Content.styled(self.say("at the end"), "$axis")
        elif self.running:
            state = Content.styled(self.say("▶ {number} a second", number=self.speed), "bold $success")
        else:
            state = Content.styled(self.say("■ stopped"), "bold $warning")
        name, when, *rest = self.app.status()
        return [name, when, state, *rest]

    # -- running --------------------------------------------------------------------------------------------------

    def _tick(self) -> None:
        now = monotonic()
        elapsed, self._seen = now - self._seen, now
        if not self.running or self.app.screen is not self:
            return
        self._due += elapsed * self.speed
        until = now + FRAME  # a slow machine falls behind its speed, and stays usable
        stepped = False
        while self._due >= 1 and not self.session.ended and monotonic() < until:
            self._due -= 1
            self.session.end_quarter()
            stepped = True
        self._due = min(self._due, 1.0)
        if self.session.ended:
            self.running = False
        if stepped:
            self.redraw()

    def action_pause(self) -> None:
        """Stop or go on."""
        self.running = not self.running and not self.session.ended
        self._due, self._seen = 0.0, monotonic()
        self.redraw()

    def action_step(self, quarters: int) -> None:
        """Stop, and go so many quarters forward or back."""
        self.running = False
        self._go_to(len(self.game.turns) + quarters)

    def action_speed(self, direction: int) -> None:
        """The next speed up or down."""
        here = SPEEDS.index(self.speed) + direction
        self.speed = SPEEDS[min(max(here, 0), len(SPEEDS) - 1)]
        self.redraw()

    def action_follow(self) -> None:
        """Follow the next vendor in business, in the order of their size; after the last nobody."""
        revenue = self.game.state.revenue[:, 0]
        order = sorted((v for v in range(len(revenue)) if revenue[v] > 0), key=lambda v: -revenue[v])
        following = [-1, *order]
        here = following.index(self.followed) if self.followed in following else 0
        self.followed = following[(here + 1) % len(following)]
        self.redraw()

    def action_jump(self) -> None:
        """Ask for a quarter and go there."""
        names = [now.name for now in self.game.parameters.conditions]
        self.running = False

        def arrived(name: str | None) -> None:
            if name is not None:
                self._go_to(names.index(name))

        self.app.push_screen(Jump(self.speech, self.say("Go to quarter"), names), arrived)

    def _go_to(self, quarters: int) -> None:
        try:
            self.session.go_to(quarters)
        except GameError as error:
            self.notify(str(error), severity="error")
        self.redraw()
