"""What can be taken out of a workshop: it comes back as it was, and holds no secret."""

from __future__ import annotations

import io
import json
import re
import shutil
import zipfile
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import get_args

import polars as pl
import pytest

from agents.game.debrief import series, what_if
from agents.game.export import columns_of
from agents.game.file import load
from agents.workshop import protocol as p
from agents.workshop.allowed import Refusal
from agents.workshop.desk import Desk
from agents.workshop.entries import FACILITATOR, Body, Opened, Restarted, Seated
from agents.workshop.export import EXPORTS, Language, Material, compared, export, exports_of, material_of
from agents.workshop.in_words import in_words
from agents.workshop.log import Log, LogError, read
from agents.workshop.room import rebuilt
from agents.workshop.secrets import hash_of
from agents.workshop.tables import COLUMNS
from marketsim.records import unit_of
from tests.command import called
from tests.tui.conftest import application, home, settle
from tests.workshop.debriefed import FACILITATORS_TOKEN, NAMES, TOLD, file, over
from tests.workshop.rooms import OPENED, SMALL, new_id
from tui.app import opened
from tui.sitting import Showing
from tui.workshop.report import REPORT

__all__ = ["home"]

ROOM = over().room
EVERY = REPORT | exports_of(OPENED.vendors)


@cache
def material(anonymous: bool = False, language: Language = "en") -> Material:
    with TemporaryDirectory() as folder:
        return material_of(file(Path(folder)), anonymous, language)


@cache
def made(name: str, anonymous: bool = False, language: Language = "en") -> bytes:
    return EVERY[name].make(material(anonymous, language))


def parts(content: bytes) -> dict[str, bytes]:
    """The files of a zip file by name; anything else is one of its own."""
    if not content.startswith(b"PK"):
        return {"": content}
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def texts(content: bytes) -> bytes:
    """All that can be read in a file; Parquet is unpacked."""
    return b"\n".join(
        pl.read_parquet(io.BytesIO(part)).write_csv().encode() if part.startswith(b"PAR1") else part
        for part in parts(content).values()
    )


def csv(anonymous: bool = False) -> dict[str, pl.DataFrame]:
    found = parts(made("csv", anonymous))
    return {Path(name).stem: pl.read_csv(content) for name, content in found.items() if name.endswith(".csv")}


# -- secrets and names -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("anonymous", [False, True])
@pytest.mark.parametrize("name", EVERY)
def test_no_export_holds_a_secret(name: str, anonymous: bool):
    secrets = [OPENED.secret, ROOM.code, *(ROOM.code_of(seat) for seat in ROOM.seats.values())]
    hashes = [hash_ for hash_ in ROOM.tokens]
    assert hash_of(FACILITATORS_TOKEN) in hashes and len(hashes) == 4
    content = texts(made(name, anonymous))
    for secret in (*secrets, *hashes, FACILITATORS_TOKEN, str(Path(SMALL).parent)):
        assert secret.encode() not in content


@pytest.mark.parametrize("name", EVERY)
def test_names_of_teams_can_be_left_out(name: str):
    told = {"Beta", "紫", "HYPERLINK", TOLD}
    shown = {text for text in told if text.encode() in texts(made(name))}
    expected = {"report": told - {TOLD}} | dict.fromkeys(("csv", "parquet", "log"), told)
    assert shown == expected.get(name, set())
    assert not any(text.encode() in texts(made(name, anonymous=True)) for text in told)


# -- replays -----------------------------------------------------------------------------------------------------------


def replayed(name: str, folder: Path):
    """The game that a replay tells of, and where it comes out otherwise."""
    shutil.copy(SMALL, folder)  # a scenario of one's own is looked for beside the file
    path = folder / EVERY[name].file
    path.write_bytes(made(name))
    saved = load(path)
    game = saved.game()
    return game, saved.check(game)


def test_the_market_is_watched_again_bit_for_bit(tmp_path: Path):
    game, difference = replayed("replay", tmp_path)
    assert difference is None and game.setup.vendor is None
    assert [turn.digest for turn in game.turns] == [turn.digest for turn in ROOM.game.turns]
    assert [company.interventions for company in game.company] == [each.interventions for each in ROOM.game.company]


