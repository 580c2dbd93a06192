"""The room: what may be done and what comes of it; built again from its log it is the same in everything."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from agents.game.company import Intervention
from agents.game.plan import Plan
from agents.game.setup import GameError
from agents.workshop import protocol as p
from agents.workshop import views
from agents.workshop.allowed import Refusal
from agents.workshop.entries import FACILITATOR, SERVER
from agents.workshop.markets import Markets
from agents.workshop.room import MEMBERS, Room, rebuilt
from agents.workshop.secrets import hash_of
from marketsim.scenario.schema import Title
from tests.workshop.rooms import OPENED, Desk, new_id, picture

TITLE = Title(en="News", zh="新闻")


@pytest.fixture
def desk() -> Desk:
    """Two teams, the first quarter open."""
    desk = Desk()
    desk.team("Alpha", "cambricon")
    desk.team("玄武", "biren")
    desk.open()
    return desk


def refused(desk: Desk, who: str, command: p.Command) -> Refusal:
    """Why a command is refused; it changes nothing."""
    before, lines = picture(desk.room), len(desk.lines)
    with pytest.raises(Refusal) as refusal:
        desk.do(who, command)
    assert picture(desk.room) == before and len(desk.lines) == lines
    return refusal.value


# How a quarter is closed ----------------------------------------------------------------------------------------------


def how(desk: Desk) -> tuple[dict[str, Any], dict[str, Plan]]:
    """How each team's plan came about when the quarter is closed, and what was played."""
    desk.close()
    return dict(desk.room.how[-1]), dict(desk.room.game.company[-1].plans)


def test_what_was_handed_in_last_is_played(desk: Desk):
    plan = desk.room.seats["biren"].plan
    desk.submit("biren", plan.with_value("price", 51.0))
    desk.submit("biren", plan.with_value("price", 52.0))
    desk.edit("biren", price=53.0)  # and not handed in
    found, played = how(desk)
    assert found["biren"] == "submitted" and played["biren"].price == 52.0
    assert desk.room.game.state.price[desk.room.row(desk.room.seats["biren"]), 0] == 52.0


def test_a_form_that_was_not_handed_in_is_played_as_it_could_last_be_played(desk: Desk):
    desk.edit("biren", price=51.0)
    desk.edit("biren", price=52.0, research=3.5)
    desk.edit("biren", price=-1.0)
    found, played = how(desk)
    assert found["biren"] == "draft" and (played["biren"].price, played["biren"].research) == (52.0, 3.5)


def test_what_was_handed_in_and_taken_back_counts_as_a_form(desk: Desk):
    desk.submit("biren", desk.room.seats["biren"].plan.with_value("price", 51.0))
    desk.do("biren", p.Withdraw(id=new_id(), quarter=desk.room.quarter))
    found, played = how(desk)
    assert found["biren"] == "draft" and played["biren"].price == 51.0


def test_who_does_nothing_goes_on_as_before(desk: Desk):
    desk.submit("biren", desk.room.seats["biren"].plan.with_value("price", 51.0).with_value("capacity.n7", 0.5))
    desk.close()
    desk.open()
    desk.edit("biren", price=-1.0)  # cannot be played, and there was no other state of the form
    found, played = how(desk)
    assert found == {"biren": "held", "cambricon": "held"}
    assert played["biren"].price == 51.0 and played["biren"].capacity["n7"] == 0.0


def test_forms_begin_anew_with_what_was_played(desk: Desk):
    desk.edit("biren", price=51.0)
    revision = desk.room.seats["biren"].revision
    desk.close()
    seat = desk.room.seats["biren"]
    assert (seat.plan.price, seat.edited, seat.submitted, seat.how) == (51.0, False, None, "draft")
    assert seat.revision > revision
    desk.edit("biren", price=55.0)  # before the next quarter is open
    desk.open()
    assert how(desk)[0]["biren"] == "draft"


def test_a_strategy_plays_for_a_team_until_it_is_handed_back(desk: Desk):
    desk.submit("biren", desk.room.seats["biren"].plan.with_value("price", 51.0))
    desk.do(FACILITATOR, p.Substitute(id=new_id(), vendor="biren", strategy="cost-leader"))
    found, played = how(desk)
    assert found["biren"] == "strategy" and "biren" not in played
    assert desk.room.game.company[-1].strategies == {"biren": "cost-leader"}
    desk.open()
    desk.close()
    assert desk.room.game.company[-1].strategies == {}  # it follows it already
    desk.open()
    desk.do(FACILITATOR, p.HandBack(id=new_id(), vendor="biren"))
    assert how(desk)[0]["biren"] == "held"


