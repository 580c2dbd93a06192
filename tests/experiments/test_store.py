"""Stores: whole files or none, damage that is found, folders of others that are left alone, and clear words."""

from __future__ import annotations

import errno
import json
import os
from pathlib import Path
from typing import Any

import fsspec
import pytest
from fsspec.implementations.memory import MemoryFileSystem

import marketsim as ms
from marketsim.errors import MarketSimError
from marketsim.experiments.design import rounds
from marketsim.experiments.plan import Chunk, Plan
from marketsim.experiments.store import MANIFEST, PROGRAM, Store, as_parquet, part
from marketsim.experiments.worker import Tables, Worker
from tests.experiments.playing import files, lively, parts


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Chunk, Tables]:
    trial = lively(tmp_path_factory.mktemp("store"), runs=50, keep={"quarters": 5, "vendors": 5})
    chunk = next(Plan(trial).chunks(next(rounds(trial))))[0]
    return chunk, Worker(trial, ms.strategies_of(trial.loaded.scenario))(chunk)


@pytest.fixture(params=["folder", "file://", "memory://"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Store:
    address = {
        "folder": str(tmp_path / "out"),
        "file://": f"file://{tmp_path}/out",
        "memory://": f"memory://{tmp_path}",
    }
    return Store(address[request.param])


def test_what_is_put_is_there(store: Store, made: tuple[Chunk, Tables]) -> None:
    chunk, tables = made
    store.prepare()
    assert not store.has(chunk) and store.keys() == set() and store.manifest() is None
    store.put(chunk.key, tables.parts())
    assert store.has(chunk) and store.is_intact(chunk) and store.keys() == {chunk.key}
    for name, table in tables.parts().items():
        found = store.table(name, chunk.key)
        assert found is not None and found.equals(table)
        assert store.units(part(name, chunk.key))["price" if name != "vendors" else "cards_k"]
    assert store.is_shared is (not store.address.startswith("memory"))


def test_the_same_table_gives_the_same_bytes(made: tuple[Chunk, Tables]) -> None:
    one, other = (as_parquet(made[1].runs, {"chunk": "k"}) for _ in range(2))
    assert one == other


def data_in(path: Path) -> int:
    """Where the last page of some column has its last byte."""
    import pyarrow.parquet as pq

    column = pq.read_metadata(path).row_group(0).column(5)
    start = column.dictionary_page_offset or column.data_page_offset
    return int(start + column.total_compressed_size - 1)


@pytest.mark.parametrize("table", ["runs", "quarters", "vendors"])
@pytest.mark.parametrize("damage", ["cut", "empty", "gone", "flipped", "nonsense", "of another"])
def test_damage_is_found(tmp_path: Path, made: tuple[Chunk, Tables], table: str, damage: str) -> None:
    chunk, tables = made
    store = Store(tmp_path)
    store.put(chunk.key, tables.parts())
    path = parts(tmp_path, table)[0]
    content = bytearray(path.read_bytes())
    if damage == "gone":
        path.unlink()
    elif damage == "flipped":
        content[data_in(path)] ^= 1
        path.write_bytes(content)
    elif damage == "of another":
        path.write_bytes(as_parquet(tables.parts()[table], {"chunk": "another"}))
    else:
        path.write_bytes({"cut": content[: len(content) // 2], "empty": b"", "nonsense": b"x" * 500}[damage])
    assert not store.is_intact(chunk)
    store.put(chunk.key, tables.parts())
    assert store.is_intact(chunk)


def test_a_part_with_other_runs_is_not_taken_for_the_chunk(tmp_path: Path, made: tuple[Chunk, Tables]) -> None:
    chunk, tables = made
    store = Store(tmp_path)
    store.put(chunk.key, {**tables.parts(), "runs": tables.runs.slice(0, 49)})
    assert not store.is_intact(chunk)


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EROFS, errno.EDQUOT, errno.EIO])
@pytest.mark.parametrize("at", ["write_bytes", "replace"])
def test_what_cannot_be_written_leaves_nothing(
    tmp_path: Path, made: tuple[Chunk, Tables], monkeypatch: pytest.MonkeyPatch, number: int, at: str
) -> None:
    chunk, tables = made
    store = Store(tmp_path)

    def half(path: Path, content: bytes) -> int:
        with path.open("wb") as file:
            file.write(content[: len(content) // 2])
        raise OSError(number, os.strerror(number))

    def fail(one: str, other: str) -> None:
        raise OSError(number, os.strerror(number))

    with monkeypatch.context() as patched:
        patched.setattr(Path, "write_bytes", half) if at == "write_bytes" else patched.setattr(os, "replace", fail)
        with pytest.raises(
            MarketSimError, match=f"quarters/{chunk.key}.parquet cannot be written: {os.strerror(number)}"
        ):
            store.put(chunk.key, tables.parts())
    assert files(tmp_path) == {}
    assert not store.has(chunk)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_a_full_device(tmp_path: Path, made: tuple[Chunk, Tables], monkeypatch: pytest.MonkeyPatch) -> None:
    write = Path.write_bytes
    monkeypatch.setattr(Path, "write_bytes", lambda path, content: write(Path("/dev/full"), content))
    with pytest.raises(MarketSimError, match="cannot be written: No space left on device"):
        Store(tmp_path).put(made[0].key, made[1].parts())


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_read_only_folder(tmp_path: Path, made: tuple[Chunk, Tables]) -> None:
    tmp_path.chmod(0o555)
    with pytest.raises(MarketSimError, match="cannot be written: Permission denied"):
        Store(tmp_path / "out").put(made[0].key, made[1].parts())


@pytest.mark.skipif(not Path("/proc/version").exists(), reason="needs a file system that takes nothing")
def test_a_file_system_that_takes_nothing(made: tuple[Chunk, Tables]) -> None:
    with pytest.raises(MarketSimError, match=r"/proc/out/quarters/.* cannot be written: No such file or directory"):
        Store("/proc/out").put(made[0].key, made[1].parts())


def test_folders_of_others_are_left_as_they_are(tmp_path: Path) -> None:
    (tmp_path / "thesis.tex").write_text("years of work")
    with pytest.raises(MarketSimError, match=r"holds other files \(thesis.tex\) and is left as it is: choose a new"):
        Store(tmp_path).prepare()
    assert set(files(tmp_path)) == {"thesis.tex"}
    (tmp_path / MANIFEST).write_text('{"name": "an app"}')
    with pytest.raises(MarketSimError, match=r"manifest\.json is not that of an experiment"):
        Store(tmp_path).prepare()


def test_files_beside_results_and_hidden_ones_do_not_matter(tmp_path: Path) -> None:
    (tmp_path / ".DS_Store").write_text("")
    Store(tmp_path).prepare()
    (tmp_path / MANIFEST).write_text(json.dumps({"program": PROGRAM, "format": 1}))
    (tmp_path / "report.html").write_text("")
    Store(tmp_path).prepare()


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("{", "is damaged: it is no JSON"),
        ("[]", "is not that of an experiment"),
        (
            json.dumps({"program": PROGRAM, "format": 99, "version": "9.9"}),
            "another version: format 99 of marketsim 9.9",
        ),
        (json.dumps({"program": PROGRAM}), "another version: format None"),
    ],
)
def test_manifests_that_cannot_be_used(tmp_path: Path, content: str, said: str) -> None:
    (tmp_path / MANIFEST).write_text(content)
    for use in (Store(tmp_path).prepare, Store(tmp_path).manifest, lambda: ms.open_results(tmp_path)):
        with pytest.raises(MarketSimError, match=said):
            use()


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("nowhere://x/y", "nowhere://x/y cannot be reached: Protocol not known: nowhere"),
        ("smb://x/y", "smb://x/y cannot be reached: .*smbprotocol"),
    ],
)
def test_addresses_that_nobody_knows(address: str, said: str) -> None:
    with pytest.raises(MarketSimError, match=said):
        Store(address)


def test_an_address_that_is_a_file(tmp_path: Path) -> None:
    (tmp_path / "out").write_text("")
    with pytest.raises(MarketSimError, match="out cannot be written: it is a file and not a folder"):
        Store(tmp_path / "out").prepare()


def test_what_killed_processes_left_half_written_goes(tmp_path: Path, made: tuple[Chunk, Tables]) -> None:
    store = Store(tmp_path)
    store.put(made[0].key, made[1].parts())
    store.write(MANIFEST, json.dumps({"program": PROGRAM, "format": 1}).encode())
    left = tmp_path / "runs" / f".{made[0].key}.parquet.0123.unfinished"
    left.write_bytes(b"half")
    assert store.keys() == {made[0].key}
    store.prepare()
    assert not left.exists() and store.is_intact(made[0])


def test_what_another_run_sweeps_away_is_written_again(
    tmp_path: Path, made: tuple[Chunk, Tables], monkeypatch: pytest.MonkeyPatch
) -> None:
    store, replace, swept = Store(tmp_path), os.replace, list[str]()

    def meanwhile(unfinished: str, path: str) -> None:
        if path not in swept:
            swept.append(path)
            Store(tmp_path).sweep()
            assert not Path(unfinished).exists()
        replace(unfinished, path)

    monkeypatch.setattr(os, "replace", meanwhile)
    store.put(made[0].key, made[1].parts())
    assert len(swept) == 3 and store.is_intact(made[0])
    assert not list(tmp_path.rglob("*.unfinished"))


def test_a_folder_that_goes_for_good_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = Store(tmp_path / "out")
    monkeypatch.setattr(os, "replace", lambda unfinished, path: Path(unfinished).unlink() or os.stat(unfinished))
    with pytest.raises(MarketSimError, match="out/a cannot be written: No such file or directory"):
        store.write("a", b"1")


def test_a_run_that_begins_at_the_same_moment_is_no_stranger(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It writes its manifest between two looks at the folder."""
    read = Store.read

    def meanwhile(self: Store, name: str) -> bytes | None:
        found = read(self, name)
        (tmp_path / MANIFEST).write_text(json.dumps({"program": PROGRAM, "format": 1}))
        return found

    monkeypatch.setattr(Store, "read", meanwhile)
    Store(tmp_path).prepare()


def test_what_another_run_puts_away_meanwhile_is_no_error(
    store: Store, made: tuple[Chunk, Tables], monkeypatch: pytest.MonkeyPatch
) -> None:
    store.put("other", made[1].parts())
    keys = Store.keys
    there = {table: store.keys(table) for table in ("runs", "quarters", "vendors")}
    assert store.set_aside([]) == 1
    monkeypatch.setattr(Store, "keys", lambda self, table="runs": there[table])
    store.set_aside([])
    monkeypatch.setattr(Store, "keys", keys)
    assert store.keys() == set() and store.read(f"unused/{part('runs', 'other')}") is not None


def test_parts_that_are_not_used_are_moved_and_not_deleted(store: Store, made: tuple[Chunk, Tables]) -> None:
    chunk, tables = made
    store.put(chunk.key, tables.parts())
    store.put("other", tables.parts())
    assert store.set_aside([chunk.key]) == 1
    assert store.keys() == {chunk.key} and store.is_intact(chunk)
    for table in ("runs", "quarters", "vendors"):
        assert store.read(f"unused/{part(table, 'other')}") == as_parquet(tables.parts()[table], {"chunk": "other"})
    assert store.set_aside([chunk.key]) == 0


def test_a_store_travels_between_processes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import pickle

    monkeypatch.chdir(tmp_path)
    sent = pickle.dumps(Store("out"))
    monkeypatch.chdir("/")
    received: Any = pickle.loads(sent)
    received.write("a", b"1")
    assert (tmp_path / "out" / "a").read_bytes() == b"1"


class Remembering(MemoryFileSystem):
    """Keeps what it has listed, as file systems of object stores do."""

    protocol = "remembering"

    @classmethod
    def _strip_protocol(cls, path: str) -> str:
        return str(MemoryFileSystem._strip_protocol(path.replace("remembering://", "memory://")))

    def ls(self, path: str, detail: bool = True, **options: Any) -> Any:
        path = self._strip_protocol(path)
        if path not in self.dircache:
            self.dircache[path] = super().ls(path, detail=True)
        return self.dircache[path] if detail else [entry["name"] for entry in self.dircache[path]]

    def exists(self, path: str, **options: Any) -> bool:
        path = self._strip_protocol(path)
        folder = self.dircache.get(path.rpartition("/")[0])
        return super().exists(path) if folder is None else any(entry["name"] == path for entry in folder)

    def invalidate_cache(self, path: str | None = None) -> None:
        self.dircache.clear()


def test_what_another_process_has_written_since_is_seen(tmp_path: Path, made: tuple[Chunk, Tables]) -> None:
    fsspec.register_implementation("remembering", Remembering, clobber=True)
    chunk, tables = made
    here, elsewhere = Store(f"remembering://{tmp_path}"), Store(f"memory://{tmp_path}")  # which share what they hold
    elsewhere.put("earlier", tables.parts())
    assert here.keys() == {"earlier"} and not here.has(chunk)
    elsewhere.put(chunk.key, tables.parts())
    assert here.has(chunk) and here.keys() == {"earlier", chunk.key}


class CredentialsError(Exception):
    """No OSError, as those of botocore are none."""


@pytest.mark.parametrize(("call", "what"), [("cat_file", "read"), ("pipe_file", "written")])
def test_errors_of_what_reaches_an_address(monkeypatch: pytest.MonkeyPatch, call: str, what: str) -> None:
    def fail(*arguments: object, **options: object) -> None:
        raise CredentialsError("Unable to locate credentials")

    store = Store("memory://errors")
    monkeypatch.setattr(MemoryFileSystem, call, fail)
    with pytest.raises(MarketSimError, match=f"memory://errors/x cannot be {what}: Unable to locate credentials"):
        store.read("x") if what == "read" else store.write("x", b"content")