@pytest.mark.parametrize("vendor", OPENED.vendors)
def test_a_team_can_take_its_own_game_home(vendor: str, tmp_path: Path):
    game, difference = replayed(f"replay-{vendor}", tmp_path)
    assert difference is None and game.setup.vendor == vendor
    lasted = {"cambricon-b": 5}.get(vendor, 6)  # which failed in the fifth quarter
    assert [turn.digest for turn in game.turns] == [turn.digest for turn in ROOM.game.turns][:lasted]
    assert game.over and game.alive == (vendor != "cambricon-b")
    for turn, company in zip(game.turns, ROOM.game.company, strict=False):
        assert vendor not in company.plans or turn.plan == company.plans[vendor]


def test_a_what_if_of_a_game_that_was_taken_home_keeps_its_company(tmp_path: Path):
    """With what was decided, nothing changes; if others followed their strategies, much would."""
    game, _ = replayed("replay-cambricon", tmp_path)
    same = what_if(game, "2025Q2", "price", game.turns[1].plan.price)
    assert same.other == same.own == series(game)
    assert what_if(game, "2025Q2", "price", 30.0).other != same.own


async def test_the_game_shows_a_replay(tmp_path: Path):
    replayed("replay", tmp_path)
    async with application(opening=opened(tmp_path / "replay.json", replay=True)) as pilot:
        await settle(pilot)
        session = pilot.app.session
        assert isinstance(session, Showing)
        while not session.ended:
            session.end_quarter()
        assert session.game.turns[-1].digest == ROOM.game.turns[-1].digest


# -- tables ------------------------------------------------------------------------------------------------------------


def test_every_table_is_there_with_the_unit_of_every_column():
    found = csv()
    units = found.pop("columns")
    ours = {"log", "submission", "decision", "team", "ranking"}
    assert found.keys() == ours | {"market", "segment", "vendor", "event", "attribution"}
    told = {(table, column): unit or "" for table, column, unit in units.iter_rows()}
    assert told == {(name, column): unit_of(column) for name, table in found.items() for column in table.columns}
    assert told["team", "cash_rmb_m"] == "RMB million"


def test_the_log_is_told_line_by_line():
    log = csv()["log"]
    assert log["seq"].to_list() == list(range(1, len(over().lines) + 1))
    assert log["branch"].to_list()[-1] == 1 and set(log["branch"]) == {0, 1}
    played = log.filter(pl.col("what") == "closed")
    assert played["quarter"].to_list() == [f"2025Q{n}" for n in (1, 2, 3, 3, 4)] + ["2026Q1", "2026Q2"]
    assert played["words"][0] == "the quarter is played, draft: 1, held: 1, submitted: 1"
    words = "\n".join(log["words"])
    for part in ("lets happen: Customs strike", f"tells cambricon-b: {TOLD}", "goes back to where 2 quarters", "joins"):
        assert part in words
    assert log["time"][0] == "2027-01-15T08:00:00.000+00:00"


def test_every_kind_of_line_has_words():
    id_, plan = new_id(), next(iter(ROOM.game.company[0].plans.values()))
    more = [
        p.Withdraw(id=id_, quarter="2025Q1"),
        p.Submit(id=id_, quarter="2025Q1", plan=plan),
        p.Open(id=id_, seconds=90),
        *(kind(id=id_) for kind in (p.Pause, p.Resume)),
        p.Extend(id=id_, seconds=60),
        p.Intervene(id=id_, policy="no-rescue"),
        p.Release(id=id_, vendor="biren"),
        p.Show(id=id_, results="public", ranking="named"),
        Restarted(marketsim="1"),
        Seated(vendor="biren", name=None, token_hash="0" * 64),
    ]
    bodies = [*(entry.body for entry in material().entries), *more]
    assert {type(body) for body in bodies} == set(get_args(Body))
    assert all(in_words(body) for body in bodies)
    assert in_words(more[2]) == "opens the quarter for 90 s"
    assert in_words(more[8]) == "shows results public, ranking named"


