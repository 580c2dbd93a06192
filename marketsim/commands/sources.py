"""Where the figures of a scenario come from, as lines for people."""

from __future__ import annotations

from collections.abc import Iterator

from marketsim.errors import printable
from marketsim.scenario.problems import dotted
from marketsim.scenario.provenance import CERTAINTY, certainty, leaves
from marketsim.scenario.source import Key, Node, Provenance

_FOR_READERS = ("title", "description", "vocabulary", "strategy", "strategy_reason")
_NO_FIGURES = ("year", "half")


def lines(tree: Node) -> Iterator[str]:
    """Each figure, or part whose figures share their source, with its value, source and note; then the counts."""
    for label, origin in _rows(tree, ()):
        yield label
        yield from (f"    {name}: {text}" for name, text in (("source", origin.source), ("note", origin.note)) if text)
    yield f"figures: {counts(tree)}"


def counts(tree: Node) -> str:
    """How many figures a scenario has, and how sure they are: `992 (101 reported, ...)`."""
    found = [
        certainty(leaf.provenance)
        for path, leaf in leaves(tree)
        if isinstance(leaf.value, (int, float)) and len(path) > 1 and path[-1] not in _NO_FIGURES
    ]
    words = [f"{found.count(word):,} {word}" for word in (*CERTAINTY, "unmarked") if word in found]
    return f"{len(found):,} ({', '.join(words)})"


def _rows(node: Node, path: tuple[Key, ...]) -> Iterator[tuple[str, Provenance]]:
    parts = list(node.children())
    if _is_entry(node, path):  # an event or a reported figure: what it is says which, and its levers may differ
        origin = next(leaf.provenance for _, leaf in leaves(node))
        if origin is not None:
            yield f"{dotted(path)} = {_written(node)}", origin
        parts = [(key, part) for key, part in parts if _origins(part, path) != {origin}]
    elif len(_origins(node, path)) == 1 and not any(_is_entry(part, (key,)) for key, part in parts):
        (origin,) = _origins(node, path)
        if origin is not None:
            yield f"{dotted(path)} = {_written(node)}", origin
        return
    for key, part in parts:
        yield from _rows(part, (*path, key))


def _is_entry(node: Node, path: tuple[Key, ...]) -> bool:
    """Whether the node is a mapping in a list."""
    return isinstance(node.value, dict) and bool(path) and isinstance(path[-1], int)


def _origins(node: Node, path: tuple[Key, ...]) -> set[Provenance | None]:
    """The provenances in a part, without those of its names and of the reasons for strategies."""
    found = (((*path, *below), leaf) for below, leaf in leaves(node))
    return {leaf.provenance for place, leaf in found if not any(key in _FOR_READERS for key in place)}


def _written(node: Node) -> str:
    """A value in one line, much as in a file."""
    if isinstance(node.value, dict):
        if set(node.value) == {"en", "zh"}:
            return _written(node.value["en"])
        return "{" + ", ".join(f"{key}: {_written(child)}" for key, child in node.value.items()) + "}"
    if isinstance(node.value, list):
        return "[" + ", ".join(map(_written, node.value)) + "]"
    if node.value is None or isinstance(node.value, bool):
        return {None: "null", True: "true", False: "false"}[node.value]
    return printable(str(node.value))
