"""What a class is shown at the end: the figures of the game itself, and the room among simulated ones."""

from __future__ import annotations

import asyncio
import os
import sys
from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from agents.game.game import Game
from agents.game.runs import OTHER_LUCK
from agents.game.score import score
from agents.game.setup import Setup
from agents.game.shakeout import instrument_for
from agents.game.shakeout import read as of_game
from agents.strategies.team import Team
from agents.workshop import protocol as p
from agents.workshop import simulated as rooms
from agents.workshop.allowed import Refusal
from agents.workshop.debrief import debrief, job_of
from agents.workshop.desk import Desk
from agents.workshop.entries import BODIES, FACILITATOR, Closed, Entry
from agents.workshop.log import Log
from agents.workshop.looking_back import looked_back
from agents.workshop.room_debrief import RoomDebrief
from agents.workshop.simulated import Job, Simulations, simulated
from agents.workshop.snapshot import snapshot, usual_world
from marketsim.records import Recorder
from marketsim.scenario.parameters import Parameters
from marketsim.shakeout.classify import Class
from marketsim.shakeout.ensemble import played
from marketsim.shakeout.instrument import load_instrument
from tests.workshop.debriefed import EVENT, file, over, taken
from tests.workshop.rooms import OPENED, SETUP, new_id
from tui.workshop.past import read

GAME = over().room.game
PAST = looked_back(taken())
JOB = job_of(taken(), PAST)
CHIPS = Job(  # a world with luck
    world=Setup(quarters=12).world(),
    seed=3,
    until="2027Q4",
    dropped=["P1"],
    own={name: [1.0] * 12 for name in rooms.MEASURES},
    rooms=100,
)
FAILED = "cambricon-b"
PATIENCE = 60.0
FAILS = (sys.executable, "-c", "raise SystemExit(3)")


def row(vendor: str) -> int:
    return GAME.parameters.vendors.index(vendor)


# -- what was ----------------------------------------------------------------------------------------------------------


def test_figures_of_teams_are_those_of_the_game():
    assert [team.name for team in PAST.teams] == ['=HYPERLINK("x")', "<b>紫</b>", "Beta"]
    assert PAST.quarters == [turn.now.name for turn in GAME.turns] and len(PAST.quarters) == 6
    for team in PAST.teams:
        v, figures = row(team.vendor), team.figures
        for place, turn in enumerate(GAME.turns):
            own = {name: values[place] for name, values in figures.items()}
            if not (turn.before.alive[v, 0] or turn.after.alive[v, 0]):
                assert set(own.values()) == {None}
                continue
            price, sold = (float(values[v, 0]) for values in (turn.outcome.price, turn.outcome.sold))
            whole = (turn.outcome.price * turn.outcome.sold)[:, 0].sum()
            assert (own["price"], own["cards"], own["revenue"]) == (price, sold, price * sold)
            assert own["share"] == pytest.approx(price * sold / whole, rel=1e-12)
            assert own["cash"] == turn.after.cash[v, 0]
            assert own["contracts"] == pytest.approx(turn.after.contracts[v, :, 0].sum(), rel=1e-12)
            if sold:
                assert own["gross_margin"] == pytest.approx(1 - turn.outcome.cost_of_goods[v, 0] / (price * sold))
            else:
                assert own["gross_margin"] is None


def test_value_so_far_is_the_score_of_a_game_that_ends_there():
    for quarters in (1, 3, 5):
        game = Game(SETUP, [None] * quarters, GAME.company)
        for team in PAST.teams:
            expected = float(score(game.trace, game.state, row(team.vendor)).value[0])
            found = team.figures["value"][quarters - 1]
            assert found == expected or (found is None and expected == 0)


def test_the_ranking_adds_up():
    assert [each.place for each in PAST.ranking] == [1, 2, 3]
    assert [each.vendor for each in PAST.ranking] == [team.vendor for team in PAST.teams]
    assert sorted((each.value for each in PAST.ranking), reverse=True) == [each.value for each in PAST.ranking]
    for each in PAST.ranking:
        own = score(GAME.trace, GAME.state, row(each.vendor)).of(0)
        assert each.value == float(own.value) == pytest.approx(sum(each.terms.values()), abs=1e-6)
        assert each.alive == (each.vendor != FAILED) and each.lasted == int(own.lasted)


def test_how_plans_came_about_is_what_the_log_says_of_the_quarters_that_stayed():
    log = [each.body for each in _entries() if isinstance(each.body, Closed)]
    kept = [log[number] for number in (0, 1, 3, 4, 5, 6)]  # the third was taken back
    for team in PAST.teams:
        assert team.how == [body.how.get(team.vendor) for body in kept]
    assert Counter(how for team in PAST.teams for how in team.how).keys() == {
        *("submitted", "draft", "held", "strategy", None)
    }


