"""Why buyers choose: the terms are those of the rule book, and the sentences say what the terms say."""

from __future__ import annotations

import math

import pytest

from agents.game import Game, Setup
from marketsim.rules.demand import TERMS
from tui.public import Public
from tui.reasons import LARGE, SENTENCES, match_of, sentences
from tui.speech import Speech


@pytest.fixture(scope="module")
def public() -> Public:
    game = Game(Setup(vendor="cambricon"))
    for _ in range(6):
        game.play(game.advised("disciplined"))
    return Public(game)


def test_the_terms_make_up_the_odds_against_the_rival(public: Public):
    outcome = public.game.turns[-1].outcome
    for segment in range(len(public.game.world.segments)):
        match = match_of(public, segment, public.game.seat)
        assert match is not None and match.vendor == public.game.seat
        choice = outcome.choice[:, segment, 0]
        assert sum(match.terms) == pytest.approx(math.log(choice[match.vendor] / choice[match.rival]))


def test_the_figures_of_the_sentences_are_those_behind_the_terms(public: Public):
    for segment, part in enumerate(public.game.world.segments.values()):
        match = match_of(public, segment, public.game.seat)
        assert match is not None
        terms = dict(zip(TERMS, match.terms, strict=True))
        alpha = part.price_sensitivity
        assert terms["price"] == pytest.approx(-alpha * math.log(match.ownership))
        assert terms["performance"] == pytest.approx(alpha * math.log(match.speed))
        maturity = public.game.turns[-1].outcome.maturity[:, segment, 0]
        assert match.maturity == maturity[match.vendor]
        assert (terms["software"] > 0) == (match.maturity > maturity[match.rival])


@pytest.mark.parametrize("language", ["en", "zh"])
def test_one_sentence_for_each_large_term_the_price_of_work_first(public: Public, language: str):
    speech = Speech(language)
    for segment in range(len(public.game.world.segments)):
        match = match_of(public, segment, public.game.seat)
        assert match is not None
        told = sentences(match, "华为", speech, most=20)
        large = [value for value in match.terms if abs(value) >= LARGE]
        assert [sign for _, sign in told[1:]] == sorted(large, key=lambda value: -abs(value))
        dearer = match.ownership / match.speed
        assert f"{abs(dearer - 1):.0%}" in told[0][0] and (told[0][1] < 0) == (dearer > 1)
        assert not any("{" in text for text, _ in told)
        assert len(sentences(match, "华为", speech, most=2)) == 2


def test_every_term_has_words_for_both_ways():
    assert set(SENTENCES) == set(TERMS)
    assert all(better != worse for better, worse in SENTENCES.values())


def test_without_a_played_vendor_the_one_that_is_chosen_most_is_compared(public: Public):
    match = match_of(public, 0, -1)
    choice = public.game.turns[-1].outcome.choice[:, 0, 0]
    assert match is not None and choice[match.vendor] == choice.max() and match.rival != match.vendor


def test_before_the_first_quarter_there_is_nothing_to_compare():
    game = Game(Setup(vendor="cambricon"))
    assert match_of(Public(game), 0, game.seat) is None
