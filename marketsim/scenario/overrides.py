"""`--set path=value`: single values of a scenario, changed from the command line."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from marketsim.errors import Origin, Problem, ScenarioError, did_you_mean
from marketsim.scenario.json_schema import Schema, part, schema_at, takes_any_key
from marketsim.scenario.problems import dotted
from marketsim.scenario.provenance import attribute
from marketsim.scenario.source import Key, Node, Provenance, parse

Overrides = Sequence[str] | Mapping[str, Any]
"""`path=value` texts, or values by path."""

_BY_HAND = Provenance(note="set with --set")


def paths_of(overrides: Overrides) -> list[str]:
    """Dotted paths of what the overrides change."""
    return [override.partition("=")[0].strip() for override in overrides]


def apply_overrides(root: Node, overrides: Overrides) -> Node:
    """The tree of a scenario with the overrides applied in turn; the value null removes what is there.

    In a text the value is YAML. A value replaces the old one as a whole.
    Raises ScenarioError for all overrides that name no place.
    """
    if isinstance(overrides, Mapping):
        overrides = [f"{path}={json.dumps(value, ensure_ascii=False)}" for path, value in overrides.items()]
    problems: list[Problem] = []
    for assignment in overrides:
        try:
            root = _apply(root, assignment, problems)
        except ScenarioError as error:
            problems += [replace(problem, origin=Origin(problem.origin.source)) for problem in error.problems]
    if problems:
        raise ScenarioError(problems)
    return root


def _apply(root: Node, assignment: str, problems: list[Problem]) -> Node:
    text, equals, value = assignment.partition("=")
    origin = Origin(f"--set {assignment}")
    if not equals or not text.strip():
        hint = "such as --set policy.electricity_discount=0.5"
        raise ScenarioError([Problem(origin, "is not of the form path=value", hint=hint)])
    path = _resolve(root, text.strip().split("."), origin)
    written = attribute(parse(value or "null", origin.source).root, problems, _BY_HAND)
    return _assign(root, path, _placed(written, origin))


def _placed(node: Node, origin: Origin) -> Node:
    """The tree with every node at the option and no line: an option has only one."""
    if isinstance(node.value, dict):
        return Node({key: _placed(child, origin) for key, child in node.value.items()}, origin)
    if isinstance(node.value, list):
        return Node([_placed(child, origin) for child in node.value], origin)
    return Node(node.value, origin, node.provenance)


def _resolve(root: Node, words: Sequence[str], origin: Origin) -> list[Key]:
    """The path as keys and indices. Raises ScenarioError naming the first part that is unknown and what is there."""
    path: list[Key] = []
    node: Node | None = root
    schema = schema_at(())
    while words:
        taken = _words_of_key(node, schema, words)
        word, words = ".".join(words[:taken]), words[taken:]
        is_list = node is not None and isinstance(node.value, list)
        key: Key = int(word) if is_list and re.fullmatch("[0-9]{1,6}", word) else word
        child = node.child(key) if node is not None else None
        last = not words
        entry = part(schema, key) if schema is not None else None
        if entry is None or (child is None and not _may_be_new(schema, node, key, last)):
            raise ScenarioError([_unknown(path, word, node, schema, origin)])
        path.append(key)
        node, schema = child, entry
    return path


def _words_of_key(node: Node | None, schema: Schema | None, words: Sequence[str]) -> int:
    """How many words of the path the next key takes: names of levers such as `domestic_content.telecom` hold dots.

    The longest key that is written here; where there is none and levers are named here, what is left of the path.
    """
    written = [str(key) for key, _ in node.children()] if node is not None else []
    for count in range(len(words), 0, -1):
        if ".".join(words[:count]) in written:
            return count
    return len(words) if schema is not None and takes_any_key(schema) else 1


def _may_be_new(schema: Schema | None, node: Node | None, key: Key, last: bool) -> bool:
    """A field of the schema may be set where the file leaves it out; so may a new entry of a written mapping."""
    if isinstance(key, int) or schema is None:
        return False
    return key in schema.get("properties", {}) or (last and node is not None and isinstance(node.value, dict))


def _unknown(path: list[Key], word: str, node: Node | None, schema: Schema | None, origin: Origin) -> Problem:
    place = dotted(path) or "a scenario"
    field = dotted([*path, word])
    fields = list((schema or {}).get("properties", {}))
    if not fields and node is not None and isinstance(node.value, list):
        return Problem(origin, f"{place} is a list of {len(node.value)}: name an entry from 0", field)
    if not fields and (node is None or not isinstance(node.value, dict)):
        hint = f"set it as a whole: --set {place}=..."
        return Problem(origin, f"{place} is not written as a mapping here, so it has no parts", field, hint=hint)
    known = fields or ([str(key) for key, _ in node.children()] if node is not None else [])
    return Problem(origin, f"there is no {word!r} in {place}", field, hint=did_you_mean(word, known, "there are"))


def _assign(node: Node | None, path: Sequence[Key], new: Node) -> Node:
    """A copy of the tree in which the value at the path is replaced, or removed where the new one is null."""
    if not path:
        return new
    key, rest = path[0], path[1:]
    if node is not None and isinstance(node.value, list) and isinstance(key, int):
        entries = list(node.value)
        entries[key] = _assign(entries[key], rest, new)
        return Node(entries, node.origin)
    table = dict(node.value) if node is not None and isinstance(node.value, dict) else {}
    if not rest and new.value is None:
        table.pop(str(key), None)
    else:
        table[str(key)] = _assign(table.get(str(key)), rest, new)
    return Node(table, node.origin if node is not None else new.origin)
