"""What a team may know: its own books to the last bit, of rivals what is public, and nothing that depends on the rest."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import fields, replace
from typing import Any, TypeVar

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic_core import to_json

from agents.game.advice import advice
from agents.game.forecast import forecast
from agents.game.setup import Setup
from agents.game.view import Turn
from agents.workshop import protocol as p
from agents.workshop import views
from agents.workshop.arrays import plain, restored
from agents.workshop.markets import Markets
from agents.workshop.room import Room
from agents.workshop.seen import OF_OUTCOME, OF_STATE, PUBLISHED, seen
from agents.workshop.team_view import ReceivedGame
from agents.workshop.telling import news
from marketsim.state import MarketState, Outcome
from tests.workshop.rooms import OPENED, SETUP, Desk

Record = TypeVar("Record", MarketState, Outcome)

PRIVATE = {
    MarketState: {
        *("cash", "debt", "founders_share", "stock", "stock_value", "pipeline", "pipeline_value"),
        *("contracts", "arriving", "next_node", "next_memory", "next_architecture", "next_quarters", "research"),
        *("nodes_mastered", "cost_factor", "cumulative", "orders", "gross_profit", "growth", "shortfall"),
    },
    Outcome: {
        *("orders", "made", "started", "written_off", "wafers", "granted", "flows", "cost_of_goods", "clipped"),
    },
}
"""Of rivals; see `marketsim.observation`. Nobody's own figure is among them, and no decision before it is carried out."""
GRADED = {MarketState: {"software"}, Outcome: {"maturity"}}


@pytest.fixture(scope="module")
def desk() -> Desk:
    """Three teams, three quarters; not to be played on."""
    desk = Desk(Room.of(OPENED.model_copy(update={"setup": SETUP.model_copy(update={"firms": 6})})))
    for number, vendor in enumerate(list(desk.room.seats)):
        desk.team(f"Team {number}", vendor)
    for number in range(3):
        desk.open()
        desk.submit("biren", desk.room.seats["biren"].plan.with_value("price", 51.0 + number))
        desk.close()
    return desk


# What is of which kind ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("kind", "kinds"), [(MarketState, OF_STATE), (Outcome, OF_OUTCOME)])
def test_every_array_has_its_kind_and_what_is_private_is_not_public(kind: type, kinds: Mapping[str, str]):
    assert set(kinds) == {item.name for item in fields(kind)}
    assert {name for name, found in kinds.items() if found in ("pooled", "hidden")} == PRIVATE[kind]
    assert {name for name, found in kinds.items() if found == "graded"} == GRADED[kind]
    axes = {item.name: item.metadata["axes"] for item in fields(kind)}
    assert all(axes[name].startswith("v") for name in PRIVATE[kind] | GRADED[kind])


def arrays(record: MarketState | Outcome) -> dict[str, Any]:
    """All arrays of vendors by name, those of tuples and mappings too."""
    found: dict[str, Any] = {}
    for item in fields(record):
        value = getattr(record, item.name)
        if item.metadata["axes"].startswith("v"):
            parts = (
                value.items()
                if isinstance(value, dict)
                else enumerate(value)
                if isinstance(value, tuple)
                else [("", value)]
            )
            found |= {f"{item.name} {part}".strip(): each for part, each in parts}
    return found


