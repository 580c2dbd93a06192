"""What others do in a game: dated events and policies that come from outside, plans of other people, strategies."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agents.game import Game, GameError, GameFileError, Plan, Setup
from agents.game.company import Intervention, Others
from agents.game.file import load, save
from agents.game.format import MAX_BYTES
from agents.game.view import held
from agents.strategies import StrategyError
from marketsim.scenario.checks import lever_names, violations
from marketsim.scenario.fields import quarter_index, quarter_name
from marketsim.scenario.parameters import Parameters, levers_over_time
from marketsim.scenario.schema import Scenario, Title
from tests.agents.game.test_damaged_file import edited, put
from tui.session import Session

SMALL = str(Path(__file__).parents[2] / "data" / "small.yaml")
TITLE = Title(en="News", zh="新闻")
WORLD = Setup(scenario=SMALL).world()
FIRST = quarter_index(WORLD.start)
QUARTERS = [quarter_name(FIRST + number) for number in range(WORLD.quarters)]


def levers(world: Scenario) -> dict[str, list[float]]:
    """Every policy lever in every quarter."""
    values = levers_over_time(world, np.arange(FIRST, FIRST + world.quarters))
    return {name: value.tolist() for name, value in values.items()}


# What comes from outside ----------------------------------------------------------------------------------------------


def test_a_change_holds_from_its_quarter_on_until_the_scenario_moves_it():
    before = levers(WORLD)
    assert before["import_ceiling"] == [1.0] + [0.0] * 11
    after = levers(Intervention(title=TITLE, changes={"import_ceiling": 0.5}).applied(WORLD, 0))
    assert after["import_ceiling"] == [0.5] + [0.0] * 11  # the ban of 2025Q2 comes nevertheless
    after = levers(Intervention(title=TITLE, changes={"import_ceiling": 0.5}).applied(WORLD, 1))
    assert after["import_ceiling"] == [1.0] + [0.5] * 11  # it is said last
    after = levers(
        Intervention(title=TITLE, quarter="2026Q1", changes={"domestic_content.internet": 1}).applied(WORLD, 1)
    )
    assert after["domestic_content.internet"] == [0.2, 0.5, 0.5, 0.5] + [1.0] * 8
    assert {name: path for name, path in after.items() if name != "domestic_content.internet"} == {
        name: path for name, path in before.items() if name != "domestic_content.internet"
    }


def test_a_path_holds_whatever_the_scenario_says_and_nothing_before_it_changes():
    paths = {"import_ceiling": {"2025Q1": 0.7, "2026Q1": 0.9}, "electricity_discount": {"2025Q1": 0.1}}
    after = levers(Intervention(title=TITLE, quarter="2025Q3", levers=paths).applied(WORLD, 1))
    assert after["import_ceiling"] == [1.0, 0.0, 0.7, 0.7] + [0.9] * 8
    assert after["electricity_discount"] == [0.0, 0.0] + [0.1] * 10


def test_it_is_news_of_its_quarter():
    world = Intervention(title=TITLE).applied(WORLD, 5)
    assert world.events[:-1] == WORLD.events
    assert (world.events[-1].quarter, world.events[-1].title, world.events[-1].changes) == ("2026Q2", TITLE, {})


def interventions() -> st.SearchStrategy[Intervention]:
    known = st.sampled_from(lever_names(WORLD))
    shares = st.floats(0.01, 0.9)
    paths = st.dictionaries(st.sampled_from(QUARTERS), shares, min_size=1, max_size=3)
    return st.builds(
        Intervention,
        title=st.just(TITLE),
        quarter=st.none() | st.sampled_from(QUARTERS),
        changes=st.dictionaries(known, shares, max_size=3),
        levers=st.dictionaries(known, paths, max_size=3),
    )


@settings(deadline=None)
@given(st.lists(st.tuples(interventions(), st.integers(0, WORLD.quarters - 1)), min_size=1, max_size=4))
def test_what_was_before_stays_and_what_was_wanted_comes(wanted: list[tuple[Intervention, int]]):
    world = WORLD
    for what, now in wanted:
        if what.problems(Parameters(world), now):
            assert what.quarter is not None and what.quarter < QUARTERS[now]
            continue
        start = now if what.quarter is None else QUARTERS.index(what.quarter)
        before, world = levers(world), what.applied(world, now)
        after = levers(world)
        assert violations(world) == []
        for name in before:
            assert after[name][:start] == before[name][:start]
            if name in what.changes:
                assert after[name][start] == what.changes[name]
            elif name in what.levers:
                path = sorted(what.levers[name].items())
                follow = [next((v for q, v in reversed(path) if q <= quarter), path[0][1]) for quarter in QUARTERS]
                assert after[name][start:] == follow[start:]
            else:
                assert after[name] == before[name]


@pytest.mark.parametrize(
    ("fields", "now", "field", "allowed"),
    [
        ({"quarter": "2025Q1"}, 1, "quarter", "from 2025Q2 to 2027Q4"),
        ({"quarter": "2028Q1"}, 1, "quarter", "from 2025Q2 to 2027Q4"),
        ({"changes": {"moon": 1}}, 0, "changes.moon", "purchase_subsidy"),
        ({"changes": {"domestic_content": 1}}, 0, "changes.domestic_content", "domestic_content.internet"),
        ({"changes": {"export_control": 1.5}}, 0, "changes.export_control", "less than or equal to 1"),
        ({"levers": {"moon": {"2025Q1": 1}}}, 0, "levers.moon", "purchase_subsidy"),
        ({"levers": {"export_control": {"2025Q1": -0.5}}}, 0, "levers.export_control", "greater than or equal to 0"),
        ({"levers": {"export_control": {}}}, 0, "levers.export_control", "at least 1 item"),
    ],
)
def test_what_cannot_be_says_what_can(fields: dict, now: int, field: str, allowed: str):
    (problem,) = Intervention(title=TITLE, **fields).problems(Parameters(WORLD), now)
    assert problem[0] == field and allowed in problem[1]


def test_everything_that_is_wrong_is_told():
    what = Intervention(title=TITLE, quarter="2031Q1", changes={"moon": 1}, levers={"sun": {"2025Q1": 1}})
    assert [field for field, _ in what.problems(Parameters(WORLD), 0)] == ["quarter", "changes.moon", "levers.sun"]


# A game with company --------------------------------------------------------------------------------------------------

SETUP = Setup(scenario=SMALL, quarters=6)


def test_an_intervention_changes_the_market_from_its_quarter_on():
    plain, game = Game(SETUP), Game(SETUP)
    for number in range(6):
        if number == 2:
            game.intervene(Intervention(title=TITLE, quarter="2025Q4", changes={"purchase_subsidy": 0.5}))
        plain.play()
        game.play()
    same = [one.digest == other.digest for one, other in zip(plain.turns, game.turns, strict=True)]
    assert same == [True] * 3 + [False] * 3
    assert [len(others.interventions) for others in game.company] == [0, 0, 1, 0, 0, 0]
    assert game.world.events[-1].title == TITLE and len(game.scenario.events) == 1


def test_what_cannot_come_changes_nothing():
    game = Game(SETUP)
    with pytest.raises(GameError, match=r"changes\.moon cannot be so; allowed: purchase_subsidy"):
        game.intervene(Intervention(title=TITLE, changes={"moon": 1}))
    game.play()
    assert game.company == [Others()] and game.turns[0].digest == Game(SETUP, [None]).turns[0].digest


def test_plans_of_others_are_played_and_the_rest_follow_their_strategies():
    alone = Game(Setup(scenario=SMALL, quarters=6, vendor="biren"))
    watched = Game(SETUP)
    plan = alone.held().with_value("price", 45.0)
    alone.play(plan)
    watched.play(others={"biren": plan})
    assert watched.turns[0].digest == alone.turns[0].digest and watched.turns[0].plan is None
    watched.play(others={})
    assert watched.company == [Others({"biren": plan}), Others()]


@pytest.mark.parametrize(
    ("others", "said"),
    [
        ({"nvidia": {}}, "small has no domestic vendor 'nvidia'"),
        ({"biren": {"price": -1.0}}, "2025Q1: biren: price cannot be -1.0"),
        ({"cambricon": {}}, "cambricon is the own vendor"),
    ],
)
def test_plans_of_others_that_cannot_be_are_refused_and_nothing_is_played(
    others: dict[str, dict[str, float]], said: str
):
    game = Game(Setup(scenario=SMALL, quarters=6, vendor="cambricon"))
    plans = {vendor: game.held().model_copy(update=change) for vendor, change in others.items()}
    with pytest.raises(GameError, match=said):
        game.play(game.held(), others=plans)
    assert game.turns == [] and game.company == []
    game.play(game.held())


def test_a_company_that_cannot_be_leaves_the_game_as_it_was():
    news = Intervention(title=TITLE, changes={"purchase_subsidy": 0.5})
    game = Game(SETUP, company=[Others({"nvidia": Game(Setup(scenario=SMALL, vendor="biren")).held()}, (news,))])
    for _ in range(2):
        with pytest.raises(GameError, match="no domestic vendor 'nvidia'"):
            game.play()
    game.play(others={})
    assert game.company == [Others()] and len(game.world.events) == 1


def test_a_strategy_that_is_taken_plays_from_then_on():
    game = Game(SETUP)
    game.play()
    game.take_strategy("biren", "manufacturer")
    game.take_strategy("biren", "manufacturer")
    for _ in range(3):
        game.play()
    assert [dict(others.strategies) for others in game.company] == [{}, {"biren": "manufacturer"}, {}, {}]
    assert game.world.vendors["biren"].strategy == "manufacturer"
    plain = Game(SETUP, [None] * 4)
    assert [one.digest == other.digest for one, other in zip(plain.turns, game.turns, strict=True)][:2] == [True, False]
    with pytest.raises(StrategyError, match="genius"):
        game.take_strategy("biren", "genius")
    with pytest.raises(GameError, match="no domestic vendor 'nvidia'"):
        game.take_strategy("nvidia", "hold")
    game.take_strategy("startup-1", "skimmer")  # an entrant, once it is there
    game.play()
    assert game.company[-1].strategies == {"startup-1": "skimmer"}


def with_company(setup: Setup) -> Game:
    """Five quarters in which everything happens that can come from outside."""
    game = Game(setup)
    for number in range(5):
        if number == 1:
            game.intervene(Intervention(title=TITLE, changes={"purchase_subsidy": 0.3}))
            game.intervene(Intervention(title=TITLE, quarter="2026Q1", levers={"import_ceiling": {"2025Q1": 0.8}}))
        if number == 2:
            game.take_strategy("biren", "skimmer")
        plans = (
            {"biren": biren.with_value("price", 40.0 + number)} if number in (0, 3) and (biren := other(game)) else {}
        )
        game.play(game.held() if setup.vendor else None, others=plans)
    return game


def other(game: Game) -> Plan:
    return held(game, game.parameters.vendors.index("biren"), None)


@pytest.mark.parametrize("vendor", [None, "cambricon"])
def test_the_same_company_gives_the_same_bits_and_a_fork_has_it_too(vendor: str | None):
    game = with_company(Setup(scenario=SMALL, quarters=6, vendor=vendor))
    again = Game(game.setup, game.plans, game.company)
    digests = [turn.digest for turn in game.turns]
    assert [turn.digest for turn in again.turns] == digests and again.company == game.company
    assert again.world == game.world
    fork = game.fork(2)
    assert (len(fork.turns), fork.company) == (2, game.company[:2])
    for plan in game.plans[2:]:
        fork.play(plan)
    assert [turn.digest for turn in fork.turns] == digests and fork.company == game.company
    assert fork.fork(4).fork(3).turns[-1].digest == digests[2]
    deeper = game.fork(1).fork(1)
    for plan in game.plans[1:]:
        deeper.play(plan)
    assert deeper.turns[-1].digest == digests[-1]


def test_a_fork_knows_what_has_been_let_happen_and_not_yet_played():
    game = Game(SETUP)
    game.play()
    game.intervene(Intervention(title=TITLE, changes={"purchase_subsidy": 0.5}))
    game.take_strategy("biren", "skimmer")
    fork = game.fork(1)
    game.play()
    fork.play()
    assert fork.turns[-1].digest == game.turns[-1].digest and fork.company == game.company
    assert fork.fork(2).turns[-1].digest == game.turns[-1].digest


# Its file -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("vendor", [None, "cambricon"])
@pytest.mark.parametrize("firms", [None, 6])
def test_a_game_with_company_comes_back_to_the_bit(tmp_path: Path, vendor: str | None, firms: int | None):
    game = with_company(Setup(scenario=SMALL, quarters=6, vendor=vendor, firms=firms))
    save(game, tmp_path / "game.json")
    saved = load(tmp_path / "game.json")
    again = saved.game()
    assert saved.check(again) is None and not saved.scenario_changed
    assert (again.company, again.plans, again.world) == (game.company, game.plans, game.world)
    before = (tmp_path / "game.json").read_bytes()
    save(again, tmp_path / "game.json")
    assert (tmp_path / "game.json").read_bytes() == before
    fork = again.fork(3)
    for plan in game.plans[3:]:
        fork.play(plan)
    assert fork.turns[-1].digest == saved.digests[-1]


def test_a_vendor_that_is_a_part_of_another_one_can_be_played_and_saved(tmp_path: Path):
    game = Game(Setup(scenario=SMALL, quarters=6, vendor="cambricon-b", firms=4))
    game.play(game.held(), others={"cambricon-c": game.held()})
    save(game, tmp_path / "game.json", game.held().with_value("price", 77.0))
    saved = load(tmp_path / "game.json")
    assert saved.check(saved.game()) is None and saved.draft is not None and saved.draft.price == 77.0


def test_sixty_teams_that_change_every_figure_for_forty_quarters_are_half_of_what_a_file_may_be(tmp_path: Path):
    game = Game(Setup(firms=60))
    plans = {vendor: held(game, game.parameters.vendors.index(vendor), None) for vendor in game.world.vendors}
    rng = np.random.default_rng(1)

    def decided(plan: Plan) -> Plan:
        for path, value in plan.values():
            if isinstance(value, float):
                plan = plan.with_value(path, round(0.1 + 0.1 * rng.random(), 3))
        return plan

    for _ in range(4):
        alive = {v: decided(p) for v, p in plans.items() if game.state.alive[game.parameters.vendors.index(v), 0]}
        game.play(others=alive)
    save(game, tmp_path / "game.json")
    assert 10 * (tmp_path / "game.json").stat().st_size < MAX_BYTES / 1.5
    assert load(tmp_path / "game.json").company[-1].plans == game.company[-1].plans


NEWS = {"title": {"en": "News", "zh": "新闻"}, "changes": {"purchase_subsidy": 0.3}}
DAMAGE = [
    ("quarters.0.others", {"nvidia": {}}, "quarters.0.others.nvidia: is no domestic vendor of small", "allowed: biren, startup-1, startup-2"),
    ("quarters.0.others", {"birren": {}}, "quarters.0.others.birren: is no domestic vendor of small", "did you mean 'biren'"),
    ("quarters.0.others", {"cambricon": {}}, "quarters.0.others.cambricon: is the own vendor", ""),
    ("quarters.0.others", {"biren": {"price": 3.0}}, "quarters.0.others.biren.capacity: is required and missing", ""),
    ("quarters.0.others.biren.price", -3.0, "quarters.0.others.biren.price: cannot be decided", "from 0.1 to 5000"),
    ("quarters.0.others.biren.price", "dear", "quarters.0.others.biren.price", "found: 'dear' (text)"),
    ("quarters.0.others.biren.wage", 3, "quarters.0.others.biren.wage: is not known here", ""),
    ("quarters.0.others.biren.product_node", "n2", "quarters.0.others.biren.product_node: cannot be decided", "allowed: n7"),
    ("quarters.3.others.biren.funds", None, "quarters.3.others.biren.funds", ""),
    ("quarters.0.others", [], "quarters.0.others", ""),
    ("quarters.1.interventions", [{**NEWS, "changes": {"moon": 1}}], "quarters.1.interventions.0.changes.moon: cannot be so", "purchase_subsidy"),
    ("quarters.1.interventions", [NEWS, {**NEWS, "levers": {"export_control": {"2025Q1": 7}}}], "quarters.1.interventions.1.levers.export_control: cannot be so", "less than or equal to 1"),
    ("quarters.1.interventions", [{**NEWS, "quarter": "2025Q1"}], "quarters.1.interventions.0.quarter: cannot be so", "from 2025Q2 to 2026Q2"),
    ("quarters.1.interventions", [{**NEWS, "quarter": "soon"}], "quarters.1.interventions.0.quarter", "found: 'soon' (text)"),
    ("quarters.1.interventions", [{"changes": {}}], "quarters.1.interventions.0.title: is required and missing", ""),
    ("quarters.1.interventions", [{**NEWS, "changes": {"purchase_subsidy": -1}}], "quarters.1.interventions.0.changes.purchase_subsidy", "greater than or equal to 0"),
    ("quarters.2.strategies", {"biren": "genius"}, "quarters.2.strategies.biren: there is no such strategy", "found: 'genius' (text)"),
    ("quarters.2.strategies", {"nvidia": "hold"}, "quarters.2.strategies.nvidia: is no domestic vendor of small", ""),
    ("quarters.2.strategies", {"biren": 3}, "quarters.2.strategies.biren", "found: 3"),
    ("setup.firms", 0, "setup.firms", "found: 0"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("where", "value", "said", "also"), DAMAGE, ids=[f"{n}-{case[0]}" for n, case in enumerate(DAMAGE)]
)
def test_a_damaged_file_names_its_field_and_what_is_allowed(
    tmp_path: Path, where: str, value: object, said: str, also: str
):
    path = tmp_path / "game.json"
    save(with_company(Setup(scenario=SMALL, quarters=6, vendor="cambricon")), path)
    edited(path, put(where, value))
    with pytest.raises(GameFileError) as error:
        load(path)
    text = " ".join(str(error.value).split())
    assert str(path) in str(error.value) and said in text and also in text


def test_an_entrants_slot_is_a_vendor_too(tmp_path: Path):
    game = Game(SETUP)
    game.play(others={"startup-1": other(game)})
    save(game, tmp_path / "game.json")
    assert load(tmp_path / "game.json").game().company == game.company


def test_a_recorded_game_with_company_is_shown_again_as_it_was(tmp_path: Path):
    game = with_company(Setup(scenario=SMALL, quarters=6, vendor="cambricon"))
    save(game, tmp_path / "game.json")
    session = Session.replayed(load(tmp_path / "game.json"))
    digests = [turn.digest for turn in game.turns]
    session.go_to(5)
    assert [turn.digest for turn in session.game.turns] == digests and session.ended
    session.go_to(2)
    session.go_to(4)
    assert [turn.digest for turn in session.game.turns] == digests[:4]
    assert session.game.world.events[-1].title == TITLE
