"""`marketsim assess`: what it prints of a scenario, of policies side by side, and what it refuses."""

from __future__ import annotations

import json
import os
import re
import signal
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from marketsim.shakeout import survival
from marketsim.shakeout.facts import FACTS
from marketsim.shakeout.reference import folder
from tests.command import LINUX, MARKETSIM, Result, called, children, on_a_terminal, under_way
from tests.shakeout.small import SMALL, split

STEADY = ("steady", "--set", "quarters=12", "--runs", "8", "--workers", "1")
CLASSES = ("photovoltaic", "lock_in", "commodity", "niche", "untold", "rationed", "sheltered", "collapse", "none")


@pytest.fixture
def assess(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delenv("COLUMNS", raising=False)

    def call(*arguments: str) -> Result:
        return called(capsys, ("assess", *arguments))

    return call


def as_json(shown: Result) -> dict[str, Any]:
    assert (shown.code, shown.err) == (0, "")
    found: dict[str, Any] = json.loads(shown.out)
    return found


def verdict_of(shown: Result) -> dict[str, Any]:
    (found,) = as_json(shown)["verdicts"]
    return dict(found)


# --- what is printed


@pytest.mark.parametrize("width", [80, 120, 160])
def test_the_page_fits_its_terminal(assess, monkeypatch: pytest.MonkeyPatch, width: int):
    monkeypatch.setenv("COLUMNS", str(width))
    shown = assess(*STEADY)
    assert (shown.code, shown.err) == (0, "")
    lines = shown.out.splitlines()
    assert max(map(len, lines)) <= width
    assert "\x1b" not in shown.out and "nan" not in shown.out and "Traceback" not in shown.out
    assert "Steady market: is it the photovoltaic pattern?" in shown.out
    for name in FACTS:
        assert any(line.startswith(name) for line in lines), name


def test_figures_of_the_page_are_those_of_the_json(assess):
    found = verdict_of(assess(*STEADY, "--format", "json"))
    page = assess(*STEADY).out
    assert (found["runs"], found["draws"]) == (8, 2)
    assert "8 runs, over 2 draws of its 12 free parameters" in page and "seed 7" in page
    first = found["shares"][0]
    share = f"{100 * first['runs']['value']:.0f} %"
    assert re.search(rf"^no shakeout +{re.escape(share)} ", page, re.MULTILINE) and first["which"] == "none"


def test_json_has_classes_facts_and_intervals(assess):
    content = as_json(assess(*STEADY, "--format", "json"))
    assert (content["scenario"], content["seed"], content["market"], content["shifts"]) == ("steady", 7, "merchant", [])
    (found,) = content["verdicts"]
    assert [line["name"] for line in found["facts"]] == list(FACTS)
    assert {share["which"] for share in found["shares"]} <= set(CLASSES)
    assert sum(share["runs"]["value"] for share in found["shares"]) == pytest.approx(1)
    for share in found["shares"]:
        assert 0 <= share["runs"]["low"] <= share["runs"]["value"] <= share["runs"]["high"] <= 1


def test_the_same_command_gives_the_same_bytes(assess):
    one = assess(*STEADY, "--format", "json")
    assert assess(*STEADY, "--format", "json") == one == assess(*STEADY, "--format", "json", "--workers", "2")
    assert assess(*STEADY, "--format", "json", "--seed", "8") != one


def test_a_single_run(assess):
    shown = assess(SMALL, "--runs", "1")
    assert shown.code == 0 and "1 run;" in shown.out and "95 %" not in shown.out.split("Facts")[0].splitlines()[2]
    found = verdict_of(assess(SMALL, "--runs", "1", "--format", "json"))
    assert (found["runs"], found["draws"], found["answer"], found["leading"]) == (1, 1, "no_shakeout", "none")


def test_as_written_and_drawn(assess):
    written = verdict_of(assess(*STEADY, "--draws", "1", "--format", "json"))
    drawn = verdict_of(assess(*STEADY, "--draws", "8", "--format", "json"))
    assert (written["draws"], drawn["draws"]) == (1, 8)
    assert written["facts"] != drawn["facts"]


def test_what_it_hangs_on_needs_draws(assess, tmp_path: Path):
    world = str(split(tmp_path))
    few, many = (
        verdict_of(assess(world, "--runs", runs, "--draws", runs, "--format", "json")) for runs in ("11", "12")
    )
    assert few["assumptions"] == [] and len(many["assumptions"]) == 3
    for found in many["assumptions"]:
        assert found["shift"]["value"] == pytest.approx(found["high"] - found["low"])
        assert found["note"]


def test_the_words_are_those_of_the_industry(assess, monkeypatch: pytest.MonkeyPatch):
    """Makers and certification, and no vendors, cards, foundries or software."""
    monkeypatch.setattr(survival, "MOST_RUNS", 24)
    page = assess("photovoltaics", "--runs", "1", "--survival").out
    assert "market: domestic makers that sell to whoever buys" in page
    assert "gap in certification and base" in " ".join(page.split())
    assert re.search("^certification and base, one standard deviation more ", page, re.MULTILINE)
    assert not re.search(r"vendor|\bcards?\b|foundr|wafer|memor|software", page, re.IGNORECASE)


# --- policies


def test_policies_side_by_side(assess, tmp_path: Path):
    world = str(split(tmp_path))
    arguments = (world, "--runs", "8", "--draws", "4", "--policy", "nothing", "--policy", "stack")
    content = as_json(assess(*arguments, "--format", "json"))
    first, second = content["verdicts"]
    assert (first["policy"], second["policy"]) == ("nothing", "stack")
    (shift,) = content["shifts"]
    assert (shift["from"], shift["to"]) == ("nothing", "stack")
    for found in shift["classes"]:
        assert found["shift"]["value"] == pytest.approx(found["second"] - found["first"])
    page = assess(*arguments).out
    assert "under the policy nothing" in page and "under the policy stack" in page
    assert "From nothing to stack, run by run with the same luck" in page


def test_a_policy_that_changes_nothing_is_the_scenario_itself(assess, tmp_path: Path):
    world = str(split(tmp_path))
    plain, policy = (
        verdict_of(assess(world, "--runs", "4", *more, "--format", "json")) for more in ((), ("--policy", "nothing"))
    )
    assert policy | {"policy": None} == plain


# --- options


def test_values_set_by_hand(assess):
    plain, changed = (
        verdict_of(assess(*STEADY, "--draws", "1", *more, "--format", "json"))
        for more in ((), ("--set", "technology.learning_rate=0.5"))
    )
    assert plain["facts"] != changed["facts"]


def test_dropped_facts_are_marked_and_not_scored(assess):
    found = verdict_of(assess(*STEADY, "--drop", "P5", "--drop", "C1", "--format", "json"))
    assert {line["name"] for line in found["facts"] if line["dropped"]} == {"P5", "C1"}
    page = assess(*STEADY, "--drop", "P5").out
    assert "P5* " in page and "P6* " not in page


def test_facts_that_a_scenario_was_fitted_to_are_dropped(assess):
    found = verdict_of(
        assess("photovoltaics", "--runs", "2", "--draws", "1", "--set", "quarters=4", "--format", "json")
    )
    assert {line["name"] for line in found["facts"] if line["dropped"]} >= {"P1", "P2"}


def test_wider_reference_ranges(assess):
    found = verdict_of(assess(*STEADY, "--tolerance", "2", "--format", "json"))
    line = next(line for line in found["facts"] if line["name"] == "C1")
    assert (line["photovoltaic"]["low"], line["photovoltaic"]["high"]) == pytest.approx((-0.02, 0.24))


def test_other_reference_values(assess, tmp_path: Path):
    """The package's own with another range; how the instrument errs with them is counted anew."""
    other = tmp_path / "other.yaml"
    text = (folder() / "reference.yaml").read_text(encoding="utf-8")
    other.write_text(text.replace("high: 0.80\n", "high: 0.79\n", 1), encoding="utf-8")
    found = verdict_of(assess(*STEADY, "--reference", str(other), "--format", "json"))
    assert found["facts"][0]["photovoltaic"]["high"] == 0.79
    assert sum(share["equal"] for share in found["shares"]) == pytest.approx(1, abs=0.05)
    assert "Of simulated runs whose class is known by construction" in " ".join(
        assess(*STEADY, "--reference", str(other)).out.split()
    )


@pytest.mark.parametrize("market", ["merchant", "domestic", "all"])
def test_whose_market(assess, market: str):
    content = as_json(
        assess(
            "china-ai-chips",
            "--set",
            "quarters=4",
            "--runs",
            "2",
            "--draws",
            "1",
            "--market",
            market,
            "--format",
            "json",
        )
    )
    assert content["market"] == market


def test_the_market_matters(assess):
    """Captive vendors and foreign suppliers are vendors too."""
    arguments = ("china-ai-chips", "--set", "quarters=4", "--runs", "2", "--draws", "1", "--format", "json", "--market")
    merchant, everyone = (verdict_of(assess(*arguments, market))["facts"] for market in ("merchant", "all"))
    assert merchant != everyone


CAPTIVE = ("--set", "entrants.newcomer.strategy=captive", "--set", "quarters=40")


def test_boundaries_side_by_side(assess, tmp_path: Path):
    """All newcomers are captive, and few firms are merchants: a shakeout in the wider market alone."""
    arguments = (str(split(tmp_path)), *CAPTIVE, "--runs", "4", "--draws", "1")
    content = as_json(assess(*arguments, "--format", "json"))
    merchant, domestic = content["verdicts"][0]["boundaries"]
    assert (merchant["boundary"], domestic["boundary"]) == ("merchant", "domestic")
    (other,) = as_json(assess(*arguments, "--market", "domestic", "--format", "json"))["verdicts"]
    assert domestic["leading"] == other["leading"] != merchant["leading"]
    for share in other["shares"]:
        if share["which"] in domestic["classes"]:
            assert domestic["classes"][share["which"]] == share["runs"]
    page = assess(*arguments).out
    assert re.search(r"^ +merchant +domestic$", page, re.MULTILINE)
    assert "The class hangs on the boundary: most often no shakeout (merchant), lock-in (domestic)." in page


def test_boundaries_of_a_single_run(assess, tmp_path: Path):
    page = assess(str(split(tmp_path)), *CAPTIVE, "--runs", "1").out
    (row,) = (line for line in page.splitlines() if line.startswith("this run "))
    assert re.fullmatch(r"this run +no shakeout +(?!no shakeout)\S.*", row)
    assert "The class hangs on the boundary: no shakeout (merchant), " in page


def test_where_all_boundaries_are_the_same_nothing_is_said_of_them(assess):
    assert "boundar" not in assess(*STEADY).out
    assert verdict_of(assess(*STEADY, "--format", "json"))["boundaries"] == []


# --- a table of history


@pytest.mark.parametrize("name", sorted(path.name for path in folder().glob("*.csv")))
def test_a_table_of_history(assess, name: str):
    path = str(folder() / name)
    shown = assess("--data", path)
    assert (shown.code, shown.err) == (0, "") and "Traceback" not in shown.out
    assert as_json(assess("--data", path, "--format", "json"))


# --- what is refused


WRONG: dict[str, tuple[list[str], int, str]] = {
    "nothing": ([], 2, "give a scenario or --data FILE, one of them"),
    "both": (["steady", "--data", "x.csv"], 2, "give a scenario or --data FILE, one of them"),
    "unknown scenario": (["stedy"], 1, "did you mean 'steady'?"),
    "no such file": (["none.yaml"], 1, "there is no such file"),
    "unknown policy": ([SMALL, "--policy", "no-discont"], 1, "did you mean 'no-discount'?"),
    "policy of no scenario": (["steady", "--policy", "x"], 1, "the scenario has no policies"),
    "policy and --set": (
        [SMALL, "--policy", "no-discount", "--set", "policy.electricity_discount=0.5"],
        1,
        "by the policy 'no-discount' and by --set",
    ),
    "wrong path": (["steady", "--set", "markt.luck=1"], 1, "did you mean 'market'?"),
    "wrong value": (["steady", "--set", "market.luck=x"], 1, "market.luck: is of the wrong type"),
    "no value": (["steady", "--set", "market.luck"], 1, "is not of the form path=value"),
    "the same policy twice": (
        [SMALL, "--policy", "no-discount", "--policy", "no-discount"],
        2,
        "'no-discount' is given twice: nothing to compare",
    ),
    "unknown fact": (["steady", "--drop", "X1"], 2, "'X1' is not one of S1, S2"),
    "unknown market": (["steady", "--market", "foreign"], 2, "'foreign' is not one of"),
    "unknown format": (["steady", "--format", "parquet"], 2, "'parquet' is not one of"),
    "no tolerance": (["steady", "--tolerance", "0"], 2, "greater than or equal to 0.1"),
    "wrong tolerance": (["steady", "--tolerance", "wide"], 2, "Input should be a valid number"),
    "more draws than runs": (
        ["steady", "--runs", "8", "--draws", "9"],
        2,
        "9 draws need at least as many runs: --runs 9",
    ),
    "no runs": (["steady", "--runs", "0"], 2, "'0' is not a whole number from 1 to 100,000,000"),
    "no draws": (["steady", "--draws", "0"], 2, "'0' is not a whole number from 1 to 100,000"),
    "negative seed": (["steady", "--seed", "-1"], 2, "'-1' is not a whole number from 0 to"),
    "no reference": (["steady", "--reference", "none.yaml"], 1, "there is no such file"),
    "wrong reference": (["steady", "--reference", SMALL], 1, "problems in the reference values"),
    "no table": (["--data", "none.csv"], 1, "there is no such file"),
    "wrong table": (["--data", SMALL], 1, "in the table"),
    "unknown option": (["steady", "--policies", "x"], 2, "No such option"),
    "two scenarios": (["steady", "niche"], 2, "unexpected extra argument"),
}


@pytest.mark.parametrize(("arguments", "code", "text"), WRONG.values(), ids=WRONG)
def test_wrong_use_is_explained(assess, monkeypatch, tmp_path: Path, arguments: list[str], code: int, text: str):
    monkeypatch.chdir(tmp_path)
    shown = assess(*arguments)
    assert (shown.code, shown.out) == (code, "")
    assert text in " ".join(shown.err.split())
    assert "Traceback" not in shown.err
    assert list(tmp_path.iterdir()) == [], "nothing is written"


def test_a_draw_that_cannot_be(assess, tmp_path: Path):
    """The range of a free parameter may lead out of what a figure can be."""
    wide = "free: {luck: {moves: [market.luck], low: 1, high: 90, factor: true, source: assumption, note: too wide}}"
    world = tmp_path / "wide.yaml"
    world.write_text(f"extends: steady\nname: wide\ntitle: {{en: W, zh: W}}\n{wide}\n")
    shown = assess(str(world), "--runs", "64")
    assert (shown.code, shown.out) == (1, "")
    assert "market.luck: " in shown.err and "Traceback" not in shown.err


def test_figures_set_by_hand_are_not_drawn(assess):
    """Otherwise a draw would undo what was asked for."""
    options = ("--runs", "8", "--draws", "4", "--set", "quarters=24", "--format", "json")
    plain, dear = (assess("steady", *options, *more).out for more in ((), ("--set", "market.luck=4")))
    assert plain != dear


def test_nobody_inside_the_market(assess, tmp_path: Path):
    """All vendors are captive: there is no merchant market."""
    world = tmp_path / "captive.yaml"
    text = Path(SMALL).read_text(encoding="utf-8")
    world.write_text(re.sub(r"strategy: \w+", "strategy: captive", text), encoding="utf-8")
    shown = assess(str(world), "--runs", "2")
    assert (shown.code, shown.out) == (1, "")
    assert "merchant" in shown.err and "Traceback" not in shown.err
    assert assess(str(world), "--runs", "2", "--market", "domestic").code == 0


# --- as a process


def test_a_progress_bar_is_drawn_on_a_terminal_only():
    out, bar = on_a_terminal("assess", *STEADY)
    assert re.search(r"8/8.*runs/s", bar, re.DOTALL) and "\x1b" not in out
    assert on_a_terminal("assess", *STEADY, "--quiet") == (out, "")


@LINUX
@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)], ids=["Ctrl-C", "terminated"]
)
def test_stopped_it_leaves_no_processes_and_no_words(number: signal.Signals, code: int):
    command = [*MARKETSIM, "assess", "china-ai-chips", "--runs", "100000", "--workers", "2"]
    begun = under_way(command)
    try:
        end = time.monotonic() + 30
        while len(helpers := children(begun.pid)) < 2:
            assert begun.poll() is None and time.monotonic() < end
            time.sleep(0.02)
        time.sleep(0.5)
        begun.send_signal(number) if number == signal.SIGTERM else os.killpg(begun.pid, number)
        out, err = begun.communicate(timeout=30)
        assert (begun.returncode, out, err) == (code, "", "")
        assert not [helper for helper in helpers if Path(f"/proc/{helper}").exists()]
    finally:
        with suppress(ProcessLookupError):
            os.killpg(begun.pid, signal.SIGKILL)
        begun.communicate()