def test_seats_without_a_team_follow_their_strategy(desk: Desk):
    assert set(how(desk)[0]) == {"biren", "cambricon"}
    (seat,) = [team for team in views.room_now(desk.room, {}, None).teams if team.name is None]
    assert (seat.vendor, seat.strategy) == ("cambricon-b", "hold")


# Seats ----------------------------------------------------------------------------------------------------------------


def test_seats_are_given_away_in_order_or_as_wished():
    desk = Desk()
    assert desk.team("Alpha", "cambricon") == "cambricon"
    assert [desk.team("Beta"), desk.team("Gamma")] == ["biren", "cambricon-b"]
    with pytest.raises(Refusal, match="all seats are taken"):
        desk.team("Delta")


@pytest.mark.parametrize(
    ("wish", "field", "said"),
    [
        ({"code": "WRNG-CODE", "name": "Beta"}, "code", "neither the room's code nor a team's"),
        ({"name": None}, "name", "needs a name"),
        ({"name": "\u200b "}, "name", "needs a name"),
        ({"name": "ALPHA "}, "name", "another team has this name"),
        ({"name": "Ａlpha"}, "name", "another team has this name"),
        ({"name": "Beta", "vendor": "cambricon"}, "vendor", "not free"),
        ({"name": "Beta", "vendor": "cambricon-c"}, "vendor", "not free"),
        ({"name": "Beta", "vendor": "nvidia"}, "vendor", "not free"),
    ],
)
def test_a_wish_that_cannot_be_is_refused_with_what_can(desk: Desk, wish: dict[str, Any], field: str, said: str):
    with pytest.raises(Refusal, match=said) as refusal:
        desk.room.join(p.Join(**{"code": desk.room.code, **wish}))
    assert refusal.value.field == field


def test_a_team_that_comes_late_plays_the_quarter_that_is_open(desk: Desk):
    desk.close()
    desk.open()
    assert desk.team("Late") == "cambricon-b"
    desk.submit("cambricon-b", desk.room.seats["cambricon-b"].plan.with_value("price", 44.0))
    found, played = how(desk)
    assert found["cambricon-b"] == "submitted" and played["cambricon-b"].price == 44.0


def test_more_members_come_in_with_the_teams_code_and_no_other_name(desk: Desk):
    seat = desk.room.seats["biren"]
    revision = seat.revision
    token = desk.join(p.Join(code=desk.room.code_of(seat).lower(), name="Mine"))
    assert desk.room.tokens[hash_of(token)] == "biren" and seat.name == "玄武" and seat.revision == revision
    assert desk.rebuilt().tokens == desk.room.tokens
    for _ in range(MEMBERS - 2):
        desk.join(p.Join(code=desk.room.code_of(seat)))
    with pytest.raises(Refusal, match="as many members as it can have"):
        desk.join(p.Join(code=desk.room.code_of(seat)))


def test_a_released_seat_is_another_teams(desk: Desk):
    old = desk.room.code_of(desk.room.seats["biren"])
    desk.do(FACILITATOR, p.Tell(id=new_id(), text="to you alone", vendor="biren"))
    desk.do(FACILITATOR, p.Tell(id=new_id(), text="to all"))
    desk.submit("biren", desk.room.seats["biren"].plan.with_value("price", 51.0))
    desk.do(FACILITATOR, p.Substitute(id=new_id(), vendor="biren", strategy="skimmer"))
    command = p.Withdraw(id=new_id(), quarter=desk.room.quarter)
    desk.do(FACILITATOR, p.Release(id=new_id(), vendor="biren"))
    assert "biren" not in desk.room.tokens.values()
    assert "no longer" in str(refused(desk, "biren", command))  # it was on its way
    with pytest.raises(Refusal, match="neither the room's code nor a team's"):
        desk.join(p.Join(code=old, name="Old"))
    assert desk.team("New", "biren") == "biren"
    seat = desk.room.seats["biren"]
    assert (seat.submitted, seat.strategy, seat.plan.price) == (None, None, 50.0) and desk.room.code_of(seat) != old
    assert [told.text for told, vendor in desk.room.messages if vendor in (None, "biren")] == ["to all"]
    assert picture(desk.rebuilt()) == picture(desk.room)


