"""From what pydantic and the cross-checks object to, to problems with file, line, field, value and what is allowed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from marketsim.errors import Problem, did_you_mean, listing, printable
from marketsim.scenario.checks import Violation
from marketsim.scenario.fields import is_quarter
from marketsim.scenario.json_schema import in_words, keys_at, part, schema_at
from marketsim.scenario.source import Key, Node
from marketsim.scenario.vocabulary import Words

_MESSAGES = {
    "missing": "is required and missing",
    "extra_forbidden": "is not known here",
    "finite_number": "is not a finite number",
    "string_pattern_mismatch": "is not a name",
    "literal_error": "is not one of the allowed values",
    "string_too_long": "is too long",
    "string_too_short": "is empty",
}
_A_FEW = 3
_ADVISED = 500
"""Advice costs time: a file with more problems than this gets it for the first ones, of which the most are shown."""


def from_validation(error: ValidationError, root: Node, kind: str = "Scenario") -> list[Problem]:
    """One problem per place that pydantic objects to, and one for a part that lacks more than a few keys.

    kind: the model of the file, see `schema_at`.
    """
    problems: dict[str, Problem] = {}
    lacking: dict[tuple[Key, ...], list[Key]] = {}
    words = Words.of_tree(root)
    for number, detail in enumerate(error.errors(include_url=False, include_input=False)):
        if detail["type"] == "missing":
            lacking.setdefault(_locate(detail["loc"][:-1], root)[0], []).append(detail["loc"][-1])
        elif detail["type"] != "none_required":  # the other way of "a path or nothing" says more
            problem = _problem(detail, root, kind, words, advise=number < _ADVISED)
            problems.setdefault(problem.field + problem.found, problem)
    missing = [problem for path, keys in lacking.items() for problem in _missing(path, keys, root, kind, words)]
    return missing + list(problems.values())


def from_violations(violations: Iterable[Violation], root: Node) -> list[Problem]:
    """The violations with the line and the value of the place at fault."""
    problems = []
    words = Words.of_tree(root)
    for violation in violations:
        path, node = _locate(violation.path, root)
        found = "" if node.value is None and len(path) < len(violation.path) else in_file(node)
        message, allowed = words.text(violation.message), words.text(violation.allowed)
        problems.append(Problem(node.origin, message, dotted(violation.path), found, allowed, violation.hint))
    return problems


def dotted(path: Iterable[Key]) -> str:
    """A path of keys and indices as text, such as `vendors.huawei.price`."""
    return ".".join(map(str, path))


def in_file(node: Node) -> str:
    """A value as a person would write it in a file, short and safe to print."""
    value = node.value
    if isinstance(value, dict):
        return f"a mapping with the keys {listing(list(value), 6)}" if value else "an empty mapping"
    if isinstance(value, list):
        return f"a list of {len(value)}"
    if value is None or isinstance(value, bool):
        return {None: "null (nothing)", True: "true", False: "false"}[value]
    return f"{printable(value, 60)!r} (text)" if isinstance(value, str) else printable(f"{value}", 60)


def _problem(detail: ErrorDetails, root: Node, kind: str, words: Words, advise: bool) -> Problem:
    loc, wrong = detail["loc"], detail["type"]
    path, node = _locate(loc, root)
    message = _MESSAGES.get(wrong, _message(detail))
    if loc[-1] == "[key]":
        allowed = "a quarter such as 2025Q1" if wrong == "value_error" else "a name of a-z, 0-9 and -"
        return Problem(node.origin, message, dotted(path), f"the key {printable(str(path[-1]), 60)!r}", allowed)
    if wrong == "extra_forbidden":
        known = keys_at(path[:-1], kind) if advise else []
        return Problem(node.origin, message, dotted(path), hint=did_you_mean(str(path[-1]), known))
    schema = schema_at(path, kind)
    allowed = "a quarter such as 2025Q1" if wrong == "value_error" else in_words(schema, words) if schema else ""
    return Problem(node.origin, message, dotted(path), in_file(node), allowed, _hint(node, detail))


def _missing(path: tuple[Key, ...], keys: Sequence[Key], root: Node, kind: str, words: Words) -> Iterable[Problem]:
    """What lacks in the mapping at a path, whose line is given. A part with next to nothing in it has a wrong name."""
    parent = _locate(path, root)[1]
    if len(keys) > _A_FEW:
        message, allowed = f"lacks {len(keys)} required keys", f"a mapping that has {', '.join(map(str, keys))} too"
        yield Problem(parent.origin, message, dotted(path), in_file(parent), allowed, _other_name(path, root, kind))
        return
    within = schema_at(path, kind)
    for key in keys:
        schema = part(within, key) if within else None
        allowed = in_words(schema, words) if schema else ""
        yield Problem(parent.origin, _MESSAGES["missing"], dotted((*path, key)), allowed=allowed)


def _other_name(path: tuple[Key, ...], root: Node, kind: str) -> str:
    """The entry beside this one that may be meant; of a whole file, the way to write less."""
    if not path:
        extending = "to change only a part of another scenario, begin with `extends: china-ai-chips`"
        return extending if kind == "Scenario" else ""
    beside = [str(key) for key, _ in _locate(path[:-1], root)[1].children() if key != path[-1]]
    hint = did_you_mean(str(path[-1]), beside)
    return hint if hint.startswith("did you mean") and not is_quarter(str(path[-1])) else ""


def _locate(loc: Sequence[Key], root: Node) -> tuple[tuple[Key, ...], Node]:
    """The deepest node on the way to a location, and its path.

    pydantic's locations also hold steps that no file has: the names of union members, the point of a constant path.
    """
    path: tuple[Key, ...] = ()
    node = root
    for key in loc:
        child = node.child(key)
        if child is not None:
            path, node = (*path, key), child
    return path, node


def _message(detail: ErrorDetails) -> str:
    kind, context = detail["type"], detail.get("ctx", {})
    if kind == "value_error":
        return str(context["error"])
    if kind in ("too_short", "too_long"):
        few = kind == "too_short"
        limit = context["min_length"] if few else context["max_length"]
        return f"has too {'few' if few else 'many'} entries: {limit} or {'more' if few else 'less'} are allowed"
    if kind.startswith(("greater_than", "less_than")):
        return "is out of bounds"
    if kind.endswith(("_type", "_parsing", "_from_float")):
        return "is of the wrong type"
    return detail["msg"]


def _hint(node: Node, detail: ErrorDetails) -> str:
    """What to do about the most frequent mix-ups of types."""
    numeric = detail["type"] in ("float_type", "int_type", "dict_type")
    if not numeric or not isinstance(node.value, str):
        return ""
    try:
        float(node.value.replace(",", "").rstrip("% "))
    except ValueError:
        return ""
    return "write it as a plain number: no quotes, no thousands separators, no percent sign"
