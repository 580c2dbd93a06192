"""What is taken out of a game: tables that say what happened, and a page that needs nothing but itself."""

from __future__ import annotations

import csv
import io
import json
import math
import re
import zipfile
from html.parser import HTMLParser
from pathlib import Path

import polars as pl
import pytest

from agents.game import Game, Setup
from agents.game.export import free_name, tables, write_new, zipped
from agents.game.page import (
    BOTTOM,
    LEFT,
    RIGHT,
    TOP,
    Bars,
    Chart,
    Charts,
    Curve,
    Page,
    Point,
    Points,
    Row,
    Section,
    Table,
    Text,
    render,
)
from marketsim.errors import MarketSimError

NAMES = {"market", "segment", "vendor", "event", "attribution"}


@pytest.fixture(scope="module")
def over() -> Game:
    game = Game(Setup(vendor="cambricon", quarters=3, seed=11))
    while not game.over:
        game.play(game.held().with_value("price", 60.0 + len(game.turns)))
    return game


# -- tables -----------------------------------------------------------------------------------------------------------


def test_tables_say_what_happened(over: Game):
    found = tables(over)
    assert set(found) == NAMES | {"decision"}
    quarters = [turn.now.name for turn in over.turns]
    own = found["vendor"].filter(pl.col("vendor") == "cambricon")
    assert own["quarter"].to_list() == quarters
    assert own["cash_rmb_m"].to_list() == [float(turn.after.cash[over.seat, 0]) for turn in over.turns]
    assert found["vendor"]["vendor"].n_unique() == len(over.parameters.vendors)
    sums = found["vendor"].group_by("quarter", maintain_order=True).agg(pl.col("revenue_rmb_m").sum())
    assert sums["revenue_rmb_m"].to_list() == pytest.approx(found["market"]["revenue_rmb_m"].to_list())


def test_decisions_have_a_column_for_every_number(over: Game):
    found = tables(over)["decision"]
    plan = over.plans[0]
    assert plan is not None
    assert len(found.columns) == 1 + sum(1 for _ in plan.values())
    assert found["price_krmb"].to_list() == [60.0, 61.0, 62.0]
    assert found["capacity_n7_k_per_quarter"].to_list() == [one.capacity["n7"] for one in over.plans if one]
    assert found["product_node"].to_list() == ["n7"] * 3 and found["research_rmb_m"].dtype == pl.Float64


def test_rivals_books_stay_closed_until_the_game_is_over(begun: Game, over: Game):
    found = tables(begun)
    for name in ("vendor", "attribution"):
        assert set(found[name]["vendor"]) == {"cambricon"}
        assert len(set(tables(over)[name]["vendor"])) > 1
    assert found["market"].height == 2


def test_a_watched_market_has_all_books_and_no_decisions():
    watched = Game(Setup(quarters=2))
    watched.play()
    found = tables(watched)
    assert set(found) == NAMES and found["vendor"]["vendor"].n_unique() > 1


def test_the_zip_file_holds_the_tables_their_units_and_what_was_played(over: Game):
    with zipfile.ZipFile(io.BytesIO(zipped(over))) as archive:
        files = {name: archive.read(name).decode() for name in archive.namelist()}
    assert set(files) == {f"{name}.csv" for name in NAMES | {"decision", "columns"}} | {"game.json"}
    about = json.loads(files["game.json"])
    assert (about["scenario"], about["vendor"], about["seed"], about["quarters"]) == (
        "china-ai-chips",
        "cambricon",
        11,
        3,
    )
    units = {(row["table"], row["column"]): row["unit"] for row in csv.DictReader(io.StringIO(files["columns.csv"]))}
    assert units["decision", "price_krmb"] == "RMB thousand per card" and units["market", "cards_k"] == "thousand"
    for name in NAMES | {"decision"}:
        heading = next(csv.reader(io.StringIO(files[f"{name}.csv"])))
        assert heading == [column for table, column in units if table == name]
    rows = list(csv.DictReader(io.StringIO(files["market.csv"])))
    assert [float(row["cards_k"]) for row in rows] == tables(over)["market"]["cards_k"].to_list()


# -- files ------------------------------------------------------------------------------------------------------------


def test_nothing_is_overwritten(tmp_path: Path):
    folder = tmp_path / "new" / "folder"
    paths = [write_new(folder, "cambricon-2026Q1.html", text) for text in (b"one", b"two", b"three")]
    assert [path.name for path in paths] == [f"cambricon-2026Q1{number}.html" for number in ("", "-2", "-3")]
    assert [path.read_bytes() for path in paths] == [b"one", b"two", b"three"]
    paths[1].unlink()
    assert free_name(folder, "cambricon-2026Q1.html") == paths[1]


@pytest.mark.parametrize("inside", ["a file/page.html", "nul\0.html", "~nobody-of-this-name/page.html"])
def test_a_place_that_cannot_be_is_told(inside: str, tmp_path: Path):
    (tmp_path / "a file").write_text("kept")
    path = Path(inside) if inside.startswith("~") else tmp_path / inside
    with pytest.raises(MarketSimError, match="cannot be written"):
        write_new(path.parent, path.name, b"")
    assert (tmp_path / "a file").read_text() == "kept"