def test_a_vendor_that_failed_is_nobodys_to_play(desk: Desk):
    row = desk.room.row(desk.room.seats["biren"])
    for _ in range(5):
        if desk.room.alive(desk.room.seats["biren"]):
            desk.submit("biren", plan_of(desk, price=0.1, capacity__n7=20.0, service=5000.0, adaptation=5000.0))
        desk.close()
        desk.open()
    assert not desk.room.game.state.alive[row, 0]
    assert "has failed" in str(refused(desk, "biren", p.Withdraw(id=new_id(), quarter=desk.room.quarter)))
    desk.do(FACILITATOR, p.Release(id=new_id(), vendor="biren"))
    assert set(desk.room.free) == {"cambricon-b"}
    assert set(how(desk)[0]) == {"cambricon"}
    assert picture(desk.rebuilt()) == picture(desk.room)


# What is refused ------------------------------------------------------------------------------------------------------


def plan_of(desk: Desk, **values: p.Value) -> Plan:
    plan = desk.room.seats["biren"].plan
    for path, value in values.items():
        plan = plan.with_value(path.replace("__", "."), value)
    return plan


TEAM_CASES: list[tuple[Callable[[Desk], p.Command], str, str]] = [
    (lambda d: p.Edit(id=new_id(), quarter="2025Q1", values={"wage": 3.0}), "wage", "no such field"),
    (lambda d: p.Edit(id=new_id(), quarter="2025Q1", values={"capacity.n5": 3.0}), "capacity.n5", "no such field"),
    (lambda d: p.Edit(id=new_id(), quarter="2025Q1", values={"price": "dear"}), "price", "cannot be so"),
    (lambda d: p.Edit(id=new_id(), quarter="2025Q1", values={"price": 3.0, "start_product": 2.0}), "start_product", "cannot be so"),
    (lambda d: p.Edit(id=new_id(), quarter="2025Q2", values={"price": 3.0}), "quarter", "not the one to be decided"),
    (lambda d: p.Submit(id=new_id(), quarter="2025Q2", plan=plan_of(d)), "quarter", "not the one to be decided"),
    (lambda d: p.Submit(id=new_id(), quarter="2025Q1", plan=plan_of(d, price=-1.0)), "price", "cannot be decided"),
    (lambda d: p.Submit(id=new_id(), quarter="2025Q1", plan=plan_of(d, capacity__n7=-9.0)), "capacity.n7", "cannot be decided"),
    (lambda d: p.Submit(id=new_id(), quarter="2025Q1", plan=plan_of(d, product_node="n2")), "product_node", "cannot be decided"),
    (lambda d: p.Submit(id=new_id(), quarter="2025Q1", plan=plan_of(d, focus__moon=1.0)), "focus.moon", "cannot be decided"),
    (lambda d: p.Submit(id=new_id(), quarter="2025Q1", plan=plan_of(d).model_copy(update={"capacity": {}})), "capacity.n7", "is missing"),
    (lambda d: p.Withdraw(id=new_id(), quarter="2025Q1"), "", "nothing was handed in"),
    (lambda d: p.Close(id=new_id()), "kind", "only the facilitator"),
    (lambda d: p.Release(id=new_id(), vendor="cambricon"), "kind", "only the facilitator"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("command", "field", "said"), TEAM_CASES, ids=[f"{n}-{c[1]}" for n, c in enumerate(TEAM_CASES)]
)
def test_what_a_team_cannot_do_is_told_and_changes_nothing(
    desk: Desk, command: Callable[[Desk], p.Command], field: str, said: str
):
    refusal = refused(desk, "biren", command(desk))
    assert refusal.field == field and said in refusal.message


LEVER = {"electricity_discount": 0.1}
FACILITATOR_CASES: list[tuple[p.Command, str, str]] = [
    (p.Open(id=new_id()), "kind", "phase open"),
    (p.Resume(id=new_id()), "kind", "phase open"),
    (p.Debrief(id=new_id()), "kind", "phase open"),
    (p.RollBack(id=new_id(), played=1), "played", "so many quarters cannot"),
    (p.Tell(id=new_id(), text="x", vendor="cambricon-b"), "vendor", "no team has this seat"),
    (p.Tell(id=new_id(), text="\u200b \n"), "text", "nothing in this message"),
    (p.Substitute(id=new_id(), vendor="biren", strategy="genius"), "strategy", "no such strategy"),
    (p.Substitute(id=new_id(), vendor="nvidia", strategy="hold"), "vendor", "no team has this seat"),
    (p.HandBack(id=new_id(), vendor="biren"), "vendor", "plays itself"),
    (p.Release(id=new_id(), vendor="cambricon-b"), "vendor", "no team has this seat"),
    (p.Intervene(id=new_id()), "intervention", "either an intervention or a policy"),
    (p.Intervene(id=new_id(), policy="miracle"), "policy", "no such policy"),
    (p.Intervene(id=new_id(), policy="no-discount", intervention=Intervention(title=TITLE)), "intervention", "either"),
    (p.Intervene(id=new_id(), intervention=Intervention(title=TITLE, quarter="2024Q4")), "intervention.quarter", "cannot be so"),
    (p.Intervene(id=new_id(), intervention=Intervention(title=TITLE, changes={"moon": 1})), "intervention.changes.moon", "cannot be so"),
    (p.Intervene(id=new_id(), intervention=Intervention(title=TITLE, levers={"moon": {"2025Q1": 1}})), "intervention.levers.moon", "cannot be so"),
    (p.Edit(id=new_id(), quarter="2025Q1", values={"price": 3.0}), "kind", "only a team"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("command", "field", "said"), FACILITATOR_CASES, ids=[f"{n}-{c[1]}" for n, c in enumerate(FACILITATOR_CASES)]
)
def test_what_the_facilitator_cannot_do_is_told_and_changes_nothing(
    desk: Desk, command: p.Command, field: str, said: str
):
    refusal = refused(desk, FACILITATOR, command)
    assert refusal.field == field and said in refusal.message


def test_nothing_is_handed_in_while_the_clock_stands(desk: Desk):
    desk.do(FACILITATOR, p.Pause(id=new_id()))
    desk.edit("biren", price=51.0)
    plan = desk.room.seats["biren"].plan
    assert "not open" in refused(desk, "biren", p.Submit(id=new_id(), quarter="2025Q1", plan=plan)).message
    desk.do(FACILITATOR, p.Resume(id=new_id()))
    desk.submit("biren", plan)
    desk.do(FACILITATOR, p.Pause(id=new_id()))
    assert how(desk)[0]["biren"] == "submitted"


def test_the_market_ends_with_its_last_quarter(desk: Desk):
    desk.close()
    for _ in range(5):
        desk.open()
        desk.close()
    assert desk.room.over
    assert "last quarter" in refused(desk, FACILITATOR, p.Open(id=new_id())).message
    intervention = p.Intervene(id=new_id(), intervention=Intervention(title=TITLE))
    assert "last quarter" in refused(desk, FACILITATOR, intervention).message
    assert "over" in refused(desk, "biren", p.Withdraw(id=new_id(), quarter=desk.room.quarter)).message
    with pytest.raises(Refusal, match="no quarter is open"):
        desk.room.close()
    desk.do(FACILITATOR, p.Debrief(id=new_id()))
    assert picture(desk.rebuilt()) == picture(desk.room)


def test_a_command_counts_once_and_its_id_is_no_other_commands(desk: Desk):
    first = p.Edit(id="edit-same", quarter="2025Q1", values={"price": 51.0})
    desk.do("biren", first)
    desk.edit("biren", price=52.0)
    lines = len(desk.lines)
    desk.do("biren", first)
    assert len(desk.lines) == lines and desk.room.seats["biren"].plan.price == 52.0
    assert refused(desk, "biren", first.model_copy(update={"values": {"price": 53.0}})).field == "id"
    desk.do("cambricon", first)  # another team's ids are its own
    assert desk.room.seats["cambricon"].plan.price == 51.0
    assert desk.rebuilt().seq_of("biren", first) == desk.room.seq_of("biren", first) is not None


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"vendors": ["biren", "nvidia"]}, "'nvidia' is none of them"),
        ({"vendors": ["biren", "startup-1"]}, "'startup-1' is none of them"),
        ({"vendors": ["biren", "biren"]}, "each of them once"),
        ({"vendors": []}, "at least one"),
        ({"setup": OPENED.setup.model_copy(update={"vendor": "biren"})}, "no vendor of its own"),
    ],
)
def test_a_room_that_cannot_be_says_why(change: dict[str, Any], said: str):
    with pytest.raises(GameError, match=said):
        Room.of(OPENED.model_copy(update=change))


