"""Scenario text -> a tree of nodes that know where they were written.

The text is YAML with the plain rules of its 1.2 core schema (`no`, `1:30` and `2025-01-01` are text, `1e3` is a number)
and without what a scenario has no use for: tags, aliases, several documents. Whatever a hostile file holds, the work
stays proportional to its size, which is limited.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import yaml

from marketsim.errors import Origin, Problem, ScenarioError, printable

MAX_BYTES = 2_000_000
MAX_DEPTH = 40
MAX_ENTRIES = 1_000
"""Of one mapping or list: more than the schema takes anywhere, and few enough to say of each what is wrong with it."""

Scalar = str | int | float | bool | None
Key = str | int

_Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_INTEGER = re.compile(r"[-+]?[0-9]{1,400}")
_NUMBER = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_CONSTANTS: Mapping[str, Scalar] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
    **dict.fromkeys((".nan", ".NaN", ".NAN"), float("nan")),
    **dict.fromkeys((".inf", ".Inf", ".INF", "+.inf"), float("inf")),
    **dict.fromkeys(("-.inf", "-.Inf", "-.INF"), float("-inf")),
}


@dataclass(frozen=True, slots=True)
class Provenance:
    """Where a figure comes from: a source (an address or a citation) and a note, either may be missing.

    zh: the note in Chinese; None if it is written in one language alone.
    """

    source: str | None = None
    note: str | None = None
    zh: str | None = None

    @property
    def written_note(self) -> str | dict[str, str] | None:
        """The note as a file holds it: text, or by language."""
        return self.note if self.note is None or self.zh is None else {"en": self.note, "zh": self.zh}


@dataclass(frozen=True, slots=True)
class Node:
    """A value of a scenario file, a mapping or a list of nodes or a scalar, and where it was written."""

    value: dict[str, Node] | list[Node] | Scalar
    origin: Origin
    provenance: Provenance | None = None

    def children(self) -> Iterator[tuple[Key, Node]]:
        """Key or index and node of each entry; nothing for a scalar."""
        if isinstance(self.value, dict):
            yield from self.value.items()
        elif isinstance(self.value, list):
            yield from enumerate(self.value)

    def child(self, key: Key) -> Node | None:
        """The entry at a key of a mapping or an index of a list, None where there is none."""
        if isinstance(self.value, dict):
            return self.value.get(str(key))
        if isinstance(self.value, list) and isinstance(key, int) and 0 <= key < len(self.value):
            return self.value[key]
        return None


@dataclass(slots=True)
class Document:
    """One parsed text: its tree, and the problems that did not keep it from being read."""

    root: Node
    problems: list[Problem] = field(default_factory=list)


def plain(node: Node) -> object:
    """The tree as ordinary dictionaries, lists and scalars."""
    if isinstance(node.value, dict):
        return {key: plain(child) for key, child in node.value.items()}
    if isinstance(node.value, list):
        return [plain(child) for child in node.value]
    return node.value


def read_text(path: Path, kind: str = "scenario", most: int = MAX_BYTES) -> str:
    """The text of a scenario file, or of another kind of file. most: the bytes that it may have.

    Raises ScenarioError for anything that is not a readable, smallish UTF-8 file.
    """
    origin = Origin(str(path))
    try:
        if path.is_dir():
            raise _refusal(origin, f"is a directory, not a {kind} file")
        if not path.exists():
            raise _refusal(origin, "there is no such file")
        if not path.is_file():
            raise _refusal(origin, "is not an ordinary file")
        with path.open("rb") as stream:
            data = stream.read(most + 1)
    except OSError as error:
        raise _refusal(origin, f"cannot be read: {error.strerror}") from None
    if len(data) > most:
        raise _refusal(origin, f"is larger than {most / 1e6:g} MB, the most that a {kind} file may have")
    return decode(data, origin)


def decode(data: bytes, origin: Origin) -> str:
    """UTF-8 bytes as text. Raises ScenarioError with the place of the first byte that is no text."""
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise _refusal(origin, "is written in UTF-16 or UTF-32; save it as UTF-8")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        message = f"is not UTF-8 text: byte {data[error.start]:#04x} at position {error.start}"
        hint = "save it as UTF-8, if it is a text in another encoding"
        raise ScenarioError([Problem(Origin(origin.source, line), message, hint=hint)]) from None
    if "\0" in text:
        line = text.count("\n", 0, text.index("\0")) + 1
        raise _refusal(Origin(origin.source, line), "holds a NUL character: it is binary data, not text")
    return text


def parse(text: str, source: str) -> Document:
    """The tree of a YAML text. Raises ScenarioError where the text cannot be understood as a whole."""
    builder = _Builder(source)
    try:
        for event in yaml.parse(text, Loader=_Loader):
            builder.take(event)
    except yaml.MarkedYAMLError as error:
        raise ScenarioError([_not_yaml(error, text, source)]) from None
    except yaml.YAMLError as error:
        raise _refusal(Origin(source), f"is not valid YAML: {printable(str(error))}") from None
    if builder.root is None:
        raise _refusal(Origin(source), "is empty")
    return Document(builder.root, builder.problems)


def _not_yaml(error: yaml.MarkedYAMLError, text: str, source: str) -> Problem:
    """What the parser stumbled over, with the line as it is written."""
    mark, begin = error.problem_mark or error.context_mark, error.context_mark
    lines = text.rstrip().split("\n")
    number = min(mark.line if mark else 0, len(lines) - 1)
    written = lines[number]
    context = error.context or ""
    if begin is not None and begin.line != number:
        context += f" that begins in line {begin.line + 1}"
    what, hint = ", ".join(part for part in (context, error.problem) if part), ""
    if "\t" in written[: len(written) - len(written.lstrip())]:
        what, hint = "a tab stands where blanks belong", "indent with blanks alone"
    found = printable(written.strip(), 60)
    return Problem(Origin(source, number + 1), f"is not valid YAML: {what}", found=found, hint=hint)


def scalar(text: str) -> Scalar:
    """An unquoted YAML scalar by the core schema of YAML 1.2: null, true, false, a number, else text."""
    if text in _CONSTANTS:
        return _CONSTANTS[text]
    if _INTEGER.fullmatch(text):
        return int(text)
    return float(text) if _NUMBER.fullmatch(text) else text


def _refusal(origin: Origin, message: str) -> ScenarioError:
    return ScenarioError([Problem(origin, message)])


@dataclass(slots=True)
class _Open:
    """A mapping or list that is being read; in a mapping, `key` and its place are set between a key and its value."""

    node: Node
    key: str | None = None
    place: Origin | None = None


class _Builder:
    """Builds the tree from YAML events, and stops at the first thing that a scenario may not contain."""

    def __init__(self, source: str) -> None:
        self.source = source
        self.root: Node | None = None
        self.problems: list[Problem] = []
        self.open: list[_Open] = []

    def take(self, event: yaml.Event) -> None:
        origin = Origin(self.source, event.start_mark.line + 1 if event.start_mark else None)
        tag = getattr(event, "tag", None)
        if tag is not None:
            raise _refusal(origin, f"YAML tags are not allowed: {printable(tag)}")
        match event:
            case yaml.AliasEvent():
                raise _refusal(origin, f"YAML aliases such as *{event.anchor} are not allowed: write the value out")
            case yaml.DocumentStartEvent() if self.root is not None:
                raise _refusal(origin, "holds a second YAML document; a file holds one")
            case yaml.ScalarEvent():
                self._scalar(event, origin)
            case yaml.MappingStartEvent():
                self._begin({}, origin)
            case yaml.SequenceStartEvent():
                self._begin([], origin)
            case yaml.MappingEndEvent() | yaml.SequenceEndEvent():
                self._place(self.open.pop().node)

    def _scalar(self, event: yaml.ScalarEvent, origin: Origin) -> None:
        parent = self.open[-1] if self.open else None
        if parent is not None and isinstance(parent.node.value, dict) and parent.key is None:
            parent.key, parent.place = event.value, origin
            if event.value in parent.node.value:
                first = parent.node.value[event.value].origin.line
                self.problems.append(Problem(origin, f"key {printable(event.value)!r} already stands in line {first}"))
        else:
            self._place(Node(scalar(event.value) if event.implicit[0] else event.value, origin))

    def _begin(self, value: dict[str, Node] | list[Node], origin: Origin) -> None:
        """A mapping or list stands where its key stands: that is the line a person looks for."""
        parent = self.open[-1] if self.open else None
        if len(self.open) == MAX_DEPTH:
            raise _refusal(origin, f"is nested deeper than {MAX_DEPTH} levels")
        if parent is not None and isinstance(parent.node.value, dict) and parent.key is None:
            raise _refusal(origin, "a mapping or list cannot be a key")
        self.open.append(_Open(Node(value, parent.place if parent and parent.place else origin)))

    def _place(self, node: Node) -> None:
        if not self.open:
            self.root = node
            return
        parent = self.open[-1]
        if isinstance(parent.node.value, (dict, list)) and len(parent.node.value) == MAX_ENTRIES:
            message = f"holds more than {MAX_ENTRIES:,} entries, the most that a mapping or list may have"
            raise _refusal(parent.place or node.origin, message)
        if isinstance(parent.node.value, list):
            parent.node.value.append(node)
        elif isinstance(parent.node.value, dict) and parent.key is not None:
            parent.node.value.setdefault(parent.key, node)
            parent.key = parent.place = None