@pytest.mark.parametrize("vendor", ["biren", "cambricon-b"])
def test_own_rows_and_foreign_suppliers_are_as_they_are_and_rivals_as_they_are_seen(desk: Desk, vendor: str):
    room = desk.room
    seat, domestic = room.row(room.seats[vendor]), room.game.parameters.domestic
    rivals = [row for row in range(domestic) if row != seat]
    for turn in room.game.turns:
        for record, running in ((turn.outcome, turn.before.alive), (turn.after, turn.after.alive)):
            masked, truth = arrays(seen(record, seat, domestic, running)), arrays(record)
            kinds = OF_STATE if isinstance(record, MarketState) else OF_OUTCOME
            for name, value in masked.items():
                kind = "public" if name.removeprefix("flows ") in PUBLISHED else kinds[name.split()[0]]
                others = [row for row in range(len(value)) if row not in rivals]
                np.testing.assert_array_equal(value[others], truth[name][others], err_msg=name)
                assert value.dtype == truth[name].dtype, name
                now, were = value[rivals], truth[name][rivals]
                if kind == "public":
                    np.testing.assert_array_equal(now, were, err_msg=name)
                elif kind == "graded":
                    np.testing.assert_allclose(now, were, atol=0.05 + 1e-9, err_msg=name)
                elif kind == "hidden":
                    assert not now.any(), name
                else:
                    np.testing.assert_allclose(now.sum(axis=0), were.sum(axis=0), atol=1e-9, err_msg=name)
                    sold = np.where(running[rivals, 0], record.sold[rivals, 0], 0.0)
                    parts = (sold / sold.sum()).reshape(-1, *(1,) * (now.ndim - 1))
                    np.testing.assert_allclose(now, were.sum(axis=0) * parts, rtol=1e-12, err_msg=name)


def test_sums_have_equal_parts_where_no_rival_has_sold_anything(desk: Desk):
    after = desk.room.game.turns[0].after
    alive = np.ones_like(after.alive)
    alive[2] = False
    masked = seen(replace(after, sold=np.where(np.arange(len(alive))[:, None] == 0, after.sold, 0.0)), 0, 6, alive)
    now, total = masked.contracts[1:6], after.contracts[1:6].sum(axis=0)
    assert not now[1].any()
    for part in np.delete(now, 1, axis=0):
        np.testing.assert_allclose(part, total / 4, rtol=1e-12)


# Nothing depends on what is hidden ------------------------------------------------------------------------------------


def even(record: Record, rows: list[int]) -> Record:
    """With figures of rivals in steps of 1/1024, of which sums have no rounding."""

    def stepped(name: str, value: Any) -> Any:
        if isinstance(value, dict):
            return {part: stepped(name, each) for part, each in value.items()}
        if value.dtype != np.float64:
            return value
        value = value.copy()
        value[rows] = np.round(value[rows] * 1024) / 1024
        return value

    private = PRIVATE[type(record)]
    return replace(record, **{name: stepped(name, getattr(record, name)) for name in private})


def otherwise(record: Record, rows: list[int], rng: np.random.Generator) -> Record:
    """With another truth about rivals that looks the same: figures change hands, grades are as good within a tenth."""
    order = [rows[place] for place in rng.permutation(len(rows))]
    kinds = OF_STATE if isinstance(record, MarketState) else OF_OUTCOME

    def changed(name: str, value: Any) -> Any:
        if isinstance(value, dict):
            return {part: each if part in PUBLISHED else changed(name, each) for part, each in value.items()}
        value = value.copy()
        if kinds[name] == "hidden":
            value[rows] = rng.integers(0, 9, value[rows].shape)
        elif name in GRADED[type(record)]:
            value[rows] = np.abs(np.round(value[rows] * 10) / 10 + rng.uniform(-0.04, 0.04, value[rows].shape))
        else:
            value[rows] = value[order]
        return value

    names = PRIVATE[type(record)] | GRADED[type(record)]
    return replace(record, **{name: changed(name, getattr(record, name)) for name in names})


def with_truth(room: Room, change: Callable[[Any], Any]) -> Room:
    """A room whose market was always another one."""
    other = replace(room, game=room.game.fork(room.played), _scores=((0, 0), {}))
    turns = other.game.turns
    turns[:] = [Turn(t.now, t.plan, change(t.before), change(t.outcome), change(t.after)) for t in turns]
    other.game.model.market.state = turns[-1].after
    return other


