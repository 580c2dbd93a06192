"""Game files: bit for bit the same game, and where it is another one, that is told."""

from __future__ import annotations

import random
import struct
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from agents.game import Difference, Game, GameFileError, Plan, Setup, Versions, load, save
from agents.game.file import read_scenario
from agents.game.format import Content, Quarter
from marketsim.decisions import bounds

SETUP = Setup(vendor="cambricon", quarters=3)
reader = cache(read_scenario)
quick = settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


# The same game -------------------------------------------------------------------------------------------------------


def test_a_saved_game_is_the_same_to_the_last_bit(begun: Game, file: Path):
    saved, told = load(file), []
    again = saved.game(told.append)
    assert (saved.setup, saved.plans, saved.versions) == (SETUP, tuple(begun.plans), Versions.here())
    assert saved.digests == tuple(turn.digest for turn in again.turns) == tuple(turn.digest for turn in begun.turns)
    assert saved.draft == begun.held().with_value("research", 123.25)
    assert (saved.reached, saved.length, told, saved.check(again)) == ("2025Q2", 3, [1, 2], None)
    before = file.read_bytes()
    save(again, file, saved.draft)
    assert file.read_bytes() == before


def test_a_whole_game_by_advice_is_saved_and_comes_out_the_same(tmp_path: Path):
    game = Game(Setup(vendor="cambricon"))
    while not game.over:
        game.play(game.advised("disciplined"))
    save(game, tmp_path / "game.json")
    saved = load(tmp_path / "game.json")
    assert len(saved.plans) == 40 and saved.check(saved.game()) is None


def test_forty_quarters_of_a_person_are_a_few_kilobytes(tmp_path: Path):
    """Every quarter five figures are typed, as many as a form takes in some twenty keystrokes."""
    game, typed = Game(Setup(vendor="cambricon")), random.Random(1)
    while not game.over:
        plan = game.held().with_value("capacity.n7", round(typed.uniform(0, 0.3), 2))
        for path in ("price", "research", "service", "run_share"):
            value = float(plan.value(path)) * typed.uniform(0.95, 1.05)
            plan = plan.with_value(path, min(round(value, 2), 1.0 if path == "run_share" else 1e5))
        game.play(plan)
    save(game, tmp_path / "game.json")
    assert len(game.turns) == 40 and (tmp_path / "game.json").stat().st_size < 8000


def test_a_watched_market_is_saved_too(tmp_path: Path):
    game = Game(Setup(quarters=3))
    game.play()
    game.play()
    save(game, tmp_path / "game.json")
    saved = load(tmp_path / "game.json")
    assert (saved.plans, saved.draft) == ((None, None), None)
    assert saved.check(saved.game()) is None


def test_a_game_that_has_not_begun_is_saved_with_what_was_typed(tmp_path: Path):
    game = Game(SETUP)
    typed = game.held().with_value("price", 1e9)  # out of bounds, as it may be while it is typed
    save(game, tmp_path / "new" / "folder" / "game.json", typed)
    saved = load(tmp_path / "new" / "folder" / "game.json")
    assert (saved.draft, saved.plans, saved.reached) == (typed, (), "")
    save(game, tmp_path / "game.json", typed.with_value("funds", float("nan")))
    assert load(tmp_path / "game.json").draft is None


def test_a_part_that_a_plan_leaves_out_means_nothing_and_not_as_before(tmp_path: Path):
    game = Game(SETUP)
    game.play(game.held().with_value("capacity.n7", 0.2))
    game.play(game.held().model_copy(update={"capacity": {}}))
    save(game, tmp_path / "game.json")
    saved = load(tmp_path / "game.json")
    assert saved.check(saved.game()) is None


def same_bits(one: Plan, other: Plan) -> bool:
    def bits(plan: Plan) -> list[tuple[str, object]]:
        return [(path, struct.pack("d", v) if isinstance(v, float) else v) for path, v in plan.values()]

    return bits(one) == bits(other)


BLANK = Game(SETUP).held()


def plans(finite: bool = False) -> st.SearchStrategy[Plan]:
    """Plans that can be played; or, finite, any that can be typed."""

    def figures(path: str) -> st.SearchStrategy[Any]:
        field = path.partition(".")[0]
        low, high = (-1e308, 1e308) if finite else bounds(field)
        if field == "start_product":
            return st.booleans()
        if field in ("product_node", "product_memory"):
            return st.sampled_from(["n12", "n7", "n5"] if field == "product_node" else ["hbm", "gddr", "lpddr"])
        if field == "capacity" and not finite:
            return st.floats(-0.0, high) | st.sampled_from([0.0, -0.0])
        return st.floats(low, high) | st.sampled_from([max(low, -0.0), min(high, 1.0)])

    def built(values: dict[str, Any]) -> Plan:
        plan = BLANK
        for path, value in values.items():
            plan = plan.with_value(path, value)
        return plan

    return st.fixed_dictionaries({}, optional={path: figures(path) for path, _ in BLANK.values()}).map(built)


