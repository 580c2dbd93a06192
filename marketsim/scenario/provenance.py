"""Where figures come from: `source:` and `note:` beside the figures of a scenario file.

A figure is written as `22` or as `{value: 22, source: "...", note: "..."}`. A mapping may carry `source:` and `note:`
too; they then hold for all figures in it that have none of their own. They are taken out before the file is validated.
A note may be in both languages: `note: {en: "...", zh: "..."}`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from marketsim.errors import Problem
from marketsim.scenario.source import Key, Node, Provenance

_MARKS = ("source", "note")
CERTAINTY = ("reported", "estimated", "derived", "conflicting", "fitted", "assumption")
"""How sure a figure is: the first word of its note, or `source: assumption`. See `scenarios/README.md`."""


def attribute(node: Node, problems: list[Problem], inherited: Provenance | None = None) -> Node:
    """The tree without sources and notes, each leaf with the provenance that holds for it.

    A mapping stands for a figure when it has `value` and beside it at most `source` and `note`. A mark that is not
    text is added to `problems`.
    """
    if isinstance(node.value, list):
        return Node([attribute(child, problems, inherited) for child in node.value], node.origin)
    if not isinstance(node.value, dict):
        return Node(node.value, node.origin, inherited)
    own = _over(Provenance(_mark(node, "source", problems), *_note(node, problems)), inherited)
    rest = {key: child for key, child in node.value.items() if key not in _MARKS}
    if list(rest) == ["value"]:
        return attribute(rest["value"], problems, own)
    return Node({key: attribute(child, problems, own) for key, child in rest.items()}, node.origin)


def provenance_of(root: Node) -> dict[str, Provenance]:
    """Provenance of every figure that has one, by dotted path such as `vendors.huawei.price`."""
    return {".".join(map(str, path)): leaf.provenance for path, leaf in leaves(root) if leaf.provenance is not None}


def certainty(origin: Provenance | None) -> str:
    """How sure a figure is, one of `CERTAINTY`; `unmarked` if nothing is said of that."""
    if origin is None:
        return "unmarked"
    if (origin.source or "").lower().startswith("assumption"):
        return "assumption"
    word = re.split("[^a-z]", origin.note or "")[0]
    return word if word in CERTAINTY else "unmarked"


def leaves(node: Node, path: tuple[Key, ...] = ()) -> Iterator[tuple[tuple[Key, ...], Node]]:
    """Path and node of every scalar in the tree, in file order."""
    if not isinstance(node.value, (dict, list)):
        yield path, node
    for key, child in node.children():
        yield from leaves(child, (*path, key))


def _mark(node: Node, name: str, problems: list[Problem]) -> str | None:
    mark = node.child(name)
    if mark is None or mark.value is None:
        return None
    if isinstance(mark.value, str) and mark.value.strip():
        return mark.value.strip()
    message = f"{name!r} must be text: it says where the figures beside it come from"
    problems.append(Problem(mark.origin, message, hint="no vendor, segment, node or the like can be called so"))
    return None


def _note(node: Node, problems: list[Problem]) -> tuple[str | None, str | None]:
    """The note in English and in Chinese; None for the latter if it is plain text."""
    mark = node.child("note")
    if mark is None or not isinstance(mark.value, dict):
        return _mark(node, "note", problems), None
    texts = {key: child.value.strip() for key, child in mark.value.items() if isinstance(child.value, str)}
    if set(mark.value) == {"en", "zh"} and all(map(texts.get, mark.value)):
        return texts["en"], texts["zh"]
    message = "'note' must be text, or text in both languages: it says what to know about the figures beside it"
    problems.append(Problem(mark.origin, message, allowed="text, or {en: text, zh: text}"))
    return None, None


def _over(own: Provenance, inherited: Provenance | None) -> Provenance | None:
    """A figure's own marks over those of the mapping around it, whose note belongs to its source."""
    if own.source is None and inherited is not None:
        note = own if own.note else inherited
        own = Provenance(inherited.source, note.note, note.zh)
    return own if own.source or own.note else None