def test_decisions_are_the_plans_of_the_quarters():
    decisions = csv()["decision"]
    plans = [
        (turn.now.name, vendor, plan)
        for turn, company in zip(ROOM.game.turns, ROOM.game.company, strict=True)
        for vendor, plan in company.plans.items()
    ]
    assert [row[:2] for row in decisions.select("quarter", "vendor").iter_rows()] == [plan[:2] for plan in plans]
    for row, (_, _, plan) in zip(decisions.iter_rows(named=True), plans, strict=True):
        for column, value in columns_of(plan).items():
            assert row[column] == (pytest.approx(value) if isinstance(value, float) else value)
    submitted = csv()["submission"]
    assert len(submitted) == sum(isinstance(each.body, p.Submit) for each in material().entries) == 4
    assert submitted["price_krmb"].is_not_null().all()


def test_figures_of_teams_are_those_of_the_debrief_and_of_the_market():
    found, past = csv(), material().debrief
    for team in past.teams:
        own = found["team"].filter(pl.col("vendor") == team.vendor)
        for figure, column in COLUMNS.items():
            assert own[column].to_list() == pytest.approx(team.figures[figure], nan_ok=True), figure
        there = found["vendor"].filter(pl.col("vendor") == team.vendor)
        both = own.join(there, "quarter").filter(pl.col("cash_rmb_m").is_not_null())
        for column in ("revenue_rmb_m", "cash_rmb_m", "cards_k", "contracts_k_per_quarter"):
            assert both[column].to_list() == pytest.approx(both[f"{column}_right"].to_list(), abs=1e-9)
    assert found["ranking"]["value_rmb_m"].to_list() == pytest.approx([each.value for each in past.ranking])


def test_a_spreadsheet_computes_no_name():
    names = {name for table in ("log", "team", "decision") for name in csv()[table]["team"].drop_nulls()}
    assert names == {"'" + NAMES["biren"], NAMES["cambricon"], NAMES["cambricon-b"]}


def test_parquet_holds_the_same_tables():
    found = parts(made("parquet"))
    about = json.loads(found.pop("metadata.json"))
    tables = {Path(name).stem: pl.read_parquet(io.BytesIO(content)) for name, content in found.items()}
    expected = csv()
    expected.pop("columns")
    assert tables.keys() == expected.keys() == about["tables"].keys()
    for name, table in tables.items():
        assert (table.columns, table.height) == (expected[name].columns, expected[name].height)
        assert about["tables"][name]["columns"] == {column: unit_of(column) for column in table.columns}
    assert about["title"] == OPENED.title and about["seed"] == 3 and about["teams"] == 3
    assert tables["team"]["cash_rmb_m"].dtype == pl.Float64


# -- the log -----------------------------------------------------------------------------------------------------------


