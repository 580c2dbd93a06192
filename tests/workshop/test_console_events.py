"""What the facilitator lets happen: policies say when they change something, events what they may be."""

from __future__ import annotations

import pytest

from agents.game import Game, Setup
from agents.game.company import Intervention
from agents.workshop.desk import Desk
from marketsim.scenario.schema import Title
from tests.tui.conftest import home, text
from tests.workshop.consoles import console, desk, log, one_line, pressed, typed, until
from tui.screens.question import Question
from tui.speech import Language, Speech
from tui.widgets.menu import Menu
from tui.workshop.console_dialogs import Ask
from tui.workshop.console_events import effect_of
from tui.workshop.console_levers import TITLES, levers_of
from tui.workshop.console_room import Console

__all__ = ["desk", "home"]


async def test_a_policy_or_an_event_of_ones_own_comes_into_the_market(desk: Desk):
    async with console(desk) as pilot:
        await pressed(pilot, "i", *["down"] * 7, "enter")
        await until(pilot, lambda: isinstance(pilot.app.screen, Question))
        await pressed(pilot, "y")
        await until(pilot, lambda: len(pilot.app.market.world.events) == len(desk.room.game.world.events))
        policy = desk.room.game.world.events[-1].title.en
        assert desk.room.world == 1 and policy == "National champions first at the foundry, from 2026"
        await until(pilot, lambda: f"happens from 2025Q1 on: {policy}" in log(pilot))
        await pressed(pilot, "i", "enter")
        for line in ("Vouchers for buyers", "0.25", "2025q3"):
            await typed(pilot, line, "tab")
        await pressed(pilot, "down")
        assert "From 0 to 0.9; now 0." in text(pilot)
        await pressed(pilot, "enter")
        await until(pilot, lambda: "happens from 2025Q3 on: Vouchers for buyers" in log(pilot))
        levers = [now.levers["purchase_subsidy"] for now in desk.room.game.parameters.conditions]
        assert levers[:4] == [0.0, 0.0, 0.25, 0.25]


def the_policy(**path: float) -> Intervention:
    return Intervention(title=Title(en="a", zh="a"), levers={"import_tariff": path})


@pytest.mark.parametrize(
    ("policy", "effect"),
    [
        (the_policy(**{"0001Q1": 0.1}), ("2025Q3", None, True)),
        (the_policy(**{"2025Q1": 0, "2026Q1": 0.1}), ("2026Q1", None, True)),
        (the_policy(**{"2025Q1": 0, "2026Q1": 0.1, "2026Q3": 0}), ("2026Q1", "2026Q2", True)),
        (the_policy(**{"2025Q1": 0.2, "2026Q1": 0}), ("2025Q3", "2025Q4", True)),
        (the_policy(**{"2025Q1": 0, "2026Q2": 0.1}), ("2026Q2", None, True)),
        (the_policy(**{"2025Q1": 0, "2026Q3": 0.1}), ("2026Q3", None, False)),
        (the_policy(**{"2025Q1": 0.2, "2025Q3": 0}), (None, None, False)),
    ],
    ids=["at once", "later", "for a while", "at once for a while", "at the end", "too late", "over"],
)
def test_when_a_policy_changes_something_is_as_in_the_market_it_makes(policy: Intervention, effect: tuple[object, ...]):
    game = Game(Setup(quarters=6))
    for _ in range(2):
        game.play()
    found = effect_of(policy, game)
    assert (found.since, found.until, found.in_time) == effect
    before = [now.levers["import_tariff"] for now in game.parameters.conditions]
    game.intervene(policy)
    after = [now.levers["import_tariff"] for now in game.parameters.conditions]
    moved = [now.name for now, old, new in zip(game.parameters.conditions, before, after, strict=True) if old != new]
    assert moved[:1] == ([found.since] if found.in_time else [])
    assert not moved or moved[-1] == (found.until or "2026Q2")
    assert not effect_of(policy, game).in_time, "it is so already"


