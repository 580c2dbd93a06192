"""Everybody is told what changes and is his to know: a team of its own form at once, all others a little later."""

from __future__ import annotations

import asyncio
import gzip
import json
from pathlib import Path

import pytest

from agents.workshop import desk as module
from agents.workshop import protocol as p
from agents.workshop.desk import Desk
from agents.workshop.entries import FACILITATOR
from agents.workshop.telling import BEHIND
from tests.workshop.desks import Time, desk, do, heard, opened, path, quick, quiet, submit, until
from tests.workshop.rooms import new_id

__all__ = ["desk", "path", "quick"]


async def test_whoever_listens_is_told_all_of_it_at_first(desk: Desk):
    await do(desk, p.Tell(id=new_id(), text="to all"))
    await do(desk, p.Tell(id=new_id(), text="to you", vendor="biren"))
    kinds = {
        who: [each["kind"] for each in heard(await desk.listen(who))] for who in (FACILITATOR, "biren", "cambricon")
    }
    assert kinds == {
        FACILITATOR: ["room", "office", "told", "told"],
        "biren": ["room", "form", "told", "told"],
        "cambricon": ["room", "form", "told"],
    }


async def test_a_form_is_told_to_its_team_at_once_and_to_nobody_else(desk: Desk, monkeypatch: pytest.MonkeyPatch):
    own, mate, other, office = [await desk.listen(who) for who in ("biren", "biren", "cambricon", FACILITATOR)]
    await quiet(own, mate, other, office)
    monkeypatch.setattr(module, "PAUSE", 60.0)
    await do(desk, p.Extend(id=new_id(), seconds=9))  # told to all; the next change has to wait
    await quiet(own, mate, other, office)
    for price in (51.0, 52.0):
        await do(desk, p.Edit(id=new_id(), quarter=desk.room.quarter, values={"price": price}), "biren")
    assert (
        [each["plan"]["price"] for each in heard(own)]
        == [51.0, 52.0]
        == [each["plan"]["price"] for each in heard(mate)]
    )
    await asyncio.sleep(0.05)
    assert heard(other) == [] == heard(office)


async def test_edits_are_news_for_the_facilitator_and_not_for_other_teams(desk: Desk):
    other, office = await desk.listen("cambricon"), await desk.listen(FACILITATOR)
    await quiet(other, office)
    await do(desk, p.Edit(id=new_id(), quarter=desk.room.quarter, values={"price": -3.0}), "biren")
    await asyncio.sleep(0.1)
    (told,) = heard(office)
    assert [(row["edited"], row["problems"]) for row in told["rows"] if row["vendor"] == "biren"] == [(True, 1)]
    assert heard(other) == []


async def test_many_changes_are_told_as_one(desk: Desk, monkeypatch: pytest.MonkeyPatch):
    listener = await desk.listen("cambricon")
    monkeypatch.setattr(module, "PAUSE", 0.2)
    await quiet(listener)
    for number in range(40):
        await do(desk, submit(desk, 50.0 + number), "biren")
        await do(desk, p.Withdraw(id=new_id(), quarter=desk.room.quarter), "biren")
    await do(desk, submit(desk, 50.0), "biren")
    await asyncio.sleep(0.5)
    told = heard(listener, "room")
    assert 1 <= len(told) <= 5 and next(team["decided"] for team in told[-1]["teams"] if team["vendor"] == "biren")


async def test_time_that_goes_by_is_no_news_and_a_longer_one_is(path: Path):
    now = Time()
    async with opened(path, now, seconds=60) as desk:
        listener = await desk.listen("biren")
        await quiet(listener)
        now.now += 7
        await do(desk, p.Edit(id=new_id(), quarter=desk.room.quarter, values={"price": 3.0}), "cambricon")
        await asyncio.sleep(0.1)
        assert heard(listener) == []
        await do(desk, p.Extend(id=new_id(), seconds=30))
        await until(lambda: not listener.waiting.empty())
        assert heard(listener, "room")[0]["remaining"] == 83


async def test_people_are_counted_while_they_listen(desk: Desk):
    first, office = await desk.listen("biren"), await desk.listen(FACILITATOR)
    second = await desk.listen("biren")

    async def people(expected: int) -> None:
        seen: list[int] = []

        def told() -> bool:
            seen.extend(t["people"] for m in heard(office, "room") for t in m["teams"] if t["vendor"] == "biren")
            return seen[-1:] == [expected]

        await until(told)

    await people(2)
    await desk.leave(second)
    await people(1)
    await desk.leave(first)
    await people(0)


async def test_who_does_not_read_is_hung_up_on_and_keeps_nobody_waiting(desk: Desk):
    asleep, awake = await desk.listen("biren"), await desk.listen("biren")
    for number in range(BEHIND + 5):
        await do(desk, submit(desk, 50.0 + number / 10), "biren")
        heard(awake)
    assert asleep.waiting.get_nowait() is None
    assert awake.waiting.empty()
    fresh = await desk.listen("biren")
    assert heard(fresh, "form")[0]["plan"]["price"] == 50.0 + (BEHIND + 4) / 10


async def test_markets_are_fetched_from_any_quarter_and_kept_for_whoever_asks_next(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
):
    for _ in range(3):
        await do(desk, p.Close(id=new_id()))
        await do(desk, p.Open(id=new_id()))
    whole = json.loads(await desk.market("biren", 0))
    part = json.loads(await desk.market("biren", 2))
    assert (len(whole["turns"]), part["turns"], part["start"], part["first"]) == (3, whole["turns"][2:], None, 2)
    assert json.loads(await desk.market("biren", 99))["turns"] == []
    assert json.loads(gzip.decompress(await desk.market("biren", 0, packed=True))) == whole
    assert await desk.market("biren", 2) is await desk.market("biren", 2)
    assert await desk.market("biren", 2) != await desk.market("cambricon", 2) != await desk.market(FACILITATOR, 2)
    monkeypatch.setattr("agents.workshop.markets.KEPT", 1)
    for first in range(4):
        await desk.market("biren", first)
    assert len(desk._markets._kept) == 1
    before = await desk.market("biren", 3)
    await do(desk, p.RollBack(id=new_id(), played=3))
    assert json.loads(await desk.market("biren", 3))["branch"] == 1 != json.loads(before)["branch"]
