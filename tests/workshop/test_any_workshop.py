"""Teams and a facilitator who do anything at any time: the room that its log tells of is the one that there was."""

from __future__ import annotations

from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from agents.game.company import Intervention
from agents.game.plan import Plan
from agents.strategies import names
from agents.workshop import protocol as p
from agents.workshop.allowed import Refusal
from agents.workshop.entries import FACILITATOR, SERVER, Admitted, Body, Restarted
from agents.workshop.room import Room
from agents.workshop.secrets import hash_of
from marketsim.scenario.schema import Title
from tests.workshop.rooms import VENDORS, Desk, new_id, picture

NUMBERS = st.floats(0.1, 200) | st.sampled_from([0.0, -0.0, 1.0, 0.1 + 0.2, 1e308, 5e-324, -1e-9])
VALUES = NUMBERS | st.booleans() | st.sampled_from(["n7", "hbm", "n2", ""])
PATHS = st.sampled_from(["price"] * 5 + ["capacity.n7", "premium", "start_product", "product_node", "research", "moon"])
SHOWN = st.fixed_dictionaries(
    {},
    optional={"results": st.sampled_from(["public", "private"]), "ranking": st.sampled_from(["hidden", "anonymous", "named"])},
)  # fmt: skip
TEXTS = st.sampled_from(["Alpha", "alpha", "玄武", " ", "a\u202eb", "\x00", "x" * 40, "汉" * 30])
LEVERS = st.sampled_from(["electricity_discount", "domestic_content.internet", "import_ceiling", "moon"])
QUARTERS = st.sampled_from(["2025Q1", "2025Q2", "2026Q1", "2030Q1"])
INTERVENTIONS = st.builds(
    Intervention,
    title=st.just(Title(en="News", zh="新闻")),
    quarter=st.none() | QUARTERS,
    changes=st.dictionaries(LEVERS, st.sampled_from([0.0, 0.3, 50.0]), max_size=2),
    levers=st.dictionaries(LEVERS, st.dictionaries(QUARTERS, st.sampled_from([0.0, 0.25]), max_size=2), max_size=2),
)


ANY_COMMAND = st.one_of(
    st.sampled_from([p.Open(id=new_id()), p.Pause(id=new_id()), p.Resume(id=new_id()), p.Close(id=new_id())]),
    st.sampled_from([p.Debrief(id=new_id()), p.Extend(id=new_id(), seconds=9), p.Tell(id=new_id(), text=" ")]),
    st.builds(p.Release, id=st.just(new_id()), vendor=st.sampled_from([*VENDORS, "cambricon-c"])),
    st.builds(p.Substitute, id=st.just(new_id()), vendor=st.sampled_from(VENDORS), strategy=st.just("genius")),
    st.builds(p.Withdraw, id=st.just(new_id()), quarter=QUARTERS),
    st.builds(p.Edit, id=st.just(new_id()), quarter=QUARTERS, values=st.dictionaries(PATHS, VALUES, min_size=1, max_size=3)),
    st.builds(p.Intervene, id=st.just(new_id()), intervention=st.none() | INTERVENTIONS, policy=st.none() | st.just("moon")),
    st.builds(p.RollBack, id=st.just(new_id()), played=st.integers(0, 5)),
)  # fmt: skip