@pytest.mark.parametrize(
    ("language", "when", "never", "move", "why"),
    [
        (
            "en",
            "from 2026Q1",
            "no effect",
            "Foundry priority: 0.3 → 1",
            "it holds from 2027Q1, and the market ends with",
        ),
        ("zh", "2026Q1起", "不起作用", "代工优先", "它从2027Q1起生效，而市场到2026Q2结束"),
    ],
)
async def test_policies_say_when_they_change_something_before_they_are_chosen(
    desk: Desk, language: Language, when: str, never: str, move: str, why: str
):
    async with console(desk, language, size=(80, 24)) as pilot:
        await pressed(pilot, "i")
        policies = list(pilot.app.overview.library.policies)
        shown = [str(option.prompt) for option in pilot.app.screen.query_one(Menu).options]
        assert len(shown) == 1 + len(policies)
        (champion,) = [
            number
            for number, row in enumerate(shown)
            if row.endswith(("first at the foundry, from 2026", "国家队（2026年起）"))
        ]
        (lifted,) = [number for number, row in enumerate(shown) if row.endswith(("rule lifted", "国产化要求取消"))]
        assert when in shown[champion] and never in shown[lifted]
        assert [never in row for row in shown] == sorted(never in row for row in shown), "these come last"
        await pressed(pilot, *["down"] * champion)
        note = {"en": "champions first in full from 2026", "zh": "2026年起完全优先保障国家队"}[language]
        assert move in text(pilot) and note in text(pilot)
        await pressed(pilot, *["down"] * (lifted - champion))
        assert why in one_line(pilot).replace(" ", "" if language == "zh" else " ")
        await pressed(pilot, "enter")
        await until(pilot, lambda: isinstance(pilot.app.screen, Question))


async def test_what_is_wrong_with_an_event_is_told_with_what_is_allowed(desk: Desk):
    async with console(desk) as pilot:
        await pressed(pilot, "i", "enter")
        await typed(pilot, "Vouchers", "shift+tab", "down", "tab", "tab")
        for value, quarter, wrong in (
            ("2", "2025q2", "2 cannot be; allowed: 0 to 0.9"),
            ("much", "2025q2", "much cannot be; allowed: 0 to 0.9"),
            ("0.5", "soon", "SOON is no quarter such as 2026Q3"),
            ("0.5", "2031Q1", "allowed: 2025Q1 to 2026Q2"),
        ):
            await typed(pilot, value, "tab")
            await typed(pilot, quarter, "enter")
            await until(pilot, lambda wrong=wrong: wrong in one_line(pilot))
            assert desk.room.world == 0 and isinstance(pilot.app.screen, Ask)
            await pressed(pilot, "shift+tab")
        await pressed(pilot, "escape")
        assert isinstance(pilot.app.screen, Console)


@pytest.mark.parametrize("language", ["en", "zh"])
def test_every_lever_of_the_rules_has_a_title_and_bounds(language: str):
    game, speech = Game(Setup(quarters=2)), Speech(language)
    levers = list(levers_of(game, speech))
    assert {lever.name for lever in levers} == set(game.now.levers)
    assert {lever.name.partition(".")[0] for lever in levers} == set(TITLES)
    assert all(lever.low <= lever.now <= lever.high and lever.allowed(speech) for lever in levers)


async def test_a_policy_that_ends_says_until_when(desk: Desk):
    async with console(desk, size=(80, 24)) as pilot:
        ends = the_policy(**{"2025Q1": 0, "2026Q1": 0.1, "2026Q2": 0})
        library = pilot.app.overview.library
        pilot.app.overview.library = library.model_copy(update={"policies": {"tariff": ends}})
        await pressed(pilot, "i", "down")
        assert "2026Q1–2026Q1  a" in text(pilot) and "Import tariff: 0 → 0.1" in text(pilot)
