"""Tokens and codes: not to be guessed, found by their hashes alone, the same after a restart."""

from __future__ import annotations

import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from agents.workshop.secrets import ALPHABET, code, hash_of, is_one_of, new_secret, new_token, same_code

SECRET = "5a" * 32
CHARACTERS = st.characters(exclude_categories=()) | st.sampled_from("\ud800é-7K")


def test_tokens_are_long_differ_and_are_found_by_their_hash():
    tokens = [new_token() for _ in range(200)]
    assert len(set(tokens)) == 200
    assert all(re.fullmatch(r"[A-Za-z0-9_-]{32}", token) for token in tokens)  # 24 bytes: 192 bits
    hashes = [hash_of(token) for token in tokens]
    assert [is_one_of(token, hashes) for token in tokens] == hashes
    assert not any(token in "".join(hashes) for token in tokens)


@example("\ud800" * 20)
@given(st.text(CHARACTERS, max_size=80))
def test_no_text_opens_what_it_is_not_the_token_of(text: str):
    hashes = [hash_of("some token"), hash_of("another token")]
    assert is_one_of(text, hashes) is None and is_one_of(text, []) is None
    assert is_one_of(hashes[0], hashes) is None  # who reads the log has no token


def test_secrets_are_random():
    assert len({new_secret() for _ in range(50)}) == 50
    assert re.fullmatch("[0-9a-f]{64}", new_secret())


def test_a_code_can_be_typed_and_belongs_to_its_secret_and_its_purpose():
    codes = {code(SECRET, f"team {number}/1") for number in range(500)}
    assert len(codes) == 500
    assert all(re.fullmatch(f"[{ALPHABET}]{{4}}-[{ALPHABET}]{{4}}", each) for each in codes)
    assert set("".join(codes)) == set(ALPHABET + "-")
    assert not set(ALPHABET) & set("01OIL")
    assert code(SECRET, "room") == code(SECRET, "room") != code("a5" * 32, "room")


@pytest.mark.parametrize("typed", ["KMQ7-XU3P", "kmq7xu3p", " kmq7 xu3p ", "KMQ7–XU3P", "kmq7.XU3P"])
def test_a_code_may_be_typed_in_any_way(typed: str):
    assert same_code(typed, "KMQ7-XU3P")


@given(st.text(CHARACTERS, max_size=20))
def test_other_texts_are_other_codes(text: str):
    typed = "".join(character for character in text.upper() if character.isalnum())
    assert same_code(text, "KMQ7-XU3P") == (typed == "KMQ7XU3P")