# -- page -------------------------------------------------------------------------------------------------------------


class Reader(HTMLParser):
    """Notes tags, attributes and texts, and that every tag is closed by its own."""

    EMPTY = frozenset({"meta", "br", "line", "polyline", "circle"})

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in self.EMPTY:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open[-1:] != ["style"] and data.strip():
            self.texts.append(data.strip())

    def named(self, tag: str, **attributes: str) -> list[dict[str, str | None]]:
        return [found for name, found in self.tags if name == tag and attributes.items() <= found.items()]


EVIL = '<script>alert("1")</script> & \'"'


def chart(*curves: Curve, labels: int = 3, numbered: tuple[int, ...] = ()) -> Chart:
    names = [f"2025Q{quarter + 1}" for quarter in range(labels)]
    return Chart("Share", curves, names, 0.0, 10.0, [(0.0, "0"), (10.0, "10")], numbered)


def page(*blocks, language: str = "en") -> Reader:
    text = render(Page(language, "A game", ["one", "two"], [Section("Section", blocks)], "made with"))
    reader = Reader(text)
    assert not reader.open
    return reader


def test_every_text_is_escaped():
    blocks = [
        Text(EVIL),
        Bars([Row(EVIL, 1.0, EVIL)]),
        Charts(EVIL, [Chart(EVIL, [Curve(EVIL, [1.0])], [EVIL], 0.0, 1.0, [(0.0, EVIL)])]),
        Points([Point(EVIL, EVIL)]),
        Table([EVIL], [[EVIL]]),
    ]
    text = render(Page("en", EVIL, [EVIL], [Section(EVIL, blocks)], EVIL))
    assert "<script" not in text
    reader = Reader(text)
    assert not reader.named("script") and reader.texts.count(EVIL) == 17
    assert reader.named("svg", role="img")[0]["aria-label"] == EVIL


def test_the_page_asks_nobody_for_anything():
    blocks = [Text("text"), Charts("", [chart(Curve("own", [1.0, 2.0, 3.0]))]), Bars([Row("a", 1.0, "1")])]
    text = render(Page("zh-CN", "一局", [], [Section("节", blocks)]))
    assert not re.search(r"https?:|src=|href=|url\(|@import|<link|<script", text)
    (policy,) = Reader(text).named("meta", **{"http-equiv": "Content-Security-Policy"})
    assert policy["content"] == "default-src 'none'; style-src 'unsafe-inline'"
    assert Reader(text).named("html") == [{"lang": "zh-CN"}]


def test_a_line_has_a_gap_where_there_is_no_value():
    reader = page(Charts("", [chart(Curve("a", [1, 2, math.nan, 4, 5], "own"), Curve("b", [1.0], "other"), labels=5)]))
    drawn = [found["points"] for found in reader.named("polyline", **{"class": "own"})]
    assert [len(str(points).split()) for points in drawn] == [2, 2, 2]  # two stretches, and the line of the legend
    assert len(reader.named("polyline", **{"class": "other"})) == 2


def test_values_stand_where_the_axis_says():
    one = chart(Curve("own", [0.0, 5.0, 10.0]), numbered=(2, 0))
    assert one.strokes(one.curves[0]) == [f"{LEFT},{BOTTOM} {(LEFT + RIGHT) / 2},{(TOP + BOTTOM) / 2} {RIGHT},{TOP}"]
    assert one.dots() == [(RIGHT, TOP), (LEFT, BOTTOM)]
    assert one.y(99.0) == TOP and one.y(-99.0) == BOTTOM
    assert chart(Curve("own", [math.nan, 1.0]), numbered=(0, 1, 2)).dots() == [(one.x(1), one.y(1.0))]
    assert chart(Curve("own", [1.0]), labels=1).x(0) == (LEFT + RIGHT) / 2


def test_no_more_labels_than_can_be_read():
    for count in (1, 2, 8, 9, 40, 200):
        shown = chart(Curve("own", [1.0]), labels=count).shown_labels()
        assert 1 <= len(shown) <= 8 and shown[0][1] == "2025Q1"
    named = Chart("t", [], ["", "", "-1", "", "0", "", "+1"], 0.0, 1.0, [])
    assert [label for _, label in named.shown_labels()] == ["-1", "0", "+1"]


def test_bars_start_at_zero_on_one_scale():
    bars = Bars([Row("gain", 30.0, "30"), Row("loss", -10.0, "-10"), Row("whole", 20.0, "20", "total")])
    assert bars.zero == 25
    assert [(start, length) for _, start, length in bars.spans()] == [(25, 75), (0, 25), (25, 50)]
    nothing = Bars([Row("nothing", 0.0, "0")])
    assert nothing.zero == 0 and [length for *_, length in nothing.spans()] == [0]
    only_losses = Bars([Row("loss", -5.0, "-5")])
    assert only_losses.zero == 100 and [span[1:] for span in only_losses.spans()] == [(0, 100)]


def test_figures_are_told_from_words():
    reader = page(Table(["What", "Worth"], [["as it was", "1"], ["what if", "2"]]))
    assert [found.get("class") for found in reader.named("td")] == [None, "figure"] * 2
    assert [found.get("class") for found in reader.named("th")] == [None, "figure"]
