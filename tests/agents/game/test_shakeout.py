"""The shakeout monitor: the test's own history and verdicts, and known ends."""

from __future__ import annotations

import numpy as np
import pytest

from agents.game import Game, Setup
from agents.game.shakeout import Stories, history_of, instrument_for, read, reference_path, since_peak, stories
from agents.strategies.team import Team
from marketsim.scenario.parameters import Parameters
from marketsim.shakeout.classify import Class
from marketsim.shakeout.ensemble import played
from marketsim.shakeout.history import SERIES
from marketsim.shakeout.instrument import load_instrument

SETUP = Setup(vendor="cambricon", quarters=10)


@pytest.fixture(scope="module")
def game() -> Game:
    """Played to its end."""
    game = Game(SETUP)
    while not game.over:
        game.play(game.advised("disciplined"))
    return game


def test_the_history_of_a_game_is_that_of_the_ensembles_run(game: Game):
    world = SETUP.world()
    own = world.vendors["cambricon"].model_copy(update={"strategy": "disciplined"})
    p = Parameters(world.model_copy(update={"vendors": {**world.vendors, "cambricon": own}}))
    expected = played(p, Team(p.strategies).decide, SETUP.seed, range(3), "merchant")
    found = history_of(game)
    assert found is not None
    for name in SERIES:
        np.testing.assert_array_equal(getattr(found, name)[:, 0], getattr(expected, name)[:, 0], err_msg=name)


def test_a_first_year_has_quarters_but_no_verdict():
    game = Game(SETUP)
    instrument = instrument_for(game)
    assert history_of(game) is None and history_of(game, 4) is None
    game.play(game.held())
    quarters = history_of(game, 4)
    assert quarters is not None and quarters.time.tolist() == [2025.0]
    assert read(game, instrument) is None
    for _ in range(3):
        game.play(game.held())
    assert read(game, instrument) is not None


def test_facts_that_the_scenario_was_fitted_to_are_not_scored(game: Game):
    assert instrument_for(Game(Setup(scenario="photovoltaics", quarters=1))).dropped >= {"P1", "P2"}
    assert "P1" not in instrument_for(game).dropped


def test_the_reference_path_is_the_table_of_photovoltaics():
    path = reference_path(load_instrument())
    here = dict(zip(path.years.tolist(), zip(path.firms, path.price, strict=True), strict=True))
    assert here[0.0] == (1.0, 1.0)  # 2011: 624 firms
    assert here[1.0][0] == pytest.approx(274 / 624, abs=0.01)
    assert here[1.0][1] < 0.6 and here[-3.0][1] > 2


def test_a_games_path_has_the_same_axes(game: Game):
    history, instrument = history_of(game, 4), instrument_for(game)
    assert history is not None
    path = since_peak(history, instrument)
    peak = int(np.flatnonzero(path.years == 0)[0])
    assert path.firms[peak] == path.price[peak] == 1
    np.testing.assert_allclose(path.firms * history.firms[peak, 0], history.firms[:, 0])
    np.testing.assert_allclose(np.diff(path.years), 0.25)


def test_at_the_end_all_stories_are_the_one_that_was(game: Game):
    instrument = instrument_for(game)
    reading = read(game, instrument)
    assert reading is not None
    which = Class(int(reading.verdicts.classes[0]))
    found = stories(game, instrument, range(5))
    assert (found.runs, found.probability(which)) == (5, 1.0)


def test_parts_add_up_and_the_game_stays_as_it_is():
    game = Game(Setup(scenario="lock-in"))
    for _ in range(5):
        game.play()
    instrument, last = instrument_for(game), game.turns[-1].digest
    whole = stories(game, instrument, range(12))
    parts = [stories(game, instrument, runs) for runs in (range(5), range(5, 6), range(6, 12))]
    np.testing.assert_array_equal(sum(parts[1:], parts[0]).counts, whole.counts)
    assert whole.probability(Class.LOCK_IN) > 0.5  # what the world was made for
    assert game.turns[-1].digest == last and len(game.turns) == 5


def test_the_own_vendor_may_hold():
    game = Game(Setup(vendor="cambricon", quarters=8))
    instrument = instrument_for(game)
    held = stories(game, instrument, range(2), strategy="hold")
    assert isinstance(held, Stories) and held.runs == 2
