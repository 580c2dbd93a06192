"""Where the results of an experiment are kept: Parquet parts named by what is in them, in a folder or at any address.

experiment.yaml, scenario.yaml    the experiment as it was run, with everything that it names
manifest.json                     versions, policies, outcomes with units, and the parts that belong to it
points.parquet                    one row a point: its number, and the value of every uncertain parameter
runs/KEY.parquet                  one row a run; written last, it says that the chunk is done
quarters/KEY.parquet              every quarter of the runs whose path is kept
vendors/KEY.parquet               every vendor by year of the runs whose vendors are kept
unused/                           parts of an earlier version of the experiment

A part is there as a whole or not at all: it appears under its name once it is written. Pages have checksums.
Several processes may run the same experiment into the same store: all write the same bytes.
"""

from __future__ import annotations

import io
import json
import os
import uuid
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from marketsim.errors import MarketSimError, listing, printable
from marketsim.experiments.plan import FORMAT, Chunk

if TYPE_CHECKING:
    import pyarrow as pa

MANIFEST = "manifest.json"
POINTS = "points.parquet"
PROGRAM = "marketsim experiment"
TABLES = ("quarters", "vendors", "runs")
"""Folders of parts; `runs` comes last."""
UNUSED = "unused"
_UNFINISHED = ".unfinished"
_TRIES = 10
"""Times that a file is written, if another run of the experiment sweeps it away each time; it sweeps twice in all."""