def told(room: Room, who: str) -> dict[str, bytes]:
    """All that can reach somebody."""
    reader = None if who == "facilitator" else who
    messages = news(room, [who], {}, None, None, "")[who]
    markets = {f"market {first}": Markets().of(room, reader, first)() for first in range(room.played + 1)}
    return {**{kind: message for kind, (_, message) in messages.items()}, **markets}


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 2**32), vendor=st.sampled_from(["biren", "cambricon", "cambricon-b"]))
def test_another_truth_about_rivals_changes_no_byte_that_a_team_is_sent(desk: Desk, seed: int, vendor: str):
    seat = desk.room.row(desk.room.seats[vendor])
    rivals = [row for row in range(desk.room.game.parameters.domestic) if row != seat]
    one = with_truth(desk.room, lambda record: even(record, rivals))
    rng = np.random.default_rng(seed)
    other = with_truth(desk.room, lambda record: otherwise(even(record, rivals), rivals, rng))
    assert told(other, vendor) == told(one, vendor)
    assert told(other, "facilitator") != told(one, "facilitator")


def test_the_rooms_luck_and_what_is_to_come_are_not_told(desk: Desk):
    room = desk.room
    market = json.loads(Markets().of(room, "biren")())
    assert market["setup"]["seed"] != room.opened.setup.seed and market["setup"]["vendor"] == "biren"
    assert market["world"]["free"] == market["world"]["policies"] == {} and market["world"]["reported"] == []
    began = Room.of(room.opened)
    (ban,) = began.game.world.events
    assert ban.quarter == "2025Q2"
    assert json.loads(Markets().of(began, "biren")())["world"]["events"] == []
    assert [event["quarter"] for event in market["world"]["events"]] == ["2025Q2"]
    assert [turn["plan"]["price"] for turn in market["turns"]] == [51.0, 52.0, 53.0]
    others = json.loads(Markets().of(room, "cambricon")())
    assert "53.0" not in json.dumps([turn["plan"] for turn in others["turns"]])


def test_a_rivals_form_and_plan_are_not_told_before_they_are_carried_out(desk: Desk):
    room = desk.rebuilt()
    room.phase = "open"
    before = told(room, "cambricon")
    seat = room.seats["biren"]
    room._fill(seat, seat.plan.with_value("price", 7.0))
    seat.edited = True
    assert told(room, "cambricon") == before
    seat.submitted = seat.plan
    after = told(room, "cambricon")
    assert after.pop("room") == before.pop("room").replace(
        b'"people":0,"decided":false', b'"people":0,"decided":true', 1
    )
    assert after == before


# How teams stand ------------------------------------------------------------------------------------------------------


def test_a_ranking_says_no_more_than_the_facilitator_wants(desk: Desk):
    room = desk.rebuilt()

    def shown(reader: str | None, **show: str) -> list[str | None] | None:
        room._do_show(None, p.Show(id="show-0001", **show))
        places = views.ranking(room, reader)
        assert places is None or [place.place for place in places] == [1, 2, 3]
        return places and [place.vendor for place in places]

    everybody = shown(None, results="private", ranking="named")
    assert everybody is not None and set(everybody) == set(room.seats)
    values = [place.value for place in views.ranking(room, None) or []]
    assert values == sorted(values, reverse=True)
    assert shown("biren") is None
    assert shown("biren", results="public", ranking="hidden") is None
    assert shown("biren", ranking="anonymous") == [each if each == "biren" else None for each in everybody]
    assert shown("biren", ranking="named") == everybody
    room._do_show(None, p.Show(id="show-0002", results="private", ranking="anonymous"))
    room.phase = "debrief"
    assert shown("biren") == [each if each == "biren" else None for each in everybody]
    assert views.ranking(Room.of(OPENED), None) is None


# What is made of it ---------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def chips() -> Room:
    """The default scenario after five quarters."""
    setup = Setup(seed=5, quarters=12)
    room = Room.of(OPENED.model_copy(update={"setup": setup, "vendors": ["cambricon", "moore-threads"]}))
    for _ in range(5):
        room.phase = "open"
        room.close()
    return room


def received(room: Room, vendor: str, reader: str | None) -> ReceivedGame:
    market = p.Market.model_validate_json(Markets().of(room, reader)())
    return ReceivedGame(market.model_copy(update={"setup": {**market.setup, "vendor": vendor}}))


