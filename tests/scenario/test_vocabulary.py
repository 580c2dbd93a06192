"""The words of an industry: English and Chinese, what is replaced and what is not, and what is refused."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from marketsim.errors import ScenarioError
from marketsim.scenario.library import folder, load_scenario
from marketsim.scenario.vocabulary import WORDS, Term, Vocabulary, Wording, Words, texts_of_the_game
from tests.model_document import assert_same_cells, documented
from tests.scenario.conftest import SMALL, Edit

SOLAR = Vocabulary(
    card=Term(en="kilowatt", plural="kilowatts", zh="千瓦"),
    foundry=Term(en="factory", plural="factories", zh="工厂"),
    wafer=Term(en="ingot", plural="ingots", zh="硅锭"),
    token=Term(en="Wh", plural="Wh", zh="瓦时"),
)
KILOWATT = "{en: kilowatt, plural: kilowatts, zh: 千瓦}"


def world(place: Path, vocabulary: str, name: str = "world.yaml", extends: str = str(SMALL)) -> Path:
    path = place / name
    path.write_text(f"extends: {extends}\nvocabulary: {vocabulary}\n", encoding="utf-8")
    return path


# --- what is said


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("cards sold, thousand", "kilowatts sold, thousand"),
        ("price per card, krmb/card", "price per kilowatt, krmb/kilowatt"),
        ("k wafers/quarter", "k ingots/quarter"),
        ("rmb_m per k cards", "rmb_m per k kilowatts"),
        ("contracts with foundries", "contracts with factories"),
        ("Cards, a foundry.", "Kilowatts, a factory."),
        ("from a wafer to a processed wafer", "from an ingot to a processed ingot"),
        ("A wafer", "An ingot"),
        ("cost per million tokens", "cost per million Wh"),
        ("cards,\nthousand", "kilowatts,\nthousand"),
        ("thousand wafers per quarter", "thousand ingots per quarter"),
        ("cost per GB of memory", "cost per GB of memory"),
    ],
)
def test_words_of_ai_chips_become_those_of_the_scenario(written: str, said: str) -> None:
    assert Words(SOLAR).text(written) == said
    assert Words(Vocabulary()).text(written) == written


@pytest.mark.parametrize(
    "name",
    [
        "cards_k",
        "wafer_price",
        "vendors.card.price",
        "cards.card",
        "'card' is one",
        "`foundry`",
        "discards",
        "kWh, cardiff",
    ],
)
def test_names_quotes_and_parts_of_other_words_stay(name: str) -> None:
    assert Words(SOLAR).text(name) == name


def test_an_apostrophe_does_not_open_a_quote() -> None:
    assert Words(SOLAR).text("the makers' cards and a buyer's card") == "the makers' kilowatts and a buyer's kilowatt"


def test_chinese_is_said_by_the_same_function() -> None:
    said = Words(SOLAR, "zh").text
    assert said("加速卡销量（千）") == "千瓦销量（千）"
    assert said("每百万词元成本") == "每百万瓦时成本"
    assert said("内存") == "内存"
    assert Words(Vocabulary(), "zh").text("加速卡销量") == "加速卡销量"


def test_the_longer_word_comes_first() -> None:
    terms = {"token": SOLAR.token, "million_tokens": Term(en="MWh", plural="MWh", zh="兆瓦时")}
    assert Words(Vocabulary(**terms)).text("million tokens, tokens/s") == "MWh, Wh/s"
    assert Words(Vocabulary(**terms), "zh").text("百万词元、词元") == "兆瓦时、瓦时"


def test_a_word_that_another_one_replaces_is_not_replaced_again() -> None:
    swapped = Vocabulary(card=Vocabulary().wafer, wafer=Vocabulary().card)
    assert Words(swapped).text("cards from a wafer") == "wafers from a card"


def test_money_has_its_own_names_of_units() -> None:
    dollars = Vocabulary(currency=Term(en="USD", plural="USD", zh="美元"))
    written = "RMB bn, RMB/GB, krmb/card, rmb_m/quarter, revenue_rmb_m"
    assert Words(dollars).text(written) == "USD bn, USD/GB, kusd/card, usd_m/quarter, revenue_rmb_m"


def test_what_a_terminal_would_obey_is_shown_and_not_sent() -> None:
    hostile = Vocabulary(card=Term(en="\x1b[31mcard", plural="a\nb", zh="卡"))
    assert Words(hostile).text("a card, cards") == "a \\x1b[31mcard, a\\nb"


def test_no_two_words_have_a_form_in_common() -> None:
    for language in ("en", "zh"):
        defaults = [Vocabulary.model_fields[name].default for name in WORDS]
        forms = [{term.en, term.plural} if language == "en" else {term.zh} for term in defaults]
        assert sum(map(len, forms)) == len(set().union(*forms))


@pytest.mark.parametrize("name", WORDS)
def test_every_word_can_be_renamed(name: str) -> None:
    new = Vocabulary(**{name: Term(en="thing", plural="things", zh="东西")})
    default = Vocabulary.model_fields[name].default
    assert list(Words(new).renamed) == [name]
    assert Words(new).text(f"many {default.plural}.") == "many things."
    assert Words(new, "zh").text(f"很多{default.zh}。") == "很多东西。"


# --- whole texts

YIELD = "The share of chips on a wafer that work. It rises with every wafer that the industry makes on a node."
PRICE = "Your card costs buyers {percent} less to own, power included."


def test_the_texts_of_the_game_are_those_of_its_catalogue() -> None:
    assert {YIELD, PRICE, "Software"} <= set(texts_of_the_game())
    assert len(texts_of_the_game()) > 500 and "" not in texts_of_the_game()


def test_a_text_has_a_wording_in_each_language() -> None:
    own = Vocabulary(texts={PRICE: Wording(en="{percent} less to own", zh="持有成本低{percent}")})
    assert Words(own).texts == {PRICE: "{percent} less to own"}
    assert Words(own, "zh").texts == {PRICE: "持有成本低{percent}"}
    assert Words(own).renamed == {} and Words(Vocabulary()).texts == {}


@pytest.mark.parametrize(
    "wording", ["no value", "{percent.__class__}", "{percent} {other}", "{percent}{", "{percent:>9}"]
)
def test_a_wording_with_other_places_for_values_is_never_said(wording: str) -> None:
    own = Vocabulary(texts={PRICE: Wording(en=wording, zh="{percent}")})
    assert Words(own).texts == {} and list(Words(own, "zh").texts) == [PRICE]


def test_a_wording_is_shown_and_not_obeyed_by_a_terminal() -> None:
    own = Vocabulary(texts={YIELD: Wording(en="\x1b[31m" + "x" * 400, zh="良率")})
    assert Words(own).texts == {YIELD: "\\x1b[31m" + "x" * 400}


def test_a_file_has_texts_of_its_own_and_may_take_inherited_ones_back(tmp_path: Path) -> None:
    texts = f'{{texts: {{"{YIELD}": {{en: All works., zh: 全部合格。}}, Software: {{en: Glass, zh: 玻璃}}}}}}'
    first = load_scenario(world(tmp_path, texts, "base.yaml")).vocabulary
    assert first.texts == {YIELD: Wording(en="All works.", zh="全部合格。"), "Software": Wording(en="Glass", zh="玻璃")}
    found = load_scenario(world(tmp_path, "{texts: {Software: null}}", extends="./base.yaml")).vocabulary
    assert list(found.texts) == [YIELD]


# --- in a file


def test_a_file_names_its_words_and_the_others_stay(tmp_path: Path) -> None:
    found = load_scenario(world(tmp_path, f"{{card: {KILOWATT}}}")).vocabulary
    assert found == Vocabulary(card=SOLAR.card)
    assert load_scenario(SMALL).vocabulary == load_scenario("china-ai-chips").vocabulary == Vocabulary()


def test_words_are_merged_key_by_key_and_null_takes_one_back(tmp_path: Path) -> None:
    world(tmp_path, f"{{card: {KILOWATT}, foundry: {{en: factory, plural: factories, zh: 工厂}}}}", "base.yaml")
    changes = "{card: {en: kW, plural: kW}, wafer: {en: ingot, plural: ingots, zh: 硅锭}, foundry: null}"
    found = load_scenario(world(tmp_path, changes, extends="./base.yaml")).vocabulary
    assert found == Vocabulary(card=Term(en="kW", plural="kW", zh="千瓦"), wafer=SOLAR.wafer)


def test_words_are_set_from_the_command_line(tmp_path: Path) -> None:
    path = world(tmp_path, f"{{card: {KILOWATT}}}")
    assert load_scenario(path, ["vocabulary.card.plural=kW"]).vocabulary.card.plural == "kW"
    assert load_scenario(SMALL, [f"vocabulary.card={KILOWATT}"]).vocabulary == Vocabulary(card=SOLAR.card)


def test_a_scenario_written_out_has_the_same_words(tmp_path: Path) -> None:
    first = load_scenario(world(tmp_path, f"{{card: {KILOWATT}}}"))
    again = tmp_path / "again.yaml"
    again.write_text(yaml.safe_dump(first.model_dump(mode="json"), allow_unicode=True), encoding="utf-8")
    assert load_scenario(again) == first


def test_the_example_of_the_guide_is_valid() -> None:
    guide = (folder() / "README.md").read_text(encoding="utf-8")
    example = guide[guide.index("    vocabulary:\n") :].partition("\n\n")[0]
    found = Vocabulary.model_validate(yaml.safe_load(example)["vocabulary"], strict=True)
    assert list(Words(found).renamed) == ["card", "foundry", "million_tokens"]


def test_the_texts_of_the_guide_are_texts_of_the_game(tmp_path: Path) -> None:
    guide = (folder() / "README.md").read_text(encoding="utf-8")
    example = guide[guide.index("    vocabulary:\n      texts:") :].partition("\n\n")[0]
    texts = yaml.safe_load(example)["vocabulary"]
    assert (
        len(load_scenario(world(tmp_path, yaml.safe_dump(texts, default_flow_style=True, width=1000))).vocabulary.texts)
        == 2
    )


WRONG = {
    "unknown word": ("{crad: {en: a, plural: b, zh: c}}", "vocabulary.crad: is not known here", "did you mean 'card'?"),
    "no plural": ("{card: {en: kilowatt, zh: 千瓦}}", "vocabulary.card.plural: is required and missing", "text (English for many"),
    "no Chinese": ("{card: {en: a, plural: b}}", "vocabulary.card.zh: is required and missing", "text (Simplified Chinese"),
    "empty": ("{card: {en: '', plural: b, zh: c}}", "vocabulary.card.en: is empty", "found:   '' (text)"),
    "too long": (f"{{card: {{en: {'x' * 41}, plural: b, zh: c}}}}", "vocabulary.card.en: is too long", "at most 40 characters"),
    "a number": ("{card: {en: 5, plural: b, zh: c}}", "vocabulary.card.en: is of the wrong type", "found:   5"),
    "no term": ("{card: kilowatt}", "vocabulary.card: is of the wrong type", "a mapping with the keys en, plural, zh"),
    "no text of the game": ("{texts: {Sofware: {en: a, zh: b}}}", "vocabulary.texts.Sofware: is no text of the game", "did you mean 'Software'?"),
    "one language": ("{texts: {Software: {en: a}}}", "vocabulary.texts.Software.zh: is required and missing", "text (Simplified Chinese"),
    "other values": (f"{{texts: {{'{PRICE}': {{en: 'costs {{price}}', zh: '低{{percent}}'}}}}}}", f"vocabulary.texts.{PRICE}.en: has other places for values in en", "found: 'costs {price}' (text) allowed: {percent}"),
    "no values": ("{texts: {Software: {en: '{x}', zh: b}}}", "vocabulary.texts.Software.en: has other places for values in en", "allowed: none"),
    "a list": ("[card]", "vocabulary: is of the wrong type", "found:   a list of 1"),
}  # fmt: skip


@pytest.mark.parametrize(("vocabulary", "message", "detail"), WRONG.values(), ids=WRONG.keys())
def test_what_is_wrong_is_said(tmp_path: Path, vocabulary: str, message: str, detail: str) -> None:
    with pytest.raises(ScenarioError) as caught:
        load_scenario(world(tmp_path, vocabulary))
    shown = str(caught.value)
    assert f"line 2: {message}" in shown
    assert detail in " ".join(shown.split()) or detail in shown


def test_messages_about_other_values_speak_in_the_words_of_the_file(edited: Edit) -> None:
    words = f"vocabulary: {{card: {KILOWATT}, wafer: {{en: ingot, plural: ingots, zh: 硅锭}}, node: {{en: line, plural: lines, zh: 产线}}}}"
    wrong = [("start: 2025Q1", f"{words}\nstart: 2025Q1"), ("gross_dies: {value: 80}", "gross_dies: 0")]
    with pytest.raises(ScenarioError) as caught:
        load_scenario(edited(*wrong, ("price: 60", "price: -3")))
    shown = " ".join(str(caught.value).split())
    assert "nodes.n7.gross_dies: is out of bounds" in shown, "keys keep their names"
    assert "in dies/ingot (candidate dies on an ingot)" in shown
    assert "in krmb/kilowatt (price at the start)" in shown
    with pytest.raises(ScenarioError, match="there is no line 'n9'"):
        load_scenario(edited(wrong[0], ("product: {node: n7", "product: {node: n9")))


def test_a_vocabulary_that_is_wrong_does_not_hide_other_problems(edited: Edit) -> None:
    with pytest.raises(ScenarioError) as caught:
        load_scenario(edited(("start: 2025Q1", "vocabulary: {card: 5}\nstart: 2025Q1"), ("price: 60", "price: -3")))
    shown = " ".join(str(caught.value).split())
    assert shown.startswith("2 problems")
    assert "in krmb/card (price at the start)" in shown


# --- in the model document


def test_every_word_is_documented() -> None:
    fields = {name: Vocabulary.model_fields[name] for name in WORDS}
    terms = {name: (field.default, field.description) for name, field in fields.items()}
    expected = {
        name: {"one": term.en, "many": term.plural, "Chinese": term.zh, "stands for": str(meaning)}
        for name, (term, meaning) in terms.items()
    }
    assert_same_cells("vocabulary", documented("The vocabulary", "word"), expected)