def test_a_log_without_its_beginning_is_none():
    for entries in ([], [desk_line for desk_line in []]):
        with pytest.raises(GameError, match="does not begin with a workshop"):
            rebuilt(iter(entries))


# What the facilitator lets happen -------------------------------------------------------------------------------------


def test_what_the_facilitator_lets_happen_holds_and_is_told_to_teams(desk: Desk):
    plain = desk.rebuilt()
    change = Intervention(title=TITLE, changes={"purchase_subsidy": 0.4})
    desk.do(FACILITATOR, p.Intervene(id=new_id(), intervention=change))
    desk.do(FACILITATOR, p.Intervene(id=new_id(), policy="no-discount"))
    assert desk.room.game.now.levers["purchase_subsidy"] == 0.4 and plain.game.now.levers["purchase_subsidy"] == 0.0
    discounts = [
        [float(now.levers["electricity_discount"]) for now in room.game.parameters.conditions]
        for room in (plain, desk.room)
    ]
    assert discounts == [[0.0] * 4 + [0.5] * 2, [0.0] * 6]
    told = json.loads(Markets().of(desk.room, "biren")())
    assert [event["title"]["en"] for event in told["world"]["events"]] == ["News", "no-discount"]
    assert (desk.room.world, told["world_name"]) == (2, "2")
    plain.close()
    desk.close()
    assert desk.room.game.turns[0].digest != plain.game.turns[0].digest
    assert len(desk.room.game.company[0].interventions) == 2
    assert picture(desk.rebuilt()) == picture(desk.room)