@settings(quick, max_examples=15)
@given(st.lists(plans(), min_size=1, max_size=3))
def test_any_plans_come_back_and_play_to_the_same_bits(tmp_path: Path, decided: list[Plan]):
    game = Game(SETUP)
    for plan in decided:
        if not game.over:
            game.play(plan)
    save(game, tmp_path / "game.json")
    saved = load(tmp_path / "game.json", reader)
    assert all(plan is not None and same_bits(plan, own) for plan, own in zip(saved.plans, decided, strict=False))
    assert len(saved.plans) == len(game.turns) and saved.check(saved.game()) is None


@settings(quick, max_examples=60)
@given(plans(finite=True))
def test_any_draft_comes_back(begun: Game, tmp_path: Path, typed: Plan):
    save(begun, tmp_path / "game.json", typed)
    draft = load(tmp_path / "game.json", reader).draft
    assert draft is not None and same_bits(draft, typed)


def test_every_field_is_documented():
    text = (Path(__file__).parents[3] / "docs" / "game-files.md").read_text(encoding="utf-8")
    for model in (Content, Versions, Setup, Quarter):
        assert all(f"`{field}`" in text for field in model.model_fields), model
    assert "`checksum`" in text


# Another game --------------------------------------------------------------------------------------------------------


def test_last_bits_and_other_figures_are_told_apart(begun: Game, file: Path):
    saved = load(file)
    bits = replace(saved, digests=(saved.digests[0], "00000000"))
    assert bits.check(begun) == Difference("2025Q2", close=True, scenario_changed=False)
    figures = replace(bits, digests=("00000000",) * 2, cash=(saved.cash[0], saved.cash[1] * 1.001))
    assert figures.check(begun) == Difference("2025Q1", close=False, scenario_changed=False)
    assert figures.check(Game(SETUP)) is None  # nothing has been played that could differ


def world(path: Path, changes: str = "{}") -> Path:
    path.write_text(f"extends: china-ai-chips\nvendors: {{cambricon: {changes}}}\n", encoding="utf-8")
    return path


def test_a_changed_scenario_is_told_and_not_fatal(tmp_path: Path):
    game = Game(Setup(scenario=str(world(tmp_path / "world.yaml")), vendor="cambricon", quarters=3))
    game.play(game.held())
    save(game, tmp_path / "game.json")
    assert not load(tmp_path / "game.json").scenario_changed
    world(tmp_path / "world.yaml", "{overhead: 95}")
    saved = load(tmp_path / "game.json")
    assert saved.check(saved.game()) == Difference("2025Q1", close=False, scenario_changed=True)


def test_plans_that_a_changed_scenario_cannot_carry_out_are_an_error_with_its_reason(tmp_path: Path):
    game = Game(Setup(scenario=str(world(tmp_path / "world.yaml")), vendor="cambricon", quarters=3))
    game.play(game.held())
    game.play(game.held().with_value("capacity.n7", -1.0))
    save(game, tmp_path / "game.json")
    world(tmp_path / "world.yaml", "{contracts: {n7: 0.1}}")
    with pytest.raises(GameFileError) as error:
        load(tmp_path / "game.json").game()
    said = " ".join(str(error.value).split())
    assert "quarters.1: cannot be played: 2025Q2: capacity.n7 cannot be -1.0" in said
    assert said.endswith("the scenario has changed since")


def test_a_scenario_file_is_found_where_it_was_or_beside_the_game(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    world(Path("world.yaml"))
    game = Game(Setup(scenario="world.yaml", vendor="cambricon", quarters=3))
    save(game, Path("game.json"))
    monkeypatch.chdir(tmp_path)
    assert load(Path("here/game.json")).setup.scenario == str(tmp_path / "here" / "world.yaml")
    (tmp_path / "here").rename(tmp_path / "there")
    assert load(Path("there/game.json")).setup.scenario == str(tmp_path / "there" / "world.yaml")
    Path("there/world.yaml").unlink()
    with pytest.raises(GameFileError, match=r"setup\.scenario: cannot be used: there is no such file"):
        load(Path("there/game.json"))
