"""Desks for tests, in whose rooms two teams have taken seats: without a network, and as quick as a test needs."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from agents.workshop import desk as module
from agents.workshop import protocol as p
from agents.workshop.desk import Desk
from agents.workshop.entries import FACILITATOR, Entry
from agents.workshop.log import Log
from agents.workshop.telling import Listener
from tests.workshop.rooms import OPENED, new_id


@dataclass
class Time:
    """A clock that goes when it is told to."""

    now: float = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "TICK", 0.01)
    monkeypatch.setattr(module, "PAUSE", 0.01)
    monkeypatch.setattr("agents.workshop.log.PATIENCE", 0.1)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "room.workshop"


@pytest.fixture
async def desk(path: Path) -> AsyncIterator[Desk]:
    """Two teams, the first quarter open."""
    async with opened(path) as desk:
        yield desk


@asynccontextmanager
async def opened(
    path: Path, now: Callable[[], float] = time.monotonic, seconds: int | None = None
) -> AsyncIterator[Desk]:
    async with Desk(Log(path, now), OPENED, now) as desk:
        for name, vendor in (("Alpha", "cambricon"), ("玄武", "biren")):
            await desk.join(p.Join(code=desk.room.code, name=name, vendor=vendor))
        await do(desk, p.Open(id=new_id(), seconds=seconds))
        yield desk


async def do(desk: Desk, command: p.Command, who: str = FACILITATOR) -> int:
    """The number of the line of a command."""
    accepted = await desk.do(who, command)
    assert isinstance(accepted, p.Accepted), accepted
    return accepted.seq


def submit(desk: Desk, price: float, vendor: str = "biren", **fields: Any) -> p.Submit:
    plan = desk.room.seats[vendor].plan.with_value("price", price)
    return p.Submit(**{"id": new_id(), "quarter": desk.room.quarter, "plan": plan, **fields})


def lines(path: Path) -> list[Entry]:
    with closing(Log(path)) as log:
        return list(log.entries())


async def until(true: Callable[[], object]) -> None:
    async with asyncio.timeout(10):
        while not true():
            await asyncio.sleep(0.005)


def heard(listener: Listener, kind: str = "") -> list[dict[str, Any]]:
    """What has been told since the last time, of a kind."""
    found = []
    while not listener.waiting.empty():
        message = listener.waiting.get_nowait()
        assert message is not None
        found.append(json.loads(message))
    return [message for message in found if not kind or message["kind"] == kind]


async def quiet(*listeners: Listener) -> None:
    """Wait until nothing more is told, and forget it."""
    await asyncio.sleep(0.1)
    for listener in listeners:
        heard(listener)
