"""Where games are kept: every running game has its own file, old ones go, and one bad file hides no other."""

from __future__ import annotations

import multiprocessing
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from agents.game import Game, Setup, saves
from agents.game.saves import Autosave, delete, entries, folder, keep
from marketsim import places
from marketsim.errors import MarketSimError

DAY = 24 * 3600.0


@pytest.fixture(scope="module")
def game() -> Game:
    game = Game(Setup(vendor="cambricon", quarters=3))
    game.play(game.held())
    return game


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv(places.HOME, str(tmp_path))
    return tmp_path


def aged(path: Path, seconds: float) -> Path:
    then = time.time() - seconds
    os.utime(path, (then, then))
    return path


def begun(game: Game) -> Path:
    own = Autosave()
    own.save(game)
    return own.path


def test_games_are_kept_in_the_users_folder(home: Path, monkeypatch: pytest.MonkeyPatch):
    assert folder() == home / "games" and entries() == [] and not folder().exists()
    monkeypatch.delenv(places.HOME)
    monkeypatch.setenv("XDG_DATA_HOME", str(home / "data"))
    if sys.platform == "linux":
        assert folder() == home / "data" / "marketsim" / "games"


def test_the_list_shows_what_there_is_newest_first(game: Game):
    by_hand, automatic = aged(keep(game), 50.0), aged(begun(game), 10.0)
    first, second = entries()
    assert (first.path, first.automatic, second.path, second.automatic) == (automatic, True, by_hand, False)
    assert first.saved is not None and first.problem is None
    shown = first.saved
    assert (shown.scenario.title.zh, shown.setup.vendor, shown.reached) == ("中国AI芯片", "cambricon", "2025Q1")
    assert abs(first.when.timestamp() - (time.time() - 10.0)) < 5.0 and first.when.tzinfo is not None


def test_a_damaged_file_is_in_the_list_and_hides_no_other(game: Game):
    good = aged(keep(game), 50.0)
    bad = folder() / "bad.json"
    bad.write_bytes(good.read_bytes()[:100])
    (folder() / "folder.json").mkdir()
    (folder() / "lost.json").symlink_to(folder() / "nowhere")
    found = {entry.path.name: entry for entry in entries()}
    assert set(found) == {"bad.json", "folder.json", good.name}
    assert found[good.name].saved is not None
    for name, said in (("bad.json", "not valid JSON"), ("folder.json", "is a directory")):
        assert found[name].saved is None and said in str(found[name].problem)


def test_an_autosave_is_one_file_that_grows_with_its_game(game: Game):
    own = Autosave()
    assert not own.path.exists()
    played = Game(game.setup)
    own.save(played, played.held().with_value("price", 44.0))
    played.play(played.held())
    own.save(played)
    (entry,) = entries()
    assert entry.path == own.path and entry.saved is not None and len(entry.saved.plans) == 1


def playing(game: Game) -> None:
    own = Autosave()
    for price in (20.0, 30.0, 40.0):
        own.save(game, game.held().with_value("price", price))


def test_games_played_at_once_do_not_overwrite_each_other(game: Game):
    processes = [multiprocessing.get_context("fork").Process(target=playing, args=(game,)) for _ in range(4)]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
    assert [process.exitcode for process in processes] == [0] * 4
    drafts = [entry.saved.draft for entry in entries() if entry.saved is not None]
    assert [draft.price for draft in drafts if draft is not None] == [40.0] * 4


def test_a_game_that_goes_on_replaces_its_autosave_once_it_is_written(game: Game):
    old, kept = begun(game), keep(game)
    one, other = Autosave(old), Autosave(old)
    assert old.exists()
    one.save(game)
    other.save(game)  # the same save continued twice is two games
    Autosave(kept).save(game)
    assert not old.exists() and kept.exists() and one.path.exists() and other.path.exists() and len(entries()) == 4


def test_a_game_that_cannot_be_written_keeps_the_file_it_goes_on_from(game: Game, monkeypatch: pytest.MonkeyPatch):
    old = begun(game)
    own = Autosave(old)
    own.path = old / "not-a-folder.json"
    with pytest.raises(MarketSimError, match="cannot be written"):
        own.save(game)
    assert [entry.path for entry in entries()] == [old]


def test_old_autosaves_go_and_what_is_kept_or_fresh_stays(game: Game):
    kept = aged(keep(game), 99 * DAY)
    old = [aged(begun(game), (2 + number) * DAY) for number in range(22)]
    fresh = [begun(game) for _ in range(3)]
    left = {entry.path for entry in entries()}
    assert left == {kept, *fresh, *old[: saves.AUTOSAVES - 3]}
    many = [begun(game) for _ in range(saves.AUTOSAVES + 2)]  # all may be in play
    assert {entry.path for entry in entries()} == {kept, *fresh, *many}


def test_what_a_killed_process_left_behind_goes_after_a_day(game: Game):
    begun(game)
    lost, current = folder() / ".1.unfinished", folder() / ".2.unfinished"
    for path in (lost, current):
        path.write_text("{")
    aged(lost, 2 * DAY)
    begun(game)
    assert not lost.exists() and current.exists() and len(entries()) == 2


def test_an_autosave_that_was_removed_is_written_again(game: Game):
    own = Autosave()
    own.save(game)
    delete(own.path)
    delete(own.path)
    assert entries() == []
    own.save(game)
    assert [entry.path for entry in entries()] == [own.path]


def test_a_folder_that_is_none_says_so(game: Game):
    folder().mkdir()
    with pytest.raises(MarketSimError, match="cannot be deleted"):
        delete(folder())
    folder().rmdir()
    folder().write_text("")
    with pytest.raises(MarketSimError, match="games cannot be read: Not a directory"):
        entries()
    with pytest.raises(MarketSimError, match="cannot be written"):
        Autosave().save(game)


def test_names_never_collide(game: Game):
    assert len({Autosave().path for _ in range(2000)}) == 2000


def test_a_list_of_saves_needs_no_mesa(game: Game):
    keep(game)
    code = "import sys; from agents.game import saves; print(len(saves.entries()), 'mesa' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["1", "False"]
