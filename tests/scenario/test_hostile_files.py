"""Whatever a file holds: a short message with the place, never another exception."""

from __future__ import annotations

import os
import re
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from marketsim.errors import Origin, ScenarioError
from marketsim.scenario import library
from marketsim.scenario.source import MAX_BYTES, MAX_DEPTH, MAX_ENTRIES, decode, parse, plain

BILLION_LAUGHS = "a: &a [x, x]\n" + "".join(
    f"{new}: &{new} [*{old}, *{old}]\n" for old, new in zip("abcdefgh", "bcdefghi", strict=True)
)

MANY_KEYS = b", ".join(b"key%d: 1" % n for n in range(150))

HOSTILE = {
    "empty": (b"", "is empty"),
    "only a comment": (b"# nothing\n", "is empty"),
    "a list": (b"- 1\n- 2\n", "a scenario is a mapping"),
    "a word": (b"hello", "a scenario is a mapping"),
    "null": (b"null", "a scenario is a mapping"),
    "aliases": (BILLION_LAUGHS.encode(), "line 2: YAML aliases such as \\*a are not allowed"),
    "python tag": (b"name: !!python/object/apply:os.system [id]\n", "line 1: YAML tags are not allowed: .*python"),
    "own tag": (b"a: 1\nname: !secret x\n", "line 2: YAML tags are not allowed: !secret"),
    "two documents": (b"name: a\n---\nname: b\n", "line 2: holds a second YAML document"),
    "broken": (
        b"name: [1, 2\nstart: x\n",
        "line 2: is not valid YAML: while parsing a flow sequence that begins in line 1, .*\n +found: +start: x",
    ),
    "a tab": (b"nodes:\n\tn7: 1\n", "line 2: is not valid YAML: a tab stands where blanks belong"),
    "a tab after blanks": (b"nodes:\n  \tn7: 1\n  n5: [\n", "line 2: is not valid YAML: a tab stands where"),
    "list as a key": (b"[1, 2]: x\n", "line 1: a mapping or list cannot be a key"),
    "NUL": (b"name: a\nstart: \x00\n", "line 2: holds a NUL"),
    "binary": (b"\x89PNG\r\n\x1a\n\x00\x00", "line 1: is not UTF-8 text: byte 0x89 at position 0"),
    "Latin-1": (b"name: a\ntitle: caf\xe9\n", "line 2: is not UTF-8 text: byte 0xe9 at position 18\n +hint: +save it"),
    "GBK": ("name: 中国\n".encode("gbk"), "is not UTF-8"),
    "UTF-16": ("name: a\n".encode("utf-16"), "is written in UTF-16 or UTF-32; save it as UTF-8"),
    "UTF-32": ("name: a\n".encode("utf-32"), "is written in UTF-16 or UTF-32; save it as UTF-8"),
    "control characters": (b"name: \x07\n", "is not valid YAML"),
    "deep": (b"[" * 10_000, f"is nested deeper than {MAX_DEPTH} levels"),
    "deep mappings": (b"".join(b" " * n + b"a:\n" for n in range(60)), f"is nested deeper than {MAX_DEPTH} levels"),
    "huge": (b"a: " + b"x" * MAX_BYTES, "is larger than 2 MB"),
    "very many keys": (
        b"name: a\n" + b"".join(b"k%d: 1\n" % n for n in range(100_000)),
        f"line {MAX_ENTRIES + 1}: holds more than 1,000 entries, the most that a mapping or list may have",
    ),
    "very many vendors": (
        b"vendors:\n" + b"".join(b"  v%d: {}\n" % n for n in range(100_000)),
        f"line {MAX_ENTRIES + 2}: holds more than 1,000 entries",
    ),
    "a very long list": (b"events: [" + b"1," * 500_000 + b"]\n", "line 1: holds more than 1,000 entries"),
    "many unknown keys in many parts": (
        b"finance: {}\nvendors:\n" + b"".join(b"  v%d: {%s}\n" % (n, MANY_KEYS) for n in range(100)),
        "vendors.v0.key1: is not known here\n +hint: +known here: title",
    ),
    "huge number": (b"quarters: " + b"9" * 5000, "quarters: is of the wrong type"),
}


@pytest.mark.parametrize(("content", "message"), HOSTILE.values(), ids=HOSTILE.keys())
def test_refused_with_its_place(tmp_path: Path, content: bytes, message: str) -> None:
    path = tmp_path / "hostile.yaml"
    path.write_bytes(content)
    start = time.perf_counter()
    with pytest.raises(ScenarioError) as caught:
        library.load(path)
    assert time.perf_counter() - start < 2
    text = str(caught.value)
    assert re.search(message, text), text
    assert str(path) in text
    assert all(char.isprintable() or char == "\n" for char in text)


def test_a_directory_and_a_missing_file(tmp_path: Path) -> None:
    with pytest.raises(ScenarioError, match="is a directory"):
        library.load(tmp_path)
    with pytest.raises(ScenarioError, match="there is no such file"):
        library.load(tmp_path / "none.yaml")


def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.yaml")
    with pytest.raises(ScenarioError, match="is not an ordinary file"):
        library.load(tmp_path / "pipe.yaml")


def test_an_unreadable_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "secret.yaml"
    path.write_text("name: a")

    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", refuse)  # root may read everything, so chmod would prove nothing
    with pytest.raises(ScenarioError, match="cannot be read: Permission denied"):
        library.load(path)


def test_a_byte_order_mark_and_windows_line_ends_do_no_harm(tmp_path: Path) -> None:
    small = library.folder().parent / "tests" / "data" / "small.yaml"
    path = tmp_path / "windows.yaml"
    path.write_bytes(b"\xef\xbb\xbf" + small.read_bytes().replace(b"\n", b"\r\n"))
    assert library.load(path).scenario == library.load(small).scenario


@given(st.binary(max_size=200) | st.text("[]{}:,-&*!|>'\"#%@`?\n 0aé~", max_size=60).map(str.encode))
def test_any_bytes_are_a_tree_or_a_scenario_error(data: bytes) -> None:
    try:
        plain(parse(decode(data, Origin("fuzz")), "fuzz").root)
    except ScenarioError as error:
        assert error.problems
