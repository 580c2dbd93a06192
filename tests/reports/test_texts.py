"""Texts: complete in both languages, all of them used, and none missing."""

from __future__ import annotations

import re
from pathlib import Path
from typing import get_args

import pytest

import marketsim.experiments.analysis
import marketsim.reports
from marketsim.experiments.experiment import load_experiment
from marketsim.experiments.uncertain import DISTRIBUTIONS
from marketsim.reports.texts import ANSWERS, NOTES, TEXTS
from marketsim.reports.words import Speaker
from marketsim.scenario import library
from marketsim.scenario.experiment_file import FIELDS
from marketsim.scenario.vocabulary import Term, Vocabulary
from marketsim.shakeout.record import Boundary
from marketsim.shakeout.statistics import Interval
from marketsim.shakeout.verdict import Answer

FOLDER = Path(marketsim.reports.__file__).parent
ANALYSIS = Path(marketsim.experiments.analysis.__file__).parent
CHINESE = re.compile("[\u4e00-\u9fff]")


def sources() -> str:
    files = [*FOLDER.glob("*.py"), *FOLDER.glob("templates/*")]
    return "\n".join(file.read_text(encoding="utf-8") for file in files)


@pytest.mark.parametrize("key", TEXTS)
def test_both_languages_say_the_same_values(key: str) -> None:
    texts = TEXTS[key]
    assert set(texts) == {"en", "zh"} and all(texts.values())
    assert set(re.findall(r"{(\w+)}", texts["en"])) == set(re.findall(r"{(\w+)}", texts["zh"]))
    assert not re.findall(r"[\u2e80-\u9fff]", texts["en"])


def test_every_text_is_used_and_none_is_missing() -> None:
    found = (
        set(re.findall(r"""["']([a-zA-Z0-9_-]+)["']""", sources()))
        | set(FIELDS)
        | set(get_args(Boundary))
        | set(DISTRIBUTIONS)
    )
    found |= {
        f"{start}-{method}"
        for start in ("method", "strength")
        for method in ("sobol", "one-at-a-time", "rank-regression")
    }
    assert set(TEXTS) <= found, set(TEXTS) - found
    said = set(re.findall(r"""\bsay\(\s*["']([a-zA-Z0-9_-]+)["']""", sources()))
    assert said <= set(TEXTS), said - set(TEXTS)


def test_every_answer_has_a_name() -> None:
    assert set(ANSWERS) == set(Answer)


def test_every_note_of_the_analysis_is_known_in_chinese() -> None:
    """Notes are string literals that are whole sentences."""
    text = "".join((ANALYSIS / name).read_text(encoding="utf-8") for name in ("discovery.py", "summary.py"))
    bare = re.sub(r'"""".*?""""|"""(?:.|\n)*?"""', "", text)
    notes = set(re.findall(r'"([A-Z][^"\n]*\.)"', bare))
    assert len(notes) > 8 and notes <= set(NOTES), notes - set(NOTES)


@pytest.mark.parametrize(
    ("language", "unit", "measure", "value", "amount", "change"),
    [
        ("en", "1", "gross_margin", 0.126, "12.6%", "+12.6 points"),
        ("zh", "1", "gross_margin", -0.126, "−12.6%", "−12.6个百分点"),
        ("en", "1", "hhi", 0.126, "0.13", "+0.13"),
        ("en", "RMB", "cost_per_million_tokens", 1.5, "RMB 1.50", "RMB +1.50"),
        ("zh", "RMB", "cost_per_million_tokens", 1.5, "1.50元", "+1.50元"),
        ("en", "krmb/card", "price", 12.0, "RMB 12.0 thousand", "RMB +12.0 thousand"),
        ("zh", "krmb/card", "price", 120.0, "12.0万元", "+12.0万元"),
        ("en", "rmb_m", "revenue", 2500.0, "RMB 2.50 bn", "RMB +2.50 bn"),
        ("zh", "rmb_m", "revenue", 2500.0, "25.0亿元", "+25.0亿元"),
        ("zh", "k cards", "cards", 120.0, "12.0万张", "+12.0万张"),
        ("en", "firms", "survivors", float("nan"), "–", "–"),
    ],
)
def test_numbers_have_their_units(
    language: str, unit: str, measure: str, value: float, amount: str, change: str
) -> None:
    speaker = Speaker("zh" if language == "zh" else "en")
    known = speaker.unit(unit, measure)
    assert (speaker.amount(value, known), speaker.change(value, known)) == (amount, change)


def test_p_values_are_not_written_finer_than_they_are_read() -> None:
    assert [Speaker("en").p_value(value) for value in (0.0001, 0.0345, 1.0, float("nan"))] == [
        *("< 0.001", "0.035", "1.000", "–")
    ]


@pytest.mark.parametrize("name", library.names())
def test_free_parameters_of_the_library_have_titles(name: str) -> None:
    for parameter, free in library.load(name).scenario.free.items():
        assert free.title is not None and CHINESE.search(free.title.zh), parameter
        assert not CHINESE.search(free.title.en), parameter


def test_the_reasons_of_the_six_policies_and_of_their_ranges_are_in_both_languages() -> None:
    six = load_experiment("six-policies")
    assert six.space is not None
    reasons = {policy.name: policy.note for policy in six.policies[1:]}
    reasons |= {name: six.loaded.provenance[f"free.{name}.low"].written_note for name in six.space.names}
    assert len(reasons) > 40
    for name, reason in reasons.items():
        assert isinstance(reason, dict) and CHINESE.search(reason["zh"]) and not CHINESE.search(reason["en"]), name


def test_intervals_share_their_digits_and_whole_numbers_have_none() -> None:
    english, firms = Speaker("en"), Speaker("en").unit("firms")
    assert english.with_interval(Interval(13, 12, 14), firms) == "13 firms (12 to 14)"
    assert english.with_interval(Interval(0.5, -1.25, 2), firms, signed=True) == "+0.50 firms (−1.25 to +2.00)"
    assert english.with_interval(Interval(0.5, float("nan"), float("nan")), firms) == "0.50 firms"


def test_an_industry_has_its_own_words() -> None:
    solar = Vocabulary(
        card=Term(en="kilowatt", plural="kilowatts", zh="千瓦"), token=Term(en="kWh", plural="kWh", zh="度")
    )
    assert Speaker("en", solar).say("cost_per_million_tokens") != Speaker("en").say("cost_per_million_tokens")
