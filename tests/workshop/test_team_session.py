"""A team's session: a form that several people type in, and what is on its way."""

from __future__ import annotations

import pytest

from agents.workshop import protocol as p
from agents.workshop import views
from agents.workshop.entries import FACILITATOR
from agents.workshop.markets import Markets
from agents.workshop.team_view import ReceivedGame
from tests.workshop.rooms import VENDORS, Desk, new_id
from tui.workshop.session import TeamSession

OWN, OTHER = VENDORS[:2]


def session(desk: Desk, vendor: str = OWN) -> TeamSession:
    """As a client begins that has just been told everything."""
    market = ReceivedGame(p.Market.model_validate_json(Markets().of(desk.room, vendor)()))
    return TeamSession(market, room=views.room_now(desk.room, {}, None), form=form(desk, vendor))


def form(desk: Desk, vendor: str = OWN) -> p.Form:
    return views.form(desk.room, desk.room.seats[vendor])


def told(desk: Desk, *sessions: TeamSession) -> None:
    """Everybody is told how the room is, the form first, as in a hurry."""
    for each in sessions:
        each.take_form(form(desk, each.own.vendor))
        each.take_room(views.room_now(desk.room, {}, None))


def fetched(desk: Desk, each: TeamSession) -> None:
    content = Markets().of(desk.room, each.own.vendor, len(each.game.turns))()
    each.take_market(ReceivedGame.grown(each.game, p.Market.model_validate_json(content)))


def send(desk: Desk, each: TeamSession, command: p.TeamCommand) -> None:
    desk.do(each.own.vendor, command)
    each.answered(command, p.Accepted(id=command.id, seq=len(desk.lines)))


@pytest.fixture
def desk() -> Desk:
    made = Desk()
    for vendor in (OWN, OTHER):
        made.join(p.Join(code=made.room.code, name=vendor, vendor=vendor))
    made.do(FACILITATOR, p.Open(id=new_id()))
    return made


def test_what_is_typed_is_sent_together_and_once(desk: Desk):
    mine = session(desk)
    before = mine.draft
    mine.edit("price", 60.0)
    mine.edit("research", 12.5)
    mine.edit("price", 61.0)
    command = mine.edit_command()
    assert command is not None and command.values == {"price": 61.0, "research": 12.5}
    mine.edit("service", 6.5)
    assert mine.edit_command() is None, "until the one before has been answered"
    send(desk, mine, command)
    told(desk, mine)
    last = mine.edit_command()
    assert last is not None and last.values == {"service": 6.5}
    assert before is not None and mine.draft is not None
    assert mine.draft == before.with_value("price", 61.0).with_value("research", 12.5).with_value("service", 6.5)


def test_two_members_type_at_once_and_nothing_is_lost(desk: Desk):
    mine, yours = session(desk), session(desk)
    mine.edit("price", 60.0)
    yours.edit("research", 12.5)
    first, second = mine.edit_command(), yours.edit_command()
    assert first is not None and second is not None
    send(desk, yours, second)
    assert mine.take_form(form(desk))  # while the own change is on its way
    assert mine.draft is not None and (mine.draft.price, mine.draft.research) == (60.0, 12.5)
    send(desk, mine, first)
    told(desk, mine, yours)
    assert mine.draft == yours.draft == desk.room.seats[OWN].plan
    assert (desk.room.seats[OWN].plan.price, desk.room.seats[OWN].plan.research) == (60.0, 12.5)


def test_undo_takes_back_the_own_change_alone(desk: Desk):
    mine, yours = session(desk), session(desk)
    was = desk.room.seats[OWN].plan.price
    mine.edit("price", 60.0)
    command = mine.edit_command()
    assert command is not None
    send(desk, mine, command)
    yours.edit("research", 12.5)
    command = yours.edit_command()
    assert command is not None
    send(desk, yours, command)
    told(desk, mine, yours)
    assert mine.undo() and not mine.undo()
    assert mine.draft is not None and (mine.draft.price, mine.draft.research) == (was, 12.5)
    command = mine.edit_command()
    assert command is not None and command.values == {"price": was}


def test_how_it_stands_with_the_plan(desk: Desk):
    mine, yours = session(desk), session(desk)
    assert mine.state == "open"
    mine.edit("price", 60.0)
    command = mine.submit_command()
    assert command is not None and command.plan.price == 60.0 and not mine.typed
    send(desk, mine, command)
    told(desk, mine, yours)
    assert mine.state == yours.state == "in"
    yours.edit("price", 61.0)
    assert yours.state == "changed"
    yours.undo()
    assert yours.state == "in"
    send(desk, yours, yours.withdraw_command())
    told(desk, mine, yours)
    assert mine.state == "open" and mine.draft is not None and mine.draft.price == 60.0
    desk.do(FACILITATOR, p.Pause(id=new_id()))
    told(desk, mine)
    assert mine.state == "open" and mine.plays
    desk.do(FACILITATOR, p.Substitute(id=new_id(), vendor=OWN, strategy="hold"))
    told(desk, mine)
    assert mine.state == "closed" and not mine.plays and mine.draft is None
    mine.edit("price", 3.0)
    assert not mine.typed


def test_what_was_refused_is_no_longer_shown_but_a_plan_that_could_not_be_handed_in_stays_typed(desk: Desk):
    mine = session(desk)
    was = desk.room.seats[OWN].plan.price
    refused = p.Refused(message="cannot be so")
    mine.edit("price", 60.0)
    command = mine.edit_command()
    assert command is not None
    mine.answered(command, refused)
    assert mine.draft is not None and mine.draft.price == was and not mine.typed
    mine.edit("price", 62.0)
    submit = mine.submit_command()
    assert submit is not None
    mine.answered(submit, refused)
    assert mine.draft is not None and mine.draft.price == 62.0 and mine.typed


def test_a_new_quarter_begins_with_its_own_form_when_the_market_is_there(desk: Desk):
    mine = session(desk)
    mine.edit("price", 60.0)
    late = mine.edit_command()
    mine.edit("research", 12.5)
    desk.do(FACILITATOR, p.Close(id=new_id()))
    told(desk, mine)
    assert not mine.current and mine.draft is None and mine.state == "closed"
    fetched(desk, mine)
    assert mine.current and mine.draft == desk.room.seats[OWN].plan == mine.game.held()
    assert not mine.typed and not mine.undo() and late is not None
    mine.answered(late, p.Refused(id=late.id, message="this quarter is not the one to be decided"))
    assert mine.draft == desk.room.seats[OWN].plan


def test_quarters_that_are_taken_back(desk: Desk):
    mine = session(desk)
    for command in (p.Close, p.Open, p.Close):
        desk.do(FACILITATOR, command(id=new_id()))
    told(desk, mine)
    fetched(desk, mine)
    assert len(mine.game.turns) == 2
    desk.do(FACILITATOR, p.RollBack(id=new_id(), played=1))
    told(desk, mine)
    assert mine.draft is None
    with pytest.raises(ValueError, match="follow"):
        fetched(desk, mine)
    mine.take_market(ReceivedGame(p.Market.model_validate_json(Markets().of(desk.room, OWN)())))
    assert mine.current and len(mine.game.turns) == 1 and mine.draft == desk.room.seats[OWN].plan


def test_forecasts_know_a_draft_that_has_not_changed(desk: Desk):
    mine = session(desk)
    mine.edit("price", 60.0)
    before = mine.draft
    command = mine.edit_command()
    assert command is not None
    send(desk, mine, command)
    assert not mine.take_form(form(desk))
    assert mine.draft is before
