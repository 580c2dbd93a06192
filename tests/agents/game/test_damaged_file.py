"""Game files that are damaged, foreign or edited, disks that fail and processes that die: told, and nothing worse."""

from __future__ import annotations

import errno
import json
import multiprocessing
import os
import random
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import cache
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from agents.game import Difference, Game, GameFileError, Saved, Setup, load, save
from agents.game.file import read_scenario
from agents.game.format import MAX_BYTES, checksum
from marketsim.errors import MarketSimError

reader = cache(read_scenario)
quick = settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def edited(path: Path, change: Callable[[dict[str, Any]], object], signed: bool = True) -> Path:
    """The file with a change.  signed: with the checksum that fits."""
    plain = json.loads(path.read_text(encoding="utf-8"))
    change(plain)
    if signed:
        plain["checksum"] = checksum(plain)
    path.write_text(json.dumps(plain), encoding="utf-8")
    return path


def put(where: str, value: object) -> Callable[[dict[str, Any]], None]:
    """A change that sets the value at a dotted path."""

    def change(plain: Any) -> None:
        *way, last = [int(key) if key.isdigit() else key for key in where.split(".")]
        for key in way:
            plain = plain[key]
        plain[last] = value

    return change


# Files that are none --------------------------------------------------------------------------------------------------


def refused(path: Path) -> str:
    """Why a file is refused; it is not touched by that."""
    before = path.read_bytes()
    with pytest.raises(GameFileError) as error:
        load(path, reader)
    assert path.read_bytes() == before and str(path) in str(error.value) and "game file" in str(error.value)
    return " ".join(str(error.value).split())


def test_a_file_cut_off_at_any_byte_is_refused(file: Path):
    whole = file.read_bytes()
    for length in range(len(whole) - 1):  # without the last line feed it is whole
        file.write_bytes(whole[:length])
        assert ("JSON" if length else "is empty") in refused(file)


def test_no_single_bit_can_flip_unnoticed(tmp_path: Path):
    game, file = Game(Setup(quarters=1)), tmp_path / "game.json"
    game.play()
    save(game, file)
    whole, original = file.read_bytes(), load(file, reader)
    for index in range(len(whole)):
        for bit in range(8):
            file.write_bytes(whole[:index] + bytes([whole[index] ^ 1 << bit]) + whole[index + 1 :])
            with suppress(GameFileError):
                assert load(file, reader) == original


CASES = [
    ("schema_version", 2, "schema_version: was written by a newer version of marketsim: "),
    ("schema_version", 0, "found: 0 allowed: greater than or equal to 1"),
    ("schema_version", True, "schema_version"),
    ("format", "other", "is not a game file of marketsim"),
    ("player", "Ann", "player: is not known here"),
    ("versions.numpy", 2.4, "versions.numpy"),
    ("scenario_hash", "xyz", "scenario_hash"),
    ("setup.seed", -1, "setup.seed"),
    ("setup.seed", 10**4000, "setup.seed"),
    ("setup.difficulty", "insane", "'easy', 'normal' or 'hard'"),
    ("setup.vendor", "cambrikon", "setup.vendor: china-ai-chips has no such vendor"),
    ("setup.scenario", "nowhere", "setup.scenario: cannot be used: there is no scenario 'nowhere'"),
    ("setup.scenario", "/etc/passwd", "setup.scenario: is no scenario file"),
    ("setup.scenario", "a" * 3000 + ".yaml", "setup.scenario: cannot be used"),
    ("setup.quarters", 41, "setup.quarters: are too many"),
    ("setup.quarters", 1, "quarters: are more than the game has"),
    ("setup.vendor", None, "quarters.0.plan: is not known where nobody is played"),
    ("quarters", {}, "quarters"),
    ("quarters.0.plan", None, "quarters.0.plan: is required and missing"),
    ("quarters.0.plan", {"price": 3}, "quarters.0.plan.capacity: is required and missing"),
    ("quarters.1.plan.price", -3, "quarters.1.plan.price: cannot be decided"),
    ("quarters.1.plan.price", "61", "quarters.1.plan.price"),
    ("quarters.1.plan.price", 10**400, "quarters.1.plan.price"),
    ("quarters.1.plan.capacity", 3, "quarters.1.plan.capacity"),
    ("quarters.1.plan.capacity", {"n2": 0.1}, "allowed: n12, n7, n5"),
    ("quarters.1.plan.product_node", "n2", "quarters.1.plan.product_node: cannot be decided"),
    ("quarters.1.plan.wage", 3, "quarters.1.plan.wage: is not known here"),
    ("quarters.1.digest", "123", "quarters.1.digest"),
    ("quarters.1.cash", "much", "quarters.1.cash"),
    ("draft.product_node", "n2", "draft.product_node: cannot be decided"),
    ("draft.price", [1], "draft.price"),
]


@pytest.mark.parametrize(("where", "value", "said"), CASES, ids=[f"{case[0]}-{n}" for n, case in enumerate(CASES)])
def test_what_cannot_be_is_named_with_its_field(file: Path, where: str, value: object, said: str):
    assert said in refused(edited(file, put(where, value)))