class AnyWorkshop(RuleBasedStateMachine):
    """Teams and the facilitator do anything at any time. What is handed in is noted here on its own."""

    def __init__(self) -> None:
        super().__init__()
        self.desk = Desk()
        self.handed_in: dict[str, Plan] = {}

    @property
    def room(self) -> Room:
        return self.desk.room

    @property
    def teams(self) -> set[str]:
        return {seat.vendor for seat in self.room.seats.values() if seat.name is not None}

    def attempt(self, who: str, command: p.Command) -> bool:
        """Do it, or see that nothing is changed; sent again, it changes nothing more."""
        before, lines = picture(self.room, markets=False), len(self.desk.lines)
        try:
            self.desk.do(who, command)
        except Refusal:
            assert picture(self.room, markets=False) == before and len(self.desk.lines) == lines
            return False
        lines = len(self.desk.lines)
        self.desk.do(who, command)
        assert len(self.desk.lines) == lines
        return True

    # -- teams ----------------------------------------------------------------------------------------------------

    @initialize(vendors=st.sets(st.sampled_from(VENDORS), min_size=1), opened=st.booleans())
    def some_teams(self, vendors: set[str], opened: bool) -> None:
        for vendor in sorted(vendors):
            self.desk.team(f"Team {vendor}", vendor)
        if opened:
            self.desk.open()

    @rule(name=TEXTS, vendor=st.none() | st.sampled_from([*VENDORS, "cambricon-c"]), right=st.booleans())
    def new_team(self, name: str, vendor: str | None, right: bool) -> None:
        wish = p.Join(code=self.room.code if right else "AAAA-AAAA", name=name, vendor=vendor)
        free, taken = list(self.room.free), {seat.name for seat in self.room.seats.values()}
        try:
            seat = self.room.tokens[hash_of(self.desk.join(wish))]
        except Refusal:
            return
        assert right and seat in free and seat == (vendor or free[0])
        assert self.room.seats[seat].name not in taken

    @precondition(lambda self: self.teams)
    @rule(team=st.integers(0, 2))
    def member(self, team: int) -> None:
        vendor = self.some_team(team)
        wish = p.Join(code=self.room.code_of(self.room.seats[vendor]))
        assert self.room.tokens[hash_of(self.desk.join(wish))] == vendor

    def some_team(self, number: int) -> str:
        return sorted(self.teams or VENDORS)[number % max(len(self.teams), 1)]

    @rule(team=st.integers(0, 2), values=st.dictionaries(PATHS, VALUES, min_size=1, max_size=3))
    def edit(self, team: int, values: dict[str, p.Value]) -> None:
        self.attempt(self.some_team(team), p.Edit(id=new_id(), quarter=self.room.quarter, values=values))

    @precondition(lambda self: self.room.phase == "open")
    @rule(team=st.integers(0, 2), price=NUMBERS, capacity=st.floats(-0.5, 9.0), product=st.booleans())
    def submit(self, team: int, price: float, capacity: float, product: bool) -> None:
        vendor = self.some_team(team)
        plan = self.room.seats[vendor].plan.with_value("price", price).with_value("capacity.n7", capacity)
        command = p.Submit(id=new_id(), quarter=self.room.quarter, plan=plan.with_value("start_product", product))
        if self.attempt(vendor, command):
            self.handed_in[vendor] = command.plan

    @rule(prices=st.lists(NUMBERS, max_size=3), handing_in=st.booleans(), closing=st.booleans())
    def quarter(self, prices: list[float], handing_in: bool, closing: bool) -> None:
        """What mostly happens."""
        if self.room.phase in ("lobby", "results"):
            self.open()
        for team, price in enumerate(prices):
            if handing_in and self.room.phase == "open":
                self.submit(team, price, 0.0, False)
            else:
                self.edit(team, {"price": price})
        if closing and self.room.phase in ("open", "paused"):
            self.close()

    @precondition(lambda self: self.handed_in)
    @rule()
    def withdraw(self) -> None:
        vendor = min(self.handed_in)
        if self.attempt(vendor, p.Withdraw(id=new_id(), quarter=self.room.quarter)):
            del self.handed_in[vendor]

    # -- the facilitator ------------------------------------------------------------------------------------------

    @precondition(lambda self: self.room.phase in ("lobby", "results"))
    @rule()
    def open(self) -> None:
        assert self.attempt(FACILITATOR, p.Open(id=new_id())) != self.room.over

    @precondition(lambda self: self.room.phase in ("open", "paused"))
    @rule()
    def close(self) -> None:
        teams = {vendor for vendor in self.teams if self.room.alive(self.room.seats[vendor])}
        substituted = {vendor for vendor in teams if self.room.seats[vendor].strategy is not None}
        assert self.attempt(FACILITATOR, p.Close(id=new_id()))
        played, found = self.room.game.company[-1].plans, self.room.how[-1]
        assert set(found) == teams and {vendor for vendor in teams if found[vendor] == "strategy"} == substituted
        expected = {vendor: plan for vendor, plan in self.handed_in.items() if vendor not in substituted}
        assert {vendor: played[vendor] for vendor in found if found[vendor] == "submitted"} == expected
        self.handed_in.clear()

    @rule()
    def pause(self) -> None:
        kind = p.Resume if self.room.phase == "paused" else p.Pause
        assert self.attempt(FACILITATOR, kind(id=new_id())) == (self.room.phase in ("open", "paused"))

    @rule(what=INTERVENTIONS | st.just("no-discount"))
    def intervene(self, what: Intervention | str) -> None:
        given = {"policy": what} if isinstance(what, str) else {"intervention": what}
        self.attempt(FACILITATOR, p.Intervene(id=new_id(), **given))

    @rule(text=TEXTS, vendor=st.none() | st.sampled_from(VENDORS), show=SHOWN)
    def tell(self, text: str, vendor: str | None, show: dict[str, Any]) -> None:
        self.attempt(FACILITATOR, p.Tell(id=new_id(), text=text, vendor=vendor))
        assert self.attempt(FACILITATOR, p.Show(id=new_id(), **show))

    @rule(vendor=st.sampled_from(VENDORS), strategy=st.sampled_from(names()))
    def substitute(self, vendor: str, strategy: str) -> None:
        if vendor in self.teams and self.room.seats[vendor].strategy is not None:
            assert self.attempt(FACILITATOR, p.HandBack(id=new_id(), vendor=vendor))
        else:
            self.attempt(FACILITATOR, p.Substitute(id=new_id(), vendor=vendor, strategy=strategy))

    @precondition(lambda self: len(self.teams) > 1)
    @rule(team=st.integers(0, 2))
    def release(self, team: int) -> None:
        vendor = self.some_team(team)
        assert self.attempt(FACILITATOR, p.Release(id=new_id(), vendor=vendor))
        self.handed_in.pop(vendor, None)
        assert vendor not in self.room.tokens.values()

    @precondition(lambda self: self.room.played)
    @rule(played=st.integers(0, 3))
    def roll_back(self, played: int) -> None:
        digests = [turn.digest for turn in self.room.game.turns[:played]]
        if self.attempt(FACILITATOR, p.RollBack(id=new_id(), played=played)):
            assert [turn.digest for turn in self.room.game.turns] == digests
            self.handed_in.clear()

    @precondition(lambda self: self.room.phase == "results" and self.room.played > 3)
    @rule()
    def debrief(self) -> None:
        assert self.attempt(FACILITATOR, p.Debrief(id=new_id()))

    # -- anybody, and nobody --------------------------------------------------------------------------------------

    @rule(who=st.sampled_from([FACILITATOR, *VENDORS]), command=ANY_COMMAND)
    def what_is_mostly_refused(self, who: str, command: p.Command) -> None:
        """Nothing that would be handed in, and the facilitator's commands from teams alone."""
        if who != FACILITATOR or isinstance(command, p.TeamCommand):
            accepted = self.attempt(who, command.model_copy(update={"id": new_id()}))
            assert not accepted or (isinstance(command, p.TeamCommand) and who in self.teams)
            if accepted and isinstance(command, p.Withdraw):
                del self.handed_in[who]

    @rule(line=st.sampled_from([Restarted(marketsim="1"), Admitted(token_hash=hash_of("a facilitator"))]))
    def restart(self, line: Body) -> None:
        """The server is killed, and started again on the log."""
        self.desk.room = self.same_again()
        self.desk.write(SERVER, line)
        assert self.room.phase != "open" or isinstance(line, Admitted)

    def same_again(self) -> Room:
        again = self.desk.rebuilt()
        assert picture(again) == picture(self.room) and again.differs is None
        return again

    def teardown(self) -> None:
        self.same_again()

    @invariant()
    def what_was_handed_in_is_there(self) -> None:
        seats = self.room.seats.values()
        assert {seat.vendor: seat.submitted for seat in seats if seat.submitted is not None} == self.handed_in

    @invariant()
    def whoever_has_a_token_has_a_seat_of_a_team(self) -> None:
        assert all(who == FACILITATOR or who in self.teams for who in self.room.tokens.values())


AnyWorkshop.TestCase.settings = settings(max_examples=30, stateful_step_count=30, deadline=None)
TestAnyWorkshop = AnyWorkshop.TestCase
