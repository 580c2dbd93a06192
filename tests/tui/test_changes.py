"""Why a share changed, in rows of figures that add up and in sentences that say which way and whose doing."""

from __future__ import annotations

import re
from functools import cache
from itertools import pairwise

import pytest

from agents.game import Game, Setup
from tui.changes import (
    MIX,
    REST,
    SUPPLY,
    WORDS,
    Cause,
    Change,
    by_segment,
    change_of,
    part_of_all_money,
    sentence,
    vendors_of,
)
from tui.speech import Language, Speech


@cache
def played() -> Game:
    """Ten quarters with launches, new generations of models, entries, and cards that run short."""
    game = Game(Setup(vendor="cambricon", quarters=12))
    for _ in range(10):
        game.play(game.advised("disciplined"))
    return game


def every_change() -> list[tuple[Change, float, float]]:
    """Of all quarters, vendors and buyers: the change, and the shares before and after as the market has them."""
    found = []
    turns = played().turns
    for was, now in pairwise(turns):
        parts = [part_of_all_money(turn.outcome) for turn in (was, now)]
        for vendor in vendors_of(was.outcome, now.outcome, 3):
            for segment in (None, *range(parts[0].shape[1])):
                before, after = (
                    float(part[vendor].sum() if segment is None else part[vendor, segment]) for part in parts
                )
                found.append((change_of(was.outcome, now.outcome, vendor, segment), before, after))
    return found


def test_rows_add_up_to_the_change_that_is_shown():
    changes = every_change()
    assert len(changes) > 1000
    for change, before, after in changes:
        unit = 10.0 ** -(change.digits + 2)
        assert change.before == pytest.approx(before, abs=0.51 * unit)
        assert change.after == pytest.approx(after, abs=0.51 * unit)
        assert change.total == pytest.approx(change.after - change.before, abs=1e-12)
        assert sum(cause.points for cause in change.causes) == pytest.approx(change.total, abs=1e-9)


def test_the_rest_is_small_effects_and_rounding():
    """All rows that show at this rounding stand on their own when there is room: no large effect hides in the rest."""
    for change, before, after in every_change():
        unit = 10.0 ** -(change.digits + 2)
        rest = [cause for cause in change.causes if cause.name == REST]
        assert all(abs(cause.points) <= 7 * unit for cause in rest)
        exact = sum(cause.own + cause.rivals for cause in change.causes)
        hidden = 0 if rest else len(WORDS) * unit / 2
        assert exact == pytest.approx(after - before, abs=1e-9 + hidden)


def test_the_largest_comes_first_and_the_rest_last():
    for change, _, _ in every_change():
        sizes = [abs(cause.own + cause.rivals) for cause in change.causes if cause.name != REST]
        assert sizes == sorted(sizes, reverse=True)
        assert REST not in [cause.name for cause in change.causes[:-1]]


@pytest.mark.parametrize("most", [1, 2, 3, 5])
def test_no_more_rows_than_there_is_room_for(most: int):
    turns = played().turns
    full = change_of(turns[3].outcome, turns[4].outcome, 3)
    short = change_of(turns[3].outcome, turns[4].outcome, 3, most=most)
    assert len(full.causes) > 5
    assert len(short.causes) == most
    assert sum(cause.points for cause in short.causes) == pytest.approx(short.total, abs=1e-9)
    assert [cause.name for cause in short.causes[:-1]] == [cause.name for cause in full.causes[: most - 1]]


def test_segments_add_up_to_the_share():
    turns = played().turns
    points = dict(by_segment(turns[-2].outcome, turns[-1].outcome, 0))
    shares = [part_of_all_money(turn.outcome)[0].sum() for turn in turns[-2:]]
    assert sum(points.values()) == pytest.approx(shares[1] - shares[0])


def test_the_player_is_first_then_the_largest():
    turns = played().turns
    order = vendors_of(turns[-2].outcome, turns[-1].outcome, 3)
    shares = part_of_all_money(turns[-1].outcome).sum(axis=1)
    assert order[0] == 3
    assert [shares[v] for v in order[1:]] == sorted((shares[v] for v in order[1:]), reverse=True)


# Sentences --------------------------------------------------------------------------------------------------------


def told(name: str, own: float, rivals: float, who: str = "you", language: Language = "en", served: float = 0.9) -> str:
    cause = Cause(name, round(own + rivals, 3), own, rivals)
    return sentence(cause, Change(3, None, [cause], 0.1, 0.1, 1, served), who, Speech(language))


@pytest.mark.parametrize(
    ("own", "rivals", "expected"),
    [
        (0.02, 0.0, "You became cheaper"),
        (-0.02, 0.001, "You became dearer"),
        (0.001, 0.02, "Rivals became dearer"),
        (0.0, -0.02, "Rivals became cheaper"),
        (0.02, -0.015, "You became cheaper, rivals less so"),
        (0.015, -0.02, "Rivals became cheaper, you less so"),
        (-0.02, 0.03, "Rivals became dearer, you less so"),
        (-0.02, -0.015, "You became dearer"),
    ],
)
def test_a_sentence_says_whose_doing_it_was_and_who_moved_along(own: float, rivals: float, expected: str):
    assert told("price", own, rivals) == expected


def test_others_are_called_by_name():
    assert told("software", 0.02, 0.0, "Hygon") == "Hygon caught up in software"
    assert told("software", 0.02, -0.03, "海光", "zh") == "对手的软件追上来了，海光幅度较小"


def test_supply_is_told_by_who_lacked_cards():
    assert told(SUPPLY, -0.02, 0.0) == "You had too few cards for the orders"
    assert told(SUPPLY, 0.02, 0.0, served=1.2) == "You took more orders that others could not serve"
    assert told(SUPPLY, 0.0, 0.02, served=1.2) == "Rivals had cards for fewer orders"


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("name", WORDS)
def test_every_cause_has_a_sentence_for_each_way(name: str, language: Language):
    sides = [(0.02, 0.0), (-0.02, 0.0)] + ([] if name == MIX else [(0.0, 0.02), (0.0, -0.02)])
    texts = {told(name, own, rivals, Speech(language).say("you"), language) for own, rivals in sides}
    assert len(texts) == len(sides)
    assert all(bool(re.search("[a-z]", text)) == (language == "en") for text in texts)
    assert not any("{" in text for text in texts)
