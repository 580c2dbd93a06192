"""Tokens that open a seat, and codes that people can type: neither can be guessed, and tokens are not kept.

A token has 192 bits and is known to whom it was given alone: the log has its hash. A code has 40 bits and is exchanged
for a token; whoever asks often is slowed down by the server. Codes are made from the room's secret, so that they are
the same after a restart.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Iterable
from functools import lru_cache

ALPHABET = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"
"""Letters and digits that nobody takes for one another."""
CODE = 8
"""Characters of a code."""


def new_token() -> str:
    """A token to give away."""
    return secrets.token_urlsafe(24)


def token_of(secret: str, what: str) -> str:
    """A token to give away again: the same for the same secret and text.  what: must not be guessed."""
    return hmac.digest(bytes.fromhex(secret), what.encode(), "sha256")[:24].hex()


def new_secret() -> str:
    """A room's secret, 64 hexadecimal digits."""
    return secrets.token_hex(32)


def hash_of(token: str) -> str:
    """What is kept of a token: its SHA-256, 64 hexadecimal digits. It needs no salt, for a token is random."""
    return hashlib.sha256(token.encode(errors="replace")).hexdigest()


def is_one_of(token: str, hashes: Iterable[str]) -> str | None:
    """The hash that belongs to a token, if one does. All are compared, each in constant time."""
    own, found = hash_of(token), None
    for each in hashes:
        if hmac.compare_digest(own, each):
            found = each
    return found


@lru_cache(1000)
def code(secret: str, what: str) -> str:
    """The code of something, such as `KMQ7-XU3P`: the same for the same secret."""
    number = int.from_bytes(hmac.digest(bytes.fromhex(secret), what.encode(), "sha256"))
    letters = []
    for _ in range(CODE):
        number, place = divmod(number, len(ALPHABET))
        letters.append(ALPHABET[place])
    text = "".join(letters)
    return f"{text[: CODE // 2]}-{text[CODE // 2 :]}"


def same_code(one: str, other: str) -> bool:
    """Whether a typed code is a code, in constant time; case, spaces and dashes do not matter."""
    return hmac.compare_digest(_plain(one), _plain(other))


def _plain(text: str) -> bytes:
    return "".join(character for character in text.upper() if character.isalnum()).encode()
