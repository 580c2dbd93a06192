"""`marketsim calibrate`: what it finds and writes, and that it can be stopped at any time."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import textwrap
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from marketsim.calibration.loss import Loss
from marketsim.commands.scenario import load
from marketsim.scenario.free import FreeSpace
from marketsim.scenario.provenance import certainty
from marketsim.targets import compare, load_targets
from marketsim.trace import trace
from tests.calibration.conftest import (
    FILES,
    QUICK,
    ROOT,
    RUNS,
    SEED,
    TRUTH,
    Call,
    Result,
    World,
    command,
    fit_in,
)
from tests.command import heed_interrupts

# --- what it finds


def test_it_finds_the_parameters_of_the_twin_that_made_the_figures(done: tuple[World, Path, Result]):
    _, folder, shown = done
    assert shown.code == 0, shown.err
    fit = fit_in(folder)
    assert fit["loss"]["before"] > 50
    assert fit["loss"]["after_without_pull"] < 0.1
    assert fit["loss"]["after"] < 1
    spend = fit["parameters"]["spend"]
    assert spend["before"] == 6000
    assert spend["fitted"] == pytest.approx(TRUTH["spend"], rel=0.01)
    assert spend["verdict"] == "pinned down"
    assert spend["low"] == pytest.approx(7500 * 0.96, rel=0.02), "two figures are 5 % off after a move by 5 %"
    assert spend["low"] < TRUTH["spend"] < spend["high"]
    assert all(figure["after"]["hit"] for figure in fit["targets"].values()), "those that it never saw too"


def test_what_only_matters_together_is_not_identified_and_what_does_not_matter_stays(done: tuple[World, Path, Result]):
    _, folder, _ = done
    fit = fit_in(folder)
    for name in ("wafer-price", "memory-price"):
        assert fit["parameters"][name]["verdict"] == "not identified"
        assert [fit["parameters"][name][end] for end in ("low", "high")] == fit["parameters"][name]["range"]
    assert [pair[:2] for pair in fit["correlations"]] == [["wafer-price", "memory-price"]]
    assert fit["parameters"]["lock-in"]["fitted"] == 0.5
    known = [parts for parts in fit["combinations"] if parts["tolerances_per_range"] >= 1]
    assert [list(parts["parts"]) for parts in known] == [["spend"], ["wafer-price", "memory-price"]]


def test_with_one_cost_known_the_other_is_found(world: World, calibrate: Call):
    world.drop("scenario", "free", "memory-price")
    world.change("targets", targets__margin__relative=0.004)
    assert calibrate("world.yaml", "figures.yaml", *QUICK, "--workers", "1").code == 0
    found = fit_in(Path("calibration-small"))["parameters"]["wafer-price"]
    assert found["fitted"] == pytest.approx(TRUTH["wafer-price"], abs=0.03)
    assert found["verdict"] == "pinned down"


def test_it_says_what_came_of_it(done: tuple[World, Path, Result]):
    _, folder, shown = done
    assert re.search(r"^loss +9\d\.\d\d before, 0\.\d\d after$", shown.out, re.MULTILINE)
    assert "fitted figures      1 of 3 inside before, 3 of 3 after" in shown.out
    assert "predicted figures   0 of 2 inside before, 2 of 2 after" in shown.out
    assert "pinned down         spend\n" in shown.out
    assert shown.err == f"{', '.join(FILES)} written to calibration-small\n", "no progress bar in a pipe"
    report = (folder / "report.md").read_text(encoding="utf-8")
    for row in (
        r"\| spend +\| 4000 to 10000 \| 6000 +\| 7\d{3} +\| 7\d{3} to 7\d{3} +\| pinned down +\|",
        r"\| wafer-price +\| ×0\.5 to ×2 +\| ×1 +\| ×1\.\d+ +\| ×0\.5 to ×2 +\| not identified +\|",
        r"`wafer-price` and `memory-price`: more of one does what more of the other does",
        rf"An evaluation is {RUNS} runs up to 2025Q4 with the luck of seed {SEED}",
    ):
        assert re.search(row, report), row
    assert str(folder.parent) not in report


def test_a_progress_bar_is_drawn_on_a_terminal(world: World):
    import pty

    ours, theirs = pty.openpty()
    words = command(
        "world.yaml", "figures.yaml", "--runs", "2", "--evaluations", "20", "--no-profile", "--workers", "1"
    )
    around = {**os.environ, "PYTHONPATH": str(ROOT), "COLUMNS": "100", "TERM": "xterm"}
    folder = world.scenario.parent
    shown = subprocess.run(words, cwd=folder, stdout=subprocess.PIPE, stderr=theirs, env=around, text=True, check=True)
    os.close(theirs)
    os.set_blocking(ours, False)
    bar = b""
    with suppress(BlockingIOError, OSError):
        while part := os.read(ours, 100_000):
            bar += part
    os.close(ours)
    assert re.search(r"10/20.* loss \d+\.\d\d, 0:00:0\d left of the search", bar.decode(), re.DOTALL)
    assert re.search(r"loss \d\.\d\d, steps and profiles", bar.decode())
    assert "\x1b" not in shown.stdout


@pytest.mark.parametrize("name", ["free", "targets"])
def test_what_the_scenario_readme_shows_can_be_used(name: str, tmp_path: Path):
    text = (ROOT / "scenarios" / "README.md").read_text(encoding="utf-8")
    section = text[text.index("## Calibrating") : text.index("## Where figures come from")]
    (block,) = (block for block in section.split("\n\n") if re.search(rf"^    {name}:", block, re.MULTILINE))
    path = tmp_path / "shown.yaml"
    path.write_text(("extends: china-ai-chips\n" if name == "free" else "") + textwrap.dedent(block), encoding="utf-8")
    if name == "free":
        loaded = load(str(path))
        assert {"untuned-share", "late-capacity"} <= set(loaded.scenario.free)
    else:
        world = load("china-ai-chips").scenario.model_copy(update={"name": "my-world"})
        assert list(load_targets(path, world).file.targets) == ["cards-2025"]


# --- the fitted scenario


def test_the_fitted_scenario_loads_and_comes_out_at_the_best_evaluation(done: tuple[World, Path, Result]):
    world, folder, _ = done
    fitted = load(str(folder / "small-calibrated.yaml"))
    played = trace(fitted.scenario, world.objective().decide, SEED, RUNS)
    distances = {found.name: found.miss for found in compare(played, world.all_targets())}
    assert distances == {name: figure["after"]["distance"] for name, figure in fit_in(folder)["targets"].items()}
    lines = [json.loads(line) for line in (folder / "journal.jsonl").read_text().splitlines()[1:]]
    best = [line["distances"] for line in lines if line["loss"] == fit_in(folder)["loss"]["after"]]
    assert [distances[name] for name in ("foreign-cards", "demand", "margin")] in best


def test_it_holds_the_moved_figures_alone_with_where_they_come_from(done: tuple[World, Path, Result]):
    world, folder, _ = done
    path = folder / "small-calibrated.yaml"
    before, after = load(str(world.scenario)), load(str(path))
    assert "extends: ../world.yaml" in path.read_text(encoding="utf-8")
    apart = {"free", "title"}
    assert figures(after.tree, apart).keys() == figures(before.tree, apart).keys()
    changed = {name for name, value in figures(after.tree, apart).items() if figures(before.tree, apart)[name] != value}
    assert changed == {
        "segments.internet.spend",
        "nodes.n7.wafer_price.2025Q1",
        "memories.hbm.price.2025Q1",
        "memories.hbm.price.2028Q1",
    }
    for name in changed:
        origin = after.provenance[name]
        assert (origin.source, certainty(origin)) == ("fitted to figures.yaml", "fitted")
    assert "the data allow 7" in str(after.provenance["segments.internet.spend"].note)
    assert "which the data do not pin down" in str(after.provenance["nodes.n7.wafer_price.2025Q1"].note)
    kept = "nodes.n7.wafer_price.2026Q1"
    assert after.provenance[kept] == before.provenance[kept], "a point that no parameter moves"


def figures(tree: Any, without: set[str]) -> Mapping[str, Any]:
    from marketsim.scenario.provenance import leaves

    return {".".join(map(str, path)): leaf.value for path, leaf in leaves(tree) if path[0] not in without}


def test_its_free_parameters_start_from_the_new_figures(done: tuple[World, Path, Result]):
    world, folder, _ = done
    before, after = load(str(world.scenario)), load(str(folder / "small-calibrated.yaml"))
    space = FreeSpace.of(after.tree, after.scenario)
    assert space.scenario(space.present) == after.scenario
    fitted = fit_in(folder)["parameters"]
    for name, free in space.parameters.items():
        written_as, found = before.scenario.free[name], fitted[name]
        assert (free.moves, free.factor, free.scale) == (written_as.moves, written_as.factor, written_as.scale)
        relative_to = found["fitted"] if free.factor else 1.0
        assert free.low * relative_to == pytest.approx(found["low"], rel=1e-3)
        assert free.high * relative_to == pytest.approx(found["high"], rel=1e-3)
        assert free.low <= space.present[space.names.index(name)] <= free.high
    assert certainty(after.provenance["free.spend.low"]) == "fitted"
    assert certainty(after.provenance["free.wafer-price.low"]) == "assumption"
    assert str(after.provenance["free.wafer-price.low"].note).startswith("a range for tests; wafer-price 1.")


def test_ends_of_the_new_ranges_are_the_same_worlds_as_before(done: tuple[World, Path, Result]):
    """A factor is relative to the figures it stands beside: 0.5 of the old ones is not 0.5 of the new."""
    world, folder, _ = done
    before, after = load(str(world.scenario)), load(str(folder / "small-calibrated.yaml"))
    spaces = [FreeSpace.of(each.tree, each.scenario) for each in (before, after)]
    ends = [
        np.array([fit_in(folder)["parameters"][name]["low"] for name in spaces[0].names]),
        np.array([free.low for free in spaces[1].parameters.values()]),
    ]
    old, new = (space.figures(values) for space, values in zip(spaces, ends, strict=True))
    assert new.keys() == old.keys()
    assert [new[path] for path in old] == pytest.approx(list(old.values()), rel=1e-3)


def test_it_can_be_calibrated_again(world: World, calibrate: Call):
    quick = ["figures.yaml", "--runs", "2", "--evaluations", "1", "--no-profile", "--workers", "1"]
    assert calibrate("world.yaml", *quick, "--out", "a").code == 0
    assert calibrate("a/small-calibrated.yaml", *quick).code == 0
    first, second = (fit_in(Path(name))["loss"] for name in ("a", "calibration-small"))
    assert first["after"] < first["before"]
    assert second["before"] == pytest.approx(first["after_without_pull"]), "the pull begins anew"
    assert second["after"] <= second["before"]


# --- stopping and going on


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGINT], ids=["killed", "Ctrl-C"])
def test_stopped_at_any_time_and_gone_on_with_it_is_the_same_result(
    number: signal.Signals, done: tuple[World, Path, Result], world: World, calibrate: Call
):
    """And with other workers: the reference was made by one, this by two, then by one."""
    journal = Path("calibration-small") / "journal.jsonl"
    words = command("world.yaml", "figures.yaml", *QUICK, "--workers", "2")
    around = {**os.environ, "PYTHONPATH": str(ROOT)}
    running = subprocess.Popen(words, env=around, stderr=subprocess.PIPE, preexec_fn=heed_interrupts)
    try:
        wait_for(lambda: journal.exists() and journal.read_bytes().count(b"\n") > 20)
    finally:
        running.send_signal(number)
        _, error = running.communicate(timeout=30)
    assert running.returncode == (130 if number == signal.SIGINT else -signal.SIGKILL)
    assert error == b"", "and no worker is left that could hold the pipe"
    kept = journal.read_bytes()
    assert not (journal.parent / "fit.json").exists()
    journal.write_bytes(kept + b'{"place": [0.1, 0.')
    shown = calibrate("world.yaml", "figures.yaml", *QUICK, "--workers", "1")
    assert shown.code == 0
    assert journal.read_bytes().startswith(kept)
    reference = done[1]
    assert len(journal.read_bytes().splitlines()) == len((reference / "journal.jsonl").read_bytes().splitlines())
    for name in FILES:
        assert (journal.parent / name).read_bytes() == (reference / name).read_bytes(), name


def wait_for(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.01)


def test_a_finished_one_is_read_and_not_played(done: tuple[World, Path, Result], world: World, calibrate: Call):
    shutil.copytree(done[1], "calibration-small")
    before = {name: Path("calibration-small", name).read_bytes() for name in (*FILES, "journal.jsonl")}
    assert calibrate("world.yaml", "figures.yaml", *QUICK, "--workers", "1").code == 0
    assert {name: Path("calibration-small", name).read_bytes() for name in before} == before


# --- predicted figures


def test_predicted_figures_are_never_used(done: tuple[World, Path, Result], world: World, calibrate: Call):
    """Other values of them change nothing but what is said of them: even the journal goes on."""
    shutil.copytree(done[1], "calibration-small")
    journal = Path("calibration-small/journal.jsonl").read_bytes()
    world.change("targets", targets__share__value=0.1, **{"targets__late-demand__value": 1.0})
    assert calibrate("world.yaml", "figures.yaml", *QUICK, "--workers", "1").code == 0
    assert Path("calibration-small/journal.jsonl").read_bytes() == journal
    old, new = fit_in(done[1]), fit_in(Path("calibration-small"))
    assert new["targets"]["share"]["after"]["hit"] is False
    for fit in (old, new):
        for name in ("share", "late-demand"):
            del fit["targets"][name]
    assert new == old
    scenario = "small-calibrated.yaml"
    assert Path("calibration-small", scenario).read_bytes() == (done[1] / scenario).read_bytes()


def test_the_objective_knows_the_figures_to_fit_alone(world: World):
    objective = world.objective()
    assert list(objective.targets.file.targets) == ["foreign-cards", "demand", "margin"]
    assert objective.until == "2025Q4", "and plays no further than they need"
    at = objective.start
    before = objective(at)
    world.change("targets", targets__share__value=0.1)
    assert world.objective()(at).tolist() == before.tolist()
    world.change("targets", targets__demand__value=1000.0)
    assert world.objective()(at).tolist() != before.tolist(), "or the test could not fail"


def test_the_start_is_the_scenario_as_it_is_written(world: World):
    objective = world.objective()
    assert objective.scenario(objective.start) == objective.loaded.scenario
    loss = Loss(objective.start)
    assert loss.residuals(objective.start, np.zeros(3)).tolist() == 7 * [0]
