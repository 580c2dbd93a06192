"""A team's client as it was last looked at; renew with `pytest --snapshot-update`.

Look at what changed before you renew: `git diff tests/workshop/__snapshots__`.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from syrupy.assertion import SnapshotAssertion
from textual.pilot import Pilot

from agents.workshop import desk, views
from agents.workshop import protocol as p
from agents.workshop.desk import Desk
from tests.tui.conftest import application, home
from tests.tui.picture import picture
from tests.tui.test_snapshots import looks
from tests.workshop.consoles import AtTheDesk, play, room, submit, until
from tests.workshop.members import command, member, on_form, settle
from tui.settings import Settings
from tui.speech import Language
from tui.workshop import followed
from tui.workshop.team import TeamApp

__all__ = ["home", "looks"]

OWN, OTHER, THIRD = "huawei-ascend", "alibaba-t-head", "baidu-kunlunxin"
MOMENT = 1000.0

both = pytest.mark.parametrize("language", ["en", "zh"])
sizes = pytest.mark.parametrize("size", [(80, 24), (120, 36)], ids=lambda size: f"{size[0]}x{size[1]}")


@pytest.fixture(autouse=True)
def _still(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same codes, and a time that stands still."""
    monkeypatch.setattr(desk, "new_secret", lambda: "5" * 64)
    monkeypatch.setattr(followed, "monotonic", lambda: MOMENT)


class WithACard(AtTheDesk):
    """Before one has a seat."""

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk, "")
        self.token = ""

    async def card(self) -> p.RoomCard:
        return views.card(self.desk.room)


async def shown(pilot: Pilot[None]) -> str:
    await settle(pilot)
    return picture(pilot)


@both
@sizes
async def test_joining(language: Language, size: tuple[int, int], looks: SnapshotAssertion, tmp_path: Path):
    async with room(tmp_path, teams=1, seats=4) as opened:
        app = TeamApp(WithACard(opened), Settings(language=language, theme="night"))
        async with app.run_test(size=size) as pilot:
            await until(pilot, lambda: app.screen.card is not None)
            await pilot.press(*"NOPE-1234", "tab")
            app.screen.tell(app.speech.say("this is neither the room's code nor a team's"))
            assert await shown(pilot) == looks


@both
@sizes
async def test_a_quarter(language: Language, size: tuple[int, int], looks: SnapshotAssertion, tmp_path: Path):
    async with room(tmp_path, teams=3, seats=4) as opened:
        opened.now = lambda: MOMENT
        async with member(AtTheDesk(opened, OWN), language, size) as pilot:
            app = pilot.app
            await command(opened, p.Tell, text="欢迎 Welcome to chips 101")
            await until(pilot, lambda: bool(app.membership.messages))
            assert await shown(pilot) == looks(name="lobby")

            await command(opened, p.Open, seconds=222)
            await command(opened, p.Substitute, vendor=THIRD, strategy="disciplined")
            await submit(opened, OTHER)
            await until(pilot, lambda: app.session.state == "open")
            await on_form(pilot)
            await pilot.press("right", "right")
            await until(pilot, lambda: opened.room.seats[OWN].edited and not app.session.typed)
            assert await shown(pilot) == looks(name="open")

            await pilot.press("space")
            await until(pilot, lambda: app.session.state == "in")
            assert await shown(pilot) == looks(name="handed-in")

            await command(opened, p.Close)
            await until(pilot, lambda: len(app.session.game.turns) == 1)
            app.action_view("dashboard")
            assert await shown(pilot) == looks(name="results")

            await play(opened)
            await command(opened, p.Show, results="public", ranking="named")
            await until(pilot, lambda: len(app.session.game.turns) == 2 and app.membership.room.ranking is not None)
            await pilot.press("0")
            assert await shown(pilot) == looks(name="ranking")


@both
@sizes
async def test_the_menu_of_the_game(language: Language, size: tuple[int, int]):
    async with application(language, size) as pilot:
        menu = pilot.app.screen.query_one("#menu")
        assert any(option.id == "join" for option in menu.options)
        assert menu.virtual_size.height <= menu.size.height, "all of it is seen"
