"""How much a client may ask for: of one that asks for more, what it asks later waits or is refused.

Who is limited differs, for in a classroom a hundred and eighty clients may have one address, that of the room's router:

- *Commands*, by token. A person never gets near the limit. Over HTTP what is above it is refused, on a websocket it is
  read later: nobody's last submit is refused because an editor was busy.
- *Wrong codes*, by address. A code has 40 bits, and 61 are valid in a full room: who guesses once a second finds none
  in a workshop of eight hours (1 chance in 500,000). Right codes cost nothing, so that a class can come in as fast as
  it can type. While an address is made to wait, its right codes are too, or the limit would be none; but for the room's
  own code where it has been typed right before, because it stands on the wall there. So a joker in class can keep
  nobody's team out.
- *Everything else without a token*, by address: far above what a class needs, to bound the work that strangers make. A
  wrong token counts as that. It has 192 bits and need not be slowed down more, and a right one is never held up by
  others' wrong ones.
- *Connections*, by address and in all, so that there are always some left; and by seat, so that its team cannot take
  them all.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import lru_cache
from ipaddress import IPv6Address, IPv6Network, ip_address

BODY = 2**16
"""Bytes of a request's body, and of a frame."""
MALFORMED = 20
"""Frames in a minute that cannot be read, after which a client is hung up on."""
LISTENING = 50
"""Websockets of a seat, or of the facilitator."""
CONNECTIONS = 2000
"""In all; a browser opens up to seven, most of them for seconds."""
CONNECTIONS_EACH = 1400
"""From one address."""
REMEMBERED = 10_000
"""Keys of buckets, beyond which those are dropped that have become full again."""


@lru_cache(CONNECTIONS)
def network(address: str) -> str:
    """What counts as one address: for version 6 a network of 64 bits, of which whoever has one address has all."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return address
    if not isinstance(parsed, IPv6Address):
        return address
    return str(parsed.ipv4_mapped or IPv6Network((int(parsed), 64), strict=False))


class Buckets:
    """Token buckets: by key, so many at once, and then so many a second.

    rate: a second.  burst: at once.  now: seconds of a clock that never jumps.
    """

    def __init__(self, rate: float, burst: float, now: Callable[[], float] = time.monotonic) -> None:
        self.rate, self.burst, self._now = rate, burst, now
        self._left: dict[str, tuple[float, float]] = {}

    def wait(self, key: str) -> float:
        """Seconds until there is one to take; 0 if there is one."""
        return max(1.0 - self._there(key), 0.0) / self.rate

    def take(self, key: str) -> float:
        """Take one if there is one.  Returns 0, or the seconds until there is one."""
        wait = self.wait(key)
        if wait == 0.0:
            self._left[key] = self._there(key) - 1.0, self._now()
            if len(self._left) > REMEMBERED:
                self._left = {key: left for key, left in self._left.items() if self._there(key) < self.burst}
        return wait

    def _there(self, key: str) -> float:
        left, at = self._left.get(key, (self.burst, 0.0))
        return min(left + (self._now() - at) * self.rate, self.burst)


@dataclass
class Limits:
    """Of a server.  commands: by token.  codes, strangers: by address.  welcome: that have typed the room's code."""

    commands: Buckets = field(default_factory=lambda: Buckets(5.0, 20))
    codes: Buckets = field(default_factory=lambda: Buckets(1.0, 60))
    strangers: Buckets = field(default_factory=lambda: Buckets(100.0, 600))
    welcome: set[str] = field(default_factory=set)
    listening: Counter[str] = field(default_factory=Counter)

    @contextmanager
    def place(self, who: str) -> Iterator[bool]:
        """A websocket of somebody, as long as it is open; or none."""
        if self.listening[who] >= LISTENING:
            yield False
            return
        self.listening[who] += 1
        try:
            yield True
        finally:
            self.listening[who] -= 1
