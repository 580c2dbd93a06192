"""`marketsim run` and `marketsim strategies`: what they print, write and refuse."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
import yaml

from agents.strategies import registry
from marketsim.commands import layout
from tests.command import ROOT, Result, called

SMALL = str(ROOT / "tests" / "data" / "small.yaml")
LUCK = ["--set", "market.luck=0.4", "--set", "market.demand_noise=0.1"]


@pytest.fixture
def marketsim(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delenv("COLUMNS", raising=False)

    def call(*arguments: str) -> Result:
        return called(capsys, arguments)

    return call


# --- what is printed


SECTIONS = [
    "Market by year", "Whole market", "Domestic vendors", "Capacity in use", "Simulated beside reported",
    "Entries and exits, mean number in a run", "Named vendors", "Shakeout, first figures",
]  # fmt: skip


@pytest.mark.parametrize("width", [80, 120, 160])
def test_the_summary_fits_and_has_a_unit_in_every_row(marketsim, monkeypatch: pytest.MonkeyPatch, width: int):
    monkeypatch.setenv("COLUMNS", str(width))
    shown = marketsim("run", "--runs", "12", "--workers", "1")
    lines = shown.out.splitlines()
    assert (shown.code, shown.err) == (0, "")
    assert max(map(len, lines)) <= width
    assert "\x1b" not in shown.out
    assert "…" not in shown.out
    assert list(dict.fromkeys(line for line in lines if line in SECTIONS)) == SECTIONS
    market = lines[lines.index("Whole market") : lines.index("Simulated beside reported") - 1]
    rows = [line for line in market if re.match(r" \S", line)]
    assert len(rows) == 14 * sum(line == "Whole market" for line in market)
    units = ("%", "RMB", "RMB bn", "RMB thousand", "million", "thousand", "number", "0-1", "tokens")
    for row in rows:
        label = re.split(r"  +", row.strip())[0]
        assert label.endswith(units), label


def test_every_year_is_shown_in_as_few_tables_as_fit_and_a_pipe_is_120_wide(marketsim, monkeypatch: pytest.MonkeyPatch):
    def years(width: str | None) -> list[list[str]]:
        if width:
            monkeypatch.setenv("COLUMNS", width)
        shown = marketsim("run", "--runs", "12", "--workers", "1").out.splitlines()
        market = shown[: shown.index("Simulated beside reported")]
        return [market[number - 2].split() for number, line in enumerate(market) if line == "Whole market"]

    every = [str(year) for year in range(2025, 2035)]
    piped = years(None)
    narrow, middle, wide, widest = (years(width) for width in ("80", "120", "160", "300"))
    assert piped == middle
    assert all([year for table in tables for year in table] == every for tables in (middle, wide, widest))
    assert len(middle) > len(wide) > len(widest) == 1
    assert {"2025", "2034"} < set(narrow[0]) < set(every)
    assert len(narrow) == 1


def test_a_narrow_terminal_says_where_the_other_years_are(marketsim, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("COLUMNS", "80")
    assert "All years: in a terminal of 100 columns" in marketsim("run", "--runs", "2", "--workers", "1").out
    short = marketsim("run", "--runs", "2", "--workers", "1", "--quarters", "4").out
    assert "All years" not in short


def test_vendors_are_shown_in_the_first_the_fourth_and_the_last_year(marketsim):
    lines = marketsim("run", "--runs", "12", "--workers", "1").out.splitlines()
    heading = lines[lines.index("Named vendors") + 1 :][:3]
    assert [line.split() for line in heading] == [
        ["2025", "reported", "2025", "2028", "2028", "2034", "2034"],
        ["cards,", "cards,", "share,", "share,", "alive,", "share,", "alive,"],
        ["thousand", "thousand", "%", "%", "%", "%", "%"],
    ]


def test_the_default_scenario_stands_beside_what_is_reported(marketsim):
    lines = marketsim("run", "--runs", "12", "--workers", "1", "--quarters", "4").out.splitlines()
    totals = lines[lines.index("Simulated beside reported") + 3 :][:3]
    assert [re.split(r"  +", line)[0] for line in totals] == [
        "2025 cards sold, million", "2025 domestic share of cards, %", "2025 wanted, RMB bn",
    ]  # fmt: skip
    assert totals[0].split()[-2:] == ["4.00", "0"] or re.search(r"4\.00 +[-+]\d+$", totals[0])
    huawei = next(line for line in lines if line.startswith("Huawei Ascend"))
    assert " 812 " in huawei


def test_figures_of_the_table_are_those_of_the_json(marketsim):
    arguments = ("run", "--runs", "30", "--quarters", "12", "--workers", "1")
    found = json.loads(marketsim(*arguments, "--format", "json").out)["metrics"]
    table = marketsim(*arguments).out
    row = next(line for line in table.splitlines() if line.startswith(" cards sold, million"))
    cells = re.findall(r"([\d.]+) \(([\d.]+)-([\d.]+)\)", row)
    assert len(cells) == 3
    for year, cell in enumerate(cells):
        for text, level in zip(cell, ("p50", "p10", "p90"), strict=True):
            assert float(text) == pytest.approx(found["cards"][level][year] / 1000, abs=0.0051)


def test_a_run_of_one_quarter_has_no_range_no_comparison_and_no_shakeout(marketsim):
    shown = marketsim("run", "--runs", "1", "--quarters", "1").out
    assert "1 run, seed 7\nOne run: what luck made of it once, without a range.\n" in shown
    assert "2025 Q1" in shown
    assert "(" not in re.sub(r"\(HBM\)", "", shown)
    assert "reported" not in shown
    assert "80 %" not in shown
    assert "Entries and exits, number in a run" in shown
    assert "Too short for a shakeout to show, which takes years: 1 quarter." in shown


def test_two_runs_have_a_lowest_and_a_highest(marketsim):
    shown = marketsim("run", SMALL, "--runs", "2", *LUCK).out
    assert "Only 2 runs: the middle one (of two the lower), in brackets the lowest and the highest." in shown
    assert "number" in next(line for line in shown.splitlines() if line.startswith("runs with a fall of 40 %"))


def test_years_that_are_not_played_in_full_say_so(marketsim):
    shown = marketsim("run", SMALL, "--runs", "2", "--quarters", "6").out
    assert re.search(r"^ +2025 +2026 Q1-2$", shown, re.MULTILINE)


def test_a_price_without_sales_is_a_dash(marketsim):
    shown = marketsim("run", SMALL, "--runs", "2", "--set", "vendors.biren=null", "--set", "events=[]",
        "--set", "vendors.cambricon.stock=0", "--set", "vendors.cambricon.in_process=[0,0]",
        "--set", "vendors.cambricon.contracts={}", "--quarters", "4", "--set", "reported=[]").out  # fmt: skip
    price = next(line for line in shown.splitlines() if line.startswith(" price per card"))
    assert price.split()[-1] == "-"
    assert next(line for line in shown.splitlines() if line.startswith(" domestic share of cards")).split()[-1] == "0"


def test_long_names_give_way_to_figures(marketsim, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("COLUMNS", "80")
    title = "{en: A vendor whose name is a good deal longer than any terminal of eighty columns, zh: x}"
    shown = marketsim("run", SMALL, "--runs", "12", "--set", f"vendors.biren.title={title}").out
    assert "…" not in shown
    assert max(map(len, shown.splitlines())) <= 80
    assert "eighty" in shown


def test_changes_and_policy_are_named_and_change_something(marketsim):
    arguments = ("run", "--runs", "2", "--quarters", "8")
    change = ("--set", "market.electricity_price=3")
    head = marketsim(*arguments, *change, "--policy", "open-imports").out.partition("\n")[0]
    assert head.endswith("2025Q1 to 2026Q4, with policy open-imports, market.electricity_price=3: 2 runs, seed 7")
    plain, changed, policed = (
        json.loads(marketsim(*arguments, *more, "--format", "json").out)
        for more in ((), change, ("--policy", "open-imports"))
    )
    assert (plain["policy"], plain["overrides"]) == (None, ["quarters=8"])
    assert (changed["policy"], changed["overrides"]) == (None, ["market.electricity_price=3", "quarters=8"])
    assert policed["policy"] == "open-imports"
    shares = [found["metrics"]["domestic_share_cards"]["p50"] for found in (plain, changed, policed)]
    assert shares[0] != shares[1]
    assert shares[0][0] == shares[2][0], "the policy begins in 2026"
    assert shares[0][1] > shares[2][1] + 0.02, "more foreign cards come in"


def test_the_seed_decides_and_the_workers_do_not(marketsim):
    arguments = ("run", SMALL, "--runs", "300", *LUCK, "--format", "json")
    one, two = (marketsim(*arguments, "--workers", workers).out for workers in "12")
    assert one == two
    assert marketsim(*arguments, "--seed", "8").out != one


def test_quiet_prints_the_result_alone(marketsim, tmp_path: Path):
    loud = marketsim("run", SMALL, "--runs", "2", "--out", str(tmp_path))
    quiet = marketsim("run", SMALL, "--runs", "2", "--out", str(tmp_path), "--quiet")
    assert "files written to" in loud.err
    assert (quiet.out, quiet.err) == (loud.out, "")


def test_parquet_prints_the_files(marketsim, tmp_path: Path):
    shown = marketsim("run", SMALL, "--runs", "2", "--out", str(tmp_path / "out"), "--format", "parquet")
    assert shown.out.splitlines() == sorted(str(path) for path in (tmp_path / "out").iterdir())
    assert shown.err == ""


def test_in_full_says_how_many_runs_are_recorded(marketsim, tmp_path: Path):
    marketsim("run", SMALL, "--runs", "2", "--out", str(tmp_path), "--in-full", "0", "-q")
    assert not list(tmp_path.glob("quarterly-*"))
    marketsim("run", SMALL, "--runs", "2", "--out", str(tmp_path), "-q")
    assert len(list(tmp_path.glob("quarterly-*"))) == 5


# --- the words of another industry


SOLAR = {
    "card": "kilowatt kilowatts 千瓦", "vendor": "maker makers 制造商", "node": "line lines 产线", "foundry": "factory factories 工厂",
    "wafer": "batch batches 批次", "die": "cell cells 电池片", "memory": "polysilicon polysilicon 多晶硅", "gigabyte": "kg kg 千克",
    "terabyte": "t t 吨", "family": "standard standards 标准", "software": "certification certification 认证", "token": "Wh Wh 瓦时",
    "million_tokens": "MWh MWh 兆瓦时", "training": "rooftop rooftop 屋顶", "currency": "EUR EUR 欧元",
}  # fmt: skip
CHIPS = r"\b(?:cards?|vendors?|nodes?|foundry|foundries|wafers?|dies?|memory|memories|GB|TB|model families|software|tokens?|training|k?rmb(_m)?)\b"


SOLAR_ROWS = {
    "80": ["price, EUR thousand", "EUR/MWh", "scarcest line, %", "scarce polysilicon, %"],
    "120": ["price per kilowatt, EUR thousand", "cost per MWh, EUR", "scarcest factory line, %",
            "scarce polysilicon (solar grade), %", "contracts with factories, %"],
}  # fmt: skip


@pytest.fixture
def solar(tmp_path: Path) -> str:
    """The small world in the words of photovoltaics, with luck, a scarce memory type and a vendor that fails."""
    terms = {word: dict(zip(("en", "plural", "zh"), text.split(), strict=True)) for word, text in SOLAR.items()}
    changes = {
        "extends": SMALL,
        "vocabulary": terms,
        "market": {"luck": 0.4, "demand_noise": 0.1},
        "memories": {"hbm": {"title": {"en": "solar grade", "zh": "太阳能级"}, "supply": 2000}},
        "vendors": {"biren": {"cash": 300, "overhead": 250}},
    }
    path = tmp_path / "solar.yaml"
    path.write_text(yaml.safe_dump(changes, allow_unicode=True), encoding="utf-8")
    return str(path)


def chips(text: str) -> list[str]:
    """The words of AI chips in a text, parts of other words and of names with an underscore left out."""
    return [found[0] for found in re.finditer(CHIPS, text, re.IGNORECASE)]


@pytest.mark.parametrize("width", SOLAR_ROWS)
def test_tables_speak_the_words_of_the_scenario(marketsim, monkeypatch: pytest.MonkeyPatch, solar: str, width: str):
    monkeypatch.setenv("COLUMNS", width)
    shown = marketsim("run", solar, "--runs", "20").out
    plain = marketsim("run", solar, "--runs", "20", "--set", "vocabulary=null").out
    assert {"cards", "vendors", "vendor", "RMB", "tokens", "foundry", "node", "memory", "software"} <= set(chips(plain))
    assert chips(shown) == []
    words = " ".join(shown.split())
    for text in (*SOLAR_ROWS[width], "kilowatts sold, thousand", "Domestic makers", "Named makers", "gap in certification and base",
                 "scarce factory or polysilicon", "Makers that enter later", "most active domestic makers, number"):  # fmt: skip
        assert text in words
    assert max(map(len, shown.splitlines())) <= int(width)


def test_a_scenario_is_shown_and_validated_in_its_words(marketsim, solar: str):
    shown = marketsim("scenario", "show", solar).out
    assert "Domestic makers at the start" in shown
    assert [line.split() for line in shown.splitlines() if line.startswith("maker ")] == [
        ["maker", "name", "strategy", "line", "polysilicon", "keur", "eur_m", "k", "kilowatts"]
    ]
    assert chips(shown) == []
    assert marketsim("scenario", "validate", solar).out == f"{solar}: valid (2 makers, 1 segment, 12 quarters)\n"
    sources = marketsim("scenario", "show", solar, "--sources").out
    assert "vocabulary" not in sources


def test_units_of_results_are_in_the_words_of_the_scenario_and_keys_are_not(marketsim, solar: str, tmp_path: Path):
    arguments = ("--runs", "2", "--quarters", "4")
    shown = marketsim("run", solar, *arguments, "--out", str(tmp_path / "out"), "--format", "json", "-q").out
    found, plain = json.loads(shown), json.loads(marketsim("run", SMALL, *arguments, "--format", "json").out)
    assert found["metrics"].keys() == plain["metrics"].keys()
    assert found["metrics"]["cards"]["unit"] == found["vendors"]["biren"]["cards"]["unit"] == "k kilowatts"
    assert found["metrics"]["price"]["unit"] == "keur/kilowatt"
    assert found["reported"][0]["unit"] == "k kilowatts"
    assert found["vocabulary"] == {word: terms.split()[0] for word, terms in SOLAR.items()}
    assert "vocabulary" not in plain
    tables = json.loads((tmp_path / "out" / "metadata.json").read_text(encoding="utf-8"))["tables"]
    units = {name: unit for table in tables.values() for name, unit in table["columns"].items()}
    assert units["price_krmb"] == "EUR thousand per kilowatt"
    assert units["contracts_k_per_quarter"] == "thousand batches per quarter"
    assert chips("\n".join(units.values())) == []


# --- what is refused


WRONG: dict[str, tuple[list[str], int, str]] = {
    "unknown scenario": (["chinna-ai-chips"], 1, "did you mean 'china-ai-chips'?"),
    "no such file": (["none.yaml"], 1, "there is no such file"),
    "unknown policy": (["--policy", "opn-imports"], 1, "did you mean 'open-imports'?"),
    "policy of no scenario": ([SMALL, "--policy", "x"], 1, "there are: no-discount"),
    "unknown strategy": (["--set", "vendors.biren.strategy=flagshp"], 1, "did you mean 'flagship'?"),
    "wrong path": (["--set", "polcy.import_tariff=1"], 1, "did you mean 'policy'?"),
    "wrong lever": (["--set", "policy.import_tarif=1"], 1, "did you mean 'import_tariff'?"),
    "wrong value": (["--set", "policy.electricity_discount=2"], 1, "a number from 0 to 1"),
    "no value": (["--set", "policy.import_tariff"], 1, "is not of the form path=value"),
    "set twice": (["--set", "policy.local_support=1", "--policy", "no-rescue"], 1, "by the policy 'no-rescue' and by --set"),
    "unknown option": (["--run", "3"], 2, "No such option"),
    "unknown format": (["--format", "xml"], 2, "'xml' is not one of"),
    "two scenarios": (["china-ai-chips", SMALL], 2, "unexpected extra argument"),
    "parquet without a folder": (["--format", "parquet"], 2, "parquet needs a folder: --out DIR"),
    "negative seed": (["--seed", "-1"], 2, "'-1' is not a whole number from 0 to 9,223,372,036,854,775,807"),
    "huge seed": (["--seed", str(2**63)], 2, "is not a whole number from 0 to"),
    "file as folder": (["--out", "file"], 1, "file is not a folder"),
    "below a file": (["--out", "file/below"], 1, "Not a directory"),
    "folder of others": (["--out", "."], 1, "holds other files (file) and is left as it is"),
    "not on this disk": (["--out", "/proc/marketsim"], 1, "/proc/marketsim cannot be written"),
}  # fmt: skip
for option, highest in (("runs", "100,000,000"), ("quarters", "200"), ("workers", "256")):
    for value in ("0", "-3", "1000000000000", "1e3", "x", ""):
        message = f"'{value}' is not a whole number from 1 to {highest}"
        WRONG[f"{option} {value or 'empty'}"] = ([f"--{option}", value], 2, message)


@pytest.mark.parametrize(("arguments", "code", "text"), WRONG.values(), ids=WRONG.keys())
def test_wrong_use_is_explained(marketsim, monkeypatch, tmp_path: Path, arguments: list[str], code: int, text: str):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "file").write_text("mine")
    shown = marketsim("run", *arguments)
    assert (shown.code, shown.out) == (code, "")
    assert text in shown.err
    assert len(shown.err.splitlines()) <= 12
    assert "Traceback" not in shown.err
    assert [path.name for path in tmp_path.rglob("*")] == ["file"], "nothing is written"


# --- strategies


def test_strategies_are_listed_with_what_they_do_and_where_they_come_from(marketsim, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    shown = marketsim("strategies")
    lines = shown.out.splitlines()
    assert max(map(len, lines)) <= 80
    names = [line.split()[0] for line in lines if line and not line.startswith(" ")]
    assert names[: len(registry.names())] == registry.names()
    words = " ".join(shown.out.split())
    assert "High price, low volume: sell to those who need the card most, and let the rest go." in words
    assert "Idea: skimming in Dean (1950), Harvard Business Review 28(6)." in words


def test_strategies_as_json(marketsim):
    found = json.loads(marketsim("strategies", "--format", "json").out)
    assert [one["name"] for one in found] == registry.names()
    skimmer = next(one for one in found if one["name"] == "skimmer")
    assert skimmer["title"] == {"en": "Skimmer", "zh": skimmer["title"]["zh"]}
    assert skimmer["origin"].startswith("Example: Moore Threads")
    assert (skimmer["package"], skimmer["problem"]) == ("marketsim", None)
    assert all(one["summary"] and one["text"].startswith(one["summary"]) for one in found)


def test_a_strategy_that_cannot_be_loaded_is_shown_with_its_problem(marketsim, monkeypatch):
    broken = registry.Description("broken", {"en": "b", "zh": "b"}, "", "other", problem="cannot be loaded: no module")
    monkeypatch.setattr(registry, "describe", lambda: [broken])
    assert "cannot be loaded: no module (package other)" in marketsim("strategies").out
    assert json.loads(marketsim("strategies", "--format", "json").out)[0]["problem"] == broken.problem


def test_a_terminal_is_never_taken_for_narrower_than_the_tables_can_be(monkeypatch):
    monkeypatch.setenv("COLUMNS", "20")
    assert layout.console().width == layout.NARROWEST
