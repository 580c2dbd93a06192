"""Advice: exactly what differs, and what each difference alone would change."""

from __future__ import annotations

import pytest

from agents.game import Game, Setup
from agents.game.advice import PRESETS, advice, differences, preset
from agents.strategies import StrategyError


@pytest.fixture(scope="module")
def game() -> Game:
    """Four quarters in; not to be played on."""
    game = Game(Setup(vendor="cambricon", quarters=12))
    for _ in range(4):
        game.play(game.advised("disciplined"))
    return game


def test_differences_are_the_numbers_that_differ_in_the_order_of_the_form(game: Game):
    plan = game.held()
    other = plan.with_value("research", 2 * plan.research).with_value("price", 1.2 * plan.price)
    other = other.with_value("capacity.n7", 0.4)
    found = list(differences(plan, other))
    assert [(each.path, each.own, each.other) for each in found] == [
        ("price", plan.price, 1.2 * plan.price),
        ("capacity.n7", 0.0, 0.4),
        ("research", plan.research, 2 * plan.research),
    ]
    assert list(differences(plan, plan.with_value("price", plan.price * (1 + 1e-9)))) == []


def test_a_product_differs_only_if_one_is_started(game: Game):
    plan = game.held().with_value("product_node", "n7").with_value("start_product", False)
    assert list(differences(plan, plan.with_value("product_node", "n12"))) == []
    starts = plan.with_value("start_product", True)
    assert [each.path for each in differences(plan, starts.with_value("product_node", "n12"))] == [
        "start_product",
        "product_node",
    ]


def test_the_advised_plan_itself_leaves_nothing_to_suggest(game: Game):
    found = advice(game, game.advised("disciplined"))
    assert found.suggestions == () and found.plan == game.advised("disciplined")
    assert found.title == {"en": "Disciplined", "zh": "利润优先"}


def test_the_largest_consequence_comes_first(game: Game):
    advised = game.advised("disciplined")
    plan = advised.with_value("price", 8 * advised.price).with_value("service", 1.5 * advised.service + 1)
    first, second = advice(game, plan).suggestions
    assert (first.change.path, second.change.path) == ("price", "service")
    assert first.revenue > 0 and first.cash > 0  # who asks eight times as much sells nothing
    assert first.stake > second.stake


def test_money_that_is_not_spent_is_kept(game: Game):
    advised = game.advised("disciplined")
    (found,) = advice(game, advised.with_value("research", advised.research + 100.0), quarters=1).suggestions
    assert found.cash == pytest.approx(100.0) and found.revenue == pytest.approx(0.0, abs=1e-9)


def test_parts_of_a_split_have_one_consequence(game: Game):
    advised = game.advised("disciplined")
    one = dict.fromkeys(advised.focus, 0.0) | {"government": 1.0}
    found = advice(game, advised.model_copy(update={"focus": one})).suggestions
    assert {each.change.path.partition(".")[0] for each in found} == {"focus"}
    assert len(found) == len(one) and len({(each.cash, each.revenue) for each in found}) == 1
    assert found[0].stake > 0


def test_presets_are_plans_that_can_be_played(game: Game):
    assert set(PRESETS) == {"grow", "survive", "hold"}
    for name in PRESETS:
        assert game.problems(preset(game, name)) == []
    assert preset(game, "hold") == game.held()
    assert preset(game, "grow").capacity != preset(game, "survive").capacity


def test_a_strategy_that_is_not_known(game: Game):
    with pytest.raises(StrategyError, match="disciplined"):
        advice(game, game.held(), "disciplind")