def test_what_was_decided_is_what_changed_between_two_plans():
    biren = next(team for team in PAST.teams if team.vendor == "biren")
    plans = [company.plans.get("biren") for company in GAME.company]
    second = {each.path: each for each in biren.decided[1]}
    assert plans[0] is not None and plans[1] is not None
    assert (second["price"].before, second["price"].after) == (plans[0].price, plans[1].price)
    assert second["funds"].after == 30.0
    assert biren.decided[2] == biren.decided[3] == []  # a strategy played
    assert all(1 <= place < 6 for team in PAST.teams for place in team.turning)


def test_news_tell_who_failed_why_and_what_the_facilitator_let_happen():
    kinds = {(each.quarter, each.kind, each.who, each.by_facilitator) for each in PAST.happened}
    assert ("2025Q2", "event", None, True) in kinds and ("2026Q1", "failed", FAILED, False) in kinds
    assert [each.title for each in PAST.happened if each.by_facilitator] == [EVENT.title.model_dump()]
    failed = next(each for each in PAST.happened if each.kind == "failed")
    turn = next(turn for turn in GAME.turns if turn.now.name == failed.quarter)
    assert turn.outcome.failed[row(FAILED), 0] and failed.cause
    assert all(each.who is None or each.who in PAST.vendors for each in PAST.happened)


def test_the_market_is_that_of_the_records():
    recorder = Recorder(GAME.parameters, range(1))
    for turn in GAME.turns:
        recorder.add(turn.now, turn.outcome, turn.after)
    table = recorder.tables()["market"]
    for name, column in (("hhi", "hhi"), ("price", "price_krmb"), ("active_vendors", "active_vendors")):
        assert PAST.market[name] == pytest.approx(table[column].to_list(), rel=1e-12)


def test_the_verdict_is_that_of_the_game_and_can_be_read_again():
    reading = of_game(GAME, instrument_for(GAME))
    assert reading is not None and PAST.judged is not None
    assert PAST.judged.which == Class(int(reading.verdicts.classes[0])).name
    for name, values in reading.measured.items():
        value = PAST.judged.measured[name]
        assert value == pytest.approx(float(values[0])) if value is not None else not np.isfinite(values[0])
    again, instrument = read(PAST.judged)
    assert Class(int(again.verdicts.classes[0])).name == PAST.judged.which
    assert instrument.dropped == instrument_for(GAME).dropped


def test_it_is_one_json_object_that_comes_back_the_same():
    assert RoomDebrief.model_validate_json(PAST.model_dump_json()) == PAST


def test_anonymous_has_no_names():
    text = PAST.anonymous().model_dump_json()
    assert not any(name in text for name in ("HYPERLINK", "紫", "Beta"))


# -- simulated rooms ---------------------------------------------------------------------------------------------------


def test_simulated_rooms_have_this_world_and_the_scenarios_strategies():
    world, usual = usual_world(taken()), SETUP.world()
    assert GAME.world.vendors["biren"].strategy == "disciplined"
    assert {name: vendor.strategy for name, vendor in world.vendors.items()} == {
        name: vendor.strategy for name, vendor in usual.vendors.items()
    }
    assert world.vendors.keys() == usual.vendors.keys() and len(world.vendors) == 4  # the divided ones
    for own, there in zip(Parameters(world).conditions, GAME.parameters.conditions, strict=True):
        assert {name: float(np.ravel(value)[0]) for name, value in own.levers.items()} == {
            name: float(np.ravel(value)[0]) for name, value in there.levers.items()
        }
    assert any(event.title == EVENT.title for event in world.events)


def test_classes_are_those_that_the_test_gives_to_such_runs():
    p_, instrument = Parameters(CHIPS.world), replace(load_instrument(), dropped=frozenset(CHIPS.dropped))
    history = played(p_, Team(p_.strategies).decide, CHIPS.seed + OTHER_LUCK, range(CHIPS.rooms), "merchant")
    expected = Counter(Class(int(which)).name for which in instrument.read(history).verdicts.classes)
    assert len(expected) > 1
    assert simulated(CHIPS, workers=1).classes == dict(expected)


def test_the_same_seed_gives_the_same_rooms_in_any_parts(monkeypatch: pytest.MonkeyPatch):
    first = simulated(CHIPS, workers=1)
    monkeypatch.setattr(rooms, "AT_ONCE", 37)
    assert simulated(CHIPS, workers=2) == first
    other = CHIPS.model_copy(update={"seed": CHIPS.seed + 1})
    assert simulated(other, workers=1).ranges["price"] != first.ranges["price"]


