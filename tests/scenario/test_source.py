"""Reading YAML: the core schema of YAML 1.2, lines, duplicate keys."""

from __future__ import annotations

import math

import pytest

from marketsim.scenario.source import parse, plain, scalar


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("12", 12),
        ("-3", -3),
        ("0.5", 0.5),
        (".5", 0.5),
        ("1e3", 1000.0),
        ("1.5E-2", 0.015),
        ("true", True),
        ("False", False),
        ("null", None),
        ("~", None),
        ("", None),
        ("no", "no"),
        ("on", "on"),
        ("1:30", "1:30"),
        ("1_000", "1_000"),
        ("2025-01-01", "2025-01-01"),
        ("2025Q1", "2025Q1"),
        ("0x10", "0x10"),
        (".inf", math.inf),
    ],
)
def test_scalars(text: str, value: object) -> None:
    assert scalar(text) == value
    assert type(scalar(text)) is type(value)


def test_quoted_numbers_stay_text() -> None:
    assert plain(parse("a: '12'\nb: \"true\"\nc: |\n  5\n", "text").root) == {"a": "12", "b": "true", "c": "5\n"}


def test_every_node_knows_its_line() -> None:
    root = parse("a: 1\nb:\n  c: 2\n  d: [3,\n    4]\n", "text").root
    b = root.child("b")
    assert b is not None
    d = b.child("d")
    assert d is not None
    assert [child.origin.line for _, child in d.children()] == [4, 5]
    assert [child.origin.line for _, child in root.children()] == [1, 2]


def test_a_duplicate_key_is_a_problem_and_the_first_one_counts() -> None:
    document = parse("a: 1\nb: 2\na: 3\n", "text")
    assert plain(document.root) == {"a": 1, "b": 2}
    assert [(problem.origin.line, problem.message) for problem in document.problems] == [
        (3, "key 'a' already stands in line 1")
    ]
