"""The clock of a quarter: it follows the log, and no other clock that is set makes it jump."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.workshop import protocol as p
from agents.workshop.clock import Clock
from agents.workshop.entries import Body, Closed, Restarted

ID = "command-1"
OPEN, PAUSE, RESUME = p.Open(id=ID, seconds=60), p.Pause(id=ID), p.Resume(id=ID)
EXTEND, RESTART = p.Extend(id=ID, seconds=30), Restarted(marketsim="1")
CLOSED = Closed(quarter="2025Q1", plans={}, how={}, strategies={}, digest="00000000")


def after(*lines: tuple[Body, float]) -> Clock:
    clock = Clock()
    for body, at in lines:
        clock.heed(body, at)
    return clock


@pytest.mark.parametrize(
    ("lines", "at", "left"),
    [
        ([], 5, None),
        ([(OPEN, 100)], 100, 60),
        ([(OPEN, 100)], 145, 15),
        ([(OPEN, 100)], 165, -5),
        ([(p.Open(id=ID), 100)], 500, None),
        ([(p.Open(id=ID), 100), (EXTEND, 200)], 210, 20),
        ([(OPEN, 100), (PAUSE, 110)], 500, 50),
        ([(OPEN, 100), (PAUSE, 110), (RESUME, 500)], 520, 30),
        ([(OPEN, 100), (EXTEND, 150)], 160, 30),
        ([(OPEN, 100), (EXTEND, 161)], 161, 29),  # in the seconds of grace
        ([(OPEN, 100), (PAUSE, 110), (EXTEND, 150)], 160, 80),
        ([(OPEN, 100), (CLOSED, 120)], 120, None),
        ([(OPEN, 100), (p.RollBack(id=ID, played=0), 120)], 120, None),
        ([(OPEN, 100), (CLOSED, 120), (OPEN, 130)], 140, 50),
        ([(OPEN, 100), (p.Tell(id=ID, text="x"), 110)], 120, 40),
        ([(OPEN, 100), (p.Tell(id=ID, text="x"), 90)], 90, 60),  # set back: counts as no time
        ([(OPEN, 100), (RESTART, 9000)], 9500, 60),  # nobody could decide while there was no server
        ([(OPEN, 100), (p.Tell(id=ID, text="x"), 110), (RESTART, 9000), (RESUME, 9100)], 9110, 40),
        ([(OPEN, 100), (RESTART, 20), (RESUME, 30)], 40, 50),
    ],
)
def test_seconds_left(lines: list[tuple[Body, float]], at: float, left: float | None):
    assert after(*lines).remaining(at) == left


STEPS = st.tuples(st.sampled_from([OPEN, PAUSE, RESUME, EXTEND, RESTART, CLOSED]), st.integers(-1000, 1000))


@given(st.lists(STEPS, max_size=12))
def test_a_clock_that_is_set_back_gives_no_time_and_takes_none(steps: list[tuple[Body, int]]):
    """The same lines by a clock that jumps back and by one that stands still instead."""
    jumping, standing, at, still = Clock(), Clock(), 0, 0
    for body, step in steps:
        at, still = at + step, still + max(step, 0)
        jumping.heed(body, at)
        standing.heed(body, still)
        assert jumping.remaining(at) == standing.remaining(still)


def test_another_clock_takes_over_where_this_one_stands():
    clock = after((OPEN, 1000))
    clock.continue_from(7)
    assert (clock.remaining(7), clock.remaining(17)) == (60, 50)