def test_a_room_that_strategies_play_lies_in_the_middle_and_others_do_not():
    """Of a hundred rooms taken in turn for the room itself, the places are spread evenly."""
    _, found_ = rooms._Worker(CHIPS)(range(100))
    price = found_[rooms.MEASURES.index("price")]
    places = sorted(rooms._range(price, price[:, number].tolist()).place[-1] for number in range(100))
    assert places == pytest.approx([(number + 0.5) / 100 for number in range(100)])
    most = rooms._range(price, [1e6] * 12)
    least = rooms._range(price, [-1.0] * 12)
    assert (set(most.place), set(least.place)) == ({1.0}, {0.0})
    for found in (most, simulated(CHIPS, 1).ranges["hhi"]):
        assert all(low <= mid <= high for low, mid, high in zip(found.p10, found.p50, found.p90, strict=True))


# -- at the desk -------------------------------------------------------------------------------------------------------


async def told(desk: Desk) -> RoomDebrief:
    """The debrief with its simulated rooms."""
    async with asyncio.timeout(PATIENCE):
        while True:
            found = RoomDebrief.model_validate_json(await debrief(desk))
            if found.simulation != "running":
                return found
            await asyncio.sleep(0.05)


async def test_a_server_tells_it_and_after_a_restart_the_same(tmp_path: Path):
    path = file(tmp_path)
    async with Desk(Log(path)) as desk:
        first = RoomDebrief.model_validate_json(await debrief(desk))
        assert first.simulation == "running" and first.rooms is None and first.teams == PAST.teams
        found = await told(desk)
        assert await debrief(desk) is await debrief(desk)  # made once
    assert found.simulation == "there" and found.rooms is not None
    assert found.rooms.rooms == 1000 == sum(found.rooms.classes.values())
    async with Desk(Log(path)) as desk:
        again = await told(desk)
    assert again == found
    assert found.model_copy(update={"simulation": "none", "rooms": None, "judged": PAST.judged}) == PAST


async def test_books_are_closed_until_the_market_is_over_and_rooms_are_simulated_from_its_last_quarter_on(
    tmp_path: Path,
):
    async with Desk(Log(tmp_path / "room"), OPENED) as desk:
        with pytest.raises(Refusal, match="when the market is over"):
            await debrief(desk)
        for number in range(6):
            assert desk.debriefing.simulations._task is None
            await desk.do(FACILITATOR, p.Open(id=new_id()))
            await desk.do(FACILITATOR, p.Close(id=new_id()))
            if number == 3:
                with pytest.raises(Refusal, match="when the market is over"):
                    await debrief(desk)
        assert desk.debriefing.simulations._task is not None
        with pytest.raises(Refusal):
            await debrief(desk)
        await desk.do(FACILITATOR, p.Debrief(id=new_id()))
        found = RoomDebrief.model_validate_json(await debrief(desk))
        assert found.teams == [] and found.judged is not None


async def test_a_market_that_is_ended_early_is_compared_with_others_of_its_length(tmp_path: Path):
    async with Desk(Log(tmp_path / "room"), OPENED) as desk:
        await desk.do(FACILITATOR, p.Open(id=new_id()))
        await desk.do(FACILITATOR, p.Close(id=new_id()))
        await desk.do(FACILITATOR, p.Debrief(id=new_id()))
        desk.debriefing.simulations = Simulations(FAILS)
        past = await told(desk)
        assert past.quarters == ["2025Q1"] and past.whole == 6 and past.judged is None
        found = simulated(job_of(snapshot(desk.room), past), 1)
        assert found.rooms == 1000 and found.classes == {}
        assert len(found.ranges["price"].p50) == 1
        # Played on after all: what was simulated is of another market now.
        await desk.do(FACILITATOR, p.RollBack(id=new_id(), played=0))
        with pytest.raises(Refusal):
            await debrief(desk)


async def test_rooms_that_cannot_be_simulated_keep_nothing_else_back(tmp_path: Path):
    async with Desk(Log(file(tmp_path))) as desk:
        desk.debriefing.simulations = Simulations(FAILS)
        found = await told(desk)
    assert found.simulation == "failed" and found.rooms is None and found.teams == PAST.teams


async def test_no_process_outlives_the_desk(tmp_path: Path):
    mark = tmp_path / "pid"
    program = f"import os,time,pathlib; pathlib.Path({str(mark)!r}).write_text(str(os.getpid())); time.sleep(60)"
    async with Desk(Log(file(tmp_path))) as desk:
        desk.debriefing.simulations = Simulations([sys.executable, "-c", program])
        await debrief(desk)
        async with asyncio.timeout(PATIENCE):
            while not mark.exists() or not mark.read_text():
                await asyncio.sleep(0.02)
        process = int(mark.read_text())
        os.kill(process, 0)
    with pytest.raises(ProcessLookupError):
        os.kill(process, 0)


async def test_a_job_says_nothing_of_secrets():
    text = JOB.model_dump_json()
    assert OPENED.secret not in text and "Beta" not in text
    assert Job.model_validate_json(text) == JOB


def _entries() -> list[Entry]:
    return [Entry(seq, 0.0, who, BODIES.validate_json(text)) for seq, (who, text) in enumerate(over().lines, 1)]
