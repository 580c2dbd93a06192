"""The debrief on the screen, as it was last looked at; renew with `pytest --snapshot-update`."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager

import pytest
from syrupy.assertion import SnapshotAssertion
from textual.pilot import Pilot

from agents.workshop.looking_back import looked_back
from agents.workshop.room_debrief import Range, RoomDebrief, Rooms
from marketsim.errors import MarketSimError
from tests.tui.conftest import home, settle, text
from tests.tui.picture import picture
from tests.tui.test_snapshots import SIZES, looks
from tests.workshop.debriefed import taken
from tui.game_app import GameApp
from tui.settings import Settings
from tui.speech import Language
from tui.widgets.line_chart import LineChart
from tui.workshop import debrief
from tui.workshop.debrief import NAMED, PAGES, RoomDebriefScreen

__all__ = ["home", "looks"]

PAST = looked_back(taken())
ROOMS = Rooms(
    rooms=1000,
    classes={"NONE": 700, "RATIONED": 280, "PHOTOVOLTAIC": 20},
    ranges={
        name: Range(
            p10=[0.8 * value for value in values],
            p50=[1.1 * value for value in values],
            p90=[1.2 * value for value in values],
            place=[0.3 for _ in values],
        )
        for name, values in PAST.market.items()
    },
)
WHOLE = PAST.model_copy(update={"simulation": "there", "rooms": ROOMS})


class Alone(GameApp):
    """The screen without a room around it."""

    CSS_PATH = "../../tui/app.tcss"

    def __init__(self, language: Language, fetch: Callable[[], Awaitable[bytes]], own: str | None) -> None:
        super().__init__(Settings(language=language, theme="night"))
        self.shown = RoomDebriefScreen(fetch, own)

    def first_screen(self) -> RoomDebriefScreen:
        return self.shown

    def action_leave(self) -> None:
        self.exit()


def answering(answers: Sequence[RoomDebrief | Exception]) -> Callable[[], Awaitable[bytes]]:
    left = list(answers)

    async def fetch() -> bytes:
        answer = left.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer.model_dump_json().encode()

    return fetch


@asynccontextmanager
async def shown(
    *answers: RoomDebrief,
    language: Language = "en",
    size: tuple[int, int] = (120, 36),
    own: str | None = None,
) -> AsyncIterator[Pilot[None]]:
    """answers: of the server, one after another."""
    app = Alone(language, answering(answers), own)
    async with app.run_test(size=size) as pilot:
        await settle(pilot)
        yield pilot


def lines(pilot: Pilot[None]) -> Sequence[str]:
    """Names of the lines in the chart of teams; of one that stands out, with a star."""
    chart = pilot.app.screen.query_one("#figure", LineChart)
    return [("*" if line.own else "") + line.name for line in chart._series]


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
async def test_its_pages(language: Language, size: tuple[int, int], looks: SnapshotAssertion):
    async with shown(WHOLE, language=language, size=size, own="cambricon") as pilot:
        for number, page in enumerate(PAGES, 1):
            await pilot.press(str(number))
            await pilot.pause()
            assert picture(pilot) == looks(name=f"{page}-{language}-{size[0]}x{size[1]}")


async def test_rooms_are_waited_for_and_the_rest_is_there_at_once(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(debrief, "AGAIN", 0.01)
    running = PAST.model_copy(update={"simulation": "running"})
    async with shown(running, running, WHOLE) as pilot:
        await pilot.press("3")
        await pilot.pause()
        assert "Of 1,000 simulated rooms, none ends" in text(pilot)
    failed = PAST.model_copy(update={"simulation": "failed"})
    async with shown(running, failed) as pilot:
        await pilot.press("3")
        await pilot.pause()
        assert "The rooms to compare with could not be" in text(pilot)
        await pilot.press("1")
        assert "RMB 17.4bn" in text(pilot)


async def test_what_is_wrong_is_told_and_tried_again(monkeypatch: pytest.MonkeyPatch):
    slept = asyncio.Event()
    monkeypatch.setattr(debrief, "sleep", lambda _: slept.wait())
    app = Alone("en", answering([MarketSimError("the server does not answer"), WHOLE]), None)
    async with app.run_test(size=(120, 36)) as pilot:
        await pilot.pause(0.2)
        assert "the server does not answer" in text(pilot)
        await pilot.press("2", "right", "down", "v", "1")  # no key breaks it
        slept.set()
        await settle(pilot)
        assert "the server" not in text(pilot) and "RMB 17.4bn" in text(pilot)


async def test_a_team_sees_itself_first_and_can_look_at_others():
    async with shown(WHOLE, own="cambricon") as pilot:
        assert lines(pilot)[0] == "*<b>紫</b>"
        await pilot.press("2", "down")
        assert lines(pilot)[0] == "*Beta"
        await pilot.press("up", "up")
        assert lines(pilot)[0].startswith("*=HYPERLINK")
        await pilot.press("1", "down")
        await pilot.pause()
        assert lines(pilot)[0] == "*<b>紫</b>"
        await pilot.press("l")
        await pilot.pause()
        assert lines(pilot)[0] == "*<b>紫</b>" and "排名" in text(pilot)


async def test_figures_come_one_after_another_and_back():
    async with shown(WHOLE) as pilot:
        chart = pilot.app.screen.query_one("#figure", LineChart)
        await pilot.press("2")
        titles = []
        for _ in range(8):
            titles.append(str(chart.border_title))
            await pilot.press("right")
        assert len(set(titles)) == 8 and str(chart.border_title) == titles[0]
        await pilot.press("left")
        assert str(chart.border_title) == titles[-1]


async def test_of_sixty_teams_all_have_a_line_and_the_best_a_name():
    first = PAST.teams[0]
    teams = [first.model_copy(update={"vendor": f"v{n}", "name": f"Team {n}"}) for n in range(60)]
    placed = [PAST.ranking[0].model_copy(update={"vendor": team.vendor, "place": n}) for n, team in enumerate(teams, 1)]
    vendors = {team.vendor: {"en": "A vendor", "zh": "厂商"} for team in teams}
    many = WHOLE.model_copy(update={"teams": teams, "ranking": placed, "vendors": {**PAST.vendors, **vendors}})
    async with shown(many, own="v40", size=(80, 24)) as pilot:
        names = lines(pilot)
        assert len(names) == 60 and names[0] == "*Team 40"
        assert [name for name in names if name] == ["*Team 40", *(f"Team {n}" for n in range(NAMED))]
        await pilot.press("2")
        await pilot.pause()
        assert "Team 40" in text(pilot)


async def test_a_room_in_which_nobody_took_part():
    nobody = WHOLE.model_copy(update={"teams": [], "ranking": []})
    async with shown(nobody) as pilot:
        await pilot.press("1", "2", "down", "right", "4", "3")
        await pilot.pause()
        assert "In the end" in text(pilot)
