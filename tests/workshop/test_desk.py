"""The desk: what it has answered is written, once, whatever fails; its clock is nobody's to set."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, closing, suppress
from pathlib import Path
from typing import Any

import pytest

from agents.workshop import protocol as p
from agents.workshop.allowed import Refusal
from agents.workshop.desk import GRACE, Desk
from agents.workshop.entries import FACILITATOR, Entry, Seated
from agents.workshop.log import Log, LogError
from agents.workshop.room import DOING, Room
from tests.workshop.desks import Time, desk, do, heard, lines, opened, path, quick, submit, until
from tests.workshop.rooms import OPENED, SETUP, VENDORS, new_id, picture

__all__ = ["desk", "path", "quick"]


def alike(room: Room, before: dict[str, Any], **changed: object) -> bool:
    """Whether a room after a restart is as it was before, but for what has changed; the restart is a line of its own."""
    now = before["now"].model_copy(update={"seq": before["now"].seq + 1, **changed})
    return picture(room) == {**before, "now": now, "card": before["card"].model_copy(update=changed)}


# Once -----------------------------------------------------------------------------------------------------------------


async def test_a_command_that_is_sent_again_counts_once_also_at_the_same_time(path: Path):
    async with opened(path) as desk:
        command = submit(desk, 51.0)
        answers = await asyncio.gather(*(desk.do("biren", command) for _ in range(5)), desk.do("cambricon", command))
        assert len({answer.seq for answer in answers[:5] if isinstance(answer, p.Accepted)}) == 1
        assert await do(desk, command, "biren") == answers[0].seq
        other = await desk.do("biren", command.model_copy(update={"plan": submit(desk, 52.0).plan}))
        assert isinstance(other, p.Refused) and (other.id, other.field) == (command.id, "id")
        close = p.Close(id=new_id())
        await asyncio.gather(*(desk.do(FACILITATOR, close) for _ in range(3)))
        await do(desk, close)
        assert desk.room.played == 1
    assert [entry.who for entry in lines(path) if entry.body.kind == "submit"] == ["biren", "cambricon"]
    assert [entry.body.kind for entry in lines(path)].count("closed") == 1


async def test_a_command_that_is_sent_again_after_a_restart_counts_once(path: Path):
    async with opened(path) as desk:
        command = submit(desk, 51.0)
        seq = await do(desk, command, "biren")
    async with Desk(Log(path)) as again:
        assert await do(again, command, "biren") == seq
        assert again.room.seats["biren"].submitted == command.plan


async def test_what_waits_is_written_together_and_refusals_take_nothing_with_them(
    path: Path, monkeypatch: pytest.MonkeyPatch
):
    async with opened(path) as desk:
        commits, writing = [], desk.log.writing
        monkeypatch.setattr(desk.log, "writing", lambda: commits.append(1) or writing())
        commands = [submit(desk, 10.0 + number) for number in range(20)]
        commands[7] = submit(desk, -1.0)
        answers = await asyncio.gather(*(desk.do("biren", command) for command in commands))
        assert [isinstance(answer, p.Refused) for answer in answers] == [number == 7 for number in range(20)]
        seqs = [answer.seq for answer in answers if isinstance(answer, p.Accepted)]
        assert seqs == list(range(seqs[0], seqs[0] + 19)) and len(commits) <= 2
        assert desk.room.seats["biren"].submitted == commands[-1].plan
    assert [entry.seq for entry in lines(path)][-1] == seqs[-1]


async def test_two_who_want_the_same_seat_or_name_do_not_both_get_it(desk: Desk):
    wishes = [p.Join(code=desk.room.code, name=f"Team {number}") for number in range(3)]
    got = await asyncio.gather(*(desk.join(wish) for wish in wishes), return_exceptions=True)
    assert [type(each) for each in got] == [p.Joined, Refusal, Refusal]
    assert desk.who(got[0].token) == got[0].vendor == "cambricon-b"


async def test_who_asks_again_for_a_seat_has_the_same_one_even_after_a_restart(path: Path):
    async with opened(path) as desk:
        wish = p.Join(code=desk.room.code, name="Late", again="k" * 32)
        first, second = await asyncio.gather(desk.join(wish), desk.join(wish))
        assert first == second and desk.who(first.token) == first.vendor
        for other in ({"again": "j" * 32}, {"again": None}, {"name": "late"}, {"vendor": "cambricon-b"}):
            with pytest.raises(Refusal, match="another team has this name"):
                await desk.join(wish.model_copy(update=other))
        mate = p.Join(code=first.code, again="k" * 32)
        assert (await desk.join(mate)).token == (await desk.join(mate)).token != first.token
    written = [entry.body for entry in lines(path) if isinstance(entry.body, Seated)]
    assert len(written) == 4  # with the two that were there
    async with Desk(Log(path)) as desk:
        assert await desk.join(wish) == first
        await do(desk, p.Release(id=new_id(), vendor=first.vendor))
        assert desk.who(first.token) is None
        with pytest.raises(Refusal, match="neither"):
            await desk.join(mate)


async def test_tokens_open_what_they_are_for_as_long_as_they_do(desk: Desk):
    facilitator = await desk.admit_facilitator()
    joined = await desk.join(p.Join(code=desk.room.code, name="Late"))
    member = await desk.join(p.Join(code=joined.code))
    assert [desk.who(token) for token in (facilitator, joined.token, member.token)] == [
        FACILITATOR,
        *["cambricon-b"] * 2,
    ]
    assert joined.token != member.token and desk.who(joined.token[:-1]) is None and desk.who("") is None
    await do(desk, p.Release(id=new_id(), vendor="cambricon-b"))
    assert desk.who(joined.token) is None and desk.who(member.token) is None and desk.who(facilitator) == FACILITATOR


async def test_no_token_and_no_code_is_in_the_file(path: Path):
    async with opened(path) as desk:
        secrets = [await desk.admit_facilitator()]
        joined = await desk.join(p.Join(code=desk.room.code, name="Late"))
        secrets += [joined.token, joined.code, desk.room.code]
        found = b"".join(file.read_bytes() for file in path.parent.iterdir())
        assert not [secret for secret in secrets if secret.encode() in found]


# What goes wrong ------------------------------------------------------------------------------------------------------


@asynccontextmanager
async def full_disk(desk: Desk) -> AsyncIterator[None]:
    """The file has no more room; messages have filled what was left of it."""
    pages = desk.log._db.execute("PRAGMA page_count").fetchone()[0]
    desk.log._db.execute(f"PRAGMA max_page_count = {pages}")
    for length in (400, 1):
        with suppress(AssertionError):
            while True:
                await do(desk, p.Tell(id=new_id(), text="x" * length))
    yield
    desk.log._db.execute("PRAGMA max_page_count = 1000000")


async def test_on_a_full_disk_nothing_counts_and_all_goes_on_when_there_is_room_again(path: Path):
    async with opened(path, seconds=600) as desk:
        first = submit(desk, 51.0)
        await do(desk, first, "biren")
        listener = await desk.listen("biren")
        async with full_disk(desk):
            before, left = picture(desk.room), desk.clock.remaining(desk.now())
            again = submit(desk, 52.0)
            answers = await asyncio.gather(
                desk.do("biren", again),
                desk.do("cambricon", submit(desk, 53.0, "cambricon")),
                desk.do(FACILITATOR, p.Extend(id=new_id(), seconds=900)),
                desk.do(FACILITATOR, p.Close(id=new_id())),
            )
            assert all(isinstance(answer, p.Refused) and "the disk is full" in answer.message for answer in answers)
            with pytest.raises(LogError, match="the disk is full"):
                await desk.join(p.Join(code=desk.room.code, name="Late"))
            assert picture(desk.room) == before
            now = desk.clock.remaining(desk.now())
            assert left is not None and now is not None and left - 60 < now <= left
            assert await desk.market("biren", 0)
        await do(desk, again, "biren")
        await until(lambda: any(form["plan"]["price"] == 52.0 for form in heard(listener, "form")))
        await do(desk, p.Close(id=new_id()))
        last = picture(desk.room)
    async with Desk(Log(path)) as rebuilt:
        assert alike(rebuilt.room, last) and rebuilt.room.game.company[-1].plans["biren"] == again.plan


async def test_a_mistake_in_one_command_keeps_no_others_from_counting(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, caplog: Any
):
    def broken(room: Room, seat: Any, body: Any) -> None:
        room.phase = "debrief"
        raise ZeroDivisionError

    monkeypatch.setitem(DOING, p.Show, broken)  # type: ignore[arg-type]
    good = [submit(desk, 51.0), submit(desk, 52.0)]
    answers = await asyncio.gather(
        desk.do("biren", good[0]),
        desk.do(FACILITATOR, p.Show(id=new_id(), results="public")),
        desk.do("biren", good[1]),
        return_exceptions=True,
    )
    assert [type(answer) for answer in answers] == [p.Accepted, ZeroDivisionError, p.Accepted]
    assert desk.room.phase == "open" and desk.room.seats["biren"].submitted == good[1].plan
    await do(desk, p.Close(id=new_id()))


async def test_a_file_that_cannot_be_read_for_a_while_loses_nothing(path: Path, monkeypatch: pytest.MonkeyPatch):
    async with opened(path) as desk:
        command = submit(desk, 51.0)

        def gone(*_: Any) -> Iterator[Entry]:
            raise LogError("gone")

        with monkeypatch.context() as patch:
            patch.setattr(desk.log, "entries", gone)
            patch.setattr(desk.log, "_add", gone)
            for _ in range(2):
                answer = await desk.do("biren", command)
                assert isinstance(answer, p.Refused) and answer.message == "gone"
        assert await do(desk, command, "biren")
        last = picture(desk.room)
    async with Desk(Log(path)) as rebuilt:
        assert alike(rebuilt.room, last, phase="paused")


async def test_who_asks_while_the_server_stops_is_not_kept_waiting(path: Path):
    async with opened(path) as desk:
        asked = [asyncio.create_task(desk.do("biren", submit(desk, 50.0 + n))) for n in range(50)]
        await asyncio.sleep(0)
    async with asyncio.timeout(5):
        answers = await asyncio.gather(*asked, return_exceptions=True)
        after = await desk.do("biren", submit(desk, 60.0))
    written = {entry.body.id for entry in lines(path) if entry.body.kind == "submit"}
    assert all(isinstance(each, p.Accepted | asyncio.CancelledError) for each in answers)
    assert {answer.id for answer in answers if isinstance(answer, p.Accepted)} <= written
    assert isinstance(after, p.Refused) and "stops" in after.message


def test_a_file_that_holds_a_workshop_is_not_begun_anew(path: Path):
    with closing(Log(path)) as log:
        Desk(log, OPENED)
    with closing(Log(path)) as log, pytest.raises(LogError, match="holds a workshop already"):
        Desk(log, OPENED)
    assert [entry.body.kind for entry in lines(path)] == ["opened"]


def test_a_workshop_that_cannot_be_leaves_no_file(path: Path):
    with pytest.raises(Exception, match="none of them"):
        Desk.opening(path, SETUP, ["nvidia"], "A room")
    assert not path.exists()
    with closing(Desk.opening(path, SETUP, VENDORS, "A room").log), pytest.raises(LogError, match="another server"):
        Log(path)


# Time -----------------------------------------------------------------------------------------------------------------


async def test_a_quarter_is_closed_when_its_time_is_over_and_not_before_what_is_on_its_way(path: Path):
    now = Time()
    async with opened(path, now, seconds=60) as desk:
        now.now += 60 + GRACE - 0.1
        await asyncio.sleep(0.1)
        assert desk.room.phase == "open"
        await do(desk, submit(desk, 51.0), "biren")
        now.now += 0.2
        await until(lambda: desk.room.phase == "results")
        assert desk.room.how[-1] == {"biren": "submitted", "cambricon": "held"}
        late = await desk.do("biren", submit(desk, 52.0))
        assert isinstance(late, p.Refused) and "not open" in late.message
        assert desk.clock.remaining(now()) is None
    assert [entry.who for entry in lines(path)][-1] == "server"


async def test_time_stands_while_it_is_paused_and_can_be_added_to(path: Path):
    now = Time()
    async with opened(path, now, seconds=60) as desk:
        now.now += 50
        await do(desk, p.Pause(id=new_id()))
        now.now += 1000
        await asyncio.sleep(0.05)
        assert desk.room.phase == "paused" and desk.clock.remaining(now()) == 10
        await do(desk, p.Extend(id=new_id(), seconds=30))
        await do(desk, p.Resume(id=new_id()))
        now.now += 40 + GRACE - 0.1
        await asyncio.sleep(0.05)
        assert desk.room.phase == "open"
        await do(desk, p.Extend(id=new_id(), seconds=30))  # at the last moment
        now.now += 20
        await asyncio.sleep(0.05)
        assert desk.room.phase == "open"
        now.now += 12
        await until(lambda: desk.room.phase == "results")


async def test_no_limit_is_none(path: Path):
    now = Time()
    async with opened(path, now) as desk:
        now.now += 1e9
        await asyncio.sleep(0.05)
        assert desk.room.phase == "open" and desk.clock.remaining(now()) is None


@pytest.mark.parametrize("jump", [-7200.0, 7200.0])
async def test_setting_the_machines_clock_changes_nobodys_time(
    path: Path, monkeypatch: pytest.MonkeyPatch, jump: float
):
    real = time.time
    async with Desk(Log(path), OPENED) as desk:
        await do(desk, p.Open(id=new_id(), seconds=600))
        monkeypatch.setattr(time, "time", lambda: real() + jump)
        await do(desk, p.Tell(id=new_id(), text="What time is it?"))
        await asyncio.sleep(0.05)
        assert desk.room.phase == "open" and 590 < (desk.clock.remaining(desk.now()) or 0) <= 600
    async with Desk(Log(path)) as again:  # its lines have the new time
        assert again.room.phase == "paused" and 590 < (again.clock.remaining(again.now()) or 0) <= 600
        await do(again, p.Resume(id=new_id()))
        await asyncio.sleep(0.05)
        assert again.room.phase == "open"
    async with Desk(Log(path)) as third:
        assert 590 < (third.clock.remaining(third.now()) or 0) <= 600


async def test_after_a_restart_the_clock_waits_for_the_facilitator_however_often_and_long_it_took(path: Path):
    now = Time()
    async with opened(path, now, seconds=60) as desk:
        now.now += 20
        await do(desk, submit(desk, 51.0), "biren")
    for _ in range(3):
        now.now += 5000
        async with Desk(Log(path, now), now=now) as again:
            assert again.room.phase == "paused" and again.clock.remaining(now()) == 40
            now.now += 100
            await asyncio.sleep(0.03)
            assert again.room.phase == "paused"
    async with Desk(Log(path, now), now=now) as again:
        await do(again, p.Resume(id=new_id()))
        now.now += 39
        await asyncio.sleep(0.03)
        assert again.room.phase == "open" and again.clock.remaining(now()) == 1
        now.now += 1 + GRACE
        await until(lambda: again.room.phase == "results")
        assert again.room.how[-1]["biren"] == "submitted"


async def test_a_closing_that_cannot_be_written_is_tried_again(path: Path):
    now = Time()
    async with opened(path, now, seconds=60) as desk:
        async with full_disk(desk):
            now.now += 60 + GRACE
            await asyncio.sleep(0.2)
            assert await desk.read(lambda: (desk.room.phase, desk.room.played)) == ("open", 0)
        await until(lambda: desk.room.played == 1)
    assert [entry.body.kind for entry in lines(path)].count("closed") == 1


# A restart ------------------------------------------------------------------------------------------------------------


async def test_the_room_is_the_same_after_a_restart_but_for_the_clock_that_waits(path: Path):
    async with opened(path) as desk:
        joined = await desk.join(p.Join(code=desk.room.code, name="Late"))
        await do(desk, p.Tell(id=new_id(), text="hello", vendor="biren"))
        await do(desk, submit(desk, 51.0), "biren")
        await do(desk, p.Close(id=new_id()))
        await do(desk, p.Show(id=new_id(), results="public"))
        last = picture(desk.room)
    async with Desk(Log(path)) as again:
        assert alike(again.room, last)
        assert again.who(joined.token) == "cambricon-b" and again.room.differs is None
        assert again.room.code_of(again.room.seats["cambricon-b"]) == joined.code
