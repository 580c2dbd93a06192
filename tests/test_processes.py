"""Work spread over processes: everything once, in bounded memory, errors that arrive, nobody left behind."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator, Sequence
from multiprocessing import active_children
from typing import overload

import pytest

from marketsim.errors import MarketSimError
from marketsim.processes import each, pool, work


def squared(number: int) -> int:
    return number * number


def where(number: int) -> int:
    return os.getpid()


def slow_at_first(number: int) -> float:
    time.sleep(0.3 if number == 0 else 0.0)
    return time.monotonic()


def failing(number: int) -> int:
    if number == 3:
        raise ValueError("3 is odd")
    return number


def dying(number: int) -> int:
    if number == 3:
        os.kill(os.getpid(), signal.SIGKILL)
    return number


class Counted(Sequence[int]):
    """Numbers up to a count, which remember how many were taken."""

    def __init__(self, count: int) -> None:
        self.count, self.taken = count, 0

    def __len__(self) -> int:
        return self.count

    @overload
    def __getitem__(self, index: int) -> int: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[int]: ...
    def __getitem__(self, index: int | slice) -> int | Sequence[int]:
        raise NotImplementedError

    def __iter__(self) -> Iterator[int]:
        for number in range(self.count):
            self.taken += 1
            yield number


@pytest.mark.parametrize("workers", [0, 1, 2, 3])
@pytest.mark.parametrize("count", [0, 1, 2, 3, 25])
def test_every_item_once_with_what_is_made_of_it(workers: int, count: int):
    found = list(each(range(count), squared, workers))
    assert sorted(found) == [(number, number * number) for number in range(count)]


def test_one_worker_keeps_the_order_and_this_process():
    assert list(each([3, 1, 2], where, 1)) == [(number, os.getpid()) for number in (3, 1, 2)]
    assert list(each([5], where, 4)) == [(5, os.getpid())], "one item is not worth a process"


def test_several_workers_are_other_processes():
    found = {process for _, process in each(range(40), where, 2)}
    assert os.getpid() not in found and 1 <= len(found) <= 2


def test_items_come_as_they_are_finished():
    """The first is slow: the other worker's are not kept until it is done."""
    order = [number for number, _ in each(range(6), slow_at_first, 2)]
    assert order.index(0) > 0


@pytest.mark.parametrize("workers", [1, 2, 3])
def test_few_items_wait(workers: int):
    items = Counted(50)
    for done, _ in enumerate(each(items, squared, workers), start=1):
        assert items.taken <= done + 2 * workers
    assert items.taken == 50


def test_items_need_not_be_hashable():
    assert sorted(each([[1], [2]], sum, 2)) == [([1], 1), ([2], 2)]


@pytest.mark.parametrize("workers", [1, 2])
def test_an_error_of_the_task_arrives(workers: int):
    with pytest.raises(ValueError, match="3 is odd"):
        list(each(range(100), failing, workers))
    assert active_children() == []


def test_a_worker_that_is_killed_is_an_error_with_a_reason():
    with pytest.raises(MarketSimError, match=r"killed before its work was done.*: try fewer workers than 2"):
        list(each(range(100), dying, 2))
    assert active_children() == []


def test_who_leaves_early_leaves_no_processes():
    items = Counted(1000)
    for _ in each(items, squared, 2):
        break
    assert active_children() == [] and items.taken < 10


def test_a_pool_holds_its_task():
    with pool(2, squared) as processes:
        assert [future.result() for future in [processes.submit(work, number) for number in (2, 3)]] == [4, 9]
    assert active_children() == []


def test_a_pool_begins_nothing_when_it_is_left():
    with pool(1, slow_at_first) as processes:
        futures = [processes.submit(work, number) for number in (0, 0, 0, 0, 0)]
    assert futures[0].done() and sum(future.cancelled() for future in futures) >= 2
