"""`marketsim scenario ...` and the command line around it: output, exit codes, and never a traceback."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from marketsim import __version__
from marketsim.cli import EXIT_CODES, main
from marketsim.scenario import library
from tests.scenario.conftest import SMALL, Edit

ROOT = Path(__file__).parents[2]
HUAWEI = ["ecosystem", "n7", "hbm", "66", "20,000", "550"]
RUN = [sys.executable, "-m", "marketsim"]


class Result:
    def __init__(self, code: int, out: str, err: str) -> None:
        self.code, self.out, self.err = code, out, err


@pytest.fixture
def marketsim(capsys: pytest.CaptureFixture[str]):  # type: ignore[no-untyped-def]
    def call(*arguments: str) -> Result:
        with pytest.raises(SystemExit) as caught:
            main(arguments)
        captured = capsys.readouterr()
        code = caught.value.code if isinstance(caught.value.code, int) else int(bool(caught.value.code))
        return Result(code, captured.out, captured.err)

    return call


def test_version_and_help(marketsim) -> None:  # type: ignore[no-untyped-def]
    assert marketsim("--version").out == f"marketsim {__version__}\n"
    shown = marketsim("--help")
    assert shown.code == 0
    assert " ".join(EXIT_CODES.split()) in " ".join(shown.out.split())
    assert "Exit codes" in marketsim("scenario", "--help").out


def test_list_names_what_the_library_has(marketsim) -> None:  # type: ignore[no-untyped-def]
    shown = marketsim("scenario", "list")
    assert [line.split()[0] for line in shown.out.splitlines()] == library.names()
    assert "China's AI chips" in shown.out


def test_list_survives_a_broken_file(marketsim, monkeypatch, edited: Edit) -> None:  # type: ignore[no-untyped-def]
    broken = edited(("price: 60", "price: -3"), name="broken.yaml")
    monkeypatch.setattr(library, "folder", lambda: broken.parent)
    shown = marketsim("scenario", "list")
    assert (shown.code, shown.out.split()[0]) == (0, "broken")
    assert "cannot be used: 1 problem, see `marketsim scenario validate broken`" in shown.out


def test_show(marketsim) -> None:  # type: ignore[no-untyped-def]
    shown = marketsim("scenario", "show", str(SMALL))
    assert shown.code == 0
    for text in (
        "A small world",
        "12 quarters from 2025Q1",
        "cambricon",
        "Biren",
        "internet",
        "no-discount",
        "events: 1",
        "figures: 143 (18 assumption, 125 unmarked)",
    ):
        assert text in shown.out


@pytest.mark.parametrize("columns", ["60", "80", "140"])
def test_show_fits_the_terminal(marketsim, monkeypatch, columns: str) -> None:  # type: ignore[no-untyped-def]
    monkeypatch.setenv("COLUMNS", columns)
    lines = marketsim("scenario", "show", "china-ai-chips").out.splitlines()
    assert max(map(len, lines)) <= max(80, int(columns))
    assert all(line == line.rstrip() for line in lines)
    assert any(line.split() == ["huawei-ascend", *HUAWEI] for line in lines) == (columns != "140")
    assert any(line.split() == ["huawei-ascend", "Huawei", "Ascend", *HUAWEI] for line in lines) == (columns == "140")


def test_show_names_the_files_that_it_extends(marketsim, monkeypatch, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    monkeypatch.chdir(tmp_path)
    marketsim("scenario", "new", "my-world")
    shown = marketsim("scenario", "show", "my-world.yaml").out
    assert "written in my-world.yaml, which extends" in " ".join(shown.split())


def test_show_yaml_is_the_scenario_again(marketsim, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    shown = marketsim("scenario", "show", str(SMALL), "--yaml", "--set", "quarters=7")
    path = tmp_path / "again.yaml"
    path.write_text(shown.out, encoding="utf-8")
    assert library.load_scenario(path) == library.load_scenario(SMALL, ["quarters=7"])


def test_show_sources(marketsim) -> None:  # type: ignore[no-untyped-def]
    shown = marketsim("scenario", "show", str(SMALL), "--sources")
    assert "nodes.n7.wafer_price = 97\n    source: a price list\n    note: 2025\n" in shown.out
    assert "memories.hbm.price = {2025Q1: 100, 2028Q1: 80}\n    source: a quote\n" in shown.out, "one row for a path"
    assert "events.0 = {quarter: 2025Q2, title: A ban, changes: {" in shown.out
    assert "reported.0 = {year: 2025, metric: cards, value: 120}\n    source: a survey\n" in shown.out
    assert "vendors.biren" not in shown.out
    assert shown.out.splitlines()[-1] == "figures: 143 (18 assumption, 125 unmarked)"


def test_an_event_and_its_levers_may_have_different_sources(marketsim) -> None:  # type: ignore[no-untyped-def]
    shown = marketsim("scenario", "show", "china-ai-chips", "--sources").out
    ban = shown[shown.index("events.13 = {quarter: 2025Q4, title: State-funded") :].splitlines()
    assert [line.split()[0] for line in ban[:6]] == [
        "events.13",
        "source:",
        "note:",
        "events.13.changes",
        "source:",
        "note:",
    ]
    assert "strategy_reason" not in shown


def test_validate_says_which_files_are_good_and_everything_wrong_with_the_others(marketsim, edited: Edit) -> None:  # type: ignore[no-untyped-def]
    bad = edited(("price: 60", "price: -3"), ("quarters: 12", "quartrs: 12"))
    shown = marketsim("scenario", "validate", str(SMALL), str(bad), "nowhere.yaml")
    assert shown.code == 1
    assert shown.out == f"{SMALL}: valid (2 vendors, 1 segment, 12 quarters)\n"
    assert shown.err.startswith(f"{bad}: 3 problems in the scenario\n\n{bad}\n")
    assert "vendors.cambricon.price: is out of bounds" in shown.err
    assert "did you mean 'quarters'?" in shown.err
    assert "\n\nnowhere.yaml: 1 problem in the scenario\n\nnowhere.yaml\n  there is no such file\n" in shown.err
    assert not shown.err.endswith("\n\n")
    assert marketsim("scenario", "validate", str(SMALL)).code == 0


def test_validate_knows_the_strategies(marketsim, edited: Edit) -> None:  # type: ignore[no-untyped-def]
    shown = marketsim("scenario", "validate", str(edited(("strategy: hold", "strategy: holt"))))
    assert shown.code == 1
    assert "there is no strategy 'holt'" in shown.err
    assert "did you mean 'hold'?" in shown.err


def test_new_makes_a_file_that_is_valid(marketsim, monkeypatch, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    monkeypatch.chdir(tmp_path)
    written = marketsim("scenario", "new", "my-world")
    assert (written.code, written.out) == (
        0,
        "my-world.yaml written; how to go on stands in it\n",
    )
    assert library.load_scenario("my-world.yaml").name == "my-world"
    assert max(map(len, Path("my-world.yaml").read_text().splitlines())) <= 79
    before = Path("my-world.yaml").read_bytes()
    again = marketsim("scenario", "new", "my-world")
    assert (again.code, again.err) == (1, "marketsim: my-world.yaml exists already and is left as it is\n")
    assert Path("my-world.yaml").read_bytes() == before
    assert marketsim("scenario", "new", "other.yaml", "--from", "./my-world.yaml").code == 0
    assert library.load("other.yaml").files[1].name == "my-world.yaml"
    assert "\nextends: ./my-world.yaml\nname: other\n" in Path("other.yaml").read_text()


@pytest.mark.parametrize("base", ["china-ai-chips", str(SMALL)])
def test_the_examples_of_a_new_scenario_are_valid(marketsim, monkeypatch, tmp_path, base: str) -> None:  # type: ignore[no-untyped-def]
    monkeypatch.chdir(tmp_path)
    assert marketsim("scenario", "new", "mine", "--from", base).code == 0
    text = Path("mine.yaml").read_text(encoding="utf-8")
    begin = text.index("# finance:")
    Path("mine.yaml").write_text(text[:begin] + text[begin:].replace("# ", ""), encoding="utf-8")
    world = library.load_scenario("mine.yaml")
    assert world.finance.climate == {"2025Q1": 1.2, "2027Q1": 0.5}
    assert world.policy.electricity_discount == {"2025Q1": 0, "2026Q1": 0.5}
    assert world.policies["subsidy"] == {"purchase_subsidy": {"2025Q1": 0, "2026Q1": 0.1}}


def test_a_base_with_an_odd_name_is_quoted(marketsim, monkeypatch, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    monkeypatch.chdir(tmp_path)
    base = tmp_path / "a: b # 'c'.yaml"
    base.write_bytes(SMALL.read_bytes())
    assert marketsim("scenario", "new", "mine", "--from", f"./{base.name}").code == 0
    assert library.load("mine.yaml").files[1].name == base.name


@pytest.mark.parametrize("name", ["true", "123", "1e3"])
def test_new_quotes_names_that_yaml_would_read_as_something_else(marketsim, monkeypatch, tmp_path, name: str) -> None:  # type: ignore[no-untyped-def]
    monkeypatch.chdir(tmp_path)
    assert marketsim("scenario", "new", name).code == 0
    assert library.load_scenario(f"{name}.yaml").name == name


def test_schema_is_json(marketsim) -> None:  # type: ignore[no-untyped-def]
    shown = marketsim("scenario", "schema")
    assert json.loads(shown.out)["$defs"]["Scenario"]["properties"]["vendors"]


WRONG = {
    "no command": ((), 2, "Usage"),
    "unknown command": (("scenrio",), 2, "No such command"),
    "unknown subcommand": (("scenario", "lst"), 2, "No such command"),
    "unknown option": (("scenario", "list", "--all"), 2, "No such option"),
    "missing name": (("scenario", "show"), 2, "Missing argument"),
    "missing files": (("scenario", "validate"), 2, "Missing argument"),
    "two views": (("scenario", "show", "china-ai-chips", "--yaml", "--sources"), 2, "one of --sources and --yaml"),
    "unknown scenario": (("scenario", "show", "china"), 1, "there is no scenario 'china'"),
    "no such file": (("scenario", "show", "none.yaml"), 1, "there is no such file"),
    "a directory": (("scenario", "show", "./"), 1, "is a directory"),
    "wrong path": (("scenario", "show", "china-ai-chips", "--set", "vendor.x=1"), 1, "did you mean 'vendors'?"),
    "wrong value": (("scenario", "show", "china-ai-chips", "--set", "quarters=x"), 1, "a whole number from 1 to 200"),
    "not an override": (("scenario", "show", "china-ai-chips", "--set", "quarters"), 1, "path=value"),
    "wrong new name": (("scenario", "new", "My World"), 2, "'My World' is not a name"),
    "new name is taken": (("scenario", "new", "china-ai-chips"), 2, "is the name of a scenario of the library"),
    "name is a path": (("scenario", "new", "../x"), 2, "is not a name"),
    "from nothing": (("scenario", "new", "x", "--from", "nothing"), 1, "there is no scenario 'nothing'"),
    "NUL in a name": (("scenario", "show", "a\0.yaml"), 1, "there is no such file"),
    "very long name": (("scenario", "show", "x" * 5000 + ".yaml"), 1, "cannot be read: File name too long"),
}


@pytest.mark.parametrize(("arguments", "code", "text"), WRONG.values(), ids=WRONG.keys())
def test_wrong_use(marketsim, monkeypatch, tmp_path, arguments, code: int, text: str) -> None:  # type: ignore[no-untyped-def]
    monkeypatch.chdir(tmp_path)
    shown = marketsim(*arguments)
    assert shown.code == code
    assert text in shown.err + shown.out
    assert "Traceback" not in shown.err
    assert not list(tmp_path.iterdir()), "nothing is written"


def test_a_real_process_has_the_exit_code_and_no_traceback(edited: Edit) -> None:
    bad = edited(("price: 60", "price: -3"))
    done = subprocess.run([*RUN, "scenario", "show", str(bad)], capture_output=True, text=True, cwd=ROOT, check=False)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("marketsim: 1 problem in the scenario")
    assert "Traceback" not in done.stderr
    done = subprocess.run([*RUN, "scenario", "shw"], capture_output=True, text=True, cwd=ROOT, check=False)
    assert done.returncode == 2
    assert "Traceback" not in done.stderr


def test_a_pipe_whose_reader_leaves(tmp_path: Path) -> None:
    line = f"set -o pipefail; '{sys.executable}' -m marketsim scenario schema 2>{tmp_path}/err | head -n 1"
    done = subprocess.run(["bash", "-c", line], capture_output=True, text=True, cwd=ROOT, check=False)
    assert done.stdout == "{\n"
    assert (tmp_path / "err").read_text() == ""


def test_output_in_a_pipe_is_plain_text() -> None:
    command = [*RUN, "scenario", "show", "china-ai-chips", "--yaml"]
    done = subprocess.run(command, capture_output=True, cwd=ROOT, check=True)
    assert b"\x1b" not in done.stdout
    assert yaml.safe_load(done.stdout.decode())["name"] == "china-ai-chips"


def test_help_loads_nothing_heavy() -> None:
    heavy = ("numpy", "pydantic", "polars", "mesa", "rich", "textual")
    code = f"import sys, marketsim.cli; print([name for name in {heavy} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=True)
    assert done.stdout == "[]\n"