def test_an_edited_file_is_refused_until_its_checksum_is_taken_out(file: Path):
    said = refused(edited(file, put("quarters.1.plan.price", 55.0), signed=False))
    assert "checksum: does not fit" in said and "if you edited it, delete its field checksum" in said
    saved = load(edited(file, lambda plain: plain.pop("checksum"), signed=False))
    assert saved.plans[1] is not None and saved.plans[1].price == 55.0
    assert saved.check(saved.game()) == Difference("2025Q2", close=False, scenario_changed=False)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b'{"name": "another program"}', "is not a game file of marketsim"),
        (b"[1, 2]", "a list of 2"),
        (b"extends: china-ai-chips\n", "is not valid JSON"),
        (b"[" * 100_000, "recursion"),
        (b'{"format": "marketsim-game", "seed": ' + b"9" * 5000 + b"}", "is not valid JSON"),
        (b'{"format": "marketsim-game", "cash": NaN}', "is not valid JSON"),
        (b"\x89PNG\r\n\x1a\n\0\0", "is not UTF-8 text"),
        (b"{}\0", "binary"),
        (b" " * (MAX_BYTES + 1), "is larger than 4 MB"),
        (b"\xff\xfe{\0}\0", "UTF-16"),
    ],
)
def test_foreign_files_are_refused(tmp_path: Path, content: bytes, said: str):
    path = tmp_path / "game.json"
    path.write_bytes(content)
    assert said in refused(path)


def test_what_is_no_file_is_refused(tmp_path: Path):
    for path in (tmp_path, tmp_path / "none.json", Path("/dev/zero")):
        with pytest.raises(GameFileError, match="game file"):
            load(path)


VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=8)
    | st.sampled_from([10**400, -0.0, "n7"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)


def places(plain: Any) -> Iterator[tuple[Any, Any]]:
    """Every mapping or list in a tree with every key of it."""
    for key in list(plain) if isinstance(plain, dict) else range(len(plain)) if isinstance(plain, list) else ():
        yield plain, key
        yield from places(plain[key])


@settings(quick, max_examples=250)
@given(data=st.data())
def test_whatever_stands_in_a_file_it_is_refused_or_means_something(begun: Game, tmp_path: Path, data: st.DataObject):
    path = tmp_path / "game.json"
    save(begun, path, begun.held())

    def change(plain: dict[str, Any]) -> None:
        for _ in range(data.draw(st.integers(1, 3))):
            inside, key = data.draw(st.sampled_from(list(places(plain))))
            match data.draw(st.sampled_from(["other", "gone", "more"])):
                case "other":
                    inside[key] = data.draw(VALUES)
                case "gone":
                    del inside[key]
                case "more" if isinstance(inside, dict):
                    inside[data.draw(st.text(max_size=5))] = data.draw(VALUES)

    before = edited(path, change, signed=data.draw(st.booleans())).read_bytes()
    try:
        saved = load(path, reader)
    except GameFileError as error:
        assert str(path) in str(error)
    else:
        assert isinstance(saved, Saved) and len(saved.plans) == len(saved.digests) == len(saved.cash)
    assert path.read_bytes() == before


# Disks that fail and processes that die -------------------------------------------------------------------------------


def no_space(*_: object, **__: object) -> None:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


@pytest.mark.parametrize("step", ["fsync", "replace"])
def test_a_full_disk_leaves_the_old_file(begun: Game, file: Path, monkeypatch: pytest.MonkeyPatch, step: str):
    before = file.read_bytes()
    monkeypatch.setattr(os, step, no_space)
    with pytest.raises(MarketSimError, match=r"game\.json cannot be written: No space left on device"):
        save(begun, file)
    assert file.read_bytes() == before and os.listdir(file.parent) == ["game.json"]


@contextmanager
def unprivileged() -> Iterator[None]:
    """As a user for whom permissions count."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(0)


def test_a_folder_that_cannot_be_written_leaves_the_old_file(begun: Game, file: Path):
    before = file.read_bytes()
    file.parent.chmod(0o555)
    with unprivileged(), pytest.raises(MarketSimError, match="cannot be written: Permission denied"):
        save(begun, file)
    file.parent.chmod(0o755)
    assert file.read_bytes() == before
    for path in (file / "game.json", file.parent, file.parent / ("a" * 300)):
        with pytest.raises(MarketSimError, match="cannot be written"):
            save(begun, path)
    assert os.listdir(file.parent) == ["game.json"]


def saving(game: Game, path: Path) -> None:
    for number in count():
        save(game, path, game.held().with_value("price", 10.0 + number % 90))


def dying(game: Game, path: Path, step: str) -> None:
    """Save, and be killed at a step of it."""
    setattr(os, step, lambda *_: os.kill(os.getpid(), signal.SIGKILL))
    save(game, path)


def test_a_killed_process_leaves_a_whole_file(begun: Game, file: Path):
    """At random moments of a loop, and at the worst: when nothing is sure to be on the disk, and before the new name."""
    process = multiprocessing.get_context("fork").Process
    chance = random.Random(1)
    for step in ["", "", "", "", "", "", "fsync", "replace"]:
        child = process(target=dying, args=(begun, file, step)) if step else process(target=saving, args=(begun, file))
        child.start()
        if not step:
            time.sleep(chance.uniform(0.02, 0.15))
            child.kill()
        child.join()
        assert child.exitcode == -signal.SIGKILL
        saved = load(file, reader)
        assert saved.check(begun) is None and saved.plans == tuple(begun.plans) and saved.draft is not None
