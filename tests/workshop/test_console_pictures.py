"""The console as it was last looked at, with 3, 13 and 60 seats; renew with `pytest --snapshot-update`.

Look at what changed before you renew: `git diff tests/workshop/__snapshots__`.
"""

from __future__ import annotations

from pathlib import Path
from time import perf_counter

import pytest
from syrupy.assertion import SnapshotAssertion
from textual.pilot import Pilot

from agents.workshop import desk
from agents.workshop import protocol as p
from agents.workshop.desk import Desk
from agents.workshop.entries import FACILITATOR
from tests.tui.conftest import home, text
from tests.tui.picture import picture
from tests.tui.test_snapshots import looks
from tests.workshop.consoles import console, play, room, submit, until
from tui.speech import Language
from tui.workshop import console_exports, console_state, followed
from tui.workshop.connection import new_id

__all__ = ["home", "looks"]

SIZES = ((80, 24), (120, 36))
MOMENT = 1000.0


@pytest.fixture(autouse=True)
def _still(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same codes, and a time that stands still."""
    monkeypatch.setattr(desk, "new_secret", lambda: "5" * 64)
    monkeypatch.setattr(console_state, "strftime", lambda _: "10:00:00")
    monkeypatch.setattr(followed, "monotonic", lambda: MOMENT)
    monkeypatch.setattr(console_exports, "here", lambda: Path("/home/teacher"))


async def halfway(opened: Desk, teams: int) -> None:
    """The second quarter is open; a third of the teams has handed in, one is at it, one is played for."""
    opened.now = lambda: MOMENT
    await play(opened)
    vendors = list(opened.room.seats)
    await opened.do(FACILITATOR, p.Open(id=new_id(), seconds=222))
    for vendor in vendors[: max(teams // 3, 1)]:
        await opened.listen(vendor)
        await submit(opened, vendor)
    values = {"price": 77.0, "premium": 9.0}
    await opened.do(vendors[teams // 2], p.Edit(id=new_id(), quarter=opened.room.quarter, values=values))
    await opened.do(FACILITATOR, p.Substitute(id=new_id(), vendor=vendors[teams - 1], strategy="cost-leader"))


async def pictures(pilot: Pilot[None], size: tuple[int, int]) -> str:
    await pilot.resize_terminal(*size)
    pilot.app.screen.redraw()
    await pilot.pause()
    return picture(pilot)


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("teams", [3, 13, 60])
async def test_the_room(tmp_path: Path, teams: int, language: Language, looks: SnapshotAssertion):
    async with room(tmp_path, firms=60 if teams > 13 else 0, teams=teams, seats=teams) as opened:
        await halfway(opened, teams)
        async with console(opened, language, SIZES[0]) as pilot:
            await until(pilot, lambda: pilot.app.overview.teams[teams - 1].strategy is not None)
            for size in SIZES:
                assert await pictures(pilot, size) == looks(name=f"{size[0]}x{size[1]}")


@pytest.mark.parametrize("language", ["en", "zh"])
async def test_windows_and_the_projector(tmp_path: Path, language: Language, looks: SnapshotAssertion):
    async with room(tmp_path) as opened:
        await halfway(opened, 3)
        async with console(opened, language, SIZES[0]) as pilot:
            for name, keys in (
                ("projector", ["a"]),
                ("policies", ["i", "down"]),
                ("event", ["i", "enter"]),
                ("message", ["m"]),
                ("roll-back", ["u"]),
                ("show", ["s"]),
                ("export", ["x"]),
            ):
                for key in keys:
                    await pilot.press(key)
                await pilot.pause()
                assert picture(pilot) == looks(name=f"{name}-80x24")
                await pilot.press("escape")
            await pilot.resize_terminal(*SIZES[1])
            await pilot.press("a")
            await pilot.pause()
            assert picture(pilot) == looks(name="projector-120x36")


async def test_sixty_seats_scroll_and_stay_quick(tmp_path: Path):
    async with room(tmp_path, firms=60, teams=60) as opened:
        await halfway(opened, 60)
        async with console(opened, size=(80, 24)) as pilot:
            screen, last = pilot.app.screen, "plays: Cost lead"  # for one team, which needs no attention
            assert last not in text(pilot)
            await pilot.press("end")
            await pilot.pause()
            assert screen.chosen and last in text(pilot)
            best = min(_redrawn(screen) for _ in range(5))
            assert best < 0.1, "a person sees no delay"
            for width in (40, 200):
                await pilot.resize_terminal(width, 10 if width == 40 else 60)
                await pilot.pause()
            assert screen.chosen


def _redrawn(screen: object) -> float:
    began = perf_counter()
    screen.redraw()
    return perf_counter() - began