class Store:
    """Results at an address: the path of a folder, or what fsspec can reach, such as s3://bucket/folder."""

    def __init__(self, address: str | Path) -> None:
        self.name = printable(str(address), 400)
        self.address = str(address)
        with self._explained():
            if self.is_local:
                self.address = self._root  # workers may have been started in another folder

    @property
    def file_system(self) -> Any:
        """The file system, of this process: fsspec keeps it, and makes another one in a forked process."""
        return self._found[0]

    @property
    def _now(self) -> Any:
        """The file system without the listings that it remembers: other processes may have written since."""
        self.file_system.invalidate_cache()
        return self.file_system

    @property
    def _root(self) -> str:
        return str(self._found[1]).rstrip("/")

    @property
    def _found(self) -> tuple[Any, Any]:
        from fsspec.core import url_to_fs

        try:
            found: tuple[Any, Any] = url_to_fs(self.address)
        except (ValueError, ImportError) as error:  # a protocol that nobody knows, or a library that is not there
            raise MarketSimError(f"{self.name} cannot be reached: {error}") from None
        return found

    @property
    def is_local(self) -> bool:
        """Whether it is a folder of this machine."""
        from fsspec.implementations.local import LocalFileSystem

        return isinstance(self.file_system, LocalFileSystem)

    @property
    def is_shared(self) -> bool:
        """Whether other processes see what this one writes."""
        from fsspec.implementations.memory import MemoryFileSystem

        return not isinstance(self.file_system, MemoryFileSystem)

    def path(self, name: str) -> str:
        """The full path of a file, as its file system knows it."""
        return f"{self._root}/{name}"

    def write(self, name: str, content: bytes) -> None:
        """Write a file as a whole. Raises MarketSimError, naming it, if that fails; nothing is left of it then."""
        with self._explained(name):
            fs, path = self.file_system, self.path(name)
            fs.makedirs(path.rpartition("/")[0], exist_ok=True)
            if not self.is_local:
                fs.pipe_file(path, content)  # stores of objects show an object once it is whole
                return
            for _ in range(_TRIES - 1):
                with suppress(FileNotFoundError):
                    return _write_beside(path, content)
            _write_beside(path, content)

    def read(self, name: str) -> bytes | None:
        """A file, None if it is not there. Raises MarketSimError if it cannot be read."""
        with self._explained(name, "read"):
            try:
                return bytes(self.file_system.cat_file(self.path(name)))
            except FileNotFoundError:
                return None

    def put(self, key: str, tables: Mapping[str, pa.Table]) -> None:
        """Write the tables of a chunk by name, `runs` last."""
        for name in sorted(tables, key=TABLES.index):
            self.write(part(name, key), as_parquet(tables[name], {"chunk": key}))

    def keys(self, table: str = "runs") -> set[str]:
        """Keys of the parts of a table that are there."""
        with self._explained(table, "read"):
            try:
                names = self._now.ls(self.path(table), detail=False)
            except FileNotFoundError:
                return set()
        files = (str(name).rpartition("/")[2] for name in names)
        return {file.removesuffix(".parquet") for file in files if file.endswith(".parquet") and file[0] != "."}

    def has(self, chunk: Chunk) -> bool:
        """Whether a chunk is done."""
        with self._explained(part("runs", chunk.key), "read"):
            return bool(self._now.exists(self.path(part("runs", chunk.key))))

    def is_intact(self, chunk: Chunk) -> bool:
        """Whether all parts of a chunk can be read to the end, with the right checksums and number of runs."""
        wanted = {"runs": chunk.runs, "quarters": sum(chunk.quarters), "vendors": sum(chunk.vendors)}
        for table in (name for name in TABLES if wanted[name]):
            found = self.table(table, chunk.key)
            if found is None or _runs(found) != wanted[table]:
                return False
        return True

    def table(self, name: str, key: str, columns: list[str] | None = None) -> pa.Table | None:
        """A part with checksums verified, None if it is missing or damaged.  columns: all if not given."""
        content = self.read(part(name, key))
        return None if content is None else _verified(content, key, columns)

    def runs_done(self) -> tuple[int, int]:
        """Runs of the experiment that are there, and runs that have been planned so far."""
        manifest, there = self.manifest() or {"parts": {}}, self.keys()
        sizes = {key: tables["runs"] for keys in manifest["parts"].values() for key, tables in keys.items()}
        return sum(size for key, size in sizes.items() if key in there), sum(sizes.values())

    def has_footer(self, name: str, key: str) -> bool:
        """Whether a part is there and ends as a Parquet file of this chunk does; its pages are not looked at."""
        metadata = self._metadata(name)
        return metadata is not None and metadata.get(b"chunk") == key.encode()

    def units(self, name: str) -> dict[str, str]:
        """Units of the columns of a part, of those that have one."""
        found: dict[str, str] = json.loads((self._metadata(name) or {}).get(b"units", b"{}"))
        return found

    def _metadata(self, name: str) -> Mapping[bytes, bytes] | None:
        import pyarrow as pa
        import pyarrow.parquet as pq

        with self._explained(name, "read"):
            try:
                with self.file_system.open(self.path(name), "rb") as file:
                    found: Mapping[bytes, bytes] = pq.read_metadata(file).metadata or {}
            except FileNotFoundError:
                return None
            except pa.ArrowInvalid:
                return None
            return found

    def manifest(self) -> dict[str, Any] | None:
        """The manifest, None if there is none.

        Raises MarketSimError if it is damaged, not an experiment's, or of another version of the store.
        """
        content = self.read(MANIFEST)
        if content is None:
            return None
        try:
            found = json.loads(content)
        except ValueError:
            raise MarketSimError(f"{self.name}/{MANIFEST} is damaged: it is no JSON") from None
        if not isinstance(found, dict) or found.get("program") != PROGRAM:
            raise MarketSimError(f"{self.name}/{MANIFEST} is not that of an experiment")
        if found.get("format") != FORMAT:
            other = (
                f"format {found.get('format')!r} of marketsim {found.get('version')}; this one knows format {FORMAT}"
            )
            raise MarketSimError(f"{self.name} holds results of another version: {other}")
        return found

    def prepare(self) -> None:
        """Make sure that results may be written here, before anything is.

        Raises MarketSimError where the address holds other files and no experiment.
        """
        with self._explained():
            if self.file_system.isfile(self._root):
                raise NotADirectoryError(0, "it is a file and not a folder")
        names = [name for name in self._names() if not name.startswith(".")]  # before another run writes the manifest
        if self.manifest() is None and names:
            message = f"{self.name} holds other files ({listing(sorted(names), 3)}) and is left as it is"
            raise MarketSimError(f"{message}: choose a new or empty folder, or one with results of an experiment")
        self.sweep()

    def set_aside(self, used: Collection[str]) -> int:
        """Move the parts of chunks that are not used out of the way; gives the number of chunks."""
        moved = set()
        for table in TABLES:
            for key in sorted(self.keys(table) - set(used)):
                there = self.path(f"{UNUSED}/{part(table, key)}")
                with self._explained(part(table, key)):
                    self.file_system.makedirs(there.rpartition("/")[0], exist_ok=True)
                    with suppress(FileNotFoundError):  # another run has moved it meanwhile
                        self.file_system.mv(self.path(part(table, key)), there)
                moved.add(key)
        return len(moved)

    def _names(self) -> list[str]:
        with self._explained("", "read"):
            try:
                return [str(name).rstrip("/").rpartition("/")[2] for name in self._now.ls(self._root, detail=False)]
            except FileNotFoundError:
                return []

    def sweep(self) -> None:
        """Remove what killed processes left half written; what another run is writing, it writes again."""
        if not self.is_local:
            return
        for folder in ("", *TABLES):
            for left in Path(self._root, folder).glob(f".*{_UNFINISHED}"):
                with suppress(OSError):
                    left.unlink()

    @contextmanager
    def _explained(self, name: str = "", what: str = "written") -> Iterator[None]:
        """Says of a file that cannot be written or read what is wrong with it."""
        try:
            yield
        except Exception as error:
            # what reaches an address has errors of its own, such as botocore's of credentials that are missing
            if not isinstance(error, OSError) and type(error).__module__.partition(".")[0] in ("builtins", "marketsim"):
                raise
            place = f"{self.name}/{name}" if name else self.name
            why = getattr(error, "strerror", None) or str(error) or type(error).__name__
            raise MarketSimError(f"{place} cannot be {what}: {why}") from None


