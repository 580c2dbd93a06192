"""`marketsim report`: pages and pictures that it writes, and what it says of wrong input."""

from __future__ import annotations

import json
import re
import shutil
import xml.etree.ElementTree as ET
from importlib import util
from pathlib import Path

import polars as pl
import pytest
import typer

from agents.game import Game, Setup
from agents.game.file import save
from marketsim.cli import main
from marketsim.commands.play import Spoken
from marketsim.commands.report import report
from marketsim.errors import MarketSimError
from tests.experiments.files import SMALL


def refused(*arguments: object, **options: object) -> str:
    with pytest.raises(MarketSimError) as caught:
        report(*arguments, **options)  # type: ignore[arg-type]
    return str(caught.value)


def changed(folder: Path, **values: object) -> Path:
    """The folder with other values in its manifest."""
    path = folder / "manifest.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | values))
    return folder


def test_a_page_and_its_pictures(computed: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out, charts = tmp_path / "page.html", tmp_path / "new" / "charts"
    report(str(computed), out=out, language=Spoken.zh, charts=charts, formats="svg")
    page = out.read_text(encoding="utf-8")
    assert '<html lang="zh-CN">' in page and "试验" in page
    names = {path.name for path in charts.iterdir()}
    assert {"differences.svg", "verdicts.svg", "survival.svg", "paths-subsidy.svg", "drivers-cost.svg"} <= names
    assert f"{len(names)} pictures" in capsys.readouterr().err
    for path in charts.glob("*.svg"):
        drawn = ET.fromstring(path.read_text(encoding="utf-8"))
        marks = [element for element in drawn.iter() if element.tag.rpartition("}")[2] in ("path", "line", "text")]
        assert len(marks) > 20, path
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []


def test_formats(played: Path, tmp_path: Path) -> None:
    charts = tmp_path / "charts"
    report(str(played), out=tmp_path / "a.html", charts=charts, quiet=True)
    assert {path.name for path in charts.iterdir()} == {"market.svg", "market.png"}
    content = (charts / "market.png").read_bytes()
    width, height = int.from_bytes(content[16:20], "big"), int.from_bytes(content[20:24], "big")
    assert content.startswith(b"\x89PNG") and width > 1000 and height > 600 and len(content) > 50_000
    report(str(played), out=tmp_path / "a.html", charts=tmp_path / "one", formats="png", quiet=True)
    assert [path.name for path in (tmp_path / "one").iterdir()] == ["market.png"]
    with pytest.raises(typer.BadParameter, match="'pdf' is none of png and svg"):
        report(str(played), out=tmp_path / "a.html", charts=charts, formats="svg,pdf")


def test_results_that_are_not_finished(folder: Path, tmp_path: Path) -> None:
    """The first policy alone is there: the report says so and shows it."""
    manifest = json.loads((folder / "manifest.json").read_text())
    for policy, parts in manifest["parts"].items():
        for key in parts if policy != "none" else ():
            (folder / "runs" / f"{key}.parquet").unlink()
    report(str(changed(folder, complete=False)), out=tmp_path / "a.html", quiet=True)
    page = (tmp_path / "a.html").read_text(encoding="utf-8")
    assert "Not finished: this report is about the runs that are there (120)" in page
    assert "Shakeout verdicts" in page and not re.search(r">nan\b", page)


def test_results_of_which_nothing_is_there(folder: Path, tmp_path: Path) -> None:
    shutil.rmtree(folder / "runs")
    said = refused(str(changed(folder, complete=False)), out=tmp_path / "a.html")
    assert "of which no run is done yet" in said and not (tmp_path / "a.html").exists()


def test_a_damaged_part_is_left_out(folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    key = next(iter(json.loads((folder / "manifest.json").read_text())["parts"]["same"]))
    (folder / "quarters" / f"{key}.parquet").write_bytes(b"PAR1 and no more")
    report(str(folder), out=tmp_path / "a.html")
    assert "Parts of the results are damaged" in (tmp_path / "a.html").read_text(encoding="utf-8")
    assert f"{key}.parquet is damaged" in capsys.readouterr().err


def test_results_of_another_version(folder: Path, tmp_path: Path) -> None:
    said = refused(str(changed(folder, format=99, version="9.0")), out=tmp_path / "a.html")
    assert "another version" in said and "9.0" in said


def test_nothing_to_report(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    assert "holds no results" in refused(str(tmp_path / "empty"), out=tmp_path / "a.html")
    assert "no such file or folder" in refused(str(tmp_path / "nowhere"), out=tmp_path / "a.html")
    (tmp_path / "note.txt").write_text("hello")
    assert "note.txt" in refused(str(tmp_path / "note.txt"), out=tmp_path / "a.html")
    assert not (tmp_path / "a.html").exists()


def test_a_place_that_cannot_be_written(computed: Path, tmp_path: Path) -> None:
    assert "its folder does not exist" in refused(str(computed), out=tmp_path / "no" / "a.html")
    assert "it is a folder" in refused(str(computed), out=tmp_path)
    (tmp_path / "file").write_text("")
    said = refused(str(computed), out=tmp_path / "a.html", charts=tmp_path / "file")
    assert "file cannot be written" in said
    assert "a.html cannot be written" in refused(str(computed), out=tmp_path / "file" / "a.html")


def test_a_library_that_is_missing(computed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = util.find_spec
    monkeypatch.setattr(
        "marketsim.commands.needs.find_spec", lambda name: None if name == "vl_convert" else found(name)
    )
    said = refused(str(computed), out=tmp_path / "a.html")
    assert "needs vl_convert" in said and "chip-market[experiments]" in said


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of `marketsim run --out`."""
    folder = tmp_path_factory.mktemp("run") / "out"
    with pytest.raises(SystemExit):
        main(["run", str(SMALL), "--runs", "12", "--workers", "1", "--out", str(folder), "--quiet"])
    return folder


@pytest.mark.parametrize("language", ["en", "zh"])
def test_runs_of_one_scenario(language: str, played: Path, tmp_path: Path) -> None:
    out = tmp_path / "run.html"
    report(str(played), out=out, language=Spoken(language), charts=tmp_path / "charts", formats="svg", quiet=True)
    page = out.read_text(encoding="utf-8")
    table = pl.read_parquet(played / "yearly-market-*.parquet")
    last = table.filter(pl.col("year") == table["year"].max())
    hhi = last["hhi"].median()
    assert f"{hhi:.2f}" in page and {"en": "A small world", "zh": "小世界"}[language] in page
    assert page.count('role="img"') == 6 and not re.search(r">nan\b|None\b(?! of)", page)
    assert (tmp_path / "charts" / "market.svg").stat().st_size > 5000
    if language == "zh":
        shown = re.sub(r"<style>.*?</style>|<script>.*?</script>|<[^>]*>", " ", page, flags=re.S)
        words = set(re.findall("[A-Za-z]{4,}", shown)) - {"marketsim", "small", "Python", "Numpy", "Polars"}
        assert words <= {"AVX", "FMA3", "POPCNT"} or all(word.isupper() for word in words), words


def test_runs_that_cannot_be_read(played: Path, tmp_path: Path) -> None:
    def copy(name: str) -> Path:
        return Path(shutil.copytree(played, tmp_path / name))

    out = tmp_path / "a.html"
    missing = copy("missing")
    (missing / "summary.json").unlink()
    assert "not complete: there is no summary.json" in refused(str(missing), out=out)
    partless = copy("partless")
    for path in partless.glob("yearly-vendor-*"):
        path.unlink()
    assert "there is no yearly-vendor-*.parquet" in refused(str(partless), out=out)
    older = copy("older")
    path = next(older.glob("yearly-market-*"))
    pl.read_parquet(path).drop("hhi").write_parquet(path)
    assert "results of another version" in refused(str(older), out=out)
    broken = copy("broken")
    (broken / "summary.json").write_text("{")
    assert "is damaged" in refused(str(broken), out=out)
    stranger = copy("stranger")
    (stranger / "metadata.json").write_text('{"program": "another"}')
    assert "is not that of `marketsim run --out`" in refused(str(stranger), out=out)


def test_a_saved_game(tmp_path: Path) -> None:
    game = Game(Setup(vendor="cambricon", quarters=3))
    save(game, tmp_path / "begun.json")
    while not game.over:
        plan = game.advised("disciplined")
        game.play(plan.with_value("price", 1.2 * plan.price))
    save(game, tmp_path / "game.json")
    charts = tmp_path / "charts"
    report(str(tmp_path / "game.json"), out=tmp_path / "game.html", language=Spoken.zh, charts=charts, quiet=True)
    page = (tmp_path / "game.html").read_text(encoding="utf-8")
    assert "寒武纪" in page and "2025Q3" in page
    assert "no quarter has been played" in refused(str(tmp_path / "begun.json"), out=tmp_path / "a.html")
    assert len(list(charts.glob("*.svg"))) == page.count("<figure>") + page.count('<div class="bars">')
    assert {path.stem for path in charts.glob("*.svg")} == {path.stem for path in charts.glob("*.png")}
    assert {"score", "strategies", "share", "cash", "what-if-1-share"} <= {path.stem for path in charts.glob("*.svg")}
    for path in charts.glob("*.svg"):
        drawn = ET.fromstring(path.read_text(encoding="utf-8"))
        texts = ["".join(element.itertext()) for element in drawn.iter() if element.tag.endswith("}text")]
        assert texts[1].startswith("寒武纪") and "var(" not in path.read_text(encoding="utf-8"), path
        content = path.with_suffix(".png").read_bytes()
        assert content.startswith(b"\x89PNG") and int.from_bytes(content[16:20], "big") > 1000, path
    watched = Game(Setup(quarters=2))
    watched.play()
    save(watched, tmp_path / "watched.json")
    assert "nobody is played" in refused(str(tmp_path / "watched.json"), out=tmp_path / "a.html")
