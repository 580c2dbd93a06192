"""Texts and numbers as people read them, in both languages."""

from __future__ import annotations

import math

import pytest

from agents.game.score import IN_A_SENTENCE
from marketsim.scenario.library import load_scenario
from marketsim.scenario.vocabulary import Vocabulary
from tui.speech import NOTHING, Language, Speech

ENGLISH, CHINESE = Speech("en"), Speech("zh")


@pytest.mark.parametrize(
    ("rmb_m", "english", "chinese"),
    [
        (4230.0, "RMB 4.23bn", "42.3亿元"),
        (320.0, "RMB 320m", "3.20亿元"),
        (-55.5, "-RMB 55.5m", "-0.56亿元"),
        (5.0, "RMB 5.00m", "500万元"),
        (999.6, "RMB 1.00bn", "10.0亿元"),
        (0.0, "RMB 0m", "0万元"),
    ],
)
def test_money_is_written_as_it_is_read(rmb_m: float, english: str, chinese: str):
    assert ENGLISH.money(rmb_m) == english
    assert CHINESE.money(rmb_m) == chinese


def test_cards_prices_and_shares():
    assert (ENGLISH.cards(6.1), CHINESE.cards(6.1), CHINESE.cards(125.0)) == ("6.10k", "6,100", "12.5万")
    assert (ENGLISH.price(58.0), CHINESE.price(58.0)) == ("RMB 58.0k", "5.80万元")
    assert (ENGLISH.share(0.0841), ENGLISH.points(-0.012)) == ("8.4%", "-1.2")
    assert (ENGLISH.quarters(5.24), ENGLISH.quarters(99.0)) == ("5.2 quarters", ">40 quarters")


@pytest.mark.parametrize("number", [math.nan, math.inf, -math.inf])
def test_what_is_no_number_is_a_dash(number: float):
    for speech in (ENGLISH, CHINESE):
        for method in (speech.money, speech.price, speech.cards, speech.share, speech.points, speech.count):
            assert method(number) == NOTHING


def test_another_industry_is_spoken_of_in_its_own_words():
    solar = load_scenario("photovoltaics").vocabulary
    assert Speech("en", solar).say("Price of a card") == "Price of a kilowatt"
    assert "加速卡" not in Speech("zh", solar).say("Price of a card")


@pytest.mark.parametrize(("language", "said"), [("en", "All cards of Card Works cost 5"), ("zh", "Card Works的货值5")])
def test_a_text_of_the_scenarios_own_is_said_as_it_is_written(language: Language, said: str):
    own = {"{vendor} leads at home.": {"en": "All cards of {vendor} cost 5", "zh": "{vendor}的货值5"}}
    card = {"en": "kilowatt", "plural": "kilowatts", "zh": "千瓦"}
    speech = Speech(language, Vocabulary.model_validate({"card": card, "texts": own}))
    assert speech.say("{vendor} leads at home.", vendor="Card Works") == said
    assert speech.say("Price of a card") != Speech(language).say("Price of a card")


def test_values_are_not_taken_for_words_of_the_program():
    solar = load_scenario("photovoltaics").vocabulary
    assert Speech("en", solar).say("{vendor} enters the market", vendor="Card Works") == "Card Works enters the market"


def test_short_forms_of_a_renamed_word_are_said_in_whole():
    """Chinese calls a card 卡 and counts it in 张: neither is a kilowatt."""
    words = load_scenario("photovoltaics").vocabulary.model_copy(update={"texts": {}})
    solar, chips = Speech("zh", words), Speech("zh")
    assert (chips.say("Price of a card"), solar.say("Price of a card")) == ("单卡价格", "每千瓦价格")
    assert (chips.say("Installed base"), solar.say("Installed base")) == ("存量卡", "存量千瓦")
    assert (chips.scale("cards")[0], solar.scale("cards")[0]) == ("万张", "万千瓦")
    assert solar.say("k wafers/q") == "千批次/季"


@pytest.mark.parametrize("language", ["en", "zh"])
def test_what_the_engine_says_in_both_languages_is_in_the_words_of_the_scenario(language: Language):
    assert Speech(language).text(IN_A_SENTENCE) == IN_A_SENTENCE[language]
    said = Speech(language, load_scenario("photovoltaics").vocabulary).text(IN_A_SENTENCE)
    assert "cards" not in said and "卡" not in said
