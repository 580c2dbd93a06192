"""How much clients may ask for: a class behind one address comes in, whoever guesses is slowed down."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agents.workshop.limits import LISTENING, REMEMBERED, Buckets, Limits, network
from tests.workshop.serving import Served, new_id, serving


class Clock:
    """A clock that stands still until it is moved."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


RATE, BURST = 5.0, 20


@settings(deadline=None)  # of a busy machine
@given(st.lists(st.tuples(st.floats(0, 10), st.integers(0, 60)), max_size=30))
def test_no_more_is_taken_in_any_time_than_the_burst_and_what_came_in_since(visits: list[tuple[float, int]]):
    clock = Clock()
    buckets = Buckets(RATE, BURST, clock)
    taken: list[float] = []
    for pause, tries in visits:
        clock.now += pause
        before, wait = len(taken), buckets.wait("somebody")
        taken += [clock.now for _ in range(tries) if buckets.take("somebody") == 0.0]
        assert tries == 0 or (wait == 0.0) == (len(taken) > before), "whoever need not wait gets one"
    for first, start in enumerate(taken):
        for last in range(first, len(taken)):
            assert last - first + 1 <= BURST + (taken[last] - start) * RATE + 1e-6


@settings(deadline=None)
@given(st.floats(0.01, 100), st.integers(1, 50))
def test_whoever_waits_as_long_as_was_said_gets_one_and_not_before(rate: float, burst: int):
    clock = Clock()
    buckets = Buckets(rate, burst, clock)
    for _ in range(burst):
        assert buckets.take("somebody") == 0.0
    wait = buckets.take("somebody")
    assert wait == pytest.approx(1 / rate)
    clock.now += wait * 0.99
    assert buckets.take("somebody") > 0.0
    clock.now += wait * 0.011
    assert buckets.take("somebody") == 0.0
    assert buckets.take("another") == 0.0, "each key has its own bucket"


def test_buckets_of_those_who_left_long_ago_are_forgotten_and_of_others_not():
    clock = Clock()
    buckets = Buckets(1.0, 2, clock)
    for number in range(REMEMBERED):
        buckets.take(str(number))
    clock.now += 3600
    for _ in range(2):
        buckets.take("busy")
    assert len(buckets._left) == 1 and buckets.take("busy") > 0.0


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("192.168.1.20", "192.168.1.21", False),
        ("2001:db8:1:2::5", "2001:db8:1:2:ffff::9", True),
        ("2001:db8:1:2::5", "2001:db8:1:3::5", False),
        ("::ffff:192.168.1.20", "192.168.1.20", True),
        ("::ffff:192.168.1.20", "::ffff:192.168.1.21", False),
        ("a socket", "a socket", True),
    ],
)
def test_who_has_an_address_of_version_6_has_them_all(one: str, other: str, same: bool):
    assert (network(one) == network(other)) == same


def test_a_seat_has_so_many_websockets_and_no_more():
    limits = Limits()
    places = [limits.place("acme") for _ in range(LISTENING + 1)]
    assert [place.__enter__() for place in places] == [True] * LISTENING + [False]
    with limits.place("other") as free:
        assert free
    places[-1].__exit__(None, None, None)
    with limits.place("acme") as free:
        assert not free, "one that was refused gives no place free"
    places[0].__exit__(None, None, None)
    with limits.place("acme") as free:
        assert free


# -- joining -----------------------------------------------------------------------------------------------------------

CLASS, TEAMS = 180, 60


def few(clock: Clock) -> Limits:
    """Of the usual sizes, on a clock of the test."""
    usual = Limits()
    return Limits(*(Buckets(each.rate, each.burst, clock) for each in (usual.commands, usual.codes, usual.strangers)))


def joins(served: Served, code: str, number: int) -> list[int]:
    """Statuses of so many tries to join with a code, each by a team of another name."""
    with served.client() as client:
        tries = ({"code": code, "name": new_id()} for _ in range(number))
        return [client.post("/api/join", json=each).status_code for each in tries]


def test_a_class_behind_one_address_comes_in_at_once(tmp_path: Path):
    with serving(tmp_path / "room.workshop", teams=TEAMS, limits=few(Clock())) as served, served.client() as client:
        assert joins(served, served.code, TEAMS) == [200] * TEAMS
        codes = [served.desk.room.code_of(seat) for seat in served.desk.room.seats.values()]
        for code in codes[: (CLASS - TEAMS) // 2]:
            for _ in range(2):
                assert client.get("/api/room").status_code == 200
                assert client.post("/api/join", json={"code": code}).status_code == 200
        assert joins(served, served.code, 1) == [409], "all seats are taken, and that is said"


def test_whoever_guesses_is_slowed_down_and_keeps_nobody_out(tmp_path: Path):
    clock = Clock()
    limits = few(clock)
    with serving(tmp_path / "room.workshop", limits=limits) as served:
        limits.codes.burst = 6
        assert joins(served, "ABCD-EFGH", 8) == [409] * 6 + [429] * 2
        assert joins(served, served.code, 1) == [429], "a right guess is no way out, or guessing were not slowed down"
        clock.now += 3
        assert joins(served, "ABCD-EFGH", 5) == [409] * 3 + [429] * 2
        clock.now += 1
        assert joins(served, served.code, 1) == [200]
        team = next(served.desk.room.code_of(seat) for seat in served.desk.room.seats.values() if seat.name)
        assert joins(served, "ABCD-EFGH", 3) == [409] + [429] * 2
        assert joins(served, team, 1) == [429], "a team's code may still be guessed"
        assert joins(served, served.code.lower(), 2) == [200] * 2, "the room's own has been typed here before"


def test_who_has_a_token_is_not_kept_out_by_wrong_ones(tmp_path: Path):
    clock = Clock()
    limits = few(clock)
    with serving(tmp_path / "room.workshop", limits=limits) as served, served.client("x" * 32) as stranger:
        limits.strangers.burst = 10
        answers = [stranger.get("/api/market") for _ in range(12)]
        assert [answer.status_code for answer in answers] == [401] * 10 + [429] * 2
        assert answers[-1].headers["Retry-After"] == "1"
        assert served.get("/api/room").status_code == 429
        assert served.get("/api/library", served.facilitator).status_code == 200
        clock.now += 1
        assert served.get("/api/room").status_code == 200