def _write_beside(path: str, content: bytes) -> None:
    """Write a local file under another name, then give it its own. Raises OSError; nothing is left of it then."""
    folder, _, last = path.rpartition("/")
    unfinished = f"{folder}/.{last}.{uuid.uuid4().hex}{_UNFINISHED}"
    try:
        Path(unfinished).write_bytes(content)
        os.replace(unfinished, path)
    except BaseException:
        with suppress(OSError):
            os.unlink(unfinished)
        raise


def part(table: str, key: str) -> str:
    """The name of a part."""
    return f"{table}/{key}.parquet"


def as_parquet(table: pa.Table, about: Mapping[str, str]) -> bytes:
    """A table as the bytes of a Parquet file, the same for the same table.

    about: goes into the metadata of the file, together with the units of all columns as JSON: not every reader shows
    the metadata of fields.
    """
    import pyarrow.parquet as pq

    units = {f.name: f.metadata[b"unit"].decode() for f in table.schema if f.metadata and b"unit" in f.metadata}
    told = {**about, "units": json.dumps(units, ensure_ascii=False)}
    buffer = io.BytesIO()
    pq.write_table(
        table.replace_schema_metadata(told), buffer, compression="zstd", compression_level=3, write_page_checksum=True
    )
    return buffer.getvalue()


def _runs(table: pa.Table) -> int:
    """How many runs a table has rows of."""
    return int(table.group_by(["point", "run"], use_threads=False).aggregate([]).num_rows)


def _verified(content: bytes, key: str, columns: list[str] | None) -> pa.Table | None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        file = pq.ParquetFile(io.BytesIO(content), page_checksum_verification=True, pre_buffer=False)
        table = file.read(columns=columns, use_threads=False)  # whose threads would not survive a fork
    except (pa.ArrowException, OSError):
        return None
    return table if (file.schema_arrow.metadata or {}).get(b"chunk") == key.encode() else None
