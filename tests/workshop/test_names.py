"""Names that teams give themselves: one line of what can be seen, whatever is typed."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from agents.workshop.names import LEFT_OUT, WIDEST, clean

CHARACTERS = st.characters(exclude_categories=()) | st.sampled_from("\ud800\u200b\u202e\u200d\u0301\ufe0fe \n汉")


@pytest.mark.parametrize(
    ("typed", "shown"),
    [
        ("  Alpha   Team ", "Alpha Team"),
        ("Alpha\nTeam\t1", "Alpha Team 1"),
        ("朱雀", "朱雀"),
        ("\u202eevil", "evil"),  # writing turned round
        ("a \u200b b", "a b"),  # nothing that can be seen between two spaces
        ("e\u200d\u0301t\u00e9", "\u00e9t\u00e9"),  # an accent that was kept apart
        ("\x1b[31mred\x07", "[31mred"),
        ("\u200b\u2060", ""),
        ("\ud800x", "x"),
        ("w" * 30, "w" * 24),
        ("汉" * 20, "汉" * 12),
        ("a" + "汉" * 12, "a" + "汉" * 11),
    ],
)
def test_a_name_is_what_can_be_seen_of_it(typed: str, shown: str):
    assert clean(typed) == shown


@given(st.text(CHARACTERS, max_size=60), st.integers(1, 60))
def test_a_clean_text_is_one_line_of_its_width_and_stays_as_it_is(typed: str, widest: int):
    text = clean(typed, widest)
    assert cell_len(text) <= widest and clean(text, widest) == text
    assert not any(unicodedata.category(character) in LEFT_OUT for character in text)
    assert len(text.splitlines()) <= 1 and text == text.strip()
    text.encode()  # it can be written down and sent


def test_names_are_cut_to_their_width_by_themselves():
    assert cell_len(clean("x" * 100)) == WIDEST