# Going back -----------------------------------------------------------------------------------------------------------


def test_rolling_back_is_as_if_quarters_had_not_been_and_the_log_keeps_them(desk: Desk):
    desk.submit("biren", plan_of(desk, price=51.0))
    desk.close()
    kept = picture(desk.room)
    digest = desk.room.game.turns[-1].digest
    desk.do(FACILITATOR, p.Intervene(id=new_id(), policy="no-discount"))
    desk.open()
    desk.submit("biren", plan_of(desk, price=90.0))
    desk.close()
    lines = len(desk.lines)
    desk.do(FACILITATOR, p.RollBack(id=new_id(), played=1))
    assert len(desk.lines) == lines + 1 and desk.room.branch == 1 and desk.room.phase == "results"
    assert [turn.digest for turn in desk.room.game.turns] == [digest]
    now = picture(desk.room)
    alike = {"digests", "scores", "how", "messages", "tokens", "ranking None"}
    assert {key: now[key] for key in alike} == {key: kept[key] for key in alike}
    desk.open()
    assert (desk.room.quarter, desk.room.seats["biren"].plan.price) == ("2025Q2", 51.0)
    desk.do(FACILITATOR, p.RollBack(id=new_id(), played=1))  # the quarter that is open begins anew
    desk.open()
    desk.do(FACILITATOR, p.RollBack(id=new_id(), played=0))
    assert (desk.room.phase, desk.room.played, desk.room.seats["biren"].plan.price) == ("lobby", 0, 50.0)
    assert picture(desk.rebuilt()) == picture(desk.room)


def test_another_machine_that_comes_out_otherwise_is_noticed(desk: Desk):
    for _ in range(3):
        desk.close()
        desk.open()
    assert desk.rebuilt().differs is None
    (second,) = [n for n, (_, text) in enumerate(desk.lines) if text.startswith(b'{"kind":"closed","quarter":"2025Q2"')]
    digest = desk.room.game.turns[1].digest.encode()
    desk.lines[second] = SERVER, desk.lines[second][1].replace(digest, b"00000000")
    assert desk.rebuilt().differs == "2025Q2"