@pytest.mark.parametrize("vendor", ["cambricon", "moore-threads"])
def test_forecasts_and_advice_from_what_a_team_knows_are_those_from_everything(chips: Room, vendor: str):
    """Own figures and advice are the same; a forecast differs by less than half of what it leaves open itself."""
    own, whole = received(chips, vendor, vendor), received(chips, vendor, None)
    seat = whole.seat
    for ours, theirs in zip(own.turns, chips.game.turns, strict=True):
        for record, truth in ((ours.outcome, theirs.outcome), (ours.after, theirs.after)):
            for name, value in arrays(record).items():
                assert value[seat][..., 0].tobytes() == arrays(truth)[name][seat][..., 0].tobytes(), name
    for item in fields(own.trace):
        if item.metadata.get("axes") == "qvr":
            ours, theirs = getattr(own.trace, item.name), getattr(chips.game.trace, item.name)
            np.testing.assert_array_equal(ours[:, seat, 0], theirs[:, seat, 0], err_msg=item.name)
    plan = own.held()
    assert plan == whole.held() and own.problems(plan) == []
    for strategy in ("disciplined", "cost-leader"):
        assert own.advised(strategy) == whole.advised(strategy)
    mine, theirs = forecast(own, plan), forecast(whole, plan)
    assert mine.cuts == theirs.cuts
    for ahead, known in zip(mine.quarters, theirs.quarters, strict=True):
        assert ahead.price == known.price and ahead.card_cost == known.card_cost
        for name in ("orders", "sold", "revenue", "share", "cash"):
            ours, truth = getattr(ahead, name), getattr(known, name)
            doubt = truth.high - truth.low + 0.01 * abs(truth.median)
            for level in ("low", "median", "high"):
                assert abs(getattr(ours, level) - getattr(truth, level)) <= doubt / 2, (name, level)
    assert [each.change for each in advice(own, plan).suggestions[:2]] == [
        each.change for each in advice(whole, plan).suggestions[:2]
    ]


def test_quarters_that_come_one_by_one_make_the_same_game(chips: Room):
    at_once = received(chips, "cambricon", "cambricon")
    growing = chips.game.fork(2)
    early = replace(chips, game=growing)
    game = received(early, "cambricon", "cambricon")
    with pytest.raises(ValueError, match="do not follow"):
        game.add(p.Market.model_validate_json(Markets().of(chips, "cambricon", 4)()))
    game.add(p.Market.model_validate_json(Markets().of(chips, "cambricon", 2)()))
    game.add(p.Market.model_validate_json(Markets().of(chips, "cambricon", 4)()))  # again
    assert [turn.digest for turn in game.turns] == [turn.digest for turn in at_once.turns]
    assert game.world == at_once.world and game.now.name == "2026Q2"
    with pytest.raises(ValueError, match="do not follow"):
        game.add(p.Market.model_validate_json(Markets().of(replace(chips, branch=1), "cambricon", 5)()))
    with pytest.raises(ValueError, match="begins with its start"):
        ReceivedGame(p.Market.model_validate_json(Markets().of(chips, "cambricon", 2)()))


def test_arrays_come_back_to_the_bit_with_infinities_too(chips: Room):
    turn = chips.game.turns[-1]
    assert np.isinf(turn.outcome.memory_limit).any()
    for record in (turn.outcome, turn.after):
        told = json.loads(to_json(plain(record), inf_nan_mode="strings"))
        back = restored(type(record), told)
        for item in fields(record):
            one, other = (getattr(each, item.name) for each in (record, back))
            parts = zip(one, other, strict=True) if isinstance(one, tuple) else [(one, other)]
            if isinstance(one, dict):
                assert list(one) == list(other)
                parts = [(one[name], other[name]) for name in one]
            for mine, theirs in parts:
                assert mine.dtype == theirs.dtype and mine[..., 0].tobytes() == theirs[..., 0].tobytes(), item.name
                assert theirs.shape[-1] == 2 and (theirs[..., 0] == theirs[..., 1]).all()