def test_the_log_opens_as_the_same_room_that_nobody_has_a_key_to(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    shutil.copy(SMALL, tmp_path)
    monkeypatch.chdir(tmp_path)  # where the room's own scenario is looked for now
    path = tmp_path / "taken.db"
    path.write_bytes(made("log"))
    log = Log(path)
    room = rebuilt(log.entries())
    lines = log.lines()
    log.close()
    assert room.differs is None and room.phase == "debrief"
    assert [turn.digest for turn in room.game.turns] == [turn.digest for turn in ROOM.game.turns]
    assert [seat.name for seat in room.seats.values()] == list(NAMES.values())
    assert room.code != ROOM.code and not room.tokens.keys() & ROOM.tokens.keys()
    original = [(entry.seq, entry.at, entry.who, entry.body.kind) for entry in material().entries]
    assert [(entry.seq, entry.at, entry.who, entry.body.kind) for entry in read(lines, path)] == original
    opened_ = next(read(lines, path)).body
    assert isinstance(opened_, Opened) and opened_.setup.scenario == "small.yaml"


# -- the report --------------------------------------------------------------------------------------------------------


@cache
def report(language: Language) -> str:
    return REPORT["report"].make(compared(material(language=language), workers=1)).decode()


@pytest.mark.parametrize(("language", "title"), [("en", "Is it photovoltaics again?"), ("zh", "光伏会重演吗？")])
def test_the_report_is_one_page_that_needs_no_network(language: Language, title: str):
    page = report(language)
    assert title in page and OPENED.title in page and "Beta" in page
    assert not re.search(r"https?://|<script|<link|<img|<iframe|@import|url\(|\ssrc=|\shref=", page)
    assert "default-src 'none'" in page
    assert "<b>紫" not in page and "&lt;b&gt;紫" in page


def test_the_report_says_what_the_debrief_says():
    page = report("en")
    assert "In the end: no shakeout: sheltered" in page
    assert "Of 1,000 simulated rooms, none ends as this one." in page
    assert "by the facilitator: Customs strike" in page
    for each in material().debrief.ranking:
        assert f"{each.place}. " in page
    assert page.count("<figure>") == 4 + 4 * 3


# -- how one gets them -------------------------------------------------------------------------------------------------


async def test_a_server_makes_them_while_the_market_goes_on(tmp_path: Path):
    async with Desk(Log(tmp_path / "room"), OPENED) as desk:
        with pytest.raises(Refusal, match="no quarter has been played"):
            await export(desk, EXPORTS["csv"])
        await desk.do(FACILITATOR, p.Open(id=new_id()))
        await desk.do(FACILITATOR, p.Close(id=new_id()))
        await desk.do(FACILITATOR, p.Open(id=new_id()))
        for name, what in EVERY.items():
            assert await export(desk, what), name
        assert desk.debriefing.simulations._task is None  # rooms are simulated when it is over
        assert desk.room.phase == "open" and desk.room.played == 1


def test_the_command_writes_all_of_them(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    source, out = file(tmp_path), tmp_path / "out"
    before = source.read_bytes()
    done = called(capsys, ["workshop", "export", str(source), "-o", str(out), "--language", "zh"])
    assert done.code == 0
    assert {path.name for path in out.iterdir()} == {each.file for each in EVERY.values()}
    assert done.out.split() == [str(out / each.file) for each in EVERY.values()]
    assert "光伏会重演吗？" in (out / "report.html").read_text(encoding="utf-8")
    assert source.read_bytes() == before and sorted(tmp_path.iterdir()) == sorted([source, out])
    again = called(capsys, ["workshop", "export", str(source), "-o", str(out), "--only", "csv", "--anonymous"])
    assert again.out.split() == [str(out / "tables-2.zip")]
    assert b"Beta" not in parts((out / "tables-2.zip").read_bytes())["team.csv"]


def test_the_command_says_what_is_wrong(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    def err(*arguments: str) -> str:
        done = called(capsys, ["workshop", "export", *arguments])
        assert done.code == 1 and done.out == ""
        return done.err

    assert "there is no such file" in err(str(tmp_path / "none"))
    other = tmp_path / "other"
    other.write_text("something else")
    assert "no file of a workshop" in err(str(other))
    source = file(tmp_path)
    assert "there is no export 'cvs'; did you mean 'csv'?" in err(str(source), "--only", "cvs")
    log = Log(source)
    list(log.entries())
    log.write([(FACILITATOR, p.Tell(id=new_id(), text="x"))])
    assert "another server has it open" in err(str(source))
    log.close()
    new = tmp_path / "new"
    begun = Log(new)
    begun.write([("server", OPENED)])
    begun.close()  # not when it is collected, which may be later
    assert "no quarter has been played" in err(str(new))


def test_a_damaged_log_is_told(tmp_path: Path):
    found = material()
    lines = list(found.lines)
    lines[3] = (*lines[3][:3], lines[3][3].replace("cambricon", "biren"), lines[3][4])
    with pytest.raises(LogError, match="line 4"):
        EXPORTS["csv"].make(Material(found.taken, lines, tmp_path, found.debrief))
