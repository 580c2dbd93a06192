"""Members of teams at their keyboards, for tests: the application without a terminal, at a desk or at a server."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from textual.pilot import Pilot

from agents.workshop import protocol as p
from agents.workshop.desk import Desk
from agents.workshop.entries import FACILITATOR
from tests.workshop.consoles import until
from tests.workshop.rooms import SETUP, VENDORS
from tui.screens.decide import Decide
from tui.settings import Settings
from tui.speech import Language
from tui.widgets.field_row import FieldRow
from tui.workshop.connection import Connection, new_id
from tui.workshop.team import TeamApp


@asynccontextmanager
async def small_room(path: Path, quarters: int = 2) -> AsyncIterator[Desk]:
    """A desk with a room of four vendors, of which two have a team: Alpha biren, and 玄武 cambricon."""
    setup = SETUP.model_copy(update={"quarters": quarters})
    async with Desk.opening(path / "room.sqlite", setup, VENDORS, "A room") as desk:
        for name in ("Alpha", "玄武"):
            await desk.join(p.Join(code=desk.room.code, name=name))
        yield desk


@asynccontextmanager
async def member(
    connection: Connection, language: Language = "en", size: tuple[int, int] = (120, 36)
) -> AsyncIterator[Pilot[None]]:
    """A member of a team who has a seat, and the market before him."""
    app = TeamApp(connection, Settings(language=language, theme="night"))
    async with app.run_test(size=size) as pilot:
        await until(pilot, lambda: app.session is not None)
        yield pilot


async def command(desk: Desk, kind: type, **fields: object) -> None:
    """Have the facilitator do something."""
    answer = await desk.do(FACILITATOR, kind(id=new_id(), **fields))
    assert isinstance(answer, p.Accepted), answer


async def on_form(pilot: Pilot[None]) -> None:
    """To the form, with the cursor on its first row, the price."""
    pilot.app.action_view("decide")
    await until(pilot, lambda: isinstance(pilot.app.screen, Decide) and isinstance(pilot.app.focused, FieldRow))


async def settle(pilot: Pilot[None]) -> None:
    """Wait until nothing is computed any more, and what came of it is on the screen; who listens goes on."""
    for _ in range(3):  # what a worker brings may start another one
        await pilot.pause()
        for worker in [each for each in pilot.app.workers if each.group != "follow"]:
            await worker.wait()
    pilot.app.clear_notifications()
    await pilot.pause()


def foot(pilot: Pilot[None]) -> dict[str, str]:
    """Keys that are heard, and what they do."""
    active = pilot.app.screen.active_bindings
    return {key: each.binding.action for key, each in active.items() if each.enabled and each.binding.id}
